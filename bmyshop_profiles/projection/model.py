"""The projection of a month as tables: what items say, how evidence is calibrated, how well one receipt tells its buyer.

Belongs here: labels and receipts of members put together, both variants, every target. Does not belong here: the method
(`evidence.py`, `topics.py`, `calibration.py`), scoring of anonymous receipts (SQL, in audience).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bmyshop_profiles.projection.calibration import CrossFit, Places, cross_fit, places_of, quality
from bmyshop_profiles.projection.evidence import choose_learner
from bmyshop_profiles.projection.topics import fit_topics
from bmyshop_profiles.statistics.likelihood import everybody_shares, group_totals
from bmyshop_profiles.typology.members import sparse

VARIANTS = ("everybody", "topics")
TABLES = ("item_evidence", "place_evidence", "evidence_calibration", "member_posteriors", "projection_quality")
PLACES = {"store": ["store_key"], "moment": ["store_type", "daypart"]}  # kinds of places, and what names one


@dataclass(frozen=True)
class Material:
    """What members and receipts give. Frames: labels (member_key, target, group_name; in an order that no pseudonym changes), bought
    (member_key, item_key, bought_count; half 0), receipts (receipt_key, member_key, store_key, store_type, daypart, item_key; of half 1),
    sample (receipt_key, item_key; of all receipts), categories (item_key, category; items without one are left out)."""

    labels: pd.DataFrame
    bought: pd.DataFrame
    receipts: pd.DataFrame
    sample: pd.DataFrame
    categories: pd.DataFrame


def project(material: Material, *, served: str, seed: int) -> dict[str, pd.DataFrame]:
    """The five tables of the room, by name; empty where there are no labels, no receipts of half 1 or no sample."""
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    if not (material.labels.empty or material.bought.empty or material.receipts.empty or material.sample.empty):
        for fit in _fits(material, seed=seed):
            for name, frame in fit.tables(is_served=fit.target == "profile" and fit.variant == served).items():
                tables[name].append(frame)
    return {name: pd.concat(frames, ignore_index=True) if frames else pd.DataFrame() for name, frames in tables.items()}


@dataclass(frozen=True)
class Fit:
    """One target in one variant. ratios: (items × groups). places: kind and key of each. receipt_keys, store_keys: of the cross-fitted
    rows. member_keys: of all members."""

    target: str
    variant: str
    groups: list[str]
    items: np.ndarray
    ratios: np.ndarray
    places: pd.DataFrame
    crossed: CrossFit
    receipt_keys: np.ndarray
    store_keys: np.ndarray
    member_keys: np.ndarray

    def tables(self, *, is_served: bool) -> dict[str, pd.DataFrame]:
        """Rows of the five tables."""
        found = {
            "item_evidence": self._item_evidence(),
            "place_evidence": self._place_evidence(),
            "evidence_calibration": self._calibration(),
            "projection_quality": self._quality(),
        }
        return {**found, "member_posteriors": self._posteriors()} if is_served else found

    def _item_evidence(self) -> pd.DataFrame:
        weights = np.rint(self.crossed.map.weights(self.ratios) * 1e6).astype(np.int64)
        groups = np.tile(np.asarray(self.groups, dtype=object), len(self.items))
        return self._named(
            group_name=groups,
            item_key=np.repeat(self.items, len(self.groups)),
            log_ratio=self.ratios.ravel().round(9),
            weight_micronats=weights.ravel(),
        )

    def _place_evidence(self) -> pd.DataFrame:
        return self._named(
            group_name=np.tile(np.asarray(self.groups, dtype=object), len(self.places)),
            place_kind=np.repeat(self.places["kind"].to_numpy(object), len(self.groups)),
            place_key=np.repeat(self.places["key"].to_numpy(object), len(self.groups)),
            weight_micronats=np.rint(self.crossed.map.places * 1e6).astype(np.int64).ravel(),
        )

    def _calibration(self) -> pd.DataFrame:
        found, groups = self.crossed.map, np.asarray(self.groups, dtype=object)
        terms = np.vstack([found.coefficients, found.intercepts, found.prior]).round(9)
        names = np.append(groups, ["intercept", "prior_share"])
        return self._named(group_name=np.tile(groups, len(names)), term=np.repeat(names, len(groups)), coefficient=terms.ravel())

    def _quality(self) -> pd.DataFrame:
        crossed = self.crossed
        own = quality(crossed.posterior, crossed.prior, crossed.label, crossed.member)
        own["of"] = own["of"].replace({"baseline": "prior"})
        placed = quality(crossed.placed, crossed.posterior, crossed.label, crossed.member)
        placed["of"] = placed["of"].replace({"posterior": "placed", "difference": "place_difference"})
        table = pd.concat([own, placed[placed["of"] != "baseline"]], ignore_index=True)
        return self._named(
            measure=table.measure,
            subject=table["of"],
            value=table.value.round(9),
            low=table.low.round(9),
            high=table.high.round(9),
            people_count=table.people,
            receipts_count=table.receipts,
        )

    def _posteriors(self) -> pd.DataFrame:
        crossed, groups = self.crossed, np.asarray(self.groups, dtype=object)
        return pd.DataFrame(
            {
                "receipt_key": np.repeat(self.receipt_keys, len(groups)),
                "member_key": np.repeat(self.member_keys[crossed.member], len(groups)),
                "store_key": np.repeat(self.store_keys, len(groups)),
                "label": np.repeat(groups[crossed.label], len(groups)),
                "group_name": np.tile(groups, len(self.receipt_keys)),
                "posterior": crossed.posterior.ravel().round(9),
            }
        )

    def _named(self, **columns: object) -> pd.DataFrame:
        return pd.DataFrame({"target": self.target, "variant": self.variant, **columns})


def _fits(material: Material, *, seed: int) -> Iterator[Fit]:
    items = np.array(sorted({*material.bought.item_key, *material.sample.item_key}), dtype=object)
    members = material.labels.member_key.drop_duplicates().to_numpy(dtype=object)
    ones = np.ones(len(material.sample))
    samples = np.array(sorted(material.sample.receipt_key.unique()), dtype=object)
    sample = sparse(material.sample.receipt_key, material.sample.item_key, ones, rows=samples, columns=items)
    everybody = everybody_shares(sample)
    topics = fit_topics(sample, seed=seed)
    bought = sparse(
        material.bought.member_key, material.bought.item_key, material.bought.bought_count.to_numpy(float), rows=members, columns=items
    )
    owned = material.receipts[material.receipts.member_key.isin(set(members))]
    keys = np.array(sorted(owned.receipt_key.unique()), dtype=object)
    if len(keys) == 0:
        return
    receipts = sparse(owned.receipt_key, owned.item_key, np.ones(len(owned)), rows=keys, columns=items)
    first = owned.drop_duplicates("receipt_key").set_index("receipt_key").loc[keys]
    named, places = _places(first)
    named_categories = np.array(sorted(material.categories.category.unique()), dtype=object)
    categories = sparse(
        material.categories.item_key,
        material.categories.category,
        np.ones(len(material.categories)),
        rows=items,
        columns=named_categories,
    )
    member, stores = pd.Index(members).get_indexer(pd.Index(first.member_key)), first.store_key.to_numpy(object)
    for target, labels in material.labels.groupby("target", sort=True):
        groups = sorted(labels.group_name.unique())
        if len(groups) < 2:
            continue
        label = np.full(len(members), -1)
        label[pd.Index(members).get_indexer(pd.Index(labels.member_key))] = pd.Index(groups).get_indexer(pd.Index(labels.group_name))
        rows = np.flatnonzero(label[member] >= 0)
        if len(np.unique(label[member[rows]])) < 2:
            continue
        for variant in VARIANTS:
            learn, _ = choose_learner(
                bought, label, groups=len(groups), everybody=everybody, topics=topics if variant == "topics" else None, seed=seed
            )
            crossed = cross_fit(
                bought, label, receipts, member, groups=len(groups), learn=learn, categories=categories, places=places, seed=seed
            )
            ratios = learn(group_totals(bought, label, groups=len(groups)))
            yield Fit(str(target), variant, groups, items, ratios, named, crossed, keys[rows], stores[rows], members)


def _places(receipts: pd.DataFrame) -> tuple[pd.DataFrame, Places]:
    """Kinds and keys of the places of receipts (one row each), and which are whose."""
    codes = [receipts[columns].fillna("").agg("/".join, axis=1).to_numpy(object) for columns in PLACES.values()]
    places, keys = places_of(codes)
    return pd.concat([pd.DataFrame({"kind": kind, "key": own}) for kind, own in zip(PLACES, keys, strict=True)], ignore_index=True), places

"""The card of a profile: what a shopkeeper reads about it, as rows of one table.

Belongs here: size, what is bought more and less than elsewhere, dayparts, types of shop, what is known of the people, typical baskets.
Does not belong here: words and pages (reports), names (names.py).

Members are put into profiles by half 0 of their receipts and described by half 1, so that a card does not tell back what made the profile.
A lift is a share among the profile's members over that among all members in a profile, its interval counts people, and only lifts whose
whole interval lies on one side of 1 are told (what marks a group, without the artefact of rare items: Monroe, Colaresi, Quinn 2008).
Baskets are made up from such shares: no receipt of anybody is shown, and no article that fewer than `LEAST_BUYERS` members of it bought.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from bmyshop_profiles.evaluation.intervals import Interval, ratio_interval
from bmyshop_profiles.typology.members import DAYPARTS

LEAST_UNITS, LEAST_BUYERS = 20, 5
MORE, LESS, BASKETS, MOST_LINES = 5, 4, 3, 4
COLUMNS = ["profile_key", "section", "place", "label", "value", "low", "high", "own_share", "network_share"]


class Facts(NamedTuple):
    """Frames about the same members. labels: member_key, profile_key (by half 0). bought: member_key, product_key, family, bought_count and
    totals: member_key, receipts_count, lines_count, amount_cents, <daypart>_count (both of half 1). visits: member_key, store_type,
    receipts_count. products: product_key, label. demographics: member_key and probabilities, <trait>_posterior; None where not known."""

    labels: pd.DataFrame
    bought: pd.DataFrame
    totals: pd.DataFrame
    visits: pd.DataFrame
    products: pd.DataFrame
    demographics: pd.DataFrame | None = None


def profile_cards(facts: Facts) -> pd.DataFrame:
    """`profile_cards`; empty without profiles."""
    if facts.labels.empty or facts.bought.empty:
        return pd.DataFrame()
    labels = facts.labels.set_index("member_key").profile_key
    families = _lifts(facts.bought, "family", "bought_count", labels)
    dayparts = facts.totals.melt("member_key", [f"{name}_count" for name in DAYPARTS], "daypart", "units")
    dayparts["daypart"] = dayparts.daypart.str.removesuffix("_count")
    times = _lifts(dayparts, "daypart", "units", labels)
    shops = _lifts(facts.visits, "store_type", "receipts_count", labels)
    named = facts.bought.merge(facts.products, on="product_key", how="left")
    named["label"] = named.label.fillna(named.product_key)
    products = _lifts(named, "label", "bought_count", labels, most=400)
    rows: list[tuple[object, ...]] = []
    for key in sorted(labels.unique()):
        own = families[families.profile_key == key]
        if not _told(own[own.low > 1]).any():  # a source without families that differ: its products say it
            own = products[products.profile_key == key]
        rows += _size(key, labels, facts.totals)
        rows += _ranked(key, "more", own[(own.low > 1) & _told(own)], "gain", MORE)
        rows += _ranked(key, "less", own[own.high < 1], "gain", LESS, ascending=True)
        rows += _ranked(key, "daypart", times[(times.profile_key == key) & (times.own_share >= 0.02)], "value", len(DAYPARTS))
        rows += _ranked(key, "store_type", shops[(shops.profile_key == key) & (shops.own_share >= 0.02)], "value", 8)
        rows += _people(key, labels, facts.demographics)
        lines = facts.totals[facts.totals.member_key.map(labels) == key]
        size = lines.lines_count.sum() / max(lines.receipts_count.sum(), 1)
        found = products[products.profile_key == key].merge(named.drop_duplicates("label")[["label", "family"]], on="label")
        rows += [(key, "basket", place, text, None, None, None, None, None) for place, text in enumerate(baskets(found, size), start=1)]
    cards = pd.DataFrame(rows, columns=COLUMNS)
    return cards.assign(**{name: cards[name].astype(float).round(9) for name in COLUMNS[4:]})


def _told(lifts: pd.DataFrame) -> pd.Series:
    return (lifts.units >= LEAST_UNITS) & (lifts.buyers >= LEAST_BUYERS)


def _lifts(frame: pd.DataFrame, trait: str, count: str, labels: pd.Series, *, most: int = 200) -> pd.DataFrame:
    """Shares and lifts of each trait in each profile, with intervals by person; at most so many traits, those that occur most."""
    known = frame.assign(profile_key=frame.member_key.map(labels)).dropna(subset=["profile_key", trait])
    kept = known.groupby(trait)[count].sum().sort_values(ascending=False, kind="stable").head(most).index
    totals = known.groupby("member_key")[count].sum()
    sums = known[known[trait].isin(kept)].groupby(["profile_key", trait, "member_key"])[count].sum()
    network = known.groupby(trait)[count].sum() / max(known[count].sum(), 1)
    rows = []
    for profile, own in totals.groupby(labels.reindex(totals.index)):
        for name in sorted(kept):
            bought = sums.loc[profile, name] if (profile, name) in sums.index else pd.Series(dtype=float)
            share = ratio_interval(bought.reindex(own.index).fillna(0.0).to_numpy(float), own.to_numpy(float))
            rows.append((profile, name, *share[:3], network[name], int(bought.sum()), int((bought > 0).sum())))
    found = pd.DataFrame(rows, columns=["profile_key", "label", "own_share", "low", "high", "network_share", "units", "buyers"])
    for name in ("low", "high"):
        found[name] = found[name].clip(lower=0) / found.network_share
    found["value"] = found.own_share / found.network_share
    found["gain"] = np.where(found.value > 1, found.own_share, found.network_share) * np.log(found.value.clip(lower=1e-3))
    return found


def _ranked(key: str, section: str, found: pd.DataFrame, by: str, most: int, *, ascending: bool = False) -> Iterator[tuple[object, ...]]:
    ordered = found.sort_values([by, "label"], ascending=[ascending, True]).head(most)
    for place, row in enumerate(ordered.itertuples(), start=1):
        yield key, section, place, row.label, row.value, row.low, row.high, row.own_share, row.network_share


def _size(key: str, labels: pd.Series, totals: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Members, and the shares of members, receipts and spend of those in a profile."""
    yield key, "size", 1, "members", float((labels == key).sum()), None, None, None, None
    inside = (totals.member_key.map(labels) == key).to_numpy(float)
    for place, (name, column) in enumerate(
        (("members_share", None), ("receipts_share", "receipts_count"), ("spend_share", "amount_cents")), 2
    ):
        weight = np.ones(len(totals)) if column is None else totals[column].clip(lower=0).to_numpy(float)
        share: Interval = ratio_interval(inside * weight, weight)
        if share.people:  # amounts that nobody told are no share of spend
            yield key, "size", place, name, share.value, share.low, share.high, None, None


def _people(key: str, labels: pd.Series, demographics: pd.DataFrame | None) -> Iterator[tuple[object, ...]]:
    """Mean of what is known of the people, beside all members in a profile; intervals by person."""
    if demographics is None:
        return
    known = demographics[demographics.member_key.isin(labels.index)]
    inside = known.member_key.map(labels) == key
    for place, name in enumerate([column for column in known.columns if column.endswith("_posterior")], start=1):
        own, every = known[inside][name].dropna().to_numpy(float), known[name].dropna().to_numpy(float)
        if len(own) >= LEAST_UNITS:
            mean = ratio_interval(own, np.ones(len(own)))
            yield key, "people", place, name.removesuffix("_posterior"), mean.value, mean.low, mean.high, mean.value, float(every.mean())


def baskets(products: pd.DataFrame, size: float) -> list[str]:
    """Up to three made-up baskets. products: label, family, gain, own_share, units, buyers of one profile; size: its articles per receipt.

    Each begins with an article that marks the profile, each of another family where there are several, and is filled up, to the size of the
    profile's receipts, with what it buys most from other families.
    """
    known = products[_told(products)]
    marking = known[known.gain > 0].sort_values(["gain", "label"], ascending=[False, True])
    leads = pd.concat([marking.drop_duplicates("family"), marking]).drop_duplicates("label").head(BASKETS)
    usual = known.sort_values(["own_share", "label"], ascending=[False, True]).drop_duplicates("family")
    lines = int(np.clip(round(size), 1, MOST_LINES))
    found = []
    for place, lead in enumerate(leads.itertuples()):
        others = usual[usual.family != lead.family].label.tolist()
        others = others[place:] + others[:place]
        found.append(" + ".join([lead.label, *others[: lines - 1]]))
    return found

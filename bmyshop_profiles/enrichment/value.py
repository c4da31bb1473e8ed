"""What a question to members would be worth, put together as a table, from the tables of a month.

Belongs here: the members of the month as matrices, the order of the three measures, their rows. Does not belong here: any measure
(`gain.py`, `sold.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.audience.small_area import sampling_noise
from bmyshop_profiles.enrichment.gain import MEASURED, Gain, Growth, gain_of, growth_of, members_worth
from bmyshop_profiles.enrichment.sold import Answer, Known, Labels, Places, answers_as_groups, cells_of, known_of, soft_labels
from bmyshop_profiles.enrichment.synthesis import Drawn, draw_all, drivers_of, fidelity, tie
from bmyshop_profiles.enrichment.variables import Variable
from bmyshop_profiles.statistics.intervals import Interval
from bmyshop_profiles.typology.members import Members, members_of, positions, sparse

Frames = Mapping[str, pd.DataFrame]
EVERY = "all"
MOST_STORES = 150  # with most of the members' visits: cells that cost fits are measured in these
FIGURES = ["value", "low", "high", "people_count", "chance", "smallest", "expected_skill"]
COLUMNS = ["variable", "question", "measure", "answer", *FIGURES, "outcome", "grade"]


@dataclass(frozen=True)
class Material:
    """The asked members of a month. label, other: (members,) group that half 0 and half 1 tell, the atypical the last, −1 too few receipts.
    groups: names. receipts: (members,) of half 1. drivers: as of `drivers_of`. growth: what profiles say by number of members.
    of_members, owner: (receipts × items) of half 1 and (receipts,) member. of_crowd, crowd_cell: (sample × items), (sample,). places:
    cells, index: their names. means: (cells × groups) mean posterior, noise: (cells,). before: cells as they are known without answers."""

    members: Members
    label: np.ndarray
    other: np.ndarray
    groups: list[str]
    receipts: np.ndarray
    drivers: pd.DataFrame
    growth: Growth
    of_members: csr_matrix
    owner: np.ndarray
    of_crowd: csr_matrix
    crowd_cell: np.ndarray
    places: Places
    index: pd.MultiIndex
    means: np.ndarray
    noise: np.ndarray
    before: Known | None


def material_of(frames: Frames, *, seed: int = 0) -> Material | None:
    """From the frames of `variable_value`; None without members, profiles, or what receipts say of them."""
    evidence, posteriors = frames["store_evidence"], frames["posteriors"]
    members, labels = members_of(frames["window"]), frames["labels"]
    if evidence.empty or posteriors.empty or not (labels.state == "in_profile").any():
        return None
    groups = sorted(evidence.group_name.unique(), key=lambda name: (name == "atypical", name))
    if groups[-1] != "atypical":
        groups.append("atypical")
    label, other = (_groups_of(labels[labels.part == part], members.keys, groups) for part in ("half_0", "half_1"))
    facts = frames["asked_members"].set_index("member_key").reindex(members.keys)
    drivers = drivers_of(
        members.counts[0],
        frames["item_categories"].set_index("item_key").category.reindex(members.items).to_numpy(dtype=object),
        members.receipts[0],
        pd.DataFrame(
            {
                "age": facts.age.to_numpy(float),
                "income": facts.median_income_cents.to_numpy(float),
                "density": np.log1p(facts.people_per_km2.to_numpy(float)),
            }
        ),
    )
    places, index = _places(evidence, frames["visits"], members.keys)
    means = evidence.pivot(index=["store_key", "daypart"], columns="group_name", values="mean_posterior")
    wide = posteriors.pivot(index=["member_key", "receipt_key"], columns="group_name", values="posterior").reindex(
        columns=groups, fill_value=0.0
    )
    noise = sampling_noise(
        wide.to_numpy(), pd.factorize(wide.index.get_level_values("member_key"))[0], receipts=places.receipts, people=places.crowd
    )
    means = means.reindex(index=index, columns=groups).fillna(0.0).to_numpy()
    nothing = soft_labels(label, other, np.full(len(label), -1), groups=len(groups), codes=1, seed=seed).without
    bought, owners = _receipts(frames["receipts"], members.items)
    crowd, where = _receipts(frames["sampled"], members.items)
    return Material(
        members, label, other, groups, members.receipts[1], drivers, growth_of(members.counts[1], label, seed=seed),
        bought, positions(owners.member_key, members.keys), crowd, _cell(index, where), places,
        index, means, noise, known_of(cells_of(places, nothing, means, noise), seed=seed),
    )  # fmt: skip


def variable_values(
    variables: list[Variable], frames: Frames, *, sure: float, indicative: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`variable_value` and `synthetic_variables`; empty where there is nothing to measure on."""
    material = material_of(frames, seed=seed)
    if material is None:
        return pd.DataFrame(), pd.DataFrame()
    found = draw_all(variables, material.drivers, seed=seed)
    values = [
        value_of(variable, each.answers, material, sure=sure, indicative=indicative, seed=seed)
        for variable, each in zip(variables, found, strict=True)
    ]
    drawn = []
    for number, variable in enumerate(variables):
        ties = {other.name: tie(each, found[number]) for other, each in zip(variables[:number], found[:number], strict=True)}
        drawn.append(_faithful(variable, found[number], material, ties))
    return pd.concat(values, ignore_index=True), pd.concat(drawn, ignore_index=True)


def value_of(variable: Variable, answers: np.ndarray, material: Material, *, sure: float, indicative: float, seed: int = 0) -> pd.DataFrame:
    """Rows of `variable_value` for one question. answers: (members,) codes of the answers in their declared order, −1 where unknown."""
    gain = gain_of(material.members.counts[1], material.label, answers, material.receipts, seed=seed)
    rows = _gain_rows(gain, material, answers, seed=seed)
    if gain.outcome == MEASURED:
        labels = soft_labels(material.label, material.other, answers, groups=len(material.groups), codes=len(variable.answers), seed=seed)
        rows += _change_rows(labels, material, seed=seed)
        graded = answers_as_groups(
            material.members.counts[0], answers, material.of_members, material.owner, material.of_crowd, material.crowd_cell,
            material.places, sure=sure, indicative=indicative, seed=seed,
        )  # fmt: skip
        rows += [row for each in graded for row in _sale_rows(each, list(variable.answers)[each.code])]
    frame = pd.DataFrame(rows).reindex(columns=COLUMNS[1:]).assign(variable=variable.name, outcome=gain.outcome)
    frame["answer"] = frame.answer.astype(object).fillna("")  # of a question that cannot be measured no row has one
    return frame[COLUMNS]


def _row(question: str, measure: str, found: Interval, **more: object) -> dict[str, object]:
    ends = {name: round(getattr(found, name), 9) if np.isfinite(getattr(found, name)) else None for name in ("value", "low", "high")}
    told = {name: round(float(value), 9) if isinstance(value, float) else value for name, value in more.items()}
    return {"question": question, "measure": measure, **ends, "people_count": found.people, **told}


def _gain_rows(gain: Gain, material: Material, answers: np.ndarray, *, seed: int) -> list[dict[str, object]]:
    if gain.outcome != MEASURED:
        return [_row("gain", "information", gain.value)]
    items = material.growth.items
    answered = float(items[answers >= 0].sum() / max(items.sum(), 1e-12))
    return [
        _row("gain", "information", gain.value, chance=gain.chance, smallest=gain.smallest),
        _row("gain", "members_worth", members_worth(gain, material.growth, answered=answered, seed=seed)),
    ]


def _change_rows(labels: Labels, material: Material, *, seed: int) -> list[dict[str, object]]:
    rows = [_row("change", "label_loss", labels.loss), _row("change", "labels_changed", labels.changed)]
    after = known_of(cells_of(material.places, labels.with_answer, material.means, material.noise), seed=seed)
    for measure, known in (("slope", material.before), ("slope_with", after)):
        if known is not None:
            rows.append(_row("change", measure, known.slope, expected_skill=known.skill))
    return rows


def _sale_rows(answer: Answer, name: str) -> list[dict[str, object]]:
    return [
        _row("sale", "visits_share", answer.share, answer=name, grade=answer.grade),
        _row("sale", "information", answer.information, answer=name, expected_skill=answer.skill, grade=answer.grade),
    ]


def _faithful(variable: Variable, drawn: Drawn, material: Material, ties: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    pairs = [(f"tie with {name}", "", *figures) for name, figures in ties.items()]
    found = fidelity(variable, drawn, material.drivers)
    found = pd.concat([found, pd.DataFrame(pairs, columns=found.columns)], ignore_index=True).assign(is_known=True)
    absent = [{"figure": f"mean of {name}", "answer": answer, "is_known": False} for name in drawn.missing for answer in variable.answers]
    found = pd.concat([found, pd.DataFrame(absent, columns=found.columns)], ignore_index=True) if absent else found
    found[["declared", "drawn"]] = found[["declared", "drawn"]].astype(float).round(9)
    return found.assign(variable=variable.name, variable_label=variable.label, asked=variable.question, source=variable.source)


def _groups_of(labels: pd.DataFrame, keys: np.ndarray, groups: list[str]) -> np.ndarray:
    own = labels.set_index("member_key").reindex(keys)
    names = own.profile_key.fillna("atypical")
    return np.where(own.state.isin(["in_profile", "atypical"]), pd.Index(groups).get_indexer(pd.Index(names)), -1)


def _places(evidence: pd.DataFrame, visits: pd.DataFrame, keys: np.ndarray) -> tuple[Places, pd.MultiIndex]:
    """Cells of the shops that the asked members visit most, and their names."""
    inside = evidence[(evidence.store_key != EVERY) & (evidence.daypart != EVERY)]
    busiest = visits.groupby("store_key").receipts_count.sum().sort_values(ascending=False, kind="stable").index[:MOST_STORES]
    cells = (
        inside[inside.store_key.isin(busiest)].drop_duplicates(["store_key", "daypart"]).set_index(["store_key", "daypart"]).sort_index()
    )
    receipts = cells.receipts_count.to_numpy(float)
    each = cells.identified_receipts_count.sum() / max(cells.members_count.sum(), 1)  # receipts per person where persons are known
    crowd = np.maximum(receipts / max(each, 1.0), 1.0)
    store, daypart = (pd.factorize(cells.index.get_level_values(name), sort=True)[0] for name in ("store_key", "daypart"))
    cell, member = _cell(cells.index, visits), positions(visits.member_key, keys)
    known = (cell >= 0) & (member >= 0)
    places = Places(store, daypart, receipts, crowd, cell[known], member[known], visits.receipts_count.to_numpy()[known])
    return places, cells.index


def _cell(index: pd.MultiIndex, where: pd.DataFrame) -> np.ndarray:
    return index.get_indexer(pd.MultiIndex.from_frame(where[["store_key", "daypart"]]))


def _receipts(lines: pd.DataFrame, items: np.ndarray) -> tuple[csr_matrix, pd.DataFrame]:
    """(receipts × items) 0/1, and the first line of each receipt."""
    first = lines.drop_duplicates("receipt_key")
    ones = np.ones(len(lines))
    return sparse(lines.receipt_key, lines.item_key, ones, rows=first.receipt_key.to_numpy(object), columns=items), first

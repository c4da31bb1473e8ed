"""Is the value of a question foretold by synthetic answers? Real answers of real people, masked, made anew, and held against themselves.

    python -m benchmarks.enrichment.twins

Twins: seven answers of the 801 known households of The Complete Journey, age band and area of people of Ta-Feng. In each of some
divisions of the people who answered, one half teaches a generator: which items those of an answer buy more, given the profile. Answers of
the other half are masked and made anew in two ways. Tilted: answers by their shares, and receipts drawn anew from the people's tastes,
tilted by the answer so far that it tells what real answers told of the teaching half. Drawn: answers from what these people bought in
half 0, with the power of the evidence that makes the teaching half's answers likeliest. The value of what was made is the prediction; it
is held against the value of the real answers of the masked people. Beside it: the value of the real answers of the teaching half. Last,
cells of The Complete Journey's stores with and without the real answers of members, half of the people being members.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from scipy.special import logsumexp, softmax
from scipy.stats import spearmanr
from sklearn.cluster import KMeans

from benchmarks.enrichment.value import planted_information, tasteful, tilted_world
from benchmarks.helpers import report
from benchmarks.helpers.real_people import COUNT_CAP, journey_data, load, public_file
from bmyshop_profiles.enrichment.gain import ADDED, UNKNOWN, gain_of, profile_shares
from bmyshop_profiles.enrichment.sold import Places, cells_of, known_of, soft_labels
from bmyshop_profiles.enrichment.variables import catalogue
from bmyshop_profiles.statistics.intervals import person_folds, rows_drawn
from bmyshop_profiles.statistics.likelihood import everybody_shares, group_totals
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.model.space import fit_space, place

CORRELATION, SLOPE = 0.7, (0.7, 1.3)
LEAST = 40  # anonymous people of a store that is scored
PROFILES = 8


@dataclass(frozen=True)
class Known:
    """People who answered. first, second: (people × items) halves, labels: (people,) from the first, receipts: (people,) of the second,
    answers: name → (people,) codes, below zero unknown."""

    name: str
    first: csr_matrix
    second: csr_matrix
    labels: np.ndarray
    receipts: np.ndarray
    answers: dict[str, np.ndarray]


def households(options: argparse.Namespace) -> Known:
    """The known households of The Complete Journey under a typology of all."""
    data = load("complete_journey", people=options.people, items=options.items)
    first, second = data.half_counts
    found = Typology(most_profiles=PROFILES).fit(first).labels_
    labels = np.where(found >= 0, found, found.max() + 1)
    table = journey_data("demographics")["demographics"]
    table = table.set_index(table.household_id.astype(str)).drop(columns="household_id")
    keys = np.array(sorted(data.receipt_table.person.unique()))
    known = np.flatnonzero(np.isin(keys, table.index))
    own = table.loc[keys[known]]
    receipts = np.bincount(data.owner[data.half == 1], minlength=len(keys))
    answers = {str(name): pd.factorize(column, sort=True)[0] for name, column in own.items()}
    return Known("The Complete Journey", first[known], second[known], labels[known], receipts[known], answers)


def taiwanese(options: argparse.Namespace) -> Known:
    """People of Ta-Feng with at least four receipts, sub-classes as items; profiles by k-means, which is enough to hold them fixed."""
    lines = pd.read_parquet(public_file("ta_feng", "ta_feng_half.parquet"))
    lines = lines.assign(receipt=lines.TRANSACTION_DT.astype(str) + "/" + lines.CUSTOMER_ID.astype(str))
    days = lines.drop_duplicates("receipt").assign(at=lambda frame: pd.to_datetime(frame.TRANSACTION_DT))
    days = days.sort_values(["CUSTOMER_ID", "at"], kind="stable")
    days["rank"] = days.groupby("CUSTOMER_ID").cumcount()
    days = days[days.groupby("CUSTOMER_ID")["rank"].transform("size") >= 4]
    people = np.sort(days.CUSTOMER_ID.unique())
    people = people[rows_drawn(len(people), most=options.asked, seed=0)]
    days = days[days.CUSTOMER_ID.isin(people)].set_index("receipt")
    lines = lines[lines.receipt.isin(days.index)]
    items = np.sort(lines.PRODUCT_SUBCLASS.value_counts().index[: options.items or 600])
    lines = lines[lines.PRODUCT_SUBCLASS.isin(items)]
    half = days["rank"].loc[lines.receipt].to_numpy() % 2
    row, column = np.searchsorted(people, lines.CUSTOMER_ID), np.searchsorted(items, lines.PRODUCT_SUBCLASS)
    halves = []
    for number in (0, 1):
        own = half == number
        counts = csr_matrix((np.ones(own.sum()), (row[own], column[own])), shape=(len(people), len(items)))
        counts.data = counts.data.clip(max=COUNT_CAP)
        halves.append(counts)
    space = fit_space(halves[0], size=10)
    labels = KMeans(PROFILES, n_init=5, random_state=0).fit_predict(place(halves[0], space))
    first = days.drop_duplicates("CUSTOMER_ID").set_index("CUSTOMER_ID").loc[people]
    receipts = np.bincount(np.searchsorted(people, days.CUSTOMER_ID[days["rank"] % 2 == 1]), minlength=len(people))
    known = ~first.AGE_GROUP.isna() & (first.AGE_GROUP.astype(str).str.strip() != "")
    answers = {
        "age band": np.where(known, pd.factorize(first.AGE_GROUP, sort=True)[0], UNKNOWN),
        "area": pd.factorize(first.PIN_CODE, sort=True)[0],
    }
    return Known("Ta-Feng", halves[0], halves[1], labels, receipts, answers)


@dataclass(frozen=True)
class Generator:
    """ratios: (codes × items) of what those of an answer buy given the profile. shares: (profiles × items). margin: (codes,). power: of the
    evidence of items, below 1 because a person's items are not independent."""

    ratios: np.ndarray
    shares: np.ndarray
    margin: np.ndarray
    power: float

    def evidence(self, bought: csr_matrix, labels: np.ndarray) -> np.ndarray:
        """(people × codes) log-likelihood of what people bought, against the profile."""
        return _evidence(bought, labels, self.ratios, self.shares)

    def draw(self, bought: csr_matrix, labels: np.ndarray, *, seed: int) -> np.ndarray:
        """(people,) codes."""
        p = softmax(self.power * self.evidence(bought, labels) + np.log(self.margin), axis=1)
        return (p.cumsum(1) < np.random.default_rng(seed).random((len(p), 1))).sum(1).clip(max=p.shape[1] - 1)


def _evidence(bought: csr_matrix, labels: np.ndarray, ratios: np.ndarray, shares: np.ndarray) -> np.ndarray:
    sizes = np.asarray(bought.sum(1))
    return np.asarray(bought @ np.log(ratios).T) - sizes * np.log(ratios @ shares.T).T[labels]


def _ratios(bought: csr_matrix, labels: np.ndarray, answers: np.ndarray, *, codes: int) -> tuple[np.ndarray, np.ndarray]:
    everybody = everybody_shares(bought)
    shares = profile_shares(bought, labels, groups=int(labels.max()) + 1, everybody=everybody, seed=0)
    own = np.zeros((codes, len(shares)))
    np.add.at(own, (answers, labels), np.asarray(bought.sum(1)).ravel())
    added = ADDED * bought.sum() / codes * everybody
    return (group_totals(bought, answers, groups=codes) + added) / (own @ shares + added), shares


def generator(bought: csr_matrix, labels: np.ndarray, answers: np.ndarray, *, codes: int) -> Generator:
    """Learnt from people whose answers are known: evidence of folds of people left out tells its power."""
    fold, left = person_folds(len(labels), folds=5), np.zeros((len(labels), codes))
    for number in range(5):
        train, out = fold != number, fold == number
        ratios, shares = _ratios(bought[train], labels[train], answers[train], codes=codes)
        groups = len(shares)
        left[out] = _evidence(bought[out], np.minimum(labels[out], groups - 1), ratios, shares)
    margin = (np.bincount(answers, minlength=codes) + 0.5) / (len(answers) + 0.5 * codes)

    def loss(power: float) -> float:
        score = power * left + np.log(margin)
        return float((logsumexp(score, axis=1) - score[np.arange(len(answers)), answers]).sum())

    power = float(minimize_scalar(loss, bounds=(0, 2), method="bounded").x)
    return Generator(*_ratios(bought, labels, answers, codes=codes), margin, power)


def twins_of(known: Known, options: argparse.Namespace) -> list[dict]:
    """Each answer in each division: value predicted, real value of the masked half, real value of the teaching half."""
    rows = []
    for name, answers in known.answers.items():
        have = np.flatnonzero(answers >= 0)
        codes = int(answers.max()) + 1
        for division in range(options.divisions):
            order = np.random.default_rng(100 + division).permutation(have)
            teach, masked = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
            both = [csr_matrix(half[teach]) for half in (known.first, known.second)]
            made = generator(both[0] + both[1], known.labels[teach], answers[teach], codes=codes)
            labels = np.minimum(known.labels[masked], len(made.shares) - 1)
            real, taught = _value(known, masked, answers[masked], options), _value(known, teach, answers[teach], options)
            drawn = [
                _value(known, masked, made.draw(known.first[masked], labels, seed=draw), options).value.value
                for draw in range(options.draws)
            ]
            tilted = _tilted(known, masked, made, taught.value.value, options)
            rows.append(
                {
                    "data": known.name,
                    "answer": name,
                    "people": len(masked),
                    "power": made.power,
                    "tilted": float(np.mean(tilted)),
                    "drawn": float(np.mean(drawn)),
                    "real": real.value.value,
                    "low": real.value.low,
                    "high": real.value.high,
                    "taught": taught.value.value,
                    "seen": real.is_seen,
                    "smallest": real.smallest,
                }
            )
    return rows


def _value(known: Known, rows: np.ndarray, answers: np.ndarray, options: argparse.Namespace):
    return gain_of(
        known.second[rows], np.unique(known.labels[rows], return_inverse=True)[1], answers, known.receipts[rows],
        permutations=options.permutations,
    )  # fmt: skip


def _tilted(known: Known, rows: np.ndarray, made: Generator, information: float, options: argparse.Namespace) -> list[float]:
    """Values of answers by their shares, in receipts tilted so far that answers tell so much."""
    labels = np.unique(known.labels[rows], return_inverse=True)[1]
    people = tasteful(known.first[rows], known.second[rows], labels, known.receipts[rows])
    low, high = 0.0, 2.0
    for _ in range(14):
        power = (low + high) / 2
        low, high = (power, high) if planted_information(people, made.margin, made.ratios**power) < information else (low, power)
    worlds = [tilted_world(people, made.margin, made.ratios**low, np.random.default_rng(draw)) for draw in range(options.draws)]
    found = [gain_of(each.bought, people.labels, each.answers, people.receipts, permutations=options.permutations) for each in worlds]
    return [each.value.value for each in found]


def agreement(predicted: np.ndarray, real: np.ndarray, *, draws: int = 2000) -> dict[str, tuple[float, float, float]]:
    """Rank correlation, and slope of the predicted on the real value through 0, with 90 % bootstrap intervals over the answers."""
    rng, found = np.random.default_rng(0), []
    for draw in range(draws + 1):
        rows = np.arange(len(real)) if draw == 0 else rng.integers(len(real), size=len(real))
        rank = spearmanr(predicted[rows], real[rows]).statistic if len(np.unique(predicted[rows])) > 1 else np.nan
        found.append((rank, (real[rows] @ predicted[rows]) / max(real[rows] @ real[rows], 1e-12)))
    ends = np.nanquantile(np.array(found[1:]), [0.05, 0.95], axis=0)
    return {name: (float(found[0][i]), float(ends[0, i]), float(ends[1, i])) for i, name in enumerate(("rank correlation", "slope"))}


def fidelity(known: Known) -> list[dict]:
    """How far shares declared in the catalogue are from those of the known households: half of the sum of differences."""
    pairs = {
        "household_size": ("household_size", [["1"], ["2"], ["3"], ["4", "5+"]]),
        "children": ("kids_count", [["0"], ["1", "2", "3+"]]),
    }
    table = journey_data("demographics")["demographics"]
    rows = []
    for variable in catalogue():
        if variable.name in pairs:
            column, groups = pairs[variable.name]
            real = np.array([table[column].astype(str).isin(values).mean() for values in groups])
            declared = variable.shares if len(variable.shares) == len(groups) else np.array([variable.shares[0], variable.shares[1:].sum()])
            distance = 0.5 * float(np.abs(real - declared).sum())
            rows.append({"answers": variable.name, "declared": declared.round(2), "real": real.round(2), "distance": distance})
    return rows


def stores(options: argparse.Namespace) -> list[dict]:
    """Cells of stores with and without real answers of members: half of the people are members, the others make the truth."""
    data = load("complete_journey", people=options.people, items=options.items)
    first, second = data.half_counts
    keys = np.array(sorted(data.receipt_table.person.unique()))
    table = journey_data("demographics")["demographics"]
    table = table.set_index(table.household_id.astype(str)).reindex(keys)
    answers = {name: pd.factorize(table[name], sort=True)[0] for name in ("age", "household_comp")}
    place_of = pd.factorize(data.receipt_table.store.to_numpy(), sort=True)[0]
    rows = []
    for division in range(options.divisions):
        member = np.isin(np.arange(len(keys)), np.random.default_rng(division).permutation(len(keys))[: len(keys) // 2])
        typology = Typology(most_profiles=5).fit(first[member])
        label, other = typology.predict(first), typology.predict(second)
        groups = typology.profiles_.count + 1
        label, other = np.where(label < 0, groups - 1, label), np.where(other < 0, groups - 1, other)
        visit = (data.half == 1) & member[data.owner]
        anonymous = (data.half == 1) & ~member[data.owner]
        true = np.zeros((place_of.max() + 1, groups))
        np.add.at(true, (place_of[anonymous], label[data.owner[anonymous]]), 1)
        pairs = np.unique(np.column_stack([place_of[anonymous], data.owner[anonymous]]), axis=0)
        scored = np.flatnonzero(np.bincount(pairs[:, 0], minlength=len(true)) >= LEAST)
        network = true.sum(0) / true.sum()
        size = len(true)
        receipts = np.maximum(np.bincount(place_of, minlength=size), 1).astype(float)
        places = Places(
            np.arange(size), np.zeros(size, int), receipts, np.maximum(receipts / 10, 1), place_of[visit], data.owner[visit],
            np.ones(int(visit.sum())),
        )  # fmt: skip
        nothing = np.full(len(keys), UNKNOWN)
        for name, given in {"none": nothing, **answers, "decoy": np.random.default_rng(1).permutation(answers["age"])}.items():
            mine = np.where(member, given, UNKNOWN)
            soft = soft_labels(np.where(member, label, -1), other, mine, groups=groups, codes=int(max(given.max(), 0)) + 1)
            cells = cells_of(places, soft.with_answer, np.tile(network, (size, 1)), np.full(size, 1e-6))
            found = known_of(cells)
            if found is None or not len(scored):
                continue
            mix = found.mix * (network / np.maximum(cells.members_mix, 1e-6))
            mix = (mix / mix.sum(1, keepdims=True))[scored]
            truth = true[scored] / true[scored].sum(1, keepdims=True)
            rows.append(
                {
                    "answer": name,
                    "division": division,
                    "labels changed": soft.changed.value,
                    "label loss": soft.loss.value,
                    "skill": float(1 - ((mix - truth) ** 2).sum() / ((network - truth) ** 2).sum()),
                }
            )
    return rows


def measure(options: argparse.Namespace) -> report.Measured:
    """Twins of both data sets, the catalogue beside real people, cells with and without real answers."""
    sets = [households(options), taiwanese(options)]
    rows = [row for known in sets for row in twins_of(known, options)]
    table = pd.DataFrame(rows)
    each = (
        table.groupby(["data", "answer"], sort=False)[["people", "power", "tilted", "drawn", "real", "taught", "seen", "smallest"]]
        .mean()
        .reset_index()
    )
    report.show(each.to_dict("records"), title=f"nats per item; mean over {options.divisions} divisions")
    each = each.dropna()  # too few answers to be measured, at the smallest size
    journey = each[each.data == sets[0].name]
    found = {
        "receipts tilted by synthetic answers": agreement(each.tilted.to_numpy(), each.real.to_numpy()),
        "the same, The Complete Journey alone": agreement(journey.tilted.to_numpy(), journey.real.to_numpy()),
        "synthetic answers drawn from receipts": agreement(each.drawn.to_numpy(), each.real.to_numpy()),
        "real answers of the teaching half": agreement(each.taught.to_numpy(), each.real.to_numpy()),
    }
    shown = [
        {"value of the masked half, from": what, **{name: f"{v:.2f} [{low:.2f}, {high:.2f}]" for name, (v, low, high) in told.items()}}
        for what, told in found.items()
    ]
    report.show(shown, title=f"{len(each)} answers")
    faithful, cells = fidelity(sets[0]), pd.DataFrame(stores(options))
    report.show(faithful, title="shares of the catalogue and of the known households (American: a distance, no error)")
    if len(cells):
        cells = cells.groupby("answer", sort=False)[["labels changed", "label loss", "skill"]].mean().reset_index()
        report.show(cells.to_dict("records"), title="stores, members a half, at the true level, without what baskets say")
    figures = {
        "twins": rows,
        "agreement": found,
        "fidelity": faithful,
        "stores": cells.to_dict("records"),
    }
    served = found["receipts tilted by synthetic answers"]
    rank, slope = served["rank correlation"][0], served["slope"][0]
    bars = {
        f"rank correlation over {len(each)} answers": report.at_least(rank, CORRELATION),
        f"slope over {len(each)} answers": report.bar(slope, list(SLOPE), SLOPE[0] <= slope <= SLOPE[1]),
    }
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything."""
    parser = report.parser(__doc__)
    parser.add_argument("--people", type=int, help="of The Complete Journey, evenly drawn; default: all")
    parser.add_argument("--items", type=int, help="those most bought; default: all, and 600 of Ta-Feng")
    parser.add_argument("--asked", type=int, default=6000, help="people of Ta-Feng, at most; there are 5,240 with four receipts")
    parser.add_argument("--divisions", type=int, default=6, help="of the people who answered, and of the members")
    parser.add_argument("--draws", type=int, default=3, help="of synthetic answers in each division")
    parser.add_argument("--permutations", type=int, default=19)
    smoke = {"people": 400, "items": 80, "asked": 200, "divisions": 1, "draws": 1, "permutations": 3}
    return report.run(measure, parser, argv, smoke=smoke)


if __name__ == "__main__":
    sys.exit(main())

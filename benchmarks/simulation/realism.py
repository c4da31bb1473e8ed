"""Is the simulated network like real receipts? `python -m benchmarks.simulation.realism [--lines 1200000] [--seed 0]`

Side by side at equal numbers of receipts: basket sizes, articles never seen before and hour × weekday traffic against a French bakery
(Kaggle, matthieugimbert); what a person's receipts have in common against The Complete Journey (84.51°, whose package calls it simulated
from real patterns, for education only). Supermarket receipts are five times longer: each is thinned to a size drawn from the simulated
baskets, so that both worlds are compared at equal lines. What half of a receipt says about the other half, against the bakery; how
clienteles differ from shop to shop, against The Complete Journey; what contrasts of age between areas are worth, against Ta-Feng
(networks of their own, as large as the real data). And what nobody can beat: the Bayes posterior of one receipt.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.preprocessing import normalize

from benchmarks.helpers import report
from benchmarks.helpers.real_people import complete_journey, public_file
from benchmarks.simulation import ages, worlds
from benchmarks.simulation.posterior import Oracle, Receipt
from benchmarks.simulation.protocols import said_by_half
from benchmarks.simulation.worlds import simulated_lines
from bmyshop_profiles.simulation import Parameters, simulate

EACH = 32  # receipts of a person, half of them in each half
PEOPLE = 1500
TYPES = 10  # of the fixed typology
BAKERY_RECEIPTS = 60_000
MOST_TIMES = 1.5  # missions and clienteles: simulated ÷ real, or the reverse
EXCESS = 0.075  # of clienteles at The Complete Journey, under profiles fitted by likelihood; by k-means it is measured here
SLOPES = (0.25, 0.6)
NOVELTY_AT = (1000, 4000, 16_000, 60_000)


def bakery() -> pd.DataFrame:
    """Lines sold by the real bakery: receipt, sold, article."""
    raw = pd.read_csv(public_file("french_bakery", "bakery_sales.csv.gz"))
    raw = raw[raw.Quantity > 0]
    return pd.DataFrame({"receipt": raw.ticket_number, "sold": pd.to_datetime(raw.date + " " + raw.time), "article": raw.article})


# --- one shop


def first_receipts(lines: pd.DataFrame, count: int) -> pd.DataFrame:
    """Lines of the first receipts, with their rank."""
    order = lines.groupby("receipt").sold.min().sort_values(kind="stable").index[:count]
    rank = pd.Series(np.arange(len(order)), index=order)
    found = lines.assign(rank=lines.receipt.map(rank))
    return found[found["rank"].notna()]


def shop_figures(lines: pd.DataFrame) -> dict[str, float]:
    """Basket sizes, and share of the lines whose article had never been sold before, among the first N receipts."""
    size = lines.groupby("receipt").size()
    first = lines.drop_duplicates("article")["rank"].to_numpy()
    figures = {"lines of a receipt": size.mean(), "receipts of one line": (size == 1).mean(), "receipts of 3 or more": (size > 2).mean()}
    for count in NOVELTY_AT:
        figures[f"articles never seen before, {count} receipts"] = (first < count).sum() / (lines["rank"] < count).sum()
    return {name: float(value) for name, value in figures.items()}


def traffic(lines: pd.DataFrame) -> np.ndarray:
    """Share of the receipts by weekday and hour (7 × 24)."""
    sold = lines.groupby("receipt").sold.min()
    counts = np.zeros((7, 24))
    np.add.at(counts, (sold.dt.day_of_week, sold.dt.hour), 1)
    return counts / counts.sum()


# --- people


def people_sample(lines: pd.DataFrame, sizes: np.ndarray | None, seed: int) -> pd.DataFrame:
    """EACH receipts of each of PEOPLE people, drawn at random; receipts cut to a random `sizes` lines.

    Columns person, receipt, half, item.
    """
    rng = np.random.default_rng(seed)
    owner = lines.groupby("receipt").person.first()
    receipts = owner.to_frame().assign(order=rng.random(len(owner))).sort_values(["person", "order"])
    receipts["k"] = receipts.groupby("person").cumcount()
    enough = receipts.groupby("person").size()
    chosen = rng.permutation(enough.index[enough >= EACH].to_numpy())[:PEOPLE]
    receipts = receipts[receipts.person.isin(chosen) & (receipts.k < EACH)]
    found = lines[lines.receipt.isin(receipts.index)].copy()
    if sizes is not None:
        wanted = pd.Series(rng.choice(sizes, len(receipts)), index=receipts.index)
        found = found.assign(order=rng.random(len(found))).sort_values(["receipt", "order"])
        found = found[found.groupby("receipt").cumcount() < found.receipt.map(wanted)]
    return found.assign(half=found.receipt.map(receipts.k) % 2)[["person", "receipt", "half", "item"]]


def counts_of(sample: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Counts of the items of both halves (people × items, twice)."""
    people, items = pd.Index(sorted(sample.person.unique())), pd.Index(sorted(sample.item.unique()))
    halves = []
    for half in (0, 1):
        part = sample[sample.half == half]
        counts = np.zeros((len(people), len(items)))
        np.add.at(counts, (people.get_indexer(part.person), items.get_indexer(part["item"])), 1)
        halves.append(counts)
    return halves[0], halves[1]


def agreement(sample: pd.DataFrame, seed: int) -> float:
    """AMI of both halves of people under a typology (k-means of TF-IDF, 10 components) fitted on other people."""
    first, second = counts_of(sample)
    rows = np.random.default_rng(seed).permutation(len(first))
    found = []
    for fitted, scored in ((rows[::2], rows[1::2]), (rows[1::2], rows[::2])):
        tfidf = TfidfTransformer(sublinear_tf=True).fit((first + second)[fitted])
        svd = TruncatedSVD(10, random_state=seed).fit(tfidf.transform((first + second)[fitted]))
        kmeans = KMeans(TYPES, n_init=10, random_state=seed).fit(normalize(svd.transform(tfidf.transform((first + second)[fitted]))))
        labels = [kmeans.predict(normalize(svd.transform(tfidf.transform(half[scored])))) for half in (first, second)]
        found.append(adjusted_mutual_info_score(*labels))
    return float(np.mean(found))


def person_figures(sample: pd.DataFrame, seed: int) -> dict[str, float]:
    """Agreement, and the variance of category shares between and within people, as shares of that of single lines."""
    first, second = counts_of(sample)
    a, b = (half / np.maximum(half.sum(axis=1, keepdims=True), 1) for half in (first, second))
    mean = (a + b).mean(axis=0) / 2
    line = (mean * (1 - mean)).sum()  # variance of the share vector of one line
    return {
        "agreement of two halves (AMI)": agreement(sample, seed),
        "variance between people": float(((a - mean) * (b - mean)).sum(axis=1).mean() / line),
        "variance within people": float(((a - b) ** 2).sum(axis=1).mean() / 2 / line),
    }


def visits_figures(lines: pd.DataFrame) -> dict[str, float]:
    """Spread of the receipts of a person over a year, at whatever mean."""
    count = lines.groupby("person").receipt.nunique()
    return {"receipts per person: median ÷ mean": float(count.median() / count.mean()), "spread ÷ mean": float(count.std() / count.mean())}


def bayes_figures(directory: Path, lines: pd.DataFrame, seed: int, *, scored: int) -> dict[str, float]:
    """Bayes posterior of one receipt of somebody of a persona, for the personas; calibration beside."""
    oracle = Oracle(directory / "truth")
    own = lines[lines.persona.notna()]
    chosen = np.random.default_rng(seed).permutation(own.receipt.unique())[:scored]
    own = own[own.receipt.isin(chosen)].sort_values("number")
    right, top, gained = [], [], []
    for _, part in own.groupby("receipt"):
        found = oracle.posterior([Receipt(part.shop.iloc[0], part.sold.to_numpy()[0], tuple(part.article))]).persona[1:]
        found, true = found / found.sum(), int(part.persona.iloc[0]) - 1
        right.append(found.argmax() == true)
        top.append(found.max())
        gained.append(-np.log(found[true]))
    share = own.drop_duplicates("receipt").persona.value_counts(normalize=True)
    return {
        "Bayes accuracy of one receipt": float(np.mean(right)),
        "its mean confidence": float(np.mean(top)),
        "majority": float(share.max()),
        "Bayes log-loss": float(np.mean(gained)),
        "prior log-loss": float(-(share * np.log(share)).sum()),
    }


def measure(options: argparse.Namespace) -> report.Measured:
    """Simulate, and compare with the real bakery and the real households."""
    real, journey = bakery(), complete_journey()
    with tempfile.TemporaryDirectory() as name:
        directory = options.directory or Path(name)
        simulate(
            directory, seed=options.seed, stores=20, members=options.lines // 1200, anonymous_shoppers=options.lines // 130, months=12,
            lines=options.lines, parameters=Parameters(flavours=("caisse_a",), defects=0.0),
        )  # fmt: skip
        lines = simulated_lines(directory)
        bayes = bayes_figures(directory, lines, options.seed, scored=options.scored)
    rows: list[dict[str, Any]] = []
    bars: dict[str, report.Bar] = {}

    def compare(name: str, ours: float, theirs: float, tolerance: float, *, absolute: bool = False) -> None:
        off = ours - theirs if absolute else ours / theirs - 1
        rows.append({"": name, "simulated": ours, "real": theirs, "off by": off})
        bars[name] = report.bar(off, tolerance, abs(off) <= tolerance)

    own_bakery = lines[lines.store_type == "bakery"]
    busiest = own_bakery.groupby("shop").receipt.nunique().idxmax()
    count = min(BAKERY_RECEIPTS, own_bakery[own_bakery.shop == busiest].receipt.nunique())
    ours, theirs = (shop_figures(first_receipts(frame, count)) for frame in (own_bakery[own_bakery.shop == busiest], real))
    for name, figure in ours.items():
        if not name.startswith("articles") or int(name.split()[-2]) <= count:
            compare(name, figure, theirs[name], 0.2)
    same = min(own_bakery.receipt.nunique(), real.receipt.nunique())
    rng = np.random.default_rng(options.seed)
    shown = [traffic(frame[frame.receipt.isin(rng.permutation(frame.receipt.unique())[:same])]) for frame in (own_bakery, real)]
    off = float(np.abs(shown[0] - shown[1]).sum())
    rows.append({"": "hour × weekday traffic: sum of differences", "simulated": off, "real": 0.0, "off by": off})
    bars["hour × weekday traffic"] = report.at_most(off, 0.2)

    sizes = lines.groupby("receipt").size().to_numpy()
    mine = person_figures(people_sample(lines.assign(item=lines.family), None, options.seed), options.seed)
    journeys = person_figures(people_sample(journey, sizes, options.seed), options.seed)
    for name, figure in mine.items():
        compare(name, figure, journeys[name], 0.05 if "AMI" in name else 0.25, absolute="AMI" in name)
    for (name, figure), other in zip(visits_figures(lines).items(), visits_figures(journey).values(), strict=True):
        compare(name, figure, other, 0.25)
    known = {
        "half of a receipt about the other half, nats": (
            said_by_half(own_bakery[own_bakery.shop == busiest].rename(columns={"article": "item"})),
            said_by_half(real.rename(columns={"article": "item"})),
        ),
        "excess spread of clienteles": (
            float(np.mean(worlds.simulated_excesses(options.seed, people=options.people, divisions=options.divisions))),
            float(np.mean(worlds.journey_excesses(options.divisions))),
        ),
        "slope of age contrasts": (
            float(np.mean([*worlds.simulated_slopes(options.seed, customers=options.customers).values()])),
            float(np.mean([*ages.slopes_of_ages(ages.ta_feng(options.real_share)).values()])),
        ),
    }  # fmt: skip
    for name, (ours_, theirs_) in known.items():
        rows.append({"": name, "simulated": ours_, "real": theirs_, "off by": ours_ / theirs_ - 1})
        aim = EXCESS if "clienteles" in name else theirs_
        low, high = SLOPES if "slope" in name else (aim / MOST_TIMES, aim * MOST_TIMES)
        bars[name] = report.bar(ours_, [low, high], low <= ours_ <= high)
    accuracy = bayes["Bayes accuracy of one receipt"]
    bars["Bayes accuracy of one receipt"] = report.bar(accuracy, [0.35, 0.55], 0.35 <= accuracy <= 0.55)
    report.show(rows)
    print(f"receipts of the bakeries compared: {count}; of both traffics: {same}; people compared: {PEOPLE} × {EACH} receipts")
    report.show([{"": name, "simulated": figure} for name, figure in bayes.items()])
    return {row[""]: {"simulated": row["simulated"], "real": row["real"]} for row in rows} | bayes, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--lines", type=int, default=1_200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scored", type=int, default=2000, help="receipts whose Bayes posterior is taken")
    parser.add_argument("--people", type=int, default=1200, help="of the network for clienteles")
    parser.add_argument("--customers", type=int, default=16_400, help="of the network for ages")
    parser.add_argument("--divisions", type=int, default=worlds.DIVISIONS, help="of people, for clienteles")
    parser.add_argument("--real-share", type=float, default=1.0, help="of Ta-Feng's customers")
    parser.add_argument("--directory", type=Path, help="directory to simulate into; default: a temporary one")
    smoke = {"lines": 12_000, "scored": 10, "people": 700, "customers": 800, "divisions": 1, "real_share": 0.1}
    return report.run(measure, parser, argv, smoke=smoke)


if __name__ == "__main__":
    sys.exit(main())

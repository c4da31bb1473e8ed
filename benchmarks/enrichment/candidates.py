"""Which nested model of answers, and how strongly shrunk? What the choices of `enrichment/gain.py` rest on.

    python -m benchmarks.enrichment.candidates

Real answers of the known households of The Complete Journey and of people of Ta-Feng: by how many standard deviations of permuted answers
the gain of the real ones lies above them, with one ratio per answer, and with shares for each profile and answer, both by strength of
shrinkage. Planted answers in both sets of people: slope of the value through 0 on the information planted, by the same strengths.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.enrichment.twins import Known, households, taiwanese
from benchmarks.enrichment.value import SHAPES, TILTS, plant, tasteful
from benchmarks.helpers import report
from bmyshop_profiles.enrichment.gain import ADDED, FOLDS, neighbours, nested_gains, permuted, profile_shares
from bmyshop_profiles.statistics.intervals import person_folds
from bmyshop_profiles.statistics.likelihood import everybody_shares, group_totals, item_gain, log_ratios, shrunk_shares

SHARES = (0.02, 0.1, 0.5, 2.0)  # of the items bought per answer that are added
Gains = Callable[[csr_matrix, np.ndarray, np.ndarray, float], np.ndarray]


def one_ratio(bought: csr_matrix, labels: np.ndarray, answers: np.ndarray, added: float) -> np.ndarray:
    """What is used."""
    return nested_gains(bought, labels, answers, seed=0, added=added)


def each_cell(bought: csr_matrix, labels: np.ndarray, answers: np.ndarray, added: float) -> np.ndarray:
    """Shares of every profile and answer, shrunk towards the profile's: the model that was used until November 2026."""
    groups, codes, gains = int(labels.max()) + 1, int(answers.max()) + 1, np.zeros(answers.shape)
    fold, everybody = person_folds(bought.shape[0], folds=FOLDS, seed=0), everybody_shares(bought)
    strength = max(added * float(bought.sum()) / codes, 1e-9)
    for number in range(FOLDS):
        train, out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        shares = profile_shares(bought[train], labels[train], groups=groups, everybody=everybody, seed=0)
        base = item_gain(bought[out], log_ratios(shares, everybody), labels[out])
        for draw, given in enumerate(answers):
            cell = labels * codes + given
            totals = group_totals(bought[train], cell[train], groups=groups * codes)
            nested = shrunk_shares(totals, target=np.repeat(shares, codes, axis=0), strength=strength)
            gains[draw, out] = item_gain(bought[out], log_ratios(nested, everybody), cell[out]) - base
    return gains


MODELS: dict[str, Gains] = {"one ratio per answer": one_ratio, "each profile and answer": each_cell}


def apart(known: Known, model: Gains, added: float, options: argparse.Namespace) -> float:
    """Mean over the answers: gain of the real ones less the mean of permuted ones, in their standard deviations."""
    found = []
    for answers in known.answers.values():
        have = np.flatnonzero(answers >= 0)
        labels, own = np.unique(known.labels[have], return_inverse=True)[1], np.unique(answers[have], return_inverse=True)[1]
        block = neighbours(labels, known.receipts[have])
        tried = np.vstack([own[None], permuted(own, block, draws=options.permutations, seed=0)])
        figures = model(known.second[have], labels, tried, added).sum(1)
        found.append((figures[0] - figures[1:].mean()) / max(figures[1:].std(ddof=1), 1e-12))
    return float(np.mean(found))


def slope(known: Known, added: float, options: argparse.Namespace) -> float:
    """Of the value on what is planted, one ratio per answer."""
    labels = np.unique(known.labels, return_inverse=True)[1]
    people = tasteful(known.first, known.second, labels, known.receipts)
    block, pairs = neighbours(labels, known.receipts), []
    for world in range(options.worlds):
        for number, shares in enumerate(SHAPES.values()):
            for tilt in TILTS:
                made = plant(people, shares, tilt, seed=90_000 + 1000 * world + 10 * number + round(100 * tilt))
                tried = np.vstack([made.answers[None], permuted(made.answers, block, draws=5, seed=world)])
                figures = one_ratio(made.bought, labels, tried, added).sum(1) / made.bought.sum()
                pairs.append((made.information, figures[0] - figures[1:].mean()))
    planted, value = np.array(pairs).T
    return float(planted @ value / (planted @ planted))


def measure(options: argparse.Namespace) -> report.Measured:
    """Both models and all strengths, on both sets of people."""
    rows = []
    for known in (households(options), taiwanese(options)):
        for added in SHARES:
            told = {name: apart(known, model, added, options) for name, model in MODELS.items()}
            rows.append({"people": known.name, "items added": added, **told, "slope on planted": slope(known, added, options)})
    report.show(rows, title="standard deviations above permuted answers, mean over the real answers; slope of one ratio per answer")
    used = [row for row in rows if row["items added"] == ADDED]
    one, each = (float(np.mean([row[name] for row in used])) for name in MODELS)
    slopes = {f"slope on planted, {row['people']}": row["slope on planted"] for row in used}
    bars = {
        "one ratio per answer: deviations above permuted, as far as each profile and answer": report.at_least(one, each),
        **{name: report.bar(value, [0.9, 1.1], 0.9 <= value <= 1.1) for name, value in slopes.items()},
    }
    return {"candidates": rows}, bars


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything."""
    parser = report.parser(__doc__)
    parser.add_argument("--people", type=int, help="of The Complete Journey, evenly drawn; default: all")
    parser.add_argument("--items", type=int, help="those most bought; default: all, and 600 of Ta-Feng")
    parser.add_argument("--asked", type=int, default=6000, help="people of Ta-Feng, at most")
    parser.add_argument("--permutations", type=int, default=39)
    parser.add_argument("--worlds", type=int, default=2)
    smoke = {"people": 400, "items": 80, "asked": 200, "permutations": 3, "worlds": 1}
    return report.run(measure, parser, argv, smoke=smoke)


if __name__ == "__main__":
    sys.exit(main())

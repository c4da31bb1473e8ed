"""How many profiles can be sold: which come back, what they gain, and from which starts. `python -m benchmarks.typology.sold [data …]`

For each number of profiles: the held-out gain, the Jaccard of the profiles with those found again on half of the members (`draws` half
subsets; mean and what nine of ten reach, of the least stable profile), the agreement (AMI) of the two halves of people left out, and the
effective number of dimensions of the profiles: (Σ λ)² ÷ Σ λ² of the covariance of their log-ratios. Starts: k-means, HDBSCAN's agreement,
both; the difference of the mean Jaccard is paired by half subset. Data: The Complete Journey, Online Retail, and a simulated network
of the demo's size. `again`: the profiles kept are judged once more on half subsets that did not choose them.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.helpers import report
from benchmarks.helpers.real_people import SMOKE, load
from benchmarks.helpers.simulated_members import run_network
from benchmarks.helpers.windows import WINDOW, read_window
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.simulation import Parameters
from bmyshop_profiles.statistics.fits import cores
from bmyshop_profiles.statistics.likelihood import ATYPICAL
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour
from bmyshop_profiles.typology.model.candidates import Choice
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.model.profiles import Profiles
from bmyshop_profiles.typology.model.stability import comes_back, lowest

DATA = ("complete_journey", "online_retail", "simulated")
FINE = 16
FINE_GAIN = {"complete_journey": 0.052, "online_retail": 0.120}
SOLD_SHARE = {"complete_journey": 0.60, "online_retail": 0.60, "simulated": 0.80}
LEAST_SOLD, OF_EIGHT = 4, 0.85
DEMO = {"months": 4, "members": 3000, "lines": 1_000_000, "anonymous": 30_000}


class People(NamedTuple):
    """Two halves of the same people with enough receipts in each, and what was bought in the shops."""

    first: Behaviour
    second: Behaviour
    store_items: csr_matrix | None


def people_of(name: str, options: argparse.Namespace) -> People:
    """The people of a data set; the simulated network is made in a directory that is gone afterwards."""
    if name != "simulated":
        data = load(name, people=options.people, items=options.items)
        return People(*(behaviour(half) for half in data.half_counts), None)
    sizes = {**DEMO, "months": 1, "members": options.people, "lines": 60 * options.people, "anonymous": None} if options.people else DEMO
    with tempfile.TemporaryDirectory() as directory:
        settings = run_network(Path(directory), parameters=Parameters(), tables=WINDOW, **sizes)
        with views(settings) as session:
            members, how = read_window(session, settings.months()[-1])
    enough = np.flatnonzero((members.receipts[0] >= 2) & (members.receipts[1] >= 2))
    return People(how.first[enough], how.second[enough], how.store_items)


def fitted(people: People, **parameters: Any) -> Typology:
    return Typology(**parameters).fit(people.first, other=people.second, store_items=people.store_items)


def best_of_number(choices: list[Choice]) -> dict[int, Choice]:
    """Of each number the candidate whose least stable profile is the most stable."""
    found: dict[int, Choice] = {}
    for each in choices:
        if each.number not in found or each.jaccard.mean(0).min() > found[each.number].jaccard.mean(0).min():
            found[each.number] = each
    return found


def effective_dimensions(profiles: Profiles) -> float:
    """Of the space that the profiles span."""
    centred = profiles.log_ratios - profiles.log_ratios.mean(1, keepdims=True)
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    return float(values.sum() ** 2 / max((values**2).sum(), 1e-12))


def halves_agree(model: Typology, people: People) -> float:
    """AMI of the profiles that the two halves of people left out say."""
    from sklearn.metrics import adjusted_mutual_info_score

    first, second = (model.left_out(half)[0] for half in (people.first, people.second))
    known = (first >= 0) & (second >= 0)
    return float(adjusted_mutual_info_score(first[known], second[known]))


def run(name: str, options: argparse.Namespace) -> report.Measured:
    """Figures and bars of one data set."""
    people = people_of(name, options)
    print(f"\n{name}: {people.first.members} people, {people.first.items.shape[1]} items")
    print("starts     number  gain     least stable profile: mean Jaccard, nine of ten reach   halves  dimensions")
    figures: dict[str, Any] = {}
    models: dict[str, Typology] = {}
    for starts in options.starts:
        models[starts] = fitted(people, most_profiles=options.most, proposals=starts, runs=options.runs, draws=options.draws)
        for number, each in best_of_number(models[starts].choices_).items():
            alone = fitted(people, most_profiles=number, least_profiles=number, proposals=starts, runs=options.runs)
            row = {
                "gain": each.gain,
                "jaccard": float(each.jaccard.mean(0).min()),
                "nine_of_ten": float(lowest(each.jaccard).min()),
                "halves": halves_agree(alone, people),
                "dimensions": effective_dimensions(alone.profiles_),
                "comes_back": each.comes_back,
            }
            figures[f"{starts} {number}"] = row
            told = f"{row['jaccard']:5.2f} {row['nine_of_ten']:5.2f} {'comes back' if row['comes_back'] else '':10s}"
            print(f"{starts:10s} {number:6d}  {row['gain']:.4f}  {told:>50s}   {row['halves']:.3f}  {row['dimensions']:.1f}", flush=True)
    for starts in options.starts[1:]:
        figures[f"kmeans - {starts}"] = paired(models[options.starts[0]], models[starts])
        print(f"mean Jaccard, k-means - {starts}, paired by half subset [90 %]: {figures[f'kmeans - {starts}']}")
    kept = models[options.starts[0]]
    fine = max(fitted(people, most_profiles=FINE, least_profiles=FINE).choices_, key=lambda each: each.gain)
    eight = max((each.gain for each in kept.choices_ if each.number == options.most), default=float("nan"))
    again = fitted(people, most_profiles=kept.profiles_.count, least_profiles=kept.profiles_.count, draws=options.draws, seed=1)
    other = next(each for each in again.choices_ if each.rounds == kept.chosen_.rounds)
    share = float((kept.labels_ != ATYPICAL).mean())
    figures["kept"] = {
        "profiles": kept.profiles_.count,
        "rounds": kept.chosen_.rounds,
        "gain": kept.chosen_.gain,
        "of_the_gain_of_most": kept.chosen_.gain / eight,
        "share_of_people_in_one": share,
        "jaccard": kept.chosen_.jaccard.mean(0),
        "again_jaccard": other.jaccard.mean(0),
        "again_nine_of_ten": lowest(other.jaccard),
        "fine_gain": fine.gain,
    }
    of_people = f"{share:.0%} of people in one"
    print(f"kept: {kept.profiles_.count} after {kept.chosen_.rounds} rounds, {of_people}; gain of {FINE}: {fine.gain:.4f}")
    back = all(map(comes_back, other.jaccard.mean(0), lowest(other.jaccard)))
    bars = {
        f"{name}: every profile kept comes back": report.equal(kept.chosen_.comes_back, True),
        f"{name}: and on half subsets that did not choose it": report.equal(back, True),
        f"{name}: share of people in a profile": report.at_least(share, SOLD_SHARE[name]),
    }
    if name in FINE_GAIN:
        bars[f"{name}: gain of {FINE}"] = report.at_least(fine.gain, FINE_GAIN[name])
    else:
        bars[f"{name}: profiles"] = report.at_least(kept.profiles_.count, LEAST_SOLD)
        bars[f"{name}: of the gain of {options.most}"] = report.at_least(kept.chosen_.gain / eight, OF_EIGHT)
    return figures, bars


def paired(one: Typology, other: Typology) -> tuple[float, float, float]:
    """Difference of the mean Jaccard of all candidates, and its 90 % interval over half subsets."""
    both = []
    for model in (one, other):
        found = best_of_number(model.choices_)
        both.append({number: each.jaccard.mean(1) for number, each in found.items()})
    numbers = sorted(set(both[0]) & set(both[1]))
    apart = np.mean([both[0][number] - both[1][number] for number in numbers], axis=0)
    error = 1.645 * apart.std(ddof=1) / np.sqrt(len(apart)) if len(apart) > 1 else np.inf
    return float(apart.mean()), float(apart.mean() - error), float(apart.mean() + error)


def measure(options: argparse.Namespace) -> report.Measured:
    """The data sets asked for."""
    figures: dict[str, Any] = {}
    bars: dict[str, Any] = {}
    with cores(2):
        for name in options.data or (["online_retail"] if options.smoke else DATA):
            figures[name], own = run(name, options)
            bars |= own
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("data", nargs="*", choices=[[], *DATA], default=[], help="data sets, all by default")
    parser.add_argument("--people", type=int, help="of each; default: all, and the demo's size")
    parser.add_argument("--items", type=int, help="those most bought by these people; default: all")
    parser.add_argument("--starts", nargs="+", choices=["kmeans", "density", "both"], default=["kmeans", "density", "both"])
    parser.add_argument("--runs", type=int, default=8, help="of HDBSCAN")
    parser.add_argument("--draws", type=int, default=19, help="half subsets")
    parser.add_argument("--most", type=int, default=8, help="profiles tried")
    smoke = {**SMOKE, "runs": 1, "starts": ["kmeans", "density"], "draws": 2, "most": 3}
    return report.run(measure, parser, argv, smoke=smoke)


if __name__ == "__main__":
    sys.exit(main())

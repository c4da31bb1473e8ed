"""What first names say of sex and age, on members drawn from INSEE's births and death rates, their declared age withheld.

    python -m benchmarks.references.first_names [--members 200000]

Members are drawn from the real file (births × survival × an app of young adults); half of them declare an age, from which the app's own
ages are learnt; the others are scored. The harder case: the ages of those who declare none are shifted, 15 % were born abroad (half of
them bear a name unknown to the births, half a name of any age), 3 % have a typing error. Each case with the full file and with the
embedded stand-in. INSEE, fichier des prénoms (Licence Ouverte 2.0); Human Mortality Database.
"""

import argparse
import datetime
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.helpers import report
from benchmarks.helpers.real_people import public_file
from bmyshop_profiles.features.demographics import SEX_CONFIDENCE, member_demographics
from bmyshop_profiles.references import generations, names, official, stand_ins
from bmyshop_profiles.references.generations import BANDS
from bmyshop_profiles.statistics.probabilities import calibration_error, log_losses

MONTH_END = datetime.date(2025, 1, 1)
NOW = 2024
APP_AGES = (38.0, 17.0)  # mean and spread of the weight that the app gives to ages
SHIFTED_AGES = (50.0, 17.0)  # of those who declare no age, in the harder case
ABROAD, TYPOS = 0.15, 0.03
SHOWN = (
    *("MARIE", "JEAN", "MONIQUE", "JACQUELINE", "ROGER", "MARCEL", "JEANNINE", "BERNARD", "MARTINE", "PHILIPPE", "NATHALIE", "SYLVIE"),
    *("CLAUDE", "DOMINIQUE", "CAMILLE", "ALEX", "MOHAMED", "FATIMA", "STEPHANE", "SANDRINE", "CELINE", "JULIEN", "KEVIN", "AURELIE"),
    *("LEA", "THEO", "MANON", "ENZO", "LOUISE", "EMMA"),
)


@dataclass(frozen=True)
class Drawn:
    """members: as `member_demographics` takes them. sex, birth_year: the truth. is_scored: no declared age."""

    members: pd.DataFrame
    sex: np.ndarray
    birth_year: np.ndarray
    is_scored: np.ndarray


def draw(first_names: pd.DataFrame, survival: pd.DataFrame, count: int, *, harder: bool, seed: int) -> Drawn:
    rng = np.random.default_rng(seed)
    table = first_names.dropna().assign(birth_year=lambda rows: rows.birth_year.astype(int))
    table = table.merge(survival[survival.year == NOW], on=["sex", "birth_year"])
    is_scored = rng.random(count) < 0.5
    row = np.empty(count, dtype=int)
    for scored, (mean, spread) in ((False, APP_AGES), (True, SHIFTED_AGES if harder else APP_AGES)):
        age = NOW - table.birth_year
        weight = table.births * table.alive_share * np.exp(-(((age - mean) / spread) ** 2) / 2) * age.between(18, 95)
        wanted = is_scored == scored
        row[wanted] = rng.choice(len(table), size=int(wanted.sum()), p=(weight / weight.sum()).to_numpy())
    people = table.iloc[row].reset_index(drop=True)
    typed = people.first_name.to_numpy(dtype=object)
    rare = typed == official.RARE
    if harder:
        abroad = rng.random(count) < ABROAD
        other = table.sample(count, replace=True, weights=table.births, random_state=seed)  # a name of the same sex, of any age
        same = other.sex.to_numpy() == people.sex.to_numpy()
        half = rng.random(count) < 0.5
        rare |= abroad & half
        typed = np.where(abroad & ~half & same, other.first_name.to_numpy(dtype=object), typed)
        typed = np.array([_mistyped(name, rng) if wrong else name for name, wrong in zip(typed, rng.random(count) < TYPOS, strict=True)])
        rare |= typed == official.RARE
    typed = np.where(rare, [f"Zqx{number:x}" for number in rng.integers(16**5, size=count)], typed)
    members = pd.DataFrame(
        {
            "member_key": [f"{number:09d}" for number in range(count)],
            "first_name": typed,
            "last_name": last_names(table, count, rng),
            "birth_year": people.birth_year.where(~is_scored),
            "age": np.nan,
            "declared_on": pd.NaT,
            "joined_on": pd.NaT,
        }
    )
    return Drawn(members, people.sex.to_numpy(), people.birth_year.to_numpy(), is_scored)


def last_names(table: pd.DataFrame, count: int, rng: np.random.Generator) -> np.ndarray:
    """Made-up last names, one in eight of which is a first name as well, as Martin and Bernard are."""
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    stock = np.array(["Zw" + "".join(word) for word in letters[rng.integers(0, 26, (100_000, 6))]], dtype=object)
    boys = table[(table.sex == "male") & (table.first_name != official.RARE)].groupby("first_name").births.sum().nlargest(300)
    shared = rng.choice(boys.index.to_numpy(dtype=object), size=count, p=(boys / boys.sum()).to_numpy())
    return np.where(rng.random(count) < 1 / 8, shared, rng.choice(stock, size=count))


def swaps_found(first_names: pd.DataFrame, drawn: Drawn, *, seed: int) -> dict[str, float]:
    """First and last name put in each other's place for 2 % of the members: how many are seen, and how many others are taken for such."""
    rng = np.random.default_rng(seed)
    people = drawn.members
    swapped = rng.random(len(people)) < names.SWAPPED_SHARE
    first, last = people.first_name.where(~swapped, people.last_name), people.last_name.where(~swapped, people.first_name)
    seen = (names.resolve(first, last, generations.totals(first_names)).name_state == "swapped").to_numpy()
    return {"swapped_seen": float(seen[swapped].mean()), "taken_for_swapped": float(seen[~swapped].mean())}


def _mistyped(name: str, rng: np.random.Generator) -> str:
    """Two neighbouring letters change places, or one is left out."""
    place = int(rng.integers(0, max(len(name) - 1, 1)))
    return name[:place] + (name[place + 1 : place + 2] + name[place] if rng.random() < 0.5 else "") + name[place + 2 :]


def bands_of(birth_year: np.ndarray) -> np.ndarray:
    """(members × bands) of 0 and 1."""
    age = NOW - birth_year
    return np.stack([(age >= low) & (age <= high) for low, high in BANDS.values()], axis=1).astype(float)


def recalibration_gain(foretold: np.ndarray, truth: np.ndarray) -> float:
    """Nats that a logistic recalibration, cross-fitted in two halves, would still gain; 0 is best."""
    from sklearn.linear_model import LogisticRegression

    logs, label = np.log(np.maximum(foretold, 1e-6)), truth.argmax(1)
    half = np.arange(len(label)) % 2
    better = np.empty_like(foretold)
    for side in (0, 1):
        fitted = LogisticRegression(C=1e4, max_iter=500).fit(logs[half != side], label[half != side])
        better[half == side] = fitted.predict_proba(logs[half == side])
    return float((log_losses(foretold, label) - log_losses(better, label)).mean())


def score(drawn: Drawn, table: pd.DataFrame) -> dict[str, float]:
    part = table[drawn.is_scored]
    truth = bands_of(drawn.birth_year[drawn.is_scored])
    stated = part.sex.notna().to_numpy()
    foretold = part[[f"{band}_posterior" for band in BANDS]].to_numpy(float)
    prior = truth.mean(0)  # the scored members' own bands: a better prior than anybody has
    label = truth.argmax(1)
    before, after = (float(log_losses(told, label).mean()) for told in (np.broadcast_to(prior, truth.shape), foretold))
    return {
        "sex_coverage": float(stated.mean()),
        "sex_accuracy": float((part.sex[stated] == drawn.sex[drawn.is_scored][stated]).mean()),
        "calibration_error": calibration_error(foretold, label),
        "recalibration_gain": recalibration_gain(foretold, truth),
        "prior_log_loss": before,
        "log_loss": after,
        "gain_over_prior": 1 - after / before,
    }


def thirty_names(first_names: pd.DataFrame, survival: pd.DataFrame) -> pd.DataFrame:
    """Sex and years of birth of French people alive who bear each name, no app in between."""
    column = pd.Series(SHOWN, dtype=object)
    births = generations.read_births(first_names, survival, NOW, column)
    nobody = np.empty(0, dtype=int)
    found = generations.posteriors(births, generations.learn(births, nobody, nobody, nobody))
    rows = births.names.get_indexer(column)
    ages = {f"{share:.0%}": NOW - found.quantile(1 - share)[rows] for share in (0.05, 0.25, 0.5, 0.75, 0.95)}
    female = found.reached[rows, 0, -1]
    return pd.DataFrame(
        {"name": SHOWN, "women": [f"{value:.0%}" for value in female], **{f"age, {name}": value for name, value in ages.items()}}
    )


def _bars(case: str, found: dict[str, float]) -> dict[str, report.Bar]:
    bars = {"calibration_error": (0.02, False), "recalibration_gain": (0.01, False), "gain_over_prior": (0.25, True)}
    if case != "harder":
        bars |= {"sex_accuracy": (0.98, True), "sex_coverage": (0.95, True)}
    return {
        f"{case}: {name}": (report.at_least if is_least else report.at_most)(found[name], target)
        for name, (target, is_least) in bars.items()
    }


def measure(options: argparse.Namespace) -> report.Measured:
    """Both cases, with the full file and with the stand-in."""
    count = options.members
    full = official.first_names(public_file("insee_first_names", "prenoms-2023-nat_csv.zip"))
    if options.names:
        full = full[full.first_name.isin(full.groupby("first_name").births.sum().nlargest(options.names).index)]
    survival = official.survival(public_file("mortality", "hmd_death_rates_france.csv.gz"))
    small = (stand_ins.first_names(), stand_ins.survival())
    print(thirty_names(full, survival).to_string(index=False))
    figures: dict[str, float] = {}
    bars: dict[str, report.Bar] = {}
    rows, million = [], 0.0
    for case in ("drawn from births", "harder"):
        drawn = draw(full, survival, count, harder=case == "harder", seed=1)
        for label, references in (("full file", (full, survival)), ("stand-in", small)):
            start = time.perf_counter()
            table, _ = member_demographics(drawn.members, *references, MONTH_END)
            taken = time.perf_counter() - start
            found = score(drawn, table)
            rows.append({"members": case, "births": label, **found, "seconds": taken})
            figures |= {f"{case}, {label}: {name}": value for name, value in found.items()}
            if label == "full file":
                bars |= _bars(case, found)
                million = max(million, taken * 1e6 / count)
    print(f"\n{count:,} members, half of them scored; a sex is stated from {SEX_CONFIDENCE:.0%} on\n")
    print(pd.DataFrame(rows).round(4).T.to_string(header=False))
    swaps = swaps_found(full, draw(full, survival, min(count, 200_000), harder=False, seed=2), seed=3)
    seen, wrong = (f"{swaps[name]:.2%}" for name in ("swapped_seen", "taken_for_swapped"))
    print(f"\nfirst and last name swapped for 2 %: {seen} seen, {wrong} of the others taken for it\n")
    return {**figures, **swaps}, {**bars, "seconds_per_million": report.at_most(million, 20.0)}


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--names", type=int, help="of the full file, those most borne; default: all")
    return report.run(measure, parser, argv, smoke={"members": 300, "names": 1000})


if __name__ == "__main__":
    sys.exit(main())

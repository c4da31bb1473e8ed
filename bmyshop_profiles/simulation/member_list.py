"""The members' list as the app would export it: names that fit sex and birth year, what was declared, and what is wrong with it.

Belongs here: drawing names and declarations, and the truth about both. Does not belong here: who is a member (`people`).

A first name is drawn from the births of the shopper's sex and birth year. Survival does not enter: given the year of birth all its names
have survived alike, and birth years are drawn by persona, as of people alive.
"""

import io
import zipfile
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from bmyshop_profiles.simulation.mixing import rng_of
from bmyshop_profiles.simulation.vocabulary import LAST_NAMES, RARE_FIRST_NAMES

_RARE = "_PRENOMS_RARES"
# How a member's name is written, and the share written so.
NAME_FLAWS: dict[str, float] = {
    "upper case": 0.12, "lower case": 0.08, "no accents": 0.1, "typo": 0.03, "swapped": 0.02, "initial": 0.01, "spaces": 0.02,
}  # fmt: skip
# What a member declares of the age, and the share who does; the others give their date of birth.
AGE_FLAWS: dict[str, float] = {
    "age only": 0.25, "missing": 0.06, "1900-01-01": 0.01, "age 0": 0.004, "age 117": 0.004, "ten years off": 0.01,
}  # fmt: skip
BORN_ABROAD = 0.08  # their names come before or after the fashion, drawn from all years alike


class FirstNames:
    """Births by sex and year, to draw names from. years: of the rows; a birth year takes the nearest."""

    def __init__(self, births: pd.DataFrame) -> None:
        births = births.dropna(subset=["birth_year"]).sort_values(["sex", "birth_year", "first_name"], kind="stable")
        self._names: dict[tuple[str, int], tuple[np.ndarray, np.ndarray]] = {}
        for (sex, year), part in births.groupby(["sex", "birth_year"]):
            self._names[str(sex), int(year)] = part.first_name.to_numpy(), np.cumsum(part.births.to_numpy(dtype=float))
        self.years = np.array(sorted({year for _, year in self._names}))

    def draw(self, rng: np.random.Generator, sex: np.ndarray, birth_year: np.ndarray) -> np.ndarray:
        """A name as it is written in print for each sex ("female", "male") and birth year."""
        nearest = self.years[np.abs(birth_year[:, None] - self.years).argmin(axis=1)]
        level, found = rng.random(len(sex)), np.empty(len(sex), dtype=object)
        for key in sorted(set(zip(sex.tolist(), nearest.tolist(), strict=True))):
            rows = np.flatnonzero((sex == key[0]) & (nearest == key[1]))
            names, cumulative = self._names[key]
            found[rows] = names[np.searchsorted(cumulative, level[rows] * cumulative[-1], side="right")]
        is_rare = found == _RARE
        found[is_rare] = rng.choice(RARE_FIRST_NAMES, int(is_rare.sum()))
        return np.array([name.title() for name in found], dtype=object)


def first_names(file: Path | None) -> FirstNames:
    """Names from INSEE's national file (zip or CSV) where it is given, from the embedded summary otherwise."""
    if file is None:
        with resources.as_file(resources.files("bmyshop_profiles.references") / "data" / "first_names.csv.gz") as path:
            return FirstNames(pd.read_csv(path, keep_default_na=False))
    raw = pd.read_csv(_opened(file), sep=";", dtype=str, keep_default_na=False)
    raw = raw[raw.annais != "XXXX"]
    return FirstNames(
        pd.DataFrame(
            {
                "sex": np.where(raw.sexe == "1", "male", "female"),
                "first_name": raw.preusuel,
                "birth_year": raw.annais.astype(int),
                "births": raw.nombre.astype(float),
            }
        )
    )


def _opened(file: Path) -> io.BytesIO:
    if file.suffix != ".zip":
        return io.BytesIO(file.read_bytes())
    with zipfile.ZipFile(file) as packed:
        return io.BytesIO(packed.read(packed.namelist()[0]))


def draw_members(seed: int, batch: int, table: pd.DataFrame, names: FirstNames, objectors: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The list of the members of a table of shoppers, and the truth about it, both by member id."""
    rng = rng_of(seed, "members", batch)
    known = table[table["member"].notna()].sort_values("member", ignore_index=True)
    count = len(known)
    sex = np.where(known["is_woman"] == 1, "female", "male").astype(object)
    birth_year = known["birth_year"].to_numpy()
    abroad = rng.random(count) < BORN_ABROAD
    first = names.draw(rng, sex, np.where(abroad, rng.choice(names.years, count), birth_year))
    last = rng.choice(np.array(LAST_NAMES, dtype=object), count)
    name_flaw, age_flaw = _flaws(rng, NAME_FLAWS, count), _flaws(rng, AGE_FLAWS, count)
    columns = zip(name_flaw, first, last, rng.random(count), strict=True)
    written = [_written(flaw, name, family, position) for flaw, name, family, position in columns]
    joined = known["joined_on"].to_numpy(dtype="datetime64[D]")
    born = np.array([f"{year}-01-01" for year in birth_year], dtype="datetime64[D]") + rng.integers(0, 365, count)
    born = np.where(age_flaw == "ten years off", born - np.timedelta64(3652, "D"), born)
    date, age = born.astype(str).astype(object), ((joined - born).astype(int) // 365.25).astype(int).astype(str).astype(object)
    age[~np.isin(age_flaw, ["age only"])] = ""
    date[np.isin(age_flaw, ["age only", "missing", "age 0", "age 117"])] = ""
    date[age_flaw == "1900-01-01"] = "1900-01-01"
    age[age_flaw == "age 0"], age[age_flaw == "age 117"] = "0", "117"
    objects = rng.random(count) < objectors
    listed = pd.DataFrame(
        {
            "member": known["member"],
            "first_name": [pair[0] for pair in written],
            "last_name": [pair[1] for pair in written],
            "birth_date": date,
            "age": age,
            "declared_on": joined.astype(str),
            "joined_on": joined.astype(str),
            "no_profiling": np.where(objects, "oui", "non"),
            "email_hash": [f"{high:016x}{low:016x}" for high, low in rng.integers(0, 2**63, (count, 2))],
        }
    )
    truth = pd.DataFrame(
        {
            "member": known["member"], "shopper": known["shopper"], "sex": sex, "birth_year": birth_year, "first_name": first,
            "name_flaw": name_flaw, "age_flaw": age_flaw, "is_born_abroad": abroad, "objects_to_profiling": objects,
        }
    )  # fmt: skip
    return listed, truth


def _flaws(rng: np.random.Generator, rates: dict[str, float], count: int) -> np.ndarray:
    level = np.searchsorted(np.cumsum(list(rates.values())), rng.random(count), side="right")
    return np.array([*rates, None], dtype=object)[level]


_PLAIN = str.maketrans("ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸàâäçéèêëîïôöùûüÿ", "AAACEEEEIIOOUUUYaaaceeeeiioouuuy")


def _written(flaw: str | None, first: str, last: str, position: float) -> tuple[str, str]:
    if flaw == "upper case":
        return first.upper(), last.upper()
    if flaw == "lower case":
        return first.lower(), last.lower()
    if flaw == "no accents":
        return first.translate(_PLAIN), last.translate(_PLAIN)
    if flaw == "swapped":
        return last, first
    if flaw == "initial":
        return f"{first[0]}.", last
    if flaw == "spaces":
        return f" {first} ", f"{last}  "
    if flaw == "typo":  # a letter doubled
        at = 1 + int(position * (len(first) - 1))
        return first[:at] + first[at - 1].lower() + first[at:], last
    return first, last

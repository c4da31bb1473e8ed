"""Official files as their publishers write them → frames of the reference tables.

Here: INSEE's first names, communes, Filosofi incomes and populations by département, La Poste's postal codes, death rates of the
Human Mortality Database. Not here: where a file comes from (`sources.py`), the embedded stand-ins (`stand_ins.py`), what is made
of names (`names.py`, `generations.py`).
"""

import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bmyshop_profiles.engine.errors import BmyshopError

RARE = "_PRENOMS_RARES"  # INSEE's pool of names that too few children bear
UNDISCLOSED = "XXXX"  # year of births too few to be told
SEXES = {"1": "male", "2": "female", "Hommes": "male", "Femmes": "female"}
FIRST_YEAR, LAST_YEAR = 2000, 2045  # years in which people are counted alive
SETTLED_YEARS = 5  # the years whose mean death rates stand for those not yet published: one alone may be an epidemic's
ADULT_BANDS = {"age_18_34_share": (18, 35), "age_35_54_share": (35, 55), "age_55_share": (55, 200)}
MEASURES = {"MED_SL": "MED", "PR_MD60": "TP60", "S_RET_PEN_DI": "PPEN", "S_EI_DI_UNE": "PCHO"}  # of Filosofi since 2023
IMPUTED = {"median_income_cents": "is_income_imputed", "poverty_share": "is_poverty_imputed"}


def first_names(path: Path) -> pd.DataFrame:
    """Births by sex, first name and year: sex, first_name (as INSEE writes it), birth_year (NULL: undisclosed), births.

    path: `nat` file of the first names (`;`), CSV or the zip that INSEE publishes; of the vintages until 2023 (sexe, preusuel, annais,
    nombre) or since 2024 (sexe, prenom, periode, valeur), in which names have accents.
    """
    raw = _read(path, (), delimiter=";").rename(columns={"prenom": "preusuel", "periode": "annais", "valeur": "nombre"})
    _demand(path, raw, ("sexe", "preusuel", "annais", "nombre"))
    return pd.DataFrame(
        {
            "sex": raw.sexe.map(SEXES),
            "first_name": raw.preusuel,
            "birth_year": pd.to_numeric(raw.annais.where(raw.annais != UNDISCLOSED)).astype("Int32"),
            "births": raw.nombre.astype("int64"),
        }
    ).sort_values(["sex", "first_name", "birth_year"], ignore_index=True)


def survival(path: Path) -> pd.DataFrame:
    """Share of a birth year still alive in the middle of a year: sex, birth_year, year, alive_share.

    path: death rates (Year, Age, Female, Male) of the Human Mortality Database, comma separated. A cohort's rates are read along its
    diagonal; years after the last published one get the mean of the last five. Migration is left out: people born abroad are not in
    the births either.
    """
    raw = _read(path, ("Year", "Age", "Female", "Male"), delimiter=",")
    raw["Age"] = raw.Age.str.rstrip("+").astype(int)
    raw["Year"] = raw.Year.astype(int)
    years = np.arange(1900, LAST_YEAR + 1)
    found = []
    for sex, column in (("female", "Female"), ("male", "Male")):
        rates = raw.assign(rate=pd.to_numeric(raw[column], errors="coerce")).pivot(index="Year", columns="Age", values="rate")
        settled = rates.tail(SETTLED_YEARS).mean()
        rates = rates.reindex(years)
        rates = rates.where(rates.notna(), settled, axis=1).ffill(axis=1).fillna(1.0)
        found.append(_cohorts(sex, rates.to_numpy(), years))
    return pd.concat(found, ignore_index=True)


def _cohorts(sex: str, rates: np.ndarray, years: np.ndarray) -> pd.DataFrame:
    """rates: (years × ages). Somebody born in the middle of a year lives each age half in one calendar year, half in the next."""
    rows = []
    for start, birth_year in enumerate(years):
        ages = np.arange(min(len(years) - start - 1, rates.shape[1]))
        hazard = (rates[start + ages, ages] + rates[start + ages + 1, ages]) / 2
        alive = np.exp(-np.r_[0.0, np.cumsum(hazard)])
        shown = years[start : start + len(alive)]
        rows.append(pd.DataFrame({"sex": sex, "birth_year": birth_year, "year": shown, "alive_share": alive}))
    table = pd.concat(rows, ignore_index=True)
    return table[table.year >= FIRST_YEAR].reset_index(drop=True)


def departement_ages(path: Path) -> pd.DataFrame:
    """People of the file's last year: departement, sex, age_from (five-year bands, the last one open), population_count."""
    raw = _read(path, ("annee", "dep", "sexe", "age", "pop"), delimiter=",")
    raw = raw[(raw.annee == raw.annee.max()) & raw.sexe.isin(["Hommes", "Femmes"])]
    table = pd.DataFrame(
        {
            "departement": raw.dep,
            "sex": raw.sexe.map(SEXES),
            "age_from": raw.age.str.extract(r"^(\d+)")[0].astype("int32"),
            "population_count": raw["pop"].astype("int64"),
        }
    )
    return table.sort_values(list(table.columns[:3]), ignore_index=True)


def postcodes(path: Path) -> pd.DataFrame:
    """Postal codes and the communes they serve: postcode, zone_key. path: La Poste's `hexasmal` (`;`)."""
    raw = _read(path, ("Code_commune_INSEE", "Code_postal"), delimiter=";", encodings=("utf-8-sig", "cp1252"))
    table = pd.DataFrame({"postcode": raw.Code_postal, "zone_key": raw.Code_commune_INSEE})
    return table.drop_duplicates().sort_values(["postcode", "zone_key"], ignore_index=True)


def commune_postcodes(communes: Path) -> pd.DataFrame:
    """As `postcodes`, from INSEE's communes, which stand once for each of their postal codes."""
    raw = _communes(communes)
    table = pd.DataFrame({"postcode": raw.code_postal, "zone_key": raw.insee_com})
    return table.drop_duplicates().sort_values(["postcode", "zone_key"], ignore_index=True)


def zones(communes: Path, incomes: Path, ages: pd.DataFrame) -> pd.DataFrame:
    """Communes, the arrondissements of Paris, Lyon and Marseille in place of the whole: one row per zone, no person twice.

    communes: INSEE's communes with their people (`,`; one line for each postal code of a commune, the first of which is kept; delegated
    communes are parts of others and are left out). incomes: Filosofi (any
    vintage; `s` or empty is secret). ages: `departement_ages`; a zone inherits those of its département. Secret cells get the median of
    the département's other communes, weighted by households (of France where the département has none), and are flagged.
    """
    raw = _communes(communes).drop_duplicates("insee_com")
    people, households = _latest(raw, "population_"), _latest(raw, "menages_")
    table = pd.DataFrame(
        {
            "zone_key": raw.insee_com,
            "name": raw.commune,
            "departement": raw.insee_dep,
            "postcode": raw.code_postal,
            "latitude": pd.to_numeric(raw.lat, errors="coerce"),
            "longitude": pd.to_numeric(raw.lng, errors="coerce"),
            "area_km2": pd.to_numeric(raw.superficie_km2, errors="coerce"),
            "population_count": people.astype("int64"),
            "households_count": households.astype("int64"),
        }
    )
    table = table.merge(_incomes(incomes), on="zone_key", how="left").sort_values("zone_key", ignore_index=True)
    return impute(table).merge(_adult_bands(ages), on="departement", how="left")


def _communes(path: Path) -> pd.DataFrame:
    raw = _read(path, ("insee_com", "insee_dep", "commune", "code_postal", "commune_type", "superficie_km2"), delimiter=",")
    raw["code_postal"] = raw.code_postal.str.zfill(5)
    return raw[raw.commune_type.isin(["COM", "ARM"])].sort_values(["insee_com", "code_postal"])


def _incomes(path: Path) -> pd.DataFrame:
    header = _wide(path, _read(path, (), delimiter=None))
    _demand(path, header, ("CODGEO",))
    found = {kind: next((name for name in header if re.fullmatch(rf"{kind}\d\d", name)), None) for kind in ("MED", "TP60", "PPEN", "PCHO")}
    if found["MED"] is None:
        raise BmyshopError(f"{path}: has no column MED21 (or of another year); is it Filosofi's file of communes?")
    numbers = {
        kind: pd.to_numeric(header[name].str.replace(",", "."), errors="coerce") if name else pd.Series(np.nan, header.index)
        for kind, name in found.items()
    }
    return pd.DataFrame(
        {
            "zone_key": header.CODGEO,
            "median_income_cents": (numbers["MED"] * 100).round(),
            "poverty_share": numbers["TP60"] / 100,
            "pensions_share": numbers["PPEN"] / 100,
            "unemployment_benefits_share": numbers["PCHO"] / 100,
        }
    )


def _wide(path: Path, raw: pd.DataFrame) -> pd.DataFrame:
    """Filosofi since 2023, one line for each commune and measure, as the vintages before it; those as they are. Secret values are empty."""
    if "FILOSOFI_MEASURE" not in raw:
        return raw
    _demand(path, raw, ("GEO", "GEO_OBJECT", "TIME_PERIOD", "UNIT_MULT", "OBS_VALUE"))
    latest = raw.TIME_PERIOD.max()
    own = raw[raw.GEO_OBJECT.isin(["COM", "ARM"]) & raw.FILOSOFI_MEASURE.isin(MEASURES) & raw.TIME_PERIOD.eq(latest)]
    value = pd.to_numeric(own.OBS_VALUE, errors="coerce") * 10.0 ** pd.to_numeric(own.UNIT_MULT)
    table = own.assign(value=value, column=own.FILOSOFI_MEASURE.map(MEASURES) + str(latest)[-2:]).pivot(
        index="GEO", columns="column", values="value"
    )
    return table.map(lambda number: "" if pd.isna(number) else f"{number:.10g}").rename_axis("CODGEO").reset_index()


def impute(table: pd.DataFrame) -> pd.DataFrame:
    """Fill what is secret with the household-weighted median of the département's known zones, and flag it."""
    table = table.copy()
    for column, flag in IMPUTED.items():
        known = table[table[column].notna() & (table.households_count > 0)]
        by_departement = {name: weighted_median(part[column], part.households_count) for name, part in known.groupby("departement")}
        everywhere = weighted_median(known[column], known.households_count) if len(known) else np.nan
        table[flag] = table[column].isna()
        table[column] = table[column].fillna(table.departement.map(by_departement)).fillna(everywhere)
    table["median_income_cents"] = table.median_income_cents.round().astype("Int64")
    return table


def weighted_median(values: Any, weights: Any) -> float:
    """The smallest value with at least half of the weight at or below it."""
    values, weights = np.asarray(values, float), np.asarray(weights, float)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def _adult_bands(ages: pd.DataFrame) -> pd.DataFrame:
    """Shares of adults by band in each département; of 15–19 the two years from 18 are two fifths."""
    adults = ages[ages.age_from >= 15].copy()
    adults["people"] = adults.population_count * np.where(adults.age_from == 15, 0.4, 1.0)
    total = adults.groupby("departement").people.sum()
    bands = {
        name: adults[(adults.age_from >= (15 if low == 18 else low)) & (adults.age_from < high)].groupby("departement").people.sum() / total
        for name, (low, high) in ADULT_BANDS.items()
    }
    return pd.DataFrame(bands).rename_axis("departement").reset_index()


def _latest(raw: pd.DataFrame, prefix: str) -> pd.Series:
    """The column of the latest year that bears a prefix."""
    return pd.to_numeric(raw[max(name for name in raw if re.fullmatch(rf"{prefix}\d{{4}}", name))])


def _read(path: Path, columns: tuple[str, ...], *, delimiter: str | None, encodings: tuple[str, ...] = ("utf-8-sig",)) -> pd.DataFrame:
    """All columns of a delimited file (plain, .gz or .zip) as text, once it has those named; a # before the first one is no part of it.

    encodings: tried in this order.
    """
    try:
        raw = _decoded(path, delimiter, encodings[0])
    except UnicodeDecodeError as error:
        if encodings[1:]:
            return _read(path, columns, delimiter=delimiter, encodings=encodings[1:])
        raise BmyshopError(f"{path}: cannot be read as a delimited file in UTF-8 ({error})") from None
    except (OSError, pd.errors.ParserError, StopIteration, zipfile.BadZipFile) as error:
        raise BmyshopError(f"{path}: cannot be read as a delimited file in UTF-8 ({error or 'no .csv in the archive'})") from None
    raw = raw.rename(columns={name: name.lstrip("#") for name in raw.columns[:1]})
    _demand(path, raw, columns)
    return raw


def _decoded(path: Path, delimiter: str | None, encoding: str) -> pd.DataFrame:
    source: Any = path
    if zipfile.is_zipfile(path):
        archive = zipfile.ZipFile(path)
        source = archive.open(next(name for name in archive.namelist() if name.lower().endswith(".csv")))
    return pd.read_csv(
        source,
        sep=delimiter,
        engine="c" if delimiter else "python",
        dtype=str,
        keep_default_na=False,
        encoding=encoding,
        compression="infer" if source is path else None,
    )


def _demand(path: Path, raw: pd.DataFrame, columns: tuple[str, ...]) -> None:
    missing = [name for name in columns if name not in raw]
    if missing:
        raise BmyshopError(
            f"{path}: has no column {', '.join(missing)}, but {', '.join(raw.columns[:12])}. Is it the file that docs/references.md names?"
        )

"""Official files as their publishers write them: small ones made here, and the real ones where they are."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.references import official, stand_ins
from bmyshop_profiles.references.generations import totals
from bmyshop_profiles_tests.realdata import shared

COMMUNES = (
    "insee_com,insee_dep,commune,code_postal,commune_type,insee_parente,lat,lng,superficie_km2,population_2015,population_2021,menages_2021\n"
    "01001,01,Une,01400,COM,,46.1,4.9,15.95,1,800,300\n"
    "01002,01,Deux,01100,COM,,46.1,4.9,10,1,1000,400\n"
    "01002,01,Deux,1000,COM,,46.1,4.9,10,1,1000,400\n"  # one line for each postal code
    "01003,01,Déléguée,01100,COMD,01002,46.1,4.9,5,1,200,80\n"
    "01004,01,Quatre,01500,COM,,46.1,4.9,20,1,9000,4000\n"
    "75101,75,Paris 1er Arrondissement,75001,ARM,75056,48.8,2.3,1.8,1,16000,9000\n"
    "97101,971,Loin,97100,COM,,16,-61,50,1,5000,2000\n"
)
INCOMES = (
    "CODGEO;NBMENFISC21;MED21;TP6021;PPEN21;PCHO21\n"
    "01001;300;s;s;s;s\n01002;400;20000;s;20,5;3,1\n01004;4000;25000;17,0;25,3;3,2\n75056;1000000;29000;15;18,9;3,0\n75101;9000;38000;12;13,5;2,6\n"
)


def ages() -> pd.DataFrame:
    rows = [(departement, sex, age, 1000) for departement in ("01", "75", "971") for sex in ("female", "male") for age in range(0, 100, 5)]
    return pd.DataFrame(rows, columns=["departement", "sex", "age_from", "population_count"])


def zones(directory: Path) -> pd.DataFrame:
    (directory / "communes.csv").write_text(COMMUNES, encoding="utf-8")
    (directory / "incomes.csv").write_text(INCOMES, encoding="utf-8")
    return official.zones(directory / "communes.csv", directory / "incomes.csv", ages()).set_index("zone_key")


def test_first_names_from_the_zip_or_the_csv(tmp_path: Path) -> None:
    text = "sexe;preusuel;annais;nombre\n1;ALIX;1990;12\n1;ALIX;XXXX;7\n2;ALIX;1990;30\n2;_PRENOMS_RARES;1990;99\n2;NA;2000;3\n"
    with zipfile.ZipFile(tmp_path / "names.zip", "w") as archive:
        archive.writestr("nat.csv", text)
    (tmp_path / "names.csv").write_text("\ufeff" + text, encoding="utf-8")
    table = official.first_names(tmp_path / "names.zip")
    assert table.equals(official.first_names(tmp_path / "names.csv"))
    rows = [tuple(None if pd.isna(value) else value for value in row) for row in table.itertuples(index=False)]
    assert rows == [
        ("female", "ALIX", 1990, 30),
        ("female", "NA", 2000, 3),  # a name, no missing value
        ("female", "_PRENOMS_RARES", 1990, 99),
        ("male", "ALIX", 1990, 12),
        ("male", "ALIX", None, 7),
    ]


@pytest.mark.parametrize("extra", ["", ";rang"])
def test_first_names_since_2024_have_other_columns_and_accents(tmp_path: Path, extra: str) -> None:
    rank = ";9" if extra else ""
    text = f"sexe;prenom;periode;valeur{extra}\n2;ZOÉ;1998;340{rank}\n1;GABIN;XXXX;12{rank}\n1;_PRENOMS_RARES;1950;900{rank}\n"
    (tmp_path / "names.csv").write_text(text, encoding="utf-8")
    table = official.first_names(tmp_path / "names.csv")
    rows = [tuple(None if pd.isna(value) else value for value in row) for row in table.itertuples(index=False)]
    assert rows == [("female", "ZOÉ", 1998, 340), ("male", "GABIN", None, 12), ("male", "_PRENOMS_RARES", 1950, 900)]
    assert totals(table).to_dict() == {"GABIN": 12, "ZOE": 340}


def test_first_names_of_neither_form_are_refused(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("sexe;nom;annee\n1;GABIN;2001\n", encoding="utf-8")
    with pytest.raises(BmyshopError, match="has no column preusuel, annais, nombre"):
        official.first_names(tmp_path / "names.csv")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
def test_postcodes_as_la_poste_writes_them(tmp_path: Path, encoding: str) -> None:
    text = "#Code_commune_INSEE;Commune;Code_postal;Libellé_d_acheminement\r\n01002;DEUX;01100;DEUX\r\n75101;PARIS 01;75001;PARIS\r\n"
    (tmp_path / "hexasmal.csv").write_bytes(text.encode(encoding))
    table = official.postcodes(tmp_path / "hexasmal.csv")
    assert table.to_dict("records") == [{"postcode": "01100", "zone_key": "01002"}, {"postcode": "75001", "zone_key": "75101"}]


def test_incomes_of_the_long_form_are_those_of_the_wide(tmp_path: Path) -> None:
    wide = zones(tmp_path)
    header, *lines = INCOMES.split()
    names = {"MED21": "MED_SL", "TP6021": "PR_MD60", "PPEN21": "S_RET_PEN_DI", "PCHO21": "S_EI_DI_UNE"}
    columns = header.split(";")
    long = ["GEO;GEO_OBJECT;FILOSOFI_MEASURE;UNIT_MEASURE;UNIT_MULT;CONF_STATUS;OBS_STATUS;TIME_PERIOD;OBS_VALUE"]
    for line in lines:
        row = dict(zip(columns, line.split(";"), strict=True))
        for name, measure in names.items():
            value = "" if row[name] == "s" else row[name].replace(",", ".")
            value, power = (str(float(value) / 1000), "3") if measure == "MED_SL" and value else (value, "0")
            long.append(f'"{row["CODGEO"]}";"COM";"{measure}";"X";"{power}";"F";"A";"2023";"{value}"')
            long.append(f'"{row["CODGEO"]}";"COM";"{measure}";"X";"0";"F";"A";"2022";"1"')  # an earlier year
    long += ['"01002";"EPCI";"MED_SL";"X";"0";"F";"A";"2023";"1"', '"01002";"COM";"D1_SL";"X";"0";"F";"A";"2023";"1"']
    (tmp_path / "long.csv").write_text("\n".join(long), encoding="utf-8")
    found = official.zones(tmp_path / "communes.csv", tmp_path / "long.csv", ages()).set_index("zone_key")
    pd.testing.assert_frame_equal(found, wide)


def test_survival_reads_a_cohort_along_its_diagonal(tmp_path: Path) -> None:
    lines = [f"{year},{age},{0.1 if (year, age) == (2000, 0) else 0.02},0.5" for year in range(1900, 2011) for age in (*range(10), "10+")]
    path = tmp_path / "rates.csv.gz"
    path.write_bytes(gzip.compress(("Year,Age,Female,Male\n" + "\n".join(lines)).encode()))
    table = official.survival(path)
    women = table[(table.sex == "female") & (table.birth_year == 2000)].set_index("year").alive_share
    assert women[2000] == 1.0
    assert women[2001] == pytest.approx(np.exp(-(0.1 + 0.02) / 2))  # half a year at each year's rate
    assert women[2011] == pytest.approx(women[2010] * np.exp(-0.02))  # later than the last year: the mean of the last five
    men = table[(table.sex == "male") & (table.birth_year == 2000)].set_index("year").alive_share
    assert men[2005] == pytest.approx(np.exp(-0.5 * 5))


def test_nobody_is_counted_twice_and_the_secret_is_filled_and_flagged(tmp_path: Path) -> None:
    table = zones(tmp_path)
    assert list(table.index) == ["01001", "01002", "01004", "75101", "97101"]  # no delegated commune, no whole Paris, each code once
    assert table.postcode["01002"] == "01000"
    assert table.population_count.sum() == 800 + 1000 + 9000 + 16000 + 5000
    assert list(table.is_income_imputed) == [True, False, False, False, True]
    assert table.median_income_cents["01001"] == 2_500_000  # households weigh: 4,000 against 400
    assert table.median_income_cents["97101"] == 3_800_000  # its département tells nothing: France's
    assert table.poverty_share["01002"] == pytest.approx(0.17)
    assert table.is_poverty_imputed["01002"]
    assert np.isnan(table.pensions_share["01001"])
    shares = table.loc["01001", list(official.ADULT_BANDS)]
    assert shares.sum() == pytest.approx(1)
    assert shares.age_18_34_share == pytest.approx((0.4 + 3) / (0.4 + 16))


def test_every_postal_code_of_a_commune_is_kept(tmp_path: Path) -> None:
    zones(tmp_path)
    table = official.commune_postcodes(tmp_path / "communes.csv")
    assert list(table[table.zone_key == "01002"].postcode) == ["01000", "01100"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a;b\n1;2\n", "has no column sexe, preusuel, annais, nombre, but a, b"),
        ("sexe;preusuel;annais;nombre\n1;ÉLOI;1990;3\n".encode("latin-1"), "cannot be read as a delimited file in UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_another_file_is_refused_by_its_name(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "names.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BmyshopError, match=message) as caught:
        official.first_names(path)
    assert str(path) in str(caught.value)


def test_stand_ins_have_the_same_columns_and_add_up() -> None:
    names, alive, places = stand_ins.first_names(), stand_ins.survival(), stand_ins.zones()
    assert list(names) == ["sex", "first_name", "birth_year", "births"]
    assert 80e6 < names.births.sum() < 95e6
    assert {"MARIE", "JEAN", official.RARE} <= set(names.first_name)
    assert not names.duplicated(["sex", "first_name", "birth_year"]).any()
    assert list(alive) == ["sex", "birth_year", "year", "alive_share"]
    assert alive.groupby(["sex", "birth_year"]).alive_share.apply(lambda shares: (shares.diff().dropna() <= 1e-9).all()).all()
    assert places.zone_key.is_unique
    assert places.postcode.str.fullmatch(r"\d{5}").all()
    size = sum(path.stat().st_size for path in stand_ins.DIRECTORY.glob("*.gz"))
    assert size < 150_000


@pytest.mark.slow
@pytest.mark.realdata
def test_real_zones_count_everybody_once() -> None:
    directory = shared("insee_zones") / "insee_zones"
    ages_of = official.departement_ages(directory / "population_departement_sex_age.csv.gz")
    table = official.zones(directory / "communes.csv.gz", directory / "filosofi_com_2021.csv.gz", ages_of)
    assert table.zone_key.is_unique
    assert 67.0e6 < table.population_count.sum() < 68.5e6
    assert 2.1e6 < table[table.departement == "75"].population_count.sum() < 2.2e6
    assert 0.08 < table.is_income_imputed.mean() < 0.13
    older = official.zones(directory / "communes.csv.gz", directory / "filosofi_com_2015.csv.gz", ages_of)
    assert older.median_income_cents.corr(table.median_income_cents) > 0.8


@pytest.mark.slow
@pytest.mark.realdata
def test_stand_ins_are_near_the_files_they_summarise() -> None:
    directory = shared("mortality")
    real = official.survival(directory / "mortality" / "hmd_death_rates_france.csv.gz")
    both = real.merge(stand_ins.survival(), on=["sex", "birth_year", "year"], suffixes=("", "_small"))
    both = both[both.year.between(2015, 2035)]
    assert (both.alive_share - both.alive_share_small).abs().max() < 0.05
    names = official.first_names(next((shared("insee_first_names") / "insee_first_names").glob("*.zip")))
    small = stand_ins.first_names()
    for name in ("MARIE", "JEAN", "NATHALIE", "ENZO"):
        whole = names[(names.first_name == name) & names.birth_year.notna()].births.sum()
        assert small[small.first_name == name].births.sum() == pytest.approx(whole, rel=0.05)

"""How sampled columns are read: formats of dates and marks of numbers, as `moment` and `number` read the values themselves."""

from pathlib import Path

import pytest
import yaml

from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.drafts.draft import draft_of
from bmyshop_profiles.ingestion.drafts.numbers import Marks, as_of_file
from bmyshop_profiles.ingestion.drafts.values import Column, columns_of


def column(session: Session, values: list[str], name: str = "x") -> Column:
    return columns_of(session, [name], [(value,) for value in values])[0][0]


DAYS = [(2025, 1 + number // 28, 1 + number % 28) for number in range(80)]


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        ([f"{m}/{d}/{y}" if d > 12 else f"{m:02}-{d:02}-{y}" for y, m, d in DAYS], {"%m/%d/%Y", "%m-%d-%Y"}),
        ([f"{d:02}/{m:02}/{y if m < 3 else y % 100}" for y, m, d in DAYS], {"%d/%m/%Y", "%d/%m/%y"}),
        ([f"{y}-{m:02}-{d:02}T08:00:09Z" for y, m, d in DAYS], {"%Y-%m-%dT%H:%M:%S%z"}),
        ([f"{y}-{m:02}-{d:02} 08:00:09 +0200" for y, m, d in DAYS], {"%Y-%m-%d %H:%M:%S %z"}),
        ([f"{d:02}.{m:02}.{y} 08:00:09.1234567" for y, m, d in DAYS], {"%d.%m.%Y %H:%M:%S.%f"}),
        ([f"{d}/{m}/{y} 9:0{d % 10}" for y, m, d in DAYS], {"%d/%m/%Y %H:%M"}),
        ([f"{y}{m:02}{d:02}" for y, m, d in DAYS], {"%Y%m%d"}),
        ([f"{d:02}-Jan-{y}" for y, _, d in DAYS], {"%d-%b-%Y"}),
        ([f"{d}/{m}/{y} 9:05 PM" for y, m, d in DAYS], {"%d/%m/%Y %I:%M %p"}),
    ],
)
def test_formats_are_those_that_the_reader_takes(session: Session, values: list[str], formats: set[str]) -> None:
    found = column(session, values)
    assert set(found.formats) == formats
    assert found.doubt is None
    assert found.hours.total() == found.months.total() == len(values)


def test_seven_decimals_of_a_second_in_iso_need_no_format(session: Session) -> None:
    found = column(session, [f"2025-01-{day:02} 08:00:05.0000000" for day in range(1, 29)])
    assert (found.kind, set(found.formats) - found.iso) == ("moment", set())
    found = column(session, [f"2025-01-{day:02} 8:00" for day in range(1, 29)])
    assert set(found.formats) - found.iso == {"%Y-%m-%d %H:%M"}


def test_an_order_that_nothing_tells_is_a_doubt(session: Session) -> None:
    found = column(session, [f"{day:02}/03/2025" for day in range(1, 13)])
    assert found.doubt == "the sample cannot tell whether day or month comes first; day is assumed"
    mixed = [f"{1 + n % 28:02}/03/2025" for n in range(56)] + [f"04/{13 + n}/2025" for n in range(2)]
    assert "7 % of the values can only have the month first" in str(column(session, mixed).doubt)


@pytest.mark.parametrize(
    "values", [["1.10", "2.40"], ["30012345", "99012345"], ["3760000000017"], ["0612345678"], ["1.2.3"], ["12:99", "25:00"]]
)
def test_what_is_no_date_is_none(session: Session, values: list[str]) -> None:
    assert column(session, values).kind in ("number", "text")


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        (["0.721", "1.000", "2.000"], (".", None)),
        (["2,90", "1,10"], (",", None)),
        (["1 234,50", "12,00"], (",", " ")),
        (["1.234,50", "2.000"], (",", ".")),
        (["1,234.50", "-$12.00"], (".", ",")),
        (["1'234.50", "12.00"], (".", "'")),
        (["1.234.567", "2.000"], (",", ".")),
        (["12", "3"], (".", None)),
    ],
)
def test_marks_are_settled_by_all_values(session: Session, values: list[str], marks: tuple[str, str | None]) -> None:
    found = column(session, values)
    assert (found.kind, found.marks.decimal, found.marks.thousands, found.doubt) == ("number", *marks, None)


@pytest.mark.parametrize(
    ("values", "marks", "taken_for"),
    [
        (["1.000", "2.000"], (".", None), "decimals"),
        (["1.250", "950"], (",", "."), "part thousands"),
        (["1,000", "2,500"], (",", None), "decimals"),
    ],
)
def test_three_digits_after_a_mark_are_a_doubt(session: Session, values: list[str], marks: tuple[str, str | None], taken_for: str) -> None:
    found = column(session, values)
    assert (found.marks.decimal, found.marks.thousands) == marks
    assert taken_for in str(found.doubt)


def test_a_column_with_marks_of_its_own_is_turned_into_the_file_s(session: Session) -> None:
    rows = [(weight, price) for weight, price in zip(["0.721", "1.000", "2.000"], ["2,90", "1,10", "1,35"], strict=True)]
    (weight, price), of_file = columns_of(session, ["quantite", "prix"], rows)
    assert (of_file.decimal, price.doubt, weight.doubt) == (",", None, None)
    assert as_of_file("quantite", weight.marks, of_file) == "replace(quantite, '.', ',')"
    assert as_of_file("x", Marks(".", ","), Marks(",", ".")) == "replace(replace(x, ',', ''), '.', ',')"


@pytest.mark.parametrize(("born", "written"), [("04/05/{:02}", "date"), ("{:02}", "number")])
def test_nobody_is_born_in_the_future(session: Session, tmp_path: Path, born: str, written: str) -> None:
    years = [35, 38, 49, 53, 59, 65, 67, 68, 70, 99, 3, 12]
    path = tmp_path / "clients.csv"
    text = "".join(f"C{number};ZOE;EXEMPLE;{born.format(year)}\n" for number, year in enumerate(years))
    path.write_text(f"carte;prenom;nom;naissance\n{text}", encoding="utf-8")
    draft = draft_of([path], session)
    members = yaml.safe_load(draft.text)["sources"][0]["members"]
    from bmyshop_profiles.ingestion.mapping.functions import install_functions
    from bmyshop_profiles.ingestion.mapping.mapping import Dialect

    install_functions(session.connection, Dialect.model_validate(members["dialect"]))
    values = ", ".join(f"('{born.format(year)}')" for year in years)
    read = session.execute(f"select {members['columns']['birth_year']} from (values {values}) as t (naissance)").fetchall()
    assert [year for (year,) in read] == [1935, 1938, 1949, 1953, 1959, 1965, 1967, 1968, 1970, 1999, 2003, 2012]
    assert any("nobody is born in the future" in text for text in draft.assumed)

"""Lists that come as a workbook: the first sheet is read, each cell as a person sees it."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.drafts.check import check
from bmyshop_profiles.ingestion.drafts.draft import draft_of
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
from bmyshop_profiles.ingestion.reading.workbooks import as_csv
from bmyshop_profiles.privacy.pseudonyms import pseudonym
from bmyshop_profiles_tests.ingestion.conftest import HEADER, KEY
from bmyshop_profiles_tests.ingestion.corpus import line

DAY, MOMENT = 1, 2  # styles
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    "</Types>",
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Liste" sheetId="1" r:id="a"/><sheet name="Notes" sheetId="2" r:id="b"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="a" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="a.xml"/>'
    '<Relationship Id="b" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="b.xml"/>'
    '<Relationship Id="c" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>'
    "</Relationships>",
    "xl/styles.xml": '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>',
}
Cell = str | float | bool | tuple[float, int] | None  # a number with a style is a moment


def workbook(rows: list[list[Cell]]) -> bytes:
    """A workbook of two sheets, the second of which is of no use."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in {**PARTS, "xl/a.xml": _sheet(rows), "xl/b.xml": _sheet([["no", "list"]])}.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


def _sheet(rows: list[list[Cell]]) -> str:
    cells = [
        f'<row r="{number}">{"".join(_cell(value, f"{chr(65 + place)}{number}") for place, value in enumerate(row))}</row>'
        for number, row in enumerate(rows, 1)
    ]
    text = "".join(cells)
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{text}</sheetData></worksheet>'


def _cell(value: Cell, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    number, style = value if isinstance(value, tuple) else (value, 0)
    return f'<c r="{place}" s="{style}"><v>{number}</v></c>'


def test_cells_are_written_as_they_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(
        workbook([["id", "a"], [], ["007", 12], [None, 0.1], ['a,"b"\nc', True], [(45660, DAY), (45660.5, MOMENT)], [3760000000000, -1.5]])
    )
    assert as_csv(path).decode() == ('id,a\n\n007,12\n,0.1\n"a,""b"" c",true\n2025-01-03,2025-01-03 12:00:00\n3760000000000,-1.5\n')


MEMBERS = workbook(
    [["id", "prénom", "né en", "opposé"], ["007", "Zoé", 1990, False], [], [None, "Ann", 1980, False], ["008", "Léa", 1970, True]]
)


def test_a_list_of_members_in_a_workbook(ingest) -> None:
    columns = {"member_id": "id", "first_name": '"prénom"', "birth_year": '"né en"::integer', "objects_to_profiling": '"opposé"::boolean'}
    read = ingest({"members.xlsx": MEMBERS}, month=None, kind="members", members={"files": "members.xlsx", "columns": columns})
    assert sorted((row["member_key"], row["birth_year"], row["objects_to_profiling"]) for row in read.rows) == sorted(
        [(pseudonym(KEY, "member", "007"), 1990, False), (pseudonym(KEY, "member", "008"), 1970, True)]
    )
    assert read.counts() == [(3, 2, 0, 1)]
    assert [reason[1:] for reason in read.reasons()] == [(4, "no_value", "member_id")]  # the row of the sheet


def test_a_workbook_is_drafted_and_checked_as_it_is_read(session: Session, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "shops.xlsx": workbook(
            [["magasin", "nom", "code postal", "ville"], *([f"S{n}", f"Tabac {n}", f"0{n}000", "Foix"] for n in range(1, 9))]
        ),
        "ventes.csv": HEADER + "".join(line(n, shop=f"S{n % 8 + 1}") for n in range(40)),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    draft = draft_of([tmp_path / name for name in files], session)
    (tmp_path / "m.yaml").write_text(draft.text, encoding="utf-8")
    mapping = load_mapping(tmp_path / "m.yaml")
    [source] = mapping.sources
    assert source.stores is not None
    assert (source.stores.files, source.stores.columns["store_key"], source.stores.columns["postcode"]) == (
        "shops.xlsx",
        "magasin",
        '"code postal"',
    )
    found, _ = check(mapping, tmp_path, session, timezone="Europe/Paris", own=[tmp_path / "m.yaml"])
    assert {entry.kind: (entry.lines, entry.refused_count, entry.errors) for entry in found} == {
        "receipts": (40, 0, []),
        "stores": (8, 0, []),
    }


@pytest.mark.parametrize("content", [MEMBERS[:-200], b"id,name\n1,x\n", b""])
def test_what_is_no_whole_workbook_is_named(ingest: Callable[..., object], content: bytes) -> None:
    members = {"files": "members.xlsx", "columns": {"member_id": "id"}}
    with pytest.raises(BmyshopError, match=r"members\.xlsx: cannot be read as a workbook"):
        ingest({"members.xlsx": content}, month=None, kind="members", members=members)

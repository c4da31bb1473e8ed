"""What a source mapping may say, and how it is refused."""

import copy
from pathlib import Path
from typing import Any

import pytest

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
from bmyshop_profiles_tests.ingestion.conftest import RECEIPTS, write_mapping


def changed(path: str, value: Any) -> dict[str, Any]:
    receipts = copy.deepcopy(RECEIPTS)
    *parents, last = path.split(".")
    place = receipts
    for parent in parents:
        place = place[parent]
    place[last] = value
    return receipts


@pytest.mark.parametrize(
    ("receipts", "message"),
    [
        (changed("dialect.delimeter", ";"), "no such key; did you mean delimiter?"),
        (changed("dialect.encoding", "utf-7"), "encoding"),
        (changed("columns.amount_cent", "1"), "amount_cent is no canonical column; did you mean amount_cents?"),
        (changed("columns.sold_at", "strptime(at"), "sold_at: .* does not parse"),
        (changed("columns.label", "at"), 'label: .at. does not parse .*a column with an odd name is written "so"'),
        (changed("columns.label", "label, code"), "not a single expression"),
        (changed("columns.label", "label from other"), "not a single expression"),
        (changed("columns.label", "label; drop table x"), "label: "),
        (changed("columns.label", "(select max(x) from read_text('/etc/passwd') t(x))"), "only use the columns of its own line"),
        (changed("columns.label", "max(label)"), "only use the columns of its own line"),
        (changed("columns.label", "getvariable('pseudonym_inner')"), "getvariable is not for mappings"),
        (changed("files", "lines-{month}.csv"), "needs both .year. and .month."),
        (changed("files", "lines-{yaer}-{month}.csv"), "yaer. is no placeholder; did you mean year?"),
        (changed("voided", "sum(total)"), "voided: .* only use the columns of its own line"),
        (changed("columns.label", "articles.label"), 'written "articles.label", in double quotes'),
        (changed("dialect", {"decimal": ",", "thousands": ","}), "cannot be the thousands separator as well"),
        (changed("dialect", {"lines": "articles"}), "lines is for format: json"),
        (changed("dialect", {"header": False}), "needs the names"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_place(tmp_path: Path, receipts: dict[str, Any], message: str) -> None:
    path = write_mapping(tmp_path, receipts)
    with pytest.raises(BmyshopError, match=message) as caught:
        load_mapping(path)
    assert str(caught.value).startswith(f"{path}: sources → 0")


def test_required_columns_are_asked_for(tmp_path: Path) -> None:
    receipts = {**RECEIPTS, "columns": {"receipt_key": "ticket"}}
    with pytest.raises(BmyshopError, match="columns sold_at, store_key, product_key, amount_cents must be mapped"):
        load_mapping(write_mapping(tmp_path, receipts))


def test_a_zone_a_currency_and_a_name_are_checked(tmp_path: Path) -> None:
    for key, value in (("timezone", "Europe/Pari"), ("currency", "euro"), ("unlisted_members", "anonymous")):
        with pytest.raises(BmyshopError, match=f"{key}|members file"):
            load_mapping(write_mapping(tmp_path, RECEIPTS, **{key: value}))


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BmyshopError, match=r"nowhere\.yaml: the source mapping cannot be read"):
        load_mapping(tmp_path / "nowhere.yaml")
    (tmp_path / "broken.yaml").write_text("version: [1")
    with pytest.raises(BmyshopError, match=r"broken\.yaml: not valid YAML"):
        load_mapping(tmp_path / "broken.yaml")


def test_every_mapping_of_the_documentation_loads() -> None:
    paths = sorted((Path(__file__).parents[2] / "docs" / "sources").glob("*.yaml"))
    assert len(paths) == 4
    for path in paths:
        assert load_mapping(path).sources

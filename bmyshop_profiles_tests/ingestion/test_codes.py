"""Codes of two tills: one network's, or each till's own; lists that contradict each other; what a draft and a check say of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.drafts.check import check
from bmyshop_profiles.ingestion.drafts.draft import draft_of
from bmyshop_profiles.ingestion.mapping.mapping import SourceMapping
from bmyshop_profiles.ingestion.reading.staging import Reader
from bmyshop_profiles.privacy.pseudonyms import install, pseudonym
from bmyshop_profiles_tests.conftest import read_rows
from bmyshop_profiles_tests.ingestion.conftest import HEADER, KEY, RECEIPTS

Read = Callable[..., list[dict[str, Any]]]
LABELS = {"a": "Pain", "b": "Journal"}
LISTS = {
    "stores": {"store_key": "code", "name": "label"},
    "products": {"product_key": "code", "label": "label"},
}


def mapping(root: Path, **sources: dict[str, Any]) -> SourceMapping:
    """Two tills with the same codes of shops and articles; each keyword is what one of them says further."""
    found = []
    for name, further in sources.items():
        lines = "".join(f"{n},2025-01-02 08:00,S{n},{n},{LABELS.get(name, 'x')} {n},1,1.00,card{n}\n" for n in (1, 2))
        (root / f"{name}.csv").write_text(HEADER + lines)
        columns = {key: value for key, value in RECEIPTS["columns"].items() if key != "member_id"} | {"shopper_id": "member"}
        receipts = {**RECEIPTS, "files": f"{name}.csv", "columns": columns}
        lists = {kind: {"files": further[kind], "columns": columns} for kind, columns in LISTS.items() if kind in further}
        found.append({"name": name, "receipts": receipts, **further, **lists})
    return SourceMapping.model_validate({"version": 1, "sources": found})


def codes(stores: str, products: str, **further: str) -> dict[str, Any]:
    return {"codes": {"stores": stores, "products": products, **further}}


@pytest.fixture
def read(session: Session, tmp_path: Path) -> Read:
    """Rows of all files of a kind."""

    def run(sources: SourceMapping, kind: str) -> list[dict[str, Any]]:
        install(session.connection, KEY)
        target = tmp_path / f"out-{kind}"
        target.mkdir()
        table = "staged_receipt_lines" if kind == "receipts" else f"staged_{kind}"
        Reader(session, sources, tmp_path, "Europe/Paris").undated(kind, load_catalogue()[table], target)
        return read_rows(session, sorted(target.glob("*.parquet")))

    return run


def test_codes_of_two_tills_are_their_own_unless_one_list_is_for_both(read: Read, tmp_path: Path) -> None:
    (tmp_path / "shops.csv").write_text("code,label\nS1,Chez Un\n")
    sources = mapping(tmp_path, a={"stores": "shops.csv"}, b={})
    assert [(each.codes.stores, each.codes.products, each.codes.shoppers) for each in sources.sources] == [
        ("network", "source", "network")
    ] * 2
    rows = read(sources, "receipts")
    assert sorted((row["store_key"], row["product_key"]) for row in rows) == [
        ("S1", "a/1"),
        ("S1", "b/1"),
        ("S2", "a/2"),
        ("S2", "b/2"),
    ]
    assert {row["shopper_key"] for row in rows} == {pseudonym(KEY, "shopper", f"card{number}") for number in (1, 2)}
    assert [(row["store_key"], row["name"]) for row in read(sources, "stores")] == [("S1", "Chez Un")]


def test_a_scope_that_is_stated_stands(read: Read, tmp_path: Path) -> None:
    (tmp_path / "shops.csv").write_text("code,label\nS1,Chez Un\n")
    own = {**codes("source", "network", shoppers="source"), "stores": "shops.csv"}
    sources = mapping(tmp_path, a=own, b=codes("source", "network", shoppers="source"))
    rows = read(sources, "receipts")
    assert sorted((row["store_key"], row["product_key"]) for row in rows) == [("a/S1", "1"), ("a/S2", "2"), ("b/S1", "1"), ("b/S2", "2")]
    assert len({row["shopper_key"] for row in rows}) == 4
    assert [row["store_key"] for row in read(sources, "stores")] == ["a/S1"]


def test_the_codes_of_one_source_stay_as_they_are(read: Read, tmp_path: Path) -> None:
    assert {row["product_key"] for row in read(mapping(tmp_path, a={}), "receipts")} == {"1", "2"}


def test_lists_that_share_codes_must_agree(read: Read, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("code,label\n1,Pain  de mie\n2,Café\n3,\n4,Eau\n")
    (tmp_path / "two.csv").write_text("code,label\n1,PAIN DE MIE\n2,cafe\n3,Lait\n5,Eau\n")
    shared = codes("network", "network")
    sources = mapping(tmp_path, a={**shared, "products": "one.csv"}, b={**shared, "products": "two.csv"})
    assert [row["product_key"] for row in read(sources, "products")] == ["1", "2", "3", "4", "5"]
    (tmp_path / "out-products").rename(tmp_path / "before")
    (tmp_path / "two.csv").write_text("code,label\n1,Journal\n2,Café\n4,Lait\n")
    with pytest.raises(BmyshopError) as refused:
        read(sources, "products")
    assert str(refused.value) == (
        "products: the lists of two sources give 2 codes different labels: 1 is 'Pain  de mie' in a and 'Journal' in b; "
        "4 is 'Eau' in a and 'Lait' in b. If each source has codes of its own, say codes: {products: source} in both; if a code is one "
        "article in both, map label in one of the lists only"
    )
    (tmp_path / "out-products").rename(tmp_path / "refused")
    own = codes("network", "source")
    sources = mapping(tmp_path, a={**own, "products": "one.csv"}, b={**own, "products": "two.csv"})
    assert [row["product_key"] for row in read(sources, "products")] == ["a/1", "a/2", "a/3", "a/4", "b/1", "b/2", "b/4"]


def test_two_shops_under_one_code_are_refused(read: Read, tmp_path: Path) -> None:
    for name, label in (("one", "Chez Un"), ("two", "Chez Deux")):
        (tmp_path / f"{name}.csv").write_text(f"code,label\nS1,{label}\n")
    shared = codes("network", "network")
    sources = mapping(tmp_path, a={**shared, "stores": "one.csv"}, b={**shared, "stores": "two.csv"})
    with pytest.raises(BmyshopError, match="stores: the lists of two sources give 1 codes different labels: S1 is 'Chez Un' in a and"):
        read(sources, "stores")


def test_no_shop_is_called_as_the_network_is_in_the_tables_of_audiences(ingest) -> None:
    lines = "".join(f"{shop},2025-01-02 08:00,{shop},P,l,1,1.00,\n" for shop in ("all", "ALL", "S1"))
    found = ingest({"lines-2025-01.csv": HEADER + lines})
    assert {row["receipt_key"]: row["store_key"] for row in found.rows} == {"till/all": "shop_all", "till/ALL": "ALL", "till/S1": "S1"}


def test_a_shop_called_all_is_listed_as_it_is_sold(ingest) -> None:
    stores = {"files": "shops.csv", "columns": LISTS["stores"]}
    [row] = ingest({"shops.csv": "code,label\nall,Chez Tous\n"}, month=None, kind="stores", stores=stores).rows
    assert (row["store_key"], row["name"]) == ("shop_all", "Chez Tous")


def notes(sources: SourceMapping, root: Path, session: Session) -> tuple[list[str], list[str]]:
    """What a check says of the last source's receipts: wrong, and to be known."""
    found, _ = check(sources, root, session, timezone="Europe/Paris")
    last = [entry for entry in found if entry.kind == "receipts"][-1]
    assert not [entry.errors for entry in found if entry is not last and entry.errors]
    return last.errors, last.notes


def test_a_check_says_which_codes_two_sources_share(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared, own = codes("network", "network"), codes("source", "source")
    assert notes(mapping(tmp_path, a=shared, b=shared), tmp_path, session) == (
        [],
        [
            "a and b use the same 2 codes of articles, 2 of them under other labels (1 is 'Pain 1' and 'Journal 1'), "
            "and each counts as one article; if it is not, say codes: {products: source} in both",
            "a and b use the same 2 codes of shops, and no list says that each is one shop; "
            "if it is not, say codes: {stores: source} in both",
        ],
    )
    assert notes(mapping(tmp_path, a=own, b=own), tmp_path, session)[1] == [
        "a and b use the same 2 codes of shops, and each counts as two shops; if it is one, say codes: {stores: network} in both",
    ]
    monkeypatch.setitem(LABELS, "b", "pain")
    assert notes(mapping(tmp_path, a=own, b=own), tmp_path, session)[1][0] == (
        "a and b use the same 2 codes of articles, and each counts as two articles; if it is one, say codes: {products: network} in both"
    )
    assert notes(mapping(tmp_path, a=shared, b=shared), tmp_path, session)[1][0].startswith(
        "a and b use the same 2 codes of articles, and no list says that each is one article"
    )
    (tmp_path / "list.csv").write_text("code,label\n1,Pain 1\nS1,Chez Un\n")
    lists = {"stores": "list.csv", "products": "list.csv"}
    assert notes(mapping(tmp_path, a=lists, b={}), tmp_path, session) == ([], [])


def test_a_check_finds_lists_that_contradict_each_other(session: Session, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("code,label\n1,Pain\n")
    (tmp_path / "two.csv").write_text("code,label\n1,Journal\n")
    for scope, wrong in (("network", 1), ("source", 0)):
        lists = [{**codes("source", scope), "products": f"{name}.csv"} for name in ("one", "two")]
        errors, _ = notes(mapping(tmp_path, a=lists[0], b=lists[1]), tmp_path, session)
        assert [text.split(":")[0] for text in errors] == ["products"] * wrong


@pytest.mark.parametrize(("label", "products"), [("Pain", "network"), ("Journal", "source")])
def test_a_draft_says_whose_codes_the_tills_use(session: Session, tmp_path: Path, label: str, products: str) -> None:
    def till(name: str, header: str, label: str) -> Path:
        path = tmp_path / f"{name}.csv"
        rows = (f"{n // 2},2025-01-{1 + n % 28:02} 08:{n % 60:02},S{n % 2},{20 + n % 5},{label} {n % 5},1,{n % 7}.20" for n in range(60))
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    paths = [
        till("caisse_a", "ticket,sold_at,shop,code_article,label,qty,total", "Pain"),
        till("caisse_b", "ticket,sold_at,magasin,ean,libelle,quantite,montant", label),
    ]
    draft = draft_of(paths, session, root=tmp_path)
    assert [(source.codes.stores, source.codes.products) for source in loaded(draft.text)] == [(products, products)] * 2
    assert draft.assumed.count(f"products: {products}") == 2
    listed = tmp_path / "articles.csv"
    listed.write_text("EAN,Libellé,Famille\n" + "".join(f"{20 + n},Pain {n},PAIN\n" for n in range(5)))
    draft = draft_of([*paths, listed], session, root=tmp_path)
    assert [(source.codes.stores, source.codes.products) for source in loaded(draft.text)] == [(products, "network")] * 2
    assert "codes:" not in draft_of(paths[:1], session, root=tmp_path).text


def loaded(text: str) -> tuple[Any, ...]:
    return SourceMapping.model_validate(yaml.safe_load(text)).sources

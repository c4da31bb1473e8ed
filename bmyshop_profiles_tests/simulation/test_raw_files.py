"""Files agree with the truth, and defects are where they are said to be."""

import csv
import gzip
import io
import re
from collections import Counter
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from bmyshop_profiles.simulation import SimulatedNetwork, simulate, sources_mapping
from bmyshop_profiles.simulation.products import catalogue
from bmyshop_profiles_tests.simulation.reading import (
    DAMAGED,
    cents_of,
    key_of,
    raw_text,
    read_lines,
    truth,
)


def test_files_and_truth_agree(network: SimulatedNetwork) -> None:
    defects = {(file, line): kind for file, line, kind in truth(network, "defects")}
    receipts = {row[0]: row[1:] for row in truth(network, "receipts", "select receipt_key, source, line_count, amount_cents from truth")}
    lines = read_lines(network)
    lost = sum(kind in DAMAGED for kind in defects.values())
    repeated = sum(kind == "duplicate_receipt" for kind in defects.values())
    assert sum(count for _, count, _ in receipts.values()) == len(lines) - repeated
    counts: Counter[str] = Counter()
    amounts: Counter[str] = Counter()
    for file, number, source, row in lines:
        if (file, number) not in defects:
            key = key_of(source, row)
            assert receipts[key][0] == source
            counts[key] += 1
            amounts[key] += cents_of(source, row)
    whole = [key for key, count in counts.items() if count == receipts[key][1]]
    assert sum(counts.values()) == len(lines) - lost - repeated
    assert len(whole) >= len(receipts) - lost
    assert all(amounts[key] == receipts[key][2] for key in whole)


def test_stores_are_parted_between_the_sources(network: SimulatedNetwork) -> None:
    for _, _, source, row in read_lines(network):
        shop = row["shop"] if source == "caisse_a" else row["Magasin"]
        assert int(shop[1:]) % 2 == (0 if source == "caisse_a" else 1)


def test_defects_are_where_they_are_said_to_be(network: SimulatedNetwork) -> None:
    defects = {(file, line): kind for file, line, kind in truth(network, "defects")}
    assert Counter(defects.values()) == network.defects
    assert set(network.defects) == {*DAMAGED, "duplicate_receipt"}
    for file, number, source, row in read_lines(network):
        kind = defects.get((file, number))
        month = file.split("_")[-1][:6] if source == "caisse_b" else file.split("receipts_")[1][:7]
        day = row["sold_at"][:10] if source == "caisse_a" else "-".join(reversed(row["Date"].split("/")))
        amount = row["total" if source == "caisse_a" else "Montant"]
        assert (None in row) == (kind == "too_many_fields")
        assert (day[5:7] == "13") == (kind == "unreadable_date")
        assert amount.endswith("O") == (kind == "unreadable_amount")
        is_elsewhere = day[:7].replace("-", "") != month.replace("-", "") and kind != "unreadable_date"
        assert is_elsewhere == (kind == "other_month")
        assert file.endswith("_resend.csv") == (kind == "duplicate_receipt")


def test_the_resent_file_repeats_whole_receipts_of_its_month(network: SimulatedNetwork) -> None:
    resent = network.directory / "raw" / "caisse_a" / "receipts_2025-02_resend.csv"
    header, *repeated = raw_text(resent).splitlines()
    main = raw_text(network.directory / "raw" / "caisse_a" / "receipts_2025-02.csv").splitlines()
    assert header == main[0]
    assert repeated and not Counter(repeated) - Counter(main)
    receipts = [re.sub(r"^((?:[^,]*,){3}[^ ]*).*", r"\1", line) for line in (*main, *repeated)]  # shop, till, ticket, day
    keys = set(receipts[len(main) :])
    assert sum(receipt in keys for receipt in receipts[: len(main)]) == len(repeated)


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_receipt_is_never_resent(seed: int, tmp_path: Path) -> None:
    """In a file so small that a good part of its receipts is damaged."""
    network = simulate(tmp_path, seed=seed, stores=2, members=10, anonymous_shoppers=10, months=1, lines=120)
    counts = dict(truth(network, "receipts", "select receipt_key, line_count from truth"))
    damaged = {(file, line) for file, line, kind in truth(network, "defects") if kind in DAMAGED}
    lines = read_lines(network)
    resent = Counter(key_of(source, row) for file, _, source, row in lines if file.endswith("_resend.csv"))
    assert all(counts[key] == count for key, count in resent.items())
    sound = Counter(key_of(source, row) for file, number, source, row in lines if (file, number) not in damaged)
    assert resent and all(sound[key] == 2 * count for key, count in resent.items())


def test_dialects(network: SimulatedNetwork) -> None:
    a, b = network.directory / "raw/caisse_a/receipts_2025-01.csv", network.directory / "raw/caisse_b/tickets_202501.csv.gz"
    assert raw_text(a).splitlines()[0] == "shop,till,ticket,sold_at,ean,label,family,qty,unit_price,total,member,card"
    assert raw_text(b).splitlines()[0] == (
        "Magasin;Caisse;N° ticket;Date;Heure;Code article;Libellé;Famille;Quantité;Prix unitaire;Montant;Adhérent;Carte"
    )
    assert b.read_bytes()[3:8] == bytes(5)  # neither a name nor a time in the gzip header
    with pytest.raises(UnicodeDecodeError):
        gzip.decompress(b.read_bytes()).decode("utf-8")
    labels = {row["label" if source == "caisse_a" else "Libellé"] for _, _, source, row in read_lines(network)}
    for mark in ('"', ",", "É", "Œ", "€"):
        assert any(mark in label for label in labels), mark
    assert labels <= {product.label for product in catalogue()}


def test_refunds_are_rare_and_negative(wide_network: SimulatedNetwork) -> None:
    defects = {(file, line) for file, line, _ in truth(wide_network, "defects")}
    refunds, count = 0, 0
    for file, number, source, row in read_lines(wide_network):
        if (file, number) in defects:
            continue
        quantity = float(row["qty"] if source == "caisse_a" else row["Quantité"].replace(",", "."))
        cents = cents_of(source, row)
        assert quantity * cents >= 0
        refunds += quantity < 0
        count += 1
    assert 0.002 < refunds / count < 0.004


def test_identity_in_files_is_that_of_the_truth(network: SimulatedNetwork) -> None:
    people = {shopper: (member, card) for shopper, member, card in truth(network, "shoppers", "select shopper, member, card from truth")}
    receipts = dict(truth(network, "receipts", "select receipt_key, (shopper, is_identified) from truth"))
    damaged = {(file, line) for file, line, kind in truth(network, "defects") if kind in DAMAGED}
    cards = 0
    for file, number, source, row in read_lines(network):
        if (file, number) in damaged:
            continue
        shopper, is_identified = receipts[key_of(source, row)]
        member, card = people[shopper]
        assert (row["member" if source == "caisse_a" else "Adhérent"] or None) == (member if is_identified else None)
        shown = row["card" if source == "caisse_a" else "Carte"] or None
        assert shown in (None, card)
        cards += shown is not None
    assert cards > 0


def test_lists(network: SimulatedNetwork) -> None:
    def rows(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(raw_text(network.directory / "raw" / f"{name}.csv"), newline="")))

    stores, products, members = rows("stores"), rows("products"), rows("members")
    assert len(stores) == 6 and all(len(store["postcode"]) == 5 and store["name"] for store in stores)
    assert 300 <= len(products) <= 400 and len({product["ean"] for product in products}) == len(products)
    assert all(sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(product["ean"])) % 10 == 0 for product in products)
    assert {member["member"] for member in members} == {row[0] for row in truth(network, "shoppers", "select member from truth") if row[0]}
    assert 0 < sum(member["birth_year"] == "" for member in members) < 20
    assert sum(member["birth_year"] == "1900" for member in members) in (1, 2)


def test_the_mapping_reads_what_was_written(network: SimulatedNetwork) -> None:
    """The expressions of the mapping, over text columns, give back the keys and amounts of the truth."""
    text = sources_mapping(network.directory)
    assert network.sources.read_text(encoding="utf-8") == text
    mapping = yaml.safe_load(text)
    assert mapping["version"] == 1
    damaged = {(file, line) for file, line, kind in truth(network, "defects") if kind in DAMAGED}
    keys = {row[0] for row in truth(network, "receipts", "select receipt_key from truth")}
    lines = read_lines(network)
    for source in mapping["sources"]:
        rows = [row for file, number, name, row in lines if name == source["name"] and (file, number) not in damaged]
        with duckdb.connect() as con:
            con.register("raw", pd.DataFrame(rows, dtype="string").replace("", None))
            columns = ", ".join(f"try({expression}) as {name}" for name, expression in source["receipts"]["columns"].items())
            read = con.sql(f"select {columns} from raw").fetchall()
            cents = con.sql(f"select amount_cents from (select {columns} from raw)").fetchall()
            con.unregister("raw")
        assert {row[0] for row in read} <= keys
        assert all(None not in row[:3] for row in read)
        assert [value for (value,) in cents] == [cents_of(source["name"], row) for row in rows]

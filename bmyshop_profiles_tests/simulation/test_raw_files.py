"""Files agree with the truth, and defects are where they are said to be."""

import csv
import gzip
import io
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
from bmyshop_profiles.ingestion.reading.staging import Reader
from bmyshop_profiles.privacy.pseudonyms import install
from bmyshop_profiles.simulation import Parameters, SimulatedNetwork, simulate
from bmyshop_profiles.simulation.member_list import AGE_FLAWS, NAME_FLAWS, first_names
from bmyshop_profiles.simulation.places import zones
from bmyshop_profiles.simulation.products import catalogue
from bmyshop_profiles_tests.realdata import shared
from bmyshop_profiles_tests.simulation.reading import (
    DAMAGED,
    cents_of,
    key_of,
    raw_text,
    read_lines,
    small,
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


@pytest.mark.slow
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
    assert raw_text(a).splitlines()[0] == "shop,till,ticket,sold_at,ean,label,family,qty,unit_price,total,member,card,payment"
    assert raw_text(b).splitlines()[0] == (
        "Magasin;Caisse;N° ticket;Date;Heure;Code article;Libellé;Famille;Quantité;Prix unitaire;Montant;Adhérent;Carte;Règlement"
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
    assert 900 <= len(products) <= 1100 and len({product["ean"] for product in products}) == len(products)
    assert all(sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(product["ean"])) % 10 == 0 for product in products)
    assert {member["member"] for member in members} == {row[0] for row in truth(network, "shoppers", "select member from truth") if row[0]}


def test_what_is_wrong_with_members_is_told_in_the_truth(tmp_path: Path) -> None:
    network = simulate(tmp_path, stores=20, members=4000, anonymous_shoppers=0, months=1, lines=2000, parameters=Parameters(objectors=0.05))
    listed = pd.read_csv(tmp_path / "raw" / "members.csv", dtype=str, keep_default_na=False).set_index("member")
    known = pd.read_parquet(tmp_path / "truth" / "members.parquet").set_index("member").loc[listed.index]
    assert network.receipts > 0 and len(known) == 4000
    for flaws, column in ((NAME_FLAWS, "name_flaw"), (AGE_FLAWS, "age_flaw")):
        for flaw, rate in flaws.items():
            assert (known[column] == flaw).mean() == pytest.approx(rate, abs=4 * (rate / 4000) ** 0.5), flaw
    assert (known.objects_to_profiling == (listed.no_profiling == "oui")).all()
    assert known.objects_to_profiling.mean() == pytest.approx(0.05, abs=0.015)
    plain = known.age_flaw.isna()
    assert (listed.birth_date[plain].str[:4].astype(int) == known.birth_year[plain]).all() and (listed.age[plain] == "").all()
    assert (listed[known.age_flaw == "missing"][["birth_date", "age"]] == "").all(axis=None)
    assert set(listed.birth_date[known.age_flaw == "1900-01-01"]) == {"1900-01-01"}
    assert set(listed.age[known.age_flaw == "age 117"]) == {"117"}
    assert (listed.first_name[known.name_flaw.isna()] == known.first_name[known.name_flaw.isna()]).all()
    assert (listed.last_name[known.name_flaw == "swapped"] == known.first_name[known.name_flaw == "swapped"]).all()
    assert (listed.first_name[known.name_flaw == "typo"] != known.first_name[known.name_flaw == "typo"]).all()


def test_first_names_are_of_their_generation() -> None:
    names = first_names(None)
    sex, year = np.repeat(["female", "male"], 4000).astype(object), np.tile(np.repeat([1938, 1992], 2000), 2)
    drawn = pd.Series(names.draw(np.random.default_rng(0), sex, year))
    share = pd.DataFrame({"name": drawn, "sex": sex, "year": year}).groupby(["sex", "year"]).name.value_counts(normalize=True)
    assert share["female", 1938].get("Monique", 0) > 10 * share["female", 1992].get("Monique", 0)
    assert share["male", 1992].get("Kevin", 0) > 0.01 and "Kevin" not in share["male", 1938]


@pytest.mark.slow
@pytest.mark.realdata
def test_insee_s_own_files_are_read(tmp_path: Path) -> None:
    directory = shared("insee_zones") / "insee_zones"
    table = zones(directory)
    assert len(table) > 34_000 and table.tobacconists_count.sum() == pytest.approx(25_000, rel=0.05)
    assert table.bakeries_count.sum() > 30_000 and table.median_income_cents.median() == pytest.approx(2_250_000, rel=0.1)
    network = simulate(
        tmp_path, stores=6, members=40, anonymous_shoppers=100, months=1, lines=1500, zones_directory=directory,
        names_file=shared("insee_first_names") / "insee_first_names" / "prenoms-2023-nat_csv.zip",
    )  # fmt: skip
    assert network.lines > 1000
    homes = {row[0] for row in truth(network, "shoppers", "select zone_key from truth")}
    assert homes <= set(table.zone_key)


def test_a_directory_without_insee_s_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="communes.csv.gz"):
        simulate(tmp_path / "network", zones_directory=tmp_path)


@pytest.mark.slow
def test_ingestion_reads_all_four_tills_and_finds_what_was_damaged(session: Session, tmp_path: Path) -> None:
    """Each file's accepted lines are those that were not damaged, and give back the amounts of the truth."""
    network = small(tmp_path / "network", flavours=("caisse_a", "caisse_b", "caisse_c", "caisse_d"))
    install(session.connection, b"0123456789abcdef0123456789abcdef")
    session.execute(
        "create temp table staged_members as select pseudonym('member', member) as member_key, false as objects_to_profiling "
        f"from read_csv({literal(network.directory / 'raw' / 'members.csv')}, all_varchar = true)"
    )
    mapping = load_mapping(network.sources)
    assert mapping.has_objections
    assert [source.name for source in mapping.sources] == ["caisse_a", "caisse_b", "caisse_c", "caisse_d"]
    defects = {
        name: dict(rows) for name, rows in _by_file(truth(network, "defects", "select file, kind, count(*) from truth group by all"))
    }
    expected = truth(
        network, "receipts", "select source, month, sum(line_count)::bigint, sum(amount_cents)::bigint from truth group by all"
    )
    accepted: Counter[str] = Counter()
    for month in network.months:
        reader, target = Reader(session, mapping, network.directory, "Europe/Paris"), tmp_path / month
        target.mkdir()
        reader.month(month, load_catalogue()["receipt_lines"], target)
        for entry in reader.ledger.file_records():
            wrong = defects.get(entry["file"], {})
            duplicates = wrong.get("duplicate_receipt", 0)
            assert entry["duplicate_count"] == duplicates, entry
            assert entry["rejected_count"] == sum(wrong.values()) - duplicates, entry
            accepted[entry["source"]] += entry["accepted_count"]
    for source, total in _lines(expected).items():
        damaged = sum(n for file, kinds in defects.items() if source in file for kind, n in kinds.items() if kind in DAMAGED)
        if source != "caisse_c":  # a document that is cut loses all its articles
            assert accepted[source] == total - damaged
        else:
            assert 0.97 * total < accepted[source] < total


def _by_file(rows: list[tuple]) -> list[tuple[str, list[tuple]]]:
    return [(file, [(kind, count) for name, kind, count in rows if name == file]) for file in sorted({row[0] for row in rows})]


def _lines(rows: list[tuple]) -> Counter[str]:
    found: Counter[str] = Counter()
    for source, _, lines, _ in rows:
        found[source] += lines
    return found

"""The same arguments give the same bytes; sizes, tickets and earlier files are minded."""

from pathlib import Path

import numpy as np
import pytest

from bmyshop_profiles.simulation import Parameters, SimulatedNetwork, continue_network, simulate
from bmyshop_profiles.simulation.batches import areas_together
from bmyshop_profiles.simulation.personas import PERSONAS
from bmyshop_profiles_tests.simulation.reading import fingerprints, key_of, read_lines, small, truth


@pytest.mark.slow
def test_same_seed_same_bytes(network: SimulatedNetwork, tmp_path: Path) -> None:
    assert fingerprints(small(tmp_path / "again").directory) == fingerprints(network.directory)
    other = fingerprints(small(tmp_path / "other", seed=1).directory)
    changed = {name for name, digest in fingerprints(network.directory).items() if other.get(name) != digest}
    assert {"raw/members.csv", "raw/caisse_a/receipts_2025-01.csv", "truth/shoppers/000.parquet"} <= changed


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(threads: int, network: SimulatedNetwork, tmp_path: Path) -> None:
    assert fingerprints(small(tmp_path, threads=threads).directory) == fingerprints(network.directory)


@pytest.mark.slow
def test_neither_batches_nor_chunks_change_what_is_bought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty shops in three areas: at once, or area by area and three days at a time."""
    sold = []
    for name, shoppers, lines in (("whole", 40_000, 1_200_000), ("parts", 100, 300)):
        monkeypatch.setattr("bmyshop_profiles.simulation.batches.SHOPPERS_OF_A_BATCH", shoppers)
        monkeypatch.setattr("bmyshop_profiles.simulation.network.LINES_OF_A_CHUNK", lines)
        made = simulate(
            tmp_path / name,
            stores=60,
            members=60,
            anonymous_shoppers=600,
            months=1,
            lines=6000,
            parameters=Parameters(flavours=("caisse_a",), defects=0.0),
        )
        sold.append(truth(made, "shoppers", "select shopper, persona, birth_year, home_stores from truth order by shopper"))
    assert len(list((tmp_path / "parts" / "raw" / "caisse_a").iterdir())) == 3
    assert sold[0] == sold[1]
    assert areas_together(np.array([60, 30, 10, 120, 1])) == [[0, 1, 2], [3], [4]]


@pytest.mark.slow
def test_a_second_simulation_replaces_the_first_one_only(network: SimulatedNetwork, tmp_path: Path) -> None:
    small(tmp_path, months=3)
    small(tmp_path)
    assert fingerprints(tmp_path) == fingerprints(network.directory)
    (tmp_path / "truth" / "personas.parquet").unlink()
    with pytest.raises(FileExistsError, match="not written by the simulator"):
        small(tmp_path)


@pytest.mark.parametrize("wrong", [{"stores": 1}, {"members": 0}, {"months": 0}, {"lines": 0}, {"first_month": "January"}])
def test_wrong_sizes_are_refused(wrong: dict, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        simulate(tmp_path, **wrong)


def test_sizes_are_near_what_was_asked(network: SimulatedNetwork) -> None:
    assert network.months == ("2025-01", "2025-02")
    assert network.lines == pytest.approx(6000, rel=0.15)
    assert network.lines == len(read_lines(network))
    assert network.receipts == len(truth(network, "receipts"))
    assert len(truth(network, "shoppers")) == 260
    assert truth(network, "personas", "select count(*), sum(share) from truth") == [(len(PERSONAS), pytest.approx(0.9))]


def test_progress_names_every_month(tmp_path: Path) -> None:
    said: list[str] = []
    simulate(tmp_path, stores=2, members=5, anonymous_shoppers=0, first_month="2024-12", months=2, lines=200, progress=said.append)
    assert [text[:7] for text in said[1:]] == ["2024-12", "2025-01"]


def test_a_ticket_number_is_used_once_a_day_at_a_till(network: SimulatedNetwork) -> None:
    grouped = "select count(*), min(ticket), max(ticket) from truth group by source, shop, till, day"
    assert all(first == 1 and last == count for count, first, last in truth(network, "receipts", grouped))
    assert truth(network, "receipts", "select count(*) = count(distinct receipt_key) from truth") == [(True,)]
    elsewhere = {(file, line) for file, line, kind in truth(network, "defects") if kind == "other_month"}
    shoppers: dict[str, set[str | None]] = {}
    for file, number, source, row in read_lines(network):
        if (file, number) in elsewhere:  # under a day that is not its own, perhaps with the number of another ticket
            continue
        shoppers.setdefault(key_of(source, row), set()).add(row["member"] if source == "caisse_a" else row["Adhérent"])
    assert all(len(members) == 1 for members in shoppers.values())


def monthly(directory: Path, months: int = 3, **others: object) -> SimulatedNetwork:
    parameters = Parameters(defects=30.0, flavours=("caisse_a", "caisse_b", "caisse_c", "caisse_d"), leavers=0.1)
    sizes = {"stores": 6, "members": 60, "anonymous_shoppers": 200, "months": months, "lines": 6000}
    return simulate(directory, parameters=parameters, **(sizes | others))  # type: ignore[arg-type]


@pytest.mark.slow
def test_months_one_by_one_give_the_files_of_all_at_once(tmp_path: Path) -> None:
    whole = monthly(tmp_path / "whole")
    first = monthly(tmp_path / "parts", month="2025-02")
    assert first.months == ("2025-02",) and 0 < first.lines < whole.lines
    assert {path.name[9:16] for path in (tmp_path / "parts" / "raw" / "caisse_a").iterdir()} == {"2025-02"}
    lines = first.lines
    for month in ("2025-01", "2025-03", "2025-02"):  # in any order, one again
        lines += continue_network(tmp_path / "parts", month).lines
    assert lines == whole.lines + first.lines
    assert fingerprints(tmp_path / "parts") == fingerprints(tmp_path / "whole")


@pytest.mark.slow
def test_months_that_were_deleted_are_not_missed(tmp_path: Path) -> None:
    monthly(tmp_path / "whole")
    monthly(tmp_path / "parts", month="2025-01")
    for file in [*(tmp_path / "parts" / "raw").glob("caisse_?/*"), *(tmp_path / "parts" / "truth" / "receipts").iterdir()]:
        file.unlink()
    continue_network(tmp_path / "parts", "2025-02")
    whole, parts = fingerprints(tmp_path / "whole"), fingerprints(tmp_path / "parts")
    of_february = {name for name in whole if "2025-02" in name or "202502" in name}
    assert of_february and {name: parts[name] for name in of_february} == {name: whole[name] for name in of_february}


def test_another_network_is_not_continued(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no simulated network was begun"):
        continue_network(tmp_path, "2025-01")
    monthly(tmp_path, month="2025-01")
    for wrong in ({"seed": 1}, {"months": 4}):
        with pytest.raises(ValueError, match="another network"):
            monthly(tmp_path, month="2025-02", **{"months": 3, **wrong})
    with pytest.raises(ValueError, match="2025-04 is none of the months"):
        continue_network(tmp_path, "2025-04")

"""Exports of tills made by chance (`benchmarks/ingestion/tills.py`), drafted and ingested: exact, or the doubt is marked."""

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.ingestion.drafts import outcome_of
from benchmarks.ingestion.tills import CHOICES, Till, coherent, written
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.drafts.draft import draft_of

PROPERTY = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
HOW_VALUES_ARE_WRITTEN = (
    *("order", "separator", "padded", "two_digit_year", "clock", "zone", "together", "days"),
    *("decimal", "thousands", "currency", "negative", "weights", "priced", "delimiter", "names"),
)
HOW_LINES_ARE_WRITTEN = (
    "null",
    "titles",
    "pages",
    "totals",
    "end",
    "encoding",
    "months",
    "delimiter",
    "names",
    "quoting",
    "labels",
    "more",
    "packed",
)


def tills(names: tuple[str, ...]) -> st.SearchStrategy[Till]:
    """Tills that are plain but for these ways of writing."""
    chosen = {name: st.sampled_from(CHOICES[name] if name in names else (getattr(Till(), name),)) for name in CHOICES}
    return st.fixed_dictionaries(chosen).map(coherent)


def test_the_model_makes_every_oddity() -> None:
    seen: Counter[object] = Counter()

    @settings(deadline=None, max_examples=250, derandomize=True)
    @given(tills(tuple(CHOICES)))
    def look(till: Till) -> None:
        files, sold = written(till, receipts=10)
        assert files
        assert sold
        seen.update((name, getattr(till, name)) for name in CHOICES)

    look()
    assert [(name, choice) for name, choices in CHOICES.items() for choice in choices if not seen[name, choice]] == []


@pytest.mark.slow
@PROPERTY
@given(till=tills(HOW_LINES_ARE_WRITTEN), seed=st.integers(0, 99))
def test_titles_pages_totals_line_ends_and_words_for_nothing_cost_no_sale(session: Session, till: Till, seed: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        outcome = outcome_of(till, Path(directory), session, seed=seed, receipts=110)
    assert outcome.exact, outcome


def fault_of(path: Path, session: Session) -> BaseException | None:
    """What went wrong in the drafter itself; a file it refuses in words is no fault."""
    try:
        draft_of([path], session)
    except BmyshopError as error:
        return error.__cause__
    return None


@pytest.mark.slow
@settings(PROPERTY, max_examples=60)
@given(till=tills(tuple(CHOICES)), place=st.integers(0, 3000), cut=st.integers(0, 40), damage=st.binary(max_size=4))
def test_of_a_damaged_export_a_person_gets_words(session: Session, till: Till, place: int, cut: int, damage: bytes) -> None:
    files, _ = written(till, receipts=20)
    name, content = next(iter(files.items()))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / name
        path.write_bytes(content[:place] + damage + content[place + cut :])
        assert fault_of(path, session) is None


@pytest.mark.slow
@settings(PROPERTY, max_examples=60)
@given(st.binary(max_size=300))
def test_of_any_bytes_a_person_gets_words(session: Session, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "export.csv"
        path.write_bytes(content)
        assert fault_of(path, session) is None


@pytest.mark.slow
@PROPERTY
@given(till=tills(HOW_VALUES_ARE_WRITTEN), seed=st.integers(0, 99))
def test_dates_and_numbers_are_read_as_they_were_written_or_marked(session: Session, till: Till, seed: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        outcome = outcome_of(till, Path(directory), session, seed=seed, receipts=60)
    assert outcome.told, outcome
    assert outcome.exact or till.days == "first", outcome

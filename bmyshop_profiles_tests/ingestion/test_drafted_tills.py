"""Exports of tills made by chance (`benchmarks/ingestion/tills.py`), drafted and ingested: exact, or the doubt is marked."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.ingestion.tills import CHOICES, Till, coherent, written

TILLS = st.fixed_dictionaries({name: st.sampled_from(choices) for name, choices in CHOICES.items()}).map(coherent)


def test_the_model_makes_every_oddity() -> None:
    seen: Counter[object] = Counter()

    @settings(deadline=None, max_examples=150, derandomize=True)
    @given(TILLS)
    def look(till: Till) -> None:
        files, sold = written(till, receipts=10)
        assert files
        assert sold
        seen.update((name, getattr(till, name)) for name in CHOICES)

    look()
    assert [(name, choice) for name, choices in CHOICES.items() for choice in choices if not seen[name, choice]] == []

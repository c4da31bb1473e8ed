"""Real people dealt into shops: mixes are those planted, nobody is member and anonymous, receipts stay whole."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.simulation.semi_synthetic import Pool, write_dealt
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping


def some_lines(people: int = 400, receipts: int = 6) -> pd.DataFrame:
    number = np.arange(people * receipts * 2)
    receipt = number // 2
    return pd.DataFrame(
        {
            "person": [f"p{person}" for person in receipt // receipts],
            "receipt": [f"r{one}" for one in receipt],
            "sold_at": pd.Timestamp("2025-01-01 08:00") + pd.to_timedelta(receipt % 50, unit="D"),
            "item": [f"i{one}" for one in number % 7],
            "amount_cents": 100 + number % 5,
        }
    )


def test_a_pool_deals_the_mix_and_keeps_people_apart() -> None:
    person = np.repeat(np.arange(60), 5)
    group = np.array([0] * 20 + [1] * 40)[person]
    pool = Pool(group, person, 3)
    assert pool.is_present.tolist() == [True, True, False]
    rows, mix = pool.deal(np.random.default_rng(0), np.array([0.8, 0.2, 0.0]), people=2000, each=2, drawn_as="people")
    assert len(rows) == 4000 and mix == pytest.approx([0.8, 0.2, 0.0], abs=0.03)
    assert (group[rows] == 0).mean() == pytest.approx(mix[0])
    assert (person[rows].reshape(-1, 2).T[0] == person[rows].reshape(-1, 2).T[1]).all()


def test_a_pool_dealt_by_visits_meets_those_who_come_often() -> None:
    person = np.repeat([0, 1], [90, 10])
    rows, _ = Pool(np.zeros(100, dtype=int), person, 1).deal(np.random.default_rng(0), np.ones(1), people=1000, each=1, drawn_as="visits")
    assert (person[rows] == 0).mean() == pytest.approx(0.9, abs=0.03)


def test_a_dealt_world_is_written_with_its_truth(tmp_path: Path) -> None:
    lines = some_lines()
    profile = pd.Series({f"p{number}": "ab"[number % 2] for number in range(400)})
    planted = write_dealt(tmp_path, lines, profile, shops=5, concentration=2.0)
    assert load_mapping(tmp_path / "sources.yaml").sources[0].name == "caisse_a"
    raw = pd.concat([pd.read_csv(file, dtype=str, keep_default_na=False) for file in sorted((tmp_path / "raw/caisse_a").iterdir())])
    assert len(raw) == len(lines) and (raw.total.astype(float) * 100).round().sum() == lines.amount_cents.sum()
    truth, known = pd.read_parquet(tmp_path / "truth/receipts"), pd.read_parquet(tmp_path / "truth/shoppers")
    assert len(truth) == lines.receipt.nunique()
    assert (truth.groupby("shopper").is_identified.nunique() == 1).all() and (truth.groupby("shopper").shop.nunique() == 1).all()
    assert set(raw.member) - {""} == set(known.member.dropna())
    counted = truth.groupby("shop").persona.value_counts(normalize=True).unstack(fill_value=0.0)
    assert counted.to_numpy() == pytest.approx(planted.to_numpy())
    assert planted["a"].std() > 0.1


def test_lines_that_cannot_be_dealt_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lack amount_cents"):
        write_dealt(tmp_path, some_lines().drop(columns="amount_cents"), pd.Series(dtype=object))
    with pytest.raises(ValueError, match="399 people have no profile"):
        write_dealt(tmp_path, some_lines(), pd.Series({"p0": "a"}))

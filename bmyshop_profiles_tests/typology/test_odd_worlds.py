"""Small and odd inputs, from raw files to the report: a clear outcome, no crash, nothing that is not finite.

Each world is one month of a till. What comes of it is told: profiles or the reason why there are none, in the tables, on their pages, in
the report.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest

from bmyshop_profiles.definitions import build_definitions
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.orchestration import runs
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.settings import Settings
from bmyshop_profiles_tests.ingestion.conftest import HEADER, RECEIPTS, write_mapping

pytestmark = pytest.mark.slow
MONTH = "2025-01"
NO_PROFILES = "Pas de profils ce mois-ci"


@dataclass(frozen=True)
class World:
    """members: who have `receipts` receipts of three articles each, out of `items`, the first or the last half of them by kind of member;
    anonymous: receipts of nobody."""

    members: int = 120
    receipts: int = 8
    items: int = 12
    stores: int = 3
    anonymous: int = 60
    times: bool = True
    amounts: bool = True
    families: bool = True
    first_once: bool = False  # the first member has one receipt only

    def lines(self) -> list[str]:
        """Raw lines of the month."""
        rng, found = np.random.default_rng(0), []
        owners = [f"A{number:03d}" for number in range(self.members) for _ in range(1 if self.first_once and not number else self.receipts)]
        for number, owner in enumerate([*owners, *[""] * self.anonymous]):
            kind = int(owner[1:]) % 2 if owner else number % 2
            half = max(self.items // 2, 1)
            chosen = (kind * half + rng.choice(half, 3)) % self.items
            hour = f"{8 + 8 * kind:02d}:{number % 60:02d}" if self.times else "00:00"
            shop = f"S{rng.integers(self.stores)}"
            receipt = f"T{number},{MONTH}-{1 + number % 28:02d} {hour},{shop}"
            found += [f"{receipt},P{item:05d},Article {item},1,{1 + item % 7}.50,{owner},F{item // 3}\n" for item in chosen]
        return found

    def mapping(self) -> dict[str, Any]:
        """What is mapped of them."""
        columns = dict(RECEIPTS["columns"])
        if self.families:
            columns["family"] = "family"
        if not self.amounts:
            columns["amount_cents"] = "0::bigint"
        return {**RECEIPTS, "columns": columns}


@dataclass
class Outcome:
    """What came of a world."""

    states: dict[str, int]  # of the members, by all their receipts
    profiles: int
    reason: str
    verdicts: list[str]
    audiences: int
    report: str


@pytest.fixture
def run(settings: Settings) -> Callable[[World], Outcome]:
    def through(world: World) -> Outcome:
        settings.data_dir.mkdir(parents=True)
        write_mapping(settings.data_dir, world.mapping())
        header = HEADER.strip() + ",family\n"
        (settings.data_dir / f"lines-{MONTH}.csv").write_text(header + "".join(world.lines()), encoding="utf-8")
        few = {"typology_runs": 3, "natural_draws": 1, "gate_draws": 1, "quality_folds": 2}  # every table is made, none is to be sure
        chosen = settings.model_copy(update={**few, "topic_receipts": 500})
        definitions = build_definitions(chosen)
        with dg.DagsterInstance.ephemeral() as instance:
            for job, month in (("references", None), ("month", MONTH)):
                result = runs.run_job(definitions, instance, job, month=month)
                assert result.success, result.failure
            event = instance.get_latest_materialization_event(dg.AssetKey("member_clusters"))
            assert event is not None and event.asset_materialization is not None
            note = event.asset_materialization.metadata.get("note")
        with views(chosen) as session:
            for table in load_catalogue().values():
                numbers = [name for name, column in table.file.columns.items() if column.type == "double"]
                if numbers:
                    finite = " and ".join(f"coalesce(isfinite({name}), true)" for name in numbers)
                    wrong = session.frame(f"from {table.name} where not ({finite})")
                    assert wrong.empty, f"{table.name}: {wrong.head().to_dict('records')}"
            whole = session.frame("select state from member_clusters where part = 'whole'")
            return Outcome(
                whole.state.value_counts().to_dict(),
                len(session.frame("from profiles")),
                str(note.value) if note else "",
                session.frame("select verdict from profile_quality order by profile_key").verdict.tolist(),
                len(session.frame("select 1 from store_audience where is_published")),
                (Path(chosen.reports_dir) / f"{MONTH}.html").read_text(encoding="utf-8"),
            )

    return through


PLAIN = World()
UNLIKE = {  # worlds in which there are two kinds of members all the same
    "one shop, no times, no amounts, no families, nobody anonymous": replace(
        PLAIN, stores=1, times=False, amounts=False, families=False, anonymous=0
    ),
    "few members of very many articles, one of whom came once": replace(PLAIN, members=40, items=10_000, receipts=60, first_once=True),
}
NOTHING = {  # worlds without profiles, and the reason told
    "no members": (replace(PLAIN, members=0), "no member"),
    "fewer members than a core": (replace(PLAIN, members=12), "fewer than two groups"),
    "one article": (replace(PLAIN, items=1), "all alike"),
    "one receipt each": (replace(PLAIN, receipts=1), "fewer than two groups"),
}


@pytest.mark.parametrize("name", UNLIKE)
def test_members_who_differ_have_profiles(name: str, run: Callable[[World], Outcome]) -> None:
    world, found = UNLIKE[name], run(UNLIKE[name])
    assert found.reason == ""
    assert found.profiles >= 2
    assert found.states["in_profile"] >= 0.9 * world.members
    assert len(found.verdicts) == found.profiles
    assert NO_PROFILES not in found.report
    assert ("too_few_receipts" in found.states) == world.first_once


@pytest.mark.parametrize("name", NOTHING)
def test_members_who_do_not_differ_have_none_and_it_is_said_why(name: str, run: Callable[[World], Outcome]) -> None:
    world, reason = NOTHING[name]
    found = run(world)
    assert reason in found.reason, found.reason
    assert found.profiles == 0
    assert "in_profile" not in found.states
    assert found.verdicts == []
    assert NO_PROFILES in found.report
    assert sum(found.states.values()) == world.members
    assert ("too_few_receipts" in found.states) == (world.receipts == 1 and world.members > 0)

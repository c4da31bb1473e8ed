"""Are plans worth their price, do they say how sure they are, and are they made at once? `python -m benchmarks.media.plan`

Simulated networks; the last month is held out: plans are made from what was known before it, and judged by the receipts that came.
Briefs are drawn: a category or mission, weekdays, dayparts, places, price, budget, number of screens; all of the last month.
Contacts with the group: of the plan; of a plan by traffic alone (the screens with most visits expected); of the best possible (chosen by
what came, at the same prices). Half-way is 0.5. Intervals: whether the contacts of the whole plan, and of each screen, lie in theirs.
Grades of groups are not made here: what is seen has one grade. Speed: a network of 7,000 shops whose tables are generated, without any
receipts; a plan with its page, PDF, table and JSON.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.helpers import report
from benchmarks.helpers.many_shops import generate, publish
from benchmarks.helpers.simulated_members import run_network
from benchmarks.helpers.windows import make
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import open_session
from bmyshop_profiles.media.brief import Brief
from bmyshop_profiles.media.contacts import choose
from bmyshop_profiles.media.page import files_of
from bmyshop_profiles.media.plan import WEEKDAYS, considered, make_plan, plan_of
from bmyshop_profiles.months import month_plus, month_start
from bmyshop_profiles.orchestration.code import parameters
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import Parameters

HALF_WAY, HELD, SECONDS = 0.5, (0.85, 0.95), 5.0
MISSIONS, FACTS = ("visits_forecast", "seen_audience"), ("visits_forecast", "store_category_visits", "store_visits", "member_visit_months")
DAYPARTS = ("early", "morning", "noon", "afternoon", "evening")
GRADES = """
select kind, group_name, max(visits_share) as network_share, null::double as information_nats, 1.0::double as information_share,
null::double as degrees_of_freedom, null::double as reliability, null::double as expected_skill, count(*)::bigint as cells_count,
case when group_name = 'other' then 'unsold' else 'seen' end as grade from seen_audience
where month = $month and period = 'month' and store_key = 'all' and weekday = 0 and daypart = 'all' and sold_hour = -1 group by all
"""
CAME = """
select store_key, weekday, daypart, 'category' as kind, category as group_name, sum(receipts_count)::bigint as contacts
from store_category_visits where month = $month group by all
union all
select store_key, weekday, daypart, 'mission', mission_key, sum(receipts_count)::bigint from store_missions
where month = $month group by all
"""


def a_brief(rng: np.random.Generator, groups: pd.DataFrame, departements: Sequence[str], month: str) -> Brief:
    """A brief drawn for a month."""
    group = groups.iloc[rng.integers(len(groups))]
    days, parts = rng.choice(list(WEEKDAYS), rng.integers(1, 8), replace=False), rng.choice(DAYPARTS, rng.integers(1, 6), replace=False)
    price = (
        {"per_screen_day": round(rng.uniform(1, 4), 2)} if rng.random() < 0.5 else {"per_thousand_contacts": round(rng.uniform(5, 20), 2)}
    )
    last = month_start(month_plus(month, 1)).toordinal() - 1
    return Brief.model_validate({
        "title": "Brief", "advertiser": "Annonceur", "sector": "autre", "groups": [{"kind": group.kind, "name": group.group_name}],
        "weekdays": list(map(str, days)), "dayparts": list(map(str, parts)),
        "places": {"departements": list(rng.choice(departements, min(2, len(departements)), replace=False)) if rng.random() < 0.3 else []},
        "dates": {"first": month_start(month), "last": pd.Timestamp.fromordinal(last).date()},
        "budget": {"euros": round(float(np.exp(rng.uniform(3, 6.5))), 2), "price": price},
        "most_screens": int(rng.integers(3, 20)) if rng.random() < 0.5 else None,
    })  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """Contacts that came with three plans for one brief, and whether intervals held."""

    plan: float
    traffic: float
    best: float
    inside: bool
    above: bool
    screens: int
    screens_inside: int


def judge(settings: Settings, brief: Brief, known: str, came: pd.DataFrame) -> Judged | None:
    """came: contacts of the last month by shop, weekday, daypart and group. None: the brief buys nothing."""
    try:
        found = considered(settings, brief, known)
        plan = plan_of(brief, found)
    except BmyshopError:
        return None
    group = found.groups[0]
    own = came[
        (came.kind == group.kind) & (came.group_name == group.key) & came.daypart.isin(brief.dayparts)
        & came.weekday.isin([WEEKDAYS[day] for day in brief.weekdays])
    ]  # fmt: skip
    true = own.groupby("store_key").contacts.sum()
    screens = found.screens.assign(true=found.screens.store_key.map(true).fillna(0.0))
    cost, budget, most = screens.cents.to_numpy(float), plan.budget_cents, brief.most_screens
    by_traffic, left = [], float(budget)
    for row in np.argsort(-screens.visits.to_numpy(), kind="stable"):
        if cost[row] <= left and (most is None or len(by_traffic) < most):
            by_traffic.append(int(row))
            left -= cost[row]
    best = choose(screens.true.to_numpy(), cost, budget, most)
    taken = screens.set_index("store_key").loc[[screen.store_key for screen in plan.screens]]
    contacts, ends = taken.true.sum(), plan.contacts
    inside = sum(screen.contacts.low <= taken.true[screen.store_key] <= screen.contacts.high for screen in plan.screens)
    return Judged(
        float(contacts), float(screens.true.iloc[by_traffic].sum()), float(screens.true.iloc[best].sum()),
        bool(ends.low <= contacts <= ends.high), bool(contacts > ends.high), len(plan.screens), int(inside),
    )  # fmt: skip


def world(options: argparse.Namespace, seed: int) -> list[Judged]:
    """A network of its own, and briefs for its last month."""
    with tempfile.TemporaryDirectory(prefix="plan-") as name:
        quick = {} if options.missions else {"product_families": Path("families.csv")}  # no label needs a classifier
        (Path(name) / "families.csv").write_text("family,category\ntimbres,postage_stamps\ntéléphonie,phone_top_up\nfrais,dairy_eggs\n")
        settings = run_network(
            Path(name), months=options.months, parameters=Parameters(), tables=MISSIONS if options.missions else FACTS,
            members=options.lines // 400, lines=options.lines, stores=options.stores, anonymous=options.lines // 40, seed=seed, **quick,
        )  # fmt: skip
        last = settings.months()[-1]
        known = month_plus(last, -1)
        with views(settings) as session, open_session() as written:
            if not options.missions:  # they take a fit of seconds; without them categories are seen all the same
                session.execute("drop view seen_audience")
                make(session, "seen_audience", known, parameters(settings, known))
                written.connection.register("seen", session.execute("select * exclude (month) from seen_audience").to_arrow_table())
                publish(settings, written, "seen_audience", known, "from seen")
            written.connection.register("grades", session.execute(GRADES, {"month": known}).to_arrow_table())
            publish(settings, written, "group_grades", known, "from grades")
            grades = written.frame("from grades")
            came = session.frame(CAME, {"month": last})
            places = session.frame("from zones where zone_key in (from store_zones select zone_key)").departement.unique()
        groups = grades[(grades.grade == "seen") & (grades.network_share >= 0.01)]
        rng = np.random.default_rng(seed)
        judged = [judge(settings, a_brief(rng, groups, sorted(places), last), known, came) for _ in range(options.briefs)]
    return [each for each in judged if each is not None]


def quality(judged: Sequence[Judged]) -> dict[str, float]:
    """Figures over briefs."""
    gain, room = (sum(getattr(each, name) - each.traffic for each in judged) for name in ("plan", "best"))
    return {
        "briefs": len(judged),
        "half-way": gain / room if room > 0 else 1.0,
        "held": float(np.mean([each.inside for each in judged])),
        "above": float(np.mean([each.above for each in judged])),
        "held, screens": sum(each.screens_inside for each in judged) / sum(each.screens for each in judged),
        "of the best": sum(each.plan for each in judged) / sum(each.best for each in judged),
        "of the best, by traffic": sum(each.traffic for each in judged) / sum(each.best for each in judged),
    }


def speed(options: argparse.Namespace) -> dict[str, float]:
    """Seconds of a plan among many shops, and of one that takes them all."""
    with tempfile.TemporaryDirectory(prefix="plan-") as name:
        settings = Settings(data_dir=Path(name), first_month="2025-01", last_month="2025-04")
        with open_session() as session:
            generate(settings, session, shops=options.screens, groups=options.groups)
        told = {"title": "Vitesse", "advertiser": "A", "sector": "autre", "groups": [{"kind": "category", "name": "g01"}],
                "dates": {"first": "2025-05-01", "last": "2025-05-31"}}  # fmt: skip
        found = {}
        for label, most in (("seconds, 300 screens taken", 300), ("seconds, all taken", None)):
            brief = Brief.model_validate({**told, "budget": {"euros": 1e9, "price": {"per_screen_day": 3}}, "most_screens": most})
            began = time.perf_counter()
            plan = make_plan(settings, brief)
            files_of(plan)
            found[label] = time.perf_counter() - began
            assert len(plan.screens) == min(most or options.screens, options.screens)
    return found


def measure(options: argparse.Namespace) -> report.Measured:
    """All worlds, then the speed."""
    found = {seed: world(options, seed) for seed in range(options.worlds)}
    rows = [{"world": str(seed), **quality(judged)} for seed, judged in found.items()]
    every = quality([each for judged in found.values() for each in judged])
    report.show([*rows, {"world": "all", **every}])
    seconds = speed(options)
    report.show([{"screens": options.screens, **seconds}])
    bars = {
        "briefs": report.at_least(every["briefs"], 200),
        "from traffic alone to the best possible": report.at_least(every["half-way"], HALF_WAY),
        "intervals of plans hold, least": report.at_least(every["held"], HELD[0]),
        "intervals of plans hold, most": report.at_most(every["held"], HELD[1]),
        **{name: report.at_most(value, SECONDS) for name, value in seconds.items()},
    }
    return {"worlds": {row["world"]: row for row in rows}, "all": every, **seconds}, bars


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything."""
    parser = report.parser(__doc__)
    parser.add_argument("--worlds", type=int, default=4)
    parser.add_argument("--briefs", type=int, default=60)
    parser.add_argument("--stores", type=int, default=40)
    parser.add_argument("--lines", type=int, default=450_000)
    parser.add_argument("--months", type=int, default=5)
    parser.add_argument("--missions", action=argparse.BooleanOptionalAction, default=True, help="missions are sought as well as categories")
    parser.add_argument("--screens", type=int, default=7000)
    parser.add_argument("--groups", type=int, default=35)
    smoke = {"worlds": 1, "briefs": 4, "stores": 3, "lines": 12_000, "months": 3, "missions": False, "screens": 20, "groups": 3}
    return report.run(measure, parser, argv, smoke=smoke)


if __name__ == "__main__":
    sys.exit(main())

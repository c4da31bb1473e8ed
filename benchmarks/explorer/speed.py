"""Is the explorer quick in a network of very many shops? `python -m benchmarks.explorer.speed`

7,000 shops all over France × 12 months of the tables that the explorer reads, generated without any receipts: 35 categories at every
moment and three profiles, 34 million rows of `seen_audience` a month. The explorer runs in a process of its own, as
`bmyshop-profiles explore` starts it, and is asked over HTTP as a browser asks. First view: the first page after the start. Filters: group,
kind of shop, département, order, page and month, one after the other, each month for the first time. A browser's own time is not in it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pandas as pd

import bmyshop_profiles.references as references
from benchmarks.helpers import report
from benchmarks.helpers.many_shops import MOMENTS, MONTH, SHOPS, generate, publish, repeat
from bmyshop_profiles.engine.session import Session, open_session
from bmyshop_profiles.months import month_plus
from bmyshop_profiles.settings import Settings

FIRST_VIEW, FILTER = 2.0, 0.3  # seconds
PROFILES = "(select unnest(['p01', 'p02', 'p03']) as profile_key)"
KINDS = "['bakery', 'tobacconist_press', 'tobacconist', 'bar_tobacconist', 'press', 'grocery']"
BY_MONTH = {
    "stores": f"""
        select
            store_key, 'Boutique ' || store_key as name, {KINDS}[1 + (hash(store_key) % 6)::integer] as store_type, '69001' as postcode,
            null as city, true as is_listed, true as has_receipts
        from {{names}}""",
    "store_zones": """
        select store_key, zone_key, 'postcode' as matched_by
        from {names} inner join (select zone_key, row_number() over () as place from communes) as zones
            on 1 + hash(store_key) % (select count(*) from communes) = place""",
    "group_grades": f"""
        select
            kind, group_name, 0.1 as network_share, null as information_nats, null as information_share, null as degrees_of_freedom,
            null as reliability, null as expected_skill, 1 as cells_count, grade
        from (
            select 'category' as kind, printf('g%02d', range) as group_name, 'seen' as grade from range({{groups}})
            union all select 'profile', profile_key, 'sure' from {PROFILES}
        )""",
    "profiles": f"""
        select profile_key, 'Profil ' || profile_key as profile_name, 100 as members_count, 0.3 as members_share, 50 as core_members_count
        from {PROFILES}""",
    "store_audience": f"""
        select
            store_key, daypart, profile_key as group_name, 0.33 as mix_share, 0.25 as low_share, 0.41 as high_share, 100 as affinity_index,
            80 as affinity_low, 120 as affinity_high, 1000 as receipts_count, 400.5 as people, true as is_people_estimated,
            0.5 as own_share, true as is_published
        from
            (select store_key from {{names}} union all select 'all'), {PROFILES},
            (select unnest(['all', 'early', 'morning', 'noon', 'afternoon', 'evening', 'night']) as daypart)""",
    "store_visits": """
        select store_key, weekday, daypart, sold_hour, 1000 + hash(store_key) % 9000 as receipts_count
        from (select store_key from {names} union all select 'all'), {moments}""",
    "store_hour_months": """
        select
            store_key, days.range as weekday, hours.range as sold_hour, 'morning' as daypart, 20 + hash(store_key, hours.range) % 100
            as receipts_count, 0 as amount_cents
        from {names}, range(1, 8) as days, range(7, 21) as hours""",
}


def lake(settings: Settings, session: Session, options: argparse.Namespace) -> list[str]:
    """All tables of all months; the months."""
    generate(settings, session, shops=options.shops, groups=options.groups)
    path = Path(next(iter(references.__path__))) / "data" / "zones.csv.gz"
    communes = pd.read_csv(path, dtype={"departement": str, "zone_key": str, "postcode": str})
    session.connection.register("communes", communes)
    publish(settings, session, "zones", None, "select zone_key, name, departement, postcode, latitude, longitude from communes")
    told = {"names": SHOPS.format(shops=options.shops), "moments": MOMENTS, "groups": options.groups}
    for name, select in BY_MONTH.items():
        publish(settings, session, name, MONTH, select.format(**told))
    months = [month_plus(MONTH, -back) for back in range(options.months)]
    repeat(settings, months[1:])
    return months


@contextmanager
def explorer(directory: Path) -> Iterator[str]:
    """The address of an explorer in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BMYSHOP_")}
    command = [sys.executable, "-m", "bmyshop_profiles.cli", "--data-dir", str(directory), "explore", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**kept, "PYTHONUNBUFFERED": "1"}) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("http://"):
                raise report.BenchmarkError(f"the explorer did not start: {line}")
            yield line.split()[0]
        finally:
            process.terminate()


def seconds(address: str) -> float:
    """Of one page, until its last byte."""
    began = time.perf_counter()
    with urllib.request.urlopen(address, timeout=120) as answer:
        answer.read()
    return time.perf_counter() - began


def measure(options: argparse.Namespace) -> report.Measured:
    """Make the lake, then look around in it."""
    with tempfile.TemporaryDirectory(prefix="explorer-") as name:
        settings = Settings(data_dir=Path(name), first_month=month_plus(MONTH, 1 - options.months), last_month=MONTH)
        with open_session() as session:
            months = lake(settings, session, options)
        first, filters, others = [], [], []
        views = {
            "a group": "groupe=category-g01", "another group": "groupe=category-g02", "a profile": f"groupe=profile-{MONTH}-p01",
            "kind of shop": "groupe=category-g02&type=bakery", "département": "groupe=category-g02&departement=69",
            "order": "groupe=category-g02&tri=passages", "page": "groupe=category-g02&page=9", "no group, kind": "type=press",
            **{f"month {month}": f"groupe=category-g02&mois={month}" for month in months[1:]},
            "back to the first month": "groupe=category-g02",
        }  # fmt: skip
        pages = {"card": "/boutique?boutique=S00001&groupe=category-g01", "comparison": "/comparer?boutique=S00001&boutique=S00002",
                 "search": "/boutiques?q=S0000", "csv": "/csv/boutiques?groupe=category-g01"}  # fmt: skip
        for _ in range(options.rounds):
            with explorer(Path(name)) as address:
                first.append(seconds(f"{address}/"))
                filters.append({view: seconds(f"{address}/?{query}") for view, query in views.items()})
                others.append({page: seconds(f"{address}{path}") for page, path in pages.items()})
    told = {view: median(each[view] for each in filters) for view in views}
    report.show([{"view": "first view", "seconds": median(first)}, *({"view": view, "seconds": value} for view, value in told.items())])
    report.show([{"page": page, "seconds": median(each[page] for each in others)} for page in pages], title="other pages, no bar")
    every = [value for each in filters for value in each.values()]
    figures = {"shops": options.shops, "months": len(months), "first view": median(first), "filters": told,
               "filter, median": median(every), "filter, worst": max(every)}  # fmt: skip
    bars = {
        "first view, seconds": report.at_most(max(first), FIRST_VIEW),
        "a filter, median, seconds": report.at_most(median(every), FILTER),
        "a filter, worst, seconds": report.at_most(max(every), FILTER),
    }
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything."""
    parser = report.parser(__doc__)
    parser.add_argument("--shops", type=int, default=7000)
    parser.add_argument("--groups", type=int, default=35)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    return report.run(measure, parser, argv, smoke={"shops": 300, "groups": 3, "months": 2, "rounds": 1})


if __name__ == "__main__":
    sys.exit(main())

"""A month's visits and groups by shop and daypart with noise: differential privacy (Dwork et al. 2006), by OpenDP.

A person whom a key tells (member, card) counts with at most `MOST_RECEIPTS` receipts, a receipt with at most `MOST_GROUPS` categories;
a receipt without a key is a unit of its own. Both tables have a count for every shop, daypart and category on sale, zeros included, so that
which rows there are says nothing of anybody; each count gets discrete Laplace noise.
Belongs here: bounds, noise, files. Does not belong here: what was spent before (`privacy/budget.py`).
"""

import csv
import importlib.metadata
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, TableName, partition_of
from bmyshop_profiles.media.files import filled_directory
from bmyshop_profiles.media.network import asked
from bmyshop_profiles.privacy.budget import spending
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.reports.words import DAYPARTS
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.terminal import no_formula

MOST_RECEIPTS, MOST_GROUPS = 4, 2
LEAST_EPSILON = 0.001
TABLES = ("receipts", "receipt_lines", "product_categories", "group_grades", "stores")
BOUNDS = {"visits_noised": MOST_RECEIPTS, "groups_noised": MOST_RECEIPTS * MOST_GROUPS}  # what one person changes at most, in sum


def export_noised(settings: Settings, month: str, target: Path, epsilon: float) -> dict[str, int | None]:
    """Write both tables and methodology.json into a directory that is new or empty; name → rows (None: no table). All of them or none.

    Half of epsilon goes to each table. What was spent is kept for the month.

    Raises:
        BmyshopError: epsilon is none, the month was not made or has spent its budget, OpenDP is not there, or the directory is not free.
    """
    check_epsilon(epsilon)
    if Lake(settings.lake_dir).current(TableName("audience", "group_grades"), partition_of(month)) is None:
        raise BmyshopError(f"{month} has not been made: run that month first (status says which there are)")
    import_opendp()
    with views(settings, months=[month], tables=TABLES) as session:
        visits = asked(session, "bounded_visits", month=month, most_receipts=MOST_RECEIPTS)
        groups = asked(session, "bounded_groups", month=month, most_receipts=MOST_RECEIPTS, most_groups=MOST_GROUPS)
        shops = asked(session, "shops_of_month", month=month).store_key.tolist()
        sold = asked(session, "categories_sold", month=month).group_name.tolist()
    dayparts = [each for each in DAYPARTS if each != "all"]
    grids = {
        "visits_noised": filled(visits, store_key=shops, daypart=dayparts),
        "groups_noised": filled(groups, store_key=shops, daypart=dayparts, group_name=sold),
    }
    with filled_directory(target) as directory, spending(settings.data_dir, month, epsilon, settings.dp_budget) as spent:
        told: dict[str, Any] = {}
        for name, grid in grids.items():
            counts, scale = noised(grid.receipts_count.to_numpy(), bound=BOUNDS[name], epsilon=epsilon / 2)
            told[name] = {"epsilon": epsilon / 2, "most that one person changes": BOUNDS[name], "scale": scale, "90 %": half_width(scale)}
            (directory / f"{name}.csv").write_text(_table(grid.assign(receipts_count=counts), half_width(scale)), encoding="utf-8")
        text = json.dumps(methodology(settings, month, epsilon, spent, told), indent=1, ensure_ascii=False) + "\n"
        (directory / "methodology.json").write_text(text, encoding="utf-8")
    return {**{f"{name}.csv": len(grid) for name, grid in grids.items()}, "methodology.json": None}


def check_epsilon(epsilon: float) -> None:
    """Whether it is one.

    Raises:
        BmyshopError: it is not.
    """
    if not (math.isfinite(epsilon) and epsilon >= LEAST_EPSILON):
        raise BmyshopError(f"--dp {epsilon:g}: epsilon is a number of at least {LEAST_EPSILON:g}; 1 is usual, less is more private")


def import_opendp() -> Any:
    """OpenDP, ready to be used.

    Raises:
        BmyshopError: it is not installed.
    """
    try:
        import opendp.prelude as opendp
    except ImportError:
        raise BmyshopError('--dp needs the package opendp: python -m pip install -c constraints.txt -e ".[dp]"') from None
    opendp.enable_features("contrib")
    return opendp


def filled(counts: pd.DataFrame, **values: list[str]) -> pd.DataFrame:
    """A row for each combination of values, with its receipts_count, 0 where there is none."""
    grid = pd.MultiIndex.from_product(values.values(), names=list(values)).to_frame(index=False)
    found = grid.merge(counts, how="left", on=list(values))
    return found.assign(receipts_count=found.receipts_count.fillna(0).astype(np.int64))


def noised(counts: np.ndarray, *, bound: int, epsilon: float) -> tuple[np.ndarray, float]:
    """Counts with discrete Laplace noise, and its scale. bound: what one person changes at most, in sum over all counts."""
    opendp = import_opendp()
    scale = bound / epsilon
    laplace = opendp.m.make_laplace(opendp.vector_domain(opendp.atom_domain(T=int)), opendp.l1_distance(T=int), scale=scale)
    assert laplace.map(bound) <= epsilon * (1 + 1e-6)
    return np.array(laplace([int(count) for count in counts]), dtype=np.int64), scale


def half_width(scale: float) -> int:
    """How far from the count 90 % of the noise lies at most."""
    return math.ceil(scale * math.log(10))


def methodology(settings: Settings, month: str, epsilon: float, spent: float, tables: dict[str, Any]) -> dict[str, Any]:
    """How the files are made, and of whom they say nothing."""
    return {
        "month": month,
        "software": {name: importlib.metadata.version(name) for name in ("bmyshop-profiles", "opendp")},
        "privacy": {
            "definition": "pure differential privacy, adding or removing one unit",
            "unit": "a person, in the month, where a key of a member or card stands on the receipts; else the receipt. A person with "
            "several keys, or with receipts without one, is as many units; over months losses add up.",
            "epsilon": epsilon,
            "epsilon spent of the month, with these files": spent,
            "limit of a month": settings.dp_budget,
            "mechanism": "discrete Laplace noise on each count, OpenDP make_laplace",
            "bounds": {"receipts of a person": MOST_RECEIPTS, "categories of a receipt": MOST_GROUPS},
            "tables": tables,
            "not covered": "which shops, dayparts and categories on sale there are; other files of the same month, which have no noise",
        },
        "reading": "Counts may be below 0: they are right on average, once bounded; add up before you cut off. Of a person "
        f"with more than {MOST_RECEIPTS} receipts, and of a receipt with more than {MOST_GROUPS} categories, a part is counted. "
        "low, high: 90 % interval of the noise. Missions and profiles are not in these files.",
        "not_a_measurement": "A visit is a receipt, not a person. These files are an input to audience measurement, not a measurement.",
    }


def _table(grid: pd.DataFrame, half: int) -> str:
    """CSV: screen, daypart, group where there is one, visits, low, high."""
    names = {"store_key": "screen", "daypart": "daypart", "group_name": "group"}
    keys = [name for name in names if name in grid.columns]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*(names[key] for key in keys), "visits", "low", "high"])
    for row in grid[[*keys, "receipts_count"]].itertuples(index=False, name=None):
        writer.writerow([*map(no_formula, row[:-1]), row[-1], row[-1] - half, row[-1] + half])
    return text.getvalue()

"""With or without who people are: what age, sex, zone or income beside behaviour does to a typology.

Belongs here: what is known of members as groups of columns, and the table of gains. Does not belong here: how it is known (the tables
`member_demographics` and `member_zones`).

On the simulator a member's age and sex are the posteriors that first names and declared ages give, zones are those of the shops visited:
what the system would know, never the truth. On The Complete Journey: the 801 households that told their age and income, alone. Each answer
weighs as much as `WEIGHT` items; scored is always the same, items of the other half of people left out. Clusters are of behaviour, and
demography describes them, unless a row is surely above the first.
"""

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.metrics import adjusted_mutual_info_score

from benchmarks.helpers.real_people import journey_data, load
from benchmarks.helpers.report import DataAbsent
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.worth.held_out_gain import HeldOut, held_out_gain, typology_method

WEIGHT = 5.0  # of one answer, in items
LIGHT, LIGHTER = "+ all, a fifth as heavy", 0.2
MOST_PROFILES = 16
BANDS = ("age_18_34", "age_35_54", "age_55")
WHO = """
select member_key, female_posterior, age_18_34_posterior as age_18_34, age_35_54_posterior as age_35_54, age_55_posterior as age_55
from member_demographics where month = (select max(month) from member_demographics)
"""
# thirds of the zones that members use, by income, age and density
WHERE = """
with used as (
    select member_key, zone_share, median_income_cents as income, zones.age_55_share as age, population_count / area_km2 as density
    from member_zones inner join zones using (zone_key)
    where month = (select max(month) from member_zones)
)
select
    member_key, zone_share,
    ntile(3) over (order by income, member_key) as income, ntile(3) over (order by age, member_key) as age,
    ntile(3) over (order by density, member_key) as density
from used
"""


def known_of(session: Session, keys: np.ndarray) -> dict[str, csr_matrix]:
    """Groups of columns (members × …) that say who members are: age, sex, zone; 0 where nothing is known."""
    who = session.frame(WHO).set_index("member_key").reindex(keys)
    female = who.female_posterior.to_numpy(float, na_value=np.nan)
    groups = {"age": who[list(BANDS)].to_numpy(float, na_value=np.nan), "sex": np.c_[female, 1 - female]}
    where = session.frame(WHERE)
    row, zone = pd.Index(keys).get_indexer(pd.Index(where.member_key)), np.zeros((len(keys), 9))
    for number, trait in enumerate(("income", "age", "density")):
        known = row >= 0
        np.add.at(zone, (row[known], 3 * number + where[trait].to_numpy()[known] - 1), where.zone_share.to_numpy()[known] / 3)
    return {name: csr_matrix(WEIGHT * np.nan_to_num(columns)) for name, columns in {**groups, "zone": zone}.items()}


def rows_of(names: list[str]) -> dict[str, list[str]]:
    """What is added in each row of the table: nothing, each alone, all, and all lightly."""
    return {"behaviour": [], **{f"+ {name}": [name] for name in names}, f"+ {' + '.join(names)}": names, LIGHT: names}


def added(half: Behaviour, columns: dict[str, csr_matrix], *, part: float) -> Behaviour:
    """Behaviour with more groups of columns, at a part of their weight."""
    return Behaviour(half.items, half.visits, {**half.others, **{name: csr_matrix(part * group) for name, group in columns.items()}})


def table(
    title: str,
    halves: tuple[Behaviour, Behaviour],
    columns: dict[str, csr_matrix],
    *,
    store_items: csr_matrix | None = None,
    persona: np.ndarray | None = None,
    folds: int = 5,
) -> dict[str, dict]:
    """Gain of each row, paired with the first one, and the AMI of its profiles with the persona (members,) where there is one."""
    found: dict[str, dict] = {}
    first: HeldOut | None = None
    print(f"\n{title}: {halves[0].members} people; nats per item [90 %], more than behaviour alone [90 %]")
    for name, used in rows_of(list(columns)).items():
        own = [added(half, {each: columns[each] for each in used}, part=LIGHTER if name == LIGHT else 1.0) for half in halves]
        method = typology_method(store_items=store_items, most_profiles=MOST_PROFILES)
        gain = held_out_gain(*own, method=method, folds=folds)
        first = first or gain
        item, above = gain.per_item(), gain.above(first)
        found[name] = {"gain": item, "above_behaviour": above, "profiles": gain.profiles}
        told = ""
        if persona is not None:
            labels = Typology(most_profiles=MOST_PROFILES).fit(own[0], other=own[1], store_items=store_items).nearest_
            found[name]["persona"] = float(adjusted_mutual_info_score(persona, labels))
            told = f"AMI with personas {found[name]['persona']:.3f}"
        print(
            f"{name:24s} {item.value:+.4f} [{item.low:+.4f}, {item.high:+.4f}]  "
            f"{above.value:+.4f} [{above.low:+.4f}, {above.high:+.4f}]  {told}",
            flush=True,
        )
    return found


def households() -> dict[str, dict]:
    """The table of the 801 households of The Complete Journey that told their age and income; empty, and said so, without the package."""
    try:
        data, told = load("complete_journey"), journey_data("demographics")["demographics"]
    except DataAbsent as absent:
        print(f"households: skipped, {absent}")
        return {}
    told = told.set_index(told.household_id.astype(str)).reindex(sorted(data.receipt_table.person.unique()))
    rows = np.flatnonzero(told.age.notna() & told.income.notna())
    columns = {name: csr_matrix(WEIGHT * pd.get_dummies(told[name].astype(str).iloc[rows]).to_numpy(float)) for name in ("age", "income")}
    first, second = (behaviour(half[rows]) for half in data.half_counts)
    return table("households whose age and income are known", (first, second), columns)


def conclusion(tables: dict[str, dict[str, dict]]) -> str:
    """What the tables say of the default."""
    better = [f"{name} ({title})" for title, rows in tables.items() for name, row in rows.items() if row["above_behaviour"].low > 0]
    if better:
        return f"surely above behaviour alone: {', '.join(better)}"
    return "nothing is surely above behaviour alone: cluster on behaviour, describe by demography"

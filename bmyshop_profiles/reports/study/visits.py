"""Results on a month of a lake: what was read, and what is seen on receipts.

Belongs here: which rows of which tables, in which words. Does not belong here: what is estimated (`profiles.py`, `sold.py`), prose
(`templates/`).
"""

import pandas as pd

from bmyshop_profiles.reports.study.blocks import Figure, Table
from bmyshop_profiles.reports.study.sources import Network
from bmyshop_profiles.reports.study.telling import Part, share_with_interval, with_interval
from bmyshop_profiles.reports.words import counted, number, percent

MOST_ROWS = 12


def data_part(network: Network) -> Part:
    """What was read, and who was seen in it."""
    lines, people = network.frames["what_was_read"].iloc[0], network.frames["who_was_seen"].iloc[0]
    identified = people.identified_receipts_count / people.receipts_count if people.receipts_count else float("nan")
    counted_lines = [
        ("Lignes de tickets lues", lines.lines_count),
        ("… acceptées", lines.accepted_count),
        ("… en double", lines.duplicate_count),
        ("… refusées, avec leur motif", lines.rejected_count),
        ("Tickets", people.receipts_count),
        ("Boutiques", people.stores_count),
        ("Tickets de membres", people.identified_receipts_count),
        ("Membres", people.members_count),
    ]
    rows = [[label, number(count)] for label, count in counted_lines]
    rows.append(["Part des tickets qui sont de membres", percent(identified, 1)])
    source = network.source("file_ledger", "staged_file_ledger", "receipts", history=True)
    table = Table("Ce qui a été lu. Ce sont des comptes : ils n’ont pas d’intervalle.", ["", "#Nombre"], rows, source)
    facts = {
        "receipts": number(people.receipts_count),
        "stores": counted(int(people.stores_count), "boutique", "boutiques"),
        "members": counted(int(people.members_count), "membre", "membres"),
        "identified": percent(identified, 1),
        "has_members": bool(people.members_count),
    }
    return Part(facts, {"donnees": table})


def visits_part(network: Network) -> Part:
    """What people come for and what they buy: counted on every receipt."""
    missions, seen = network.frames["mission_profiles"], network.frames["network_seen"]
    seen = seen.rename(columns={"visits_share": "value", "low_share": "low", "high_share": "high"})
    own = seen[(seen.kind == "mission") & (seen.group_name != "other")].merge(missions, left_on="group_name", right_on="mission_key")
    quality = {row.measure: row for row in network.frames["mission_quality"].itertuples()}
    if own.empty or not {"gain_within", "other_share"} <= set(quality):
        return Part(None)
    rows = own.to_dict("records")
    labels = dict(network.frames["product_taxonomy"][["category", "label_fr"]].itertuples(index=False))
    halves = network.frames["group_grades"].set_index(["kind", "group_name"]).reliability
    categories = seen[(seen.kind == "category") & (seen.group_name != "other")].head(MOST_ROWS).to_dict("records")
    source = network.source("seen_audience", "mission_profiles")
    shown: dict[str, Table | Figure] = {
        "missions": Table(
            "Les missions : pourquoi l’on vient, sur tout le réseau. Part des passages, avec son intervalle à 90 %.",
            ["Mission", "Articles qui la disent le plus", "#Part des passages"],
            [[row["mission_name"], row["articles"], share_with_interval(row)] for row in rows],
            source,
            wide=(3, 4),
        ),
        "categories": Table(
            f"Les {len(categories)} catégories les plus fréquentes : part des passages où l’on en achète, et corrélation de cette part"
            " entre deux moitiés des tickets, d’une boutique et d’un créneau à l’autre (chiffre ponctuel).",
            ["Catégorie", "#Part des passages", "#Corrélation des moitiés"],
            [
                [labels.get(row["group_name"], row["group_name"]), share_with_interval(row), number(_at(halves, row["group_name"]), 2)]
                for row in categories
            ],
            network.source("seen_audience", "group_grades"),
        ),
    }
    facts = {
        "count": len(rows),
        "first": rows[0]["mission_name"],
        "first_share": share_with_interval(rows[0]),
        "receipts": number(rows[0]["receipts_count"]),
        "gain": with_interval(quality["gain_within"], 2),
        "gain_receipts": number(quality["gain_within"].receipts_count),
        "other": share_with_interval(quality["other_share"]),
        "source": network.source("mission_quality"),
    }
    return Part(facts, shown)


def _at(values: pd.Series, group: str) -> float:
    found = values.get(("category", group), float("nan"))
    return float("nan") if pd.isna(found) else float(found)

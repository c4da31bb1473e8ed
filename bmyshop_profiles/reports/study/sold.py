"""Results on a month of a lake: audiences of cells, grades, the value of a variable, the forecast of visits.

Belongs here: which rows of which tables, in which words. Does not belong here: profiles (`profiles.py`), prose (`templates/`).
"""

from typing import Any

import pandas as pd

from bmyshop_profiles.questions.published import GRADES
from bmyshop_profiles.reports.asked import asked_content
from bmyshop_profiles.reports.study.blocks import Figure, Table
from bmyshop_profiles.reports.study.charts import intervals_chart
from bmyshop_profiles.reports.study.profiles import NINETY
from bmyshop_profiles.reports.study.sources import Network
from bmyshop_profiles.reports.study.telling import Part, listed, share_with_interval
from bmyshop_profiles.reports.words import counted, number, percent, span

KINDS = {"mission": "missions", "category": "catégories", "profile": "profils"}


def audience_part(network: Network) -> Part:
    """The product question: what is told of shops and dayparts, and whether it is true of members who did not help to tell it."""
    mix, quality, grades = (network.frames[name] for name in ("network_mix", "audience_quality", "group_grades"))
    if mix.empty or quality.empty:
        return Part(None)
    whole = quality[quality.group_name.fillna("") == ""].set_index("measure").value
    by_group = quality.pivot_table(index="group_name", columns="measure", values="value")
    by_group = by_group.reindex(columns=["left_out_gain", "left_out_low", "reliability"])
    names = dict(zip(network.frames["profiles"].profile_key, network.frames["profiles"].profile_name, strict=True))
    names["atypical"] = "achats atypiques"
    own = mix.merge(grades[grades.kind == "profile"].drop(columns="cells_count"), on="group_name").merge(
        by_group, left_on="group_name", right_index=True, how="left"
    )
    own = own.assign(name=own.group_name.map(names)).dropna(subset="name").sort_values("mix_share", ascending=False)
    own = own.rename(columns={"mix_share": "value", "low_share": "low", "high_share": "high"})
    rows = own.to_dict("records")
    source = network.source("store_audience", "group_grades", "audience_quality")
    told = [row for row in rows if pd.notna(row["left_out_gain"])]
    shown: dict[str, Table | Figure] = {
        "audiences": Table(
            "Les audiences. Gain chez des membres laissés de côté : baisse de l’erreur quadratique par rapport au même mélange partout, et"
            " le bas de son intervalle à 90 % par boutique. Part connue des différences entre cellules : chiffre ponctuel du modèle.",
            ["Profil", "#Part du réseau", "#Gain (bas)", "#Part connue", "#Cellules à part", "Niveau"],
            [
                [
                    row["name"],
                    share_with_interval(row),
                    f"{number(row['left_out_gain'], 2)} ({number(row['left_out_low'], 2)})" if pd.notna(row["left_out_gain"]) else "–",
                    percent(row["expected_skill"]),
                    f"{number(row['differing_count'])} sur {number(row['cells_count'])}",
                    GRADES[row["grade"]],
                ]
                for row in rows
            ],
            source,
        )
    }
    if told:
        title = "Gain sur le même mélange partout, chez des membres laissés de côté"
        points = [
            {
                "label": row["name"],
                "value": row["left_out_gain"],
                "low": row["left_out_low"],
                "high": row["left_out_gain"],
                "sure": row["left_out_low"] > 0,
            }
            for row in told
        ]
        shown["laisses"] = Figure(
            "Ce qui est dit des cellules est-il vrai de membres qui n’ont pas servi à le dire ? Point : le gain ; trait : jusqu’au bas de"
            " l’intervalle à 90 %, par boutique. Plein : sûrement au-dessus de 0, le même mélange partout.",
            intervals_chart(points, title=title, axis="part de l’erreur quadratique enlevée"),
            "Gain et bas de l’intervalle : "
            + " ; ".join(f"{each['label']} {number(each['value'], 2)} ({number(each['low'], 2)})" for each in points)
            + ".",
            network.source("audience_quality"),
        )
    error = NINETY * float(whole.get("slope_error", float("nan")))
    facts = {
        "cells": number(whole.get("published_cells")),
        "all_cells": number(whole.get("cells")),
        "width": percent(whole.get("mean_width"), 1),
        "people_per_cell": number(whole.get("people_per_cell")),
        "slope": f"{number(whole.get('slope'), 2)} {span(whole.get('slope', 0) - error, whole.get('slope', 0) + error, 2)}",
        "served": number(whole.get("served_slope"), 2),
        "sold": [row["name"] for row in rows if row["grade"] != "unsold"],
        "sure": [row["name"] for row in rows if row["grade"] == "sure"],
        "count": sum(row["group_name"] != "atypical" for row in rows),
        "best": _best(told),
        "differing": number(sum(row["differing_count"] for row in rows if row["grade"] != "unsold")),
        "possible": number(sum(row["cells_count"] for row in rows if row["grade"] != "unsold")),
        "estimated": percent(_estimated(rows)),
        "is_estimated": _estimated(rows) > 0,
        "has_left_out": bool(told),
        "source": source,
    }
    return Part({**facts, "sold_names": listed([f"«\u202f{name}\u202f»" for name in facts["sold"]])}, shown)


def _best(told: list[dict[str, Any]]) -> dict[str, str] | None:
    sure = [row for row in told if row["left_out_low"] > 0 and row["grade"] != "unsold"]
    if not sure:
        return None
    best = max(sure, key=lambda row: float(row["left_out_low"]))
    worst = min(sure, key=lambda row: float(row["left_out_low"]))
    said = [
        {"name": row["name"], "gain": f"{number(row['left_out_gain'], 2)} (bas de l’intervalle : {number(row['left_out_low'], 2)})"}
        for row in (best, worst)
    ]
    return {**said[0], "least": said[1]["gain"], "least_name": said[1]["name"]}


def _estimated(rows: list[dict[str, Any]]) -> float:
    cells = sum(row["cells_count"] for row in rows)
    return sum(row["estimated_count"] for row in rows) / cells if cells else float("nan")


def grades_part(network: Network) -> Part:
    """What may be said of each group to an advertiser."""
    grades = network.frames["group_grades"]
    if grades.empty:
        return Part(None)
    counts = grades.groupby(["kind", "grade"]).size()
    rows = [
        [KINDS[kind].capitalize(), *(number(int(counts.get((kind, grade), 0))) for grade in GRADES)]
        for kind in KINDS
        if kind in set(grades.kind)
    ]
    titles = ["", *(f"#{text[:1].upper()}{text[1:]}" for text in GRADES.values())]
    sold = {kind: int((grades[grades.kind == kind].grade != "unsold").sum()) for kind in KINDS}
    facts = {"seen": counted(sold["mission"] + sold["category"], "groupe", "groupes"), "inferred": number(sold["profile"])}
    table = Table("Combien de groupes sont de chaque niveau (comptes).", titles, rows, network.source("group_grades"))
    return Part(facts, {"niveaux": table})


def value_part(network: Network) -> Part:
    """Question 3: what one more question to members would be worth."""
    declared = network.frames["synthetic_variables"].drop_duplicates("variable").set_index("variable")
    values = network.frames["variable_value"]
    if declared.empty or values.empty:
        return Part(None)
    measured = values[(values.question == "gain") & (values.measure == "information")].set_index("variable")
    told = asked_content(values, dict(declared.variable_label))
    key = {label: name for name, label in declared.variable_label.items()}
    rows, points = [], []
    for each in told:
        if each["outcome"] != "measured":
            rows.append([each["label"], "–", each["sentences"][0], "–", "–", "–"])
            continue
        row = measured.loc[key[each["label"]]]
        changed = values[(values.variable == key[each["label"]]) & (values.measure == "labels_changed")].iloc[0]
        sold = [answer["answer"] for answer in each["sold"] if answer["grade"] != GRADES["unsold"]]
        rows.append(
            [
                each["label"],
                number(each["people"]),
                each["per_thousand"],
                each["smallest"],
                share_with_interval(changed),
                ", ".join(f"«\u202f{answer}\u202f»" for answer in sold) or "aucune",
            ]
        )
        points.append(
            {"label": each["label"], "sure": bool(each["is_seen"]), "tick": 1000 * row.smallest}
            | {name: 1000 * row[name] for name in ("value", "low", "high")}
        )
    source = network.source("variable_value")
    shown: dict[str, Table | Figure] = {
        "questions": Table(
            "Ce que vaudrait chaque question du catalogue, sur des réponses synthétiques. Valeur : millièmes de nat par article que la"
            " réponse dit au-delà du profil, par rapport aux mêmes réponses permutées (0), intervalle à 90 %. Visible : la plus petite"
            " valeur que l’on verrait quatre fois sur cinq (chiffre ponctuel). Changés : membres dont le profil le plus probable change.",
            ["Question", "#Réponses", "#Valeur", "#Visible", "#Changés", "Réponses vendables"],
            rows,
            source,
            wide=(3, 2),
        ),
        "catalogue": Table(
            "D’où viennent les parts des réponses. Les penchants et leur force sont des hypothèses partout.",
            ["Question posée", "Parts des réponses", "#Répondent"],
            [
                [row.asked, "hypothèse" if row.source == "hypothesis" else row.source, percent(row.declared)]
                for row in declared[declared.figure == "answered"].itertuples()
            ],
            network.source("synthetic_variables"),
            wide=(3, 4),
        ),
    }
    if points:
        title = "Valeur de chaque question, millièmes de nat par article"
        shown["valeurs"] = Figure(
            "Valeur de chaque question et intervalle à 90 %. Plein : vue au seuil de 5 %. Zéro : les mêmes réponses, permutées.",
            intervals_chart(points, title=title, axis="millièmes de nat par article", ticks="la plus petite valeur visible"),
            "Valeur par question : " + " ; ".join(f"{each['label']} {number(each['value'], 1)}" for each in points) + ".",
            source,
        )
    seen = [each for each in told if each["is_seen"]]
    sure = [each for each in seen if each["verdict"] == "dit quelque chose"]
    facts = {
        "count": len(told),
        "seen": len(seen),
        "sure": len(sure),
        "best": sure[0] if sure else None,
        "others": listed([each["label"] for each in seen if each not in sure]),
        "most_changed": percent(values[values.measure == "labels_changed"].value.max(), 1),
        "smallest": listed([number(1000 * edge, 1) for edge in (measured.smallest.min(), measured.smallest.max())]),
        "has_figure": bool(points),
        "hypotheses": int((declared.source == "hypothesis").sum()),
        "source": source,
    }
    return Part(facts, shown)


def forecast_part(network: Network) -> Part:
    """Visits to come: error beside the same hour a week before, and how often intervals hold."""
    quality = network.frames["forecast_quality"]
    if quality.empty:
        return Part(None)
    told = quality.pivot_table(index="horizon_weeks", columns="measure", values="value")
    rows = [
        [
            counted(int(weeks), "semaine", "semaines"),
            number(row.get("error"), 2),
            number(row.get("error_ratio"), 2),
            percent(row.get("held"), 1),
            number(row.get("origins")),
        ]
        for weeks, row in told.iterrows()
    ]
    table = Table(
        "Prévision des passages par boutique et heure, à rebours sur des origines glissantes : erreur absolue moyenne (tickets), rapportée"
        " à celle de la même heure une semaine avant, et part des heures dans leur intervalle à 90 % (chiffres ponctuels).",
        ["Horizon", "#Erreur", "#Rapport", "#Dans l’intervalle", "#Origines"],
        rows,
        network.source("forecast_quality"),
    )
    first = told.iloc[0]
    return Part({"ratio": number(first.get("error_ratio"), 2), "held": percent(first.get("held"), 1)}, {"prevision": table})

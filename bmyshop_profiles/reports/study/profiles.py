"""Results on a month of a lake: profiles, and the projection of one receipt.

Belongs here: which rows of which tables, in which words. Does not belong here: what is seen (`visits.py`), audiences and values
(`sold.py`), prose (`templates/`).
"""

from typing import Any

import pandas as pd

from bmyshop_profiles.reports.study.blocks import Figure, Table
from bmyshop_profiles.reports.study.charts import intervals_chart, series_chart
from bmyshop_profiles.reports.study.sources import Network
from bmyshop_profiles.reports.study.telling import Part, share_with_interval, with_interval
from bmyshop_profiles.reports.words import counted, lower_first, month_name, number, percent, span

VERDICTS = {"published": "publié", "flagged": "à confirmer", "withheld": "retenu", "": "non jugé"}
TARGETS = {"profile": "profil", "sex": "sexe", "age_band": "tranche d’âge"}
VARIANTS = {"everybody": "sans les tickets anonymes", "topics": "avec les tickets anonymes"}
NINETY = 1.645  # standard errors on each side of a 90 % interval


def profiles_part(network: Network) -> Part:
    """Question 1: how many profiles, what they say, what they are like."""
    profiles, quality = network.frames["profiles"], network.frames["typology_quality"].set_index("measure")
    gates = network.frames["profile_quality"]
    if profiles.empty or gates.empty or "held_out_gain" not in quality.index:
        return Part(None)
    told = {name: quality.loc[name].to_dict() for name in ("held_out_gain", "kmeans", "above_kmeans", "shuffled")}
    own = profiles.drop(columns="verdict").merge(gates, on="profile_key").rename(columns={"held_out_gain": "value"})
    own = own.sort_values("members_count", ascending=False)
    rows = own.to_dict("records")
    continuum = quality.loc["above_continuum"].to_dict() if "above_continuum" in quality.index else None
    shown: dict[str, Table | Figure] = {
        "qualite": Table(
            "Ce que le profil d’un membre, lu sur une moitié de ses tickets, dit de l’autre moitié : gain tenu, en nats par article, de"
            " membres que le calcul n’a pas vus. Zéro : la répartition de tous.",
            ["Typologie", "#Gain [90 %]", "#Membres"],
            [
                [label, with_interval(told[name], 4), number(told[name]["people_count"])]
                for name, label in (
                    ("held_out_gain", "La nôtre"),
                    ("kmeans", "K-moyennes, autant de groupes"),
                    ("above_kmeans", "La nôtre moins les k-moyennes (apparié)"),
                    ("shuffled", "La nôtre, tickets échangés entre membres"),
                )
            ],
            network.source("typology_quality"),
        ),
        "profils": Table(
            "Les profils. Retour : indice de Jaccard avec son meilleur semblable quand tout est refait sur la moitié des membres, en"
            " moyenne et dans neuf cas sur dix. Gain tenu : nats par article. Hasard : 95 % des profils de tickets mêlés sont dessous.",
            ["Profil", "#Membres", "#Retour", "#Gain [90 %]", "#Hasard", "Porte"],
            [
                [
                    row["profile_name"],
                    f"{number(row['members_count'])} ({percent(row['members_share'])})",
                    f"{number(row['jaccard'], 2)} ; {number(row['jaccard_low'], 2)}",
                    with_interval(row),
                    number(row["shuffled_gain"], 3),
                    VERDICTS[row["verdict"]],
                ]
                for row in rows
            ],
            network.source("profiles", "profile_quality"),
        ),
        "gains": _gains(rows, network),
        **_number_of_profiles(network),
        **_cards(rows, network),
    }
    drift = network.frames["typology_drift"]
    facts = {
        "count": len(rows),
        "published": sum(row["verdict"] == "published" for row in rows),
        "gain": with_interval(told["held_out_gain"], 4),
        "gain_is_sure": told["held_out_gain"]["low"] > 0,
        "people": number(told["held_out_gain"]["people_count"]),
        "kmeans": with_interval(told["kmeans"], 4),
        "above_kmeans": with_interval(told["above_kmeans"], 4),
        "beats_kmeans": told["above_kmeans"]["low"] > 0,
        "loses_to_kmeans": told["above_kmeans"]["high"] < 0,
        "shuffled": with_interval(told["shuffled"], 4),
        "natural": continuum["verdict"] if continuum else "not_enough_draws",
        "above_continuum": with_interval(continuum, 4) if continuum and pd.notna(continuum["value"]) else "",
        "drift": _drift(drift.iloc[0]) if len(drift) and pd.notna(drift.iloc[0].lost) else None,
        "has_numbers": "nombre" in shown,
        "has_cards": "fiches" in shown,
    }
    return Part(facts, shown)


def _gains(rows: list[dict[str, Any]], network: Network) -> Figure:
    title = "Gain tenu de chaque profil"
    points = [
        {"label": row["profile_name"], "value": row["value"], "low": row["low"], "high": row["high"], "tick": row["shuffled_gain"]}
        for row in rows
    ]
    return Figure(
        "Gain tenu de chaque profil, intervalle à 90 % par personne. Zéro : le profil ne dit rien des autres tickets.",
        intervals_chart(points, title=title, axis="nats par article", ticks="95 % des profils de tickets mêlés sont dessous"),
        "Un point et un intervalle par profil : " + " ; ".join(f"{row['profile_name']} {with_interval(row)}" for row in rows) + ".",
        network.source("profile_quality"),
    )


def _number_of_profiles(network: Network) -> dict[str, Table | Figure]:
    numbers = network.frames["typology_numbers"]
    if numbers.empty or numbers.jaccard.isna().all():
        return {}
    least = numbers.groupby(["profiles_count", "rounds"], as_index=False).agg(
        value=("jaccard", "min"), gain=("held_out_gain", "first"), error=("standard_error", "first"), chosen=("is_chosen", "any")
    )
    least = least.assign(series=[counted(int(rounds), "tour", "tours") for rounds in least.rounds], x=least.profiles_count)
    gains = least.assign(value=least.gain, low=least.gain - NINETY * least.error, high=least.gain + NINETY * least.error)
    source, chosen = network.source("typology_numbers"), least[least.chosen]
    kept = f"Cerclé : le nombre gardé, {int(chosen.x.iloc[0])}." if len(chosen) else ""
    return {
        "nombre": Figure(
            "Le profil le moins stable de chaque nombre de profils essayé : indice de Jaccard moyen sur des moitiés des membres (chiffre"
            f" ponctuel). {kept}".strip(),
            series_chart(
                least[["series", "x", "value", "chosen"]].to_dict("records"),
                title="Stabilité du profil le moins stable",
                x="nombre de profils",
                y="indice de Jaccard",
                threshold=(0.75, "seuil : 0,75"),
            ),
            "Indice de Jaccard par nombre de profils : " + _series_words(least, 2) + ".",
            source,
        ),
        "gain-nombre": Figure(
            f"Gain tenu selon le nombre de profils, intervalle à 90 %. {kept}".strip(),
            series_chart(
                gains[["series", "x", "value", "low", "high", "chosen"]].to_dict("records"),
                title="Gain tenu selon le nombre",
                x="nombre de profils",
                y="nats par article",
            ),
            "Gain tenu par nombre de profils : " + _series_words(gains, 3) + ".",
            source,
        ),
    }


def _series_words(frame: pd.DataFrame, digits: int) -> str:
    return " ; ".join(
        f"{series} : {', '.join(f'{number(row.x)} profils {number(row.value, digits)}' for row in own.itertuples())}"
        for series, own in frame.groupby("series", sort=False)
    )


def _cards(rows: list[dict[str, Any]], network: Network) -> dict[str, Table | Figure]:
    cards = network.frames["profile_cards"]
    told = []
    for row in rows:
        own = cards[cards.profile_key == row["profile_key"]].sort_values("place")
        more, less = (
            " ; ".join(
                f"{lower_first(each.label)} × {number(each.value, 1)} {span(each.low, each.high)}"
                for each in own[own.section == section].head(3).itertuples()
            )
            for section in ("more", "less")
        )
        told.append([row["profile_name"], more or "–", less or "–"])
    if cards.empty:
        return {}
    caption = (
        "Ce que chaque profil achète plus et moins que tous les membres : rapport des parts d’articles, avec son intervalle à 90 %"
        " (1 : autant que tous). Membres rangés par une moitié de leurs tickets, décrits par l’autre."
    )
    return {"fiches": Table(caption, ["Profil", "Plus", "Moins"], told, network.source("profile_cards"), wide=(2, 4, 4))}


def _drift(row: Any) -> dict[str, str]:
    return {
        "reference": month_name(str(row.reference_month)),
        "frozen": number(row.frozen_gain, 4),
        "fresh": number(row.fresh_gain, 4),
        "lost": f"{number(row.lost, 4)} {span(row.low, row.high, 4)}",
    }


def projection_part(network: Network) -> Part:
    """Question 2: what one receipt says of its buyer."""
    quality = network.frames["projection_quality"]
    if quality.empty:
        return Part(None)
    rows, points, facts, alone = [], [], {}, {}
    for (target, variant), own in sorted(
        quality.groupby(["target", "variant"]), key=lambda each: (list(TARGETS).index(each[0][0]), each[0][1])
    ):
        figures = {(row.measure, row.subject): row for row in own.itertuples()}
        loss, right, place = figures["log_loss", "difference"], figures["accuracy", "difference"], figures["log_loss", "place_difference"]
        label = f"{TARGETS[target]}, {VARIANTS[variant]}"
        rows.append(
            [
                label,
                number(figures["log_loss", "prior"].value, 3),
                with_interval(loss),
                with_interval(place),
                " → ".join(percent(figures["accuracy", each].value) for each in ("prior", "posterior", "placed")),
                f"{number(loss.receipts_count)} ({number(loss.people_count)})",
            ]
        )
        points.append({"label": label, "value": loss.value, "low": loss.low, "high": loss.high, "sure": loss.high < 0})
        if variant == "everybody":
            alone[target] = loss
        else:
            facts[target] = {
                "alone": with_interval(alone[target]),
                "is_alike": loss.low <= alone[target].high and alone[target].low <= loss.high,
                "loss": with_interval(loss),
                "prior": number(figures["log_loss", "prior"].value, 2),
                "posterior": number(figures["log_loss", "posterior"].value, 2),
                "known": percent(-loss.value / figures["log_loss", "prior"].value, 1),
                "is_sure": loss.high < 0,
                "accuracy": percent(figures["accuracy", "posterior"].value),
                "prior_accuracy": percent(figures["accuracy", "prior"].value),
                "accuracy_points": f"{number(100 * right.value, 1)} {span(100 * right.low, 100 * right.high)}",
                "raises_accuracy": right.low > 0,
                "calibration": share_with_interval(figures["calibration_error", "posterior"]),
                "place": with_interval(place),
                "is_place_sure": place.high < 0,
                "placed_accuracy": percent(figures["accuracy", "placed"].value),
            }
    source = network.source("projection_quality")
    title = "Perte logarithmique d’un ticket moins celle de l’a priori"
    return Part(
        {"targets": facts, "source": source},
        {
            "projection": Table(
                "Ce qu’un seul ticket dit de son acheteur, chez des membres que l’ajustement n’a pas vus. Perte logarithmique en nats :"
                " plus bas vaut mieux. Différences avec l’a priori (les parts de tous), appariées, intervalle à 90 % par personne."
                " Lieu : ce que la boutique, son type et le créneau enlèvent en plus. Exactitude : a priori, articles, articles et lieu.",
                [
                    "Cible",
                    "#Perte de l’a priori",
                    "#Différence",
                    "#Lieu, en plus",
                    "#Exactitude",
                    "#Articles (points)",
                    "#Tickets (membres)",
                ],
                rows,
                source,
            ),
            "perte": Figure(
                "Ce qu’un ticket enlève à la perte logarithmique de l’a priori (0). À gauche de 0 : le ticket dit quelque chose.",
                intervals_chart(points, title=title, axis="nats par ticket"),
                "Différence de perte logarithmique : " + " ; ".join(f"{each['label']} {with_interval(each)}" for each in points) + ".",
                source,
            ),
        },
    )

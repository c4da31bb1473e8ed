"""How sure a figure is, in French sentences: its grade, its interval, how it is known. Pure.

Belongs here: words. Does not belong here: any figure that is not handed over.
"""

from typing import Any

from bmyshop_profiles.questions.published import GRADES
from bmyshop_profiles.reports import words

INTERVAL = "Entre crochets, l’intervalle à 90 % : neuf fois sur dix, la vraie part devrait s’y trouver."
HOW = {
    "seen": "compté sur tous les tickets de la boutique, de membres ou non. Rien n’est déduit des personnes.",
    "sure": "déduit des achats : le profil se retrouve sur des moitiés de membres tirées au sort, et l’on connaît la plupart des écarts "
    "entre boutiques.",
    "indicative": "déduit des achats, et moins sûr : à présenter comme une indication.",
}


def of_grade(grade: str) -> str:
    """Observé : compté sur…"""
    return f"{GRADES[grade].capitalize()} : {HOW[grade]}"


def of_group(group: dict[str, Any], k: int) -> list[str]:
    """Of a group's share in shops. group: grade, kind, share, low_share, high_share over the network; k: least receipts that are told."""
    told = [
        of_grade(group["grade"]),
        INTERVAL,
        f"Sur tout le réseau : {words.percent(group['share'], 1)} {words.interval(group['low_share'], group['high_share'], 1)}.",
    ]
    if group["grade"] == "seen":
        told.append(
            "La part d’une boutique de peu de passages est rapprochée de ce que le réseau fait attendre ; l’intervalle en tient compte."
        )
    else:
        told.append("Peu de boutiques diffèrent sûrement du réseau : lisez l’intervalle avant l’indice.")
    return [*told, hidden(k)]


def hidden(k: int) -> str:
    """What is not shown."""
    return f"En dessous de {k} passages ou de {k} personnes, rien n’est publié ; un groupe jamais vu dans une boutique n’y a pas de part."


def of_ranking(sort: str) -> str:
    """Why the order does not follow the share itself."""
    what = "la part" if sort == "part" else "le nombre de passages du groupe"
    return (
        f"Le classement suit le bas de l’intervalle : {what} dont on est presque sûr. Une petite boutique mal connue ne passe pas devant."
    )


def of_hours(k: int) -> list[str]:
    """Of receipts by weekday and hour."""
    return [
        "Observé : nombre de tickets du mois, tous comptés ; il n’y a pas d’intervalle, car rien n’est estimé.",
        "Un mois n’a pas autant de lundis que de mardis : comparez surtout les heures d’un même jour.",
        f"« · » : moins de {k} tickets, non publié.",
    ]


def of_moments(grade: str) -> list[str]:
    """Of a group's share by weekday and daypart."""
    coloured = "En couleur : l’intervalle entier est au-dessus (orange) ou au-dessous (bleu) de la part de toute la semaine."
    if grade == "seen":
        return [
            of_grade(grade),
            INTERVAL,
            coloured,
            "Sur les trois derniers mois ensemble. « · » : trop peu de passages à ce moment, non publié.",
        ]
    return [of_grade(grade), INTERVAL, coloured, "Par créneau seulement, sur le mois : un profil n’est pas estimé par jour de la semaine."]


def of_comparison() -> list[str]:
    """Of two shops side by side."""
    return [
        "« Écart sûr » : les deux intervalles à 90 % ne se touchent pas. Sinon l’écart peut n’être que du hasard.",
        INTERVAL,
        "Le grade dit comment la part est connue : observée sur les tickets, ou estimée.",
    ]

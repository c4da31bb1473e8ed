"""The bars that benchmarks set themselves before they measured, in French: which are met, which are missed. Pure."""

from collections.abc import Mapping
from typing import Any

from bmyshop_profiles.reports.study.blocks import Table
from bmyshop_profiles.reports.study.sources import Kept
from bmyshop_profiles.reports.study.telling import DATA, Part
from bmyshop_profiles.reports.words import number

TITLES = {
    "typology.sold": "Profils vendables",
    "missions.missions": "Missions",
    "projection.receipts": "Un ticket",
    "projection.age": "Un ticket, l’âge",
    "projection.ceiling": "Un ticket, plafond",
    "audience.real_places": "Lieux réels",
    "enrichment.value": "Valeur d’une variable",
    "enrichment.candidates": "Mesures candidates",
    "enrichment.twins": "Jumeaux",
    "media.forecast": "Prévision",
    "media.plan": "Plans",
    "platform.backfill": "Plateforme",
}
PLACES = {
    **DATA,
    "stores, members a half": "magasins, une personne sur deux membre",
    "stores, members a fifth": "magasins, une sur cinq",
    "stores, members a fifth, biased": "magasins, une sur cinq, biaisées",
    "stores, members a half, level estimated": "magasins, une sur deux, niveau estimé",
    "stores, members a fifth, level estimated": "magasins, une sur cinq, niveau estimé",
    "stores, members a fifth, biased, level estimated": "magasins, une sur cinq, biaisées, niveau estimé",
    "areas": "quartiers",
    "quiet months": "mois sans événement",
}
WHAT = {
    "skill": "part de l’erreur enlevée",
    "least skill": "part de l’erreur enlevée, au moins",
    "interval score below the best constant's": "score d’intervalle, sous la meilleure constante",
    "intervals hold": "intervalles qui contiennent la vérité",
    "intervals hold, least": "intervalles qui tiennent, au moins",
    "intervals hold, most": "intervalles qui tiennent, au plus",
    "error ÷ a week before": "erreur ÷ celle d’une semaine avant",
    "every profile kept comes back": "chaque profil gardé revient",
    "and on half subsets that did not choose it": "il revient sur des moitiés qui ne l’ont pas choisi",
    "share of people in a profile": "part des personnes dans un profil",
    "gain of 16": "gain de seize profils",
    "profiles": "profils",
    "of the gain of 8": "part du gain de huit profils",
    "nats per article": "nats par article",
    "missions": "missions",
    "above k-means, low end": "gain sur les k-moyennes, bas",
    "above k-means, rounds by the likeliest, low end": "gain sur les k-moyennes, tours par la plus probable, bas",
    "above k-means, same rounds, low end": "gain sur les k-moyennes, mêmes tours, bas",
    "other visits": "autres visites",
    "contrasts, of what noise allows": "contrastes, de ce que permet le bruit",
    "largest move of a mission, of itself": "plus grand mouvement d’une mission, relatif",
    "scoring ÷ count by receipt": "temps pour ranger ÷ temps pour compter les tickets",
    "order of 12 planted values: Kendall, mean over worlds": "ordre de 12 valeurs plantées : Kendall, moyenne des mondes",
    "decoys found worth something, of 100": "leurres trouvés utiles, sur 100",
    "answers not at random: value in its interval": "réponses non au hasard : valeur dans son intervalle",
    "one ratio per answer: deviations above permuted, as far as each profile and answer": "un rapport par réponse : écarts au-dessus des"
    " permutées, autant que par profil et réponse",
    "slope on planted, The Complete Journey": "pente sur le planté, The Complete Journey",
    "slope on planted, Ta-Feng": "pente sur le planté, Ta-Feng",
    "rank correlation over 9 answers": "corrélation des rangs sur 9 réponses",
    "slope over 9 answers": "pente sur 9 réponses",
    "unlabelled receipts, 120 members, upper end": "tickets sans étiquette, 120 membres, haut",
    "unlabelled receipts, worst": "tickets sans étiquette, au pire",
    "items less evidence, worst": "poids des articles moins évidence, au pire",
    "place less items, worst": "lieu en plus, au pire",
    "place less items, all members, upper end": "lieu en plus, tous les membres, haut",
    "log-loss of what is served": "perte de ce qui est servi",
    "lower end of served less ridge (not surely worse)": "bas de servi moins ridge (pas sûrement pire)",
    "upper end of served less evidence alone": "haut de servi moins évidence seule",
    "share of the ceiling, 500 members": "part du plafond, 500 membres",
    "share of the ceiling, 2000 members": "part du plafond, 2 000 membres",
    "calibration error at 1, 2, 3 items and more, 500 members": "erreur de calibration au pire, 500 membres",
    "calibration error at 1, 2, 3 items and more, 2000 members": "erreur de calibration au pire, 2 000 membres",
    "briefs": "briefs jugés",
    "from traffic alone to the best possible": "chemin du trafic seul au meilleur possible",
    "intervals of plans hold, least": "intervalles des plans qui tiennent, au moins",
    "intervals of plans hold, most": "intervalles des plans qui tiennent, au plus",
    "seconds, 300 screens taken": "secondes, 300 écrans pris",
    "seconds, all taken": "secondes, tous pris",
}
COUNTED = "platform.backfill"  # of which only the number is told: its bars are equalities of runs


def bars_part(results: Mapping[str, Kept]) -> Part:
    """All bars, those of each benchmark together."""
    rows, missed = [], []
    for name, title in TITLES.items():
        bars = results[name].bars
        if name == COUNTED:
            met = sum(bool(bar["met"]) for bar in bars.values())
            rows.append([title, "égalités entre exécutions tenues", number(met), f"= {len(bars)}", "oui" if met == len(bars) else "non"])
            continue
        for bar_name, bar in bars.items():
            words = in_french(bar_name)
            rows.append([title, words, told(bar["value"]), target(bar), "oui" if bar["met"] else "non"])
            if not bar["met"]:
                missed.append(f"{words} ({told(bar['value'])}, barre {target(bar)})")
    caption = "Toutes les barres, fixées avant la mesure : valeur mesurée (chiffre ponctuel), barre, tenue ou non."
    source = "Source : fichiers `benchmarks/results/*.json` ; commandes et dates sous les tableaux de cette partie."
    table = Table(caption, ["Banc d’essai", "Mesure", "#Mesuré", "#Barre", "Tenue"], rows, source, wide=(2, 5, 1))
    facts = {
        "count": number(len(rows)),
        "met": number(sum(row[-1] == "oui" for row in rows)),
        "missed": missed,
        "missed_words": " ; ".join(missed),
    }
    return Part(facts, {"barres": table})


def in_french(name: str) -> str:
    """The name of a bar. KeyError: nobody has said it in French."""
    if name in WHAT:
        return WHAT[name]
    place, _, what = name.partition(": ")
    return f"{PLACES[place]} : {WHAT[what]}"


def target(bar: Mapping[str, Any]) -> str:
    """What was to be reached, and on which side of it."""
    value, wanted = bar["value"], bar["target"]
    if isinstance(wanted, list) and len(wanted) == 2:
        return f"[{told(wanted[0])}\u00a0; {told(wanted[1])}]"
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return told(wanted)
    side = "=" if value == wanted else "≥" if (value > wanted) == bool(bar["met"]) else "≤"
    return f"{side} {told(wanted)}"


def told(value: Any) -> str:
    """A measured value: three digits that count."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, float):
        size = abs(value)
        return number(value, 0 if value == int(value) else 1 if size >= 10 else 2 if size >= 1 else 3)
    return str(value).replace(".", ",")

"""Results on public data and on worlds of which the truth is known, from the kept results of benchmarks.

Belongs here: which figures of which benchmark, in which words. Does not belong here: values of variables (`public_value.py`), bars
(`bars.py`), prose (`templates/`).
"""

from bmyshop_profiles.reports.study.blocks import Figure, Table
from bmyshop_profiles.reports.study.charts import intervals_chart, series_chart
from bmyshop_profiles.reports.study.sources import Kept
from bmyshop_profiles.reports.study.telling import DATA, PEOPLE, Part, share_with_interval, triple, with_interval
from bmyshop_profiles.reports.words import number, percent

METHODS = {
    "density": "départ par densité (servi)",
    "k-means": "k-moyennes",
    "k-means, rounds by the likeliest": "k-moyennes, tours par la plus probable",
    "k-means, same rounds": "k-moyennes, mêmes tours",
    "LDA": "LDA",
}
PLACES = {
    "stores, half": "magasins, une personne sur deux membre",
    "stores, fifth": "magasins, une sur cinq",
    "stores, fifth, biased": "magasins, une sur cinq, biaisées",
}
ESTIMATES = {
    "small area": "petit domaine (servi)",
    "mean posterior": "posterior moyen",
    "deconvolution": "déconvolution",
    "members alone": "membres seuls",
}


def typology_part(kept: Kept) -> Part:
    """How many profiles come back among real people, and what those say."""
    rows, points, facts = [], [], {}
    for data, label in PEOPLE.items():
        own = kept.figures[data]
        chosen = own["kept"]
        rows.append(
            [
                label,
                number(chosen["profiles"]),
                f"{number(min(chosen['again_jaccard']), 2)} ; {number(min(chosen['again_nine_of_ten']), 2)}",
                number(chosen["gain"], 4),
                percent(chosen["of_the_gain_of_most"]),
                percent(chosen["share_of_people_in_one"]),
                with_interval(triple(own["kmeans - density"])),
            ]
        )
        for start, words in (("kmeans", "k-moyennes"), ("density", "HDBSCAN")):
            points += [
                {"series": f"{label}, {words}", "x": count, "value": own[f"{start} {count}"]["jaccard"]}
                for count in range(2, 9)
                if f"{start} {count}" in own
            ]
        facts[data] = {
            "profiles": chosen["profiles"],
            "gain": number(chosen["gain"], 4),
            "paired": with_interval(triple(own["kmeans - density"])),
        }
    table = Table(
        "Typologies de personnes réelles. Retour du profil le moins stable sur des moitiés qui n’ont pas choisi le nombre : Jaccard moyen,"
        " et dans neuf cas sur dix. Gain tenu : nats par article (chiffre ponctuel ; zéro : la répartition de tous), et sa part du gain de"
        " huit profils. Dernière colonne : Jaccard des k-moyennes moins celui d’HDBSCAN, apparié, à 90 %.",
        ["Données", "#Profils", "#Retour", "#Gain", "#Part", "#Rangés", "#K-moyennes − HDBSCAN"],
        rows,
        kept.source,
    )
    figure = Figure(
        "Stabilité du profil le moins stable, selon le nombre et le départ, chez des personnes réelles (chiffres ponctuels).",
        series_chart(
            points,
            title="Stabilité chez des personnes réelles",
            x="nombre de profils",
            y="indice de Jaccard",
            threshold=(0.75, "seuil : 0,75"),
        ),
        "Jaccard par nombre de profils : "
        + " ; ".join(
            f"{name} : {', '.join(number(each['value'], 2) for each in points if each['series'] == name)}"
            for name in dict.fromkeys(each["series"] for each in points)
        )
        + ".",
        kept.source,
    )
    simulated = kept.figures["simulated"]["kept"]
    facts["simulated"] = {
        "profiles": simulated["profiles"],
        "again": number(min(simulated["again_jaccard"]), 2),
        "part": percent(simulated["of_the_gain_of_most"]),
    }
    return Part(facts, {"vendables": table, "retour-reel": figure})


def missions_part(kept: Kept) -> Part:
    """Missions of real receipts, beside other ways to find them."""
    rows, facts = [], {}
    for world, label in (("bakery", "boulangerie"), ("complete_journey", "The Complete Journey"), ("simulated", "réseau simulé")):
        for each in kept.figures["worlds"][world]["said"]:
            said = {"value": each["nats per article"], "low": each["low"], "high": each["high"]}
            above = {"value": each["density is above by"], "low": each["from"], "high": each["to"]}
            is_ours = each["method"] == "density"
            rows.append([label, METHODS[each["method"]], with_interval(said), "–" if is_ours else with_interval(above)])
            facts[f"{world} {each['method']}"] = with_interval(said if is_ours else above)
    table = Table(
        "Ce que la moitié d’un ticket dit de l’autre par sa mission : nats par article, intervalle à 90 %. Zéro : la répartition de tous,"
        " sans remise. Dernière colonne : ce que le départ servi gagne de plus, apparié.",
        ["Données", "Méthode", "#Gain", "#Départ servi moins elle"],
        rows,
        kept.source,
    )
    return Part(facts, {"missions-publiques": table})


def places_part(kept: Kept) -> Part:
    """Audiences of real stores and areas, whose mix is known and was planted by nobody."""
    rows, points = [], []
    for place, label in PLACES.items():
        own = kept.figures[place]
        rows += [[label, words, number(own[name], 2)] for name, words in ESTIMATES.items()]
        points += [
            {
                "label": f"{label.removeprefix('magasins, ').replace('une personne sur deux membre', 'une sur deux')} : {words}",
                "value": own[name],
                "low": own[name],
                "high": own[name],
            }
            for name, words in ESTIMATES.items()
        ]
    areas = kept.figures["areas"]
    half, fifth, biased = (kept.figures[place] for place in PLACES)
    widths = [
        [
            label,
            percent(own["coverage"], 1),
            number(own["interval_score"], 3),
            number(own["best_constant"], 3),
            number(own["small area"] if "small area" in own else own["skill"], 2),
        ]
        for label, own in (*((label, kept.figures[place]) for place, label in PLACES.items()), ("quartiers de Ta-Feng", areas))
    ]
    shown: dict[str, Table | Figure] = {
        "lieux-figure": Figure(
            "Part de l’erreur quadratique enlevée par rapport au vrai mélange du réseau servi partout (0), dans les magasins de The"
            " Complete Journey. Chiffres ponctuels. Plein : la méthode servie.",
            intervals_chart(
                [{**each, "sure": "servi" in each["label"]} for each in points],
                title="Magasins réels : part de l’erreur enlevée",
                axis="1 = sans erreur ; sous 0 = pire que le mélange du réseau",
            ),
            "Part de l’erreur enlevée : " + " ; ".join(f"{each['label']} {number(each['value'], 2)}" for each in points) + ".",
            kept.source,
        ),
        "lieux": Table(
            "Les intervalles à 90 % des mélanges de lieux réels : part qui contient la vérité ; score d’intervalle (plus bas vaut mieux), à"
            " côté de celui de la meilleure largeur constante ; part de l’erreur enlevée. Chiffres ponctuels.",
            ["Lieux", "#Contiennent la vérité", "#Score", "#Constante", "#Erreur enlevée"],
            widths,
            kept.source,
        ),
    }
    facts = {
        "half": percent(half["small area"]),
        "fifth": percent(fifth["small area"]),
        "biased": percent(biased["small area"]),
        "biased_mean": percent(biased["mean posterior"]),
        "least": percent(min(half["least"], fifth["least"], biased["least"])),
        "areas": percent(areas["skill"]),
        "members_alone": number(fifth["members alone"], 2),
        "mean_posterior": percent(fifth["mean posterior"]),
        "deconvolution": percent(fifth["deconvolution"]),
        "coverage": [percent(min(each["coverage"] for each in (half, fifth, biased))), percent(areas["coverage"])],
    }
    return Part(facts, shown)


def media_part(forecast: Kept, plan: Kept) -> Part:
    """Forecasts and plans, judged on what came."""
    rows = [
        [
            DATA[world],
            number(own["÷ a week before"], 2),
            number(own["÷ last week known"], 2),
            percent(own["held"], 1),
            f"{number(own['hours'])} heures, {number(own['shops'])} boutique{'s' if own['shops'] > 1 else ''}",
        ]
        for world, own in forecast.figures.items()
    ]
    told = plan.figures["all"]
    facts = {
        "bakery": number(forecast.figures["bakery"]["÷ a week before"], 2),
        "briefs": number(told["briefs"]),
        "best": percent(told["of the best"], 1),
        "traffic": percent(told["of the best, by traffic"], 1),
        "held": share_with_interval(_binomial(told["held"], told["briefs"])),
        "seconds": number(plan.figures["seconds, all taken"], 1),
        "source": plan.source,
    }
    table = Table(
        "Prévision des passages quatre semaines à l’avance : erreur absolue moyenne rapportée à celle de deux références, et part des"
        " heures dans leur intervalle à 90 % (chiffres ponctuels).",
        ["Données", "#÷ même heure, une semaine avant", "#÷ dernière semaine connue", "#Dans l’intervalle", "#Jugée sur"],
        rows,
        forecast.source,
    )
    return Part(facts, {"previsions-publiques": table})


def _binomial(share: float, count: int) -> dict[str, float]:
    error = 1.645 * float((share * (1 - share) / count) ** 0.5)
    return {"value": share, "low": share - error, "high": min(share + error, 1.0)}

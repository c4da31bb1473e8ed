"""The study's text and all it shows, put together from what each part found.

Belongs here: the summary, the map from what was asked to where it is answered, the order of parts. Does not belong here: figures of a part.
"""

import functools
from collections.abc import Mapping
from typing import Any

import jinja2

from bmyshop_profiles.reports import words
from bmyshop_profiles.reports.study import bars, literature, profiles, public, public_receipts, public_value, sold, visits
from bmyshop_profiles.reports.study.advice import advice_table
from bmyshop_profiles.reports.study.blocks import Block, Figure, Marked, Table, blocks, plain
from bmyshop_profiles.reports.study.sources import Kept, Network, span_of
from bmyshop_profiles.reports.study.telling import listed

# what the project was asked for, in our words → tables of the lake, and tables, figures and chapters here
ASKED = (
    (
        "Des caisses de boutiques de proximité (boulangeries, bureaux de tabac…) ont un second écran, tourné vers le client, où passe de la"
        " publicité. On sait quelle est la boutique, non qui est le client.",
        ("stores", "receipts", "store_visits"),
        ("la-question", "donnees"),
    ),
    (
        "Une application de fidélité relie quelques clients à leurs achats ; elle n’en sait que le nom, le prénom et l’âge. Ils sont peu,"
        " à côté des anonymes.",
        ("members", "member_demographics"),
        ("donnees", "ce-que-lon-sinterdit"),
    ),
    (
        "Caractériser les types de clients qui viennent et les croiser avec les boutiques, pour qualifier l’audience et vendre un espace"
        " publicitaire plus pertinent.",
        ("seen_audience", "store_audience", "group_grades"),
        ("missions", "audiences", "niveaux"),
    ),
    (
        "Question 1, les profils : typologies tirées des tickets et de ce que l’on sait de la personne, enrichies de sources extérieures"
        " (prénoms par génération, socio-démographie de la zone).",
        ("member_clusters", "profiles", "profile_quality", "profile_cards", "first_names", "zones"),
        ("qualite", "profils", "fiches", "vendables"),
    ),
    (
        "Question 2, la projection sur les clients anonymes : relier le comportement d’achat aux profils, pour en inférer des"
        " caractéristiques utiles.",
        ("item_evidence", "projection_quality", "audience_quality"),
        ("projection", "perte", "tickets-reels", "laisses", "lieux"),
    ),
    (
        "Question 3, de nouvelles variables : ce que d’autres caractéristiques feraient à la qualité des profils, avec des données"
        " synthétiques adaptées.",
        ("synthetic_variables", "variable_value"),
        ("questions", "catalogue", "plantees", "jumeaux", "cellules"),
    ),
    (
        "Livrer un état des techniques d’apprentissage pour ces besoins (semi-supervisé), des prototypes qui montrent la faisabilité sur"
        " les données du vendeur (environ 100 Go), un rapport de synthèse.",
        ("monthly_report",),
        ("ce-que-lon-sait", "les-pièces-et-la-règle-déchelle", "résumé"),
    ),
    (
        "Les prototypes sont des démonstrateurs. Mots-clés : analyse de données, apprentissage automatique, personnalisation, prédiction,"
        " regroupement, semi-supervisé.",
        ("visits_forecast", "store_audience"),
        ("barres", "limites", "refaire-ces-chiffres"),
    ),
)
ROOMS = (
    ("ingestion", "Des fichiers bruts aux lignes de tickets ; registre des lignes refusées."),
    ("references", "Prénoms par année de naissance, survie, communes, familles d’articles."),
    ("features", "Sommes mensuelles par membre et par boutique ; fenêtres de douze mois au plus."),
    ("missions", "Typologie des visites, membres ou non."),
    ("typology", "Typologie des membres ; sa valeur, sa vie dans le temps, ses fiches."),
    ("projection", "Ce qu’un ticket dit de son acheteur."),
    ("audience", "Mélange d’une boutique et d’un créneau ; niveaux de vente."),
    ("enrichment", "Valeur d’une variable de plus."),
    ("reports, media, explorer", "Rapport du mois, cette étude, prévision des passages, plans d’écrans, page pour regarder."),
)


def study_blocks(network: Network, results: Mapping[str, Kept], review: literature.Review) -> list[Block]:
    """The whole study. results: by benchmark, as `read_results`."""
    parts = {
        "data": visits.data_part(network),
        "visits": visits.visits_part(network),
        "profiles": profiles.profiles_part(network),
        "projection": profiles.projection_part(network),
        "audience": sold.audience_part(network),
        "grades": sold.grades_part(network),
        "value": sold.value_part(network),
        "forecast": sold.forecast_part(network),
        "public_typology": public.typology_part(results["typology.sold"]),
        "public_missions": public.missions_part(results["missions.missions"]),
        "public_receipts": public_receipts.receipts_part(*(results[f"projection.{name}"] for name in ("receipts", "age", "ceiling"))),
        "places": public.places_part(results["audience.real_places"]),
        "public_value": public_value.value_part(results["enrichment.value"], results["enrichment.twins"]),
        "media": public.media_part(results["media.forecast"], results["media.plan"]),
        "bars": bars.bars_part(results),
    }
    facts = {name: part.facts for name, part in parts.items()}
    shown = {key: thing for part in parts.values() for key, thing in part.shown.items()}
    shown["pieces"] = Table(
        "Les pièces du système, dans l’ordre où les tables se font.",
        ["Pièce", "Ce qu’elle fait"],
        [[Marked(", ".join(f"`{name}`" for name in names.split(", "))), what] for names, what in ROOMS],
        "",
        wide=(1, 4),
    )
    shown["reponses"] = _answers(facts, network, results)
    shown["suite"] = advice_table(facts, "Sources : celles des tableaux cités.")
    shown["sujet"] = _asked(shown)
    markdown = (
        _environment(shown)
        .get_template("study.md.j2")
        .render(
            **facts,
            month=words.month_name(network.month),
            of_month=words.of_month(network.month),
            months=span_of(network.months),
            known=review.summaries,
            references=review.cited(),
        )
    )
    return blocks(markdown, shown)


def _answers(facts: Mapping[str, Any], network: Network, results: Mapping[str, Kept]) -> Table:
    """The three questions and that of the product: an answer, its figure with an interval, what it is compared with."""
    rows = []
    seen, found, receipt, told, asked = (facts[name] for name in ("visits", "profiles", "projection", "audience", "value"))
    places, twins = facts["places"], facts["public_value"]
    if seen:
        rows.append(
            [
                "Pourquoi vient-on ?",
                f"{seen['count']} missions, comptées sur tous les tickets, membres ou non. C’est ce que l’on peut vendre d’abord.",
                f"{seen['gain']} nat par article, d’une moitié de ticket sur l’autre",
                "la répartition de tous : 0",
                "missions",
            ]
        )
    if found:
        verb = "reviennent" if found["published"] > 1 else "revient"
        than = "plus" if found["beats_kmeans"] else "moins" if found["loses_to_kmeans"] else "autant"
        rows.append(
            [
                "1. Quels types de clients ?",
                f"{words.counted(found['count'], 'profil', 'profils')}, dont {found['published']} {verb} sur des moitiés des membres ; ils"
                f" disent {than} que des k-moyennes{'' if than != 'autant' else ', à l’intervalle près'}.",
                f"{found['gain']} nat par article",
                f"k-moyennes {found['kmeans']} ; tickets mêlés {found['shuffled']}",
                "qualite",
            ]
        )
    for target, question in (("profile", "2. Quel profil derrière un ticket ?"), ("age_band", "2. Quel âge derrière un ticket ?")):
        own = receipt["targets"].get(target) if receipt else None
        if own:
            says = "L’exactitude monte" if own["raises_accuracy"] else "Rien pour l’exactitude"
            rows.append(
                [
                    question,
                    f"Un seul ticket enlève {own['known']} de l’incertitude. {says} ({own['prior_accuracy']} → {own['accuracy']}).",
                    f"{own['loss']} nat par ticket",
                    f"l’a priori, {own['prior']} nat",
                    "projection",
                ]
            )
    if told and told["best"]:
        rows.append(
            [
                "Qui est devant l’écran ?",
                f"{words.counted(len(told['sold']), 'profil', 'profils')} sur {told['count']} peuvent être vendus ; le mieux connu est"
                f" « {told['best']['name']} ».",
                f"{told['best']['gain']} de l’erreur enlevée",
                "le même mélange partout",
                "audiences",
            ]
        )
    rows.append(
        [
            "De même, dans des magasins réels",
            "Le mélange d’un magasin est mieux dit que par celui du réseau ; celui d’un quartier sans membre aussi, un peu moins.",
            f"{places['fifth']} de l’erreur enlevée ; quartiers {places['areas']} (chiffres ponctuels)",
            "le vrai mélange du réseau",
            "lieux",
        ]
    )
    if asked:
        best = asked["best"]
        said = (
            f"La plus utile des {asked['count']} questions essayées : {best['label']}."
            if best
            else f"Aucune des {asked['count']} questions essayées n’est sûrement utile."
        )
        figure = (
            f"{best['per_thousand']} millièmes de nat par article"
            if best
            else f"la plus petite valeur visible : {asked['smallest']} millièmes"
        )
        rows.append(["3. Que vaudrait une question de plus ?", said, figure, "les mêmes réponses, permutées", "questions"])
    rows.append(
        [
            "3. Peut-on le savoir d’avance ?",
            "La valeur mesurée sur quelques personnes vaut pour les autres ; des réponses inventées ne la disent pas.",
            f"pente {twins['tilt_slope']} ; réponses tirées {twins['drawn_slope']}",
            "l’égalité : 1",
            "accord",
        ]
    )
    cells = [[Marked(f"**{plain(row[0])}**"), *row[1:4], Marked(f"[](#{row[4]}@page)")] for row in rows]
    return Table(
        f"Les réponses, avec leurs intervalles à 90 % et ce à quoi elles se comparent ({words.month_name(network.month)}, et données"
        " publiques).",
        ["Question", "Réponse", "Chiffre", "Référence", "Où"],
        cells,
        f"Sources : celles des tableaux cités ; données publiques mesurées le {_dates(results)}.",
        wide=(4, 7, 5, 4, 3),
    )


def _dates(results: Mapping[str, Kept]) -> str:
    days = sorted({kept.date for kept in results.values()})
    return listed([f"{int(day[8:])} {words.MONTHS[int(day[5:7]) - 1]} {day[:4]}" for day in days])


def _asked(shown: Mapping[str, Table | Figure]) -> Table:
    rows = []
    for number, (line, tables, places) in enumerate(ASKED, start=1):
        here = [f"[{'' if key in shown else CHAPTERS[key]}](#{key}@page)" for key in places if key in shown or key in CHAPTERS]
        rows.append([str(number), line, Marked(", ".join(f"`{table}`" for table in tables)), Marked(" ; ".join(here))])
    return Table(
        "De chaque ligne du sujet à la table du système, puis au tableau, à la figure ou au chapitre de cette étude.",
        ["#", "Ce qui est demandé, dans nos mots", "Tables", "Où, dans cette étude"],
        rows,
        "Tables : `bmyshop-profiles sql`, ou leur page dans l’interface (`bmyshop-profiles ui`).",
        wide=(6, 3, 4),
    )


CHAPTERS = {
    "la-question": "La question",
    "ce-que-lon-sinterdit": "Ce que l’on s’interdit",
    "ce-que-lon-sait": "Ce que l’on sait",
    "les-pièces-et-la-règle-déchelle": "Les pièces",
    "résumé": "Résumé",
    "limites": "Limites",
    "refaire-ces-chiffres": "Refaire ces chiffres",
}


def _environment(shown: Mapping[str, Table | Figure]) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bmyshop_profiles.reports.study"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    environment.filters["number"] = words.number
    environment.globals["counted"] = words.counted
    environment.globals["ref"] = functools.partial(_reference, shown)
    environment.globals["show"] = lambda key: f"\n\n%%{key}%%\n\n" if key in shown else ""
    return environment


def _reference(shown: Mapping[str, Table | Figure], key: str) -> str:
    return f"[](#{key})" if key in shown else "(sans données)"

"""Results on the value of a variable where it is known: planted values, decoys, and twins of real answers.

Belongs here: which figures of which kept result, in which words. Does not belong here: prose (`templates/`).
"""

from collections.abc import Mapping
from statistics import mean
from typing import Any

from bmyshop_profiles.reports.study.blocks import Figure, Table
from bmyshop_profiles.reports.study.charts import against_chart
from bmyshop_profiles.reports.study.sources import Kept
from bmyshop_profiles.reports.study.telling import Part, triple, with_interval
from bmyshop_profiles.reports.words import number, percent

ANSWERS = {
    "age": "âge",
    "income": "revenu",
    "home_ownership": "propriétaire",
    "marital_status": "situation maritale",
    "household_size": "taille du foyer",
    "household_comp": "adultes et enfants",
    "kids_count": "nombre d’enfants",
    "age band": "tranche d’âge",
    "area": "quartier",
}
PREDICTIONS = {
    "receipts tilted by synthetic answers": "tickets inclinés par les réponses",
    "the same, The Complete Journey alone": "de même, The Complete Journey seul",
    "synthetic answers drawn from receipts": "réponses tirées des tickets, comme au catalogue",
    "real answers of the teaching half": "valeur réelle de la moitié qui enseigne",
}
CELLS = {
    "none": "aucune",
    "persona, all answer": "la persona, tous répondent",
    "persona, 60 % answer": "la persona, 60\u202f% répondent",
    "children of the catalogue, three times as strong": "enfants (catalogue), trois fois plus fort",
    "decoy of five answers": "un leurre de cinq réponses",
}


def value_part(value: Kept, twins: Kept) -> Part:
    """Values that were planted, decoys, and twins of real answers."""
    planted = value.figures["planted"]
    agreement = twins.figures["agreement"]
    answers = _twins(twins.figures["twins"])
    cells = value.figures["cells"]
    unseen = sum(each["value"] <= 0 for each in planted)
    shown: dict[str, Table | Figure] = {
        "plantees": Figure(
            "Valeur mesurée et valeur plantée, intervalles à 90 %, échelles logarithmiques. En tirets : l’égalité. Les intervalles"
            " qui contiennent 0 sont coupés au bord du cadre." + (f" {unseen} mesurées sous 0 ne s’y voient pas." if unseen else ""),
            against_chart(
                [
                    {"x": each["planted"], "value": each["value"], "low": each["low"], "high": each["high"]}
                    for each in planted
                    if each["value"] > 0
                ],
                title="Valeurs plantées et mesurées",
                x="plantée, nats par article",
                y="mesurée",
                form=".2~g",
            ),
            f"{len(planted)} points le long de l’égalité, de {number(min(each['planted'] for each in planted), 4)} à"
            f" {number(max(each['planted'] for each in planted), 3)} nat par article.",
            value.source,
        ),
        "jumeaux": Table(
            "Jumeaux : de vraies réponses, masquées et refaites. Nats par article, moyenne de six partages des personnes (chiffres"
            " ponctuels ; zéro : réponses permutées). Vues : dans combien de partages la valeur réelle est vue au seuil de 5 %.",
            ["Réponse", "#Personnes", "#Prédite, tickets inclinés", "#Prédite, réponses tirées", "#Réelle", "#Vues"],
            [
                [
                    each["label"],
                    number(each["people"]),
                    number(each["tilted"], 4),
                    number(each["drawn"], 4),
                    number(each["real"], 4),
                    f"{each['seen']} sur {each['draws']}",
                ]
                for each in answers
            ],
            twins.source,
        ),
        "accord": Table(
            "Accord de la valeur prédite et de la valeur réelle, sur ces réponses, intervalle à 90 % sur les réponses.",
            ["Prédiction", "#Corrélation des rangs", "#Pente"],
            [
                [words, with_interval(triple(agreement[name]["rank correlation"]), 2), with_interval(triple(agreement[name]["slope"]), 2)]
                for name, words in PREDICTIONS.items()
            ],
            twins.source,
        ),
        "cellules": Table(
            "Ce qu’une réponse de membres change à ce qui est vendu, dans un réseau simulé. Perte : nats enlevés à l’étiquette d’un membre,"
            " intervalle à 90 %. Dernière colonne : part de l’erreur enlevée contre la vérité (chiffre ponctuel), à comparer à « aucune ».",
            ["Réponse connue", "#Étiquettes changées", "#Perte enlevée", "#Erreur enlevée"],
            [
                [
                    CELLS[each["answer"]],
                    percent(each["labels changed"]),
                    "–" if each["answer"] == "none" else with_interval(each["label loss"]),
                    percent(each["skill"]),
                ]
                for each in cells
            ],
            value.source,
        ),
    }
    tilted = agreement["receipts tilted by synthetic answers"]
    drawn = agreement["synthetic answers drawn from receipts"]
    facts = {
        "people": number(value.figures["people"]),
        "kendall": number(mean(value.figures["kendall_by_world"]), 2),
        "worlds": number(len(value.figures["kendall_by_world"])),
        "slope": number(value.figures["slope"], 2),
        "coverage": percent(value.figures["coverage"]),
        "decoys": number(sum(value.figures["decoys"].values())),
        "at_random": percent(value.figures["answering"]["at random"]),
        "not_at_random": percent(value.figures["answering"]["not at random"]),
        "power": percent(value.figures["power"]["found"]),
        "rank": with_interval(triple(tilted["rank correlation"]), 2),
        "tilt_slope": with_interval(triple(tilted["slope"]), 2),
        "drawn_slope": with_interval(triple(drawn["slope"]), 2),
        "answers": number(len(answers)),
        "none": percent(cells[0]["skill"]),
        "persona": percent(cells[1]["skill"]),
        "stores": [number(each["skill"], 3) for each in twins.figures["stores"]],
    }
    return Part(facts, shown)


def _twins(rows: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for data, answer in dict.fromkeys((each["data"], each["answer"]) for each in rows):
        own = [each for each in rows if (each["data"], each["answer"]) == (data, answer)]
        label = f"{ANSWERS.get(answer, answer)} ({data})"
        means = {name: mean(each[name] for each in own) for name in ("tilted", "drawn", "real")}
        found.append({"label": label, "people": own[0]["people"], "seen": sum(each["seen"] for each in own), "draws": len(own), **means})
    return found

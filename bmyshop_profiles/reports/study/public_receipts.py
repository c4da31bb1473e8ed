"""What one receipt tells, on public data and on the simulator, from the kept results of benchmarks."""

from bmyshop_profiles.reports.study.blocks import Table
from bmyshop_profiles.reports.study.sources import Kept
from bmyshop_profiles.reports.study.telling import PEOPLE, Part, with_interval
from bmyshop_profiles.reports.words import number, percent

PRIOR, ALONE, TOPICS = (
    "prior",
    "evidence, no unlabelled receipts",
    "evidence, topics of all receipts",
)  # as benchmarks/projection names them
ITEMS, PLACED, RIDGE = "served: and own weights of items", "served: and shop and moment", "ridge on items"
NETWORK = "Bayes, mix of the network known"
FEW, MANY = "120", "2000"


def receipts_part(people: Kept, age: Kept, ceiling: Kept) -> Part:
    """What unlabelled receipts, weights of items and places add for one receipt of real people; and of the ceiling."""
    rows = []
    for data, label in PEOPLE.items():
        for members, own in people.figures[data]["members"].items():
            steps = ((TOPICS, ALONE), (ITEMS, TOPICS), (PLACED, ITEMS))
            added = [with_interval(own[after][f"less {before}"]) for after, before in steps]
            rows.append([f"{label}, {number(int(members))} membres", number(own[PRIOR]["log_loss"], 2), *added])
    table = Table(
        "Un ticket de personnes réelles, huit profils fixés par d’autres personnes. Perte logarithmique de l’a priori, en nats (chiffre"
        " ponctuel), puis ce que chaque ajout y change encore, apparié, intervalle à 90 % par personne : sous zéro, il aide.",
        ["Données", "#A priori", "#Tickets sans étiquette", "#Poids propres des articles", "#Lieu"],
        rows,
        people.source,
    )
    methods, shares = age.figures["methods"], ceiling.figures["shares"]
    few = {data: with_interval(people.figures[data]["members"][FEW][TOPICS][f"less {ALONE}"]) for data in PEOPLE}
    facts = {
        "few": few,
        "age": number(methods[ITEMS]["log_loss"], 3),
        "age_prior": number(methods[PRIOR]["log_loss"], 3),
        "age_ridge": with_interval(methods[ITEMS][f"less {RIDGE}"]),
        "age_source": age.source,
        "basket": percent(shares[MANY][ITEMS]),
        "placed": percent(shares[MANY][PLACED]),
        "network": percent(shares[MANY][NETWORK]),
        "ceiling_source": ceiling.source,
    }
    return Part(facts, {"tickets-reels": table})

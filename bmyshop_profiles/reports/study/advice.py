"""What the vendor should do next: concrete, ranked, each tied to a figure. Pure.

Belongs here: the steps, and when each holds. Does not belong here: any measure.
"""

from typing import Any

from bmyshop_profiles.reports.study.blocks import Marked, Table, plain

Facts = dict[str, Any]


def steps(facts: Facts) -> list[tuple[str, str, str]]:
    """What to do, why (with the figure), and where the figure stands: a key of a table or figure. First things first. facts: by part."""
    found: list[tuple[str, str, str]] = []
    places, value, public = facts["places"], facts["value"], facts["public_value"]
    grades, audience, data = facts["grades"], facts["audience"], facts["data"]
    if grades:
        found.append(
            (
                "Vendre d’abord ce que les tickets montrent : missions et catégories.",
                f"{grades['seen']} sont observés, sur tous les tickets, sans carte ni membre ; {grades['inferred']} profils estimés"
                " seulement peuvent l’être.",
                "niveaux",
            )
        )
    if audience and audience["sold"]:
        found.append(
            (
                f"Vendre les profils sous leur niveau seulement : {plain(audience['sold_names'])}.",
                f"{audience['differing']} cellules et profils sur {audience['possible']} diffèrent sûrement du réseau : proposer celles-là"
                " par l’indice et son intervalle, non toutes.",
                "audiences",
            )
        )
    best = value["best"] if value else None
    if best:
        found.append(
            (
                f"Demander {plain(best['label'])} à quelques centaines de membres avant de le demander à tous.",
                f"C’est la question du catalogue qui dit le plus : {best['per_thousand']} millièmes de nat par article, autant que"
                f" {best['members']} membres de plus. Ses réponses sont synthétiques : une vraie enquête seule tranche"
                " (`bmyshop-profiles value`, avec `answers_file`).",
                "questions",
            )
        )
    elif value:
        found.append(
            (
                "Ne demander aucune question de plus sur la foi de ce catalogue ; en essayer une auprès de quelques centaines de membres.",
                f"Sur {value['count']} questions, aucune n’est sûrement utile ; la plus petite valeur visible va de {value['smallest']}"
                " millièmes de nat.",
                "questions",
            )
        )
    found.append(
        (
            "Recruter des membres dans les boutiques où il n’y en a pas, plutôt que davantage de membres partout.",
            f"Dans des magasins réels, le modèle enlève {places['fifth']} de l’erreur avec une personne sur cinq membre, {places['half']}"
            f" avec une sur deux ; dans les quartiers d’un autre jeu, dont on n’a que les paniers, {places['areas']} (chiffres ponctuels)."
            " Le nombre de membres ne manque pas ; des lieux dont la vérité est connue, si.",
            "lieux",
        )
    )
    found.append(
        (
            "Compter une fois l’an qui vient dans des boutiques tirées au sort (quelques heures chacune), pour connaître le niveau.",
            "Aucune moitié de membres ne dit si les autres clients leur ressemblent : avec des membres biaisés, le modèle enlève encore"
            f" {places['biased']} de l’erreur, le posterior moyen {places['biased_mean']} (chiffres ponctuels).",
            "lieux-figure",
        )
    )
    if audience and audience["is_estimated"]:
        found.append(
            (
                "Obtenir du terminal de paiement une clé de carte, pseudonyme et tournante.",
                f"Dans {audience['estimated']} des cellules publiées, le nombre de personnes est estimé faute de clé ; les intervalles"
                " en dépendent. Une clé est une donnée personnelle : à peser avec le délégué à la protection des données.",
                "audiences",
            )
        )
    found.append(
        (
            "Garder toute réponse nouvelle hors des audiences tant qu’elle ne dit pas le profil lui-même.",
            f"Connaître la persona de tous porterait la part de l’erreur enlevée de {public['none']} à {public['persona']} ; une question"
            " comme les enfants n’y change rien (chiffres ponctuels).",
            "cellules",
        )
    )
    if data["has_members"]:
        found.append(
            (
                "Faire confirmer par un juriste les règles de publicité, et écrire l’analyse d’impact.",
                f"{data['members']} sont suivis sous pseudonyme ; chaque règle de droit du système porte « à confirmer par un juriste »"
                " tant que personne ne l’a confirmée.",
                "donnees",
            )
        )
    return found


def advice_table(facts: Facts, source: str) -> Table:
    """The steps as a table."""
    rows = [
        [str(place), Marked(what), Marked(f"{why} Voir [](#{key}@page).")] for place, (what, why, key) in enumerate(steps(facts), start=1)
    ]
    return Table("Ce que nous ferions, dans cet ordre.", ["#", "Faire", "Parce que"], rows, source, wide=(2, 3))

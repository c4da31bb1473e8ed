"""A plan as people hold it: a page to print, a PDF, a table, JSON. All four say the same figures.

Belongs here: French words of a plan, the files. Does not belong here: any figure (`plan.py`).
"""

import csv
import datetime
import functools
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from bmyshop_profiles.media.brief import Brief
from bmyshop_profiles.media.plan import Figure, Plan, Screen
from bmyshop_profiles.media.rules import UNCONFIRMED, legal_rules
from bmyshop_profiles.reports import words
from bmyshop_profiles.reports.page import html_templates, typeset
from bmyshop_profiles.terminal import no_formula

METHODS = {
    "last week": "la dernière semaine connue",
    "recent weeks": "les huit dernières semaines",
    "recent weeks, trend": "les huit dernières semaines et leur tendance",
    "recent weeks, school holidays": "les huit dernières semaines et les vacances scolaires",
    "recent weeks, year before": "les huit dernières semaines et la même saison un an plus tôt",
    "recent weeks, school holidays, year before": "les huit dernières semaines, les vacances scolaires et la même saison un an plus tôt",
}
MOST_SHOWN = 1000  # screens on the page and in the PDF, which nobody reads beyond; the table and JSON have all
COLUMNS = (
    *("rank", "screen", "name", "store_type", "city", "departement", "days", "visits", "visits_low", "visits_high", "share", "share_low"),
    *("share_high", "affinity_index", "contacts", "contacts_low", "contacts_high", "cost_euros", "contacts_per_euro", "why"),
)


FILES = ("plan.html", "plan.pdf", "plan.csv", "plan.json")


def files_of(plan: Plan) -> Mapping[str, bytes]:
    """Name → content of the plan's files."""
    return {name: file_of(plan, name) for name in FILES}


def file_of(plan: Plan, name: str) -> bytes:
    """One of `FILES`."""
    if name == "plan.html":
        return _environment().get_template("plan.html.j2").render(**content(plan)).encode()
    if name == "plan.pdf":
        return pdf_of(content(plan))
    return _table(plan).encode() if name == "plan.csv" else (plan.model_dump_json(indent=1) + "\n").encode()


def content(plan: Plan) -> dict[str, Any]:
    """Everything that the page and the PDF show, in French words."""
    brief = plan.brief
    cost = words.money(plan.cost_cents, "EUR")
    per_euro = 100 * plan.contacts.low / plan.cost_cents
    return {
        "title": brief.title,
        "advertiser": brief.advertiser,
        "sector": legal_rules().sectors[brief.sector],
        "period": f"du {_date(brief.dates.first)} au {_date(brief.dates.last)}",
        "figures": [
            {"label": "écran" if len(plan.screens) == 1 else "écrans", "value": words.number(len(plan.screens)), "interval": ""},
            {"label": "contacts avec le groupe", "value": words.number(plan.contacts.value), "interval": _interval(plan.contacts)},
            {"label": "passages en tout", "value": words.number(plan.visits.value), "interval": _interval(plan.visits)},
            {"label": f"sur {words.money(plan.budget_cents, 'EUR')}", "value": cost, "interval": ""},
            {"label": "contacts par euro, au bas mot", "value": words.number(per_euro, 1), "interval": ""},
        ],
        "brief": _brief(plan),
        "mentions": plan.mentions,
        "screens": [_screen(screen) for screen in plan.screens[:MOST_SHOWN]],
        "more": f"Les {words.number(len(plan.screens))} écrans sont tous dans plan.csv et plan.json."
        if len(plan.screens) > MOST_SHOWN
        else "",
        "trust": _trust(plan),
        "laws": [law.model_dump() for law in plan.laws],
    }


def pdf_of(told: Mapping[str, Any]) -> bytes:
    """The PDF of what the page shows."""
    return typeset(Path(__file__).with_name("templates") / "plan.typ", told)


@functools.cache
def _environment() -> jinja2.Environment:
    return html_templates("bmyshop_profiles.media")


def _brief(plan: Plan) -> list[dict[str, str]]:
    brief = plan.brief
    price = brief.budget.price
    euros = words.money(float(100 * (price.per_thousand_contacts or price.per_screen_day or 0)), "EUR")
    unit = "pour mille contacts, avec le groupe ou non" if price.per_thousand_contacts else "par écran et jour d’ouverture"
    return [
        {"label": "Groupe visé", "text": " ; ".join(f"«{words.NARROW}{group.name}{words.NARROW}», {group.grade}" for group in plan.groups)},
        {"label": "Lieux", "text": _places(brief)},
        {"label": "Jours", "text": "tous" if len(brief.weekdays) == 7 else ", ".join(brief.weekdays)},
        {
            "label": "Heures",
            "text": words.DAYPARTS["all"] if len(brief.dayparts) == 6 else ", ".join(words.DAYPARTS[each] for each in brief.dayparts),
        },
        {"label": "Prix", "text": f"{euros} {unit}"},
        {"label": "Écrans au plus", "text": words.number(brief.most_screens) if brief.most_screens else ""},
        {"label": "Autorisation", "text": brief.operator_licence or ""},
    ]


def _places(brief: Brief) -> str:
    places = brief.places
    parts = [
        *([", ".join(places.communes)] if places.communes else []),
        *([f"départements {', '.join(places.departements)}"] if places.departements else []),
        *(f"{words.number(each.km, 1).removesuffix(',0')} km autour de {each.around}" for each in places.radius),
    ]
    kinds = ", ".join(words.STORE_TYPES.get(kind, kind) for kind in places.shops)
    return (" ; ".join(parts) or "tout le réseau") + (f" (boutiques : {kinds})" if kinds else "")


def _screen(screen: Screen) -> dict[str, str]:
    place = f"{screen.city} ({screen.departement})" if screen.departement else screen.city
    return {
        "rank": str(screen.rank),
        "name": screen.name,
        "about": ", ".join(part for part in (words.STORE_TYPES.get(screen.store_type, screen.store_type), place, screen.store_key) if part),
        "why": screen.why,
        "days": words.number(screen.days),
        "visits": words.number(screen.visits.value),
        "visits_interval": _interval(screen.visits),
        "contacts": words.number(screen.contacts.value),
        "contacts_interval": _interval(screen.contacts),
        "cost": words.money(screen.cost_cents, "EUR"),
        "per_euro": f"≥ {words.number(screen.contacts_per_euro, 1)} par euro",
    }


def _trust(plan: Plan) -> list[str]:
    seen = all(group.is_seen for group in plan.groups)
    told = [
        "Un contact est un passage en caisse du groupe visé pendant la campagne : un ticket, pas une personne, et pas encore une "
        "impression vue. Entre crochets, l’intervalle à 90 % : neuf fois sur dix, le vrai nombre devrait s’y trouver.",
        f"Les passages sont prévus d’après {METHODS.get(plan.method, plan.method)} (jusqu’à la fin {words.of_month(plan.month)}), les "
        "jours fériés comptés comme des dimanches ; l’intervalle vient des erreurs des prévisions passées.",
        "Ce que contient un ticket est observé : la part du groupe est comptée sur les tickets de la boutique, membres ou non."
        if seen
        else "La part du groupe est estimée d’après les achats des membres et de tous les tickets : elle n’est pas observée, et son "
        "intervalle le dit.",
        "Les écrans sont classés par contacts par euro au bas de leur intervalle : un petit écran mal connu ne passe pas devant un autre. "
        "Une boutique est placée au centre de sa commune.",
    ]
    if plan.unpublished:
        many = words.counted(plan.unpublished, "boutique de ces lieux n’est pas proposée", "boutiques de ces lieux ne sont pas proposées")
        told.append(f"{many} : trop peu de passages, ou le groupe n’y a pas été vu.")
    if any(law.standing == UNCONFIRMED for law in plan.laws):
        told.append("Les règles de droit ci-dessous sont à confirmer par un juriste ; elles ne jugent pas le contenu de la création.")
    return told


def _table(plan: Plan) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for each in plan.screens:
        row = (
            each.rank, each.store_key, each.name, each.store_type, each.city, each.departement, each.days, *_ends(each.visits),
            *_ends(each.share), each.affinity_index, *_ends(each.contacts), f"{each.cost_cents / 100:.2f}",
            each.contacts_per_euro, each.why,
        )  # fmt: skip
        writer.writerow(no_formula(value) for value in row)
    return text.getvalue()


def _ends(figure: Figure) -> tuple[float | int, ...]:
    return tuple(int(value) if value == int(value) and value > 1 else value for value in (figure.value, figure.low, figure.high))


def _interval(figure: Figure) -> str:
    return f"[{words.number(figure.low)}–{words.number(figure.high)}]"


def _date(day: datetime.date) -> str:
    return f"{'1er' if day.day == 1 else day.day} {words.MONTHS[day.month - 1]} {day.year}"

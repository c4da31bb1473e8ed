"""The brief as a form: its fields from an address, the brief they make, and French sentences for what does not hold.

Belongs here: fields and words. Does not belong here: the plan (`media/plan.py`), the page (`templates/`).
"""

import datetime
import re
from dataclasses import dataclass
from typing import Any, get_args

import pandas as pd
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.explorer.asked import NotThere
from bmyshop_profiles.media.brief import Brief, Daypart, NotPlanned, Weekday
from bmyshop_profiles.media.network import DAYS
from bmyshop_profiles.months import month_plus, month_start

PRICES = {"mille": ("per_thousand_contacts", "pour mille contacts"), "jour": ("per_screen_day", "par écran et jour")}
FIELDS = {
    "title": "Donnez un titre, de 120 caractères au plus.",
    "advertiser": "Donnez un annonceur, de 120 caractères au plus.",
    "sector": "Choisissez un secteur de la liste.",
    "groups": "Choisissez un groupe ; deux groupes sont du même genre, et deux achats ne s’additionnent pas.",
    "places": "Donnez au rayon une commune et de 0 à 500 km.",
    "weekdays": "Choisissez au moins un jour.",
    "dayparts": "Choisissez au moins un créneau.",
    "dates": "Donnez le premier et le dernier jour, dans cet ordre.",
    "budget": "Donnez un budget et un prix supérieurs à 0.",
    "most_screens": "Le nombre d’écrans est un nombre entier, d’au moins 1.",
}


@dataclass(frozen=True)
class Form:
    """What stands in the form's fields, as texts; weekdays, dayparts and shops: those that are ticked."""

    title: str
    advertiser: str
    sector: str
    licence: str
    groups: tuple[str, str]
    communes: str
    departements: str
    around: str
    km: str
    shops: tuple[str, ...]
    weekdays: tuple[str, ...]
    dayparts: tuple[str, ...]
    first: str
    last: str
    euros: str
    unit: str
    price: str
    most_screens: str


def span(month: str) -> tuple[datetime.date, datetime.date]:
    """First and last day that are forecast after a month."""
    first = month_start(month_plus(month, 1))
    return first, first + datetime.timedelta(days=DAYS - 1)


def form_of(query: QueryParams, month: str, group: str) -> Form:
    """The fields of an address; a form that nobody has filled yet has those of a first plan. group: a code."""
    start, _ = span(month)
    start += datetime.timedelta(days=-start.weekday() % 7)
    sent = "calculer" in query

    def one(name: str, first: str = "") -> str:
        return query.get(name, "" if sent else first).strip()

    def ticked(name: str, first: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(query.getlist(name)) if sent else first

    return Form(
        title=one("titre", "Ma campagne"),
        advertiser=one("annonceur", "Mon annonceur"),
        sector=one("secteur", "autre"),
        licence=one("licence"),
        groups=(one("groupe", group), one("groupe2")),
        communes=one("communes"),
        departements=one("departements"),
        around=one("autour"),
        km=one("km"),
        shops=ticked("types", ()),
        weekdays=ticked("jours", get_args(Weekday)),
        dayparts=ticked("creneaux", get_args(Daypart)),
        first=one("du", f"{start}"),
        last=one("au", f"{start + datetime.timedelta(days=27)}"),
        euros=one("budget", "4000"),
        unit=one("unite", "mille"),
        price=one("prix", "12"),
        most_screens=one("ecrans"),
    )


def brief_of(form: Form, groups: pd.DataFrame) -> Brief:
    """The brief that a form makes. groups: `Month.groups` of the month of the forecast.

    Raises:
        NotThere: a field does not hold; a sentence for each.
    """
    known = groups.set_index("code")
    chosen = [code for code in form.groups if code]
    if unknown := [code for code in chosen if code not in known.index]:
        raise NotThere(f"Le groupe «\u202f{unknown[0]}\u202f» n’est pas vendable ; choisissez-en un dans la liste.")
    radius = [{"around": form.around, "km": _decimal(form.km)}] if form.around or form.km else []
    if radius and not form.around:
        raise NotThere(FIELDS["places"])
    told: dict[str, Any] = {
        "title": form.title, "advertiser": form.advertiser, "sector": form.sector, "operator_licence": form.licence or None,
        "groups": [{"kind": known.kind[code], "name": known.group_name[code]} for code in chosen],
        "places": {"communes": _listed(form.communes), "departements": _listed(form.departements), "radius": radius, "shops": form.shops},
        "weekdays": form.weekdays, "dayparts": form.dayparts, "dates": {"first": form.first, "last": form.last},
        "budget": {"euros": _decimal(form.euros), "price": {PRICES.get(form.unit, PRICES["mille"])[0]: _decimal(form.price)}},
        "most_screens": form.most_screens or None,
    }  # fmt: skip
    try:
        return Brief.model_validate(told)
    except ValidationError as error:
        raise NotThere(" ".join(dict.fromkeys(FIELDS[str(each["loc"][0])] for each in error.errors()))) from None


def in_french(error: BmyshopError) -> str:
    """Why a brief cannot be planned; what is said in one language stays as it is: sentences of the law are French already."""
    told = error.french if isinstance(error, NotPlanned) else str(error)
    return told[:1].upper() + told[1:]


def _listed(text: str) -> list[str]:
    return [part for each in re.split(r"[,;]", text) if (part := each.strip())]


def _decimal(text: str) -> str:
    return text.replace("\u202f", "").replace("\xa0", "").replace(" ", "").replace(",", ".")

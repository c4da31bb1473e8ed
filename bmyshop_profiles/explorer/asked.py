"""What an address of the explorer asks for, and addresses that ask for something else. Pure.

Every view is an address, so that it can be kept and shared; an address that asks for what is not there is told so in a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

SORTS = {"part": "part du groupe", "passages": "passages du groupe"}


class NotThere(Exception):
    """What is asked for is not there; the message says what, in French."""


@dataclass(frozen=True)
class Asked:
    """month: 2025-04. group: a code of `Month.groups`, or nothing. sort: a key of `SORTS`. page: of the ranking, from 1."""

    month: str = ""
    group: str = ""
    store_type: str = ""
    departement: str = ""
    sort: str = "part"
    page: int = 1

    def to(self, path: str = "/", **changes: object) -> str:
        """An address: this view with changes; fields of other pages may be given as well."""
        own = {each.name for each in fields(self)}
        view = replace(self, **{"page": 1, **{name: value for name, value in changes.items() if name in own}})  # type: ignore[arg-type]
        told = {NAMES[name]: getattr(view, name) for name in own if getattr(view, name) != getattr(DEFAULT, name)}
        told |= {name: value for name, value in changes.items() if name not in own}
        return f"{path}?{urlencode(sorted(told.items()))}" if told else path


NAMES = {
    "month": "mois", "group": "groupe", "store_type": "type", "departement": "departement", "sort": "tri", "page": "page",
}  # fmt: skip
DEFAULT = Asked()


def asked_of(query: Mapping[str, str], months: list[str], first: str) -> Asked:
    """What an address asks for. months: that are there; first: the one shown where none is named.

    Raises:
        NotThere: the month, the order or the page is none.
    """
    told = {name: query.get(key, "").strip() for name, key in NAMES.items()}
    month, sort, page = told["month"] or first, told["sort"] or "part", told["page"] or "1"
    if month not in months:
        raise NotThere(f"Le mois «\u202f{month}\u202f» n’a pas été calculé ; choisissez-en un dans la liste.")
    if sort not in SORTS:
        raise NotThere(f"On ne peut pas trier par «\u202f{sort}\u202f» ; choisissez la part ou les passages.")
    if not (page.isascii() and page.isdigit() and 0 < int(page) < 100_000):
        raise NotThere(f"La page «\u202f{page}\u202f» n’existe pas.")
    return Asked(month, told["group"], told["store_type"], told["departement"], sort, int(page))

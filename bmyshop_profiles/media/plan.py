"""A plan from a brief: the screens to book, their price, what to expect of them, and why each is in.

Belongs here: from the lake to the plan. Does not belong here: what a brief is (`brief.py`), the law (`rules.py`), sums and the choice
(`contacts.py`), pages and files (`page.py`).
"""

import datetime
import difflib
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd
from pydantic import BaseModel

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, TableName
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.media.brief import Brief, Group, NotPlanned, draft
from bmyshop_profiles.media.contacts import Doubt, by_screen, choose, doubt_of, whole
from bmyshop_profiles.media.network import Network, asked, last_forecast, network_views, read_network
from bmyshop_profiles.media.places import shops_in
from bmyshop_profiles.media.rules import Rule, check_group, check_sector
from bmyshop_profiles.questions.published import GRADES, is_sold
from bmyshop_profiles.reports import words
from bmyshop_profiles.settings import Settings

WEEKDAYS = {name: number for number, name in enumerate(words.WEEKDAYS, start=1)}
MORE = 1.1  # of the network's share from which a share is a reason


class Figure(BaseModel):
    """An estimate and its 90 % interval."""

    value: float
    low: float
    high: float


class Sought(BaseModel):
    """A group as the lake knows it. grade: in French."""

    kind: str
    key: str
    name: str
    grade: str
    is_seen: bool


class Screen(BaseModel):
    """A screen of a plan, that of one shop. cost_cents: of all its days. contacts_per_euro: from the lower end of the contacts."""

    rank: int
    store_key: str
    name: str
    store_type: str
    city: str
    departement: str
    days: int
    visits: Figure
    share: Figure
    affinity_index: float
    contacts: Figure
    cost_cents: int
    contacts_per_euro: float
    why: str


class Law(BaseModel):
    """A rule that the brief falls under."""

    title: str
    source: str
    standing: str


class Plan(BaseModel):
    """A whole plan. month: the last that is known; method: of the forecast; shops: in the places of the brief, unpublished: of which too
    little is known."""

    brief: Brief
    month: str
    method: str
    groups: list[Sought]
    laws: list[Law]
    mentions: list[str]
    screens: list[Screen]
    visits: Figure
    contacts: Figure
    cost_cents: int
    budget_cents: int
    shops: int
    unpublished: int


@dataclass(frozen=True)
class Considered:
    """What a brief may choose from. screens: of `by_screen`, with what is known of each shop, and cents, its cost. network_share: of the
    groups; common: how far that may be off, ÷ itself. shops: in the places, of which too little may be known."""

    network: Network
    groups: list[Sought]
    rules: list[Rule]
    doubt: Doubt
    screens: pd.DataFrame
    network_share: float
    common: float
    shops: int


def considered(settings: Settings, brief: Brief, month: str | None = None) -> Considered:
    """The screens that a brief may choose from, and what to expect of each. month: the last to be read; default: the last with a forecast.

    Raises:
        BriefRefused: a rule of law is broken. BmyshopError: a group, place or date is unknown or not on sale.
    """
    rules = check_sector(brief.sector, brief.model_dump(), settings)
    month = month or last_forecast(settings)
    with network_views(settings, month, "planned_contacts") as session:
        network = read_network(settings, session, month)
        network.check_forecast(brief.dates)
        groups = [_sought(settings, network, group) for group in brief.groups]
        if len({group.key for group in groups}) < len(groups):
            raise NotPlanned("groups: one of them stands there twice", "Le même groupe est choisi deux fois.")
        labels = dict(session.whole("product_taxonomy").set_index("category").label_fr)
        for group in groups:
            check_group(rules, group.kind, group.key, group.name, labels)
        inside = network.screens[shops_in(network.screens, network.zones, brief.places)]
        cells = _cells(session, network, brief, groups)
    cells = cells[cells.store_key.isin(inside.store_key)]
    if cells.empty:
        raise NotPlanned(
            "places: no shop there has enough visits at these moments to be told of; take more places, weekdays or dayparts",
            "Aucune boutique de ces lieux n’a assez de passages à ces moments ; élargissez lieux, jours ou créneaux.",
        )
    doubt = doubt_of(network.quality, 4 if (pd.Timestamp(brief.dates.last) - network.first).days < 28 else 8)
    screens = by_screen(cells, doubt).merge(inside, on="store_key")
    whole_network = cells.drop_duplicates("group_name")[["network_share", "network_low"]].sum()
    share = float(whole_network.network_share)
    screens["cents"] = _cents(screens, brief)
    return Considered(network, groups, rules, doubt, screens, share, 1 - float(whole_network.network_low) / share, len(inside))


def make_plan(settings: Settings, brief: Brief) -> Plan:
    """The plan of a brief, from the last month that is known. Nothing is written.

    Raises:
        BriefRefused, BmyshopError: as `considered` and `plan_of`.
    """
    return plan_of(brief, considered(settings, brief))


def plan_of(brief: Brief, found: Considered) -> Plan:
    """The screens of most contacts per euro, at the lower end of their intervals, that the budget buys.

    Raises:
        BmyshopError: it buys none.
    """
    screens, budget = found.screens, round(brief.budget.euros * 100)
    taken = choose(screens.contacts_low.to_numpy(), screens.cents.to_numpy(float), budget, brief.most_screens)
    if not len(taken):
        if not (screens.contacts_low > 0).any():
            raise NotPlanned(
                "groups: in these places and moments nothing sure can be said of contacts with the group; take more of them",
                "Rien de sûr ne peut être dit du groupe dans ces lieux et à ces moments ; élargissez-les.",
            )
        euros, cheapest = brief.budget.euros, Decimal(int(screens.cents.min())) / 100
        raise NotPlanned(
            f"budget: {euros} € buy no screen; the cheapest costs {cheapest} €",
            f"Un budget de {euros} € n’achète aucun écran ; le moins cher coûte {cheapest} €.",
        )
    chosen = screens.iloc[taken]
    totals = whole(chosen, found.doubt, found.common)
    median = float((screens.visits / screens.days).median())
    name = " ou ".join(f"«{words.NARROW}{group.name}{words.NARROW}»" for group in found.groups)
    rows = [_screen(rank, row, name, found.network_share, median) for rank, row in enumerate(chosen.to_dict("records"), start=1)]
    figures = {key: Figure(value=round(value), low=round(low), high=round(high)) for key, (value, low, high) in totals.items()}
    return Plan(
        brief=brief,
        month=found.network.month,
        method=found.network.method,
        groups=found.groups,
        laws=[Law(title=rule.title, source=rule.source, standing=rule.standing) for rule in found.rules],
        mentions=[mention for rule in found.rules for mention in rule.mentions],
        screens=rows,
        cost_cents=sum(row.cost_cents for row in rows),
        budget_cents=budget,
        shops=found.shops,
        unpublished=found.shops - len(screens),
        **figures,
    )


def _cents(screens: pd.DataFrame, brief: Brief) -> pd.Series:
    """What each screen costs, at least a cent."""
    price = brief.budget.price
    if price.per_screen_day is not None:
        cost = screens.days * float(price.per_screen_day)
    else:
        cost = screens.visits / 1000 * float(price.per_thousand_contacts or 0)
    return np.ceil(100 * cost - 1e-9).clip(lower=1).astype(int)


def _sought(settings: Settings, network: Network, group: Group) -> Sought:
    kinds = sorted(set(network.grades.kind))
    if group.kind not in kinds:
        raise BmyshopError(f"groups: there is no kind {group.kind}; this lake has {', '.join(kinds)}")
    own = network.grades[network.grades.kind == group.kind]
    found = own[(own.group_name == group.name) | (own.name.str.casefold() == group.name.casefold())]
    if found.empty:
        sold = network.sold(settings)
        near = difflib.get_close_matches(group.name, sold.name[sold.kind == group.kind], n=1, cutoff=0.4)
        guess = f"; did you mean {near[0]}?" if near else ""
        raise BmyshopError(f"groups: {group.name} is no {group.kind} of {network.month}{guess} (bmyshop-profiles audience lists them)")
    row = found.iloc[0]
    if not is_sold(row.grade, settings.sold_from):
        least = GRADES[settings.sold_from]
        raise BmyshopError(f"groups: « {row['name']} » may not be sold: its grade is {GRADES[row.grade]}, plans take {least} or better")
    return Sought(kind=group.kind, key=row.group_name, name=row["name"], grade=GRADES[row.grade], is_seen=row.grade == "seen")


def _cells(session: Session, network: Network, brief: Brief, groups: list[Sought]) -> pd.DataFrame:
    """Moments of shops with the share of each group, of the brief's weekdays and dayparts."""
    dates = {"first_date": brief.dates.first, "last_date": brief.dates.last}
    found = [
        asked(session, "planned_contacts", month=network.month, kind=group.kind, group_name=group.key, **dates).assign(group_name=group.key)
        for group in groups
    ]
    cells = pd.concat(found, ignore_index=True)
    return cells[cells.weekday.isin([WEEKDAYS[each] for each in brief.weekdays]) & cells.daypart.isin(brief.dayparts)]


def _screen(rank: int, row: dict[str, object], name: str, network_share: float, median: float) -> Screen:
    value = {key: float(row[key]) for key in row if isinstance(row[key], int | float)}  # type: ignore[arg-type]
    share = Figure(**{
        end: round(value[key] / value["visits"], 4) for end, key in (("value", "contacts"), ("low", "share_low"), ("high", "share_high"))
    })  # fmt: skip
    return Screen(
        rank=rank,
        store_key=str(row["store_key"]),
        name=str(row["name"]),
        store_type=str(row["store_type"]),
        city=_told(row["city"]) or _told(row["zone_name"]),
        departement=_told(row["departement"]),
        days=int(value["days"]),
        visits=_figure(value, "visits"),
        share=share,
        affinity_index=round(100 * value["contacts"] / value["visits"] / network_share),
        contacts=_figure(value, "contacts"),
        cost_cents=int(value["cents"]),
        contacts_per_euro=round(100 * value["contacts_low"] / value["cents"], 1),
        why=_why(value, str(row["daypart"]), share, name, network_share, median),
    )


def _why(value: dict[str, float], daypart: str, share: Figure, name: str, network_share: float, median: float) -> str:
    """Why a screen is in, in a French sentence: its share, its traffic, or its price."""
    told = f"{name} y fait {words.percent(share.value, 1)} des passages {words.interval(share.low, share.high, 1)}"
    times, crowd = share.value / network_share, value["visits"] / value["days"] / median
    part = value["daypart_contacts"] / value["daypart_visits"] / share.value
    when = f", surtout {words.DAYPARTS[daypart]}" if part >= MORE and value["daypart_visits"] < 0.99 * value["visits"] else ""
    if times >= MORE:
        reason = f"{told}, {words.number(times, 1)} fois la part du réseau{when}"
        return (
            f"{reason} ; il y passe {words.number(crowd, 1)} fois autant de monde que devant l’écran médian."
            if crowd >= 1.5
            else f"{reason}."
        )
    if crowd >= MORE:
        return f"Il y passe {words.number(crowd, 1)} fois autant de monde que devant l’écran médian des lieux demandés ; {told}{when}."
    return f"Au bas mot {words.number(100 * value['contacts_low'] / value['cents'], 1)} contacts par euro ; {told}{when}."


def _figure(value: dict[str, float], key: str) -> Figure:
    return Figure(value=round(value[key]), low=round(value[f"{key}_low"]), high=round(value[f"{key}_high"]))


def _told(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def draft_of(settings: Settings, *, schema: bool) -> str:
    """A brief to begin with, of a group that is on sale and days that are forecast, where the lake has them. schema: stands beside it."""
    kind, name = "mission", "Presse"
    first = datetime.date.today() + datetime.timedelta(days=7)
    if Lake(settings.lake_dir).partitions(TableName("media", "visits_forecast")):
        month = last_forecast(settings)
        with network_views(settings, month) as session:
            network = read_network(settings, session, month)
        sold = network.sold(settings)
        seen = sold[sold.kind == "mission"] if (sold.kind == "mission").any() else sold
        if len(seen):
            kind, name = str(seen.kind.iloc[0]), str(seen["name"].iloc[0])
        first = network.first.date()
    first += datetime.timedelta(days=-first.weekday() % 7)  # a Monday
    return draft(kind=kind, name=name, first=first, last=first + datetime.timedelta(days=27), schema=schema)

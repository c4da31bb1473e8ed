"""Contacts with a group, from visits that are expected and shares that are known, and which screens to take for a budget. Pure.

A contact is a visit of the group to a shop while its screen is booked. Its interval holds what is unsure of the visits (chance, the shop,
the network: `forecast.py`) and of the share (the interval of the audience), taken as errors that have nothing to do with each other.
Belongs here: sums and their intervals, the choice. Does not belong here: where the figures come from (`plan.py`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bmyshop_profiles.media.forecast import Z90

TRIES = 12  # prices of a euro that are tried where a plan may have only so many screens


@dataclass(frozen=True)
class Doubt:
    """Spreads of visits: variance = chance × expected + moment × Σ expected² + shop × shop's sum² + network × whole sum²."""

    chance: float
    moment: float
    shop: float
    network: float


def doubt_of(quality: pd.DataFrame, weeks: int) -> Doubt:
    """What `forecast_quality` says of one horizon."""
    told = quality[quality.horizon_weeks == weeks].set_index("measure").value
    shop, network = float(told.shop_spread), float(told.network_spread)
    return Doubt(float(told.hour_chance), max(float(told.hour_spread) - shop - network, 0.0), shop, network)


def by_screen(cells: pd.DataFrame, doubt: Doubt) -> pd.DataFrame:
    """Sums of each shop, with intervals; one row per store_key, sorted.

    cells: group_name, store_key, weekday, hours_weekday, daypart, days_count, visits, visit_squares, share, low_share, high_share: moments
    of shops and their groups, which exclude each other. Columns: days, visits, visits_low, visits_high, contacts, contacts_low,
    contacts_high, share_low, share_high (of the contacts by the share alone), daypart (with most contacts), daypart_contacts,
    daypart_visits.
    """
    moments = cells.assign(
        contacts=cells.visits * cells.share, least=cells.visits * cells.low_share, most=cells.visits * cells.high_share,
        squares=cells.visit_squares * cells.share**2, thinned=cells.visits * cells.share**2,
    )  # fmt: skip
    one = moments.drop_duplicates(["store_key", "weekday", "hours_weekday", "daypart"])  # a shop may lack one of the groups
    days = one.groupby(["store_key", "weekday", "hours_weekday"]).days_count.max().groupby("store_key").sum()
    crowd = one.groupby("store_key")[["visits", "visit_squares"]].sum()
    sums = moments.groupby("store_key")[["contacts", "least", "most", "squares", "thinned"]].sum()
    parts = moments.groupby(["store_key", "daypart"], as_index=False).contacts.sum()
    parts = parts.merge(one.groupby(["store_key", "daypart"], as_index=False).visits.sum(), on=["store_key", "daypart"])
    parts = parts.sort_values(["contacts", "daypart"], ascending=[False, True]).drop_duplicates("store_key").set_index("store_key")
    visits = doubt.chance * crowd.visits + doubt.moment * crowd.visit_squares + (doubt.shop + doubt.network) * crowd.visits**2
    contacts = _chance(sums, doubt) + doubt.moment * sums.squares + (doubt.shop + doubt.network) * sums.contacts**2
    low, high = _ends(sums.contacts, contacts, sums.contacts - sums.least, sums.most - sums.contacts)
    found = pd.DataFrame(
        {
            "days": days,
            "visits": crowd.visits,
            "visits_low": (crowd.visits - Z90 * np.sqrt(visits)).clip(lower=0),
            "visits_high": crowd.visits + Z90 * np.sqrt(visits),
            "contacts": sums.contacts,
            "contacts_low": low,
            "contacts_high": high,
            "visit_squares": crowd.visit_squares,
            "contact_squares": sums.squares,
            "thinned": sums.thinned,
            "share_low": sums.least,
            "share_high": sums.most,
        }
    )
    return found.join(parts.rename(columns={"contacts": "daypart_contacts", "visits": "daypart_visits"})).reset_index()


def whole(screens: pd.DataFrame, doubt: Doubt, common: float = 0.0) -> dict[str, tuple[float, float, float]]:
    """visits and contacts of a whole plan: value, low, high. screens: of `by_screen`.

    common: how far the group's share over the network may be off, ÷ that share: what all shops have wrong together.
    """
    visits, contacts = screens.visits, screens.contacts
    crowd = doubt.chance * visits.sum() + doubt.moment * screens.visit_squares.sum() + doubt.shop * (visits**2).sum()
    known = _chance(screens, doubt).sum() + doubt.moment * screens.contact_squares.sum() + doubt.shop * (contacts**2).sum()
    crowd, known = crowd + doubt.network * visits.sum() ** 2, known + doubt.network * contacts.sum() ** 2
    together = (common * contacts.sum()) ** 2
    below, above = (np.sqrt(((each - contacts) ** 2).sum() + together) for each in (screens.share_low, screens.share_high))
    low, high = _ends(contacts.sum(), known, below, above)
    half = Z90 * np.sqrt(crowd)
    return {
        "visits": (float(visits.sum()), max(float(visits.sum() - half), 0.0), float(visits.sum() + half)),
        "contacts": (float(contacts.sum()), float(low), float(high)),
    }


def _chance(sums: pd.DataFrame, doubt: Doubt) -> pd.Series:
    """Variance by chance of contacts: a visit is of the group or not, and what visits vary beyond chance reaches the group's part of them.
    thinned: Σ visits × share²."""
    return sums.contacts + (doubt.chance - 1) * sums.thinned


def _ends(value: pd.Series, variance: pd.Series, below: pd.Series, above: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Ends of 90 % intervals. below, above: how far the share alone may lie from the value, as ends of 90 % intervals."""
    return np.maximum(value - np.sqrt(Z90**2 * variance + below**2), 0), value + np.sqrt(Z90**2 * variance + above**2)


def choose(worth: np.ndarray, cost: np.ndarray, budget: float, most: int | None = None) -> np.ndarray:
    """Rows to take, best first: greedy by worth per cost while the budget lasts and there are not too many.

    worth: (rows,) not negative. cost: (rows,) above 0. Where `most` is what stops the plan and not the budget, a euro left over is worth
    less: other prices of it are tried (a Lagrangian of the budget) and the plan of most worth is taken.
    """
    candidates = np.flatnonzero((worth > 0) & (cost <= budget))
    if not len(candidates):
        return candidates
    ratio = worth[candidates] / cost[candidates]
    best = _greedy(candidates[np.argsort(-ratio, kind="stable")], cost, budget, most)
    if most is not None and len(best) == most:
        for price in np.append(np.quantile(ratio, np.linspace(0, 1, TRIES)), 0.0):
            order = candidates[np.argsort(-(worth - price * cost)[candidates], kind="stable")]
            found = _greedy(order, cost, budget, most)
            if worth[found].sum() > worth[best].sum():
                best = found
    return best[np.argsort(-(worth / cost)[best], kind="stable")]


def _greedy(order: np.ndarray, cost: np.ndarray, budget: float, most: int | None) -> np.ndarray:
    taken: list[int] = []
    for row in order:
        if cost[row] <= budget:
            taken.append(int(row))
            budget -= cost[row]
            if len(taken) == most:
                break
    return np.array(taken, dtype=int)

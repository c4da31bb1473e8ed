"""The people of a network, batch by batch: whole areas, as many as memory should hold at once. The same for whoever asks.

Belongs here: who is drawn with whom. Does not belong here: drawing one area (`people`), receipts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bmyshop_profiles.simulation.model import Model
from bmyshop_profiles.simulation.people import People, draw_area
from bmyshop_profiles.simulation.places import Places

SHOPPERS_OF_A_BATCH = 40_000


@dataclass(frozen=True)
class Batch:
    """areas: their numbers. share: of all shoppers of the network. is_only: there is no other."""

    number: int
    areas: list[int]
    people: People
    share: float
    is_only: bool


def batches(model: Model, places: Places, *, members: int, shoppers: int, days: np.ndarray) -> Iterator[Batch]:
    """Everybody, `members` of them members, who may come on these days."""
    of_members, of_all = _over_areas(places, members), _over_areas(places, shoppers)
    first = np.r_[1, 1 + np.cumsum(of_all)[:-1]]
    together = areas_together(of_all)
    for number, areas in enumerate(together):
        parts = [
            draw_area(
                model, places, area, count=int(of_all[area]), members=int(min(of_members[area], of_all[area])), first=int(first[area]),
                days=days,
            )
            for area in areas
        ]  # fmt: skip
        share = float(of_all[areas].sum() / of_all.sum())
        yield Batch(number, areas, _together(parts), share, len(together) == 1)


def areas_together(shoppers: np.ndarray) -> list[list[int]]:
    """Areas in their order, as many as hold the people of a batch."""
    found: list[list[int]] = [[]]
    size = 0
    for area, count in enumerate(shoppers):
        if found[-1] and size + count > SHOPPERS_OF_A_BATCH:
            found.append([])
            size = 0
        found[-1].append(area)
        size += int(count)
    return found


def _over_areas(places: Places, count: int) -> np.ndarray:
    """`count` people over the areas by the size of their shops; the largest remainders get what rounding leaves."""
    weight = places.shops.groupby("area")["size"].sum().to_numpy()
    exact = count * weight / weight.sum()
    found = np.floor(exact).astype(int)
    found[np.argsort(found - exact, kind="stable")[: count - found.sum()]] += 1
    return np.asarray(found)


def _together(parts: list[People]) -> People:
    starts = np.cumsum([0, *(len(part.table) for part in parts[:-1])])
    switches = [part.switches.assign(row=part.switches["row"] + start) for part, start in zip(parts, starts, strict=True)]
    return People(pd.concat([part.table for part in parts], ignore_index=True), pd.concat(switches, ignore_index=True))

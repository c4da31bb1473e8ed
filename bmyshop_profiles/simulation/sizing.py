"""How many lines a network is expected to sell, and the factor on everybody's visits that makes it as many as asked."""

import numpy as np
import pandas as pd

from bmyshop_profiles.simulation import calendar
from bmyshop_profiles.simulation.mixing import WORD
from bmyshop_profiles.simulation.model import SIZES, Model
from bmyshop_profiles.simulation.people import USUAL_SHOPS, rates
from bmyshop_profiles.simulation.places import Places


def expected_lines(model: Model, places: Places, table: pd.DataFrame, days: np.ndarray, largest: np.ndarray, factor: float) -> float:
    """Mean number of lines these people buy on these days."""
    persona = table["persona"].to_numpy()
    return float((rates(model, table, persona, factor, largest) * _lines_per_rate(model, places, table, days)).sum())


def factor_for(model: Model, places: Places, table: pd.DataFrame, days: np.ndarray, largest: np.ndarray, lines: float) -> float:
    """Factor on visits with which these people buy so many lines; less where even daily visits do not reach it."""
    each, persona = _lines_per_rate(model, places, table, days), table["persona"].to_numpy()
    low, high = 1e-9, 1e3
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if (rates(model, table, persona, middle, largest) * each).sum() < lines else (low, middle)
    return float(np.sqrt(low * high))


def _lines_per_rate(model: Model, places: Places, table: pd.DataFrame, days: np.ndarray) -> np.ndarray:
    """Lines of each shopper per visit a day intended: days × presence × size, over the shops used."""
    shops, persona = places.shops, table["persona"].to_numpy()
    weekday = calendar.weekdays(days)
    season = calendar.season(days, model.parameters.season)
    by_weekday = model.weeks * np.bincount(weekday, weights=season, minlength=7)
    presence = model.presence[shops["profile"]] * (shops["closed_weekday"].to_numpy()[:, None] != np.arange(7))
    lines = (by_weekday @ presence.T) * (model.sizes @ (1 + np.arange(SIZES)))[:, shops["type"]]
    bounds = table[[f"bound_{n + 1}" for n in range(USUAL_SHOPS - 1)]].to_numpy(dtype=float) / WORD
    weights = np.diff(bounds, axis=1, prepend=0, append=1)
    usual = sum(weights[:, n] * lines[persona, table[f"shop_{n + 1}"]] for n in range(USUAL_SHOPS))
    areas = shops["area"].to_numpy()
    strange = np.array(
        [
            (lines[:, areas == a] * shops["size"].to_numpy()[areas == a]).sum(1) / shops["size"][areas == a].sum()
            for a in range(places.areas)
        ]
    )
    share = model.parameters.stranger_share
    first, last = table["first_day"].to_numpy(), table["last_day"].to_numpy()
    start, end = days[0].astype(int), days[-1].astype(int)
    stays = np.clip(np.minimum(last, end) - np.maximum(first, start) + 1, 0, len(days)) / len(days)
    return stays * ((1 - share) * usual + share * strange[table["area"], persona])

"""The audiences of a month as tables, from the evidence of its cells and members' posteriors.

Belongs here: which cells are deconvolved together, how many people are behind a cell. Not here: the method (`deconvolution.py`).
"""

import numpy as np
import pandas as pd

from bmyshop_profiles.audience.deconvolution import Mixes, Response, audience_table, deconvolve, fit_response, network_mix_of

EVERY = "all"


def store_audience(evidence: pd.DataFrame, posteriors: pd.DataFrame, *, least: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`store_audience` and `audience_quality`; empty without evidence or members' posteriors. least: k, of receipts and of people."""
    if evidence.empty or posteriors.empty:
        return pd.DataFrame(), pd.DataFrame()
    groups = sorted(evidence.group_name.unique())
    response = _response(posteriors, groups)
    cells = _cells(evidence)
    means = evidence.pivot(index=["store_key", "daypart"], columns="group_name", values="mean_posterior").loc[list(cells.index), groups]
    whole = (EVERY, EVERY)
    network = network_mix_of(
        means.loc[whole].to_numpy(), response=response, receipts=cells.receipts_count[whole], people=cells.people[whole]
    )
    of_store = cells.index.get_level_values("store_key") != EVERY
    of_daypart = cells.index.get_level_values("daypart") != EVERY
    tables, mixes = [], {}
    # cells of one kind share the concentration of their mixes
    for name, rows in {"cell": of_store & of_daypart, "store": of_store & ~of_daypart, "network": ~of_store}.items():
        if rows.any():
            mixes[name] = _deconvolved(means[rows], cells[rows], response, network, least)
            tables.append(_table(mixes[name], cells[rows], groups, network))
    return pd.concat(tables, ignore_index=True), _quality(mixes, cells, response, posteriors)


def _response(posteriors: pd.DataFrame, groups: list[str]) -> Response:
    wide = posteriors.pivot(index="receipt_key", columns="group_name", values="posterior").reindex(columns=groups, fill_value=0.0)
    first = posteriors.drop_duplicates("receipt_key").set_index("receipt_key").loc[wide.index]
    label = pd.Index(groups).get_indexer(pd.Index(first.label))
    return fit_response(wide.to_numpy(), label, pd.factorize(first.member_key)[0])


def _cells(evidence: pd.DataFrame) -> pd.DataFrame:
    """One row per cell, with the effective number of people: those with a key, and receipts without one ÷ members' receipts per person."""
    cells = evidence.drop_duplicates(["store_key", "daypart"]).set_index(["store_key", "daypart"]).sort_index().copy()
    members = cells[(cells.index.get_level_values("store_key") != EVERY) & (cells.members_count > 0)]
    by_daypart = members.groupby("daypart")[["identified_receipts_count", "members_count"]].sum()
    each = (
        (by_daypart.identified_receipts_count / by_daypart.members_count)
        .reindex(cells.index.get_level_values("daypart"))
        .fillna(1)
        .to_numpy()
    )
    keyed, squares = cells.keyed_receipts_count.to_numpy(float), cells.keyed_receipt_squares.to_numpy(float)
    without = cells.receipts_count.to_numpy(float) - keyed
    effective = np.divide(keyed**2, squares, out=np.zeros_like(keyed), where=squares > 0)
    cells["people"] = np.minimum(effective + without / np.maximum(each, 1), cells.receipts_count)
    cells["is_people_estimated"] = without > 0
    return cells


def _deconvolved(means: pd.DataFrame, cells: pd.DataFrame, response: Response, network: np.ndarray, least: int) -> Mixes:
    return deconvolve(
        means.to_numpy(),
        response=response,
        receipts=cells.receipts_count.to_numpy(float),
        people=cells.people.to_numpy(),
        network_mix=network,
        least_receipts=least,
        least_people=least,
    )


def _table(mixes: Mixes, cells: pd.DataFrame, groups: list[str], network: np.ndarray) -> pd.DataFrame:
    table = audience_table(
        mixes,
        cells=list(range(len(cells))),
        groups=groups,
        network_mix=network,
        receipts=cells.receipts_count.to_numpy(),
        people=cells.people.to_numpy(),
    ).rename(columns={"group": "group_name", "receipts": "receipts_count"})
    keys = cells.index.to_frame(index=False).loc[table.cell.to_numpy(int)].reset_index(drop=True)
    estimated = cells.is_people_estimated.to_numpy()[table.cell.to_numpy(int)]
    table = table.assign(store_key=keys.store_key, daypart=keys.daypart, is_people_estimated=estimated)
    figures = ["mix_share", "low_share", "high_share", "affinity_index", "affinity_low", "affinity_high", "people"]
    return table.assign(**{name: table[name].round(9) for name in figures})


def _quality(mixes: dict[str, Mixes], cells: pd.DataFrame, response: Response, posteriors: pd.DataFrame) -> pd.DataFrame:
    found = mixes.get("cell") or next(iter(mixes.values()))
    widths = (found.high - found.low)[found.is_published]
    rows = [
        ("cells", len(found.is_published), "cellules boutique × créneau de la période"),
        ("published_cells", int(found.is_published.sum()), "cellules publiées : au moins k tickets et k personnes"),
        ("concentration", found.concentration, "resserrement des mélanges des boutiques autour du réseau (grand : boutiques semblables)"),
        ("mean_width", float(widths.mean()) if widths.size else np.nan, "largeur moyenne des intervalles à 90 %"),
        ("members", int(response.members.sum()), "membres derrière la matrice de réponse"),
        ("receipts", posteriors.receipt_key.nunique(), "tickets de membres derrière la matrice de réponse"),
        ("own_posterior", float(np.diag(response.matrix) @ response.network_mix), "probabilité moyenne donnée au bon profil"),
    ]
    return pd.DataFrame(rows, columns=["measure", "value", "meaning"])

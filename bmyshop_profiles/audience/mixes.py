"""The audiences of a month as tables, from the evidence of its cells and members' posteriors.

Belongs here: which cells are deconvolved together, how many people are behind a cell, which kind of shop a cell is of. Not here: the
method (`deconvolution.py`, `kinds.py`).
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from bmyshop_profiles.audience.deconvolution import Mixes, Response, audience_table, fit_response, network_mix_of
from bmyshop_profiles.audience.kinds import Kind, deconvolve_kinds, kind_responses, shop_context

EVERY = "all"
OTHER = "other"  # shops whose kind is unknown or has too few members, and cells of the whole network
LEAST_MEMBERS = 30  # members whose receipts a kind of shop needs for a response of its own


def store_audience(evidence: pd.DataFrame, posteriors: pd.DataFrame, *, least: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`store_audience` and `audience_quality`; empty without evidence or members' posteriors. least: k, of receipts and of people.

    Both frames carry store_key and store_type, the kind of shop (of the cell; of the member's receipt); fewer than two: shops are alike.
    """
    if evidence.empty or posteriors.empty:
        return pd.DataFrame(), pd.DataFrame()
    groups = sorted(evidence.group_name.unique())
    cells = _cells(evidence)
    means = evidence.pivot(index=["store_key", "daypart"], columns="group_name", values="mean_posterior").loc[list(cells.index), groups]
    response, own, context = _responses(posteriors, groups)
    cells["kind"] = cells.store_type.where(cells.store_type.isin(list(own)), OTHER)
    network, kinds = _kinds(means, cells, response, own, context)
    of_store = cells.index.get_level_values("store_key") != EVERY
    of_daypart = cells.index.get_level_values("daypart") != EVERY
    whole = ~of_store & ~of_daypart
    # the network's own row is the mix behind the indexes, with what is unknown of it; its dayparts lie around it, so that they are read
    # against the mean of all receipts: what the kinds of shop answer otherwise than the network does is the same in all of them
    measured = means.to_numpy() - np.where(of_store[:, None], 0, means[whole].to_numpy() - response.matrix @ network.mix)
    tables, mixes = [], {}
    # cells of one sort share the concentration of their mixes
    sorts = {"cell": of_store & of_daypart, "store": of_store & ~of_daypart, "daypart": ~of_store & of_daypart, "network": whole}
    for name, rows in sorts.items():
        if rows.any():
            mixes[name] = deconvolve_kinds(
                measured[rows],
                cells.kind[rows].to_numpy(),
                kinds=kinds if name in ("cell", "store") else {OTHER: network},
                receipts=cells.receipts_count[rows].to_numpy(float),
                people=cells.people[rows].to_numpy(),
                least=least,
                concentration=np.inf if name == "network" else None,
            )
            tables.append(_table(mixes[name], cells[rows], groups, network.mix))
    return pd.concat(tables, ignore_index=True), _quality(mixes, cells, response, kinds, posteriors)


def _responses(posteriors: pd.DataFrame, groups: list[str]) -> tuple[Response, dict[str, Response], np.ndarray]:
    """The response over the network, that of each kind of shop with enough members, none where there are not two kinds, and what
    assortments of shops add."""
    wide = posteriors.pivot(index="receipt_key", columns="group_name", values="posterior").reindex(columns=groups, fill_value=0.0)
    first = posteriors.drop_duplicates("receipt_key").set_index("receipt_key").loc[wide.index]
    posterior, label = wide.to_numpy(), pd.Index(groups).get_indexer(pd.Index(first.label))
    member = pd.factorize(first.member_key)[0]
    network = fit_response(posterior, label, member)
    known = first[first.store_type.notna() & (first.store_type != "unknown")]
    members = known.groupby("store_type").member_key.nunique()
    enough = members.index[members >= LEAST_MEMBERS]
    if len(enough) < 2:
        return network, {}, np.zeros_like(network.doubt)
    rows = first.store_type.isin(enough).to_numpy()
    material = posterior[rows], label[rows], member[rows], first.store_type[rows].to_numpy(str)
    own = kind_responses(*material, network=network)
    return network, own, shop_context(*material, first.store_key[rows].to_numpy(str), responses=own)


def _kinds(
    means: pd.DataFrame, cells: pd.DataFrame, response: Response, own: dict[str, Response], context: np.ndarray
) -> tuple[Kind, dict[str, Kind]]:
    """The network, with the mix to which shops are compared, and the kinds of shop, each with the mix its shops are shrunk to."""
    if not own:
        whole = (EVERY, EVERY)
        size = {"receipts": cells.receipts_count[whole], "people": cells.people[whole]}
        network = Kind(response, *network_mix_of(means.loc[whole].to_numpy(), response=response, **size))
        return network, {OTHER: replace(network, doubt=None)}
    shops = cells[(cells.index.get_level_values("store_key") != EVERY) & (cells.index.get_level_values("daypart") == EVERY)]
    kinds, network_mix, network_doubt = {}, np.zeros(means.shape[1]), np.zeros((means.shape[1], means.shape[1]))
    for name, rows in shops.groupby("kind"):
        share = rows.receipts_count / rows.receipts_count.sum()
        found = own.get(str(name), response)
        size = {"receipts": float(rows.receipts_count.sum()), "people": float(rows.people.sum())}
        mix, doubt = network_mix_of(share.to_numpy() @ means.loc[list(rows.index)].to_numpy(), response=found, **size)
        kinds[str(name)] = Kind(replace(found, doubt=found.doubt + context), mix, doubt)
        part = size["receipts"] / float(shops.receipts_count.sum())
        network_mix, network_doubt = network_mix + part * mix, network_doubt + part**2 * doubt
    return Kind(response, network_mix, network_doubt), kinds


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


def _quality(
    mixes: dict[str, Mixes], cells: pd.DataFrame, response: Response, kinds: dict[str, Kind], posteriors: pd.DataFrame
) -> pd.DataFrame:
    found = mixes.get("cell") or next(iter(mixes.values()))
    widths = (found.high - found.low)[found.is_published]
    rows = [
        ("cells", len(found.is_published), "cellules boutique × créneau de la période"),
        ("published_cells", int(found.is_published.sum()), "cellules publiées : au moins k tickets et k personnes"),
        (
            "concentration",
            found.concentration,
            "resserrement des boutiques autour du mélange de leur genre (grand : boutiques semblables)",
        ),
        ("kinds", len(kinds), "genres de boutique dont les tickets répondent chacun à leur façon ; 1 : un seul pour tout le réseau"),
        ("mean_width", float(widths.mean()) if widths.size else np.nan, "largeur moyenne des intervalles à 90 %"),
        ("members", int(response.members.sum()), "membres derrière la matrice de réponse"),
        ("receipts", posteriors.receipt_key.nunique(), "tickets de membres derrière la matrice de réponse"),
        ("own_posterior", float(np.diag(response.matrix) @ response.network_mix), "probabilité moyenne donnée au bon profil"),
    ]
    return pd.DataFrame(rows, columns=["measure", "value", "meaning"])

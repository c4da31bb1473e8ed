"""The audiences of a month as tables, from members' visits, the evidence of cells, and the level of the network.

Belongs here: cells put together, members' mixes brought to everybody's level, sums over dayparts and shops, suppression, intervals. Not
here: the model (`small_area.py`), the level (`level.py`).

All sums come from the one joint fit: the mix of a shop is that of its cells weighted by receipts, the network's is that of all cells, and
indexes compare with it. Members' mix of a cell is multiplied by level ÷ members' mix, group by group, so that the network's mix is the
level.
"""

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.audience.left_out import left_out
from bmyshop_profiles.audience.level import Level, fit_level
from bmyshop_profiles.audience.small_area import Cells, SmallArea, fit_small_area, own_weights, predict, sampling_noise

EVERY = "all"
DRAWS = 200
ROUNDS = 30  # of bringing the cells' sum to the level


def store_audience(
    evidence: pd.DataFrame, posteriors: pd.DataFrame, visits: pd.DataFrame, halves: pd.DataFrame, *, least: int, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`store_audience` and `audience_quality`; empty without evidence, members' posteriors or members' visits. least: k, of receipts and
    people.

    evidence: `store_evidence`. posteriors: `member_posteriors`. visits: store_key, daypart, group_name, person_half, visits_count,
    visit_squares.
    halves: half_label, whole_label, members_count.
    """
    if evidence.empty or posteriors.empty or visits.empty:
        return pd.DataFrame(), pd.DataFrame()
    groups = sorted(evidence.group_name.unique())
    rows = _rows(evidence)
    inside = (rows.index.get_level_values("store_key") != EVERY) & (rows.index.get_level_values("daypart") != EVERY)
    own = rows[inside]
    means = evidence.pivot(index=["store_key", "daypart"], columns="group_name", values="mean_posterior").loc[own.index, groups].to_numpy()
    wide = posteriors.pivot(index="receipt_key", columns="group_name", values="posterior").reindex(columns=groups, fill_value=0.0)
    first = posteriors.drop_duplicates("receipt_key").set_index("receipt_key").loc[wide.index]
    label, member = pd.Index(groups).get_indexer(pd.Index(first.label)), pd.factorize(first.member_key)[0]
    soft = soft_labels(halves, groups)
    noise = sampling_noise(wide.to_numpy(), member, receipts=own.receipts_count.to_numpy(float), people=own.people.to_numpy(float))
    cells, one, other = (
        _cells(own, means, each, groups, soft, noise=noise) for each in (visits, *(visits[visits.person_half == half] for half in (0, 1)))
    )
    if not (cells.people > 0).any():
        return pd.DataFrame(), pd.DataFrame()
    receipts = own.receipts_count.to_numpy(float)
    whole = receipts @ means / receipts.sum()
    level = fit_level(wide.to_numpy(), soft[:, label].T, member, first.store_key.fillna("").to_numpy(str), whole=whole)
    model = fit_small_area(cells)
    mix, drawn = _at_level(model, level, receipts, seed=seed)
    sums = _sums(own, rows)
    shares = sums @ mix
    low, high = np.quantile(np.stack([sums @ each for each in drawn]), [0.05, 0.95], axis=0)
    published = ((rows.receipts_count >= max(least, 1)) & (rows.people >= max(least, 1e-9))).to_numpy()
    rows["own_share"] = pd.Series(own_weights(model), index=own.index).reindex(rows.index)
    table = _table(rows, groups, shares, low, high, published)
    return table, _quality(
        model, level, own, table, drawn, mix, receipts, dict(zip(groups, np.transpose(left_out(one, other)).tolist(), strict=True))
    )


def _rows(evidence: pd.DataFrame) -> pd.DataFrame:
    """One row per cell and sum of cells, with the effective number of people: those with a key, and receipts without one ÷ members'
    receipts per person."""
    rows = evidence.drop_duplicates(["store_key", "daypart"]).set_index(["store_key", "daypart"]).sort_index().copy()
    members = rows[(rows.index.get_level_values("store_key") != EVERY) & (rows.members_count > 0)]
    by_daypart = members.groupby("daypart")[["identified_receipts_count", "members_count"]].sum()
    each = (by_daypart.identified_receipts_count / by_daypart.members_count).reindex(rows.index.get_level_values("daypart"))
    keyed, squares = rows.keyed_receipts_count.to_numpy(float), rows.keyed_receipt_squares.to_numpy(float)
    without = rows.receipts_count.to_numpy(float) - keyed
    effective = np.divide(keyed**2, squares, out=np.zeros_like(keyed), where=squares > 0)
    rows["people"] = np.minimum(effective + without / np.maximum(each.fillna(1).to_numpy(), 1), rows.receipts_count)
    rows["is_people_estimated"] = without > 0
    return rows


def soft_labels(halves: pd.DataFrame, groups: list[str]) -> np.ndarray:
    """(K × K) column k: probabilities of the group that all receipts would tell, where half of them tell k; k itself where no member is."""
    found = 1e-3 * np.eye(len(groups))
    whole, half = (pd.Index(groups).get_indexer(pd.Index(halves[name])) for name in ("whole_label", "half_label"))
    known = (whole >= 0) & (half >= 0)
    np.add.at(found, (whole[known], half[known]), halves.members_count.to_numpy(float)[known])
    return np.asarray(found / found.sum(0))


def _cells(
    own: pd.DataFrame,
    means: np.ndarray,
    visits: pd.DataFrame,
    groups: list[str],
    soft: np.ndarray,
    *,
    noise: np.ndarray,
) -> Cells:
    """Cells with members' visits by soft label. Soft labels vary less between people than labels do: the noise of a direct estimate is
    that of more people, and what they leave open is unknown beside it."""
    counted = visits.pivot_table(index=["store_key", "daypart"], columns="group_name", values="visits_count", aggfunc="sum")
    counted = counted.reindex(index=own.index, columns=groups).fillna(0).to_numpy(float)
    squares = visits.groupby(["store_key", "daypart"]).visit_squares.sum().reindex(own.index).fillna(0).to_numpy(float)
    people = np.divide(counted.sum(1) ** 2, squares, out=np.zeros(len(own)), where=squares > 0)
    store, daypart = (pd.factorize(own.index.get_level_values(name), sort=True)[0] for name in ("store_key", "daypart"))
    receipts, crowd = own.receipts_count.to_numpy(float), own.people.to_numpy(float)
    hard = counted.sum(0) / max(counted.sum(), 1e-12)
    mix = soft @ hard
    kept = float(hard @ ((soft.T - mix) ** 2).sum(1)) / max(float((mix * (1 - mix)).sum()), 1e-12)  # of the variance between people
    unsure = np.divide(1 - kept, people, out=np.zeros(len(own)), where=people > 0)
    return Cells(store, daypart, means, counted @ soft.T, people / max(kept, 0.05), receipts, crowd, noise, unsure)


def _at_level(model: SmallArea, level: Level, receipts: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(cells × K) mixes of everybody, and (draws × cells × K) what they might be. The mix of all receipts is the level."""
    found, rng = predict(model, draws=DRAWS, seed=seed), np.random.default_rng(seed)
    weight, factor = receipts / receipts.sum(), np.ones(len(level.mix))
    for _ in range(ROUNDS):
        factor *= level.mix / np.maximum(weight @ _scaled(found.mix, factor), 1e-12)
    drawn = found.draws
    for number in range(len(drawn)):
        drawn[number] = _scaled(drawn[number], factor * level.draw(rng) / level.mix)
    return _scaled(found.mix, factor), drawn


def _scaled(mixes: np.ndarray, factor: np.ndarray) -> np.ndarray:
    scaled = mixes * factor.astype(mixes.dtype)
    return np.asarray(scaled / scaled.sum(1, keepdims=True))


def _sums(own: pd.DataFrame, rows: pd.DataFrame) -> csr_matrix:
    """(rows × cells) weights, by receipts, of the cells that each row is the sum of."""
    receipts = own.receipts_count.to_numpy(float)
    stores, dayparts = (own.index.get_level_values(name).to_numpy(object) for name in ("store_key", "daypart"))
    every = np.full(len(own), EVERY, dtype=object)
    cell, row = [], []
    for store, daypart in ((stores, dayparts), (stores, every), (every, dayparts), (every, every)):
        place = rows.index.get_indexer(pd.MultiIndex.from_arrays([store, daypart]))
        cell.append(np.flatnonzero(place >= 0))
        row.append(place[place >= 0])
    cells, numbers = np.concatenate(cell), np.concatenate(row)
    found = csr_matrix((receipts[cells], (numbers, cells)), shape=(len(rows), len(own)))
    return csr_matrix(found.multiply(1 / np.maximum(np.asarray(found.sum(1)), 1e-12)))


def _table(
    rows: pd.DataFrame, groups: list[str], shares: np.ndarray, low: np.ndarray, high: np.ndarray, published: np.ndarray
) -> pd.DataFrame:
    shares = shares / shares.sum(1, keepdims=True)
    network = shares[rows.index.get_loc((EVERY, EVERY))]
    low, high = np.minimum(low, shares), np.maximum(high, shares)
    hidden = ~published[:, None]
    frame = rows.index.to_frame(index=False).loc[np.repeat(np.arange(len(rows)), len(groups))].reset_index(drop=True)
    frame["group_name"] = np.tile(np.asarray(groups, dtype=object), len(rows))
    for name, values, index in (("share", shares, "index"), ("low", low, "low"), ("high", high, "high")):
        told = np.where(hidden, np.nan, values)
        frame["mix_share" if name == "share" else f"{name}_share"] = told.ravel().round(9)
        frame[f"affinity_{index}"] = (100 * told / np.maximum(network, 1e-12)).ravel().round(6)
    for name in ("receipts_count", "people", "is_people_estimated", "own_share"):
        frame[name] = np.repeat(rows[name].to_numpy(), len(groups))
    frame["people"], frame["own_share"] = frame.people.round(3), frame.own_share.round(6)
    return frame.assign(is_published=np.repeat(published, len(groups)))


def _quality(
    model: SmallArea,
    level: Level,
    own: pd.DataFrame,
    table: pd.DataFrame,
    drawn: np.ndarray,
    mix: np.ndarray,
    receipts: np.ndarray,
    judged: dict[str, tuple[float, ...]],
) -> pd.DataFrame:
    told = table[(table.store_key != EVERY) & (table.daypart != EVERY) & table.is_published]
    weight = receipts / receipts.sum()
    unknown = float(weight @ drawn.var(0).sum(1))
    spread = float(weight @ ((mix - weight @ mix) ** 2).sum(1))
    figures = [
        ("cells", len(own), "cellules boutique × créneau"),
        ("published_cells", len(told.drop_duplicates(["store_key", "daypart"])), "cellules publiées"),
        ("mean_width", float((told.high_share - told.low_share).mean()) if len(told) else np.nan, "largeur moyenne des intervalles"),
        ("people_per_cell", float(model.cells.people.mean()), "membres derrière une cellule, en nombre effectif"),
        ("slope", model.slope, "part des visites des membres par point de contraste des tickets"),
        ("slope_error", model.slope_error, "son erreur type, par boutique"),
        ("served_slope", model.served_slope, "la pente servie : le bas de son intervalle"),
        ("between_stores", model.between_stores, "variance entre boutiques, en p (1 − p)"),
        ("between_cells", model.between_cells, "variance entre créneaux d’une boutique, en p (1 − p)"),
        ("level_concentration", level.concentration, "concentration du niveau autour des membres"),
        ("expected_skill", spread / max(spread + unknown, 1e-12), "part des différences entre cellules que l’estimation connaît"),
    ]
    told_of = (
        ("reliability", "corrélation des contrastes dits et vus, chez des membres laissés de côté"),
        ("left_out_gain", "baisse de l’erreur par rapport au même mélange partout, chez des membres laissés de côté"),
        ("left_out_low", "le bas de son intervalle à 90 %, par boutique"),
    )
    rows = [(measure, "", value, meaning) for measure, value, meaning in figures]
    rows += [(name, group, values[place], meaning) for group, values in judged.items() for place, (name, meaning) in enumerate(told_of)]
    return pd.DataFrame(rows, columns=["measure", "group_name", "value", "meaning"])

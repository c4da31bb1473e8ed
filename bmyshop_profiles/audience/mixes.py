"""The audiences of a month as tables, from members' visits, the evidence of cells, and the level of the network.

Belongs here: cells put together, members' mixes brought to everybody's level, sums over dayparts and shops, suppression, intervals. Not
here: the model (`small_area.py`), the level (`level.py`).

All sums come from the one joint fit: the mix of a shop is that of its cells weighted by receipts, the network's is that of all cells, and
indexes compare with it. Members' mix of a cell is multiplied by level ÷ members' mix, group by group, so that the network's mix is the
level. The level reads members by soft labels, which say how blurred labels of few receipts are.
"""

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.audience.left_out import left_out
from bmyshop_profiles.audience.level import Level, Seen, fit_level, fit_response, shoppers_mix
from bmyshop_profiles.audience.small_area import Cells, SmallArea, fit_small_area, own_weights, predict, sampling_noise

EVERY = "all"
DRAWS = 200
ROUNDS = 30  # of bringing the cells' sum to the level


def store_audience(
    evidence: pd.DataFrame,
    posteriors: pd.DataFrame,
    visits: pd.DataFrame,
    halves: pd.DataFrame,
    shoppers: pd.DataFrame,
    *,
    least: int,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`store_audience` and `audience_quality`; empty without evidence, members' posteriors or members' visits. least: k, of receipts and
    people.

    evidence: `store_evidence`. posteriors: `member_posteriors`. visits: store_key, daypart, group_name, person_half, visits_count,
    visit_squares.
    halves: half_label, whole_label, members_count. shoppers: part, group_name, visits_count, visit_squares.
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
        _cells(own, means, each, groups, noise=noise) for each in (visits, *(visits[visits.person_half == half] for half in (0, 1)))
    )
    if not (cells.people > 0).any():
        return pd.DataFrame(), pd.DataFrame()
    receipts = own.receipts_count.to_numpy(float)
    response = fit_response(wide.to_numpy(), soft[:, label].T, member, first.store_key.fillna("").to_numpy(str))
    level = fit_level(response, _seen(evidence, groups), shoppers_mix(shoppers, groups))
    model = fit_small_area(cells)
    mix, drawn = _at_level(model, level, receipts, seed=seed)
    sums = _sums(own, rows)
    told = _told(rows, sums @ mix, sums, drawn)
    published = ((rows.receipts_count >= max(least, 1)) & (rows.people >= max(least, 1e-9))).to_numpy()
    rows["own_share"] = pd.Series(own_weights(model), index=own.index).reindex(rows.index)
    table = _table(rows, groups, told, published)
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


def _cells(own: pd.DataFrame, means: np.ndarray, visits: pd.DataFrame, groups: list[str], *, noise: np.ndarray) -> Cells:
    """Cells with members' visits by label. Labels are taken as they are read: probabilities given a label, the same everywhere, would
    level out the differences between places, where who has a label differs too."""
    counted = visits.pivot_table(index=["store_key", "daypart"], columns="group_name", values="visits_count", aggfunc="sum")
    counted = counted.reindex(index=own.index, columns=groups).fillna(0).to_numpy(float)
    squares = visits.groupby(["store_key", "daypart"]).visit_squares.sum().reindex(own.index).fillna(0).to_numpy(float)
    people = np.divide(counted.sum(1) ** 2, squares, out=np.zeros(len(own)), where=squares > 0)
    store, daypart = (pd.factorize(own.index.get_level_values(name), sort=True)[0] for name in ("store_key", "daypart"))
    receipts, crowd = own.receipts_count.to_numpy(float), own.people.to_numpy(float)
    return Cells(store, daypart, means, counted, people, receipts, crowd, noise, np.zeros(len(own)))


def _at_level(model: SmallArea, level: Level, receipts: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(cells × K) mixes of everybody, and (draws × cells × K) what they might be. The mix of all receipts is the level."""
    # others vary as their own shares make expect, not members': in units that bringing them to the level turns into p (1 − p)
    others = level.mix * (1 - level.mix) * (model.cells.members_mix / level.mix) ** 2
    found, rng = predict(model, draws=DRAWS, seed=seed, others=others), np.random.default_rng(seed)
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


def _seen(evidence: pd.DataFrame, groups: list[str]) -> Seen:
    """Mean posteriors over the whole network."""
    network = evidence[(evidence.store_key == EVERY) & (evidence.daypart == EVERY)].set_index("group_name").loc[groups]
    receipts, theirs = float(network.receipts_count.iloc[0]), network.shopper_mean_posterior.to_numpy(float)
    identified = float(network.identified_receipts_count.iloc[0]) / receipts
    return Seen(network.mean_posterior.to_numpy(float), None if np.isnan(theirs).any() else theirs, identified)


def _told(rows: pd.DataFrame, shares: np.ndarray, sums: csr_matrix, drawn: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of figures, (rows × K) each. drawn: (draws × cells × K). An index compares with the network of the same draw: what is unknown
    of the level moves both."""
    every = rows.index.get_loc((EVERY, EVERY))
    found = {"share": shares / shares.sum(1, keepdims=True), "index": 100 * shares / np.maximum(shares[every], 1e-12)}
    found |= {f"{end}_{name}": np.empty_like(shares) for name in ("share", "index") for end in ("low", "high")}
    for group in range(shares.shape[1]):  # one after the other: all draws of all rows are many
        each = np.asarray(sums @ drawn[:, :, group].T)
        for name, values in (("share", each), ("index", 100 * each / np.maximum(each[every], 1e-12))):
            low, high = np.quantile(values, [0.05, 0.95], axis=1)
            found[f"low_{name}"][:, group] = np.minimum(low, found[name][:, group])
            found[f"high_{name}"][:, group] = np.maximum(high, found[name][:, group])
    return found


def _table(rows: pd.DataFrame, groups: list[str], told: dict[str, np.ndarray], published: np.ndarray) -> pd.DataFrame:
    frame = rows.index.to_frame(index=False).loc[np.repeat(np.arange(len(rows)), len(groups))].reset_index(drop=True)
    frame["group_name"] = np.tile(np.asarray(groups, dtype=object), len(rows))
    columns = {"mix_share": "share", "low_share": "low_share", "high_share": "high_share"}
    columns |= {"affinity_index": "index", "affinity_low": "low_index", "affinity_high": "high_index"}
    for column, name in columns.items():
        frame[column] = np.where(~published[:, None], np.nan, told[name]).ravel().round(9 if "share" in column else 6)
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
    unknown = 0.0
    for group in range(mix.shape[1]):
        each = drawn[:, :, group].astype(float)
        unknown += float(weight @ (each - (each @ weight)[:, None]).var(0))
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
        ("level_spread", level.spread, "écart du niveau autour de ses témoins, en √(p (1 − p))"),
        ("level_error", float(np.sqrt(np.diag(level.covariance).mean())), "erreur type du niveau"),
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

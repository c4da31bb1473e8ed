"""Who stands in front of the screen: the visit mix of a cell from the mean posterior of its receipts.

Belongs here: response matrix, deconvolution, interval, affinity index, suppression. Does not belong here: posteriors of receipts,
tables of shops and dayparts.

The mean posterior of a cell is not its mix: a receipt of one profile also gives posterior to the others. It is M q + error, M = mean
posterior (rows) of receipts of each profile (columns), q the mix. Linear-Gaussian empirical Bayes (Robbins 1956; a best linear unbiased
predictor, Henderson 1975): q lies around the network mix p with covariance C/(tau + 1), C = diag(p) − pp', as if drawn from a Dirichlet of
concentration tau; error = (between people + within people / receipts per person) / people + uncertainty of M. tau is the one of the
highest marginal likelihood over the cells. Visits are what is sold, hence M and p weigh receipts; receipts of one person resemble each
other, hence noise counts people. No per-cell EM: it collapses where the matrix comes from another fit.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from bmyshop_profiles.projection.calibration import receipt_weights

CONCENTRATIONS = tuple(float(t) for t in np.geomspace(0.1, 1000, 33).round(2))
FLOOR = 1e-6  # posteriors sum to one: their covariance has no spread in one direction
BLOCK_CELLS = 4096


@dataclass(frozen=True)
class Response:
    """How posteriors answer to profiles, from members' cross-fitted posteriors. K groups.

    matrix: (K × K), column k = mean posterior of receipts of group k. within, between: (K × K) covariance of posteriors among the receipts
    of a person, and of people's means among a group. doubt: (K × K) what is unknown about matrix @ network_mix, members being finite.
    network_mix: (K,) shares of members' receipts (or of members, by the weighting). members: (K,).
    """

    matrix: np.ndarray
    within: np.ndarray
    between: np.ndarray
    doubt: np.ndarray
    network_mix: np.ndarray
    members: np.ndarray


@dataclass(frozen=True)
class Mixes:
    """Deconvolved cells. mix, low, high: (cells × K) shares, nan where suppressed. is_published: (cells,). concentration: tau."""

    mix: np.ndarray
    low: np.ndarray
    high: np.ndarray
    is_published: np.ndarray
    concentration: float


def fit_response(
    posterior: np.ndarray, label: np.ndarray, member: np.ndarray, *, weighting: str = "receipts", finite_samples: float = 2.0
) -> Response:
    """The response of posteriors to groups.

    posterior: (receipts × K) of members, cross-fitted by member the way served posteriors are made (`calibration.cross_fit`): from any
    other fit, mixes and intervals are wrong. label: (receipts,) group of the member. member: (receipts,). finite_samples: times the
    doubt about M is counted; 2 because both the members and the people served are finite samples of a profile.
    A group without members answers with the network's mean posterior. Raises ValueError without receipts or with labels outside 0..K-1.
    """
    receipts, groups = posterior.shape
    if receipts == 0:
        raise ValueError("the response matrix needs receipts of members, there are none")
    if len(label) != receipts or len(member) != receipts or label.min() < 0 or label.max() >= groups:
        raise ValueError(f"{receipts} posteriors of {groups} groups need as many labels in 0..{groups - 1} and owners")
    weight = receipt_weights(member, weighting=weighting)
    _, first, person, each = np.unique(member, return_index=True, return_inverse=True, return_counts=True)
    person_label, people = label[first], len(each)
    if (label != person_label[person]).any():
        raise ValueError("receipts of one member carry different labels")
    person_weight = np.bincount(person, weights=weight)
    sums = np.array([np.bincount(person, weights=column) for column in posterior.T]).T
    means = sums / each[:, None]
    share = np.bincount(person_label, weights=person_weight, minlength=groups)
    network_mix = (share + 1e-3) / (share + 1e-3).sum()
    overall = person_weight @ means / person_weight.sum()
    matrix = np.tile(overall[:, None], groups)
    for k in np.flatnonzero(share):
        own = person_label == k
        matrix[:, k] = person_weight[own] @ means[own] / share[k]
    inner = posterior - means[person]
    within = inner.T @ inner / max(receipts - people, 1)
    outer = means - matrix.T[person_label]
    effective = np.bincount(person_label, weights=person_weight**2, minlength=groups) / np.maximum(share, 1e-12) ** 2  # 1 / people
    lost = 1 - (effective[person_label] * person_weight).sum() / person_weight.sum()  # each group's mean is estimated from its own people
    spread = (outer.T * person_weight) @ outer / person_weight.sum() / max(lost, 0.1)
    between = positive_part(spread - within * ((person_weight / each).sum() / person_weight.sum()))
    one_person = np.where(share > 0, effective, 1.0)
    doubt = finite_samples * float((network_mix**2 * one_person).sum()) * (between + within / each.mean())
    return Response(matrix, within, between, doubt, network_mix, np.bincount(person_label, minlength=groups))


def deconvolve(
    means: np.ndarray,
    *,
    response: Response,
    receipts: np.ndarray,
    people: np.ndarray,
    network_mix: np.ndarray | None = None,
    mix_doubt: np.ndarray | None = None,
    least_receipts: int = 20,
    least_people: int = 1,
    level: float = 0.9,
    concentration: float | None = None,
) -> Mixes:
    """The mix of each cell with its interval.

    means: (cells × K) mean served posterior over the cell's receipts. receipts, people: (cells,) behind it; cells may differ in both.
    Where one person brings most receipts, pass the effective number, (Σ receipts)² / Σ receipts². network_mix: (K,) what cells are
    shrunk to, the members' by default; see `network_mix_of`. mix_doubt: (K × K) covariance of `network_mix` where it is not taken as known;
    it widens the intervals. concentration: tau; by marginal likelihood over the published cells by default.
    Cells below `least_receipts` or `least_people` are suppressed (nan) and weigh in nothing.
    Raises ValueError for shapes that differ, more people than receipts, or means that are not finite in a published cell.
    """
    means, receipts, people = np.asarray(means, float), np.asarray(receipts, float), np.asarray(people, float)
    groups = len(response.network_mix)
    if means.ndim != 2 or means.shape[1] != groups or receipts.shape != (len(means),) or people.shape != (len(means),):
        raise ValueError(f"means {means.shape}, receipts {receipts.shape} and people {people.shape} do not fit {groups} groups")
    if not 0 < level < 1:
        raise ValueError(f"the level of an interval lies between 0 and 1, got {level}")
    published = (receipts >= max(least_receipts, 1)) & (people >= max(least_people, 1e-9))
    if (people[published] > receipts[published] * (1 + 1e-9)).any():
        raise ValueError("a cell has more people than receipts")
    if not np.isfinite(means[published]).all():
        raise ValueError("a published cell has a mean posterior that is not finite")
    prior = response.network_mix if network_mix is None else np.asarray(network_mix, float)
    means, receipts, people = means[published], receipts[published], people[published]
    if concentration is None:
        likelihoods = log_likelihoods(means, response=response, receipts=receipts, people=people, network_mix=prior)
        concentration = CONCENTRATIONS[int(likelihoods.argmax())]
    spread = _spread(prior, concentration)
    raw, sd = np.zeros_like(means), np.zeros_like(means)
    for block in _blocks(len(means)):
        gain = _gain(response, spread, receipts[block], people[block])
        raw[block] = prior + np.einsum("cij,cj->ci", gain, means[block] - response.matrix @ prior)
        variance = np.diag(spread) - np.einsum("cij,ji->ci", gain, response.matrix @ spread)
        if mix_doubt is not None:
            kept = np.eye(groups) - gain @ response.matrix  # how far the estimate follows what it is shrunk to
            variance = variance + np.einsum("cij,jk,cik->ci", kept, mix_doubt, kept)
        sd[block] = np.sqrt(np.maximum(variance, 0))
    z = NormalDist().inv_cdf(0.5 + level / 2)
    mix = np.maximum(raw, 0)
    mix /= mix.sum(1, keepdims=True)
    # the published share is cut at zero and sums to one; its interval must hold it. Where the estimate falls below zero its upper end
    # is that of the normal cut at zero: a share is never said to be exactly nil
    ceiling = raw + sd * _normal_quantile_above(-raw / np.maximum(sd, 1e-12), level=0.5 + level / 2)
    low, high = np.clip(raw - z * sd, 0, mix), np.clip(np.where(raw < z * sd, np.maximum(raw + z * sd, ceiling), raw + z * sd), mix, 1)
    full = [np.full((len(published), groups), np.nan) for _ in range(3)]
    for array, values in zip(full, (mix, low, high), strict=True):
        array[published] = values
    return Mixes(full[0], full[1], full[2], published, float(concentration))


def network_mix_of(
    mean: np.ndarray, *, response: Response, receipts: float, people: float, concentration: float = 10.0
) -> tuple[np.ndarray, np.ndarray]:
    """(K,) mix of the whole network of anonymous receipts, or of a kind of shop, and its (K × K) covariance, from the mean posterior (K,):
    members are no random sample of the shoppers."""
    means, size, owners = np.asarray(mean)[None, :], np.array([receipts]), np.array([people])
    cell = deconvolve(means, response=response, receipts=size, people=owners, least_receipts=1, concentration=concentration)
    spread = _spread(response.network_mix, concentration)
    gain = _gain(response, spread, size, owners)[0]
    return cell.mix[0], spread - gain @ response.matrix @ spread


def log_likelihoods(
    means: np.ndarray, *, response: Response, receipts: np.ndarray, people: np.ndarray, network_mix: np.ndarray
) -> np.ndarray:
    """(concentrations,) marginal log-likelihood of published cells under each of `CONCENTRATIONS`; shapes as in `deconvolve`."""
    deviation = means - response.matrix @ network_mix
    return np.array([_log_likelihood(t, deviation, receipts, people, response, network_mix) for t in CONCENTRATIONS])


def audience_table(
    mixes: Mixes, *, cells: list, groups: list[str], network_mix: np.ndarray, receipts: np.ndarray, people: np.ndarray
) -> pd.DataFrame:
    """One row per cell and group: cell, group, mix_share, low_share, high_share, affinity_index, affinity_low, affinity_high, receipts,
    people, is_published. The affinity index is 100 × share here ÷ share over the network; the network's share counts as known."""
    network_mix = np.asarray(network_mix, float)
    if mixes.mix.shape != (len(cells), len(groups)) or network_mix.shape != (len(groups),):
        raise ValueError(f"mixes {mixes.mix.shape} do not fit {len(cells)} cells and {len(groups)} groups")
    count = len(groups)
    table = pd.DataFrame(
        {
            "cell": np.repeat(pd.Series(list(cells), dtype=object).to_numpy(), count),
            "group": np.tile(np.asarray(groups, dtype=object), len(cells)),
        }
    )
    safe = np.where(network_mix > 0, network_mix, np.nan)
    for name, values in (("mix_share", mixes.mix), ("low_share", mixes.low), ("high_share", mixes.high)):
        table[name] = values.ravel()
    for name, values in (("affinity_index", mixes.mix), ("affinity_low", mixes.low), ("affinity_high", mixes.high)):
        table[name] = (100 * values / safe).ravel()
    table["receipts"], table["people"] = np.repeat(receipts, count), np.repeat(people, count)
    table["is_published"] = np.repeat(mixes.is_published, count)
    return table


def _normal_quantile_above(bound: np.ndarray, *, level: float) -> np.ndarray:
    """Quantile of a standard normal known to lie above `bound`."""
    from scipy.stats import truncnorm

    return np.asarray(truncnorm.ppf(level, bound, np.inf))


def _spread(prior: np.ndarray, concentration: float) -> np.ndarray:
    return (np.diag(prior) - np.outer(prior, prior)) / (concentration + 1)


def _gain(response: Response, spread: np.ndarray, receipts: np.ndarray, people: np.ndarray) -> np.ndarray:
    """(cells × K × K) what a deviation of the mean posterior says about the mix."""
    signal = response.matrix @ spread
    return np.swapaxes(np.linalg.solve(signal @ response.matrix.T + _noise(response, receipts, people), signal), 1, 2)


def _noise(response: Response, receipts: np.ndarray, people: np.ndarray) -> np.ndarray:
    constant = response.doubt + FLOOR * np.eye(len(response.doubt))
    return response.between / people[:, None, None] + response.within / receipts[:, None, None] + constant


def _log_likelihood(
    concentration: float, deviation: np.ndarray, receipts: np.ndarray, people: np.ndarray, response: Response, prior: np.ndarray
) -> float:
    signal, total = response.matrix @ _spread(prior, concentration) @ response.matrix.T, 0.0
    for block in _blocks(len(deviation)):
        covariance = signal + _noise(response, receipts[block], people[block])
        fitted = np.linalg.solve(covariance, deviation[block][:, :, None])[:, :, 0]
        total -= 0.5 * float((np.linalg.slogdet(covariance)[1] + (deviation[block] * fitted).sum(1)).sum())
    return total


def _blocks(cells: int) -> list[slice]:
    return [slice(start, start + BLOCK_CELLS) for start in range(0, cells, BLOCK_CELLS)]


def positive_part(matrix: np.ndarray) -> np.ndarray:
    """The nearest covariance to a symmetric matrix estimated by differences."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.maximum(values, 0)) @ vectors.T

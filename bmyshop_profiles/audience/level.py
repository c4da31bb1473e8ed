"""The level: the mix of the whole network of shoppers, of whom members are no random sample.

Belongs here: the response of posteriors to groups, how far it is to be believed, the level and what is unknown of it. Does not belong here:
cells (small_area.py).

Members' own mix is the first guess; the mean posterior of all receipts corrects it, read through the response (mean posterior of receipts
of each group, from members' cross-fitted posteriors). Groups that answer alike are told apart badly, so that a correction in full would
mostly be misfit. How far to correct is learnt at places whose truth is known, members' own shops: the concentration of the prior around
members' mix under which the mix of a shop's members is told best from their posteriors (empirical Bayes; the shop's mix lies around the
network's with covariance C / (concentration + 1), C = diag(p) − pp').
"""

from dataclasses import dataclass

import numpy as np

CONCENTRATIONS = tuple(float(each) for each in np.geomspace(3, 3000, 25).round(1))
LEAST_PEOPLE = 20  # members of a shop from which the concentration is learnt
FLOOR = 1e-4


@dataclass(frozen=True)
class Level:
    """mix: (K,) of everybody's visits. covariance: (K × K) of what is unknown of it. concentration: of the prior around members' mix."""

    mix: np.ndarray
    covariance: np.ndarray
    concentration: float

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """(K,) a mix that it might be."""
        values, vectors = np.linalg.eigh(self.covariance)
        drawn = self.mix + vectors @ (np.sqrt(np.maximum(values, 0)) * rng.standard_normal(len(values)))
        drawn = np.maximum(drawn, 0.1 * self.mix)
        return np.asarray(drawn / drawn.sum())


def fit_level(posterior: np.ndarray, soft: np.ndarray, member: np.ndarray, store: np.ndarray, *, whole: np.ndarray) -> Level:
    """The level of the network.

    posterior: (receipts × K) of members, cross-fitted; soft: (receipts × K) probabilities of the member's group; member, store:
    (receipts,). whole: (K,) mean posterior of all receipts of the network.
    """
    groups = posterior.shape[1]
    members = _mean(soft)
    response = _response(posterior, soft)
    rest = posterior - soft @ response.T
    _, person, each = np.unique(member, return_inverse=True, return_counts=True)
    means = np.array([np.bincount(person, column) for column in rest.T]).T / each[:, None]
    noise = np.cov(means.T) if len(each) > 1 else np.eye(groups)
    places = [rows for rows in (np.flatnonzero(store == name) for name in np.unique(store)) if len(np.unique(member[rows])) >= LEAST_PEOPLE]
    errors = np.zeros(len(CONCENTRATIONS))
    for rows in places:
        people, mean, true = len(np.unique(member[rows])), posterior[rows].mean(0), _mean(soft[rows])
        for number, concentration in enumerate(CONCENTRATIONS):
            found = _corrected(mean, members, response, noise / people, concentration)
            errors[number] += ((found - true) ** 2).sum()
    concentration = CONCENTRATIONS[int(errors.argmin())] if places else CONCENTRATIONS[-1]
    mix = _corrected(whole, members, response, noise / max(len(each), 1), concentration)
    # what baskets say of the network is not sampling noise but misfit: it makes the level no surer than the prior that was learnt
    return Level(mix, _prior(members, concentration), concentration)


def _mean(soft: np.ndarray) -> np.ndarray:
    counted = soft.sum(0) + 1e-3
    return np.asarray(counted / counted.sum())


def _response(posterior: np.ndarray, soft: np.ndarray) -> np.ndarray:
    """(K × K) column k: mean posterior of receipts of group k, by least squares on soft labels; a group nobody is in answers as all do."""
    groups = posterior.shape[1]
    pull = 1e-3 * len(soft) / groups  # towards the mean of all
    everybody = np.tile(posterior.mean(0), (groups, 1))
    found = np.linalg.solve(soft.T @ soft + pull * np.eye(groups), soft.T @ posterior + pull * everybody).T
    found = np.maximum(found, 1e-9)
    return np.asarray(found / found.sum(0))


def _prior(members: np.ndarray, concentration: float) -> np.ndarray:
    return np.asarray((np.diag(members) - np.outer(members, members)) / (concentration + 1))


def _corrected(mean: np.ndarray, members: np.ndarray, response: np.ndarray, noise: np.ndarray, concentration: float) -> np.ndarray:
    """(K,) a mix from a mean posterior."""
    signal = _prior(members, concentration) @ response.T
    gain = signal @ np.linalg.inv(response @ signal + noise + 1e-7 * np.eye(len(members)))
    mix = np.maximum(members + gain @ (mean - response @ members), FLOOR)
    return np.asarray(mix / mix.sum())

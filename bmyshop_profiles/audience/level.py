"""The level: the mix of the whole network of shoppers, of whom members are no random sample.

Belongs here: the response of posteriors to groups and its misfit, how far who is no member may differ from members, the level and what is
unknown of it. Does not belong here: cells (small_area.py).

Somebody's labels are known and stand for people whose labels are not: members for everybody. Their mix is the first guess. The mean
posterior of the others' receipts, less that of theirs, says how the others differ, read through the response (mean posterior of receipts of
each group, from members' cross-fitted posteriors). Two things keep this from being exact, and both are estimated:

    mean posterior = response × mix + misfit,       mix ~ Normal(mix of who is known, spread² × (diag(p) − pp'))

*Misfit*: people of one group buy differently from place to place. Its covariance is that of members' own shops, whose mixes are known, less
what so few people have by chance. *Spread*: how much adoption depends on the group. Nobody knows it beforehand: the level is averaged over
spreads, by the likelihood of the one difference that was seen (flat on the standard deviation). What the posteriors tell badly stays as
unsure as the spread says: groups that answer alike cannot be told apart by any number of receipts.

Where tills give a shopper key there are better witnesses: keyed shoppers, who are no members, labelled by what their key bought. They stand
for who has no key as members stand for everybody, and the two levels are put together by their precision. Labels of few receipts are
blurred. What half as many receipts tell shows by how much: with twice as many again the shares would move as far again (Richardson's
extrapolation, the error being in proportion to 1 ÷ receipts), and the step is said to be as unsure as it is long.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

SPREADS = np.linspace(0.02, 1.0, 50)
MISFIT = 0.25  # of the misfit of one shop, in the mean of a network: benchmarks.audience.real_places
LEAST_PEOPLE = 20  # members of a shop that says how far the response misfits
FLOOR = 1e-4


@dataclass(frozen=True)
class Level:
    """mix: (K,) of some people's visits. covariance: (K × K) of what is unknown of it. spread: standard deviation of the groups' shares
    around those of who is known, in units of √(p (1 − p))."""

    mix: np.ndarray
    covariance: np.ndarray
    spread: float

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """(K,) a mix that it might be."""
        values, vectors = np.linalg.eigh(self.covariance)
        drawn = self.mix + vectors @ (np.sqrt(np.maximum(values, 0)) * rng.standard_normal(len(values)))
        drawn = np.maximum(drawn, 0.1 * self.mix)
        return np.asarray(drawn / drawn.sum())


@dataclass(frozen=True)
class Response:
    """matrix: (K × K) column k: mean posterior of receipts of group k. misfit: (K × K) covariance of a shop's mean posterior around what
    the matrix says. noise: (K × K) covariance that the mean over all members has by chance. members_mix: (K,)."""

    matrix: np.ndarray
    misfit: np.ndarray
    noise: np.ndarray
    members_mix: np.ndarray


@dataclass(frozen=True)
class Seen:
    """Mean posteriors of the month. whole: (K,) of all receipts; of_shoppers: (K,) of those of keyed shoppers, None where there are
    none; identified_part: of all receipts, those of members."""

    whole: np.ndarray
    of_shoppers: np.ndarray | None = None
    identified_part: float = 0.0


def fit_response(posterior: np.ndarray, soft: np.ndarray, member: np.ndarray, store: np.ndarray) -> Response:
    """The response of members' receipts.

    posterior: (receipts × K), cross-fitted; soft: (receipts × K) probabilities of the member's group; member, store: (receipts,).
    """
    matrix = _matrix(posterior, soft)
    rest, groups = posterior - soft @ matrix.T, posterior.shape[1]
    misfit, places = np.zeros((groups, groups)), 0
    _, number = np.unique(store, return_inverse=True)
    for rows in np.split(np.argsort(number, kind="stable"), np.cumsum(np.bincount(number))[:-1]):
        if len(rows) >= LEAST_PEOPLE and len(np.unique(member[rows])) >= LEAST_PEOPLE:
            mean = rest[rows].mean(0)
            misfit += np.outer(mean, mean) - _noise(rest[rows], member[rows])
            places += 1
    noise = _noise(rest, member)
    if not places:  # nobody knows: as far as the mean of so few members lies beside what their mix makes expect
        return Response(matrix, noise * len(np.unique(member)) / LEAST_PEOPLE, noise, _mean(soft))
    values, vectors = np.linalg.eigh(misfit / places)
    return Response(matrix, (vectors * np.maximum(values, 0)) @ vectors.T, noise, _mean(soft))


def level_of_others(response: Response, known: np.ndarray, seen: np.ndarray) -> Level:
    """The mix of people whose labels nobody knows, from that of others who stand for them.

    known: (K,) the mix of these. seen: (K,) the mean posterior of the receipts of those, brought to the level of the response: what these
    receipts would answer if they were members'.
    """
    unit, free = _unit(known), _free(len(known))
    gap, matrix = seen - response.matrix @ known, response.matrix
    likelihood, mixes, covariances = [], [], []
    for spread in SPREADS:
        prior = spread**2 * unit
        total = free.T @ (matrix @ prior @ matrix.T + MISFIT * response.misfit + response.noise) @ free
        total += 1e-9 * np.eye(len(total))
        likelihood.append(-0.5 * (np.linalg.slogdet(total)[1] + free.T @ gap @ np.linalg.solve(total, free.T @ gap)))
        gain = prior @ matrix.T @ free @ np.linalg.inv(total) @ free.T
        mix = np.maximum(known + gain @ gap, FLOOR)
        mixes.append(mix / mix.sum())
        covariances.append(prior - gain @ matrix @ prior)
    weight = np.exp(np.array(likelihood) - max(likelihood))
    weight /= weight.sum()
    mix = weight @ np.array(mixes)
    between = np.array(mixes) - mix
    return Level(mix, np.tensordot(weight, np.array(covariances), 1) + (between.T * weight) @ between, float(weight @ SPREADS))


def shoppers_mix(shoppers: pd.DataFrame, groups: list[str]) -> tuple[np.ndarray, np.ndarray] | None:
    """(K,) mix of the visits of keyed shoppers, and (K × K) what is unknown of it; None where there are none.

    shoppers: part (half_0, half_1, whole), group_name, visits_count, visit_squares.
    """
    if shoppers.empty:
        return None
    counted = shoppers.pivot(index="part", columns="group_name", values="visits_count").reindex(columns=groups).fillna(0.0)
    shares = counted.div(counted.sum(axis=1), axis=0)
    whole = shares.loc["whole"].to_numpy()
    step = whole - shares.drop(index="whole").mean().to_numpy()
    mix = np.maximum(whole + step, FLOOR)
    mix /= mix.sum()
    people = counted.loc["whole"].sum() ** 2 / max(float(shoppers[shoppers.part == "whole"].visit_squares.sum()), 1.0)
    return mix, np.outer(step, step) + _unit(mix) / people


def fit_level(response: Response, evidence: Seen, shoppers: tuple[np.ndarray, np.ndarray] | None) -> Level:
    """The level of the network. shoppers: as of `shoppers_mix`."""
    members, own = response.members_mix, evidence.identified_part
    by_members = level_of_others(response, members, evidence.whole)
    if shoppers is None or evidence.of_shoppers is None:
        return by_members
    mix, unsure = shoppers
    others = (evidence.whole - own * response.matrix @ members) / max(1 - own, 1e-9)  # of receipts of who is no member
    found = level_of_others(response, mix, response.matrix @ mix + others - evidence.of_shoppers)
    by_shoppers = Level(own * members + (1 - own) * found.mix, (1 - own) ** 2 * (found.covariance + unsure), found.spread)
    return _together(by_members, by_shoppers)


def _together(one: Level, other: Level) -> Level:
    """Two levels weighted by their precision."""
    free = _free(len(one.mix))
    first, second = (free.T @ each.covariance @ free + 1e-9 * np.eye(len(one.mix) - 1) for each in (one, other))
    gain = first @ np.linalg.inv(first + second)
    mix = np.maximum(one.mix + free @ gain @ free.T @ (other.mix - one.mix), FLOOR)
    return Level(mix / mix.sum(), free @ (first - gain @ first) @ free.T, other.spread)


def _unit(mix: np.ndarray) -> np.ndarray:
    """(K × K) covariance of the group of one visit."""
    return np.asarray(np.diag(mix) - np.outer(mix, mix))


def _free(groups: int) -> np.ndarray:
    """(K × K − 1) directions in which shares and posteriors vary: both add up to 1."""
    return np.asarray(np.linalg.svd(np.eye(groups) - 1 / groups)[0][:, :-1])


def _mean(soft: np.ndarray) -> np.ndarray:
    counted = soft.sum(0) + 1e-3
    return np.asarray(counted / counted.sum())


def _noise(rest: np.ndarray, member: np.ndarray) -> np.ndarray:
    """(K × K) covariance of the mean of rows by chance, clustered by member."""
    _, person = np.unique(member, return_inverse=True)
    own = rest - rest.mean(0)
    sums = np.array([np.bincount(person, column) for column in own.T]).T / len(rest)
    return np.asarray(sums.T @ sums * len(sums) / max(len(sums) - 1, 1))


def _matrix(posterior: np.ndarray, soft: np.ndarray) -> np.ndarray:
    """(K × K) mean posterior by group, by least squares on soft labels; a group nobody is in answers as all do."""
    groups = posterior.shape[1]
    pull = 1e-3 * len(soft) / groups  # towards the mean of all
    everybody = np.tile(posterior.mean(0), (groups, 1))
    found = np.linalg.solve(soft.T @ soft + pull * np.eye(groups), soft.T @ posterior + pull * everybody).T
    found = np.maximum(found, 1e-9)
    return np.asarray(found / found.sum(0))

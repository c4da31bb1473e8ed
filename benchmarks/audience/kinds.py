"""Kinds of shop: what is the same for everybody in a bakery says nothing about who is there.

Belongs here: the response and the mix of each kind of shop, and the cells of several kinds deconvolved together. Does not belong here:
the deconvolution of one kind (`deconvolution.py`), which shop is of which kind (`mixes.py`).

In a bakery everybody's basket looks like bread: evidence is confounded with context. So each kind has a response matrix of its own, from
members' receipts in such shops. Context moves the posteriors of all profiles alike, and is known from all of them together; what is left of
the difference to the network is shrunk, profile by profile, by the members behind it: empirical Bayes, strength by moments (DerSimonian,
Laird 1986).
The shops of a kind are shrunk to the mix of the kind, which is itself deconvolved, around the mix of its members, and not taken as known.
What a shop's own assortment adds within its kind is noise of a size that members' receipts tell.
"""

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.audience.deconvolution import (
    CONCENTRATIONS,
    Mixes,
    Response,
    deconvolve,
    fit_response,
    log_likelihoods,
    positive_part,
)


@dataclass(frozen=True)
class Kind:
    """A kind of shop. mix: (K,) what its shops are shrunk to. doubt: (K × K) its covariance; None: taken as known."""

    response: Response
    mix: np.ndarray
    doubt: np.ndarray | None = None


def kind_responses(
    posterior: np.ndarray, label: np.ndarray, member: np.ndarray, kind: np.ndarray, *, network: Response
) -> dict[str, Response]:
    """The response of each kind of shop. posterior, label, member: as for `fit_response`; kind: (receipts,); network: fitted on all."""
    own, moved, noise = {}, {}, {}
    for name in np.unique(kind):
        rows = kind == name
        found = own[name] = fit_response(posterior[rows], label[rows], member[rows])
        moved[name] = network.matrix + ((found.matrix - network.matrix) @ found.network_mix)[:, None]
        noise[name] = np.trace(found.between + found.within * len(np.unique(member[rows])) / rows.sum())  # of one person's mean
    # moments: a column of n people lies about its target with variance `apart` + noise / n, and the target is made of the columns
    members = np.array([r.members for r in own.values()], float)
    share = members / np.maximum(members.sum(0), 1)
    distance = np.array([((r.matrix - moved[name]) ** 2).sum(0) for name, r in own.items()])
    expected = np.array(list(noise.values())) @ np.where(members > 0, 1 - share, 0)
    apart = max(float(((members * distance).sum(0) - expected).sum()) / max(float((members * (1 - share)).sum()), 1), 1e-9)
    return {name: _shrunk(r, moved[name], network, strength=noise[name] / apart) for name, r in own.items()}


def shop_context(
    posterior: np.ndarray, label: np.ndarray, member: np.ndarray, kind: np.ndarray, shop: np.ndarray, *, responses: dict[str, Response]
) -> np.ndarray:
    """(K × K) covariance of what a shop's own assortment adds, within its kind, to the mean posterior of everybody in it.

    By moments over shops (receipts,), weighted by people: members' mean posterior there less what their labels make expect, squared, less
    what people and receipts alone would give. It is noise that no number of receipts removes.
    """
    deviation = posterior.copy()
    for name, found in responses.items():
        deviation[kind == name] -= found.matrix.T[label[kind == name]]
    _, first, code, receipts = np.unique(shop, return_index=True, return_inverse=True, return_counts=True)
    mean = np.array([np.bincount(code, weights=column) for column in deviation.T]).T / receipts[:, None]
    pairs, each = np.unique(np.column_stack([code, member]), axis=0, return_counts=True)
    people = receipts**2 / np.bincount(pairs[:, 0], weights=each**2)  # effective: a member with many receipts counts for one
    total = np.einsum("s,si,sj->ij", people, mean, mean)
    for name, found in responses.items():
        own = kind[first] == name
        total -= own.sum() * found.between + (people / receipts)[own].sum() * found.within
    return positive_part(total / people.sum())


def _shrunk(own: Response, moved: np.ndarray, network: Response, *, strength: float) -> Response:
    weight = own.members / (own.members + strength)
    whole = own.members.sum() / (own.members.sum() + strength)
    pooled = {
        name: whole * getattr(own, name) + (1 - whole) * getattr(network, name) for name in ("within", "between", "doubt", "network_mix")
    }
    return replace(own, matrix=own.matrix * weight + moved * (1 - weight), **pooled)


def deconvolve_kinds(
    means: np.ndarray,
    kind: np.ndarray,
    *,
    kinds: dict[str, Kind],
    receipts: np.ndarray,
    people: np.ndarray,
    least: int,
    concentration: float | None = None,
) -> Mixes:
    """`deconvolve` for cells of several kinds (cells,), with one concentration: the likeliest over all published cells, unless given.
    With an infinite one each cell is the mix of its kind, with what is unknown of that."""
    published = (receipts >= max(least, 1)) & (people >= max(least, 1e-9))
    if concentration is None:
        likelihoods = np.zeros(len(CONCENTRATIONS))
        for name, found in kinds.items():
            rows = published & (kind == name)
            likelihoods += log_likelihoods(
                means[rows], response=found.response, receipts=receipts[rows], people=people[rows], network_mix=found.mix
            )
        concentration = CONCENTRATIONS[int(likelihoods.argmax())]
    mix, low, high = (np.full(means.shape, np.nan) for _ in range(3))
    for name, found in kinds.items():
        rows = kind == name
        cells = deconvolve(
            means[rows],
            response=found.response,
            receipts=receipts[rows],
            people=people[rows],
            network_mix=found.mix,
            mix_doubt=found.doubt,
            least_receipts=least,
            least_people=least,
            concentration=concentration,
        )
        mix[rows], low[rows], high[rows] = cells.mix, cells.low, cells.high
    return Mixes(mix, low, high, published, concentration)

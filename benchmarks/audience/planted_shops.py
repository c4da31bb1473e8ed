"""Shops with a planted mix, dealt from real anonymous people, and the ways to estimate the mix from their receipts alone.

Belongs here: the baselines, skill and coverage. Does not belong here: dealing (`simulation/semi_synthetic.py`), the deconvolution itself.
"""

import numpy as np
from scipy.optimize import nnls

from benchmarks.audience.deconvolution import deconvolve, fit_response
from benchmarks.simulation.semi_synthetic import Pool
from bmyshop_profiles.projection.calibration import CrossFit


def planted_shops(
    divisions: list[tuple[np.ndarray, np.ndarray, np.ndarray, CrossFit]],
    *,
    people: int,
    each: int,
    drawn_as: str = "people",
    shops: int = 150,
    seed: int = 0,
) -> dict:
    """Skill of each method against the network mix and coverage of the 90 % interval of the deconvolution.

    divisions: served posteriors (receipts × groups), group and person of each receipt (receipts,), and the members' cross-fit. Each shop
    draws its mix around the network's (Dirichlet, concentration 10), then `people` people of those groups with `each` receipts.
    drawn_as: "people" draws people of a group alike, "visits" by their number of receipts, as a till meets them.
    """
    rng = np.random.default_rng(seed)
    errors: dict[str, list] = {}
    covered, widths, concentrations = [], [], []
    for served, group, person, fit in divisions:
        # the response is weighted the way the receipts are met: in shops dealt by people, every person of a profile alike
        response = fit_response(fit.posterior, fit.label, fit.member, weighting="people" if drawn_as == "people" else "receipts")
        prior, groups = response.network_mix, served.shape[1]
        pool = Pool(group, person, groups)
        mixes, estimates, means = [], [], []
        for _ in range(shops):
            rows, mix = pool.deal(rng, rng.dirichlet(prior * 10) * pool.is_present, people=people, each=each, drawn_as=drawn_as)
            mixes.append(mix)
            means.append(served[rows].mean(0))
            estimates.append(_baselines(served[rows] * (prior / fit.map.prior), means[-1], response.matrix, prior))
        truth = np.array(mixes)
        size = np.full(shops, people)
        found = deconvolve(np.array(means), response=response, receipts=size * each, people=size)
        for name in estimates[0]:
            errors.setdefault(name, []).append(np.array([e[name] for e in estimates]) - truth)
        errors.setdefault("deconvolution", []).append(found.mix - truth)
        covered.append((found.low <= truth + 1e-12) & (truth <= found.high + 1e-12))
        widths.append(found.high - found.low)
        concentrations.append(found.concentration)
    squares = {name: sum((e**2).sum() for e in parts) for name, parts in errors.items()}
    base = squares.pop("network mix")
    return {
        "skill": {name: float(1 - square / base) for name, square in squares.items()},
        "coverage": float(np.mean([c.mean() for c in covered])),
        "width": float(np.mean([w.mean() for w in widths])),
        "concentration": concentrations,
    }


def _baselines(served: np.ndarray, mean: np.ndarray, matrix: np.ndarray, prior: np.ndarray) -> dict[str, np.ndarray]:
    """Each from one cell. served: posteriors under the network mix of the dealing, rows not yet summing to one."""
    groups, served = len(prior), served / served.sum(1, keepdims=True)
    return {
        "network mix": prior,
        "classify and count": np.bincount(served.argmax(1), minlength=groups) / len(served),
        "mean posterior": served.mean(0),
        "EMQ": _emq(served, prior),
        "ridge PACC": _ridge_pacc(mean, matrix, prior),
    }


def _emq(served: np.ndarray, prior: np.ndarray, *, rounds: int = 200) -> np.ndarray:
    """Saerens, Latinne, Decaestecker 2002."""
    mix = prior
    for _ in range(rounds):
        weighted = served * (mix / prior)
        mix = (weighted / weighted.sum(1, keepdims=True)).mean(0)
    return mix


def _ridge_pacc(mean: np.ndarray, matrix: np.ndarray, prior: np.ndarray, *, ridge: float = 0.1) -> np.ndarray:
    """Adjusted probabilistic counting (Bella et al. 2010), non-negative and pulled to the network mix."""
    groups = len(prior)
    mix, _ = nnls(np.vstack([matrix, ridge * np.eye(groups), 10 * np.ones(groups)]), np.concatenate([mean, ridge * prior, [10.0]]))
    return mix / mix.sum()

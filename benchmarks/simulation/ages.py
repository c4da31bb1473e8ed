"""What contrasts of age between places are worth: the slope of true contrasts on those read from baskets, learnt on the other places.

A slope of 1: people of one age buy alike wherever they live. Ta-Feng (half of the customers of a Taiwanese grocer, eight areas) has .25 to
.45: people of one age buy differently from area to area, and what a place likes is read as its age.

Belongs here: that protocol, on Ta-Feng and on a simulated network alike, and loading Ta-Feng. Does not belong here: simulating.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from benchmarks.audience.deconvolution import deconvolve, fit_response
from benchmarks.helpers.real_people import public_file

BANDS = {"<25": 0, "25-29": 0, "30-34": 0, "35-39": 1, "40-44": 1, "45-49": 1, "50-54": 1, "55-59": 2, "60-64": 2, ">65": 2}
CONCENTRATIONS = (10.0, 30.0, 100.0)
_STRENGTH = 20_000  # items of everybody that a band's shares are shrunk towards
_LEAST = 20  # receipts that an item is on
_FOLDS = 5


@dataclass(frozen=True)
class Receipts:
    """items: (receipts × items) 0 or 1. person, band, place: of each receipt, numbers from 0."""

    items: csr_matrix
    person: np.ndarray
    band: np.ndarray
    place: np.ndarray


def gathered(lines: pd.DataFrame, kinds: tuple[str, ...]) -> Receipts:
    """lines: receipt, person, band, place, and columns of items, `kinds`, taken together."""
    row = np.unique(lines.receipt.to_numpy(dtype=str), return_inverse=True)[1]
    spaces = []
    for kind in kinds:
        code = pd.factorize(lines[kind], sort=True)[0]
        found = csr_matrix((csr_matrix((np.ones(len(lines)), (row, code))) > 0).astype(float))
        spaces.append(found[:, np.asarray(found.sum(axis=0)).ravel() >= _LEAST])
    first = lines.iloc[np.unique(row, return_index=True)[1]]
    numbers = (pd.factorize(first[name], sort=True)[0] for name in ("person", "band", "place"))
    return Receipts(csr_matrix(hstack(spaces)), *numbers)


def ta_feng(share: float = 1.0) -> Receipts:
    """Half of the customers of Ta-Feng, or a share of that half; their areas as places."""
    lines = pd.read_parquet(public_file("ta_feng", "ta_feng_half.parquet"))
    lines = lines[lines.AGE_GROUP.notna()]
    if share < 1:
        customers = lines.CUSTOMER_ID.drop_duplicates()
        lines = lines[lines.CUSTOMER_ID.isin(customers.sample(frac=share, random_state=0))]
    told = {"receipt": lines.TRANSACTION_DT + "/" + lines.CUSTOMER_ID, "person": lines.CUSTOMER_ID, "place": lines.PIN_CODE}
    items = {"subclass": lines.PRODUCT_SUBCLASS, "product": lines.PRODUCT_ID}
    return gathered(pd.DataFrame(told | items | {"band": lines.AGE_GROUP.map(BANDS)}), ("subclass", "product"))


def slopes_of_ages(receipts: Receipts) -> dict[float, float]:
    """Mean slope by concentration. Every place in turn is one of which only baskets are known; the slope comes from all others."""
    fold = np.random.default_rng(0).integers(0, _FOLDS, receipts.person.max() + 1)[receipts.person]
    told: dict[float, list[np.ndarray]] = {tau: [] for tau in CONCENTRATIONS}
    true, weight = [], []
    for place in np.unique(receipts.place):
        there = receipts.place == place
        posterior = _cross_fit(receipts, ~there, fold)
        response = fit_response(posterior[~there], receipts.band[~there], receipts.person[~there])
        network = np.bincount(receipts.band[~there], minlength=3) / (~there).sum()
        true.append(np.bincount(receipts.band[there], minlength=3) / there.sum() - network)
        weight.append(np.sqrt(there.sum()))
        size = {"receipts": np.array([there.sum()]), "people": np.array([len(np.unique(receipts.person[there]))])}
        for tau in CONCENTRATIONS:
            cell = deconvolve(posterior[there].mean(axis=0)[None], response=response, network_mix=network, concentration=tau, **size)
            told[tau].append(cell.mix[0] - network)
    found = {}
    for tau, rows in told.items():
        top = np.array(weight) * (np.array(rows) * np.array(true)).sum(axis=1)
        bottom = np.array(weight) * (np.array(rows) ** 2).sum(axis=1)
        found[tau] = float(np.clip((top.sum() - top) / (bottom.sum() - bottom), 0, 1).mean())
    return found


def _cross_fit(receipts: Receipts, teachers: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Calibrated posteriors of the bands: of teachers from folds without them, of the others the mean over folds."""
    root = np.sqrt(np.maximum(np.asarray(receipts.items.sum(axis=1)), 1))
    served = np.zeros((len(fold), 3))
    for left_out in range(_FOLDS):
        learn, left = teachers & (fold != left_out), teachers & (fold == left_out)
        inner = learn & ((fold + 1) % _FOLDS == left_out)
        evidence = np.asarray(receipts.items[inner] @ _ratios(receipts, learn & ~inner)) / root[inner]
        calibration = LogisticRegression(C=1e3, max_iter=300).fit(evidence, receipts.band[inner])
        posterior = calibration.predict_proba(np.asarray(receipts.items @ _ratios(receipts, learn)) / root)
        served[left] = posterior[left]
        served[~teachers] += posterior[~teachers] / _FOLDS
    return served


def _ratios(receipts: Receipts, rows: np.ndarray) -> np.ndarray:
    """(items × 3) log-ratios to everybody, shrunk."""
    totals = np.array([np.asarray(receipts.items[rows & (receipts.band == band)].sum(axis=0)).ravel() for band in range(3)])
    everybody = totals.sum(axis=0) / totals.sum()
    shares = np.where(everybody > 0, (totals + _STRENGTH * everybody) / (totals.sum(axis=1, keepdims=True) + _STRENGTH), 1)
    return np.log(shares / np.where(everybody > 0, everybody, 1)).T

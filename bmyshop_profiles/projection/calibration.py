"""From evidence to posterior: a small map, fitted on members whose log-ratios were learnt from other members.

Belongs here: the multinomial logistic map, its cross-fitting by member, its quality against the prior. Does not belong here: how
log-ratios are made (evidence.py), mixes of shops.

posterior = softmax(intercept + Σ coefficient × evidence): Platt scaling (1999) in many classes. The map is fitted on pooled evidence,
cross-fitted by member (log-ratios from the other folds), because evidence from log-ratios which a member helped to make is too sharp; it
is then served with log-ratios from all members. Several folds rather than two: what is served comes from all members, and halves would
be noticeably blunter. Posteriors of members come from a map fitted on the other folds (whose log-ratios knew the members' labels: an
effect of second order): the response matrix needs posteriors made the way the served ones are.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from scipy.special import softmax

from bmyshop_profiles.projection.evidence import Learner, receipt_evidence
from bmyshop_profiles.statistics.intervals import mean_by_receipts, person_folds
from bmyshop_profiles.statistics.likelihood import group_totals
from bmyshop_profiles.statistics.probabilities import calibration_errors, log_losses

PSEUDO_RECEIPTS = 0.5  # weight of one receipt without evidence in each group: a group nobody was seen in keeps a small posterior
WEIGHTINGS = ("receipts", "people")


@dataclass(frozen=True)
class CalibrationMap:
    """coefficients: (evidence groups × groups). intercepts: (groups,). prior: (groups,) shares in the receipts it was fitted on."""

    coefficients: np.ndarray
    intercepts: np.ndarray
    prior: np.ndarray

    def posterior(self, evidence: np.ndarray) -> np.ndarray:
        """(receipts × groups) posterior, rows sum to one, from evidence (receipts × groups)."""
        return softmax(evidence @ self.coefficients + self.intercepts, axis=1)


@dataclass(frozen=True)
class CrossFit:
    """One row per scored receipt of a member: evidence and posterior cross-fitted by member, the member (row) and the member's group.

    map: fitted on all of it, to be served with log-ratios from all members. prior: (receipts × groups) cross-fitted like the posterior.
    """

    evidence: np.ndarray
    posterior: np.ndarray
    prior: np.ndarray
    member: np.ndarray
    label: np.ndarray
    map: CalibrationMap


def receipt_weights(member: np.ndarray, *, weighting: str = "receipts") -> np.ndarray:
    """(receipts,) weights summing to the number of members, so that a penalty weighs against people.

    "receipts": every receipt alike, for the visit mix. "people": every member alike, for the visitor mix.
    """
    if weighting not in WEIGHTINGS:
        raise ValueError(f"weighting is one of {WEIGHTINGS}, got {weighting!r}")
    if len(member) == 0:
        return np.zeros(0)
    _, index, each = np.unique(member, return_inverse=True, return_counts=True)
    return np.full(len(member), len(each) / len(member)) if weighting == "receipts" else 1 / each[index]


def fit_calibration(evidence: np.ndarray, label: np.ndarray, *, weight: np.ndarray, penalty: float = 3.0) -> CalibrationMap:
    """Fit the map by penalised maximum likelihood.

    evidence: (receipts × groups). label: (receipts,) group of the buyer, 0..groups-1. weight: (receipts,) see `receipt_weights`. penalty:
    half of it times the squared coefficients is taken off the log-likelihood. Groups without a receipt keep a small posterior.
    Raises ValueError for labels outside the groups, shapes that differ or evidence that is not finite.
    """
    receipts, groups = evidence.shape
    if groups == 0 or len(label) != receipts or len(weight) != receipts:
        raise ValueError(f"evidence {evidence.shape}, {len(label)} labels and {len(weight)} weights do not fit together")
    if receipts and (label.min() < 0 or label.max() >= groups):
        raise ValueError(f"labels must lie in 0..{groups - 1}: leave out receipts of members in no group")
    if not np.isfinite(evidence).all():
        raise ValueError("evidence must be finite")
    share = np.bincount(label, weights=weight, minlength=groups) + PSEUDO_RECEIPTS
    prior = share / share.sum()
    if groups == 1 or receipts == 0:
        return CalibrationMap(np.zeros((groups, groups)), np.log(prior), prior)
    from sklearn.linear_model import LogisticRegression

    features = np.vstack([evidence, np.zeros((groups, groups))])
    truth, weights = np.append(label, np.arange(groups)), np.append(weight, np.full(groups, PSEUDO_RECEIPTS))
    model = LogisticRegression(C=1 / penalty, max_iter=1000).fit(features, truth, sample_weight=weights)
    if groups == 2:  # scikit-learn gives one column for two classes
        zero = np.zeros(groups)
        return CalibrationMap(np.column_stack([zero, model.coef_[0]]), np.array([0.0, model.intercept_[0]]), prior)
    return CalibrationMap(model.coef_.T, model.intercept_, prior)


def cross_fit(
    counts: csr_matrix,
    labels: np.ndarray,
    receipts: csr_matrix,
    member: np.ndarray,
    *,
    groups: int,
    learn: Learner,
    folds: int = 5,
    weighting: str = "receipts",
    penalty: float = 3.0,
    seed: int = 0,
) -> CrossFit:
    """Cross-fitted evidence and posteriors of members' receipts, and the map to serve.

    counts: (members × items) of the half that made the labels. labels: (members,) 0..groups-1, below zero = left out altogether. receipts:
    (receipts × items) of the *other* half. member: (receipts,) row of each receipt's member. learn: see `log_ratio_learner`.
    With fewer members than folds, folds shrink to the members; a single member gives posteriors that are the prior.
    """
    labels, member = np.asarray(labels), np.asarray(member)
    if len(labels) != counts.shape[0] or len(member) != receipts.shape[0]:
        raise ValueError(f"{len(labels)} labels for {counts.shape[0]} members, {len(member)} owners for {receipts.shape[0]} receipts")
    if labels.max(initial=-1) >= groups:
        raise ValueError(f"label {labels.max()} is not among {groups} groups")
    used = np.flatnonzero(labels[member] >= 0)
    receipts, member = receipts[used], member[used]
    label, weight = labels[member], receipt_weights(member, weighting=weighting)
    known = np.flatnonzero(labels >= 0)
    fold = np.zeros(len(labels), dtype=int)
    fold[known] = person_folds(len(known), folds=max(2, min(folds, len(known))), seed=seed)
    totals, evidence = group_totals(counts, labels, groups=groups), np.zeros((len(used), groups))
    folds = fold.max(initial=0) + 1
    for number in range(folds):
        out, rows = np.flatnonzero((fold == number) & (labels >= 0)), np.flatnonzero(fold[member] == number)
        ratios = learn(totals - group_totals(counts[out], labels[out], groups=groups))
        evidence[rows] = receipt_evidence(receipts[rows], ratios)
    posterior, prior = np.full_like(evidence, 1 / groups), np.full_like(evidence, 1 / groups)
    for number in range(folds):
        rows, others = np.flatnonzero(fold[member] == number), np.flatnonzero(fold[member] != number)
        partial = fit_calibration(evidence[others], label[others], weight=weight[others], penalty=penalty)
        posterior[rows], prior[rows] = partial.posterior(evidence[rows]), partial.prior
    return CrossFit(evidence, posterior, prior, member, label, fit_calibration(evidence, label, weight=weight, penalty=penalty))


def quality(posterior: np.ndarray, baseline: np.ndarray, label: np.ndarray, person: np.ndarray, *, level: float = 0.9) -> pd.DataFrame:
    """Log-loss, accuracy and expected calibration error of posterior and baseline, and their paired difference, with intervals by person.

    posterior, baseline: (receipts × groups). label, person: (receipts,). Rows: measure × (posterior, baseline, difference = posterior −
    baseline); columns value, low, high, receipts, people.
    """
    values = {
        "log_loss": [log_losses(p, label) for p in (posterior, baseline)],
        "accuracy": [(p.argmax(1) == label).astype(float) for p in (posterior, baseline)],
    }
    rows = []
    for measure, (ours, theirs) in values.items():
        for name, value in (("posterior", ours), ("baseline", theirs), ("difference", ours - theirs)):
            rows.append((measure, name, *mean_by_receipts(value, person, level=level), len(label)))
    for name, interval in zip(
        ("posterior", "baseline", "difference"), calibration_errors(posterior, baseline, label, person, level=level), strict=True
    ):
        rows.append(("calibration_error", name, *interval, len(label)))
    return pd.DataFrame(rows, columns=["measure", "of", "value", "low", "high", "people", "receipts"])

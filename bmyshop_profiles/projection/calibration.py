"""From evidence to posterior: a small map, fitted on members whose log-ratios were learnt from other members.

Belongs here: the multinomial logistic map, its cross-fitting by member, its quality against the prior. Does not belong here: how
log-ratios are made (evidence.py), mixes of shops.

posterior = softmax(intercept + Σ coefficient × evidence + Σ own weights of items ÷ √items + effects of places): Platt scaling (1999) in
many classes, with two additions that are drawn towards 0 by a quadratic penalty. The own weight of an item (and of its category) is what
members' receipts say beyond the log-ratios; it stays a sum over items. The effect of a place, a shop or a moment, is what is known of who
comes there before the basket is seen. The receipts of one member are no independent witnesses of a place, so that effects are too large:
the part of them is served under which members of other folds are told best. Effects are centred: without them the map is that of a receipt
whose place is unknown, which mixes of shops are estimated from.

The map is cross-fitted by member (log-ratios from the other folds), because evidence from log-ratios which a member helped to make is too
sharp; it is then served with log-ratios from all members. Several folds rather than two: what is served comes from all members, and halves
would be noticeably blunter. Posteriors of members come from a map fitted on the other folds (whose log-ratios knew the members' labels: an
effect of second order): the response matrix needs posteriors made the way the served ones are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, diags, hstack, identity
from scipy.special import softmax

from bmyshop_profiles.projection.evidence import Learner, receipt_evidence
from bmyshop_profiles.statistics.intervals import mean_by_receipts, person_folds
from bmyshop_profiles.statistics.likelihood import group_totals
from bmyshop_profiles.statistics.probabilities import calibration_errors, log_losses

PSEUDO_RECEIPTS = 0.5  # weight of one receipt without evidence in each group: a group nobody was seen in keeps a small posterior
WEIGHTINGS = ("receipts", "people")
# Penalties of squared coefficients, against members. Those of items and places are chosen on The Complete Journey, Online Retail and
# Ta-Feng (benchmarks.projection.receipt): people are many where places or items are, so that these could be weaker, not stronger.
PENALTY, ITEM_PENALTY, PLACE_PENALTY = 3.0, 10.0, 3.0
PLACE_PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the effects of places: as much is served as says most of members of other folds


@dataclass(frozen=True)
class Places:
    """Where and when receipts were: of: (receipts × places) 0 or 1, one place of each kind. kind: (places,) number of its kind."""

    of: csr_matrix
    kind: np.ndarray

    def rows(self, wanted: np.ndarray) -> "Places":
        """Those of some receipts."""
        return Places(csr_matrix(self.of[wanted]), self.kind)


def places_of(codes: Sequence[np.ndarray]) -> tuple[Places, list[np.ndarray]]:
    """Places of receipts from one array of codes (receipts,) for each kind; and the codes of each kind, in the order of its places."""
    kinds = [pd.factorize(each, sort=True) for each in codes]
    rows = np.arange(len(codes[0]))
    blocks = [csr_matrix((np.ones(len(rows)), (rows, own)), shape=(len(rows), len(named))) for own, named in kinds]
    counts = [len(named) for _, named in kinds]
    return Places(csr_matrix(hstack(blocks)), np.repeat(np.arange(len(kinds)), counts)), [named for _, named in kinds]


@dataclass(frozen=True)
class CalibrationMap:
    """coefficients: (evidence groups × groups). intercepts: (groups,). prior: (groups,) shares in the receipts it was fitted on.
    items: (items × groups) own weights of items, those of their categories included. places: (places × groups) effects, whose mean over
    receipts is 0 for each kind of place."""

    coefficients: np.ndarray
    intercepts: np.ndarray
    prior: np.ndarray
    items: np.ndarray
    places: np.ndarray

    def weights(self, ratios: np.ndarray) -> np.ndarray:
        """(items × groups) what each item adds, before the division by √items. ratios: (items × groups)."""
        return np.asarray(ratios @ self.coefficients + self.items)

    def scores(self, receipts: csr_matrix, ratios: np.ndarray) -> np.ndarray:
        """(receipts × groups) of receipts (receipts × items) whose places are unknown."""
        return np.asarray(receipt_evidence(receipts, self.weights(ratios)) + self.intercepts)

    def posterior(self, receipts: csr_matrix, ratios: np.ndarray, places: Places | None = None) -> np.ndarray:
        """(receipts × groups) posterior, rows sum to one, of receipts (receipts × items); of unknown places where none are given."""
        scores = self.scores(receipts, ratios)
        return softmax(scores if places is None else scores + places.of @ self.places, axis=1)


@dataclass(frozen=True)
class CrossFit:
    """One row per scored receipt of a member: posterior cross-fitted by member, the member (row) and the member's group.

    map: fitted on all of it, to be served with log-ratios from all members. posterior: of unknown places; placed: with the place, the same
    where no places are given. prior: (receipts × groups) cross-fitted like the posterior. evidence: (receipts × groups).
    """

    evidence: np.ndarray
    posterior: np.ndarray
    placed: np.ndarray
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


def fit_calibration(
    evidence: np.ndarray,
    receipts: csr_matrix,
    label: np.ndarray,
    *,
    weight: np.ndarray,
    categories: csr_matrix | None = None,
    places: Places | None = None,
) -> CalibrationMap:
    """Fit the map by penalised maximum likelihood: half of each penalty times the squared coefficients is taken off the log-likelihood.

    evidence: (receipts × groups). receipts: (receipts × items), anything above 0 counts as one item. label: (receipts,) group of the buyer,
    0..groups-1. weight: (receipts,) see `receipt_weights`. categories: (items × categories) 1 where the item is of the category. places: of
    the receipts. Groups without a receipt keep a small posterior. Raises ValueError for labels outside the groups, shapes that differ or
    evidence that is not finite.
    """
    count, groups = evidence.shape
    if groups == 0 or len(label) != count or len(weight) != count or receipts.shape[0] != count:
        raise ValueError(
            f"evidence {evidence.shape}, receipts {receipts.shape}, {len(label)} labels and {len(weight)} weights do not fit together"
        )
    if count and (label.min() < 0 or label.max() >= groups):
        raise ValueError(f"labels must lie in 0..{groups - 1}: leave out receipts of members in no group")
    if not np.isfinite(evidence).all():
        raise ValueError("evidence must be finite")
    items, of = receipts.shape[1], places.of if places else csr_matrix((count, 0))
    share = np.bincount(label, weights=weight, minlength=groups) + PSEUDO_RECEIPTS
    prior = share / share.sum()
    if groups == 1 or count == 0:
        coefficients, own, effects = (np.zeros((size, groups)) for size in (groups, items, of.shape[1]))
        return CalibrationMap(coefficients, np.log(prior), prior, own, effects)
    from sklearn.linear_model import LogisticRegression

    # of what is drawn towards 0 more or less than evidence is, a unit is made smaller or larger
    item_unit, place_unit = np.sqrt(PENALTY / ITEM_PENALTY), np.sqrt(PENALTY / PLACE_PENALTY)
    named = item_unit * hstack([identity(items), *([] if categories is None else [categories])])  # an item, and its category
    features = csr_matrix(hstack([csr_matrix(evidence), _over_root(receipts) @ named, place_unit * of]))
    features.resize((count + groups, features.shape[1]))  # pseudo-receipts without evidence
    truth, weights = np.append(label, np.arange(groups)), np.append(weight, np.full(groups, PSEUDO_RECEIPTS))
    model = LogisticRegression(C=1 / PENALTY, max_iter=1000).fit(features, truth, sample_weight=weights)
    found, intercepts = model.coef_.T, model.intercept_
    if groups == 2:  # scikit-learn gives one column for two classes
        found, intercepts = np.column_stack([np.zeros(len(found)), found[:, 0]]), np.array([0.0, model.intercept_[0]])
    coefficients, own, effects = np.split(found, [groups, groups + named.shape[1]])
    effects = place_unit * effects
    if places:
        visited = weight @ of / weight.sum()
        for kind in np.unique(places.kind):
            own_kind = places.kind == kind
            mean = visited[own_kind] @ effects[own_kind]
            effects[own_kind] -= mean
            intercepts = intercepts + mean
    return CalibrationMap(coefficients, intercepts, prior, np.asarray(named @ own), effects)


def _over_root(receipts: csr_matrix) -> csr_matrix:
    """Each distinct item as 1 ÷ √(distinct items of the receipt)."""
    present = csr_matrix(receipts > 0, dtype=np.float64)
    return csr_matrix(diags(1 / np.sqrt(np.maximum(np.diff(present.indptr), 1))) @ present)


def cross_fit(
    counts: csr_matrix,
    labels: np.ndarray,
    receipts: csr_matrix,
    member: np.ndarray,
    *,
    groups: int,
    learn: Learner,
    categories: csr_matrix | None = None,
    places: Places | None = None,
    folds: int = 5,
    weighting: str = "receipts",
    seed: int = 0,
) -> CrossFit:
    """Cross-fitted evidence and posteriors of members' receipts, and the map to serve.

    counts: (members × items) of the half that made the labels. labels: (members,) 0..groups-1, below zero = left out altogether. receipts:
    (receipts × items) of the *other* half. member: (receipts,) row of each receipt's member. learn: see `log_ratio_learner`. categories,
    places: see `fit_calibration`. With fewer members than folds, folds shrink to the members; a single member gives posteriors that are the
    prior.
    """
    labels, member = np.asarray(labels), np.asarray(member)
    if len(labels) != counts.shape[0] or len(member) != receipts.shape[0]:
        raise ValueError(f"{len(labels)} labels for {counts.shape[0]} members, {len(member)} owners for {receipts.shape[0]} receipts")
    if labels.max(initial=-1) >= groups:
        raise ValueError(f"label {labels.max()} is not among {groups} groups")
    used = np.flatnonzero(labels[member] >= 0)
    receipts, member, places = receipts[used], member[used], places.rows(used) if places else None
    label, weight = labels[member], receipt_weights(member, weighting=weighting)
    known = np.flatnonzero(labels >= 0)
    fold = np.zeros(len(labels), dtype=int)
    fold[known] = person_folds(len(known), folds=max(2, min(folds, len(known))), seed=seed)
    totals, evidence = group_totals(counts, labels, groups=groups), np.zeros((len(used), groups))
    ratios = []
    for number in range(fold.max(initial=0) + 1):
        out, rows = np.flatnonzero((fold == number) & (labels >= 0)), np.flatnonzero(fold[member] == number)
        ratios.append(learn(totals - group_totals(counts[out], labels[out], groups=groups)))
        evidence[rows] = receipt_evidence(receipts[rows], ratios[number])

    def fitted(rows: np.ndarray) -> CalibrationMap:
        return fit_calibration(
            evidence[rows],
            receipts[rows],
            label[rows],
            weight=weight[rows],
            categories=categories,
            places=places.rows(rows) if places else None,
        )

    scores, effects, prior = (np.zeros_like(evidence) for _ in range(3))
    for number, own in enumerate(ratios):
        rows, others = np.flatnonzero(fold[member] == number), np.flatnonzero(fold[member] != number)
        partial = fitted(others)
        scores[rows], prior[rows] = partial.scores(receipts[rows], own), partial.prior
        if places:
            effects[rows] = places.of[rows] @ partial.places
    tried = np.array([softmax(scores + part * effects, axis=1) for part in PLACE_PARTS])
    losses = np.array([log_losses(each, label) for each in tried])
    best = np.array([losses[:, fold[member] != number].sum(1).argmin() for number in range(len(ratios))])
    placed = tried[best[fold[member]], np.arange(len(used))]
    whole = fitted(np.arange(len(used)))
    whole = replace(whole, places=PLACE_PARTS[int(losses.sum(1).argmin())] * whole.places)
    return CrossFit(evidence, softmax(scores, axis=1), placed, prior, member, label, whole)


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

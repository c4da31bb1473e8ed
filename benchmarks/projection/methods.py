"""Posteriors of one receipt of people nobody learnt from: what is served, and its rivals, from the same members and receipts.

Belongs here: the methods, the table of their losses. Does not belong here: data (age.py, ceiling.py, receipts.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, hstack
from scipy.special import softmax

from benchmarks.helpers import report
from bmyshop_profiles.projection.calibration import CrossFit, Places, cross_fit, fit_calibration, receipt_weights
from bmyshop_profiles.projection.evidence import choose_learner, receipt_evidence
from bmyshop_profiles.projection.topics import Topics, fit_topics
from bmyshop_profiles.statistics.intervals import Interval, mean_by_receipts, person_folds
from bmyshop_profiles.statistics.likelihood import everybody_shares, group_totals
from bmyshop_profiles.statistics.probabilities import log_losses

PRIOR, ALONE, TOPICS = "prior", "evidence, no unlabelled receipts", "evidence, topics of all receipts"
ITEMS, PLACED = "served: and own weights of items", "served: and shop and moment"
RIDGE, LINEAR, TREES = "ridge on items", "logistic on 50 components", "boosted trees on 50 components"
RIDGES = (0.1, 0.3, 1.0, 3.0)
COMPONENTS, FOLDS, FLOOR = 50, 3, 1e-4


def one_hot(codes: np.ndarray) -> csr_matrix:
    """(rows × values) indicators, values sorted."""
    numbers, values = pd.factorize(codes, sort=True)
    return csr_matrix((np.ones(len(numbers)), (np.arange(len(numbers)), numbers)), shape=(len(numbers), len(values)))


@dataclass(frozen=True)
class Task:
    """counts: (people × items) that labels are made of or, where labels are declared, of everything. label: (people,). receipts: (receipts
    × items). person: (receipts,) whose. sea: (receipts × items) unlabelled ones. categories: (items × categories). places: of the
    receipts."""

    counts: csr_matrix
    label: np.ndarray
    receipts: csr_matrix
    person: np.ndarray
    sea: csr_matrix
    groups: int
    categories: csr_matrix | None = None
    places: Places | None = None

    def of(self, people: np.ndarray) -> np.ndarray:
        """Rows of the receipts of people."""
        return np.flatnonzero(np.isin(self.person, people))


@dataclass(frozen=True)
class Told:
    """losses: nats of each scored receipt, by method. posteriors: (receipts × groups), by method. person, label: of the receipts."""

    losses: dict[str, np.ndarray]
    posteriors: dict[str, np.ndarray]
    person: np.ndarray
    label: np.ndarray

    def mean(self, name: str) -> float:
        """Mean loss of a method, in nats."""
        return float(self.losses[name].mean())

    def difference(self, name: str, other: str) -> Interval:
        """Mean loss of a method less that of another, paired, with a 90 % interval by person."""
        return mean_by_receipts(self.losses[name] - self.losses[other], self.person)


def told(task: Task, posteriors: dict[str, np.ndarray], rows: np.ndarray) -> Told:
    """Losses of posteriors of some receipts."""
    label = task.label[task.person[rows]]
    return Told({name: log_losses(each, label) for name, each in posteriors.items()}, posteriors, task.person[rows], label)


def together(parts: list[Told]) -> Told:
    """Scored people of several divisions, one after the other; people of different parts must differ."""
    return Told(
        {name: np.concatenate([part.losses[name] for part in parts]) for name in parts[0].losses},
        {name: np.concatenate([part.posteriors[name] for part in parts]) for name in parts[0].posteriors},
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("person", "label")),
    )


def score(task: Task, learn: np.ndarray, scored: np.ndarray, *, rivals: bool, seed: int) -> Told:
    """What each method says of the receipts of the scored people, learnt from other people."""
    rows, topics, found = task.of(scored), fit_topics(task.sea, seed=seed), {}
    for name, sea in ((ALONE, None), (TOPICS, topics)):
        fit, ratios = fitted(task, learn, topics=sea, seed=seed)
        found[PRIOR] = np.tile(fit.map.prior, (len(rows), 1))
        found[name] = _calibrated_alone(fit, receipt_evidence(task.receipts[rows], ratios))
    found[ITEMS] = fit.map.posterior(task.receipts[rows], ratios)
    if task.places:
        found[PLACED] = fit.map.posterior(task.receipts[rows], ratios, task.places.rows(rows))
    return told(task, found | (_rivals(task, task.of(learn), rows, seed=seed) if rivals else {}), rows)


def fitted(task: Task, learn: np.ndarray, *, topics: Topics | None = None, seed: int = 0) -> tuple[CrossFit, np.ndarray]:
    """What is served, learnt from some people: the cross-fit of their receipts, in the order of `task.of(learn)`, and log-ratios."""
    taught, label = task.of(learn), np.full(len(task.label), -1)
    label[learn] = task.label[learn]
    chosen, _ = choose_learner(task.counts, label, groups=task.groups, everybody=everybody_shares(task.sea), topics=topics, seed=seed)
    fit = cross_fit(
        task.counts,
        label,
        csr_matrix(task.receipts[taught]),
        task.person[taught],
        groups=task.groups,
        learn=chosen,
        categories=task.categories,
        places=task.places.rows(taught) if task.places else None,
        seed=seed,
    )
    return fit, chosen(group_totals(task.counts, label, groups=task.groups))


def _calibrated_alone(fit: CrossFit, evidence: np.ndarray) -> np.ndarray:
    """Evidence without own weights of items."""
    nothing = csr_matrix((len(fit.label), 0))
    alone = fit_calibration(fit.evidence, nothing, fit.label, weight=receipt_weights(fit.member))
    return np.asarray(softmax(evidence @ alone.coefficients + alone.intercepts, axis=1))


def _rivals(task: Task, taught: np.ndarray, rows: np.ndarray, *, seed: int) -> dict[str, np.ndarray]:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import normalize

    label, person = task.label[task.person], task.person
    own = task.receipts if task.categories is None else csr_matrix(hstack([task.receipts, (task.receipts @ task.categories) > 0]))
    items = csr_matrix(normalize(csr_matrix(own > 0, dtype=float)))
    components = TruncatedSVD(COMPONENTS, random_state=seed).fit_transform(items)

    def served(model: Callable[[float], object], features: np.ndarray | csr_matrix, strengths: tuple[float, ...]) -> np.ndarray:
        """Posteriors with the strength chosen by folds of the people who teach."""
        people = np.unique(person[taught])
        fold = person_folds(len(people), folds=FOLDS, seed=seed)[np.searchsorted(people, person[taught])]
        losses = []
        for strength in strengths if len(strengths) > 1 else ():
            parts = [(taught[fold != k], taught[fold == k]) for k in range(FOLDS)]
            losses.append(sum(float(log_losses(_fitted(model(strength), features, a, b), label[b]).sum()) for a, b in parts))
        return _fitted(model(strengths[int(np.argmin(losses))] if losses else strengths[0]), features, taught, rows)

    def _fitted(model: object, features: np.ndarray | csr_matrix, learn: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        weight = receipt_weights(person[learn])
        found = np.full((len(wanted), task.groups), FLOOR)
        model.fit(features[learn], label[learn], sample_weight=weight)  # type: ignore[attr-defined]
        found[:, model.classes_] += model.predict_proba(features[wanted])  # type: ignore[attr-defined]
        return np.asarray(found / found.sum(1, keepdims=True))

    def logistic(strength: float) -> LogisticRegression:
        return LogisticRegression(C=strength, max_iter=500)

    def trees(rate: float) -> HistGradientBoostingClassifier:
        return HistGradientBoostingClassifier(learning_rate=rate, max_iter=60, max_leaf_nodes=8, random_state=seed)

    return {
        RIDGE: served(logistic, items, RIDGES),
        LINEAR: served(logistic, components, tuple(10 * each for each in RIDGES)),
        TREES: served(trees, components, (0.05,)),
    }


def table(found: Told, *, title: str, others: dict[str, str] | None = None) -> list[dict[str, object]]:
    """Print losses and paired differences: to the evidence that needs no calibration of items, and as `others` says (column → method)."""
    rows = []
    for name in found.losses:
        row: dict[str, object] = {"method": name, "log-loss": round(found.mean(name), 4)}
        for column, other in {"to evidence of topics": TOPICS, **(others or {})}.items():
            each = found.difference(name, other)
            row[column] = f"{each.value:+.4f} [{each.low:+.4f}, {each.high:+.4f}]" if name != other else ""
        rows.append(row)
    report.show(rows, title=title)
    return rows


def figures(found: Told, *others: str) -> dict[str, object]:
    """Losses, and differences to evidence of topics and to others, for the kept result."""
    return {
        name: {"log_loss": found.mean(name)}
        | {f"less {other}": found.difference(name, other) for other in (TOPICS, *others) if other != name}
        for name in found.losses
    }

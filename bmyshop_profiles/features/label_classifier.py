"""From a normalised label to a category with a probability: linear over pieces of words, calibrated, adapted to the network's labels.

Features: hashed words, word pairs and character 2–5-grams, each block sublinear TF-IDF of length one (Salton and Buckley 1988).
Fit: one-versus-rest squared hinge (Fan et al. 2008, liblinear). Adaptation: the same loss on the network's labels, weights pulled to
those given (Chelba and Acero 2004). Calibration: one temperature on cross-fitted scores (Guo et al. 2017).
Here: the method, and its file of weights. Not here: what the labels mean (`categories.py`), how they are spelled (`label_text.py`).
"""

import functools
import io
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import numpy as np

from bmyshop_profiles.features.label_text import character_pieces, label_key, word_pieces

BLOCKS: tuple[tuple[Callable[[str], list[str]], int], ...] = ((character_pieces, 2**15), (word_pieces, 2**14))
FEATURES = sum(size for _, size in BLOCKS)
FOLDS = 3
COST = 1.0  # of an error, against the length of the weights; liblinear's own default
LEAST_LABELS = 30  # fewer labels of the network say too little to move anything
WEIGHTS = "data/product_label_weights.npz"


@dataclass(frozen=True)
class LabelClassifier:
    """classes: (K,) sorted. weights: (FEATURES × K). intercepts: (K,). idf: (FEATURES,). temperature: multiplies scores before softmax."""

    classes: tuple[str, ...]
    weights: np.ndarray
    intercepts: np.ndarray
    idf: np.ndarray
    temperature: float

    def confidences(self, labels: Sequence[str]) -> np.ndarray:
        """(labels × K) calibrated probabilities of normalised labels; rows add up to 1."""
        if not len(labels):
            return np.empty((0, len(self.classes)))
        return _softmax(self.temperature * (_weighted(_counts(labels), self.idf) @ self.weights + self.intercepts))


def fit(labels: Sequence[str], targets: Sequence[str], sample_weight: Sequence[float] | None = None) -> LabelClassifier:
    """A classifier of normalised labels.

    Args:
        labels: normalised labels, none empty.
        targets: the class of each.
        sample_weight: how much each counts; all the same by default.

    Raises:
        ValueError: fewer than two classes, or lengths that differ.
    """
    classes = tuple(sorted(set(targets)))
    if len(classes) < 2 or len(labels) != len(targets):
        raise ValueError(f"{len(labels)} labels with {len(targets)} targets of {len(classes)} classes; two classes or more are needed")
    index = np.array([classes.index(target) for target in targets])
    weight = np.ones(len(index)) if sample_weight is None else np.asarray(sample_weight, float)
    counts = _counts(labels)
    idf = np.log((1 + counts.shape[0]) / (1 + np.bincount(counts.indices, minlength=FEATURES))) + 1
    design = _weighted(counts, idf)
    scores = np.full((len(index), len(classes)), -1.0)
    fold = _folds(labels)
    for held_out in range(FOLDS):
        inside, outside = np.flatnonzero(fold != held_out), np.flatnonzero(fold == held_out)
        if len(outside) and len(set(index[inside])) > 1:
            weights, intercepts = _liblinear(design[inside], index[inside], len(classes), weight[inside])
            scores[outside] = design[outside] @ weights + intercepts
    weights, intercepts = _liblinear(design, index, len(classes), weight)
    return LabelClassifier(classes, weights, intercepts, idf, _temperature(scores, index, weight))


def adapt(start: LabelClassifier, labels: Sequence[str], targets: Sequence[str], *, pull: float = 1.0) -> LabelClassifier:
    """The classifier moved towards labels of the network, no further than they compel it. Classes they lack stay as they are.

    Args:
        start: a classifier that knows all the targets.
        labels: normalised labels, none empty.
        targets: the class of each.
        pull: how strongly weights are held where they were.

    Raises:
        ValueError: a target is no class of `start`.
    """
    unknown = set(targets) - set(start.classes)
    if unknown:
        raise ValueError(f"the classifier knows no class {', '.join(sorted(unknown))}")
    if len(labels) < LEAST_LABELS:
        return start
    index = np.array([start.classes.index(target) for target in targets])
    design = _weighted(_counts(labels), start.idf)
    scores, fold = np.zeros((len(index), len(start.classes))), _folds(labels)
    for held_out in range(FOLDS):
        inside, outside = np.flatnonzero(fold != held_out), np.flatnonzero(fold == held_out)
        weights, intercepts = _pulled(start, design[inside], index[inside], pull)
        scores[outside] = design[outside] @ weights + intercepts
    weights, intercepts = _pulled(start, design, index, pull)
    temperature = _temperature(scores, index, np.ones(len(index)))
    # the products of one network resemble each other: its folds may flatter, so it is never surer than the lists were
    return replace(start, weights=weights, intercepts=intercepts, temperature=min(temperature, start.temperature))


def to_bytes(classifier: LabelClassifier) -> bytes:
    """The weights as a compressed file: one byte a weight, scaled by class."""
    scale = np.abs(classifier.weights).max(0) / 127
    file = io.BytesIO()
    np.savez_compressed(
        file,
        classes=np.array(classifier.classes),
        weights=np.round(classifier.weights / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        intercepts=classifier.intercepts.astype(np.float32),
        idf=classifier.idf.astype(np.float16),
        temperature=np.float32(classifier.temperature),
    )
    return file.getvalue()


def from_bytes(content: bytes) -> LabelClassifier:
    """What `to_bytes` wrote."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        weights = file["weights"].astype(np.float32) * file["scale"]
        classes = tuple(str(each) for each in file["classes"])
        return LabelClassifier(classes, weights, file["intercepts"].astype(float), file["idf"].astype(float), float(file["temperature"]))


@functools.cache
def shipped() -> LabelClassifier:
    """The classifier that the package ships; see `bmyshop_profiles/references/data/product_labels.md` for where it comes from."""
    return from_bytes(resources.files("bmyshop_profiles.references").joinpath(WEIGHTS).read_bytes())


def _counts(labels: Sequence[str]) -> Any:
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import HashingVectorizer

    blocks = [HashingVectorizer(analyzer=pieces, n_features=size, alternate_sign=False, norm=None) for pieces, size in BLOCKS]
    return hstack([block.transform(labels) for block in blocks]).tocsr()


def _weighted(counts: Any, idf: np.ndarray) -> Any:
    from scipy.sparse import hstack
    from sklearn.preprocessing import normalize

    design = counts.copy()
    design.data = (1 + np.log(design.data)) * idf[design.indices]
    edges = np.cumsum([0, *(size for _, size in BLOCKS)])
    return hstack([normalize(design[:, low:high]) for low, high in itertools.pairwise(edges)]).tocsr()


def _folds(labels: Sequence[str]) -> np.ndarray:
    """Labels with one key stay together: a fold never sees the label it is scored on."""
    keys = sorted({label_key(label) for label in labels})
    place = dict(zip(keys, np.random.default_rng(0).permutation(len(keys)) % FOLDS, strict=True))
    return np.array([place[label_key(label)] for label in labels])


def _liblinear(design: Any, index: np.ndarray, classes: int, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.svm import LinearSVC

    model = LinearSVC(C=COST, random_state=0).fit(design, index, sample_weight=weight)
    weights, intercepts = np.zeros((FEATURES, classes), np.float32), np.full(classes, -1.0)
    if len(model.classes_) == 2:
        weights[:, model.classes_] = np.vstack([-model.coef_[0], model.coef_[0]]).T
        intercepts[model.classes_] = [-model.intercept_[0], model.intercept_[0]]
    else:
        weights[:, model.classes_], intercepts[model.classes_] = model.coef_.T, model.intercept_
    return weights, intercepts


def _pulled(start: LabelClassifier, design: Any, index: np.ndarray, pull: float) -> tuple[np.ndarray, np.ndarray]:
    """Squared hinge of the classes at hand, plus `pull` / 2 × the squared length of the step away from the weights given."""
    from scipy.optimize import minimize

    present, used = np.unique(index), np.unique(design.indices)
    seen = design[:, used].tocsr()
    back = seen.T.tocsr()
    sign = np.where(index[:, None] == present, 1.0, -1.0)
    given = seen @ start.weights[used][:, present].astype(float) + start.intercepts[present]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        step = flat.reshape(len(used) + 1, len(present))
        short = np.maximum(0, 1 - sign * (given + seen @ step[:-1] + step[-1]))
        slope = -2 * COST * sign * short
        gradient = np.vstack([back @ slope, slope.sum(0)]) + pull * step
        return COST * (short**2).sum() + pull / 2 * (step**2).sum(), gradient.ravel()

    found = minimize(loss, np.zeros((len(used) + 1) * len(present)), jac=True, method="L-BFGS-B", options={"maxiter": 60})
    step = found.x.reshape(len(used) + 1, len(present))
    weights, intercepts = start.weights.copy(), start.intercepts.copy()
    weights[np.ix_(used, present)] += step[:-1]
    intercepts[present] += step[-1]
    return weights, intercepts


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)


def _temperature(scores: np.ndarray, index: np.ndarray, weight: np.ndarray) -> float:
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        shares = _softmax(np.exp(log_temperature) * scores)[np.arange(len(index)), index]
        return float(-(weight * np.log(shares + 1e-12)).sum() / weight.sum())

    return float(np.exp(minimize_scalar(loss, bounds=(-2, 4), method="bounded").x))

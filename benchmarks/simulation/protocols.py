"""Measurements that are taken on real receipts and on simulated ones alike, by one code, so that the two can be held side by side.

Belongs here: what half of a receipt says about the other half (`said_by_half`), how the mixes of places spread (`spread_of_places`), what
contrasts of age between places are worth (`slope_of_ages`). Does not belong here: loading, simulating, bars (`realism`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize

_RECEIPTS = 40_000  # at most, for missions
LEAST_PEOPLE = 40  # of a place
_SHRUNK = 200  # items of everybody that a mission's shares are shrunk towards
_ROUNDS = 8  # of likelihood assignment after k-means


def said_by_half(lines: pd.DataFrame, groups: int = 10, seed: int = 0) -> float:
    """Nats per article of one half of a receipt that a typology of receipts, told by the other half, gains on everybody's shares.

    Soft (a mixture by posterior), without replacement: what is on the receipt already cannot come again, for missions and everybody alike.
    k-means proposes, likelihood assigns, on one fold of the receipts; the other one is scored. lines: receipt, item.
    """
    rng = np.random.default_rng(seed)
    chosen = pd.Index(rng.permutation(lines.receipt.unique())[:_RECEIPTS])
    lines = lines[lines.receipt.isin(chosen)].drop_duplicates(["receipt", "item"]).sample(frac=1, random_state=seed)
    half = lines.groupby("receipt").cumcount().to_numpy() % 2
    row, item = chosen.get_indexer(lines.receipt), pd.factorize(lines["item"], sort=True)[0]
    shape = (len(chosen), item.max() + 1)
    told, other = (csr_matrix((np.ones((half == h).sum()), (row[half == h], item[half == h])), shape=shape) for h in (0, 1))
    whole = csr_matrix(told + other)
    rare = csr_matrix(whole.multiply(1 / np.sqrt(np.asarray(whole.sum(axis=0)) + 1)))
    space = TruncatedSVD(min(20, shape[1] - 1), random_state=seed).fit_transform(normalize(rare))
    proposed = MiniBatchKMeans(groups, random_state=seed, n_init=3).fit_predict(space)
    fold = rng.integers(0, 2, len(chosen))
    is_scored = np.asarray(other.sum(axis=1)).ravel() > 0
    gained, count = 0.0, 0
    for left in (0, 1):
        shares, weights, everybody = _missions(csr_matrix(whole[fold != left]), proposed[fold != left], groups)
        rows = np.flatnonzero((fold == left) & is_scored)
        score = np.asarray(told[rows] @ np.log(shares / everybody).T) + np.log(weights)
        posterior = np.exp(score - score.max(axis=1, keepdims=True))
        mixed = posterior / posterior.sum(axis=1, keepdims=True) @ shares
        spent = np.asarray(told[rows].multiply(mixed).sum(axis=1)).ravel()
        spent_by_all = np.asarray(told[rows] @ everybody).ravel()
        scored = other[rows].tocoo()
        ours = np.log(mixed[scored.row, scored.col] / (1 - spent[scored.row]))
        gained += float((ours - np.log(everybody[scored.col] / (1 - spent_by_all[scored.row]))).sum())
        count += scored.nnz
    return gained / count


def _missions(items: csr_matrix, label: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares of the items in each group and over all, and the weights of the groups."""
    everybody = np.asarray(items.sum(axis=0)).ravel() + 0.5
    everybody /= everybody.sum()
    for _ in range(_ROUNDS + 1):
        totals = np.stack([np.asarray(items[label == group].sum(axis=0)).ravel() for group in range(groups)])
        shares = (totals + _SHRUNK * everybody) / (totals.sum(axis=1, keepdims=True) + _SHRUNK)
        weights = (np.bincount(label, minlength=groups) + 1) / (len(label) + groups)
        label = (np.asarray(items @ np.log(shares / everybody).T) + np.log(weights)).argmax(axis=1)
    return shares, weights, everybody


@dataclass(frozen=True)
class Spread:
    """Squares summed over groups, averaged over places.

    spread: of mixes about the network's. dealing: what dealing as many people at random gives. people: of a place, on average.
    """

    spread: float
    dealing: float
    places: int
    people: float

    @property
    def excess(self) -> float:
        """What places have that chance does not give."""
        return self.spread - self.dealing


def halves_of(lines: pd.DataFrame, seed: int) -> pd.Series:
    """0 or 1 by receipt, each half of each person's at random. lines: person, receipt."""
    receipts = lines.drop_duplicates("receipt")[["receipt", "person"]].sample(frac=1, random_state=seed)
    return pd.Series(receipts.groupby("person").cumcount().to_numpy() % 2, index=receipts.receipt)


def counts_by_person(lines: pd.DataFrame, people: pd.Index) -> csr_matrix:
    """How often each person bought each item (people × items). lines: person, item."""
    item = pd.factorize(lines["item"], sort=True)[0]
    return csr_matrix((np.ones(len(lines)), (people.get_indexer(lines.person), item)), shape=(len(people), item.max() + 1))


def spread_of_places(counts: csr_matrix, visits: pd.DataFrame, groups: int = 5, seed: int = 0) -> Spread:
    """How mixes of shoppers differ from place to place, where a place has 40 of those scored and more.

    Half of the people make the typology (k-means of TF-IDF), the others are scored: label from what they bought, mixes of the visits.
    counts: (people × items), of receipts that are not among the visits. visits: store and row of the person.
    """
    makes = np.random.default_rng(seed).random(counts.shape[0]) < 0.5
    tfidf = TfidfTransformer(sublinear_tf=True).fit(counts[makes])
    space = TruncatedSVD(min(10, counts.shape[1] - 1), random_state=seed).fit(tfidf.transform(counts[makes]))
    placed = normalize(space.transform(tfidf.transform(counts)))
    label = KMeans(groups, n_init=10, random_state=seed).fit(placed[makes]).predict(placed)
    knows = np.asarray(counts.sum(axis=1)).ravel() > 0
    scored = visits[(~makes & knows)[visits["row"]]]
    scored = scored.assign(label=label[scored["row"]])
    network = np.bincount(scored.label, minlength=groups) / len(scored)
    spread, dealing, sizes = [], [], []
    for _, part in scored.groupby("store"):
        size = part["row"].nunique()
        if size >= LEAST_PEOPLE:
            mix = np.bincount(part.label, minlength=groups) / len(part)
            spread.append(((mix - network) ** 2).sum())
            dealing.append((1 - (network**2).sum()) / size)
            sizes.append(size)
    return Spread(float(np.mean(spread)), float(np.mean(dealing)), len(sizes), float(np.mean(sizes)))

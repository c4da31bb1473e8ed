"""What unlabelled receipts teach: topics of all receipts, and a group's own mixture of them as the target its shares shrink to.

Belongs here: LDA on a sample of receipts, mixtures of topics. Does not belong here: labels, evidence.

Latent Dirichlet allocation (Blei, Ng, Jordan 2003; online variational Bayes, Hoffman, Blei, Bach 2010). Few members leave most items of
a profile unseen; topics say which items go together, hence which unseen items belong to a profile. This is the semi-supervised part:
`topics=None` in the learner switches it off.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.intervals import rows_drawn

# With hundreds of members a target of topics alone is worse than everybody's shares: forty topics are too coarse for what is known by then.
# Of 0.05, 0.3, 0.6 and 1, this part has the lowest cross-fitted log-loss of members (Online Retail, one division, by a small margin).
EVERYBODY_PART = 0.6
BATCH = 1000  # receipts of an online step: two rounds of these say as much of members as eight of all receipts, in a fifth of the time


class Topics(NamedTuple):
    """shares: (topics × items), rows sum to one. prior: (topics,) everybody's mixture, sums to one."""

    shares: np.ndarray
    prior: np.ndarray


def fit_topics(receipts: csr_matrix, *, topics: int = 40, most_receipts: int = 20_000, rounds: int = 2, seed: int = 0) -> Topics:
    """Topics of receipts (receipts × items), identified or not, from a random sample of at most `most_receipts`.

    In an honest evaluation the scored people's receipts are not among them; in service they are (transductive), which the table of quality
    says. Empty receipts are left out. Raises ValueError when no receipt has an item.
    """
    from sklearn.decomposition import LatentDirichletAllocation

    filled = np.flatnonzero(np.diff(csr_matrix(receipts).indptr) > 0)
    if len(filled) == 0:
        raise ValueError("topics need receipts with items, there are none")
    filled = filled[rows_drawn(len(filled), most=most_receipts, seed=seed)]
    sample = csr_matrix(receipts[filled] > 0, dtype=np.float64)
    topics = min(topics, sample.shape[1], len(filled))
    model = LatentDirichletAllocation(topics, random_state=seed, doc_topic_prior=0.1, total_samples=len(filled))
    rng = np.random.default_rng(seed)
    for _ in range(rounds):
        for batch in np.array_split(rng.permutation(len(filled)), max(1, len(filled) // BATCH)):
            model.partial_fit(sample[batch])
    shares = model.components_ / model.components_.sum(1, keepdims=True)
    total = np.asarray(sample.sum(0)).ravel()
    return Topics(shares, mixture(total, shares=shares, prior=np.full(topics, 1 / topics), pull=1.0))


def mixture(total: np.ndarray, *, shares: np.ndarray, prior: np.ndarray, pull: float, rounds: int = 60) -> np.ndarray:
    """(topics,) the mixture of topics that best explains item totals (items,), pulled to `prior` with the weight of `pull` items (EM)."""
    if pull <= 0:
        raise ValueError(f"the pull towards everybody's mixture must be positive, got {pull}")
    seen = np.flatnonzero(total)
    weights, shares, total = prior.copy(), shares[:, seen], total[seen]
    for _ in range(rounds):
        joint = weights[:, None] * shares
        weights = (joint / (joint.sum(0) + 1e-12) * total).sum(1) + pull * prior
        weights /= weights.sum()
    return weights


def topic_targets(totals: np.ndarray, *, topics: Topics, everybody: np.ndarray, pull: float = 50.0) -> np.ndarray:
    """(groups × items) target of each group: its own mixture of topics and everybody's shares (items,), `EVERYBODY_PART` of the latter."""
    if topics.shares.shape[1] != totals.shape[1]:
        raise ValueError(f"topics know {topics.shares.shape[1]} items, the groups have {totals.shape[1]}")
    weights = np.array([mixture(t, shares=topics.shares, prior=topics.prior, pull=pull) for t in totals]).reshape(-1, len(topics.prior))
    return (1 - EVERYBODY_PART) * weights @ topics.shares + EVERYBODY_PART * everybody

"""Other ways to a typology, each as a method whose held-out gain can be measured. What is theirs alone; the measure is the package's."""

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.density import embed, leaves
from bmyshop_profiles.statistics.intervals import rows_drawn
from bmyshop_profiles.typology.model.behaviour import Behaviour
from bmyshop_profiles.typology.model.merging import merge
from bmyshop_profiles.typology.model.profiles import refine
from bmyshop_profiles.typology.model.space import fit_space, place
from bmyshop_profiles.typology.worth.held_out_gain import Fitted, Method, known_classes


def topics_method(*, clusters: int, topics: int, kind: str, seed: int = 0) -> Method:
    """k-means in a space of topics: LDA (Blei, Ng, Jordan 2003) or NMF of TF-IDF."""

    def method(first: Behaviour, second: Behaviour) -> Fitted:
        from sklearn.cluster import KMeans
        from sklearn.decomposition import NMF, LatentDirichletAllocation
        from sklearn.feature_extraction.text import TfidfTransformer

        tfidf = TfidfTransformer(sublinear_tf=True).fit(first.items)
        if kind == "lda":
            model = LatentDirichletAllocation(topics, random_state=seed, max_iter=15, doc_topic_prior=0.1)
            counts = lambda items: items  # noqa: E731
        else:
            model = NMF(topics, init="nndsvda", random_state=seed, max_iter=400)
            counts = tfidf.transform
        found = unit(model.fit_transform(counts(first.items)))
        groups = KMeans(clusters, n_init=5, random_state=seed).fit(found)
        return Fitted(
            hard_ratios(first, groups.labels_, seed=seed), lambda unseen: groups.predict(unit(model.transform(counts(unseen.items))))
        )

    return method


def consensus_method(*, clusters: int, runs: int = 16, seed: int = 0) -> Method:
    """Consensus of UMAP + HDBSCAN on half subsets: average linkage of how often two people fall together, everybody by likelihood."""

    def method(first: Behaviour, second: Behaviour) -> Fitted:
        from sklearn.cluster import AgglomerativeClustering

        places, people = place(first.items, fit_space(first.items)), first.members
        together, seen = np.zeros((people, people)), np.zeros((people, people))
        for run in range(runs):
            rows = rows_drawn(people, most=people // 2, seed=[seed, run])
            labels = leaves(embed(places[rows], seed=seed + run), least=max(15, people // 100))
            seen[np.ix_(rows, rows)] += 1
            for number in range(labels.max() + 1):
                inside = rows[labels == number]
                together[np.ix_(inside, inside)] += 1
        clustered = np.flatnonzero(together.diagonal() >= seen.diagonal() / 2)  # the others are noise as often as not
        apart = 1 - together[np.ix_(clustered, clustered)] / np.maximum(seen[np.ix_(clustered, clustered)], 1)
        groups = np.full(people, -1)
        groups[clustered] = AgglomerativeClustering(clusters, metric="precomputed", linkage="average").fit_predict(apart)
        return by_likelihood(first, groups, seed=seed)

    return method


def cores_method(*, clusters: int, damping: float, hard_rounds: int, seed: int = 0) -> Method:
    """HDBSCAN's cores merged to so many, then rounds of likelihood, hard or damped: what the rounds are worth."""

    def method(first: Behaviour, second: Behaviour) -> Fitted:
        space = fit_space(first.items)
        contexts, embedded = known_classes(first, space, seed=seed), embed(place(first.items, space), seed=seed)
        start = merge(first, leaves(embedded, least=max(15, first.members // 100)), contexts, to=clusters, seed=seed)
        profiles = refine(first, start, contexts, damping=damping, hard_rounds=hard_rounds, seed=seed)
        return Fitted(profiles.log_ratios, lambda unseen: profiles.scores(unseen).argmax(1))

    return method


def by_likelihood(first: Behaviour, groups: np.ndarray, *, seed: int) -> Fitted:
    """Unseen people go to the group whose items are likeliest."""
    ratios = hard_ratios(first, groups, seed=seed)
    return Fitted(ratios, lambda unseen: np.asarray(unseen.items @ ratios).argmax(1))


def hard_ratios(first: Behaviour, groups: np.ndarray, *, seed: int) -> np.ndarray:
    """(items × groups) log-ratios of hard groups (members,), shrunk as the typology's profiles are."""
    return refine(first, groups, known_classes(first, fit_space(first.items), seed=seed), damping=0, hard_rounds=0, seed=seed).log_ratios


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length one."""
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)


def counts_of(rows: np.ndarray, columns: np.ndarray, used: np.ndarray, shape: tuple[int, int]) -> csr_matrix:
    """(people × columns) how many of the used receipts fall there."""
    return csr_matrix((np.ones(int(used.sum())), (rows[used], columns[used])), shape=shape)

"""Other ways to a typology, each as a method whose held-out gain can be measured. What is theirs alone; the measure is the package's."""

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.typology.model.behaviour import Behaviour, together
from bmyshop_profiles.typology.model.profiles import refine
from bmyshop_profiles.typology.model.space import fit_space
from bmyshop_profiles.typology.worth.held_out_gain import Fitted, Method, known_classes


def topics_method(*, clusters: int, topics: int, kind: str, seed: int = 0) -> Method:
    """k-means in a space of topics: LDA (Blei, Ng, Jordan 2003) or NMF of TF-IDF."""

    def method(first: Behaviour, second: Behaviour) -> Fitted:
        from sklearn.cluster import KMeans
        from sklearn.decomposition import NMF, LatentDirichletAllocation
        from sklearn.feature_extraction.text import TfidfTransformer

        whole = together(first, second)
        tfidf = TfidfTransformer(sublinear_tf=True).fit(whole.items)
        if kind == "lda":
            model = LatentDirichletAllocation(topics, random_state=seed, max_iter=15, doc_topic_prior=0.1)
            counts = lambda items: items  # noqa: E731
        else:
            model = NMF(topics, init="nndsvda", random_state=seed, max_iter=400)
            counts = tfidf.transform
        found = unit(model.fit_transform(counts(whole.items)))
        groups = KMeans(clusters, n_init=5, random_state=seed).fit(found)
        return Fitted(
            hard_ratios(whole, groups.labels_, seed=seed), lambda unseen: groups.predict(unit(model.transform(counts(unseen.items))))
        )

    return method


def hard_ratios(whole: Behaviour, groups: np.ndarray, *, seed: int) -> np.ndarray:
    """(items × groups) log-ratios of hard groups (members,), shrunk as the typology's profiles are."""
    return refine(whole, groups, known_classes(whole, fit_space(whole.items), seed=seed), damping=0, hard_rounds=0, seed=seed).log_ratios


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length one."""
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)


def counts_of(rows: np.ndarray, columns: np.ndarray, used: np.ndarray, shape: tuple[int, int]) -> csr_matrix:
    """(people × columns) how many of the used receipts fall there."""
    return csr_matrix((np.ones(int(used.sum())), (rows[used], columns[used])), shape=shape)

"""The tables of missions, from a sample of receipts.

Belongs here: which articles count as themselves, rows of `mission_profiles` and `mission_weights`, and back from these to a typology.
Does not belong here: how missions are found (model.py), named (names.py), measured (worth.py).

An article that few of the sampled receipts hold counts as its category, and so does an article that comes later: what is said of it is what
its category says.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.missions.model import Missions, find_missions
from bmyshop_profiles.missions.names import ELSE, dayparts_above, mission_articles, mission_words, name_missions
from bmyshop_profiles.missions.worth import gain_per_article
from bmyshop_profiles.statistics.intervals import mean_by_receipts, rows_drawn

MOST_RECEIPTS = 40_000
LEAST_RECEIPTS = 20  # of the sample, that hold an article which counts as itself
OTHER = "other"


class Sample(NamedTuple):
    """Frames. baskets: receipt_key, item_key. visits: month, receipt_key, daypart, amount_cents. items: `item_categories`, of
    several months. categories: category, label_fr."""

    baskets: pd.DataFrame
    visits: pd.DataFrame
    items: pd.DataFrame
    categories: pd.DataFrame


def mission_tables(sample: Sample, *, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """`mission_profiles`, `mission_weights`, and why there are no missions, "" where there are some."""
    visits = sample.visits.iloc[rows_drawn(len(sample.visits), most=MOST_RECEIPTS, seed=seed)].reset_index(drop=True)
    items = known_items(sample.items, sample.categories)
    bought = sample.baskets[sample.baskets.receipt_key.isin(visits.receipt_key)]
    terms = _terms(bought, items)
    baskets = basket_matrix(bought, visits.receipt_key, items, terms)
    found, reason = find_missions(baskets, seed=seed) if baskets.nnz else (None, "no receipt has an article")
    if found is None:
        return pd.DataFrame(), pd.DataFrame(), reason
    return _profiles(found, visits, bought, baskets, terms), _weights(found, terms), ""


def known_items(items: pd.DataFrame, categories: pd.DataFrame) -> pd.DataFrame:
    """One row per article by key: kind (category), category (its French label) and label, as most of its lines have them; "" for none."""
    most = items.sort_values(["lines_count", "item_key"], ascending=[False, True], kind="stable").drop_duplicates("item_key")
    named = most.merge(categories[["category", "label_fr"]], on="category", how="left").set_index("item_key").sort_index()
    told = {"kind": named.category, "category": named.label_fr, "label": named.label}
    return pd.DataFrame({name: column.fillna("").astype(object) for name, column in told.items()})


def _terms(bought: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """What a basket may hold: articles that enough receipts hold, and the categories of the others. kind_of_term, value_key, and as `items`
    has them kind, category, label."""
    held = bought.item_key.value_counts()
    own = items.reindex(sorted(held[held >= LEAST_RECEIPTS].index)).fillna("")
    own = own.assign(term="item", value_key=own.index)
    known = items[items.kind != ""].drop_duplicates("kind").sort_values("kind")
    classes = pd.DataFrame({"kind": known.kind, "category": known.category, "label": "", "term": "category", "value_key": known.kind})
    return pd.concat([own, classes], ignore_index=True)


def basket_matrix(bought: pd.DataFrame, receipts: pd.Series, items: pd.DataFrame, terms: pd.DataFrame) -> csr_matrix:
    """(receipts × terms) 0/1. bought: receipt_key, item_key. terms: term, value_key."""
    own = pd.Index(terms.term + "/" + terms.value_key)
    column = own.get_indexer("item/" + bought.item_key)
    kind = bought.item_key.map(items.kind).fillna("")
    column = np.where(column >= 0, column, own.get_indexer("category/" + kind))
    row = pd.Index(receipts).get_indexer(pd.Index(bought.receipt_key))
    there = (column >= 0) & (row >= 0)
    found = csr_matrix((np.ones(int(there.sum())), (row[there], column[there])), shape=(len(receipts), len(own)))
    found.sum_duplicates()
    found.data[:] = 1
    return found


def _profiles(found: Missions, visits: pd.DataFrame, bought: pd.DataFrame, baskets: csr_matrix, terms: pd.DataFrame) -> pd.DataFrame:
    label = found.likeliest(baskets)
    told = visits.assign(mission=label, articles=bought.receipt_key.value_counts().reindex(visits.receipt_key).fillna(0).to_numpy())
    frame = told.groupby("mission").agg(visits=("articles", "size"), articles_mean=("articles", "mean"), spend=("amount_cents", "mean"))
    frame = frame.reindex([*range(len(found.sizes)), *([-1] if (label < 0).any() else [])]).reset_index()
    dayparts = dayparts_above(told)
    words = mission_words(found.shares, found.everybody, terms)
    articles = [", ".join(own) for own in mission_articles(found.shares, found.everybody, terms)]
    names = name_missions(words, [dayparts.get(number) for number in range(len(words))])
    return pd.DataFrame(
        {
            "mission_key": [mission_key(number) for number in frame.mission],
            "mission_name": [names[number] if number >= 0 else ELSE for number in frame.mission],
            "articles": [articles[number] if number >= 0 else "" for number in frame.mission],
            "visits_share": frame.visits.fillna(0) / len(visits),
            "articles_mean": frame.articles_mean,
            "spend_cents_mean": frame.spend,
            "daypart": [dayparts.get(number) for number in frame.mission],
        }
    )


def missions_in_use(weights: pd.DataFrame) -> tuple[Missions, pd.DataFrame]:
    """A typology from its `mission_weights`, and its terms: term, value_key."""
    table = weights.pivot(index=["kind", "value_key"], columns="mission_key", values="weight_micronats").sort_index() / 1e6
    rows = table[table.index.get_level_values("kind") != "prior"]
    everybody = weights.drop_duplicates(["kind", "value_key"]).set_index(["kind", "value_key"]).network_share.reindex(rows.index).to_numpy()
    shares = everybody[:, None] * np.exp(rows.to_numpy())
    sizes = np.exp(table.loc["prior", "size"].to_numpy())
    terms = rows.index.to_frame(index=False).rename(columns={"kind": "term"})
    return Missions((shares / shares.sum(0)).T, sizes / sizes.sum(), everybody / everybody.sum()), terms


def mission_quality(weights: pd.DataFrame, baskets: pd.DataFrame, items: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """`mission_quality` of a month's sample of receipts under the weights in use."""
    if weights.empty or baskets.empty:
        return pd.DataFrame()
    found, terms = missions_in_use(weights)
    receipts = pd.Series(baskets.receipt_key.unique())
    matrix = basket_matrix(baskets, receipts, items, terms)
    gain = gain_per_article(found, matrix, seed=seed)
    other = mean_by_receipts((found.likeliest(matrix) < 0).astype(float), np.arange(len(receipts)))
    figures = [
        ("gain_within", gain, "nats par article : ce que la moitié d’un ticket dit de l’autre, par sa mission"),
        ("other_share", other, "part des tickets qu’aucune mission n’explique mieux que l’ensemble"),
    ]
    rows = [(name, *each, meaning) for name, each, meaning in figures]
    return pd.DataFrame(rows, columns=["measure", "value", "low", "high", "receipts_count", "meaning"])


def mission_key(number: int) -> str:
    """m01 for the first; other for −1."""
    return f"m{number + 1:02d}" if number >= 0 else OTHER


def _weights(found: Missions, terms: pd.DataFrame) -> pd.DataFrame:
    """Weights of articles; of a category, what all its articles say together; of the missions' sizes."""
    weights = found.log_ratios
    for kind in terms.kind[terms.term == "category"]:
        inside = (terms.kind == kind).to_numpy()
        ratio = np.log(found.shares[:, inside].sum(1) / found.everybody[inside].sum())
        weights[np.flatnonzero(inside & (terms.term == "category").to_numpy())] = ratio
    codes = np.arange(1, len(terms) + 1)
    rows = pd.DataFrame({"kind": terms.term, "value_key": terms.value_key, "term_code": codes, "network_share": found.everybody})
    table = pd.concat([rows, pd.DataFrame({"kind": ["prior"], "value_key": ["size"], "term_code": [0]})], ignore_index=True)
    weights = np.vstack([weights, np.log(found.sizes)])
    frames = [
        table.assign(mission_key=mission_key(number), weight_micronats=np.rint(weights[:, number] * 1e6).astype(np.int64))
        for number in range(len(found.sizes))
    ]
    return pd.concat(frames, ignore_index=True)

"""The card of a profile: what a shopkeeper reads about it, as rows of one table.

Belongs here: which facts a card holds, typical baskets. Does not belong here: lifts (lifts.py), words (references), names (names.py).

Members are put into profiles by half 0 of their receipts and described by half 1, so that a card does not tell back what made the profile.
A lift is a share among the profile's members over that among all members in a profile, its interval counts people, and only lifts whose
whole interval lies on one side of 1 are told (what marks a group, without the artefact of rare items: Monroe, Colaresi, Quinn 2008).
What is bought is told by the categories of products, which speak the same of every till and in French, where at least half of what members
buy has one that is told, and then nothing is told of products without; else by the source's families, in its own words; else, where these
do not differ, by products. Where less has a category, what labels suggest is not believed: they are of another language, or of goods that
the categories do not know.
Baskets are made up from such shares: no receipt of anybody is shown, and no article that fewer than `LEAST_BUYERS` members of it bought.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bmyshop_profiles.references.wording import BY_KIND, UNTOLD, capital, tidy
from bmyshop_profiles.statistics.intervals import ratio_interval
from bmyshop_profiles.typology.cards.lifts import LEAST_UNITS, less, lifts, more, told

MORE, LESS, ARTICLES, BASKETS, MOST_LINES = 5, 4, 5, 3, 4
BY_CATEGORY = 0.5  # share of what is bought that has a category, from which on cards speak in categories
FIGURES = ["value", "low", "high", "network_value", "own_share", "network_share"]
COLUMNS = ["profile_key", "section", "place", "label", *FIGURES, "people_count"]
Row = dict[str, Any]


class Facts(NamedTuple):
    """Frames about the same members.

    labels: member_key, profile_key (by half 0). bought: member_key, product_key, family, category, method (family, label), bought_count and
    totals: member_key, receipts_count, lines_count, amount_cents. visits: member_key, section (daypart, store_type), label,
    receipts_count (all three of half 1). products: product_key, label. categories: category, label_fr. demographics: member_key and
    probabilities, <trait>_posterior, empty where not known. places: member_key and what the places used are like, a number each.
    """

    labels: pd.DataFrame
    bought: pd.DataFrame
    totals: pd.DataFrame
    visits: pd.DataFrame
    products: pd.DataFrame
    categories: pd.DataFrame
    demographics: pd.DataFrame
    places: pd.DataFrame


def profile_cards(facts: Facts) -> pd.DataFrame:
    """`profile_cards`; empty without profiles."""
    if facts.labels.empty or facts.bought.empty:
        return pd.DataFrame()
    labels = facts.labels.set_index("member_key").profile_key
    bought = _in_words(facts)
    articles = lifts(_counts(bought, "article"), bought.groupby("member_key").bought_count.sum(), labels)
    articles = articles.merge(
        bought.dropna(subset="article").drop_duplicates("article")[["article", "kind"]], left_on="label", right_on="article"
    )
    level, marks = _level(bought, labels, articles)
    visits = facts.visits.rename(columns={"receipts_count": "count"})
    times, shops = (
        lifts(own, own.groupby("member_key")["count"].sum(), labels)
        for own in (visits[visits.section == section] for section in ("daypart", "store_type"))
    )
    rows: list[Row] = []
    for key in sorted(labels.unique()):
        found: dict[str, Iterator[Row]] = {
            "size": _size(key, labels, facts.totals),
            "more": _ranked(more(_of(marks, key)).head(MORE), "buyers"),
            "less": _ranked(less(_of(marks, key)).head(LESS), "network_buyers"),
            "article": _ranked(more(_of(articles, key)).head(0 if level == "article" else ARTICLES), "buyers"),
            "daypart": _ranked(_visited(_of(times, key)), "buyers"),
            "store_type": _ranked(_visited(_of(shops, key)).head(8), "buyers"),
            "people": _means(key, labels, facts.demographics.rename(columns=lambda name: name.removesuffix("_posterior"))),
            "place": _means(key, labels, facts.places),
            "basket": baskets(_of(articles, key), _lines(key, labels, facts.totals)),
        }
        rows += [
            {"profile_key": key, "section": section, "place": place, **row}
            for section, part in found.items()
            for place, row in enumerate(part, start=1)
        ]
    cards = pd.DataFrame(rows, columns=COLUMNS)
    return cards.assign(**{name: cards[name].astype(float).round(9) for name in FIGURES}, people_count=cards.people_count.astype("Int64"))


def _in_words(facts: Facts) -> pd.DataFrame:
    """What was bought with three names for it, each empty where it is not told: category (French), family, article; and its kind.

    Two articles of one kind do not go into one basket.
    """
    bought = facts.bought.sort_values(["member_key", "product_key"], ignore_index=True)
    labels = facts.products.set_index("product_key").label
    french = facts.categories.set_index("category").label_fr
    speaks = _speaks_in_categories(bought)
    if not speaks:
        bought["category"] = bought.category.where(bought.method == "family")
    is_told = (bought.category != UNTOLD) & (bought.category.notna() | (not speaks))
    names = {text: tidy(text) for text in labels.reindex(bought.product_key.unique()).dropna().unique()}
    article = bought.product_key.map(labels).map(names).fillna(bought.product_key)
    article = article.mask(bought.category.isin(BY_KIND), bought.category.map(BY_KIND))
    family = bought.family.where(bought.family != "unknown")
    kind = bought.category.fillna(family).fillna(article)
    words = {"category": bought.category.map(french), "family": family.map(tidy, na_action="ignore"), "article": article}
    return bought.assign(kind=kind, **{name: column.where(is_told) for name, column in words.items()})


def _level(bought: pd.DataFrame, labels: pd.Series, articles: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """The words that cards speak in (category, family or article), and the lifts of these."""
    totals = bought.groupby("member_key").bought_count.sum()
    for level in ["category", "family"] if _speaks_in_categories(bought) else ["family"]:
        found = lifts(_counts(bought, level), totals, labels)
        if len(more(found)):
            return level, found
    return "article", articles


def _speaks_in_categories(bought: pd.DataFrame) -> bool:
    known = bought.category.notna() & (bought.category != UNTOLD)
    return bool(bought.bought_count[known].sum() >= BY_CATEGORY * bought.bought_count.sum())


def _counts(bought: pd.DataFrame, level: str) -> pd.DataFrame:
    return bought[["member_key", level, "bought_count"]].set_axis(["member_key", "label", "count"], axis=1)


def _of(found: pd.DataFrame, key: str) -> pd.DataFrame:
    return found[found.profile_key == key]


def _visited(found: pd.DataFrame) -> pd.DataFrame:
    """Moments or shops with at least 2 % of the visits."""
    return found[found.own_share >= 0.02].sort_values(["value", "label"], ascending=[False, True])


def _ranked(found: pd.DataFrame, people: str) -> Iterator[Row]:
    for row in found.to_dict("records"):
        figures = {name: row[name] for name in ("label", "value", "low", "high", "own_share", "network_share")}
        yield {**figures, "network_value": 1.0, "people_count": row[people]}


def _size(key: str, labels: pd.Series, totals: pd.DataFrame) -> Iterator[Row]:
    """Members, and the shares of members, receipts and spend of those in a profile."""
    count = int((labels == key).sum())
    yield {"label": "members", "value": float(count), "people_count": count}
    inside = (totals.member_key.map(labels) == key).to_numpy(float)
    known = totals.member_key.isin(labels.index).to_numpy(float)
    for name, column in (("members_share", None), ("receipts_share", "receipts_count"), ("spend_share", "amount_cents")):
        weight = known if column is None else known * totals[column].clip(lower=0).to_numpy(float)
        share = ratio_interval(inside * weight, weight)
        if share.people:  # amounts that nobody told are no share of spend
            yield {"label": name, "value": share.value, "low": share.low, "high": share.high, "people_count": count}


def _means(key: str, labels: pd.Series, known: pd.DataFrame) -> Iterator[Row]:
    """Mean of what is known of the people or their places, beside all members in a profile; intervals by person."""
    known = known[known.member_key.isin(labels.index)].sort_values("member_key")
    inside = known.member_key.map(labels) == key
    for name in known.columns.drop("member_key"):
        own, every = known[inside][name].dropna().to_numpy(float), known[name].dropna().to_numpy(float)
        if len(own) >= LEAST_UNITS:
            mean = ratio_interval(own, np.ones(len(own)))
            figures = {"value": mean.value, "low": mean.low, "high": mean.high, "network_value": float(every.mean())}
            yield {"label": name, **figures, "people_count": len(own)}


def _lines(key: str, labels: pd.Series, totals: pd.DataFrame) -> float:
    """Articles per receipt."""
    own = totals[totals.member_key.map(labels) == key]
    return float(own.lines_count.sum() / max(own.receipts_count.sum(), 1))


def baskets(articles: pd.DataFrame, size: float) -> Iterator[Row]:
    """Up to three made-up baskets. articles: label, kind, gain, own_share, units, buyers of one profile; size: its articles per receipt.

    Each begins with an article that marks the profile, each of another kind where there are several, and is filled up, to the size of the
    profile's receipts, with what it buys most from other kinds. people_count: members who bought the article that fewest did.
    """
    known = articles[told(articles)]
    marking = known[known.gain > 0].sort_values(["gain", "label"], ascending=[False, True])
    leads = pd.concat([marking.drop_duplicates("kind"), marking]).drop_duplicates("label").head(BASKETS)
    usual = known.sort_values(["own_share", "label"], ascending=[False, True])
    count = int(np.clip(round(size), 1, MOST_LINES))
    used: set[str] = set()
    for lead in leads.to_dict("records"):
        chosen = [lead]
        for other in sorted(usual.to_dict("records"), key=lambda row: row["label"] in used):  # each basket with others, where there are
            if len(chosen) < count and not any(_alike(other, each) for each in chosen):
                chosen.append(other)
        used |= {row["label"] for row in chosen}
        yield {"label": capital(" + ".join(row["label"] for row in chosen)), "people_count": min(row["buyers"] for row in chosen)}


def _alike(one: Row, other: Row) -> bool:
    """Of one kind, or sharing two words."""
    return one["kind"] == other["kind"] or len(set(one["label"].lower().split()) & set(other["label"].lower().split())) > 1

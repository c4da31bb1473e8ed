"""Readable French names of missions, made by a rule from what is bought on them.

The rule: the category that the mission's baskets hold most above all visits, in nats per article, then the next one, unless it says less
than a quarter of what the first says. Named by articles in their own words instead are missions that would bear one name, and those of
which less than half of the articles have a category. Then the daypart, when the mission comes there at least 1.3 times as often as all
visits do. Of the press, of books and of the category other no article is named.
"""

import numpy as np
import pandas as pd

from bmyshop_profiles.references.wording import BY_KIND, DAYPARTS, UNTOLD, capital, short_word

SECOND_GAIN = 0.25  # of the gain of the first
COVERED = 0.5  # of a mission's articles, that must have a category for the mission to be named by categories
DAYPART_LIFT, DAYPART_SHARE = 1.3, 0.2
MOST_ARTICLES = 3
ELSE = "Autre visite"
ANY = "Achats divers"


def mission_words(shares: np.ndarray, everybody: np.ndarray, items: pd.DataFrame) -> list[list[str]]:
    """What each mission's name is made of, most telling first, one or two words.

    shares: (missions × articles). everybody: (articles,). items: by article, kind (the category's key), category (its French label, "" for
    none) and label.
    """
    categories = items.category.where(items.kind != UNTOLD, "").to_numpy(object)
    covered = shares[:, categories != ""].sum(1) >= COVERED * shares.sum(1)
    by_category = [_telling(own, everybody, categories)[:2] for own in shares]
    by_article = mission_articles(shares, everybody, items)
    return [
        words if words and known and by_category.count(words) == 1 else articles[:2] or words
        for words, articles, known in zip(by_category, by_article, covered, strict=True)
    ]


def mission_articles(shares: np.ndarray, everybody: np.ndarray, items: pd.DataFrame) -> list[list[str]]:
    """The articles that say most for each mission, in their own words; see `mission_words`."""
    told = (items.kind != UNTOLD) & ~items.kind.isin([*BY_KIND])
    labels = items.label.where(told, "").to_numpy(object)
    return [_telling(own, everybody, labels)[:MOST_ARTICLES] for own in shares]


def _telling(own: np.ndarray, everybody: np.ndarray, words: np.ndarray) -> list[str]:
    """The words (articles,), "" of what is not named, by what they say for the mission, as far as they say a quarter of the first."""
    sums = pd.DataFrame({"word": words, "own": own, "all": everybody}).groupby("word")[["own", "all"]].sum().drop("", errors="ignore")
    gains = (sums.own * np.log(sums.own / sums["all"])).sort_values(ascending=False, kind="stable")
    gains = gains[(gains > 0) & (gains >= SECOND_GAIN * gains.max())]
    return list(dict.fromkeys(short_word(str(word)) for word in gains.index))


def dayparts_above(visits: pd.DataFrame) -> dict[int, str]:
    """The daypart in which a mission comes most above all visits, of missions that have one. visits: mission, daypart."""
    counts = pd.crosstab(visits.mission, visits.daypart)
    share = counts.div(counts.sum(axis=1), axis=0)
    lift = share / (counts.sum() / counts.to_numpy().sum())
    often = lift.where((lift >= DAYPART_LIFT) & (share >= DAYPART_SHARE))
    return {int(mission): str(row.idxmax()) for mission, row in often.iterrows() if row.notna().any()}


def name_missions(words: list[list[str]], dayparts: list[str | None]) -> list[str]:
    """A name for each mission; no two are the same."""
    names: list[str] = []
    for number, (own, daypart) in enumerate(zip(words, dayparts, strict=True)):
        name = capital(", ".join([" et ".join(own) or ANY, *([DAYPARTS[daypart]] if daypart else [])]))
        names.append(f"{name} ({number + 1})" if name in names else name)
    return names

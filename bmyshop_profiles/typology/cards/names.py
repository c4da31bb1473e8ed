"""Readable French names of profiles, made by a rule from their cards.

The rule: the first of what the card says the profile buys more (categories of products in French, else the source's families or products
in their own words, what two or more of them share being one: "alarm clock red" and "alarm clock green" are "alarm clock"); then the next
one, unless it says less than a quarter of what the first says; then the daypart, when visits fall there surely more often than others', at
a lift of at least 1.3, and make up at least a fifth of them. As all of it stands on the card, the whole interval of its lift lies above 1.
Two profiles that would bear one name are told apart by what comes next on the card, then by their key.
Names that stay from month to month, and those that people choose, are read along the months (continuity.py).
"""

import numpy as np
import pandas as pd

from bmyshop_profiles.references.wording import DAYPARTS, capital, short_word

DAYPART_LIFT, DAYPART_SHARE = 1.3, 0.2
SECOND_GAIN = 0.25  # of the gain of the first
EVERYBODY = "Achats de tout le monde"


def name_profiles(clusters: pd.DataFrame, cards: pd.DataFrame) -> pd.DataFrame:
    """`profiles` from `member_clusters` and `profile_cards`, whatever the order of their rows."""
    whole = clusters[clusters.part == "whole"] if len(clusters) else clusters
    labelled = whole[whole.state != "too_few_receipts"] if len(whole) else whole
    inside = labelled[labelled.state == "in_profile"] if len(labelled) else labelled
    if inside.empty:
        return pd.DataFrame()
    frame = inside.groupby("profile_key").agg(members_count=("member_key", "size")).sort_index().reset_index()
    names: dict[str, str] = {}
    for key in frame.profile_key:
        own = cards[cards.profile_key == key].sort_values("place") if len(cards) else cards
        names[key] = next(name for name in _candidates(own, key) if name not in names.values())
    frame["profile_name"] = frame.profile_key.map(names)
    frame["members_share"] = frame.members_count / len(labelled)
    return frame


def _candidates(card: pd.DataFrame, key: str) -> list[str]:
    """Names from the best to one that is certainly free. card: the profile's, in the order of places."""
    if card.empty:
        return [EVERYBODY, f"{EVERYBODY} ({key})"]
    times = card[card.section == "daypart"]
    often = times[(times.low > 1) & (times.value >= DAYPART_LIFT) & (times.own_share >= DAYPART_SHARE)]
    when = often.sort_values(["value", "label"], ascending=[False, True]).label.map(DAYPARTS).tolist()[:1]
    gains = marking_words(card)
    words = list(gains)
    strong = [word for word in words[1:] if gains[word] >= SECOND_GAIN * gains[words[0]]]
    pairs = [f"{words[0]} et {second}" for second in strong or words[1:2]]
    bases = [*pairs, words[0]] if strong else [*words[:1], *pairs] or [EVERYBODY]
    names = [capital(", ".join([base, *when])) for base in bases]
    return [*names, f"{names[0]} ({key})"]


def marking_words(card: pd.DataFrame) -> dict[str, float]:
    """What a name is made of: words for what the profile buys more, most telling first, each with its gain in nats per article.

    card: rows of `profile_cards` of one profile.
    """
    marks = card[card.section == "more"].sort_values("place")
    left = dict(zip(map(short_word, marks.label), (marks.own_share * np.log(marks.value)).tolist(), strict=True))
    found: dict[str, float] = {}
    while left:
        runs: dict[str, float] = {}
        for text, gain in left.items():
            for run in _runs(text):
                runs[run] = runs.get(run, 0.0) + gain
        shared = [run for run in runs if sum(run in _runs(text) for text in left) > 1]
        # what holds most of the gain; of two runs of the same labels the longer
        word = min(shared, key=lambda run: (-round(runs[run], 9), -len(run), run)) if shared else next(iter(left))
        inside = [text for text in left if text == word or word in _runs(text)]
        found[word] = sum(left.pop(text) for text in inside)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _runs(text: str) -> set[str]:
    """Two or more neighbouring words that neither begin nor end with a number or a short word."""
    words = text.split()
    spans = (words[start:end] for start in range(len(words)) for end in range(start + 2, len(words) + 1))
    return {" ".join(span) for span in spans if min(len(span[0]), len(span[-1])) > 2 and (span[0] + span[-1]).isalpha()}

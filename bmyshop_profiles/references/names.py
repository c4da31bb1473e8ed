"""First names as people type them → names that the births know: case, accents, compounds, initials, nicknames, first and last swapped.

Works on whole columns, name by distinct name. Here: which name is meant, and how sure that is. Not here: what a name says
(`generations.py`). Whoever calls this holds names in clear and must stay inside the vault with them.
"""

import re
import unicodedata
from collections.abc import Mapping

import numpy as np
import pandas as pd

SWAPPED_SHARE = 0.02  # of the members, before anything is known of one: first and last name in each other's place
SWAPPED_ODDS = 2.0  # from here on they count as swapped where it could be left open: in made-up lists nine in ten of these are
SURNAME_SHARE = 1 / 4  # how usual a first name is as a last name: 1 in 8 last names is one, and of men, who are half of the births
_MISPLACED = (
    0.1,
    20,
)  # of the first names unknown to the births, those that are last names: before the list is read, and its weight in names
_TITLES = {"M", "MR", "MME", "MLLE", "MLE", "DR", "MAITRE", "MONSIEUR", "MADAME", "MADEMOISELLE"}
_LIGATURES = str.maketrans({"Œ": "OE", "Æ": "AE", "ß": "SS"})

# Short forms that are no names of their own in the births, and the names they stand for.
NICKNAMES: Mapping[str, tuple[str, ...]] = {
    "STEPH": ("STEPHANE", "STEPHANIE"),
    "CHRIS": ("CHRISTOPHE", "CHRISTINE", "CHRISTIAN", "CHRISTELLE"),
    "MANU": ("EMMANUEL", "EMMANUELLE", "MANUEL"),
    "DOM": ("DOMINIQUE",),
    "ISA": ("ISABELLE",),
    "NATH": ("NATHALIE",),
    "VERO": ("VERONIQUE",),
    "SEB": ("SEBASTIEN",),
    "NICO": ("NICOLAS",),
    "FREDO": ("FREDERIC",),
    "FRED": ("FREDERIC", "FREDERIQUE"),
    "TOF": ("CHRISTOPHE",),
    "PHIL": ("PHILIPPE",),
    "PAT": ("PATRICK", "PATRICIA"),
    "SYL": ("SYLVIE", "SYLVAIN"),
    "FLO": ("FLORENT", "FLORENCE", "FLORIAN"),
    "GUIGUI": ("GUILLAUME",),
    "PIERROT": ("PIERRE",),
    "JEANNOT": ("JEAN",),
    "PAULO": ("PAUL",),
    "DEDE": ("ANDRE",),
    "NONO": ("NOEL", "ARNAUD", "BRUNO"),
    "GEGE": ("GERARD",),
    "MIMI": ("MICHELINE", "MICHELLE", "MIREILLE"),
    "SOSO": ("SOPHIE", "SONIA"),
    "CATH": ("CATHERINE",),
    "BRI": ("BRIGITTE",),
    "THIB": ("THIBAULT", "THIBAUT"),
    "GREG": ("GREGORY", "GREGOIRE"),
    "BEN": ("BENJAMIN", "BENOIT"),
    "LULU": ("LUCIEN", "LUCIE", "LUCIENNE"),
    "JP": ("JEAN-PIERRE", "JEAN-PAUL", "JEAN-PHILIPPE"),
    "JC": ("JEAN-CLAUDE", "JEAN-CHRISTOPHE"),
    "JM": ("JEAN-MARC", "JEAN-MICHEL", "JEAN-MARIE"),
    "JF": ("JEAN-FRANCOIS",),
    "JJ": ("JEAN-JACQUES",),
    "JL": ("JEAN-LUC", "JEAN-LOUIS"),
    "MC": ("MARIE-CLAUDE", "MARIE-CHRISTINE"),
    "MF": ("MARIE-FRANCE", "MARIE-FRANCOISE"),
}


def normalise(text: str) -> str:
    """Capitals without accents, words joined by hyphens, nothing but letters: `jean  pierre` → JEAN-PIERRE; titles are dropped."""
    plain = unicodedata.normalize("NFKD", text.upper().translate(_LIGATURES))
    words = re.findall(r"[A-Z]+", "".join(mark for mark in plain.replace("'", "").replace("’", "") if not unicodedata.combining(mark)))
    if len(words) > 1 and words[0] in _TITLES:
        words = words[1:]
    return "-".join(words)


def resolve(first: pd.Series, last: pd.Series, births: pd.Series) -> pd.DataFrame:
    """Which name of the births each member bears.

    Args:
        first, last: names as typed, NULL where not given; same index.
        births: births by normalised name.

    Returns:
        On the same index: name (of `births` or of NICKNAMES, empty where none is meant) and name_state: known, part (a compound known by
        its first part), nickname, swapped (the last name was the first name), rare (not among the births), initial, none.
    """
    typed, family, known = _normalised(first), _normalised(last), set(births.index)
    distinct = pd.Index(typed.unique(), dtype=object)
    found = pd.DataFrame([_meaning(name, known) for name in distinct], index=distinct, columns=["name", "name_state"])
    result = found.loc[typed].set_axis(first.index)
    swapped = _swapped(typed, family, result, births)
    return result.assign(name=result.name.where(~swapped, family), name_state=result.name_state.where(~swapped, "swapped"))


def _meaning(name: str, known: set[str]) -> tuple[str, str]:
    if not name:
        return "", "none"
    if name in NICKNAMES and name not in known:
        return name, "nickname"
    if name in known:
        return name, "known"
    parts = name.split("-")
    joined = "".join(parts)
    if max(map(len, parts)) == 1:  # J.-P.
        return (joined, "nickname") if joined in NICKNAMES else ("", "initial")
    for part in (joined, *parts):
        if len(part) > 1 and part in known:
            return part, "part"
    return "", "rare"


def _swapped(first: pd.Series, last: pd.Series, meaning: pd.DataFrame, births: pd.Series) -> pd.Series:
    """Where the last name is the likelier first name (Bayes): each name as a first name against it as a last name.

    A missing first name, or an initial, says nothing of it. One unknown to the births says what such names say in this list: as many of
    them are last names as come with a first name for a last name more often than others do. In both cases nothing has to be said, so that
    it must be likelier by SWAPPED_ODDS.
    """
    usual, members = births / births.sum(), int((last != "").sum())
    typed, family, listed = first.value_counts(), last.value_counts(), last.isin(births.index)
    parts = dict(zip(first[meaning.name_state == "part"], meaning.name[meaning.name_state == "part"], strict=True))
    ended = {text for text, part in parts.items() if not text.startswith(part)}  # Dupont-Martin may well be a last name
    state = meaning.name_state.mask(first.isin(ended), "rare")
    known, unknown = state.isin(["known", "part"]), state == "rare"

    def as_last(names: pd.Series, own: int) -> pd.Series:
        """How usual names of the births are as last names, against as first names: by the other members who bear them, less the swapped,
        and where these are few by SURNAME_SHARE (the posterior mean of an exponential). own: bearers who are the member in hand."""
        share = names.map(usual)
        bearers = names.map(family).fillna(0) - own - SWAPPED_SHARE * share * members
        return (1 + bearers.clip(lower=0)) / (members - own + 1 / (SURNAME_SHARE * share)) / share

    shared = listed[state == "known"].mean() if (state == "known").any() else SURNAME_SHARE / 2
    before, weight = _MISPLACED
    surplus = (listed[unknown].sum() - shared * unknown.sum()) / max(1 - shared, 0.05)
    misplaced = (min(max(surplus, 0), unknown.sum()) + before * weight) / (unknown.sum() + weight)
    odds = pd.Series(SWAPPED_SHARE / (1 - SWAPPED_SHARE), index=first.index)
    odds = odds.mask(state == "nickname", 0.0).mask(known, odds * as_last(meaning.name, own=0))
    elsewhere = (first.map(family).fillna(0) + 0.5) / (first.map(typed) - 0.5)  # the same word in either column
    odds = odds.mask(unknown, misplaced / (1 - misplaced) * elsewhere)
    return listed & (odds > as_last(last, own=1) * np.where(known, 1, SWAPPED_ODDS))


def _normalised(texts: pd.Series) -> pd.Series:
    filled = texts.astype(object).where(texts.notna(), "")
    distinct = {text: normalise(text) for text in filled.unique()}
    return filled.map(distinct)

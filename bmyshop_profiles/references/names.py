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
_FLOOR = 1e-7  # share of the births that a name unknown to them is given, so that it can be weighed
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
    typed, family = _normalised(first), _normalised(last)
    swapped = _swapped(typed, family, births)
    meant = typed.where(~swapped, family)
    distinct = pd.Series(meant.unique(), dtype=object)
    known = set(births.index)
    found = pd.DataFrame([_meaning(name, known) for name in distinct], index=pd.Index(distinct), columns=["name", "name_state"])
    result = found.loc[meant].set_axis(first.index)
    result.loc[swapped.to_numpy(), "name_state"] = "swapped"
    return result


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


def _swapped(first: pd.Series, last: pd.Series, births: pd.Series) -> pd.Series:
    """Where the last name is the likelier first name (Bayes): how usual each is at birth, how usual as a last name among these members."""
    as_first = births / births.sum()
    as_last, half = last.value_counts(normalize=True), 0.5 / max(len(last), 1)  # a last name seen with nobody else is no wonder

    def share(shares: pd.Series, names: pd.Series, least: float) -> np.ndarray:
        return names.map(shares).fillna(least).to_numpy(float)

    odds = SWAPPED_SHARE / (1 - SWAPPED_SHARE) * share(as_first, last, _FLOOR) / share(as_first, first, _FLOOR)
    odds = odds * share(as_last, first, half) / share(as_last, last, half)
    return pd.Series((odds > 1) & (last != "").to_numpy() & last.isin(births.index).to_numpy(), index=first.index)


def _normalised(texts: pd.Series) -> pd.Series:
    filled = texts.astype(object).where(texts.notna(), "")
    distinct = {text: normalise(text) for text in filled.unique()}
    return filled.map(distinct)

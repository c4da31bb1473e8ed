"""Till labels and families in words that people can read, and what is never told of them.

Belongs here: case, measures and length of one text; which categories are told by their kind only. Does not belong here: which of them mark
a profile (cards.py), its name (names.py), sentences (reports).
"""

import re
import textwrap

# Of these categories no article is named: titles of the press and books are opinion and faith as well as news.
BY_KIND = {"press": "journal ou magazine", "books": "livre"}
UNTOLD = "other"  # medicines, care, religious articles, with much else: nothing is told of it
_MEASURE = re.compile(r"(?<=\d) ?(kg|g|gr|ml|cl|l|€)\b|(?<=\d)€", re.IGNORECASE)
_KNOWN_SHORT = re.compile(r"\b(fdj|pmu|dvd|cd|usb|sim)\b")


def tidy(text: str, longest: int = 40) -> str:
    """A label as in a sentence: no brackets; lower case where all is upper case; measures apart from their number; cut at a word."""
    plain = re.sub(r"\([^)]*(\)|$)", " ", text).strip() or text
    text = " ".join(plain.split()).strip(" .,;:-*")
    if text == text.upper():
        text = _KNOWN_SHORT.sub(lambda found: found[0].upper(), text.lower())
    text = _MEASURE.sub(lambda found: " " + found[0].strip().lower(), text)
    return textwrap.shorten(text, longest, placeholder="…") if len(text) > longest else text


def capital(text: str) -> str:
    """The text with its first letter upper case, the rest as it is."""
    return text[:1].upper() + text[1:]

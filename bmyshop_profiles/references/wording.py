"""Till labels, families and categories in words that people can read, and what is never told of them.

Belongs here: case, measures and length of one text; short words for categories and dayparts; which categories are told by their kind only.
Does not belong here: which of them mark a profile or a mission (`typology/cards`, `missions`), sentences (`reports`).
"""

import re
import textwrap

DAYPARTS = {
    "early": "tôt le matin",
    "morning": "le matin",
    "noon": "le midi",
    "afternoon": "l’après-midi",
    "evening": "le soir",
    "night": "la nuit",
}
LONGEST = 30  # characters of a word of a name
# Categories whose French label is too long for a name, or holds an "et" of its own.
SHORT = {
    "Papeterie et carterie": "papeterie",
    "Recharges téléphoniques": "recharges de téléphone",
    "Téléphones et accessoires électroniques": "électronique",
    "Timbres fiscaux et amendes": "timbres fiscaux",
    "Viennoiserie et pâtisserie": "viennoiserie",
    "Biscuits et gâteaux emballés": "biscuits",
    "Sandwichs et plats préparés": "sandwichs",
    "Bar et restauration sur place": "bar",
    "Chips et apéritif": "apéritif",
    "Café, thé et boissons chaudes": "boissons chaudes",
    "Eaux et boissons fraîches": "boissons fraîches",
    "Vins, cidres et spiritueux": "vins",
    "Confiserie et chocolat": "confiserie",
    "Viande, charcuterie et poisson": "viande et poisson",
    "Produits laitiers, œufs et beurre": "crèmerie",
    "Hygiène et beauté": "hygiène",
    "Animaux, plantes et fleurs": "animaux et fleurs",
    "Jouets, bijoux et cadeaux": "cadeaux",
}
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


def short_word(label: str) -> str:
    """What the card tells, in a word or two for a name."""
    short = SHORT.get(label, label)
    return tidy(short[:1].lower() + short[1:] if label in SHORT or short[1:2].islower() else short, LONGEST)

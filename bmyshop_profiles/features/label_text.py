"""Till labels as text to learn from: one spelling for what tills write in many ways, and the pieces a classifier counts.

Here: pure functions of one label. Not here: fitting (`label_classifier.py`), families and the table (`categories.py`).
"""

import itertools
import re
import unicodedata

_UNITS = {
    **dict.fromkeys(("kg", "kgs", "g", "gr", "grs", "grammes"), "#weight"),
    "mg": "#dose",  # of nicotine, or of a medicine: no article weighs so little
    **dict.fromkeys(("l", "lt", "litre", "litres", "cl", "ml"), "#volume"),
    **dict.fromkeys(("m", "cm", "mm"), "#length"),
}
# what a till says about the sale, not the article: 0.455KG X 3.69€/KG, 2 X 1.20€, 1.35 X 2, REMISE DE -2.00% SUR …
_WEIGHED = re.compile(r"[\d.,]+\s*kg\s*x\s*[\d.,]+.*$")
_TIMES_PRICE = re.compile(r"=?\s*\b\d+\s*x\s*\d+[.,]\d+\s*(?:eur\b|e\b)?(?:/\s*\w+)?(?![\d.,]|\s*(?:kgs?|grs?|g|cl|ml|lt?)\b)")
_PRICE_TIMES = re.compile(r"\b\d+[.,]\d+\s*x\s*\d+(?:[.,]\d+)?\s*(?!.*[a-z]{3}).*$")
_REBATE = re.compile(r"\b(remise|reduction) (immediate|de -?[\d.,]+ ?%).*$")
_MEASURE = re.compile(r"(?:\d+(?:[.,]\d+)?\s*x\s*)?\d+(?:[.,]\d+)?\s*(kgs?|grs?|grammes|mg|cl|ml|litres?|lt|cm|mm|g|l|m)(?![a-z])")
_E_LIQUID = re.compile(r"\be[ .-]*liq(?:uid(?:es?|s)?|s)?\b")
_PIECES = re.compile(r"\bx\s*\d+\b|\b\d+\s*x\b")
_PERCENT = re.compile(r"\d+(?:[.,]\d+)?\s*%")
# words that name no article but a payment, a rebate or nothing: a label made of such words alone says nothing
_SAYS_NOTHING = {
    *("none", "null", "nan", "na", "n", "a", "inconnu", "inconnue", "unknown", "article", "articles", "art", "divers", "diverse"),
    *("produit", "rayon", "sans", "libelle", "nom", "test", "carte", "bancaire", "cb", "especes", "cheque", "total", "remise", "immediate"),
    *("rem", "reduction", "bon", "promo", "promotion", "solde", "soldes", "rabais", "fidelite", "avantage", "de", "la", "le", "du", "en"),
}


# how French tills cut words short, where one reading is by far the commonest
_SHORT = {
    "beur": "beurre", "bf": "boeuf", "bisc": "biscuit", "blc": "blanc", "bq": "barquette", "bte": "boite", "cacah": "cacahuetes",
    "caf": "cafe", "cbrt": "camembert", "champ": "champignon", "choc": "chocolat", "choco": "chocolat", "cit": "citron",
    "conf": "confiture", "cr": "creme", "dch": "gel douche", "dent": "dentifrice", "deo": "deodorant", "emm": "emmental", "ent": "entier",
    "flt": "filet", "fr": "frais", "frg": "fromage", "fro": "fromage", "frs": "fraise", "gd": "grand", "hyg": "hygienique",
    "jamb": "jambon", "jb": "jambon", "jbn": "jambon", "lard": "lardons", "leg": "legumes", "less": "lessive", "lt": "lait",
    "mouch": "mouchoir", "mout": "moutarde", "mozza": "mozzarella", "nat": "nature", "noi": "noisette", "oran": "orange",
    "past": "pasteurise", "pdt": "pomme de terre", "ph": "papier hygienique", "plt": "poulet", "pom": "pomme", "pt": "petit",
    "pul": "poulet", "rge": "rouge", "sach": "sachet", "sauc": "saucisse", "saum": "saumon", "sav": "savon", "sce": "sauce",
    "shp": "shampooing", "stk": "steak", "surg": "surgele", "tab": "tablette", "toil": "toilette", "tom": "tomate", "tr": "tranches",
    "vaiss": "vaisselle", "van": "vanille", "viand": "viande", "volail": "volaille", "vsl": "vaisselle", "yrt": "yaourt",
}  # fmt: skip


def fold(text: str) -> str:
    """Lower case without accents or ligatures, in plain ASCII; blanks once."""
    text = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE")
    return " ".join(unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().split())


def spell_label(text: str | None) -> str:
    """A label in one spelling: folded, measures as `#weight`, `#dose`, `#volume`, `#length`, `#pieces`, `#percent`, without numbers and
    prices."""
    folded = fold((text or "").replace("â‚¬", "€"))
    without = _REBATE.sub(" ", folded)
    label = without if len(without.strip()) > 4 else folded
    for pattern in (_WEIGHED, _TIMES_PRICE, _PRICE_TIMES):
        label = pattern.sub(" ", label)
    label = _E_LIQUID.sub("eliquide", label)  # E-LIQUIDE, E.LIQ, ELIQ: else its flavour weighs more than what is left of it
    label = _MEASURE.sub(lambda match: f" {_UNITS[match.group(1)]} ", label)
    label = _PERCENT.sub(" #percent ", _PIECES.sub(" #pieces ", label))
    label = re.sub(r"\b\d+\b", " ", re.sub(r"[^a-z0-9#]+", " ", label))
    return " ".join(word for word in label.split() if word.strip("#"))


def normalise_label(text: str | None) -> str:
    """A label as `spell_label` writes it, common abbreviations in full.

    Empty where it names no article: ".", "NONE", "ARTICLE DIVERS", a number, a rebate, a payment.
    """
    spelled = spell_label(text)
    if not any(not word.startswith("#") and word not in _SAYS_NOTHING for word in spelled.split()):
        return ""
    return " ".join(_SHORT.get(word, word) for word in spelled.split())


def label_key(normalised: str) -> str:
    """The words of a normalised label, measures apart: labels with one key are the same label, whatever the size of the pack."""
    return " ".join(word for word in normalised.split() if not word.startswith("#"))


def word_pieces(normalised: str) -> list[str]:
    """Words, and pairs of neighbouring words."""
    words = normalised.split()
    return [*words, *(f"{first} {second}" for first, second in itertools.pairwise(words))]


def character_pieces(normalised: str) -> list[str]:
    """Runs of two to five characters inside words, word ends marked by a blank: what an abbreviation shares with the word."""
    pieces = []
    for word in normalised.split():
        padded = f" {word} "
        for length in range(2, 6):
            pieces += [padded[start : start + length] for start in range(max(1, len(padded) - length + 1))]
    return pieces

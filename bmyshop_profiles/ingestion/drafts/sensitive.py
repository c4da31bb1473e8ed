"""What may be printed of raw values nobody has mapped yet: nothing that could name a person, an account or a way to reach somebody.

When in doubt, masked. Not here: what of a refused line may be told, once a mapping says what its fields are (`masks.py`).
"""

import re

# columns whose names speak of people; their values are never printed
_PERSONAL = """
nom noms prenom prenoms first last surname firstname lastname forename fullname civilite adherents? membres? members? clients? customers?
households? users? utilisateurs? porteur titulaire cartes? cards? token fidelite loyalty emails? mails? courriels? mel tel telephones?
phones? mobile gsm portable adresses? address rue street naissances? ne nee born birth birthdate birthday dob iban bic rib pan siret siren
nir secu vendeurs? vendeuses? caissiers? caissieres? cashiers? operators? operateurs? employees? employes? seller serveurs? serveuses?
person personne personnes patients? contacts? ip login pseudo commentaires? comments? notes?
"""
PERSONAL = re.compile(rf"\b(?:{'|'.join(_PERSONAL.split())})\b")
_SENSITIVE = (
    ("e-mail", re.compile(r"\S+@\S+")),
    ("account", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,}")),
    ("phone", re.compile(r"(?<![\d.,-])(?:\+|00)\d{1,3}[ .()-]*\d(?:[ .-]?\d){7,11}(?!\d)|(?<![\d.,-])0[1-9](?:[ .-]?\d\d){4}(?!\d)")),
    ("card", re.compile(r"(?<!\d)\d{4}([ -]?)(?:\d{4}\1){2}\d{1,7}(?!\d)")),
    ("person", re.compile(r"\b(?:m\.|mr|mme|mlle|monsieur|madame|mademoiselle|mrs|ms|dr)\s+\w", re.IGNORECASE)),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]+")
LONGEST = 40


def masked(value: str) -> str:
    """What kind of text it is, and no more."""
    for kind, pattern in _SENSITIVE:
        if pattern.search(value):
            return f"‹{kind}›"
    if re.fullmatch(r"\d+", value):
        return f"‹{len(value)} digit{'s' if len(value) > 1 else ''}›"
    return "‹digits and marks›" if re.fullmatch(r"[\d\W_]+", value) else "‹text›"


def shown(value: str, *, code: bool = False) -> str:
    """A value of a column that speaks of no person: as it is, unless it looks like something that does; on one line, cut when long.

    code: the column holds codes of articles, where a well-formed EAN is no card.
    """
    if any(pattern.search(value) for _, pattern in _SENSITIVE) and not (code and _is_article_number(value)):
        return masked(value)
    return one_line(value)


def _is_article_number(value: str) -> bool:
    """GTIN-8, 12, 13 or 14 with its check digit (GS1 General Specifications, 7.9)."""
    if not re.fullmatch(r"\d{8}|\d{12,14}", value):
        return False
    digits = [int(digit) for digit in reversed(value)]
    return (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


def one_line(text: str, *, longest: int = LONGEST) -> str:
    """Without line ends and control characters, cut when long."""
    text = _CONTROL.sub(" ", text).strip()
    return text if len(text) <= longest else f"{text[: longest - 1]}…"

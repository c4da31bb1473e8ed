"""Which part a raw column may play, by its name: French and English words as tills and their exports use them. No values are looked at."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bmyshop_profiles.ingestion.drafts.values import Column

_MOMENTS = ("moment", "date", "time", "seconds", "milliseconds")
_CODE = r"\b(id|code|cle|key|num|no|n|numero|number|ref)\b"
_STORE = r"\b(stores?|shops?|magasins?|boutiques?|pdv|sites?|etablissements?|outlets?|branch|locations?|filiales?|points? de vente|mag)\b"
_PRODUCT = r"\b(articles?|products?|produits?|items?|stock ?codes?|skus?|plus?|refs?|references?)\b"
_MEMBER = r"\b(members?|membres?|adherents?|clients?|customers?|households?|loyalty|fidelite|users?|utilisateurs?)\b"


@dataclass(frozen=True)
class Role:
    """Patterns of names, the best first; what the name must not say; which kinds of values do not fit."""

    patterns: tuple[str, ...]
    not_words: str = r"$^"
    fits: Callable[[Column], bool] = field(default=lambda column: column.kind != "empty")


def _not_moment(column: Column) -> bool:
    return column.kind not in ("empty", *_MOMENTS)


def _number(column: Column) -> bool:
    return column.kind == "number"


def _text(column: Column) -> bool:
    return column.kind == "text"


ROLES = {
    "moment": Role(
        (r"\b(sold|vente|horodat\w*|timestamps?|date ?heure|datetime|date ?time)\b", r"\b(dates?|times?|heures?|at|le)\b", ""),
        fits=lambda column: column.kind in ("moment", "seconds", "milliseconds"),
    ),
    "date": Role((r"\b(dates?|jours?|days?)\b", ""), r"\b(naissance|birth\w*|peremption|expiry)\b", lambda column: column.kind == "date"),
    "time": Role((r"\b(times?|heures?|hours?)\b", ""), fits=lambda column: column.kind == "time"),
    "ticket": Role(
        (
            r"\b(tickets?|receipts?|invoices?|baskets?|factures?|recus?|tck|tk)\b",
            r"\b(transactions?|bons?|orders?|commandes?)\b",
            r"^(receipt |ticket )?(id|no|num|numero|number)$",
        ),
        r"\b(dates?|times?|heures?|types?|totals?|amount|montant|value|price|prix|timestamp|lines?|lignes?)\b",
        lambda column: column.kind not in ("empty", "moment", "date", "time"),
    ),
    "till": Role((r"\b(tills?|caisses?|registers?|pos|terminals?|tpv|postes?)\b",), r"\b(total|ouverture|solde)\b", _not_moment),
    "store": Role((rf"{_STORE}.*{_CODE}|{_CODE}.*{_STORE}", _STORE), r"\b(nom|noms|name|types?|libelle|label|city|ville)\b", _not_moment),
    "product": Role(
        (
            r"\b(eans?|ean13|gencods?|gtin|barcodes?|codes? ?barres?|upc)\b",
            rf"{_PRODUCT}.*{_CODE}|{_CODE}.*{_PRODUCT}",
            r"\b(stock ?codes?|skus?|plus?|refs?|references?)\b",
        ),
        r"\b(types?|category|categorie|famille|family|nom|name|libelle|label)\b",
        lambda column: column.kind != "empty",
    ),
    "label": Role(
        (
            r"\b(libelles?|labels?|designations?|descriptions?|intitules?|denominations?)\b",
            rf"\b(nom|name)\b.*{_PRODUCT}|{_PRODUCT}.*\b(nom|name)\b",
            r"\b(articles?|products?|produits?|items?)\b",
            r"^(nom|name)$",
        ),
        r"\b(familles?|family|categor\w+|rayons?|departments?|groups?|groupes?|stores?|magasins?|clients?|id|code)\b",
        _text,
    ),
    "family": Role(
        (r"\b(familles?|family|categor\w+)\b", r"\b(rayons?|departments?|departements?|groups?|groupes?|segments?)\b"),
        r"\b(id|code)\b",
        _text,
    ),
    "quantity": Role(
        (r"\b(qty|qte|qt|quantity|quantites?|quantities)\b", r"\b(units?|unites?|nb|nbre|nombre|count)\b"),
        r"\b(price|prix|cost)\b",
        _number,
    ),
    "unit_price": Role(
        (r"\b(unit ?prices?|prix ?unitaires?|pu|pu ?ttc|tarifs?)\b", r"\b(prices?|prix)\b"),
        r"\b(totals?|totaux|achat|cost|ht|ligne|line(?! items?))\b",
        _number,
    ),
    "amount": Role(
        (
            r"\b(ttc|line ?totals?|totals? ?ligne|montants?|amounts?|sales? ?values?|prix ?total|total ?prices?)\b",
            r"\bnet\b",  # after discounts, where gross stands beside it
            r"\b(totals?|turnover|ca|sales|value)\b",
        ),
        r"\b(tva|tax|vat|remises?|disc\w*|coupons?|ht|unit|unitaires?|count|qty|qte|pu|rendu|paid|ticket|receipt)\b"
        r"|(?<!total )price (amount|value)\b",
        _number,
    ),
    "member": Role(
        (rf"{_MEMBER}.*{_CODE}|{_CODE}.*{_MEMBER}", _MEMBER), r"\b(nom|name|prenom|size|taille|comp|type|age|mail)\b", _not_moment
    ),
    "card": Role((r"\b(cartes?|cards?|tokens?|porteurs?)\b",), r"\b(type|libelle|label)\b", _not_moment),
    "voided": Role((r"\b(annul\w*|void\w*|cancel\w*)\b",)),
    "first_name": Role((r"\b(prenoms?|first ?names?|firstname|forename|given name)\b", r"^first$"), fits=_text),
    "last_name": Role((r"\b(last ?names?|lastname|surname|nom de famille|family name)\b", r"\bnoms?\b", r"^(last|name)$"), fits=_text),
    "birth": Role((r"\b(birth\w*|naissance|born|dob|nee?)\b",), r"\b(lieu|place|city|ville|pays)\b"),
    "age": Role((r"^ages?$", r"\bage\b"), r"\b(band|range|tranche|date)\b", _number),
    "declared": Role((r"\b(declar\w+|renseign\w+)\b",), fits=lambda column: column.kind in ("date", "moment")),
    "age_band": Role((r"\b(age|ages|tranche ?d?age|age ?band|age ?range)\b",), fits=_text),
    "sex": Role((r"\b(sexe?|gender|genre|civilite)\b",), fits=_not_moment),
    "household_size": Role((r"\b(household size|taille ?d?u? ?foyer|hh size|foyer)\b",), fits=_not_moment),
    "joined": Role(
        (r"\b(joined|inscription|inscrit|adhesion|signup|created|creation|depuis)\b",),
        fits=lambda column: column.kind in ("date", "moment"),
    ),
    "objects": Role((r"\b(oppos\w+|objects?|objection|opt ?out|refus\w*|(?:no|non|sans|pas de) ?profil\w+)\b",)),
    "postcode": Role((r"\b(cp|codes? ?postal\w*|postal ?codes?|post ?codes?|zip\w*)\b",), fits=_not_moment),
    "city": Role((r"\b(villes?|communes?|city|town|localite)\b",), r"\b(code|insee|id)\b", _text),
    "store_type": Role((r"\b(types?|activites?|categor\w+|formats?|natures?|enseignes?)\b",), fits=_text),
    "store_name": Role((r"\b(nom|name|libelle|raison sociale|label|denomination)\b",), fits=_text),
}


def words(name: str) -> str:
    """A name as lower-case words without accents: `UnitPrice` and `prix_unitaire (€)` as `unit price` and `prix unitaire`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", spaced) if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", " ", plain.lower().replace("°", " ")).strip()


def playing(role: str, columns: Sequence[Column], taken: Sequence[str] = ()) -> Column | None:
    """The column that may best play a role, if any: the best pattern, then the shortest name, then the first."""
    found = ROLES[role]
    free = [column for column in columns if column.name not in taken and found.fits(column)]
    for pattern in found.patterns:
        matching = [
            column
            for column in free
            if (pattern == "" or re.search(pattern, words(column.name))) and not re.search(found.not_words, words(column.name))
        ]
        if matching:
            return min(matching, key=lambda column: len(words(column.name).split()))
    return None


def names_speak(names: Sequence[str]) -> int:
    """How many names say what they hold: a header, not a first line of data."""
    patterns = [pattern for role in ROLES.values() for pattern in role.patterns if pattern]
    return sum(any(re.search(pattern, words(name)) for pattern in patterns) for name in names)


def speak_of_articles(names: Sequence[str]) -> int:
    """How many names say what an article of a receipt says of itself."""
    of_articles = ("product", "label", "family", "quantity", "unit_price", "amount")
    return sum(any(re.search(pattern, words(name)) for role in of_articles for pattern in ROLES[role].patterns) for name in names)

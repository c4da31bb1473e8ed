"""Exports in the manner of real tills, with what they hold: the truth that a draft must come to.

A `Till` says how one till writes; `written` gives its files and every line that was sold. Belongs here: ways of writing, each seen in
exports or in public reports about them. Does not belong here: reading any of it.
"""

import datetime
import gzip
import io
import random
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

ARTICLES = (
    ("3760000000017", "BAGUETTE", "Pain", 110),
    ("3760000000024", "CAFÉ CRÈME", "Boissons", 240),
    ("3760000000031", "L'ÉQUIPE", "Presse", 260),
    ("3760000000048", "EAU 50CL", "Boissons", 95),
    ("3760000000055", "CARNET DE TIMBRES", "Poste", 1668),
    ("3760000000062", "ÉCHARPE LAINE", "Cadeaux", 123450),
)
WEIGHED = ("3760000000079", "POMMES VRAC", "Fruits", 290)
ODD_LABELS = {"BAGUETTE": 'BAGUETTE "TRADI" 250G', "CAFÉ CRÈME": "CAFÉ; CRÈME, SUCRE", "EAU 50CL": "=EAU 50CL", "L'ÉQUIPE": "'L'ÉQUIPE'"}
NAMES = {
    "french": (
        *("N° ticket", "Date", "Heure", "Magasin", "Code article", "Libellé", "Famille", "Qté", "Prix unitaire", "Montant TTC"),
        "N° adhérent",
    ),
    "plain": ("ticket", "date", "heure", "magasin", "ean", "libelle", "rayon", "quantite", "pu", "total", "client"),
    "english": ("receipt_no", "date", "time", "store", "sku", "description", "category", "qty", "unit_price", "line_total", "customer_id"),
    "camel": (
        *("TicketId", "DateVente", "HeureVente", "CodeMagasin", "CodeArticle", "LibelleArticle", "Famille", "Qte", "PrixUnitaire"),
        *("MontantTTC", "NumClient"),
    ),
}
ODD = 0.5  # chance that a way of writing is drawn
DATES = {"dmy": "{d}{s}{m}{s}{y}", "mdy": "{m}{s}{d}{s}{y}", "ymd": "{y}{s}{m}{s}{d}"}


@dataclass(frozen=True)
class Till:
    """How a till writes. Each choice is one of `CHOICES`."""

    names: str = "french"
    delimiter: str = ";"
    encoding: str = "utf-8"
    end: str = "\n"
    order: str = "dmy"
    separator: str = "/"
    padded: bool = True
    two_digit_year: bool = False
    clock: str = "%H:%M"
    zone: str = ""
    together: bool = False
    decimal: str = ","
    thousands: str = ""
    currency: str = ""
    negative: str = "-{}"
    weights: str = "same"
    priced: str = "total"
    null: str = ""
    titles: int = 0
    pages: bool = False
    totals: bool = False
    months: str = "one"
    days: str = "all"
    member_share: float = 0.3
    quoting: str = "needed"
    labels: str = "plain"
    more: tuple[str, ...] = ()
    packed: str = ""


CHOICES: dict[str, tuple[object, ...]] = {
    "names": tuple(NAMES),
    "delimiter": (";", ";", ",", "\t", "|"),
    "encoding": ("utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16"),
    "end": ("\n", "\n", "\r\n", "\r\r\n", "\r"),
    "order": ("dmy", "dmy", "mdy", "ymd"),
    "separator": ("/", "-", "."),
    "padded": (True, True, False),
    "two_digit_year": (False, False, False, True),
    "clock": ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%H:%M:%S.%f0", "%I:%M %p", "%I:%M:%S %p", "%Hh%M", "{h}:%M"),
    "zone": ("", "", "", "Z", "+0200", " +02:00"),
    "together": (False, True),
    "decimal": (",", "."),
    "thousands": ("", " ", "\u202f", "other"),
    "currency": ("", "", "{} €", "€{}", "{} EUR"),
    "negative": ("-{}", "-{}", "{}-", "({})", "\u2212{}"),
    "weights": ("none", "same", "other"),
    "priced": ("total", "unit", "both"),
    "null": ("", "", "NULL", "\\N", "n/a", "-"),
    "titles": (0, 0, 3),
    "pages": (False, False, True),
    "totals": (False, False, True),
    "months": ("one", "names", "span", "added"),
    "days": ("all", "all", "all", "first"),
    "member_share": (0.3, 0.9, 0.02),
    "quoting": ("needed", "all"),
    "labels": ("plain", "odd"),
    "more": ((), ("TVA", "Remise"), ("Caissier", "Mode de paiement"), ("HT", "Taux TVA", "Rendu")),
    "packed": ("", "", "gz", "zip"),
}


@dataclass(frozen=True)
class Sold:
    """One line, as it was sold: local time, thousandths of an article, cents."""

    ticket: str
    at: datetime.datetime
    store: str
    article: str
    label: str
    quantity: int
    cents: int
    member: str | None


def till_of(chance: random.Random) -> Till:
    """A till drawn by chance: plain in most, odd in some of how it writes."""
    plain = asdict(Till())
    return coherent({each.name: chance.choice(CHOICES[each.name]) if chance.random() < ODD else plain[each.name] for each in fields(Till)})


def coherent(chosen: dict[str, object]) -> Till:
    """A till that could be: what no export writes is replaced by what it would."""
    if chosen["order"] == "ymd" and chosen["two_digit_year"]:
        chosen["two_digit_year"] = False  # 20.07.25 as a year first is not written in shops
    if chosen["zone"]:
        chosen |= {"together": True, "clock": "%H:%M:%S", "order": "ymd", "separator": "-", "two_digit_year": False, "padded": True}
    if chosen["encoding"] == "cp1252" and (chosen["negative"] == "\u2212{}" or chosen["thousands"] == "\u202f"):
        chosen["encoding"] = "utf-8"
    if chosen["end"] in ("\r", "\r\r\n"):
        chosen["months"] = "one"
    return Till(**chosen)  # type: ignore[arg-type]


def sales(till: Till, chance: random.Random, receipts: int) -> list[Sold]:
    """What was sold: some receipts a day, refunds and weighed articles among them."""
    months = {"one": 1, "span": 3}.get(till.months, 2)
    found = []
    last = 12 if till.days == "first" else 28
    for number in range(receipts):
        place = number * months * last // receipts
        day = datetime.date(2025, 1 + place // last, 1 + place % last)
        at = datetime.datetime.combine(day, datetime.time(8 + number % 12, chance.randrange(60), chance.randrange(60)))
        if "%S" not in till.clock:
            at = at.replace(second=0)
        member = f"U{7000 + chance.randrange(40)}" if chance.random() < till.member_share else None
        store = f"M{1 + number % 2:03}"
        for _ in range(chance.choice((1, 1, 2, 3))):
            code, label, _family, price = chance.choice(ARTICLES)
            quantity = chance.choice((1000, 1000, 1000, 2000, 3000))
            if till.weights != "none" and chance.random() < 0.2:
                (code, label, _family, price), quantity = WEIGHED, chance.randrange(200, 2000)
            if chance.random() < 0.05:
                quantity = -quantity
            cents = (abs(quantity) * price + 500) // 1000 * (1 if quantity > 0 else -1)
            found.append(Sold(f"T{1000 + number}", at, store, code, label, quantity, cents, member))
    return found


def number_text(value: int, decimals: int, till: Till, *, mark: str | None = None, money: bool = False) -> str:
    """A whole number of the last decimal, as the till writes it."""
    whole, rest = divmod(abs(value), 10**decimals)
    thousands = {"other": "." if till.decimal == "," else ","}.get(till.thousands, till.thousands) if money else ""
    text = f"{whole:,}".replace(",", thousands) + (f"{mark or till.decimal}{rest:0{decimals}}" if decimals else "")
    text = till.currency.format(text) if money and till.currency else text
    return till.negative.format(text) if value < 0 else text


def date_texts(at: datetime.datetime, till: Till) -> tuple[str, str]:
    """Date and time as the till writes them."""
    width = "02" if till.padded else ""
    parts = {
        "d": f"{at.day:{width}}",
        "m": f"{at.month:{width}}",
        "y": f"{at:%y}" if till.two_digit_year else f"{at:%Y}",
        "s": till.separator,
    }
    if till.zone == "Z":  # the shops are in Paris, in winter
        at -= datetime.timedelta(hours=1)
        parts["d"] = f"{at.day:{width}}"
    elif till.zone:
        at += datetime.timedelta(hours=1)
        parts["d"] = f"{at.day:{width}}"
    return DATES[till.order].format(**parts), at.strftime(till.clock.replace("{h}", str(at.hour))) + till.zone


def written(till: Till, *, seed: int = 0, receipts: int = 120) -> tuple[dict[str, bytes], list[Sold]]:
    """Files by name, and the lines they hold."""
    sold = sales(till, random.Random(seed), receipts)
    parts: dict[str, list[Sold]] = {}
    for line in sold:
        name = {"one": "export_caisse.csv", "span": "items-2025-01-01-2025-04-01.csv"}.get(till.months, f"ventes_{line.at:%Y-%m}.csv")
        parts.setdefault(name, []).append(line)
    files = {}
    for number, (name, lines) in enumerate(parts.items()):
        added = till.months == "added" and number == len(parts) - 1
        content = _file(lines, till, added=added).encode(till.encoding)
        files |= dict([_packed(name, content, till.packed)])
    return files, sold


def _packed(name: str, content: bytes, how: str) -> tuple[str, bytes]:
    if how == "gz":
        return f"{name}.gz", gzip.compress(content, mtime=0)
    if how == "zip":
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        return f"{name}.zip", sink.getvalue()
    return name, content


def _file(lines: Sequence[Sold], till: Till, *, added: bool) -> str:
    ticket, date, time, store, code, label, family, quantity, price, total, member = NAMES[till.names]
    header = [ticket, *([date] if till.together else [date, time]), store, code, label, family, quantity]
    header += [price] if till.priced != "total" else []
    header += [total] if till.priced != "unit" else []
    header += [*till.more, member, *(["remise"] if added else [])]
    families = {each[0]: each for each in (*ARTICLES, WEIGHED)}
    rows = []
    for line in lines:
        day, at = date_texts(line.at, till)
        mark = ("." if till.decimal == "," else ",") if till.weights == "other" else till.decimal
        decimals = 0 if till.weights == "none" else 3
        pieces = line.quantity // 1000 if not decimals else line.quantity
        row = [line.ticket, *([f"{day} {at}"] if till.together else [day, at]), line.store, line.article, line.label]
        if till.labels == "odd":
            row[-1] = ODD_LABELS.get(line.label, line.label)
        row += [families[line.article][2], number_text(pieces, decimals, till, mark=mark)]
        row += [number_text(families[line.article][3], 2, till, money=True)] if till.priced != "total" else []
        row += [number_text(line.cents, 2, till, money=True)] if till.priced != "unit" else []
        row += [_more(name, line, till) for name in till.more]
        row += [line.member or till.null, *([number_text(0, 2, till, money=True)] if added else [])]
        rows.append(row)
    width = len(header)
    out = [["Export de caisse"], ["Période du 01/01/2025 au 31/03/2025"], []][: till.titles]
    padded = [[*each, *[""] * (width - len(each))] for each in out]
    for number, row in enumerate(rows):
        if number == 0 or (till.pages and number % 50 == 0):
            padded.append(header)
        padded.append(row)
    if till.totals:
        place = header.index(total if till.priced != "unit" else price)
        total_row = [""] * width
        total_row[0], total_row[place] = "TOTAL", number_text(sum(line.cents for line in lines), 2, till, money=True)
        padded.append(total_row)
    return "".join(till.delimiter.join(_quoted(value, till) for value in row) + till.end for row in padded)


def _more(name: str, line: Sold, till: Till) -> str:
    """What else tills write on a line."""
    if name in ("TVA", "HT", "Rendu", "Remise"):
        cents = {"TVA": line.cents // 11, "HT": line.cents - line.cents // 11}.get(name, 0)
        return number_text(cents, 2, till, money=True)
    texts = {
        "Taux TVA": number_text(550, 2, till),
        "Caissier": f"V{line.at.day % 3}",
        "Mode de paiement": ("CB", "ESPECES")[line.at.day % 2],
    }
    return texts[name]


def _quoted(value: str, till: Till) -> str:
    is_needed = till.delimiter in value or '"' in value
    return '"' + value.replace('"', '""') + '"' if is_needed or till.quoting == "all" else value

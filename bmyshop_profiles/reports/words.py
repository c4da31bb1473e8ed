"""French words and numbers for what people read: shares, intervals, dayparts, sentences. Pure."""

import math
import unicodedata

NARROW = "\u202f"  # narrow no-break space: before % and between thousands
DAYPARTS = {
    "all": "toute la journée",
    "early": "tôt le matin (5–9 h)",
    "morning": "le matin (9–12 h)",
    "noon": "le midi (12–14 h)",
    "afternoon": "l’après-midi (14–18 h)",
    "evening": "le soir (18–22 h)",
    "night": "la nuit (22–5 h)",
}
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")
SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
STORE_TYPES = {
    "tobacconist": "tabac",
    "tobacconist_press": "tabac-presse",
    "bar_tobacconist": "bar-tabac",
    "bakery": "boulangerie",
    "press": "presse",
    "grocery": "épicerie",
    "unknown": "type inconnu",
}


def number(value: float | None, digits: int = 0) -> str:
    """1 234,5 — or a dash for what is not known."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{value:,.{digits}f}".replace(",", NARROW).replace(".", ",")
    return "0" + text[2:] if text.startswith("-0") and not text.strip("-0,") else text.replace("-", "−")


def percent(share: float | None, digits: int = 0) -> str:
    """34 %."""
    return "–" if share is None or not math.isfinite(share) else f"{number(100 * share, digits)}{NARROW}%"


def interval(low: float, high: float, digits: int = 0) -> str:
    """[29–39], in percent."""
    return f"[{number(100 * low, digits)}–{number(100 * high, digits)}]"


def span(low: float, high: float, digits: int = 1) -> str:
    """[1,8 ; 2,4]."""
    return f"[{number(low, digits)}\u00a0; {number(high, digits)}]".replace("; ", ";\u00a0")


def unaccented(text: str) -> str:
    """Lower case, without accents: for names of files and for looking up."""
    return "".join(each for each in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(each))


def of(noun: str) -> str:
    """presse → de presse, épicerie → d’épicerie."""
    plain = unaccented(noun[:1].lower().replace("œ", "o"))
    return f"d’{noun}" if plain in tuple("aeiou") or noun.lower().startswith(("hyg", "huil", "huî", "herb", "hor")) else f"de {noun}"


def times_more(lift: float, low: float, high: float, noun: str) -> str:
    """2,1 fois plus de presse [1,8 ; 2,4]; below 2: 48 % de plus de presse [36 ; 59]."""
    if lift >= 2:
        return f"{number(lift, 1)} fois plus {of(noun)} {span(low, high)}"
    return f"{percent(lift - 1)} de plus {of(noun)} {span(100 * (low - 1), 100 * (high - 1), 0)}"


def times_less(lift: float, low: float, high: float, noun: str) -> str:
    """60 % de moins de presse [50 ; 70]; of what is hardly bought: presque pas de presse [90 ; 100 % de moins]."""
    if lift < 0.05:
        return f"presque pas {of(noun)} {span(100 * (1 - high), 100 * (1 - low), 0)[:-1]}{NARROW}% de moins]"
    return f"{percent(1 - lift)} de moins {of(noun)} {span(100 * (1 - high), 100 * (1 - low), 0)}"


def lower_first(text: str) -> str:
    """Presse → presse, FDJ stays."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def counted(value: int, singular: str, plural: str) -> str:
    """1 fichier, 2 fichiers."""
    return f"{number(value)} {singular if abs(value) < 2 else plural}"


def money(cents: float | None, currency: str | None) -> str:
    """12,34 €; currency: its ISO code, None where sources differ."""
    unit = SYMBOLS.get(currency, currency) if currency else "(devises mêlées)"
    return "–" if cents is None or not math.isfinite(cents) else f"{number(cents / 100, 2)}{NARROW}{unit}"


def month_name(month: str) -> str:
    """2025-04 → avril 2025."""
    return f"{MONTHS[int(month[5:]) - 1]} {month[:4]}"


def of_month(month: str) -> str:
    """2025-04 → d’avril 2025."""
    name = month_name(month)
    return f"d’{name}" if name[0] in "ao" else f"de {name}"


def mix_sentence(daypart: str, share: float, low: float, high: float, name: str, index: float) -> str:
    """le matin (9–12 h) : 34 % [29–39] « presse du matin », indice 148."""
    return f"{DAYPARTS[daypart]} : {percent(share)} {interval(low, high)} «{NARROW}{name}{NARROW}», indice {number(index)}"

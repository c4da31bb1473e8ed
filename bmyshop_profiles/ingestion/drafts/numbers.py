"""How the numbers of a file are written: decimal and thousands marks, per column, as `number` reads the sampled values.

Not here: which columns are amounts (`guesses_receipts.py`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.drafts import trials
from bmyshop_profiles.ingestion.mapping.functions import SPACES
from bmyshop_profiles.ingestion.mapping.mapping import Dialect

MOST = 5000  # distinct values of a column that are tried
NUMERIC = 0.8  # share of its values that makes a column one of numbers


@dataclass(frozen=True)
class Marks:
    """Decimal mark, and what parts thousands. doubt: of a column, what could be otherwise."""

    decimal: str
    thousands: str | None = None
    doubt: str | None = None

    @property
    def dialect(self) -> Dialect:
        """A dialect that reads such numbers."""
        return Dialect(decimal=self.decimal, thousands=self.thousands)


PAIRS = tuple(Marks(*pair) for pair in ((".",), (",",), (",", " "), (".", " "), (",", "."), (".", ","), (".", "'"), (",", "'")))
POINT = PAIRS[0]


def marks_of(session: Session, columns: Mapping[str, Sequence[str]]) -> tuple[Marks, dict[str, Marks]]:
    """Marks of a file, and of each column that is of numbers. columns: distinct values by name.

    A column's marks are those under which most of its values are numbers: one 0.721 among 1.000 tells that the point parts no thousands.
    The file's are those that suit most columns; a column that they do not suit has its own.
    """
    tried = {name: list(values[:: max(1, -(-len(values) // MOST))]) for name, values in columns.items()}
    every = list(dict.fromkeys(value for values in tried.values() for value in values))
    read = {pair: trials.numbers(session, every, pair.dialect) for pair in PAIRS}
    suits: dict[str, list[Marks]] = {}
    for name, values in tried.items():
        counts = {pair: sum(value in read[pair] for value in values) for pair in PAIRS}
        most = max(counts.values(), default=0)
        whole = sum(value.isdecimal() for value in values)  # codes too long for a number
        if values and max(most, whole) >= NUMERIC * len(values):
            suits[name] = [pair for pair in PAIRS if counts[pair] == most]
    plain = {name for name, pairs in suits.items() if len(pairs) == len(PAIRS)}
    unsure = {name: mark for name, pairs in suits.items() if (mark := _either(pairs, tried[name]))}
    # of two columns that differ, the one with two decimals, which is money, has its way
    sure = {name: pairs for name, pairs in suits.items() if name not in plain and name not in unsure}
    weight = {name: 1 + any(re.search(r"[.,]\d\d$", value) for value in tried[name]) for name in sure}
    of_file = max(PAIRS, key=lambda pair: sum(weight[name] for name, pairs in sure.items() if pair in pairs)) if sure else None
    found: dict[str, Marks] = {}
    for name, pairs in suits.items():
        if name in unsure:
            found[name] = _doubted(unsure[name], pairs, of_file, tried[name])
        else:
            found[name] = of_file if of_file in pairs else pairs[0]
    if of_file is None:
        decided = [found[name] for name in unsure]
        of_file = Marks(decided[0].decimal, decided[0].thousands) if decided else POINT
        found |= dict.fromkeys(plain, of_file)
    return of_file, found


def _either(pairs: Sequence[Marks], values: Sequence[str]) -> str | None:
    """The mark that could part thousands or decimals: all numbers with it have three digits after it."""
    both = {pair.decimal for pair in pairs} & {pair.thousands for pair in pairs}
    return next((mark for mark in both if mark and any(mark in value for value in values)), None)


def _doubted(mark: str, pairs: Sequence[Marks], of_file: Marks | None, values: Sequence[str]) -> Marks:
    """What a mark with three digits after it is taken for. Where every value has it, small ones too, it parts decimals."""
    decimal = next(pair for pair in pairs if pair.decimal == mark)
    thousands = next(pair for pair in pairs if pair.thousands == mark)
    if of_file is not None and of_file.decimal == mark:
        return of_file if of_file in pairs else decimal
    if (of_file is not None and of_file.thousands == mark) or not all(mark in value for value in values):
        return Marks(thousands.decimal, mark, f"all numbers with {mark!r} have three digits after it: it is taken to part thousands")
    return Marks(
        mark, decimal.thousands, f"all numbers have {mark!r} and three digits after it, which are taken for decimals, not thousands"
    )


def as_of_file(text: str, own: Marks, of_file: Marks) -> str:
    """SQL of a column's text (an expression) in the marks of the file."""
    if own.thousands and own.thousands != of_file.thousands:
        for mark in SPACES if own.thousands == " " else own.thousands:
            text = f"replace({text}, '{mark * (1 + (mark == chr(39)))}', '')"
    return text if own.decimal == of_file.decimal else f"replace({text}, '{own.decimal}', '{of_file.decimal}')"


def has_decimals(value: str, marks: Marks) -> bool:
    """The number has a decimal mark."""
    return marks.decimal in re.sub(r"[^\d.,]", "", value)

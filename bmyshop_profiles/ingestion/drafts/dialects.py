"""How a text file is written, guessed from a sample: encoding, delimiter, quotes, escape, lines before the header, names.

Guesses are scored by what they make of the lines (how many have the same number of fields), also of those rare ones that hold
quotes: readers that look at the first lines only are led astray by a file whose first quoted field comes late. Not here: what
values mean (`values.py`).
"""

import contextlib
import csv
import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.ingestion.drafts.samples import Sample

DELIMITERS = (",", ";", "\t", "|")
TOTAL = re.compile(r"\s*(sous[- ]?|grand |sub[- ]?)?tota(l|ux)\b", re.IGNORECASE)
TITLES = 30  # lines before the header at most
LINES = 4000  # looked at for the dialect
NOT_CP1252 = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))


@dataclass(frozen=True)
class Written:
    """How a delimited file is written, and its sampled lines: those with the usual number of fields, header apart."""

    encoding: str
    bom: bool
    delimiter: str
    quote: str | None
    escape: str | None
    skip_lines: int
    first: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    odd_lines: int
    notes: tuple[str, ...] = ()
    headers_again: int = 0
    totals: frozenset[tuple[int, str]] = frozenset()


def encoding_of(data: bytes) -> str:
    """utf-8, cp1252 or latin-1: UTF-8 unless most lines with accents are not."""
    with contextlib.suppress(UnicodeDecodeError):
        data.decode("utf-8")
        return "utf-8"
    accented = [line for line in data.split(b"\n") if not line.isascii()]
    if sum(_is_utf8(line) for line in accented) > len(accented) / 2:
        return "utf-8"
    return "latin-1" if any(byte in NOT_CP1252 for line in accented for byte in line) else "cp1252"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def how_written(sample: Sample, *, rows: int = 20_000) -> Written:
    """The dialect of a sample, and up to `rows` of its lines, spread over it."""
    content = sample.content
    encoding = encoding_of(content)
    text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    lines = [f"{line}\n" for line in text.split("\n")]
    looked_at = [*lines[: LINES // 2], *_spread(lines[LINES // 2 :], LINES // 2)]
    delimiter, count = _delimiter(looked_at)
    quoted = [line for line in lines if '"' in line or "'" in line][:LINES]
    quote, escape, notes = _quotes(quoted, delimiter, count)
    parsed = list(_records(lines[: LINES // 2], delimiter, quote, escape))
    if not parsed:
        raise BmyshopError(f"{sample.path}: holds no lines of text")
    start = _first(parsed, count)
    skip, first = parsed[start]
    late = [line for line in lines[skip + 5000 :] if '"' in line][:200]
    body = [*lines[skip + 1 : skip + 5000], *late, *_spread(lines[skip + 5000 :], rows)]
    found = [fields for _, fields in _records(body, delimiter, quote, escape)]
    of_count = [fields for fields in found if len(fields) == count]
    again = sum(fields == first for fields in of_count)
    totals = {(place, fields[place]) for fields in of_count if (place := _total(fields)) is not None}
    usual = tuple(fields for fields in of_count if fields != first and _total(fields) is None)
    notes += () if sample.whole or '"' in (quote or "") else ("only a part of the file was looked at: a quoted field may come later",)
    return Written(
        *(
            sample.encoding or encoding,
            content.startswith(b"\xef\xbb\xbf"),
            delimiter,
            quote,
            escape,
            skip,
            first,
            usual,
            len(found) - len(of_count),
            notes,
        ),
        headers_again=again,
        totals=frozenset(totals),
    )


def _first(parsed: Sequence[tuple[int, tuple[str, ...]]], count: int) -> int:
    """The header, or the first line: after lines that have few fields, or whose fields are nearly all empty, as titles have."""
    usual = [number for number, (_, fields) in enumerate(parsed) if len(fields) == count]
    full = [number for number in usual[:TITLES] if 2 * sum(bool(each.strip()) for each in parsed[number][1]) > count]
    return full[0] if full else usual[0] if usual else 0


def _total(fields: tuple[str, ...]) -> int | None:
    """The field that says that a line is a total: most of the others are empty."""
    if 2 * sum(bool(each.strip()) for each in fields) > len(fields):
        return None
    return next((place for place, each in enumerate(fields) if TOTAL.match(each)), None)


def _spread(lines: Sequence[str], most: int) -> Sequence[str]:
    return lines[:: max(1, -(-len(lines) // most))] if lines else lines


def _delimiter(lines: Sequence[str]) -> tuple[str, int]:
    """The delimiter under which most lines have one same number of fields (more than one), and that number."""
    best = (0.0, 1, DELIMITERS[0])
    for delimiter in DELIMITERS:
        counts = Counter(len(fields) for _, fields in _records(lines, delimiter, '"', None))
        count, times = max(counts.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        # many fields on most lines say more than two fields on all of them, which decimal commas make
        score = times / max(sum(counts.values()), 1) * math.log2(count)
        if score > best[0]:
            best = (score, count, delimiter)
    return best[2], best[1]


def _quotes(lines: Sequence[str], delimiter: str, count: int) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Quote and escape under which most of the lines that hold quotes are well formed."""
    double, single = [line for line in lines if '"' in line], [line for line in lines if "'" in line]

    def good(quote: str | None, escape: str | None, held: Sequence[str]) -> int:
        return sum(len(fields) == count for _, fields in _records(held, delimiter, quote, escape, strict=True))

    if not double:
        opens = any(line.startswith("'") or f"{delimiter}'" in line for line in single)
        if opens and good("'", None, single) > good(None, None, single):
            return "'", None, ()
        return '"', None, ('no quote was seen: " is assumed',)
    if not any(line.startswith('"') or f'{delimiter}"' in line for line in double):
        return None, None, ("quotes stand within fields only, as inches do: ordinary characters",)
    plain, doubled = good(None, None, double), good('"', None, double)
    escaped = good('"', "\\", double) if any('\\"' in line for line in double) else -1
    if escaped > max(plain, doubled):
        return '"', "\\", ()
    return (
        ('"', None, ()) if doubled >= plain else (None, None, ("most lines with a quote are whole only when it is an ordinary character",))
    )


def _records(
    lines: Sequence[str], delimiter: str, quote: str | None, escape: str | None, *, strict: bool = False
) -> list[tuple[int, tuple[str, ...]]]:
    """(place of its first line, fields) of each record that is not empty. Without `strict` a record may go on over several lines."""
    options: dict[str, object] = {"delimiter": delimiter, "quoting": csv.QUOTE_NONE if quote is None else csv.QUOTE_MINIMAL}
    if quote is not None:
        options |= {"quotechar": quote, "doublequote": escape is None, "escapechar": escape}
    found: list[tuple[int, tuple[str, ...]]] = []
    if strict:
        for number, line in enumerate(lines):
            try:
                rows = list(csv.reader([line], strict=True, **options))  # type: ignore[arg-type]
            except csv.Error:
                continue
            found += [(number, tuple(fields)) for fields in rows if fields]
        return found
    reader = csv.reader(iter(lines), **options)  # type: ignore[arg-type]
    place = 0
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return found
        except csv.Error:
            fields = []
        if any(fields) and reader.line_num - place < 50:
            found.append((place, tuple(fields)))
        place = reader.line_num


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names made distinct, empty ones given one: column_3."""
    seen: set[str] = set()
    found = []
    for number, name in enumerate(names, 1):
        base = name.strip() or f"column_{number}"
        candidates = itertools.chain([base], (f"{base}_{again}" for again in itertools.count(2)))
        found.append(next(each for each in candidates if each.lower() not in seen))
        seen.add(found[-1].lower())
    return tuple(found)

"""A commented draft of a source mapping, from what was seen of files. It loads as it stands; what to confirm is marked ASSUMED or MISSING.

Not here: the guesses themselves (`guesses.py`, `guesses_receipts.py`).
"""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.drafts.groups import Group, groups_of, series_of, slug
from bmyshop_profiles.ingestion.drafts.guesses import Guess, Guesses, lacking
from bmyshop_profiles.ingestion.drafts.looks import Look, look_at
from bmyshop_profiles.ingestion.drafts.patterns import history_of
from bmyshop_profiles.ingestion.drafts.scopes import scopes_of
from bmyshop_profiles.ingestion.drafts.sensitive import masked, one_line
from bmyshop_profiles.ingestion.drafts.values import currency_of
from bmyshop_profiles.ingestion.mapping.mapping import CANONICAL, Dialect

WIDTH = 130


@dataclass(frozen=True)
class Draft:
    """The text, the directory its patterns start from, the sampled months, and what must be confirmed or mended."""

    text: str
    root: Path
    months: list[str]
    assumed: list[str]
    missing: list[str]


def draft_of(
    paths: Sequence[Path], session: Session, *, root: Path | None = None, name: str | None = None, schema: str | None = None
) -> Draft:
    """Look at files and write a draft. root: where patterns start; schema: path of the JSON Schema as an editor finds it from the draft.

    Raises:
        BmyshopError: a file cannot be read, lies outside `root`, or none of them holds anything of use.
    """
    found = [path.resolve() for path in paths]
    root = (root or _common(found)).resolve()
    for path in found:
        if not path.is_relative_to(root):
            raise BmyshopError(f"{path}: is not below {root}, where the patterns start")
    series = series_of(found)
    looks = [look_at(path, session) for path in series]
    groups, unknown = groups_of(looks, series, root, name, session)
    if not groups:
        raise BmyshopError(
            "none of the files looks like receipts, stores, products or members: "
            + "".join(f"{text}; " for look in unknown if (text := lacking(look)))
            + "; ".join(f"{look.path.name} has {', '.join(column.name for column in look.columns)}" for look in unknown)
        )
    receipts = [group for group in groups if group.kind == "receipts"]
    lists = [group for group in groups if group.kind != "receipts"]
    sources = [[group] for group in receipts] or [[]]
    for group in lists:
        if any(other.kind == group.kind for other in sources[0]):
            unknown += group.looks
        else:
            sources[0].append(group)
    lines = [f"# yaml-language-server: $schema={schema}"] if schema else []
    lines += _comment(
        f"Draft by `bmyshop-profiles sources inspect`, from samples of {_named(found)}. Confirm what is marked "
        "ASSUMED, mend what is MISSING, then: bmyshop-profiles sources check. Keys and functions are explained in docs/sources.md. "
        f"Patterns start from {root}.",
        "",
    )
    lines += ["version: 1", "sources:"]
    taken: set[str] = set()
    scopes = scopes_of([(group.look, group.guesses) for group in receipts], {group.kind for group in lists})
    for source in sources:
        lines += _source(source, slug(name or (source or lists)[0].pattern, taken), scopes)
    if not receipts:
        for look in looks:
            if text := lacking(look):
                lines += _comment(f"MISSING: {text}.", "    ")
        lines += _comment("MISSING: no file of receipts was given, which every source needs; inspect one together with these.", "    ")
    for look in unknown:
        lines += _comment(f"{look.path.name} was left out: {', '.join(column.name for column in look.columns)}.", "")
    months = history_of([look for group in receipts for look in group.looks])
    guessed = [(f"{group.kind}: {column}", guess) for group in groups for column, guess in group.guesses.columns.items()]
    assumed = [f"{where}: {guess.assumed}" for where, guess in guessed if guess.assumed]
    assumed += [where for line in lines if "  # ASSUMED" in line and (where := line.split("  #")[0].strip())]
    missing = [where for where, guess in guessed if guess.missing]
    missing += [] if receipts else ["receipts"]
    return Draft("\n".join(lines) + "\n", root, months, assumed, missing)


def _named(paths: Sequence[Path]) -> str:
    names = ", ".join(path.name for path in paths[:5])
    return names if len(paths) <= 5 else f"{names} and {len(paths) - 5} other files"


def _common(paths: Sequence[Path]) -> Path:
    parents = [path.parent for path in paths]
    first = parents[0]
    return next(parent for parent in (first, *first.parents) if all(each.is_relative_to(parent) for each in parents))


def _source(groups: Sequence[Group], name: str, scopes: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    receipts = next((group for group in groups if group.kind == "receipts"), None)
    currency = currency_of(receipts.look.columns) if receipts else None
    zone = receipts.guesses.timezone if receipts else None
    yield f"  - name: {name}"
    why = "seconds since 1970, and times with an offset, are read as UTC" if zone else "ASSUMED: the zone of the times as written"
    yield f"    timezone: {zone or 'Europe/Paris'}  # {why}"
    if zone:
        yield "    store_timezone: Europe/Paris  # ASSUMED: where the shops are"
    why = "as written with the numbers" if currency else "ASSUMED: no sign stands with the numbers"
    yield f"    currency: {currency or 'EUR'}  # {why}"
    if scopes:
        yield from _comment("network: a code means the same in all tills that say so; source: the till has codes of its own.", "    ")
        yield "    codes:"
        yield from (f"      {kind}: {scope}  # ASSUMED: {reason}" for kind, (scope, reason) in scopes.items())
    if receipts and {"member_id"} & set(receipts.guesses.columns) and any(group.kind == "members" for group in groups):
        yield from _comment(
            "a member id that the list of members does not hold: member, or anonymous (then it is a shopper's token). ASSUMED:", "    "
        )
        yield "    unlisted_members: member"
    for group in groups:
        yield from _table(group)


def _table(group: Group) -> Iterator[str]:
    look, guesses = group.look, group.guesses
    yield f"    {group.kind}:"
    if not look.whole:
        yield from _comment("The file was looked at in parts: its beginning and, unless compressed, pieces up to its end.", " " * 6)
    yield f"      files: {_scalar(group.pattern)}"
    if guesses.looks_like:
        yield from _comment(f"Looks like {guesses.looks_like}: columns are as its exports are known to have them.", " " * 6)
    for note in look.notes:
        yield from _comment(note[0].upper() + note[1:] + ".", " " * 6)
    yield "      dialect:"
    yield from _dialect(look, guesses)
    yield "      columns:"
    for column, guess in guesses.columns.items():
        yield from _column(column, guess)
    if guesses.voided:
        for note in guesses.notes:
            yield from _comment(note[0].upper() + note[1:] + ".", " " * 6)
        if not guesses.notes or " or " in guesses.voided:
            yield from _comment("Lines of cancelled tickets are refused as voided; without this key they count. ASSUMED:", " " * 6)
        yield f"      voided: {_scalar(guesses.voided)}"
    left = [column for column in look.columns if column.name not in guesses.used]
    if left:
        told = ", ".join(f"{one_line(column.name)} ({masked(column.values[0]) if column.values else 'empty'})" for column in left)
        yield from _comment(f"Not used: {told}.", " " * 6)
    absent = [name for name in CANONICAL[group.kind] if name not in guesses.columns]
    if absent:
        yield from _comment(f"Nothing was found for {', '.join(absent)}; none of them is needed.", " " * 6)


def _dialect(look: Look, guesses: Guesses) -> Iterator[str]:
    given: dict[str, Any] = dict(look.dialect)
    plain = Dialect()
    if given["format"] != "parquet":
        given |= {"decimal": look.marks.decimal, "thousands": look.marks.thousands}
    if guesses.dates:
        given["dates"] = list(dict.fromkeys(guesses.dates))
    always = ("format", "delimiter", "quote", "encoding", "decimal")
    for key, value in given.items():
        if key in always or value != getattr(plain, key):
            yield f"        {key}: {_scalar(value)}"


def _column(name: str, guess: Guess) -> Iterator[str]:
    examples = f" For example {' · '.join(guess.examples)}." if guess.examples else ""
    missing = "MISSING: " if guess.missing else ""
    yield from _comment(f"{missing}{guess.reason}.{examples}".replace("..", "."), " " * 8)
    if guess.assumed:
        yield from _comment(f"ASSUMED: {guess.assumed}.", " " * 8)
    yield f"        {name}: {_scalar(guess.expression)}"


def _comment(text: str, indent: str) -> list[str]:
    """Wrapped comment lines."""
    prefix, text = f"{indent}# ", one_line(text, longest=10_000)
    return textwrap.wrap(text, WIDTH, initial_indent=prefix, subsequent_indent=prefix, break_long_words=False, break_on_hyphens=False)


def _scalar(value: Any, *, in_list: bool = False) -> str:
    """A value on one line of YAML; text in double quotes unless it reads back as it is."""
    if isinstance(value, list):
        return f"[{', '.join(_scalar(each, in_list=True) for each in value)}]"
    if not isinstance(value, str):
        return "null" if value is None else str(value).lower()
    plain = re.fullmatch(r"[A-Za-z_{][\w{} ()|/,.'*+:=-]*", value) and not re.search(
        r": |:$|^\{| $|[{},]" if in_list else r": |:$|^\{| $", value
    )
    if plain and yaml.safe_load(f"key: {value}") == {"key": value} and not ("," in value and "(" not in value):
        return value
    written: str = yaml.safe_dump([value], default_style='"', width=100_000, allow_unicode=True)
    return written.removeprefix("- ").rstrip("\n")

"""Sampled values, tried by the very `number` and `moment` that ingest, which stand in the select: a macro of each dialect would take
longer to make than all it is tried on. Not here: what to try (`numbers.py`, `moments.py`)."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.mapping.functions import moment, number
from bmyshop_profiles.ingestion.mapping.mapping import Dialect


def numbers(session: Session, texts: Iterable[str], dialect: Dialect) -> dict[str, float]:
    """The texts that `number` reads under a dialect, with what it reads."""
    return _tried(session, texts, f"({number(dialect)})::double")


def moments(session: Session, texts: Iterable[str], dates: Sequence[str], *, before: str = "") -> dict[str, datetime.datetime]:
    """The texts that `moment` reads with these formats. before: text put before each of them, a day before a time."""
    found = _tried(session, [before + text for text in texts], f"({moment(dates)})::timestamp")
    return {text.removeprefix(before): value for text, value in found.items()}


def _tried(session: Session, texts: Iterable[str], call: str) -> dict[str, Any]:
    select = f"select x, {call} as read from (select unnest($texts::varchar[]) as x)"
    rows = session.execute(select, {"texts": [text.encode(errors="replace").decode() for text in texts]}).fetchall()
    return {text: value for text, value in rows if value is not None}

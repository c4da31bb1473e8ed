"""Writing the settings file of a data directory: which sources it holds, and how far its history reaches. Reading it is `settings.py`'s.

What a person wrote stays: comments and order.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.settings import SETTINGS_FILE, Settings, load_settings


def adopt(sources: Path, first_month: str, last_month: str | None, raw_dir: Path | None = None, **others: Any) -> None:
    """Remember the sources of a data directory in its settings file; a directory keeps the sources it was made with.

    A file that names none yet takes them, and keeps what it says itself.
    """
    settings = load_settings()
    path = settings.data_dir / SETTINGS_FILE
    text = path.read_text(encoding="utf-8") if path.exists() else None
    if text is not None and (settings.sources or settings.sources_file.is_file()):
        if settings.sources_file != sources:
            raise BmyshopError(
                f"{settings.data_dir} holds the tables of {settings.sources_file}; give these sources another --data-dir, or edit {path}"
            )
        widen(settings, first_month, last_month or first_month)
        return
    lines = {
        "sources": str(sources),
        "raw_dir": str(raw_dir) if raw_dir else None,
        "first_month": first_month,
        "last_month": last_month,
        **others,
    }
    known = tomlkit.parse(text or "")
    missing = {name: value for name, value in lines.items() if value is not None and name not in known}
    path.parent.mkdir(parents=True, exist_ok=True)
    if text is None:
        path.write_text(f"# settings of this data directory; BMYSHOP_* variables win over them\n{tomlkit.dumps(missing)}", encoding="utf-8")
    else:
        path.write_text(_with(text, missing), encoding="utf-8")
        widen(settings, first_month, last_month or first_month)


def widen(settings: Settings, first: str, last: str) -> None:
    """Let the history of a data directory reach to months that are asked for."""
    path = settings.data_dir / SETTINGS_FILE
    months = {}
    if first < settings.first_month:
        months["first_month"] = first
    if settings.last_month and last > settings.last_month:
        months["last_month"] = last
    path.write_text(_with(path.read_text(encoding="utf-8"), months), encoding="utf-8")


def _with(text: str, values: Mapping[str, Any]) -> str:
    """A settings file with these values. New ones go first: elsewhere they could part a comment from what it is about."""
    file = tomlkit.parse(text)
    file.update({name: value for name, value in values.items() if name in file})
    return tomlkit.dumps({name: value for name, value in values.items() if name not in file}) + tomlkit.dumps(file)

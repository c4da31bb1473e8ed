"""Writing the settings file of a data directory: which sources it holds, and how far its history reaches. Reading it is `settings.py`'s."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

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
    known = tomllib.loads(text or "")
    missing = {name: value for name, value in lines.items() if value is not None and name not in known}
    written = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in missing.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    if text is None:
        path.write_text(f"# settings of this data directory; BMYSHOP_* variables win over them\n{written}", encoding="utf-8")
    else:
        path.write_text(written + text, encoding="utf-8")  # before the first table of the file
        widen(settings, first_month, last_month or first_month)


def widen(settings: Settings, first: str, last: str) -> None:
    """Let the history of a data directory reach to months that are asked for."""
    path = settings.data_dir / SETTINGS_FILE
    text = path.read_text(encoding="utf-8")
    if first < settings.first_month:
        text = _with(text, "first_month", first)
    if settings.last_month and last > settings.last_month:
        text = _with(text, "last_month", last)
    path.write_text(text, encoding="utf-8")


def _with(text: str, name: str, month: str) -> str:
    line = f'{name} = "{month}"'
    return re.sub(rf"(?m)^{name}\s*=.*$", line, text) if name in tomllib.loads(text) else f"{line}\n{text}"

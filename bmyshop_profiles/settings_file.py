"""Writing the settings file of a data directory: which sources it holds, and how far its history reaches. Reading it is `settings.py`'s."""

import json
import re
from pathlib import Path
from typing import Any

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.settings import SETTINGS_FILE, Settings, load_settings


def adopt(sources: Path, first_month: str, last_month: str | None, raw_dir: Path | None = None, **others: Any) -> None:
    """Remember the sources of a data directory in its settings file; a directory keeps the sources it was made with."""
    settings = load_settings()
    path = settings.data_dir / SETTINGS_FILE
    if path.exists():
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
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in lines.items() if value is not None)
    path.write_text(f"# settings of this data directory; BMYSHOP_* variables win over them\n{text}", encoding="utf-8")


def widen(settings: Settings, first: str, last: str) -> None:
    """Let the history of a data directory reach to months that are asked for."""
    path = settings.data_dir / SETTINGS_FILE
    text = path.read_text(encoding="utf-8")
    if first < settings.first_month:
        text = re.sub(r"(?m)^first_month\s*=.*$", f'first_month = "{first}"', text)
    if settings.last_month and last > settings.last_month:
        text = re.sub(r"(?m)^last_month\s*=.*$", f'last_month = "{last}"', text)
    path.write_text(text, encoding="utf-8")

"""The code of a table: a digest of all that decides its rows but the raw files. It says which months were made by other code."""

import functools
import hashlib
from pathlib import Path
from typing import Any

from bmyshop_profiles.engine.catalogue import Catalogue, Table, digest
from bmyshop_profiles.engine.python_code import ROOT, code_digest
from bmyshop_profiles.months import missions_since, month_plus, month_start, typology_windows
from bmyshop_profiles.settings import Settings


def run_parameters(month: str, settings: Settings) -> dict[str, Any]:
    """Parameters that the month gives: its days, the year's January since which missions are kept, and first and last months of windows."""
    days = {"month_start": month_start(month), "month_end": month_start(month_plus(month, 1))}
    return {"month": month, "missions_since": missions_since(month), **days, **typology_windows(month, settings.typology_months)}


def parameters(settings: Settings, month: str | None) -> dict[str, Any]:
    """All parameters a table may declare: the month's, the settings', the digests of the source mapping and of the families' categories."""
    run = run_parameters(month, settings) if month else _of_any_month(settings)
    files = {"mapping": _file_digest(settings.sources_file), "families": _file_digest(settings.product_families_file)}
    return {**settings.model_dump(), **files, **run}


def _of_any_month(settings: Settings) -> dict[str, Any]:
    """Of the parameters that a month gives, what settings decide in them: it is part of the code, the month is not."""
    return dict.fromkeys(typology_windows("2000-01", 1), settings.typology_months)


class Code:
    """Digests of every table's code, its inputs' code included, under given settings. package: where the Python code is read from."""

    def __init__(self, catalogue: Catalogue, settings: Settings, package: Path = ROOT):
        self._catalogue = catalogue
        self._values = parameters(settings, None)
        self._package = package

    def own(self, table: Table) -> str:
        """What makes the table itself: SQL or a Python function with all it depends on, columns, and the declared parameters that are
        settings."""
        values = {name: self._values.get(name) for name in table.file.parameters if name in self._values}
        python = [code_digest(table.file.made_by, self._package)] if table.file.made_by else []
        files = [hashlib.sha256(self._package.joinpath(file).read_bytes()).hexdigest() for file in table.file.files]
        return digest(table.own_code(), *python, *files, repr(sorted(values.items())))

    @functools.cache  # noqa: B019 - lives as long as one run
    def whole(self, name: str) -> str:
        """`own`, with the code of everything the table is made from."""
        table = self._catalogue[name]
        return digest(self.own(table), *(self.whole(upstream) for upstream in table.inputs))


def _file_digest(path: Path | None) -> str:
    return digest(path.read_text(encoding="utf-8", errors="replace")) if path and path.exists() else ""

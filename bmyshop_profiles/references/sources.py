"""Where an official file comes from: a path, or its publisher's address, fetched once and kept below the data directory.

Here: fetching, checksums, and what is told about a file (publisher, licence, vintage, fingerprint). Not here: what is in it
(`official.py`).
"""

import hashlib
import os
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.settings import ReferenceFile

OPEN_LICENCE = "Licence Ouverte 2.0"
PUBLISHERS = {
    "first_names": ("INSEE, fichier des prénoms", OPEN_LICENCE),
    "death_rates": (
        "Human Mortality Database (Max Planck Institute for Demographic Research, University of California, Berkeley, INED), France",
        "CC BY 4.0, to be cited",
    ),
    "communes": ("INSEE, communes et recensement de la population", OPEN_LICENCE),
    "incomes": ("INSEE, Filosofi", OPEN_LICENCE),
    "populations": ("INSEE, estimations de population", OPEN_LICENCE),
    "postcodes": ("La Poste, base officielle des codes postaux", OPEN_LICENCE),
}
_BLOCK = 1 << 18
_SECONDS = 30
_UNPROTECTED = "http:// does not protect what comes from being changed on its way; give its sha256, or an https:// address"


@dataclass(frozen=True)
class Found:
    """A file in hand and what is known of it."""

    path: Path
    origin: str
    licence: str
    vintage: str
    fingerprint: str

    def told(self) -> str:
        """One line for people: who publishes it, which edition, under which licence, which content."""
        return f"{self.origin}, {self.vintage or 'vintage not stated'}, {self.licence}, SHA-256 {self.fingerprint[:16]}…"


def find(kind: str, reference: ReferenceFile, data_dir: Path) -> Found:
    """The file of a kind, fetched if need be.

    Raises:
        BmyshopError: it is not there, cannot be fetched, or is not the file its checksum names.
    """
    if urlsplit(reference.file).scheme in ("http", "https"):
        path = fetch(reference.file, data_dir / "references", sha256=reference.sha256)
    else:
        path = data_dir / reference.file
        if not path.is_file():
            raise BmyshopError(
                f"references.{kind}: there is no file {path}; correct the path in the settings, or give the publisher's address"
            )
    fingerprint = _sha256(path)
    if reference.sha256 and fingerprint != reference.sha256:
        raise BmyshopError(
            f"references.{kind}: {path} hashes to {fingerprint}, not to {reference.sha256}; it is another edition, or damaged"
        )
    origin, licence = PUBLISHERS[kind]
    return Found(path, origin, licence, reference.vintage, fingerprint)


def fetch(address: str, directory: Path, *, sha256: str | None = None) -> Path:
    """Download a file once; a name made of its address keeps editions apart. A download that breaks off leaves nothing behind.

    Raises:
        BmyshopError: the server refuses or breaks off, what came is not what `sha256` names, or nothing is named and the way is http.
    """
    if sha256 is None and not _is_protected(address):
        raise BmyshopError(f"{address}: {_UNPROTECTED}")
    name = PurePosixPath(urlsplit(address).path).name or "file"
    target = directory / f"{hashlib.sha256(address.encode()).hexdigest()[:12]}-{name}"
    if target.exists():
        return target
    directory.mkdir(parents=True, exist_ok=True)
    partial = directory / f".{target.name}.{os.getpid()}"
    try:
        digest, came_from = _download(address, partial, name)
        if sha256 is None and not _is_protected(came_from):
            raise BmyshopError(f"{address}: led to {came_from}, and {_UNPROTECTED}")
        if sha256 and digest != sha256:
            raise BmyshopError(
                f"{address}: what came hashes to {digest}, not to {sha256}; it is another edition, or damaged; nothing was kept"
            )
        os.replace(partial, target)
    except (OSError, ValueError) as error:
        reason = f"{error.code} {error.reason}" if isinstance(error, urllib.error.HTTPError) else getattr(error, "reason", None) or error
        raise BmyshopError(f"{address}: cannot be fetched ({reason}); fetch it by hand and give its path in the settings") from None
    finally:
        partial.unlink(missing_ok=True)
    return target


def _is_protected(address: str) -> bool:
    return urlsplit(address).scheme == "https"


def _download(address: str, target: Path, name: str) -> tuple[str, str]:
    """The content's digest, and the address it came from in the end."""
    columns = (TextColumn(name), BarColumn(30), DownloadColumn(), TransferSpeedColumn())
    console = Console(file=sys.stderr)
    hashed, received = hashlib.sha256(), 0
    with urllib.request.urlopen(address, timeout=_SECONDS) as answer, target.open("wb") as out:
        promised = int(answer.headers.get("Content-Length") or 0)
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task(name, total=promised or None)
            while block := answer.read(_BLOCK):
                out.write(block)
                hashed.update(block)
                received += len(block)
                progress.update(task, completed=received)
    if promised and received != promised:
        raise OSError(f"{received} bytes of {promised} came")
    return hashed.hexdigest(), answer.geturl()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

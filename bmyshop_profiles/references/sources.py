"""Where an official file comes from: a path, or its publisher's address, fetched once and kept below the data directory.

Here: fetching, checksums, and what is told about a file (publisher, licence, vintage, fingerprint). Not here: what is in it
(`official.py`).
"""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

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
    import pooch  # a tenth of a second, and hardly any run fetches

    def refuse_http(answer: Any, **_: Any) -> None:
        if sha256 is None and not _is_protected(answer.url):
            raise BmyshopError(f"{address}: led to {answer.url}, and {_UNPROTECTED}")

    def download(url: str, to: str, _: Any) -> None:
        options = {"timeout": _SECONDS, "headers": {"Accept-Encoding": "identity"}, "hooks": {"response": refuse_http}}
        pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), chunk_size=1 << 18, **options)(url, to, None)
        if sha256 and (digest := _sha256(Path(to))) != sha256:
            raise BmyshopError(
                f"{address}: what came hashes to {digest}, not to {sha256}; it is another edition, or damaged; nothing was kept"
            )
        Path(to).chmod(0o644)  # a temporary file is its maker's alone

    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(address, None, target.name, directory, downloader=download)
    except (OSError, ValueError) as error:
        raise BmyshopError(f"{address}: cannot be fetched ({_reason(error)}); fetch it by hand and give its path in the settings") from None
    return target


def _is_protected(address: str) -> bool:
    return urlsplit(address).scheme == "https"


def _reason(error: BaseException) -> str:
    if (answer := getattr(error, "response", None)) is not None:
        return f"{answer.status_code} {answer.reason}"
    while error.__context__:  # requests wraps what went wrong several times
        error = error.__context__
    return str(error)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

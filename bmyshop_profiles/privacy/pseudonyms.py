"""Keyed pseudonyms (HMAC-SHA-256) of members and shoppers, in Python and inside DuckDB, and the key they need.

The key comes from the settings or is made once in the vault; it is never shown, never written anywhere else. Simulated networks have a
fixed one, so that the same network gives the same tables in every data directory.
"""

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

import duckdb

from bmyshop_profiles.engine.errors import BmyshopError

KEY_FILE = "pseudonym.key"
SIMULATED_FILE = "simulated.json"  # beside the mapping of a simulated network, and true of that very mapping
SIMULATED_KEY = "simulated-network-nobody-in-it-is-real-this-key-is-no-secret"
LENGTH = 32  # hexadecimal digits kept: 128 bits
_BLOCK = 64


def vault(directory: Path) -> Path:
    """The vault's directory, made on first use and closed to everybody else."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    directory.chmod(0o700)
    return directory


def mark_simulated(mapping: Path) -> None:
    """Say beside a mapping that it is a simulated network's."""
    told = {"what": "a simulated network: nobody in it is real, its pseudonyms have a fixed key", "mapping_sha256": _sha256(mapping)}
    (mapping.parent / SIMULATED_FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def is_simulated(mapping: Path) -> bool:
    """Whether a mapping is a simulated network's, unchanged: one made of it for real files is not."""
    try:
        told = json.loads((mapping.parent / SIMULATED_FILE).read_text(encoding="utf-8"))
        return bool(told["mapping_sha256"] == _sha256(mapping))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_key(directory: Path, given: str | None = None, *, new: str | None = None) -> bytes:
    """The key of a network: the one given, else the vault's, made there the first time. new: what is made, else a secret is drawn.

    Raises:
        BmyshopError: the given key is too short to be one, or the vault's is damaged.
    """
    if given is not None:
        if len(given) < 32:
            raise BmyshopError("BMYSHOP_PSEUDONYM_KEY: a key needs at least 32 characters")
        return given.encode()
    path = vault(directory) / KEY_FILE
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(new or secrets.token_hex(32))
    try:
        os.link(temporary, path)  # fails where a key exists: two runs that start together agree on one
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 32:
        raise BmyshopError(f"{path}: holds no key; restore it from a backup: a new one would orphan every pseudonym in the lake")
    return key.encode()


def pseudonym(key: bytes, kind: str, raw: str) -> str:
    """Pseudonym of a raw id; `kind` (member, shopper) keeps the two apart."""
    return hmac.new(key, f"{kind}:{raw}".encode(), hashlib.sha256).hexdigest()[:LENGTH]


def install(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give a connection the SQL macro `pseudonym(kind, raw)`, equal to `pseudonym`; NULL stays NULL.

    HMAC by its definition (RFC 2104), since DuckDB has sha256 but no HMAC. The key stands in session variables, which a
    mapping may not read.
    """
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    for name, pad in (("pseudonym_inner", 0x36), ("pseudonym_outer", 0x5C)):
        connection.execute(f"set variable {name} = unhex('{bytes(byte ^ pad for byte in block).hex()}')")
    connection.execute(
        "create or replace temp macro pseudonym(kind, raw) as "
        "sha256(getvariable('pseudonym_outer') || unhex(sha256(getvariable('pseudonym_inner') || encode(kind || ':' || raw))))"
        f"[1:{LENGTH}]"
    )

"""Files by path or by address: a server on this machine, checksums, downloads that break off."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.references import tables
from bmyshop_profiles.references.sources import fetch, find
from bmyshop_profiles.settings import ReferenceFile, References, Settings, load_settings

CONTENT = b"sexe;preusuel;annais;nombre\n1;ALIX;1990;12\n2;ALIX;1990;30\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    served: list[str] = []  # noqa: RUF012 - what the tests look at

    def do_GET(self) -> None:
        self.served.append(self.path)
        if self.path.startswith("/missing"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) + (100 if self.path.startswith("/broken") else 0)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.served.clear()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_file_is_fetched_once_and_told_about(address: str, tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, references=References(first_names=ReferenceFile(file=f"{address}/nat.csv", sha256=DIGEST, vintage="2023"))
    )
    for _ in range(2):
        made = tables.first_names(settings)["first_names"]
        assert made.rows.births.tolist() == [30, 12]
    assert Handler.served == ["/nat.csv"]
    (told,) = made.told.values()
    assert told == f"INSEE, fichier des prénoms, 2023, Licence Ouverte 2.0, SHA-256 {DIGEST[:16]}…"
    assert [path.name.split("-")[1] for path in (tmp_path / "references").iterdir()] == ["nat.csv"]


@pytest.mark.parametrize(
    ("path", "sha256", "message"),
    [
        ("/missing.csv", DIGEST, r"cannot be fetched \(404 Not Found\); fetch it by hand"),
        ("/broken.csv", DIGEST, "cannot be fetched"),
        ("/nat.csv", "0" * 64, "another edition, or damaged; nothing was kept"),
    ],
)
def test_a_download_that_fails_leaves_nothing(address: str, tmp_path: Path, path: str, sha256: str | None, message: str) -> None:
    with pytest.raises(BmyshopError, match=message):
        fetch(address + path, tmp_path / "references", sha256=sha256)
    assert list((tmp_path / "references").iterdir()) == []


def test_nobody_listening_is_an_error_for_people(tmp_path: Path) -> None:
    with pytest.raises(BmyshopError, match="cannot be fetched"):
        fetch("http://127.0.0.1:9/none.csv", tmp_path, sha256=DIGEST)


def test_what_comes_unprotected_needs_a_checksum(address: str, tmp_path: Path) -> None:
    with pytest.raises(BmyshopError, match=r"nat\.csv: http:// does not protect .*; give its sha256, or an https:// address"):
        find("first_names", ReferenceFile(file=f"{address}/nat.csv"), tmp_path)
    assert Handler.served == []
    assert list(tmp_path.iterdir()) == []


def test_a_protected_address_that_leads_to_an_unprotected_one_needs_it_too(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def follow(asked: str, **options: object) -> object:
        assert asked == "https://publisher.test/nat.csv"
        return get(f"{address}/nat.csv", **options)  # as after a redirection

    get = requests.get
    monkeypatch.setattr(requests, "get", follow)
    with pytest.raises(BmyshopError, match=r"led to http://.*/nat\.csv, and http:// does not protect"):
        fetch("https://publisher.test/nat.csv", tmp_path / "references")
    assert list((tmp_path / "references").iterdir()) == []
    assert fetch("https://publisher.test/nat.csv", tmp_path / "references", sha256=DIGEST).read_bytes() == CONTENT


def test_a_path_is_checked_too(tmp_path: Path) -> None:
    (tmp_path / "nat.csv").write_bytes(CONTENT)
    assert find("first_names", ReferenceFile(file="nat.csv"), tmp_path).fingerprint == DIGEST
    with pytest.raises(BmyshopError, match=r"references\.first_names: .*hashes to"):
        find("first_names", ReferenceFile(file="nat.csv", sha256="0" * 64), tmp_path)
    with pytest.raises(BmyshopError, match=r"references\.first_names: there is no file"):
        find("first_names", ReferenceFile(file="none.csv"), tmp_path)


def test_communes_need_their_incomes(tmp_path: Path) -> None:
    (tmp_path / "communes.csv").write_text("x")
    with pytest.raises(BmyshopError, match="name both communes and incomes"):
        tables.places(Settings(data_dir=tmp_path, references=References(communes=ReferenceFile(file="communes.csv"))))


def test_without_files_the_stand_ins_say_what_they_are(tmp_path: Path) -> None:
    made = tables.places(Settings(data_dir=tmp_path))
    assert set(made) == {"zones", "zone_postcodes"}
    assert all("embedded summary" in reference.told["source"] for reference in made.values())


def test_files_are_named_in_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "bmyshop.toml").write_text('[references.first_names]\nfile = "nat.csv"\nvintage = "2023"\n')
    assert load_settings(tmp_path).references.first_names == ReferenceFile(file="nat.csv", vintage="2023")

"""A data directory is closed to others, or it is said why not."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bmyshop_profiles.privacy.closed import close_to_others


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_what_is_made_from_then_on_is_closed(tmp_path: Path) -> None:
    close_to_others(tmp_path / "data")
    assert not (tmp_path / "data").exists()  # looking at a directory does not make it
    (tmp_path / "data" / "lake").mkdir(parents=True)
    (tmp_path / "data" / "lake" / "file").write_text("x")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data", *sorted((tmp_path / "data").rglob("*")))]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.usefixtures("umask")
def test_a_directory_that_everybody_writes_to_is_left_open_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    close_to_others(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777
    assert "(mode 1777) and was left so" in capsys.readouterr().err


@pytest.mark.usefixtures("umask")
def test_a_directory_that_cannot_be_closed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    tmp_path.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", refuse)
    close_to_others(tmp_path)
    said = capsys.readouterr().err
    assert f"{tmp_path} is open to other users of this machine (mode 755)" in said
    assert "chmod 700" in said

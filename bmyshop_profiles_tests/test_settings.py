"""Settings: where they come from, and how a wrong one is refused."""

from pathlib import Path

import pytest

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.months import last_complete_month, month_plus, months_between
from bmyshop_profiles.settings import load_settings
from bmyshop_profiles.settings_file import adopt
from bmyshop_profiles_tests.conftest import day


def test_the_file_then_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bmyshop.toml").write_text('first_month = "2021-01"\nlast_month = "2021-03"\nthreads = 1\nsources = "raw/sources.yaml"\n')
    monkeypatch.setenv("BMYSHOP_THREADS", "3")
    settings = load_settings(tmp_path)
    assert (settings.threads, settings.months()) == (3, ["2021-01", "2021-02", "2021-03"])
    assert settings.sources_file == tmp_path / "raw" / "sources.yaml"
    assert settings.raw_root == tmp_path / "raw"
    assert load_settings(tmp_path / "other").sources_file == tmp_path / "other" / "sources.yaml"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("threads = 0", r"bmyshop\.toml: threads: .*greater than or equal to 1"),
        ('memory_limit = "2 gigas"', r"memory_limit: '2 gigas' is not a size; write it as 2GB"),
        ('first_month = "01/2025"', r"first_month: '01/2025' is not a month; write it as 2025-01"),
        ('timezone = "Paris"', r"timezone: 'Paris' is not a time zone"),
        ('currency = "euros"', "currency: "),
        ('behaviour_groups = ["dayparts", "taste"]', "behaviour_groups: .*'dayparts'.*'variety'"),
        ("thread = 2", "thread: is no setting; did you mean threads?"),
        ('first_month = "2025-02"\nlast_month = "2025-01"', "last_month 2025-01 is before first_month 2025-02"),
        ("threads = ", "not valid TOML"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "bmyshop.toml").write_text(line)
    with pytest.raises(BmyshopError, match=message):
        load_settings(tmp_path)


def test_a_wrong_variable_is_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BMYSHOP_THREADS", "many")
    with pytest.raises(BmyshopError, match="BMYSHOP_THREADS: "):
        load_settings(tmp_path)
    monkeypatch.delenv("BMYSHOP_THREADS")
    monkeypatch.setenv("BMYSHOP_TREADS", "2")
    with pytest.raises(BmyshopError, match="BMYSHOP_TREADS is no setting; did you mean BMYSHOP_THREADS?"):
        load_settings(tmp_path)


def test_a_key_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BMYSHOP_PSEUDONYM_KEY", "s" * 40)
    assert "sss" not in repr(load_settings(tmp_path))


def test_months() -> None:
    assert (month_plus("2025-01", -1), month_plus("2024-12", 1), month_plus("2025-03", -14)) == ("2024-12", "2025-01", "2024-01")
    assert months_between("2024-11", "2025-02") == ["2024-11", "2024-12", "2025-01", "2025-02"]
    assert months_between("2025-02", "2025-01") == []
    assert last_complete_month(day("2026-01-15")) == "2025-12"


def written(data_dir: Path, text: str | None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory in use, with this text as its settings file."""
    monkeypatch.setenv("BMYSHOP_DATA_DIR", str(data_dir))
    data_dir.mkdir()
    if text is not None:
        (data_dir / "bmyshop.toml").write_text(text)
    return data_dir


def test_a_settings_file_without_sources_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '# ours\nthreads = 1\nquality_folds = 4\nlast_month = "2025-03"\n\n[references.first_names]\nfile = "names.zip"\n'
    data_dir = written(tmp_path / "data", text, monkeypatch)
    adopt(tmp_path / "mine.yaml", "2024-11", "2025-04", tmp_path / "raw", quality_folds=2, typology_runs=3)
    settings = load_settings()
    assert (settings.sources, settings.raw_dir) == (tmp_path / "mine.yaml", tmp_path / "raw")
    assert (settings.first_month, settings.last_month) == ("2024-11", "2025-04")
    assert (settings.threads, settings.quality_folds, settings.typology_runs) == (1, 4, 3)  # what was chosen stays
    assert settings.references.first_names is not None
    assert (data_dir / "bmyshop.toml").read_text().endswith(text[text.index("\n\n[") :])
    with pytest.raises(BmyshopError, match=r"holds the tables of .*mine\.yaml; give these sources another --data-dir"):
        adopt(tmp_path / "other.yaml", "2025-01", None)


def test_the_history_reaches_further_where_the_file_names_no_month(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "data", f'sources = "{tmp_path}/mine.yaml"\n', monkeypatch)
    adopt(tmp_path / "mine.yaml", "2024-11", "2025-02")
    assert (load_settings().first_month, load_settings().last_month) == ("2024-11", None)
    adopt(tmp_path / "mine.yaml", "2025-01", "2025-02")
    assert load_settings().first_month == "2024-11"


def test_what_a_person_wrote_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = "threads = 1\n\n# names we trust\n[references.first_names]\nfile = 'names.zip'\nvintage = \"last_month = 1\"  # edition\n"
    months = 'last_month = "{}"   # ask before you change it\n'
    data_dir = written(tmp_path / "data", f"# ours\n{months.format('2025-03')}{kept}", monkeypatch)
    adopt(tmp_path / "mine.yaml", "2025-01", "2025-04")
    adopt(tmp_path / "mine.yaml", "2024-12", "2025-06")
    added = f'sources = "{tmp_path}/mine.yaml"\nfirst_month = "2024-12"\n'
    assert (data_dir / "bmyshop.toml").read_text() == f"{added}# ours\n{months.format('2025-06')}{kept}"


def test_a_mapping_in_the_data_directory_is_its_sources_without_being_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_dir = written(tmp_path / "data", "threads = 1\n", monkeypatch)
    (data_dir / "sources.yaml").write_text("version: 1")
    with pytest.raises(BmyshopError, match=r"holds the tables of .*data/sources\.yaml"):
        adopt(tmp_path / "mine.yaml", "2025-01", None)
    adopt(data_dir / "sources.yaml", "2025-01", None)


def test_a_new_data_directory_takes_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_dir = written(tmp_path / "data", None, monkeypatch)
    adopt(tmp_path / "mine.yaml", "2025-01", None, quality_folds=2)
    assert (data_dir / "bmyshop.toml").read_text().splitlines()[1:] == [
        f'sources = "{tmp_path}/mine.yaml"',
        'first_month = "2025-01"',
        "quality_folds = 2",
    ]

"""The installed wheel has what it needs, without the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bmyshop_profiles.reports.study.sources import read_results

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target)], cwd=ROOT, check=True, capture_output=True
    )
    return next(target.glob("*.whl"))


def test_the_wheel_ships_sql_and_dagster_s_settings_and_no_test(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {path.relative_to(ROOT / "sql").as_posix() for path in (ROOT / "sql").glob("*/*")} == {
        name.removeprefix("bmyshop_profiles/_sql/") for name in names if name.startswith("bmyshop_profiles/_sql/")
    }
    assert "bmyshop_profiles/orchestration/dagster.yaml" in names
    results = {f"bmyshop_profiles/_results/{path.name}" for path in (ROOT / "benchmarks" / "results").glob("*.json")}
    assert results and {*results, "bmyshop_profiles/_docs/etat_de_l_art.md"} <= set(names)
    files = [path for path in (ROOT / "bmyshop_profiles").rglob("*.*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    data = {path.relative_to(ROOT).as_posix() for path in files}
    assert {"bmyshop_profiles/media/legal_rules.yml", "bmyshop_profiles/media/templates/plan.typ"} <= data
    assert data <= set(names)
    assert not [name for name in names if "tests" in name or name.startswith(("benchmarks", "tools"))]


def test_the_catalogue_loads_from_an_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import bmyshop_profiles, pathlib; from bmyshop_profiles.definitions import defs; "
        "from bmyshop_profiles.engine.catalogue import load_catalogue; "
        "from bmyshop_profiles.reports.study import literature, sources; "
        f"assert len(sources.read_results()) == {len(read_results())} and literature.read_review().references; "
        "print(pathlib.Path(bmyshop_profiles.__file__).parent.parent); print(load_catalogue()['receipts'].path)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    package, path = done.stdout.split()
    assert package == str(tmp_path)
    assert path == str(tmp_path / "bmyshop_profiles" / "_sql" / "features" / "receipts.sql")

"""Files for ad servers: their figures, their formats, a customer's own columns, and what is refused."""

import csv
import json
import re
from pathlib import Path

import jsonschema
import pytest

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.media import exports
from bmyshop_profiles.media.exports import export_month, venue_types
from bmyshop_profiles_tests.media.conftest import MONTH, SHOPS, written_in

OPENRTB = json.loads(Path(exports.__file__).with_name("openrtb.schema.json").read_text(encoding="utf-8"))
INPUTS = """
people_per_receipt: {value: 1.5, low: 1.2, source: comptage de mars}
dwell_seconds: {value: 60, high: 90, source: chronométrage}
"""


def read(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def test_without_inputs_the_files_give_visits_and_say_so(lake, tmp_path) -> None:
    written = export_month(lake, MONTH, tmp_path / "out")
    assert written_in(tmp_path / "out") == sorted(written)
    screens = read(tmp_path / "out" / "screens.csv")
    assert [row["screen"] for row in screens] == list(SHOPS)
    assert screens[0] | {"insee_commune": "69381", "venue_type_id": "216", "zone": "checkout"} == screens[0]
    hours = read(tmp_path / "out" / "impressions_hourly.csv")
    assert len(hours) == written["impressions_hourly.csv"] == 4 * 7 * 3 - 3  # S3 is closed on Sundays
    first = next(row for row in hours if (row["screen"], row["day_of_week"], row["hour"]) == ("S4", "2", "8"))
    assert (first["multiplier"], first["receipts"], first["method"]) == ("150.0", "150.0", "visits per hour, not impressions")
    assert float(first["low"]) < 150 < float(first["high"])
    assert (first["valid_from"], first["valid_to"]) == ("2025-05-01", "2025-06-25")
    methodology = json.loads((tmp_path / "out" / "methodology.json").read_text(encoding="utf-8"))
    assert "not impressions" in methodology["formulas"]["multiplier"] and methodology["inputs"] is None
    assert methodology["content_hashes"]["seen_audience"].startswith("seen_audience-")
    lines = [json.loads(line) for line in (tmp_path / "out" / "openrtb.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(set(line) == {"dooh"} for line in lines)  # visits are no multiplier of impressions


def test_with_inputs_the_multiplier_is_people_before_the_screen(lake, tmp_path) -> None:
    (tmp_path / "inputs.yaml").write_text(INPUTS, encoding="utf-8")
    export_month(lake, MONTH, tmp_path / "out", inputs=tmp_path / "inputs.yaml")
    first = next(row for row in read(tmp_path / "out" / "impressions_hourly.csv") if (row["screen"], row["hour"]) == ("S4", "8"))
    assert float(first["multiplier"]) == pytest.approx(150 * 1.5 * 60 / 3600, abs=1e-4)
    assert float(first["low"]) < 150 * 1.2 * 60 / 3600 and float(first["high"]) > 150 * 1.5 * 90 / 3600
    methodology = json.loads((tmp_path / "out" / "methodology.json").read_text(encoding="utf-8"))
    assert methodology["inputs"]["people_per_receipt"]["source"] == "comptage de mars"
    (tmp_path / "inputs.yaml").write_text(INPUTS + "vendor: mesure.example\n", encoding="utf-8")
    export_month(lake, MONTH, tmp_path / "measured", inputs=tmp_path / "inputs.yaml")
    for directory, source in (("out", 2), ("measured", 1)):
        lines = [json.loads(line) for line in (tmp_path / directory / "openrtb.jsonl").read_text(encoding="utf-8").splitlines()]
        for line in lines:
            jsonschema.Draft202012Validator(OPENRTB).validate(line)
        assert len(lines) == 4 and len(lines[0]["imp"]) == 21
        assert lines[0]["imp"][0]["qty"]["sourcetype"] == source


def test_the_schema_of_openrtb_refuses_what_the_specification_does() -> None:
    jsonschema.Draft202012Validator.check_schema(OPENRTB)
    check = jsonschema.Draft202012Validator(OPENRTB)
    dooh = {"id": "S1", "venuetype": ["202"], "venuetypetax": 5}
    assert not list(check.iter_errors({"dooh": dooh}))
    for wrong in (
        {"dooh": {**dooh, "venuetype": "202"}},
        {"dooh": {**dooh, "venuetypetax": 9}},
        {"dooh": dooh, "imp": [{"id": "1", "qty": {"sourcetype": 2}}]},
        {"dooh": dooh, "imp": [{"id": "1", "qty": {"multiplier": 1.5, "sourcetype": 1}}]},
        {"dooh": dooh, "imp": [{"id": "1", "qty": {"multiplier": -1}}]},
        {"imp": []},
    ):
        assert list(check.iter_errors(wrong)), wrong


def test_points_of_the_map_are_longitude_then_latitude(lake, tmp_path) -> None:
    export_month(lake, MONTH, tmp_path / "out")
    found = json.loads((tmp_path / "out" / "screens.geojson").read_text(encoding="utf-8"))
    assert found["features"][0]["geometry"] == {"type": "Point", "coordinates": [4.83, 45.77]}
    assert found["features"][0]["properties"]["commune"] == "Lyon 1er Arrondissement"


def test_indexes_are_of_groups_on_sale_with_their_grades(lake, tmp_path) -> None:
    export_month(lake, MONTH, tmp_path / "out")
    rows = read(tmp_path / "out" / "audience_index.csv")
    assert {(row["kind"], row["group"], row["grade"]) for row in rows} >= {
        ("mission", "Presse", "observé"),
        ("profile", "Lecteurs du matin", "estimé, sûr"),
    }
    assert not [row for row in rows if row["group"] in ("Pain", "Autre visite") or row["screen"] == "all"]
    own = next(row for row in rows if (row["screen"], row["daypart"], row["group"]) == ("S4", "all", "Presse"))
    assert (float(own["share"]), float(own["index"])) == (pytest.approx(0.3), pytest.approx(150))


def test_venue_types_fall_back_to_retail_other() -> None:
    types = venue_types()
    assert types["store_types"]["convenience"]["id"] == 20202 and types["store_types"]["grocery"]["id"] == 20302
    assert types["fallback"]["id"] == 216 and not {"bakery", "tobacconist", "press"} & set(types["store_types"])


def test_a_customer_s_columns_in_its_order(lake, tmp_path) -> None:
    path = tmp_path / "régie.csv"
    path.write_text("Heure;Écran;Contacts;Réseau;Commune\n{hour};{screen};{multiplier};BMY;{commune}\n", encoding="utf-8")
    written = export_month(lake, MONTH, tmp_path / "out", template=path)
    assert written == {"régie.csv": 81} and written_in(tmp_path / "out") == ["régie.csv"]
    rows = read(tmp_path / "out" / "régie.csv", ";")
    assert list(rows[0]) == ["Heure", "Écran", "Contacts", "Réseau", "Commune"]
    assert rows[0] == {"Heure": "8", "Écran": "S1", "Contacts": "50,0", "Réseau": "BMY", "Commune": "Lyon 1er Arrondissement"}
    path.write_text("group,screen,share,name\n", encoding="utf-8")
    export_month(lake, MONTH, tmp_path / "groups", template=path)
    assert read(tmp_path / "groups" / "régie.csv")[0]["name"] == "Chez S1"
    path.write_text("screen,venue_type_id\n", encoding="utf-8")
    assert export_month(lake, MONTH, tmp_path / "screens", template=path) == {"régie.csv": 4}


def test_a_file_has_no_more_rows_than_it_may(lake, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 30)
    written = export_month(lake, MONTH, tmp_path / "out")
    hours = {name: rows for name, rows in written.items() if name.startswith("impressions")}
    assert hours == {"impressions_hourly.csv": 30, "impressions_hourly_2.csv": 30, "impressions_hourly_3.csv": 21}
    assert read(tmp_path / "out" / "impressions_hourly_3.csv")[0]["screen"] == "S4"


def test_hours_of_few_receipts_are_left_out(lake, tmp_path) -> None:
    lake.receipts_to_publish = 300
    export_month(lake, MONTH, tmp_path / "out")
    rows = read(tmp_path / "out" / "impressions_hourly.csv")
    assert min(float(row["receipts"]) for row in rows) * 8 >= 300
    assert {row["screen"] for row in rows} == set(SHOPS)  # of S1 the mornings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("screen,hourz\n", "there is no field for the column hourz; did you mean hour?"),
        ("a,b\n{screen},{multiplyer}\n", "there is no field for the column multiplyer; did you mean multiplier?"),
        ("screen,screen\n", "two columns bear the same name"),
        ("a;b\n{screen}\n", "its second line fills 1 columns, its first names 2"),
        ("screen,hour,group\n", "its columns belong to rows of different kinds"),
        ("", "is empty"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused_and_nothing_written(lake, tmp_path, text, message) -> None:
    path = tmp_path / "template.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BmyshopError, match=re.escape(message)) as caught:
        export_month(lake, MONTH, tmp_path / "out", template=path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("people_per_receipt: {value: 1.5, source: x}\n", "dwell_seconds: Field required"),
        (INPUTS.replace(", source: chronométrage", ""), "dwell_seconds.source: Field required"),
        (INPUTS.replace("1.5", "0"), "people_per_receipt.value: Input should be greater than 0"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_inputs_without_a_source_are_refused(lake, tmp_path, text, message) -> None:
    path = tmp_path / "inputs.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BmyshopError, match=re.escape(message)):
        export_month(lake, MONTH, tmp_path / "out", inputs=path)
    assert not (tmp_path / "out").exists()


def test_a_month_without_a_forecast_and_a_directory_in_use(lake, tmp_path) -> None:
    with pytest.raises(BmyshopError, match="no visits have been forecast after 2025-03"):
        export_month(lake, "2025-03", tmp_path / "out")
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "mine.txt").write_text("")
    with pytest.raises(BmyshopError, match="is there already and is not empty"):
        export_month(lake, MONTH, tmp_path / "used")
    assert written_in(tmp_path / "used") == ["mine.txt"]


def test_what_fails_half_way_leaves_nothing(lake, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(exports, "venue_types", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export_month(lake, MONTH, tmp_path / "out")
    assert not (tmp_path / "out").exists()

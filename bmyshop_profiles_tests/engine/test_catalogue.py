"""What the catalogue reads and what it refuses."""

from pathlib import Path

import pytest

from bmyshop_profiles.engine.build import typed_parameters
from bmyshop_profiles.engine.catalogue import Catalogue, load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lineage import column_origins

YML = "description: d\ngrain: thing\nkey: [a]\ncolumns: {a: {type: integer, description: a}}\n"


def catalogue(directory: Path, files: dict[str, str]) -> Catalogue:
    for name, text in files.items():
        path = directory / "room" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    return load_catalogue(directory)


def test_inputs_are_read_from_the_sql(tmp_path: Path) -> None:
    found = catalogue(
        tmp_path,
        {
            "one.yml": YML,
            "two.yml": YML,
            "three.yml": YML,
            "three.sql": "with two_steps as (select a from two) select two_steps.a from two_steps join one on one.a = two_steps.a",
        },
    )
    assert found["three"].inputs == ("one", "two")
    assert [table.name for table in found.ordered] == ["one", "two", "three"]
    assert column_origins(found["three"], found) == {"a": [("two", "a")]}


def test_the_code_changes_with_the_sql_and_not_with_its_comments(tmp_path: Path) -> None:
    def code(name: str, sql: str, yml: str = YML) -> str:
        (tmp_path / name).mkdir()
        return catalogue(tmp_path / name, {"one.yml": yml, "one.sql": sql})["one"].own_code()

    first = code("a", "-- a comment\nselect 1 as a")
    assert code("b", "select   1 as a") == first
    assert code("c", "select 2 as a") != first
    assert code("d", "select 1 as a", YML.replace("description: d", "description: other")) == first
    assert code("e", "select 1 as a", YML.replace("key: [a]", "key: []")) != first


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"one.sql": "select 1 as a"}, r"one\.yml: is missing; every table documents"),
        ({"one.who.sql": "select 1 as a"}, r"one\.yml: is missing"),
        ({"one.yml": YML, "one.sql": "select 1 as a", "one.who.sql": "select 1 as a"}, r"one\.who\.sql: no Python function makes one"),
        (
            {"one.yml": YML, "one.who.sql": "select $k as a"},
            r"(?s)one\.who\.sql: uses the parameter k, which one\.yml .*select \$k",
        ),
        ({"one.yml": YML, "one.who.sql": "select a from two"}, r"one\.yml: reads two, which is no table"),
        ({"one.yml": YML, "one.who.sql": "drop table two"}, r"one\.who\.sql: must hold exactly one select"),
        ({"one.yml": YML + "made_with: two\n"}, r"one\.yml: made_with names two, which no Python function makes"),
        (
            {"one.yml": YML + "made_with: two\nfiles: [x]\n", "two.yml": YML + "made_by: a.b:c\n"},
            r"one\.yml: what it is made of and by stands in .*two\.yml; take it out here",
        ),
        ({"one.yml": YML, "one.sql": "select 1 as a; select 2 as a"}, r"(?s)one\.sql: must hold exactly one select.*select 2"),
        ({"one.yml": YML, "one.sql": "delete from one"}, r"one\.sql: must hold exactly one select"),
        ({"one.yml": YML, "one.sql": "select from where ("}, r"(?s)one\.sql: does not parse.*select from where"),
        ({"one.yml": YML, "one.sql": "select $k as a"}, r"(?s)one\.sql: uses parameters \['k'\] but one\.yml declares \[\].*select \$k"),
        ({"one.yml": YML + "parameters: {k: integer}\n", "one.sql": "select 1 as a"}, r"one\.sql: uses parameters \[\]"),
        ({"one.yml": YML, "one.sql": "select a from elsewhere"}, r"one\.sql: reads elsewhere, which is no table"),
        ({"one.yml": YML + "colour: red\n"}, r"one\.yml: .*\n?.*colour"),
        ({"one.yml": YML + "inputs: [one]\n", "one.sql": "select 1 as a"}, r"one\.yml: inputs are read from one\.sql"),
        ({"one.yml": YML + "window: {two: 12}\n"}, r"one\.yml: the window names two"),
        ({"one.yml": YML.replace("[a]", "[b]")}, r"one\.yml: the key names b"),
    ],
)
def test_a_wrong_file_is_refused_by_its_name(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(BmyshopError, match=message):
        catalogue(tmp_path, files)


def test_tables_that_read_each_other_are_refused(tmp_path: Path) -> None:
    found = catalogue(tmp_path, {"one.yml": YML, "one.sql": "select a from two", "two.yml": YML, "two.sql": "select a from one"})
    with pytest.raises(BmyshopError, match="one → two → one"):
        found.ordered  # noqa: B018


def test_parameters_are_typed(tmp_path: Path) -> None:
    table = catalogue(tmp_path, {"one.yml": YML + "parameters: {k: integer}\n", "one.sql": "select $k as a"})["one"]
    assert typed_parameters(table, {"k": 3, "other": 1}) == {"k": 3}
    with pytest.raises(BmyshopError, match=r"one\.sql: parameter k is declared integer, but its value is '3'"):
        typed_parameters(table, {"k": "3"})
    with pytest.raises(BmyshopError, match=r"one\.sql: parameter k has no value"):
        typed_parameters(table, {})


def test_frames_are_what_python_reads_and_tables_of_one_step_read_the_same(tmp_path: Path) -> None:
    made = YML + "made_by: room.assets:make\nparameters: {k: integer}\nwindow: {zero: 3}\n"
    files = {
        "zero.yml": YML,
        "zero.sql": "select 1 as a",
        "one.yml": made,
        "one.who.sql": "-- a remark\nselect a from zero where a = $k",
        "two.yml": YML.replace("description: d", "description: e") + "made_with: one\n",
    }
    found = catalogue(tmp_path, files)
    one, two = found["one"], found["two"]
    assert [(frame.name, frame.parameters) for frame in one.frames] == [("who", ("k",))]
    assert one.inputs == two.inputs == ("zero",)
    assert (two.frames, two.file.window, two.file.made_by) == (one.frames, {"zero": 3}, "room.assets:make")
    assert set(found) == {"zero", "one", "two"}
    codes = [one.own_code()]
    for number, sql in enumerate(("select a from zero where a = $k", "select a from zero where a <> $k")):
        codes.append(catalogue(tmp_path / str(number), {**files, "one.who.sql": sql})["one"].own_code())
    assert codes[0] == codes[1] != codes[2]

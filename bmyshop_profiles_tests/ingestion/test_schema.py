"""The mapping as editors and readers know it: JSON Schema and documentation say what the model says."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bmyshop_profiles.ingestion.mapping.expressions import FUNCTIONS
from bmyshop_profiles.ingestion.mapping.mapping import CANONICAL, PLACEHOLDERS, REQUIRED, Codes, Dialect, RawTable, Source, SourceMapping
from bmyshop_profiles.ingestion.mapping.schema import MEANINGS, mapping_schema
from bmyshop_profiles_tests.ingestion.conftest import RECEIPTS

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "sources.md").read_text(encoding="utf-8")


def errors(mapping: dict[str, Any]) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(mapping_schema()).iter_errors(mapping)]


def mapping(**receipts: Any) -> dict[str, Any]:
    return {"version": 1, "sources": [{"name": "till", "receipts": {**RECEIPTS, **receipts}}]}


def test_the_schema_is_one_and_takes_what_the_model_takes() -> None:
    jsonschema.Draft202012Validator.check_schema(mapping_schema())
    assert errors(mapping()) == []
    for path in sorted((DOCS / "sources").glob("*.yaml")):
        assert errors(yaml.safe_load(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("receipts", "message"),
    [
        ({"delimiter": ";"}, "delimiter"),
        ({"dialect": {"delimeter": ";"}}, "delimeter"),
        ({"dialect": {"encoding": "utf-7"}}, "utf-16"),
        ({"columns": {**RECEIPTS["columns"], "amount": "1"}}, "'amount' was unexpected"),
        ({"columns": {"receipt_key": "ticket"}}, "'sold_at' is a required property"),
    ],
)
def test_the_schema_refuses_what_the_model_refuses(receipts: dict[str, Any], message: str) -> None:
    assert any(message in error for error in errors(mapping(**receipts)))


def test_every_key_and_column_has_a_meaning() -> None:
    schema = mapping_schema()
    for name in ("Dialect", "Source", "receipts"):
        for key, field in schema["$defs"][name]["properties"].items():
            assert field.get("description"), f"{name}.{key}"
    assert all(field.get("description") for field in schema["properties"].values())
    for kind, columns in CANONICAL.items():
        assert set(columns) <= set(MEANINGS[kind])
        assert schema["$defs"][kind]["properties"]["columns"]["required"] == list(REQUIRED[kind])


def test_the_documentation_names_every_key_column_function_and_placeholder() -> None:
    keys = {name for model in (SourceMapping, Source, Codes, RawTable, Dialect) for name in model.model_fields}
    for name in sorted(keys | {name for columns in CANONICAL.values() for name in columns}):
        assert f"`{name}`" in TEXT, name
    listed = re.search(r"and\n\n(`abs`.*?)\n\n", TEXT, re.DOTALL)
    assert listed is not None
    documented = set(re.findall(r"`(\w+)`", listed[1])) | set(re.findall(r"^\| `(\w+)\(x\)`", TEXT, re.MULTILINE))
    assert documented == FUNCTIONS
    for name in PLACEHOLDERS:
        assert f"`{{{name}}}`" in TEXT


def test_the_example_of_the_documentation_loads() -> None:
    example = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert example is not None
    assert SourceMapping.model_validate(yaml.safe_load(example[1])).sources[0].receipts.by_month

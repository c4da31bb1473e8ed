"""The mapping as JSON Schema, for editors: the typed model, and what each kind of file may say of its columns.

Here: the schema, and the meaning of each canonical column in words. Not here: validation (`mapping.py`).
"""

import copy
from typing import Any

from bmyshop_profiles.ingestion.mapping.mapping import CANONICAL, REQUIRED, SourceMapping

MEANINGS: dict[str, dict[str, str]] = {
    "receipts": {
        "receipt_key": "what tells one receipt from all others of the source, over all shops, days and tills",
        "sold_at": "when, as a timestamp without zone; the source's timezone says which",
        "store_key": "the shop",
        "product_key": "the article: EAN or the till's own code",
        "label": "the article, as printed",
        "family": "the source's own family of the article",
        "quantity": "number of articles or kilos of the line; negative for a refund; 1 where it is not mapped",
        "amount_cents": "what the whole line cost, taxes and discounts included, in cents",
        "member_id": "the loyalty app's id; becomes a keyed pseudonym as it is read",
        "shopper_id": "token of an anonymous shopper, as of a card; becomes a keyed pseudonym as it is read",
    },
    "stores": {
        "store_key": "the shop, as receipts name it",
        "name": "the shop's name",
        "store_type": "tobacconist, bakery, …",
        "postcode": "its postcode",
        "city": "its town",
    },
    "products": {
        "product_key": "the article, as receipts name it",
        "label": "its label",
        "family": "the source's own family of it",
    },
    "members": {
        "member_id": "the loyalty app's id, as receipts name it; kept in the vault only",
        "first_name": "kept in the vault only",
        "last_name": "kept in the vault only",
        "birth_year": "year of birth, four digits",
        "age": "age in years, where there is no year of birth; means two years of birth, by declared_on",
        "declared_on": "day on which the age was given; without it, that of joining",
        "age_band": "age as the source gives it, where there is no year of birth",
        "sex": "as the source says it",
        "household_size": "as the source says it",
        "joined_on": "date of joining",
        "postcode": "postal code of the home",
        "objects_to_profiling": "true of a member who objects to being profiled; what is written but neither true nor false counts as true",
    },
}


def mapping_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a mapping file."""
    schema = SourceMapping.model_json_schema()
    table = schema["$defs"].pop("RawTable")
    source = schema["$defs"]["Source"]["properties"]
    for kind, columns in CANONICAL.items():
        own = copy.deepcopy(table)
        own["title"] = f"{kind.capitalize()} files"
        own["properties"]["columns"] |= {
            "properties": {
                name: {"type": "string", "description": f"{MEANINGS[kind].get(name, name)} ({type_})"} for name, type_ in columns.items()
            },
            "required": list(REQUIRED[kind]),
            "additionalProperties": False,
        }
        schema["$defs"][kind] = own
        reference: dict[str, Any] = {"$ref": f"#/$defs/{kind}"}
        about = {"description": source[kind]["description"]}
        source[kind] = (reference if kind == "receipts" else {"anyOf": [reference, {"type": "null"}], "default": None}) | about
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Source mapping of bmyshop_profiles"}

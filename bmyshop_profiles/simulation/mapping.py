"""The source mapping of the simulated network: how to read the raw files that `raw_files` writes."""

from pathlib import Path

_HEAD = """\
# Simulated network: exports of different tills; the lists of stores, products and members come with the first.
version: 1
sources:
"""

_RECEIPTS = {
    "caisse_a": """\
  - name: caisse_a
    timezone: Europe/Paris
    currency: EUR
    receipts:
      files: raw/caisse_a/receipts_{year}-{month}*.csv
      dialect: {format: csv, delimiter: ",", quote: '"', encoding: utf-8, header: true}
      columns:
        receipt_key: concat_ws('/', shop, sold_at[:10], till, ticket)
        sold_at: strptime(sold_at, '%Y-%m-%d %H:%M:%S')
        store_key: shop
        product_key: ean
        label: label
        family: family
        quantity: qty::decimal(12, 3)
        amount_cents: (total::decimal(12, 2) * 100)::bigint
        member_id: member
        shopper_id: card
""",
    "caisse_b": """\
  - name: caisse_b
    timezone: Europe/Paris
    currency: EUR
    receipts:
      files: raw/caisse_b/tickets_{year}{month}*.csv.gz
      dialect: {format: csv, delimiter: ";", quote: '"', encoding: cp1252, header: true, decimal: ",", dates: ["%d/%m/%Y %H:%M"]}
      columns:
        receipt_key: concat_ws('/', Magasin, "Date", Caisse, "N° ticket")
        sold_at: moment("Date" || ' ' || "Heure")
        store_key: Magasin
        product_key: '"Code article"'
        label: '"Libellé"'
        family: '"Famille"'
        quantity: number("Quantité")
        amount_cents: cents("Montant")
        member_id: '"Adhérent"'
        shopper_id: '"Carte"'
""",
    "caisse_c": """\
  - name: caisse_c
    timezone: Europe/Paris
    currency: EUR
    receipts:
      files: raw/caisse_c/documents_{year}-{month}*.ndjson
      dialect: {format: json, lines: articles}
      columns:
        receipt_key: concat_ws('/', "till.shop", sold_at[:10], "till.number", ticket)
        sold_at: moment(sold_at)
        store_key: '"till.shop"'
        product_key: '"articles.code"'
        label: '"articles.label"'
        family: '"articles.family"'
        quantity: number("articles.qty")
        amount_cents: cents("articles.total")
        member_id: member
        shopper_id: card
""",
    "caisse_d": """\
  - name: caisse_d
    timezone: Europe/Paris
    currency: EUR
    receipts:
      files: raw/caisse_d/ventes_{year}-{month}*.parquet
      dialect: {format: parquet}
      columns:
        receipt_key: concat_ws('/', shop, sold_at[:10], till, ticket)
        sold_at: strptime(sold_at, '%Y-%m-%d %H:%M:%S')
        store_key: shop
        product_key: ean
        label: label
        family: family
        quantity: number(qty)
        amount_cents: cents(total)
        member_id: member
        shopper_id: card
""",
}

_LISTS = """\
    stores:
      files: raw/stores.csv
      dialect: {format: csv, delimiter: ",", quote: '"', encoding: utf-8, header: true}
      columns:
        store_key: shop
        name: name
        store_type: type
        postcode: postcode
        city: city
    products:
      files: raw/products.csv
      dialect: {format: csv, delimiter: ",", quote: '"', encoding: utf-8, header: true}
      columns:
        product_key: ean
        label: label
        family: family
    members:
      files: raw/members.csv
      dialect: {format: csv, delimiter: ",", quote: '"', encoding: utf-8, header: true}
      columns:
        member_id: member
        first_name: first_name
        last_name: last_name
        birth_year: try_cast(birth_date[:4] as integer)
        age: try_cast(age as integer)
        declared_on: try_cast(declared_on as date)
        joined_on: try_cast(joined_on as date)
        objects_to_profiling: no_profiling = 'oui'
"""


def sources_mapping(directory: Path, flavours: tuple[str, ...]) -> str:
    """Write `sources.yaml` beside the raw files, to which its paths are relative, and return its text."""
    text = _HEAD + _LISTS.join([_RECEIPTS[flavours[0]], "".join(_RECEIPTS[flavour] for flavour in flavours[1:])])
    (directory / "sources.yaml").write_text(text, encoding="utf-8", newline="\n")
    return text

"""The source mapping of the simulated network: how to read the raw files that `raw_files` writes."""

from pathlib import Path

_MAPPING = """\
# Simulated network: two till exports; the lists of stores, products and members come with the first.
version: 1
sources:
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
        birth_year: try_cast(birth_year as integer)
        joined_on: joined_on::date
  - name: caisse_b
    timezone: Europe/Paris
    currency: EUR
    receipts:
      files: raw/caisse_b/tickets_{year}{month}*.csv.gz
      dialect: {format: csv, delimiter: ";", quote: '"', encoding: cp1252, header: true}
      columns:
        receipt_key: concat_ws('/', Magasin, "Date", Caisse, "N° ticket")
        sold_at: strptime("Date" || ' ' || "Heure", '%d/%m/%Y %H:%M')
        store_key: Magasin
        product_key: '"Code article"'
        label: '"Libellé"'
        family: '"Famille"'
        quantity: replace("Quantité", ',', '.')::decimal(12, 3)
        amount_cents: (replace("Montant", ',', '.')::decimal(12, 2) * 100)::bigint
        member_id: '"Adhérent"'
        shopper_id: '"Carte"'
"""


def sources_mapping(directory: Path) -> str:
    """Write `sources.yaml` beside the raw files, to which its paths are relative, and return its text."""
    (directory / "sources.yaml").write_text(_MAPPING, encoding="utf-8", newline="\n")
    return _MAPPING

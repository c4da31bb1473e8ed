"""What Dagster sees of ingestion: raw files, what is read once, and what is read by month."""

import functools
from collections.abc import Iterator, Mapping

import dagster as dg

from bmyshop_profiles.engine.build import Writer
from bmyshop_profiles.engine.catalogue import Catalogue
from bmyshop_profiles.engine.lake import Lake, TableName
from bmyshop_profiles.engine.lineage import Origins
from bmyshop_profiles.engine.session import relation_of_files
from bmyshop_profiles.ingestion.arrivals.late import read_files
from bmyshop_profiles.ingestion.mapping.mapping import SourceMapping, load_mapping
from bmyshop_profiles.ingestion.reading.staging import Reader, origins
from bmyshop_profiles.orchestration.keys import key_in_use
from bmyshop_profiles.orchestration.partitions import monthly
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House, Inputs, Outcome, asset_spec, check_specs, run_step
from bmyshop_profiles.privacy.erasure import ERASED, EXPIRED, kept_keys
from bmyshop_profiles.privacy.pseudonyms import install, vault

ROOM = "ingestion"
MONTH_TABLES = ("receipt_lines", "file_ledger", "rejected_lines")
RAW = {
    "raw_receipts": "Till exports, as the tills write them.",
    "raw_members": "Lists of loyalty members. Names and raw ids go to the vault, never to a table.",
    "raw_stores": "Lists of shops.",
    "raw_products": "Lists of products.",
}
STAGED_TABLES = {
    "staged_members": ("raw_members",),
    "staged_stores": ("raw_stores",),
    "staged_products": ("raw_products",),
    "staged_receipt_lines": ("raw_receipts", "raw_members"),
    "staged_file_ledger": tuple(RAW),
    "staged_rejected_lines": tuple(RAW),
}


def assets(house: House) -> list[dg.AssetSpec | dg.AssetsDefinition]:
    """All assets of the room."""
    raw = [
        dg.AssetSpec(name, group_name=ROOM, description=text, owners=list(house.settings.owners), kinds={"file"})
        for name, text in RAW.items()
    ]
    return [*raw, _month_asset(house), _staged_asset(house), *sql_assets(house, ROOM)]


def _month_asset(house: House) -> dg.AssetsDefinition:
    settings, catalogue = house.settings, house.catalogue
    deps = [dg.AssetDep("raw_receipts"), dg.AssetDep("staged_receipt_lines"), dg.AssetDep("staged_members")]

    @dg.multi_asset(
        name="receipt_lines",
        specs=[asset_spec(house, name, deps=deps, kinds={"duckdb", "python"}) for name in MONTH_TABLES],
        check_specs=[spec for name in MONTH_TABLES for spec in check_specs(catalogue[name])],
        partitions_def=monthly(settings),
        required_resource_keys={"duckdb", "lake"},
    )
    def receipt_lines(context: dg.AssetExecutionContext) -> Iterator[Outcome]:
        yield from run_step(context, house, MONTH_TABLES, functools.partial(month_writers, house.catalogue), _origins_of(house))
        _observe(context, "file_ledger", context.partition_key)

    return receipt_lines


def _staged_asset(house: House) -> dg.AssetsDefinition:
    catalogue = house.catalogue

    @dg.multi_asset(
        name="staged_files",
        specs=[
            asset_spec(house, name, deps=[dg.AssetDep(raw) for raw in read], kinds={"duckdb", "python"})
            for name, read in STAGED_TABLES.items()
        ],
        check_specs=[spec for name in STAGED_TABLES for spec in check_specs(catalogue[name])],
        required_resource_keys={"duckdb", "lake"},
    )
    def staged_files(context: dg.AssetExecutionContext) -> Iterator[Outcome]:
        yield from run_step(context, house, list(STAGED_TABLES), functools.partial(staged_writers, house.catalogue), _origins_of(house))
        _observe(context, "staged_file_ledger", None)

    return staged_files


def _observe(context: dg.AssetExecutionContext, ledger: str, month: str | None) -> None:
    """Tell Dagster which raw files were read, by kind: how many, their lines and their bytes."""
    read = read_files(context.resources.lake.lake(), TableName(ROOM, ledger), month)
    for kind in sorted({file["kind"] for file in read}):
        own = [file for file in read if file["kind"] == kind]
        totals = {"files": len(own), "lines": sum(file["lines_count"] for file in own), "bytes": sum(file["bytes"] for file in own)}
        context.log_event(dg.AssetObservation(f"raw_{kind}", metadata={**totals, **({"month": month} if month else {})}))


def month_writers(catalogue: Catalogue, inputs: Inputs) -> Mapping[str, Writer]:
    """What the raw files of a month hold."""
    reader = _reader(inputs)
    month = inputs.month
    assert month is not None
    return {
        "receipt_lines": lambda _, directory: reader.month(month, catalogue["receipt_lines"], directory),
        "file_ledger": lambda session, directory: session.write_records(catalogue["file_ledger"], reader.ledger.file_records(), directory),
        "rejected_lines": lambda session, directory: reader.ledger.write_rejected(session, catalogue["rejected_lines"], directory),
    }


def staged_writers(catalogue: Catalogue, inputs: Inputs) -> Mapping[str, Writer]:
    """What the files hold that are read once."""
    reader, settings = _reader(inputs), inputs.settings
    identities = Lake(vault(settings.vault_dir), lock_seconds=settings.lock_seconds)

    def members(session, directory):  # type: ignore[no-untyped-def]
        reader.members(catalogue["staged_members"], directory, identities)
        session.execute(f"create or replace temp view staged_members as {relation_of_files(sorted(directory.glob('*.parquet')))}")

    return {
        "staged_members": members,
        "staged_stores": lambda _, directory: reader.undated("stores", catalogue["staged_stores"], directory),
        "staged_products": lambda _, directory: reader.undated("products", catalogue["staged_products"], directory),
        "staged_receipt_lines": lambda _, directory: reader.undated("receipts", catalogue["staged_receipt_lines"], directory),
        "staged_file_ledger": lambda session, directory: session.write_records(
            catalogue["staged_file_ledger"], reader.ledger.file_records(), directory
        ),
        "staged_rejected_lines": lambda session, directory: reader.ledger.write_rejected(
            session, catalogue["staged_rejected_lines"], directory
        ),
    }


def _reader(inputs: Inputs) -> Reader:
    settings = inputs.settings
    mapping = load_mapping(settings.sources_file)
    install(inputs.session.connection, key_in_use(settings))
    erased, expired = (kept_keys(settings.vault_dir, name) for name in (ERASED, EXPIRED))
    return Reader(inputs.session, mapping, settings.raw_root, settings.timezone, erased, expired)


def _origins_of(house: House):  # type: ignore[no-untyped-def]
    kinds = {"receipt_lines": "receipts", "staged_receipt_lines": "receipts"}
    kinds |= {f"staged_{kind}": kind for kind in ("members", "stores", "products")}

    def found(name: str) -> Origins:
        mapping: SourceMapping = load_mapping(house.settings.sources_file)
        return origins(mapping, kinds[name], house.catalogue[name]) if name in kinds else {}

    return found

"""Which raw files make a month, and which are read once for all months; and the rows of the ledger.

Here: going through a mapping's sources. Not here: reading one kind of file (`reading.py`), Dagster (`assets.py`).
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bmyshop_profiles.engine.catalogue import Table
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import ALL, Lake
from bmyshop_profiles.engine.lineage import Origins
from bmyshop_profiles.engine.session import Session, literal, relation_of_files
from bmyshop_profiles.ingestion.mapping.expressions import columns_used
from bmyshop_profiles.ingestion.mapping.mapping import REQUIRED, Source, SourceMapping
from bmyshop_profiles.ingestion.reading.codes import refuse_contradictions
from bmyshop_profiles.ingestion.reading.files import find_files
from bmyshop_profiles.ingestion.reading.keys import KEPT_OUT
from bmyshop_profiles.ingestion.reading.outcome import Entry, Reading, rewrite
from bmyshop_profiles.ingestion.reading.reading import read
from bmyshop_profiles.ingestion.reading.receipts import marked_receipts, whole_receipts, without_keys
from bmyshop_profiles.ingestion.reading.relations import Context, rows_of
from bmyshop_profiles.privacy.identities import IDENTITIES

STRANGERS = 10  # different ids, none of them listed, that stop a run where members may object


@dataclass
class Ledger:
    """What the files of a run came to."""

    entries: list[tuple[Context, Entry]] = field(default_factory=list)
    rejected: list[Path] = field(default_factory=list)

    def add(self, context: Context, reading: Reading) -> None:
        """Enter a reading."""
        self.entries += [(context, entry) for entry in reading.entries]
        if reading.rejected:
            self.rejected.append(reading.rejected)

    def file_records(self) -> list[dict[str, Any]]:
        """Rows of `file_ledger`."""
        return [
            {
                "file_number": entry.file.number,
                "source": context.source.name,
                "kind": context.kind,
                "file": entry.file.name,
                "bytes": entry.file.bytes,
                "fingerprint": entry.file.fingerprint,
                "lines_count": entry.lines_count,
                "accepted_count": entry.accepted_count,
                "duplicate_count": entry.duplicate_count,
                "rejected_count": entry.rejected_count,
                "same_content_as": entry.same_content_as,
            }
            for context, entry in self.entries
        ]

    def write_rejected(self, session: Session, table: Table, directory: Path) -> None:
        """Write `rejected_lines`: the refused lines of all files, which stay out of Python, there may be millions."""
        if not self.rejected:
            session.write_records(table, [], directory)
            return
        names = ", ".join(
            f"({entry.file.number}, {literal(context.source.name)}, {literal(context.kind)}, {literal(entry.file.name)})"
            for context, entry in self.entries
        )
        lines = " union all ".join(f"from {rows_of(path)}" for path in self.rejected)
        columns = ", ".join(f"{name}::{column.type} as {name}" for name, column in table.file.columns.items())
        session.write(
            f"select {columns} from ({lines}) join (values {names}) as named (file_number, source, kind, file) using (file_number)",
            directory,
        )


@dataclass
class Reader:
    """Reads a mapping's files in a session. Patterns start from `root`; `timezone` is that of sources which name none."""

    session: Session
    mapping: SourceMapping
    root: Path
    timezone: str
    erased: Collection[str] = ()  # keys of members taken out: they do not come back with the files that still name them
    expired: Collection[str] = ()  # keys of members away for longer than identities are kept: listed again when they buy again
    ledger: Ledger = field(default_factory=Ledger)

    def month(self, month: str, receipt_lines: Table, directory: Path) -> None:
        """Write the receipt lines of a month: those of files named after it, and those staged from files that span months."""
        parts = self._read("receipts", directory, month=month)
        if any(not source.receipts.by_month for source in self.mapping.sources):
            columns = ", ".join(receipt_lines.file.columns)
            self.session.write(f"select {columns} from staged_receipt_lines where month = $month", directory, {"month": month})
        elif not parts:
            self.session.write_records(receipt_lines, [], directory)

    def undated(self, kind: str, table: Table, directory: Path) -> None:
        """Write all files of a kind that tell no month; each is read once."""
        self._arrange_all(self._read(kind, directory, month=None), table, directory)

    def members(self, table: Table, directory: Path, vault: Lake) -> None:
        """Write the listed members under their keys. Their raw ids and names go to the vault and nowhere else."""
        with vault.write(IDENTITIES, ALL) as draft:
            parts = self._read("members", draft.directory, month=None, spill=draft.directory)
            for leftover in set(draft.directory.iterdir()) - set(parts):
                leftover.unlink()
            for part in parts:
                self._forget(part)
            self._arrange_all(parts, table, directory)
            rows = sum(entry.accepted_count for context, entry in self.ledger.entries if context.kind == "members")
            draft.publish(rows=rows, content_hash="", code_hash="", inputs={})

    def _keep_out(self) -> None:
        """`kept_out`: members whose receipts count as anonymous, the erased ones and, once the lists are read, those who object."""
        select = "select unnest($erased::varchar[]) as member_key"
        if self.mapping.has_objections:
            select += " union all select member_key from staged_members where objects_to_profiling"
        self.session.execute(f"create or replace temp table kept_out as {select}", {"erased": sorted(self.erased)})

    def _forget(self, part: Path) -> None:
        """Take out of the vault's list whoever was erased or is long away, and the names of those who object.

        Who objects stays, long away or not: a number that the list lacks keeps no receipt anonymous.
        """
        for table, keys in (("erased_keys", self.erased), ("expired_keys", self.expired)):
            select = f"create or replace temp table {table} as select unnest($keys::varchar[]) as member_key"
            self.session.execute(select, {"keys": sorted(keys)})
        names = ", ".join(f"case when objects_to_profiling then null else {name} end as {name}" for name in ("first_name", "last_name"))
        key, objects = "pseudonym('member', member_id)", "coalesce(objects_to_profiling, false)"
        kept = f"coalesce({key} not in (from erased_keys) and ({objects} or {key} not in (from expired_keys)), true)"
        rewrite(self.session, part, f"select * replace ({names}) from {rows_of(part)} where {kept}")

    def _read(self, kind: str, directory: Path, *, month: str | None, spill: Path | None = None) -> list[Path]:
        parts: dict[str, Path] = {}
        if kind == "receipts":
            self._keep_out()
        for source in self.mapping.sources:
            table = source.raw_tables().get(kind)
            if table is None or table.by_month != (month is not None):
                continue
            found = find_files(self.root, table, month, first_number=len(self.ledger.entries))
            if not found and month is None:
                raise BmyshopError(f"source {source.name}, {kind}: no file matches {table.files} below {self.root}")
            if not found:
                continue
            keeps_out = bool(self.erased) or self.mapping.has_objections
            context = Context(source, kind, table, month, self.timezone, spill or self.session.spill, keeps_out)
            part = parts[source.name] = directory / f"part-{source.name}.parquet"
            self.ledger.add(context, read(self.session, context, found, part))
            if kind == "receipts":
                self._refuse_strangers(source, part)
            if kind == "receipts" and keeps_out and self.session.execute(f"{marked_receipts(part)} limit 1").fetchall():
                rewrite(self.session, part, without_keys(part))
        if kind != "receipts":
            refuse_contradictions(self.session, kind, parts)
            self._once_over_sources(kind, list(parts.values()))
        return list(parts.values())

    def _refuse_strangers(self, source: Source, part: Path) -> None:
        """Stop where members may object, and none of the ids on receipts is in the list: those who object would keep their key.

        Raises:
            BmyshopError: so it is.
        """
        if not self.mapping.has_objections or "member_id" not in source.receipts.columns:
            return
        known = f"member_key = {literal(KEPT_OUT)} or member_key in (select member_key from staged_members)"
        query = f"select count(distinct member_key), count(*) filter (where {known}) from {rows_of(part)}"
        ((ids, listed),) = self.session.execute(query).fetchall()
        if ids >= STRANGERS and not listed:
            raise BmyshopError(
                f"source {source.name}, receipts: none of the {ids} ids of members on receipts is in the list of members, and those who "
                "object to profiling would keep their key. Are they written otherwise (leading zeros, case, a prefix)? "
                "bmyshop-profiles sources check says the likely cause"
            )

    def _once_over_sources(self, kind: str, parts: list[Path]) -> None:
        """What several sources list counts once, from the first of them; of a member, an objection counts wherever it stands."""
        key = REQUIRED[kind][0]
        entries = {entry.file.number: entry for _, entry in self.ledger.entries}
        for place, part in enumerate(parts[1:], 1):
            earlier = " union all ".join(f"select {key} from {rows_of(before)}" for before in parts[:place])
            repeated = f"{key} in ({earlier})"
            counted = self.session.execute(f"select file_number, count(*) from {rows_of(part)} where {repeated} group by 1").fetchall()
            for number, count in counted:
                entries[number].duplicate_count += count
                entries[number].accepted_count -= count
            if counted and kind == "members":
                objecting = f"select {key} from {rows_of(part)} where objects_to_profiling"
                for before in parts[:place]:
                    objects = f"coalesce(objects_to_profiling, false) or {key} in ({objecting})"
                    rewrite(self.session, before, f"select * replace ({objects} as objects_to_profiling) from {rows_of(before)}")
            if counted:
                rewrite(self.session, part, f"select * from {rows_of(part)} where not {repeated}")

    def _arrange_all(self, parts: list[Path], table: Table, directory: Path) -> None:
        """Bring parts to a table's documented columns; an empty file where there are no parts."""
        if not parts:
            self.session.write_records(table, [], directory)
        derived = {"member_key": "pseudonym('member', member_id)", "month": "strftime(sold_at, '%Y-%m')"}
        for part in parts:
            rows = whole_receipts(part) if "sold_at" in table.file.columns else relation_of_files([part])
            present = self.session.columns_of(rows)
            if list(present) != list(table.file.columns):
                select = ", ".join(name if name in present else f"{derived[name]} as {name}" for name in table.file.columns)
                order = " order by month" if "month" in table.file.columns else ""  # so that a month reads its own row groups
                arranged = directory / part.name  # of members: beside the table, the vault keeps its own
                rewrite(self.session, arranged, f"select {select} from ({rows}){order}")


def origins(mapping: SourceMapping, kind: str, table: Table) -> Origins:
    """Column lineage of a table that is read from raw files: the raw columns of each source's expressions."""
    found: Origins = {}
    renamed = {"member_key": "member_id", "shopper_key": "shopper_id", "month": "sold_at"}
    for name in table.file.columns:
        canonical = renamed.get(name, name)
        for source in mapping.sources:
            raw = source.raw_tables().get(kind)
            if raw is not None and canonical in raw.columns:
                columns = sorted(columns_used(raw.columns[canonical]))
                found.setdefault(name, []).extend((f"raw_{kind}", f"{source.name}: {column}") for column in columns)
    return found

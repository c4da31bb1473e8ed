"""Taking a person out: one member from every month of every table, by name of a key; and what grew older than the retention allows.

Sums over many people (a shop's month, a profile) are not rewritten: status shows them stale, and making them again leaves the member out.
Not here: reading files without those who were taken out (`ingestion/staging.py`), what a key is (`pseudonyms.py`).
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bmyshop_profiles.engine.catalogue import PERSON_KEYS, Catalogue, Table
from bmyshop_profiles.engine.lake import ALL, Lake, TableName, Version
from bmyshop_profiles.engine.session import Session, literal, relation_of_files
from bmyshop_profiles.privacy.identities import IDENTITIES
from bmyshop_profiles.privacy.pseudonyms import vault

ERASED, EXPIRED = "erased.keys", "expired.keys"  # in the vault: pseudonyms that do not come back with the files that still name them


@dataclass(frozen=True)
class Erased:
    """What an erasure came to."""

    had_identity: bool
    partitions: int  # table-months that held the member
    rows: int


def kept_keys(vault_dir: Path, name: str) -> frozenset[str]:
    """Keys of a list in the vault."""
    path = vault_dir / name
    return frozenset(path.read_text(encoding="ascii").split()) if path.exists() else frozenset()


def keep_keys(vault_dir: Path, name: str, keys: Iterable[str]) -> None:
    """Replace a list in the vault, in one step."""
    temporary = vault(vault_dir) / f".{name}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.writelines(f"{key}\n" for key in sorted(keys))
    os.replace(temporary, vault_dir / name)


def erase(session: Session, catalogue: Catalogue, lake: Lake, vault_dir: Path, key: str) -> Erased:
    """Take a member out of the vault and of every version of every table; the key is remembered, so that the files do not bring it back.

    Rows about the member go. Receipts stay, without key, and so do those of a card that the member has shown together with the app.
    session: with the macro `pseudonym`. Nothing is remembered of a key nobody has.
    """
    holders = [
        (table, partition)
        for table in catalogue.ordered
        if _keys(table)
        for partition in lake.partitions(TableName(table.room, table.name))
    ]
    session.execute("create or replace temp table gone as select $key as member_key", {"key": key})
    receipts = [relation_of_files(_files(lake, _name(table), partition)) for table, partition in holders if _has_receipts(table)]
    cards = " union all ".join(f"select member_key, shopper_key from ({rows})" for rows in receipts)
    if cards:
        session.execute(
            f"insert into gone select distinct shopper_key from ({cards}) where member_key = $key and shopper_key is not null",
            {"key": key},
        )
    found = {(table.name, partition): _rows_of(session, lake, table, partition) for table, partition in holders}
    identities = Lake(vault(vault_dir), lock_seconds=lake.lock_seconds)
    had_identity = _drop_identities(session, identities, [key], count_only=True) > 0
    if had_identity or any(found.values()):
        theirs = {gone for (gone,) in session.execute("from gone").fetchall()}
        keep_keys(vault_dir, ERASED, kept_keys(vault_dir, ERASED) | theirs)
    _drop_identities(session, identities, [key])
    renamed: dict[str, str] = {}
    for table, partition in holders:
        if found[table.name, partition]:
            _rewrite_without(session, lake, table, partition, renamed)
        lake.purge(_name(table), partition)
    return Erased(had_identity, sum(1 for rows in found.values() if rows), sum(found.values()))


def _name(table: Table) -> TableName:
    return TableName(table.room, table.name)


def _keys(table: Table) -> list[str]:
    """Columns that say whose a row is."""
    return [name for name in PERSON_KEYS if name in table.file.columns]


def _has_receipts(table: Table) -> bool:
    """Rows bear both keys: they are of receipts, which stay when their person goes."""
    return len(_keys(table)) == len(PERSON_KEYS)


def _is_theirs(table: Table) -> str:
    """SQL: the row is about somebody in `gone`."""
    return " or ".join(f"coalesce({key} in (from gone), false)" for key in _keys(table))


def _rows_of(session: Session, lake: Lake, table: Table, partition: str) -> int:
    rows = relation_of_files(_files(lake, _name(table), partition))
    return int(session.execute(f"select count(*) from ({rows}) where {_is_theirs(table)}").fetchall()[0][0])


def _rewrite_without(session: Session, lake: Lake, table: Table, partition: str, renamed: dict[str, str]) -> None:
    """A receipt loses its keys, on all its lines; any other row goes."""
    name = _name(table)
    rows = relation_of_files(_files(lake, name, partition))
    select = f"select * from ({rows}) where not ({_is_theirs(table)})"
    if _has_receipts(table):
        is_theirs = "receipt_key in (from theirs)"
        keys = ", ".join(f"case when {is_theirs} then null else {column} end as {column}" for column in ("shopper_key", "member_key"))
        theirs = f"select receipt_key from ({rows}) where {_is_theirs(table)}"
        select = f"with theirs as ({theirs}) select * replace ({keys}) from ({rows})"
    with lake.write(name, partition) as draft:
        before = lake.current(name, partition)
        assert before is not None
        session.write(select, draft.directory, path=table.path)
        written = session.measure(draft.files())
        draft.publish(
            rows=written.rows,
            content_hash=written.content_hash,
            hashed_by=written.hashed_by,
            code_hash=before.code_hash,
            inputs=_inputs(table, before, renamed),
            note=before.note,
        )
    renamed[f"{table.name}/{partition}"] = written.content_hash


def _inputs(table: Table, before: Version, renamed: Mapping[str, str]) -> dict[str, str]:
    """What SQL makes row by row is what it would make now of the rewritten inputs; a model is not, and stays stale."""
    return {name: renamed.get(name, value) for name, value in before.inputs.items()} if table.sql is not None else before.inputs


def _drop_identities(session: Session, identities: Lake, keys: Iterable[str], *, count_only: bool = False) -> int:
    """Rewrite the vault's list without some members, leaving no older version. Returns how many it had."""
    current, files = identities.current(IDENTITIES, ALL), _files(identities, IDENTITIES, ALL)
    if current is None or not files:
        return 0
    rows = relation_of_files(files)
    session.execute("create or replace temp table unlisted as select unnest($keys::varchar[]) as member_key", {"keys": sorted(keys)})
    dropped = "coalesce(pseudonym('member', member_id) in (from unlisted), false)"
    count = int(session.execute(f"select count(*) from ({rows}) where {dropped}").fetchall()[0][0])
    if count and not count_only:
        with identities.write(IDENTITIES, ALL) as draft:
            session.write(f"select * from ({rows}) where not {dropped}", draft.directory)
            draft.publish(rows=current.rows - count, content_hash="", code_hash="", inputs={})
    if not count_only:
        identities.purge(IDENTITIES, ALL)
    return count


def _files(lake: Lake, table: TableName, partition: str) -> list[Path]:
    """Files of what is published: none where nothing is, and none in a version that is empty."""
    version = lake.current(table, partition)
    return [lake.directory(table, partition) / version.version / name for name in version.files] if version else []


@dataclass(frozen=True)
class Expired:
    """What grew too old: table-months dropped, identities dropped."""

    partitions: int
    identities: int


def expire(session: Session, catalogue: Catalogue, lake: Lake, vault_dir: Path, months: list[str], *, since: str) -> Expired:
    """Drop every month before the first of `months`, and the identities of members who joined before `since`, the first month of the
    retention, and bought in none of `months`.

    Identities are judged once all months are there: until then nobody can be said to have stayed away. Nor can those who object: their
    receipts are anonymous, and what is kept of them, a number, is what keeps them out.
    """
    first, dropped = months[0], 0
    for table in catalogue.ordered:
        name = TableName(table.room, table.name)
        if table.file.by_month:
            old = [partition for partition in lake.partitions(name) if partition.removeprefix("month=") < first]
            dropped += len(old)
            for partition in old:
                lake.drop(name, partition)
        elif "month" in table.file.columns:
            _keep_months(session, lake, table, first)
    members = TableName("ingestion", "members")
    there = [partition for partition in lake.partitions(members) if partition.removeprefix("month=") in months]
    if len(there) < len(months):
        return Expired(dropped, 0)
    identities = Lake(vault(vault_dir), lock_seconds=lake.lock_seconds)
    listed = _files(identities, IDENTITIES, ALL)
    if not listed:  # no source has a list of members
        return Expired(dropped, 0)
    seen = " union all ".join(relation_of_files(_files(lake, members, partition)) for partition in there)
    away = session.execute(
        f"select pseudonym('member', member_id) as key from ({relation_of_files(listed)}) "
        "where joined_on < $since and not coalesce(objects_to_profiling, false) "
        f"and key not in (select member_key from ({seen}) where has_receipts)",
        {"since": f"{since}-01"},
    ).fetchall()
    came_back = session.execute(f"select distinct member_key from ({seen}) where has_receipts").fetchall()
    still_away = kept_keys(vault_dir, EXPIRED) - {key for (key,) in came_back}
    keep_keys(vault_dir, EXPIRED, still_away | {key for (key,) in away})
    return Expired(dropped, _drop_identities(session, identities, [key for (key,) in away]))


def _keep_months(session: Session, lake: Lake, table: Table, first: str) -> None:
    name = TableName(table.room, table.name)
    files = _files(lake, name, ALL)
    if not files:
        return
    rows = relation_of_files(files)
    if not session.execute(f"select 1 from ({rows}) where month < $first limit 1", {"first": first}).fetchall():
        lake.purge(name, ALL)
        return
    with lake.write(name, ALL) as draft:
        before = lake.current(name, ALL)
        assert before is not None
        session.write(f"select * from ({rows}) where month >= {literal(first)} order by month", draft.directory)
        written = session.measure(draft.files())
        draft.publish(
            rows=written.rows,
            content_hash=written.content_hash,
            hashed_by=written.hashed_by,
            code_hash=before.code_hash,
            inputs=before.inputs,
            note=before.note,
        )
    lake.purge(name, ALL)

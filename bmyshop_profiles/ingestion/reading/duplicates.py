"""Lines that were read already: copies of receipts in several files, keys that a list says twice.

Not here: copies of whole files (`reading.py`).
"""

from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.mapping.mapping import CANONICAL, REQUIRED
from bmyshop_profiles.ingestion.reading.outcome import Reading, rewrite
from bmyshop_profiles.ingestion.reading.relations import Context, rows_of


def drop_duplicate_receipts(session: Session, reading: Reading) -> None:
    """A line of a receipt found in several files counts as often as in the file that has it most often: copies are left out, and
    what only one of the files has stays (a receipt cut in two by midnight, numbers that two tills share)."""
    rows = rows_of(reading.path)
    session.execute(
        # hashes first: eight bytes a receipt instead of its key, for the many that are in one file
        f"create or replace temp table suspects as select hash(receipt_key) as key_hash from {rows} "
        "group by 1 having min(file_number) <> max(file_number)"
    )
    if session.execute("select count(*) from suspects").fetchall()[0][0]:
        line = "receipt_key, sold_at, store_key, product_key, quantity, amount_cents"
        copy = f"row_number() over (partition by {line}, file_number) as copy_number"
        suspect = f"select *, {copy} from {rows} where hash(receipt_key) in (from suspects)"
        first = f"min(file_number) over (partition by {line}, copy_number)"
        marked = (
            f"select *, false as is_duplicate from {rows} where hash(receipt_key) not in (from suspects) union all by name "
            f"select * exclude (copy_number), file_number > {first} as is_duplicate from ({suspect})"
        )
        _drop(session, reading, marked)


def drop_duplicate_keys(session: Session, context: Context, reading: Reading) -> None:
    """A list says each key once: its first line counts (by file, then by content, since lines of a list have no order). Of a member,
    any line that objects counts."""
    key, others = REQUIRED[context.kind][0], ", ".join(name for name in CANONICAL[context.kind])
    window = f"partition by {key} order by file_number, {others}"
    objects = ""
    if context.kind == "members":
        objects = f" replace (bool_or(objects_to_profiling) over (partition by {key}) as objects_to_profiling)"
    _drop(session, reading, f"select *{objects}, row_number() over ({window}) > 1 as is_duplicate from {rows_of(reading.path)}")


def _drop(session: Session, reading: Reading, marked: str) -> None:
    """Take out and count the rows marked is_duplicate; the rows are rewritten only if there are any."""
    counted = dict(session.execute(f"select file_number, count(*) from ({marked}) where is_duplicate group by 1").fetchall())
    if not counted:
        return
    for entry in reading.entries:
        entry.duplicate_count = counted.get(entry.file.number, 0)
    rewrite(session, reading.path, f"select * exclude (is_duplicate) from ({marked}) where not is_duplicate")

"""What only shows across files: a file that two patterns match, ids of receipts that no list holds, one id that is everybody's.

Here: raw ids of samples, in temporary tables that end with the session; messages name none of them. Not here: one file (`check.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.ingestion.mapping.mapping import SourceMapping

FEW = 0.5  # share of ids in the list under which something may be wrong
ENOUGH = 10  # ids that say something
MANY = 1 / 3  # of all receipts: no shopper has that many
RECEIPTS = 100  # sampled, for one id to be told from chance
ROUNDED = r"(^|/)[0-9]([.,][0-9]+)?[Ee][+][0-9]+$"  # as a spreadsheet shows a long number
# what two systems do to one id; how both sides would be written alike; how a mapping says so
ALIKE = (
    ("leading zeros", "ltrim({}, '0')", "ltrim({}, '0')"),
    ("upper and lower case", "lower({})", "lower({})"),
    ("a .0 at the end", "regexp_replace({}, '[.,]0+$', '')", "regexp_replace({}, '[.]0+$', '')"),
    ("spaces and marks", "regexp_replace({}, '[^A-Za-z0-9]', '', 'g')", "regexp_replace({}, '[^A-Za-z0-9]', '', 'g')"),
    ("a prefix", "ltrim(regexp_replace({}, '^[^0-9]+', ''), '0')", "regexp_replace({}, '^[^0-9]+', '')"),
)


def start(session: Session) -> None:
    """Empty tables of sampled ids."""
    for name in ("sampled_ids", "listed_ids"):
        session.execute(f"create or replace temp table {name} (source varchar, id varchar)")


def add_ids(session: Session, table: str, source: str, rows: str) -> None:
    """Add ids. table: sampled_ids or listed_ids; rows: SQL of one column of them."""
    session.execute(f"insert into {table} select {literal(source)}, id from ({rows}) as t (id) where id is not null")


def matched_twice(receipts: Mapping[str, Sequence[Path]], root: Path) -> Iterator[tuple[str, str]]:
    """Of files that the receipts of two sources match: the second source, and what is wrong. receipts: files by source."""
    first: dict[Path, str] = {}
    for source, files in receipts.items():
        twice = [path for path in sorted(files) if path in first]
        if twice:
            some = ", ".join(path.relative_to(root).as_posix() for path in twice[:3]) + (", …" if len(twice) > 3 else "")
            others = ", ".join(sorted({first[path] for path in twice}))
            yield (
                source,
                f"{len(twice)} of its files are matched by the receipts of {others} as well, and their lines would count twice: {some}. "
                "Narrow one of the two patterns, or take one of the sources out",
            )
        for path in files:
            first.setdefault(path, source)


def unlisted(session: Session, mapping: SourceMapping) -> Iterator[tuple[str, bool, str]]:
    """Sources whose receipts bear ids that no list holds: source, whether that is wrong, and the likely cause."""
    listed_count = session.execute("select count(distinct id) from listed_ids").fetchall()[0][0]
    for source in mapping.sources if listed_count else ():
        ids = f"(select distinct id from sampled_ids where source = {literal(source.name)})"
        count, known = session.execute(f"select count(*), count(*) filter (where id in (select id from listed_ids)) from {ids}").fetchall()[
            0
        ]
        if not count or known >= FEW * count:
            continue
        text = f"{known or 'none'} of the {count} sampled ids of members on receipts {'are' if known > 1 else 'is'} in the list of members"
        if not known and mapping.has_objections:
            text += "; whoever objects to profiling would keep a key"
        text += _cause(session, ids, source.receipts.columns.get("member_id", "id"), known / count)
        yield source.name, not known and (count >= ENOUGH or mapping.has_objections), text


def _cause(session: Session, ids: str, expression: str, share: float) -> str:
    best, found = share + 0.2, ""
    for what, alike, written in ALIKE:
        mine, theirs = alike.format("id"), alike.format("id")
        query = f"select avg((({mine}) in (select {theirs} from listed_ids))::integer) from {ids}"
        matched = session.execute(query).fetchall()[0][0]
        if matched > best:
            best = matched
            found = (
                f". The likely cause is {what}: without, {100 * matched:.0f} % would be. "
                f"Write member_id: {written.format(expression)} in receipts, and the same of its column in members"
            )
    return found or ". Are these ids of the same system? If they are tokens of cards, map them as shopper_id"


def everybody_s(session: Session, rows: str, source: str) -> Iterator[str]:
    """One member who has more receipts than a person can. rows: SQL of sampled receipt lines."""
    query = (
        f"with receipts as (select receipt_key, max(member_key) as member_key from {rows} group by 1), "
        "counted as (select member_key, count(*) as receipts from receipts where member_key is not null group by 1) "
        "select max(receipts), (select count(*) from receipts) from counted"
    )
    most, every = session.execute(query).fetchall()[0]
    if most and every >= RECEIPTS and most > MANY * every:
        yield (
            f"one member id is on {100 * most / every:.0f} % of the sampled receipts: is it what the till writes where there is no member? "
            "Then name it under dialect: nulls, or write nullif(column, 'it')"
        )


def rounded(session: Session, rows: str, columns: Sequence[str]) -> Iterator[tuple[bool, str]]:
    """Codes that a spreadsheet has rounded: whether it is most of a column, and what to do. rows: SQL of lines or ids."""
    for name in columns:
        matches = f"count(*) filter (where regexp_matches({name}::varchar, {literal(ROUNDED)}))"
        odd, count = session.execute(f"select {matches}, count({name}) from {rows}").fetchall()[0]
        if odd:
            yield (
                odd > FEW * count,
                f"{name}: {odd} of {count} sampled values are numbers as a spreadsheet rounds them (1,23E+12): different codes become one. "
                "Export the column as text",
            )

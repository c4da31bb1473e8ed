"""Codes of shops and articles that several sources use: lists that contradict each other, and what samples of two sources have in common.

Not here: whose codes they are (`mapping.py`), how a key says so (`relations.py`).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.ingestion.mapping.mapping import CANONICAL, SourceMapping
from bmyshop_profiles.ingestion.reading.relations import SCOPED, Context, rows_of

NAMED_BY = {"stores": ("store_key", "name"), "products": ("product_key", "label")}  # the code of a list, and what says what it means
ONE = {"stores": "shop", "products": "article"}
SHOWN = 3
PLAIN = "lower(strip_accents(regexp_replace(trim({}), '\\s+', ' ', 'g')))"  # two lists may write one label in two ways


def refuse_contradictions(session: Session, kind: str, lists: Mapping[str, Path]) -> None:
    """Refuse lists of which two give one code different labels. lists: rows of each source's list.

    Raises:
        BmyshopError: some do; codes, sources and labels are named.
    """
    if kind in NAMED_BY and len(lists) > 1:
        code, told = NAMED_BY[kind]
        rows = " union all ".join(
            f"select {literal(name)} as source, {code} as code, {told} as told from {rows_of(lists[name])}" for name in lists
        )
        if text := _contradictions(session, kind, rows):
            raise BmyshopError(text)


def _contradictions(session: Session, kind: str, rows: str) -> str | None:
    """What is wrong with lists, given as rows of source, code, told."""
    found = session.execute(
        f"with listed as ({rows}) select code, one.source, one.told, other.source, other.told, count(*) over () "
        "from listed as one inner join listed as other using (code) "
        f"where one.source < other.source and {PLAIN.format('one.told')} <> {PLAIN.format('other.told')} order by all limit {SHOWN}"
    ).fetchall()
    if not found:
        return None
    some = "; ".join(f"{code} is {told!r} in {one} and {other_told!r} in {other}" for code, one, told, other, other_told, _ in found)
    return (
        f"{kind}: the lists of two sources give {found[0][-1]} codes different labels: {some}{'; …' if found[0][-1] > SHOWN else ''}. "
        f"If each source has codes of its own, say codes: {{{kind}: source}} in both; if a code is one {ONE[kind]} in both, map "
        f"{NAMED_BY[kind][1]} in one of the lists only"
    )


def start_sampling(session: Session) -> None:
    """An empty `sampled_codes`: what each source's samples call a code."""
    session.execute(
        "create or replace temp table sampled_codes (source varchar, kind varchar, is_list boolean, code varchar, told varchar)"
    )


def sample_codes(session: Session, context: Context, rows: Path) -> None:
    """Add the codes of rows that were read of a source, as the source writes them."""
    for kind, (column, told) in NAMED_BY.items():
        if column in CANONICAL[context.kind]:
            own = getattr(context.source.codes, SCOPED[column]) == "source"
            code = f"substr({column}, {len(context.source.name) + 2})" if own else column
            label = told if told in CANONICAL[context.kind] else "null"
            values = f"{literal(context.source.name)}, {literal(kind)}, {context.kind == kind}, {code}, {label}"
            session.execute(f"insert into sampled_codes select distinct {values} from {rows_of(rows)}")


def shared_codes(session: Session, mapping: SourceMapping) -> Iterator[tuple[str, bool, str]]:
    """Of sampled sources that use the same codes: the second one's name, whether that is wrong, and what a person should know."""
    scopes = {(source.name, kind): getattr(source.codes, kind) for source in mapping.sources for kind in NAMED_BY}
    for kind in NAMED_BY:
        names = ", ".join(literal(name) for (name, of), scope in scopes.items() if of == kind and scope == "network")
        rows = f"select source, code, told from sampled_codes where kind = {literal(kind)} and is_list and source in ({names or 'null'})"
        if text := _contradictions(session, kind, rows):
            yield mapping.sources[-1].name, True, text
    listed = {kind for source in mapping.sources for kind in source.raw_tables()}
    shared = session.execute(
        f"with codes as (select source, kind, code, list(distinct {PLAIN.format('told')}) filter (where told is not null) as labels, "
        "min(told) as told from sampled_codes where code is not null group by all) "
        "select kind, one.source, other.source, count(*), count(*) filter (where list_has_any(one.labels, other.labels)), "
        "count(*) filter (where not list_has_any(one.labels, other.labels)), "
        "min((code, one.told, other.told)) filter (where not list_has_any(one.labels, other.labels)) "
        "from codes as one inner join codes as other using (kind, code) where one.source < other.source group by all order by all"
    ).fetchall()
    for kind, one, other, count, alike, unlike, example in shared:
        are_one = scopes[one, kind] == scopes[other, kind] == "network"
        both = f"{one} and {other} use the same {count} codes of {ONE[kind]}s"
        if unlike:
            both += f", {unlike} of them under other labels ({example[0]} is {example[1]!r} and {example[2]!r})"
        if are_one and unlike > alike:
            yield other, False, f"{both}, and each counts as one {ONE[kind]}; if it is not, say codes: {{{kind}: source}} in both"
        elif are_one and kind not in listed:
            yield (
                other,
                False,
                f"{both}, and no list says that each is one {ONE[kind]}; if it is not, say codes: {{{kind}: source}} in both",
            )
        elif not are_one and (alike or not unlike):
            yield other, False, f"{both}, and each counts as two {ONE[kind]}s; if it is one, say codes: {{{kind}: network}} in both"

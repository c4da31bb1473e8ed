"""What an expression of a mapping may be; every way out of its line is tried."""

from pathlib import Path

import duckdb
import pytest

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.ingestion.mapping.expressions import FUNCTIONS, OWN_FUNCTIONS, ExpressionError, check_expression, columns_used
from bmyshop_profiles.ingestion.mapping.mapping import RawTable, load_mapping
from bmyshop_profiles.ingestion.reading.files import find_files
from bmyshop_profiles_tests.ingestion.conftest import RECEIPTS, write_mapping

GOOD = {
    "total": {"total"},
    '"N° ticket"': {"N° ticket"},
    '"articles.label"': {"articles.label"},
    "concat_ws('/', shop, sold[:10], till)": {"shop", "sold", "till"},
    "moment(date || ' ' || time)": {"date", "time"},
    "round(number(qty) * number(price) * 100)::bigint": {"qty", "price"},
    "case when kind = 'R' then -cents(total) else cents(total) end": {"kind", "total"},
    "try_cast(born as integer)": {"born"},
    "coalesce(nullif(trim(ean), ''), plu)": {"ean", "plu"},
    "extract(year from day::date)": {"day"},
    "a in ('x', 'y') and not b like 'z%' or c is null": {"a", "b", "c"},
    "a between '1' and '2'": {"a"},
    "sold::timestamp at time zone 'UTC'": {"sold"},
    "'bakery'": set(),
    "regexp_extract(label, '[0-9]+')": {"label"},
    "'; drop table x; --'": set(),
}

BAD = [
    # other rows, other tables, files
    "(select 1)",
    "(select max(x) from read_text('/etc/passwd') t(x))",
    "a in (select content from read_text('/etc/passwd'))",
    "exists(from duckdb_secrets())",
    "a = any(select 1)",
    "(with t as (select 1) select * from t)",
    "(from 'other.csv')",
    "(values (1))",
    "(table staged_members)",
    "read_csv('x.csv')",
    "read_text('/etc/passwd')",
    "read_blob('x')",
    "read_parquet('x')",
    "glob('/etc/*')",
    "sniff_csv('x')",
    "query('select 1')",
    "query_table('receipts')",
    "unnest([1, 2])",
    "generate_series(1, 10)",
    "range(100000000)",
    "max(total)",
    "count(*)",
    "list(total)",
    "sum(total) over ()",
    "row_number() over (order by total)",
    "lag(total) over ()",
    "total filter (where true)",
    "upper(total) filter (where true)",
    "count(distinct total)",
    "string_agg(total order by total)",
    "grouping(total)",
    "*",
    "columns('.*')",
    "columns(*)",
    "* exclude (a)",
    "unpack(columns(*))",
    # several statements or clauses
    "total; select 1",
    "total; copy (select 1) to '/tmp/out'",
    "total; attach 'x.db'",
    "total; install httpfs",
    "total; pragma version",
    ";",
    "copy (select 1) to '/tmp/out'",
    "total, code",
    "total as x",
    "total from other",
    "total where true",
    "total limit 1",
    "total order by 1",
    "total using sample 1",
    "distinct total",
    "total union select 1",
    "total) from read_csv('x') where (a",
    "total)) as varchar)) as z, try(cast((code",
    "total) union all (select 1",
    "total -- the rest",
    "total /* the rest",
    "total /* x */",
    "",
    "   ",
    # the machine, its settings, its clock
    "getenv('HOME')",
    "current_setting('access_mode')",
    "getvariable('pseudonym_inner')",
    "pseudonym('member', code)",
    "current_user()",
    "version()",
    "now()",
    "today()",
    "random()",
    "uuid()",
    "nextval('s')",
    "sleep_ms(1000)",
    "pg_sleep(1)",
    "error('x')",
    "write_log('x')",
    "repeat('a', 1000000000)",
    "lpad('a', 1000000000, 'a')",
    "format('{:1000000000}', 'a')",
    "printf('%1000000000s', 'a')",
    "json_serialize_sql('select 1')",
    "in_search_path('a', 'b')",
    "main.upper(total)",
    "system.main.upper(total)",
    # lambdas and lists
    "[x for x in total]",
    "list_transform([total], lambda x: x)",
    "list_transform([total], x -> x)",
    "list_reduce([total], lambda x, y: x)",
    "total -> 'a'",
    # parameters, odd types
    "$1",
    "?",
    "$name",
    "#1",
    "default",
    "total::regclass",
    "total::json",
    "cast(total as struct(a int))",
    "main.total",
    "receipts.main.total",
]


@pytest.mark.parametrize(("expression", "columns"), GOOD.items())
def test_expressions_of_a_line(expression: str, columns: set[str]) -> None:
    assert columns_used(expression) == columns


@pytest.mark.parametrize("expression", BAD)
def test_nothing_else_passes(expression: str) -> None:
    with pytest.raises(ExpressionError):
        check_expression(expression, "receipts: label")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("stripacents(label)", "the function stripacents is not for mappings; did you mean strip_accents?"),
        ("articles.label", 'written "articles.label", in double quotes'),
        ("total -> 'a'", 'a field inside JSON is a column: write "a.b"'),
        ("total -- euros", "put it into the YAML, after #"),
        ("total::json", "the type json is not for mappings; use varchar"),
        ("sum(total)", "not sum over lines"),
    ],
)
def test_a_refusal_says_what_to_write(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check_expression(expression, "label")
    assert message in str(caught.value)


def test_the_listed_functions_exist_and_give_the_same_every_time() -> None:
    known = dict(duckdb.connect().execute("select function_name, max(stability) from duckdb_functions() group by 1").fetchall())
    for name in FUNCTIONS - {*OWN_FUNCTIONS, "coalesce", "ifnull"}:  # these two are grammar
        assert name in known, name
        assert known[name] in ("CONSISTENT", None), name


def test_a_clock_in_the_guise_of_a_column_is_a_column(ingest) -> None:  # type: ignore[no-untyped-def]
    """`current_date` without brackets would be today's date where no column bears that name: it is asked for as a column."""
    receipts = {**RECEIPTS, "columns": {**RECEIPTS["columns"], "label": "current_date::varchar"}}
    with pytest.raises(BmyshopError, match="reads current_date, which"):
        ingest({"lines-2025-01.csv": "ticket,sold,shop,code,label,qty,total,member\n"}, receipts=receipts)


@pytest.mark.parametrize("files", ["../secret.csv", "/etc/*", "a/../../secret.csv", "{store}/../../*"])
def test_a_pattern_stays_below_the_raw_directory(tmp_path: Path, files: str) -> None:
    root = tmp_path / "raw"
    root.mkdir()
    (tmp_path / "secret.csv").write_text("x")
    with pytest.raises(BmyshopError, match="raw files must be below"):
        find_files(root, RawTable(files=files, columns={}), None)


def test_a_link_does_not_lead_out_of_the_raw_directory(tmp_path: Path) -> None:
    root, outside = tmp_path / "raw", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret.csv").write_text("x")
    (root / "link.csv").symlink_to(outside / "secret.csv")
    with pytest.raises(BmyshopError, match=r"link\.csv: is a link to a file outside"):
        find_files(root, RawTable(files="*.csv", columns={}), None)
    (root / "link.csv").unlink()
    (root / "linked").symlink_to(outside)
    with pytest.raises(BmyshopError, match=r"linked/secret\.csv: is a link to a file outside"):
        find_files(root, RawTable(files="*/*.csv", columns={}), None)
    (root / "linked").unlink()
    (root / "own.csv").write_text("x")
    (root / "again.csv").symlink_to(root / "own.csv")
    assert [file.name for file in find_files(root, RawTable(files="*.csv", columns={}), None)] == ["again.csv", "own.csv"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"delimiter": ";"}, "receipts → delimiter: no such key; delimiter belongs under dialect"),
        ({"dialect": {"delimeter": ";"}}, "dialect → delimeter: no such key; did you mean delimiter?"),
        ({"dialect": {"label": "x"}}, "dialect → label: no such key; label belongs under columns"),
        ({"fiels": "x"}, "receipts → fiels: no such key; did you mean files?"),
        ({"currency": "EUR"}, "receipts → currency: no such key; currency belongs under a source"),
    ],
)
def test_a_wrong_key_is_told_where_it_belongs(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(BmyshopError) as caught:
        load_mapping(write_mapping(tmp_path, {**RECEIPTS, **change}))
    assert str(caught.value).endswith(message)
    assert len(str(caught.value).splitlines()) == 1

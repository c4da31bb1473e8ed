"""Raw files that lie below the raw directory, and the month their names tell. Names, sizes and times only: no file is opened."""

import re
from collections.abc import Iterator
from pathlib import Path

from bmyshop_profiles.ingestion.mapping import RawTable, SourceMapping
from bmyshop_profiles.orchestration.arrivals import UNDATED, Seen

_MARKS = {"year": r"[12]\d{3}", "month": r"(?:0[1-9]|1[0-2])", "day": r"(?:0[1-9]|[12]\d|3[01])", "store": r"[^/]+?"}
_GLOBS = {"year": "[12][0-9][0-9][0-9]", "month": "[01][0-9]", "day": "[0-3][0-9]", "store": "*"}


def seen_files(mapping: SourceMapping, root: Path) -> list[Seen]:
    """Every file that a pattern of the mapping matches, once, in order of name."""
    found: dict[tuple[str, str], Seen] = {}
    for source in mapping.sources:
        for table in source.raw_tables().values():
            for path, marks in matches(root, table):
                month = f"{marks['year']}-{marks['month']}" if table.by_month else UNDATED
                status = path.stat()
                seen = Seen(path.relative_to(root).as_posix(), month, status.st_size, status.st_mtime_ns)
                found[seen.name, month] = seen
    return [found[key] for key in sorted(found)]


def matches(root: Path, table: RawTable) -> Iterator[tuple[Path, dict[str, str]]]:
    """Files of a pattern, with what their names say for each placeholder."""
    pattern = re.compile(regex_of(table.files))
    for path in sorted(root.glob(re.sub(r"\{(\w+)\}", lambda mark: _GLOBS[mark[1]], table.files))):
        found = pattern.fullmatch(path.relative_to(root).as_posix())
        if found and path.is_file():
            yield path, found.groupdict()


def regex_of(files: str) -> str:
    """A file pattern as a regular expression in which each placeholder is a group; one that comes again must say the same."""
    parts: list[str] = []
    marks: set[str] = set()
    for token in re.findall(r"\{\w+\}|\*\*/|\*|\?|\[[^\]]+\]|.", files):
        name = token[1:-1]
        if token.startswith("{"):
            parts.append(f"(?P={name})" if name in marks else f"(?P<{name}>{_MARKS[name]})")
            marks.add(name)
        elif token.startswith("[") and len(token) > 1:
            parts.append(token.replace("[!", "[^"))
        else:
            parts.append({"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}.get(token, re.escape(token)))
    return "".join(parts)

"""Raw files that lie below the raw directory, and the month their names tell. Names, sizes and times only: no file is opened."""

from pathlib import Path

from bmyshop_profiles.ingestion.arrivals.late import UNDATED, Seen
from bmyshop_profiles.ingestion.mapping.mapping import SourceMapping
from bmyshop_profiles.ingestion.reading.files import matching


def seen_files(mapping: SourceMapping, root: Path) -> list[Seen]:
    """Every file that a pattern of the mapping matches, once, in order of name.

    Raises:
        BmyshopError: a pattern, or a link among the files, leaves the root.
    """
    found: dict[tuple[str, str], Seen] = {}
    for source in mapping.sources:
        for table in source.raw_tables().values():
            for path, told in matching(root, table):
                month = f"{told['file_year']}-{told['file_month']}" if table.by_month else UNDATED
                state = path.stat()
                seen = Seen(path.relative_to(root).as_posix(), month, state.st_size, state.st_mtime_ns)
                found[seen.name, month] = seen
    return [found[key] for key in sorted(found)]

"""How long `sources inspect` and `sources check` take on one large file: they sample, so its size must not matter.

    python -m benchmarks.ingestion.sources --gigabytes 10

The file is a month of a simulated till, its lines repeated; beside it a small file of the same lines is the floor.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.helpers import report
from bmyshop_profiles.engine.session import open_session
from bmyshop_profiles.ingestion.drafts.check import check
from bmyshop_profiles.ingestion.drafts.draft import draft_of
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
from bmyshop_profiles.simulation import simulate

SECONDS = 10


def timed(path: Path) -> dict[str, float]:
    """Seconds of both verbs on one file."""
    directory = path.parent
    with open_session() as session:
        start = time.perf_counter()
        draft = draft_of([path], session)
        inspected = time.perf_counter()
        mapping = directory / "draft.yaml"
        mapping.write_text(draft.text, encoding="utf-8")
        found, _ = check(load_mapping(mapping), directory, session, timezone="Europe/Paris", own=[mapping])
        checked = time.perf_counter()
    assert not found[0].errors, found[0].errors
    return {"megabytes": path.stat().st_size / 1e6, "inspect_s": inspected - start, "check_s": checked - inspected, "lines": found[0].lines}


def measure(options: argparse.Namespace) -> report.Measured:
    """Both verbs on a small file and on a large one of the same lines."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        simulate(root / "net", seed=0, stores=4, members=50, anonymous_shoppers=500, first_month="2025-01", months=1, lines=options.lines)
        header, body = (root / "net/raw/caisse_a/receipts_2025-01.csv").read_bytes().split(b"\n", 1)
        figures = {}
        for size, wanted in (("small", len(body)), ("large", int(options.gigabytes * 1e9))):
            path = root / size / "receipts_2025-01.csv"
            path.parent.mkdir()
            block = body * max(1, min(50_000_000, wanted) // len(body))
            with path.open("wb") as stream:
                stream.write(header + b"\n")
                while stream.tell() < wanted:
                    stream.write(block)
            figures[size] = timed(path)
            path.unlink()
    report.show([{"file": size, **row} for size, row in figures.items()])
    return figures, {name: report.at_most(figures["large"][name], SECONDS) for name in ("inspect_s", "check_s")}


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--gigabytes", type=float, default=1)
    parser.add_argument("--lines", type=int, default=20_000, help="of the small file, which the large one repeats")
    return report.run(measure, parser, argv, smoke={"gigabytes": 0.0003, "lines": 2000})


if __name__ == "__main__":
    sys.exit(main())

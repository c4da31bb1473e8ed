"""Puts what benchmarks kept into the docs: `python -m tools.kept_results`.

A page holds, between `<!-- kept: ROOM.NAME -->` and `<!-- end of kept -->`, the bars of `benchmarks/results/ROOM.NAME.json` as a table,
with the command, date, commit and cores behind them. A test compares, so that no such table says what no command measured.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DOCS, RESULTS = ROOT / "docs", ROOT / "benchmarks" / "results"
KEPT = re.compile(r"(<!-- kept: ([\w.]+) -->\n).*?(<!-- end of kept -->)", re.DOTALL)


def filled(page: str, results: Path = RESULTS) -> str:
    """The page with its tables as the kept results say.

    Raises:
        FileNotFoundError: it names a benchmark of which nothing is kept.
    """
    return KEPT.sub(
        lambda found: f"{found[1]}{table(json.loads((results / f'{found[2]}.json').read_text(encoding='utf-8')))}{found[3]}", page
    )


def table(kept: dict[str, Any]) -> str:
    """One benchmark's bars as Markdown."""
    lines = [
        f"`{kept['command']}`, {kept['date']}, commit {kept['commit']}, {kept['cores']} cores.",
        "",
        "| | measured | bar | met |",
        "|---|---|---|---|",
        *(
            f"| {name} | {told(bar['value'])} | {told(bar['target'])} | {'yes' if bar['met'] else 'no'} |"
            for name, bar in kept["bars"].items()
        ),
    ]
    return "\n".join(lines) + "\n"


def told(value: Any) -> str:
    """A figure as people read it."""
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False) if value else "none"
    return "" if value is None else str(value)


def pages() -> list[Path]:
    """All pages that may hold kept results."""
    return sorted([*DOCS.rglob("*.md"), ROOT / "README.md"])


def main() -> int:
    """Rewrite the pages."""
    for path in pages():
        before = path.read_text(encoding="utf-8")
        after = filled(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())

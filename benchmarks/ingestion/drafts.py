"""Generated exports, drafted, checked and ingested without a hand: is what the table holds what the till wrote, or is the doubt marked?

    python -m benchmarks.ingestion.drafts --tills 60

Each till is drawn by chance (`tills.py`): how it writes dates, numbers, refunds, nothing, line ends, pages. `exact`: lines, cents, times,
receipts and members are those that were sold. `marked`: they are not, and the draft says ASSUMED or MISSING of a column that is wrong, or
the check says that lines would be refused. What is neither is silently wrong.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from benchmarks.helpers import report
from benchmarks.ingestion.tills import Sold, Till, till_of, written
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session, open_session
from bmyshop_profiles.ingestion.drafts.check import check
from bmyshop_profiles.ingestion.drafts.draft import Draft, draft_of
from bmyshop_profiles.ingestion.mapping.mapping import SourceMapping
from bmyshop_profiles.ingestion.reading.staging import Reader
from bmyshop_profiles.privacy.pseudonyms import install

KEY = b"0123456789abcdef0123456789abcdef"
PLAIN = asdict(Till())


@dataclass(frozen=True)
class Outcome:
    """What became of an export. wrong: columns that differ from what was sold; said: how that was marked."""

    wrong: tuple[str, ...]
    said: str

    @property
    def exact(self) -> bool:
        """All of it is what was sold."""
        return not self.wrong

    @property
    def told(self) -> bool:
        """Exact, or the doubt is marked."""
        return self.exact or bool(self.said)


def outcome_of(till: Till, directory: Path, session: Session, *, seed: int = 0, receipts: int = 120) -> Outcome:
    """Write a till's export, draft, check and ingest it."""
    root = directory / "raw"
    root.mkdir(parents=True)
    files, sold = written(till, seed=seed, receipts=receipts)
    for name, content in files.items():
        (root / name).write_bytes(content)
    try:
        draft = draft_of([root / name for name in files], session, root=root)
    except BmyshopError as error:
        no_reason = isinstance(error.__cause__, Exception)  # a fault of the drafter, in words
        return Outcome(("draft",), "" if no_reason else str(error).replace(str(root), ""))
    if "receipts" in draft.missing:
        return Outcome(("draft",), "MISSING: no file of receipts")
    mapping = SourceMapping.model_validate(yaml.safe_load(draft.text))
    try:
        found, _ = check(mapping, root, session, timezone="Europe/Paris")
        errors = [
            text for each in found for text in (*each.errors, *(note for note in each.notes if "refused" in note and "voided" not in note))
        ]
        wrong = _wrong(_ingested(mapping, root, directory / "out", session), sold)
    except BmyshopError as error:
        return Outcome(("reading",), str(error).replace(str(root), ""))
    return Outcome(wrong, _said(draft, errors, wrong) if wrong else "")


def _ingested(mapping: SourceMapping, root: Path, target: Path, session: Session) -> dict[str, object]:
    install(session.connection, KEY)
    catalogue = load_catalogue()
    target.mkdir()
    for number, source in enumerate(mapping.sources):
        for month in ("2025-01", "2025-02", "2025-03") if source.receipts.by_month else (None,):
            part = target / f"{number}-{month}"
            part.mkdir()
            reader = Reader(session, mapping.model_copy(update={"sources": (source,)}), root, "Europe/Paris")
            if month:
                reader.month(month, catalogue["receipt_lines"], part)
            else:
                reader.undated("receipts", catalogue["staged_receipt_lines"], part)
    query = (
        "select count(*), sum(amount_cents)::bigint, sum(abs(amount_cents))::bigint, sum(quantity * 1000)::bigint, "
        "sum(epoch(sold_at)::bigint)::bigint, count(distinct receipt_key), count(distinct member_key), count(member_key), "
        f"count(distinct store_key), count(distinct product_key) from read_parquet('{target}/*/*.parquet', union_by_name = true)"
    )
    return dict(zip(MEASURES, session.execute(query).fetchall()[0], strict=True))


MEASURES = (
    "lines",
    "amount_cents",
    "turnover",
    "quantity",
    "sold_at",
    "receipt_key",
    "member_id",
    "member lines",
    "store_key",
    "product_key",
)


def _wrong(read: dict[str, object], sold: Sequence[Sold]) -> tuple[str, ...]:
    members = [line.member for line in sold if line.member]
    seconds = sum(int((line.at.replace(microsecond=0) - line.at.__class__(1970, 1, 1)).total_seconds()) for line in sold)
    truth = (
        len(sold),
        sum(line.cents for line in sold),
        sum(abs(line.cents) for line in sold),
        sum(line.quantity for line in sold),
        seconds,
        len({line.ticket for line in sold}),
        len(set(members)),
        len(members),
        len({line.store for line in sold}),
        len({line.article for line in sold}),
    )
    return tuple(name for name, value in zip(MEASURES, truth, strict=True) if read[name] != value)


def _said(draft: Draft, errors: Sequence[str], wrong: Sequence[str]) -> str:
    """How a draft, or the check of it, marks what is wrong."""
    of = {"turnover": "amount_cents", "member lines": "member_id"}
    columns = {of.get(name, name) for name in wrong}
    if "lines" in columns and not errors:
        columns = {"lines"}  # all sums follow from it
    marks = [text for text in draft.assumed if any(f": {name}:" in text for name in columns)]
    marks += [text for text in draft.missing if any(text.endswith(f": {name}") for name in columns)]
    return "; ".join([*errors, *marks])


def measure(options: argparse.Namespace) -> report.Measured:
    """Tills of a seed, one after the other; those that are not exact are shown with what sets them apart."""
    chance = random.Random(options.seed)
    rows, outcomes = [], []
    for number in range(options.tills):
        till = till_of(chance)
        with tempfile.TemporaryDirectory() as name, open_session(threads=2) as session:
            outcome = outcome_of(till, Path(name), session, seed=number, receipts=options.receipts)
        outcomes.append(outcome)
        if not outcome.exact:
            odd = ", ".join(f"{key} {value!r}" for key, value in asdict(till).items() if value != PLAIN[key])
            rows.append({"till": number, "odd": odd, "wrong": ", ".join(outcome.wrong), "said": outcome.said[:300] or "NOTHING"})
    report.show(rows, title="not exact")
    exact, told = sum(each.exact for each in outcomes), sum(each.told for each in outcomes)
    figures = {"tills": len(outcomes), "exact": exact, "marked": told - exact, "silently_wrong": len(outcomes) - told}
    return figures, {
        "exact_share": report.at_least(exact / len(outcomes), 0.9),
        "silently_wrong": report.equal(len(outcomes) - told, 0),
    }


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--tills", type=int, default=60)
    parser.add_argument("--receipts", type=int, default=120, help="of each till")
    parser.add_argument("--seed", type=int, default=23)
    return report.run(measure, parser, argv, smoke={"tills": 4, "receipts": 40})


if __name__ == "__main__":
    sys.exit(main())

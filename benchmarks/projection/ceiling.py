"""How much of what can be known of the buyer of one receipt is told? `python -m benchmarks.projection.ceiling`

The simulator knows the Bayes posterior of the persona behind a receipt, for an observer who knows its model and parameters and the mix of
members behind each shop, but not who is who: the ceiling. Beside it the same observer who knows only the mix of the network. Labels are the
true personas of members, so that what is lost is lost by reading, not by the typology. Scored are receipts of members of whom nothing was
learnt. Nothing that is served is chosen here: that is done on real people (receipts.py, age.py).
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from benchmarks.helpers import report
from benchmarks.helpers.simulated_members import personas_of, run_network
from benchmarks.projection.methods import ALONE, ITEMS, PLACED, PRIOR, TOPICS, Task, Told, figures, one_hot, score, table, told
from benchmarks.simulation.posterior import Oracle, Receipt
from bmyshop_profiles.projection.calibration import places_of
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import Parameters
from bmyshop_profiles.statistics.intervals import rows_drawn
from bmyshop_profiles.statistics.probabilities import calibration_error
from bmyshop_profiles.typology.members import sparse

BAYES, NETWORK = "Bayes, mixes of the shops known", "Bayes, mix of the network known"
SHARES = {2000: 0.90, 500: 0.80}
CALIBRATION, FEW = 0.02, 120
TABLES = ("receipts", "products", "item_categories", "sampled_receipt_items", "stores")
SQL = """
select
    receipts.receipt_key, receipts.member_key, receipts.store_key, receipts.daypart, receipts.sold_at, receipt_lines.product_key,
    products.item_key, stores.store_type
from receipt_lines
inner join receipts using (receipt_key, month)
inner join products using (product_key, month)
left join stores on receipts.store_key = stores.store_key and receipts.month = stores.month
where receipts.member_key is not null and quantity > 0
order by all
"""


class OfMembers(Oracle):
    """The observer of members: mixes of shops are theirs. is_network: only the mix of the network is known."""

    def __init__(self, truth: Path, *, is_network: bool = False) -> None:
        super().__init__(truth)
        self._shoppers = self._shoppers[self._shoppers.member.notna()].reset_index(drop=True)
        self._is_network = is_network

    def _mix(self, receipt: Receipt) -> np.ndarray:
        if not self._is_network:
            return super()._mix(receipt)
        area = int(self._shops.loc[receipt.shop, "area"])
        mix = self.local_mixes(str(receipt.sold_at.astype("datetime64[M]")), area).sum(0)
        return np.asarray(mix / mix.sum())


def material(settings: Settings) -> tuple[Task, pd.DataFrame, np.ndarray]:
    """What is served of members' receipts; their lines; the keys of the receipts."""
    month = settings.months()[-1]
    with views(settings) as session:
        lines = session.frame(SQL)
        own = {"month": month}
        categories = session.frame("select item_key, category from item_categories where month = $month", own)
        sample = session.frame("select receipt_key, item_key from sampled_receipt_items where month = $month", own)
    items, members = (np.array(sorted(set(lines[name])), dtype=object) for name in ("item_key", "member_key"))
    first = lines.drop_duplicates("receipt_key").set_index("receipt_key").sort_index()
    keys = first.index.to_numpy(object)
    receipts = _present(lines, keys, items)
    sea = _present(sample, np.array(sorted(set(sample.receipt_key)), dtype=object), items)
    category = categories.drop_duplicates("item_key").set_index("item_key").category.reindex(items).fillna("none")
    person = pd.Index(members).get_indexer(pd.Index(first.member_key))
    counts = csr_matrix(one_hot(np.append(person, np.arange(len(members)))).T[:, : len(person)] @ receipts)
    personas = personas_of(settings, members)
    places, _ = places_of([first.store_key.to_numpy(str), (first.store_type.fillna("") + "/" + first.daypart).to_numpy(str)])
    task = Task(counts, personas, receipts, person, sea, int(personas.max()) + 1, one_hot(category.to_numpy(str)), places)
    return task, lines, keys


def _present(lines: pd.DataFrame, keys: np.ndarray, items: np.ndarray) -> csr_matrix:
    return csr_matrix(sparse(lines.receipt_key, lines.item_key, np.ones(len(lines)), rows=keys, columns=items) > 0, dtype=float)


def ceilings(truth: Path, lines: pd.DataFrame, groups: int) -> dict[str, np.ndarray]:
    """Bayes posteriors of receipts, in the order of their keys."""
    found = {}
    for name, oracle in ((BAYES, OfMembers(truth)), (NETWORK, OfMembers(truth, is_network=True))):
        rows = []
        for _, own in lines.groupby("receipt_key", sort=True):
            seen = Receipt(str(own.store_key.iloc[0]), np.datetime64(own.sold_at.iloc[0]), tuple(own.product_key.astype(str)))
            rows.append(oracle.posterior([seen]).persona[:groups])
        found[name] = np.array(rows)
    return found


def share(found: Told, name: str, ceiling: str) -> float:
    """Part of the fall of the log-loss below the prior that a method has of a ceiling's."""
    return (found.mean(PRIOR) - found.mean(name)) / (found.mean(PRIOR) - found.mean(ceiling))


def measure(options: argparse.Namespace) -> report.Measured:
    """Losses with so many members, their share of the ceiling's, and calibration by size of basket."""
    with tempfile.TemporaryDirectory() as directory:
        settings = run_network(
            Path(directory),
            months=options.months,
            parameters=Parameters(),
            tables=TABLES,
            members=options.members,
            lines=options.lines,
            anonymous=10 * options.members,
            seed=options.seed,
        )
        task, lines, keys = material(settings)
        order = np.random.default_rng(0).permutation(len(task.label))
        scored, others = order[: options.scored], order[options.scored :]
        rows = task.of(scored)
        rows = rows[rows_drawn(len(rows), most=options.receipts, seed=0)]
        bayes = ceilings(Path(directory) / "simulated" / "truth", lines[lines.receipt_key.isin(set(keys[rows]))], task.groups)
    whole, size = told(task, bayes, rows), np.diff(task.receipts.indptr)[rows].clip(1, 3)
    kept, bars, shown = {}, {}, {}
    wanted = np.isin(task.of(scored), rows)
    for members in (FEW, *sorted(SHARES)):
        found = score(task, others[:members], scored, rivals=members == max(SHARES), seed=0)
        found = Told(
            {**{name: each[wanted] for name, each in found.losses.items()}, **whole.losses},
            {**{name: each[wanted] for name, each in found.posteriors.items()}, **whole.posteriors},
            whole.person,
            whole.label,
        )
        title = f"persona behind one receipt, {min(members, len(others))} members, {len(found.label):,} receipts"
        table(found, title=title, others={"to items": ITEMS})
        shown[members] = {name: share(found, name, BAYES) for name in found.losses}
        shares = [
            {"method": name, "share of the ceiling": each, "of the network's": share(found, name, NETWORK)}
            for name, each in shown[members].items()
        ]
        report.show(shares)
        kept[str(members)] = figures(found, ALONE, ITEMS)
        errors = [calibration_error(found.posteriors[PLACED][size == each], found.label[size == each]) for each in (1, 2, 3)]
        if members in SHARES:
            bars[f"share of the ceiling, {members} members"] = report.at_least(shown[members][PLACED], SHARES[members])
            bars[f"calibration error at 1, 2, 3 items and more, {members} members"] = report.at_most(max(errors), CALIBRATION)
        else:
            bars[f"unlabelled receipts, {FEW} members, upper end"] = report.at_most(found.difference(TOPICS, ALONE).high, 0.0)
    return {"losses": kept, "shares": {str(members): each for members, each in shown.items()}}, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--months", type=int, default=4)
    parser.add_argument("--members", type=int, default=3000)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--scored", type=int, default=600, help="members of whom nothing is learnt")
    parser.add_argument("--receipts", type=int, default=4000, help="of theirs that are scored, at most")
    parser.add_argument("--seed", type=int, default=0)
    smoke = {"months": 1, "members": 120, "lines": 4000, "scored": 30, "receipts": 30}
    return report.run(measure, parser, argv, smoke=smoke)


if __name__ == "__main__":
    sys.exit(main())

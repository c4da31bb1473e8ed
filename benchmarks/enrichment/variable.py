"""What a household size would be worth on a simulated network, drawn given the simulator's persona, beside the one drawn given the profile.

The asset `variable_value` draws given the member's profile of the full history, since real members have no persona. Here both are put side
by side on the same members and receipts, labels fixed. Usage: python -m benchmarks.enrichment.variable [--lines 300000] [--members 2000]
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.helpers import report
from benchmarks.helpers.simulated_members import run_network
from bmyshop_profiles.enrichment.households import variable_value
from bmyshop_profiles.evaluation.truth import member_personas
from bmyshop_profiles.privacy.pseudonyms import load_key
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.simulation import Parameters
from bmyshop_profiles.typology.members import members_of


def measure(options: argparse.Namespace) -> report.Measured:
    """Some months of a network, up to the projection, and what the variable is worth there by both ways to draw it."""
    with tempfile.TemporaryDirectory() as name:
        settings = run_network(
            Path(name),
            months=options.months,
            parameters=Parameters(),
            tables=("member_posteriors",),
            members=options.members,
            lines=options.lines,
            stores=24,
            anonymous=5 * options.members,
            typology_runs=options.runs,
            quality_folds=2,
            natural_draws=0,
            topic_receipts=options.topic_receipts,
        )
        personas = member_personas(settings.data_dir / "simulated" / "truth", load_key(settings.vault_dir))
        month = settings.months()[-1]
        with views(settings) as session:
            clusters = session.frame("from member_clusters where month = $month order by member_key, part", {"month": month})
            posteriors = session.frame("from member_posteriors where month = $month order by receipt_key, group_name", {"month": month})
            members = members_of(session.frame("from member_window where month = $month order by all", {"month": month}))
        tables = {
            "persona": variable_value(members, clusters, posteriors, seed=0, personas=personas),
            "profile": variable_value(members, clusters, posteriors, seed=0),
        }
    for drawn, table in tables.items():
        report.show(table.to_dict("records"), title=f"drawn given the {drawn}; nats, 90 % interval by person")
    found = tables["persona"].set_index(["measure", "strength", "answer_rate"])
    useless, useful = found.loc[("log_loss", 0.0, 1.0)], found.loc[("log_loss", 0.7, 1.0)]
    bars = {
        "a useless variable is worth nothing: lower end": report.at_most(useless.low, 0.002),
        "a strong variable is worth something: lower end": report.bar(useful.low, 0.0, useful.low > 0),
    }
    return {drawn: table.to_dict("records") for drawn, table in tables.items()}, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--members", type=int, default=2000)
    parser.add_argument("--months", type=int, default=2)
    parser.add_argument("--topic-receipts", type=int, default=20_000, help="that topics are learnt from")
    parser.add_argument("--runs", type=int, default=8, help="computations of cores that a typology starts from")
    return report.run(measure, parser, argv, smoke={"lines": 12_000, "members": 300, "months": 1, "topic_receipts": 200, "runs": 1})


if __name__ == "__main__":
    sys.exit(main())

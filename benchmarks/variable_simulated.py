"""What a household size would be worth on a simulated network, drawn given the simulator's persona, beside the one drawn given the profile.

The asset `variable_value` draws given the member's profile of the full history, since real members have no persona. Here both are put side
by side on the same members and receipts, labels fixed. Usage: python -m benchmarks.variable_simulated [--lines 300000] [--members 2000]
"""

import argparse
import json
import tempfile
import warnings
from pathlib import Path

from bmyshop_profiles.definitions import build_definitions
from bmyshop_profiles.enrichment.households import variable_value
from bmyshop_profiles.evaluation.truth import member_personas
from bmyshop_profiles.orchestration import runs
from bmyshop_profiles.privacy.pseudonyms import load_key
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import simulate
from bmyshop_profiles.typology.members import read_members


def run_network(directory: Path, *, lines: int, members: int) -> Settings:
    """Two months of a network, up to the projection."""
    simulate(directory / "simulated", stores=24, members=members, anonymous_shoppers=5 * members, months=2, lines=lines)
    settings = Settings(data_dir=directory, sources=Path("simulated/sources.yaml"), last_month="2025-02", quality_folds=2, natural_draws=0)
    definitions = build_definitions(settings)
    with runs.instance(settings) as instance:
        for job, month in (("references", None), *(("month", month) for month in settings.months())):
            result = runs.run_job(definitions, instance, job, month=month)
            assert result.success, result.failure
    return settings


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--members", type=int, default=2000)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning)
    with tempfile.TemporaryDirectory() as name:
        settings = run_network(Path(name), lines=options.lines, members=options.members)
        personas = member_personas(settings.data_dir / "simulated" / "truth", load_key(settings.vault_dir))
        month = settings.months()[-1]
        with views(settings) as session:
            clusters = session.frame("from member_clusters where month = $month order by member_key, part", {"month": month})
            posteriors = session.frame("from member_posteriors where month = $month order by receipt_key, group_name", {"month": month})
            members = read_members(session)
        tables = {
            "persona": variable_value(members, clusters, posteriors, seed=0, personas=personas),
            "profile": variable_value(members, clusters, posteriors, seed=0),
        }
    print(f"{'drawn given':12s} {'strength':>8s} {'answers':>8s}  {'measure':14s} {'nats':>8s}  90 % interval by person")
    for drawn, table in tables.items():
        for row in table.itertuples():
            drawing = f"{drawn:12s} {row.strength:8.1f} {row.answer_rate:8.0%}  {row.measure:14s}"
            print(f"{drawing} {row.value:+8.4f}  [{row.low:+.4f}, {row.high:+.4f}]  {row.people_count} members")
    found = tables["persona"].set_index(["measure", "strength", "answer_rate"])
    useless, useful = found.loc[("log_loss", 0.0, 1.0)], found.loc[("log_loss", 0.7, 1.0)]
    bars = {
        "a useless variable is worth nothing: upper end": {"value": useless.value, "target": 0.002, "met": bool(useless.low <= 0.002)},
        "a strong variable is worth something: lower end": {"value": useful.low, "target": 0.0, "met": bool(useful.low > 0)},
    }
    figures = {drawn: table.to_dict("records") for drawn, table in tables.items()}
    print(json.dumps({"figures": figures, "bars": bars}, default=float))


if __name__ == "__main__":
    main()

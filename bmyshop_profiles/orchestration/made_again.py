"""When a windowed month is made again without a person: rows that it reads are others than those it was made of.

Belongs here: the condition that the sensor `stale_windows` evaluates. Does not belong here: what is stale (`freshness.py`), the sensor and
the pool (`automation.py`), facts of late files (the sensor of raw files).
"""

from datetime import datetime

import dagster as dg

from bmyshop_profiles.engine.catalogue import Catalogue
from bmyshop_profiles.engine.lake import Lake, partition_of
from bmyshop_profiles.orchestration.freshness import to_make_again
from bmyshop_profiles.settings import Settings


class ReadsOtherRows(dg.AutomationCondition[dg.AssetKey]):
    """Months whose table was made of other rows than its inputs hold now, where no input waits to be made again itself.

    Dagster's own conditions see that an input *changes*. If a table was made between two ticks, and after it an input, both are new at the
    second tick, and the change is lost. The lake keeps what each version was made of, so that nothing has to be remembered here.
    """

    def __init__(self, catalogue: Catalogue, settings: Settings):
        self._catalogue, self._settings = catalogue, settings
        self._looked_at: datetime | None = None
        self._found: dict[str, set[str]] = {}

    @property
    def name(self) -> str:
        """As the UI shows it."""
        return "rows_read_have_changed"

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """The months of one table. The lake is looked at once per tick, for all tables."""
        if context.evaluation_time != self._looked_at:
            lake = Lake(self._settings.lake_dir, lock_seconds=self._settings.lock_seconds)
            self._found, self._looked_at = to_make_again(self._catalogue, lake, self._settings), context.evaluation_time
        partitions = self._found.get(context.key.to_user_string(), set())
        candidates = context.candidate_subset.expensively_compute_partition_keys() if partitions else set()
        months = {month for month in candidates if partition_of(month) in partitions}
        if not months or context.partitions_def is None:
            return dg.AutomationResult(context, context.get_empty_subset())
        return dg.AutomationResult(
            context, context.asset_graph_view.get_subset_from_partition_keys(context.key, context.partitions_def, months)
        )


def make_stale_again(catalogue: Catalogue, settings: Settings) -> dg.AutomationCondition[dg.AssetKey]:
    """Rows that a month reads are others, none of its inputs is missing or being made, and the last try did not fail. After a failure it is
    tried again when rows of an input change once more."""
    condition = dg.AutomationCondition
    changed = condition.any_deps_match(condition.data_version_changed())
    return (
        ReadsOtherRows(catalogue, settings)
        & ~condition.any_deps_missing()
        & ~condition.any_deps_in_progress()
        & ~condition.in_progress()
        & (~condition.execution_failed() | changed.since(condition.newly_requested()))
    ).with_label("made before, and rows that it reads have changed")

"""What Dagster does without a person: stale windows are made again, in order, when months that they read have changed.

Facts of a late file are asked for by the sensor of raw files; here is what comes after it. One pool lets one run at a time touch windowed
tables, whoever asked for it (a schedule, a backfill, a person, the conditions here): a month reads the months before it.
"""

import dagster as dg

from bmyshop_profiles.settings import Settings

WINDOWS = "windows"  # the pool of the windowed tables; dagster.yaml gives it its limit

# A month made before, in whose inputs rows have changed since, and whose inputs are all there and none of them being made. Equal rows are
# the same data version: what would come out as it is, is not made again. Months go on in the order in which what they read is done.
MAKE_STALE_AGAIN = (
    dg.AutomationCondition.any_deps_match(dg.AutomationCondition.data_version_changed()).since_last_handled()
    & ~dg.AutomationCondition.missing()
    & ~dg.AutomationCondition.any_deps_missing()
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
).with_label("made before, and rows that it reads have changed")


def windows_sensor(settings: Settings) -> dg.AutomationConditionSensorDefinition:
    """Looks for windowed months that are stale."""
    return dg.AutomationConditionSensorDefinition(
        "stale_windows",
        target=dg.AssetSelection.all(),
        default_status=sensor_status(settings),
        minimum_interval_seconds=30,
        description="Makes windowed months again whose inputs have changed: after late files, the months that read theirs.",
    )


def sensor_status(settings: Settings) -> dg.DefaultSensorStatus:
    """On without a person, or off until somebody switches it on."""
    return dg.DefaultSensorStatus.RUNNING if settings.unattended else dg.DefaultSensorStatus.STOPPED


def schedule_status(settings: Settings) -> dg.DefaultScheduleStatus:
    """The same, of schedules."""
    return dg.DefaultScheduleStatus.RUNNING if settings.unattended else dg.DefaultScheduleStatus.STOPPED

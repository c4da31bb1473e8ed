"""What Dagster does without a person: the sensor that makes stale windows again, and whether sensors and schedules are on.

Facts of a late file are asked for by the sensor of raw files; `stale_windows` does what comes after it. One pool lets one run at a time
touch windowed tables, whoever asked for it (a schedule, a backfill, a person, the sensor): a month reads the months before it.
"""

import warnings

import dagster as dg

from bmyshop_profiles.settings import Settings

WINDOWS = "windows"  # the pool of the windowed tables; dagster.yaml gives it its limit


def windows_sensor(settings: Settings) -> dg.AutomationConditionSensorDefinition:
    """Looks for windowed months that are stale."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # of use_user_code_server, which the pinned version has
        return dg.AutomationConditionSensorDefinition(
            "stale_windows",
            target=dg.AssetSelection.all(),
            use_user_code_server=True,  # the condition reads the lake, by code of ours (made_again.py)
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

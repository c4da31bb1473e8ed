"""Taking people and months out of a data directory: one member for good, and daily what grew older than the retention allows.

The work is `privacy/erasure.py`'s; here are the settings it needs, a session with the key, and the job that Dagster runs.
"""

import contextlib
from collections.abc import Iterator

import dagster as dg

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake
from bmyshop_profiles.engine.session import Session, open_session
from bmyshop_profiles.months import month_plus
from bmyshop_profiles.orchestration.automation import schedule_status
from bmyshop_profiles.orchestration.keys import key_in_use
from bmyshop_profiles.privacy import erasure
from bmyshop_profiles.privacy.pseudonyms import install, pseudonym
from bmyshop_profiles.settings import Settings


def erase_member(settings: Settings, member_id: str) -> erasure.Erased:
    """Take a member out of every month of every table, and out of the vault.

    Raises:
        BmyshopError: nobody is known under this id.
    """
    with _keyed_session(settings) as (session, key):
        found = erasure.erase(session, load_catalogue(), _lake(settings), settings.vault_dir, pseudonym(key, "member", member_id))
    if not found.rows and not found.had_identity:
        raise BmyshopError("nobody is known under this member id: it is the id as the app's files write it, case and zeros included")
    return found


def apply_retention(settings: Settings) -> erasure.Expired:
    """Drop months before the first one that the settings keep, and identities of members long away."""
    if settings.retention_months is None:
        return erasure.Expired(0, 0)
    months = settings.months()
    since = month_plus(months[-1], 1 - settings.retention_months)  # a history may be shorter than the retention
    with _keyed_session(settings) as (session, _):
        return erasure.expire(session, load_catalogue(), _lake(settings), settings.vault_dir, months, since=since)


def retention_job(settings: Settings) -> dg.JobDefinition:
    """The job `retention`."""

    @dg.op(name="drop_what_is_older")
    def drop(context: dg.OpExecutionContext) -> None:
        found = apply_retention(settings)
        context.log.info(
            f"{found.partitions} months of tables and {found.identities} identities were older than the retention and are gone"
        )

    @dg.job(name="retention", description="Drops months and identities older than the setting retention_months.")
    def retention() -> None:
        drop()

    return retention


def retention_schedule(job: dg.JobDefinition, settings: Settings) -> dg.ScheduleDefinition:
    """Every night."""
    return dg.ScheduleDefinition(
        name="nightly_retention",
        job=job,
        cron_schedule="0 3 * * *",
        execution_timezone=settings.timezone,
        default_status=schedule_status(settings),
        description="Drops what grew older than the retention allows.",
    )


@contextlib.contextmanager
def _keyed_session(settings: Settings) -> Iterator[tuple[Session, bytes]]:
    key = key_in_use(settings)
    with open_session(memory_limit=settings.memory_limit, threads=settings.threads, spill=settings.spill_dir) as session:
        install(session.connection, key)
        yield session, key


def _lake(settings: Settings) -> Lake:
    return Lake(settings.lake_dir, lock_seconds=settings.lock_seconds)

"""The profiles along the months, for people who ask: stable ids, names, verdicts, events. Read-only."""

from typing import Any

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.orchestration.queries import views
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.typology.continuity import named_profiles, profile_events, read_names


def profile_histories(settings: Settings, *, month: str | None, events: bool) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows: the profiles of a month (None: of all), or what happened to them.

    Raises:
        BmyshopError: there are no profiles yet, or the file of names is wrong.
    """
    with views(settings) as session:
        matches, found = session.frame("from cluster_matches order by all"), session.frame("from profiles order by all")
        changes = session.frame("from profile_changes order by all")
        verdicts = session.frame("select month, profile_key, verdict from profile_quality")
    if found.empty:
        raise BmyshopError("no profiles have been made yet: run a month first, or its members were too few")
    named = named_profiles(matches, found, read_names(settings.names_file))
    if events:
        told = profile_events(changes, named[["month", "profile_key", "profile_id"]])
        names = named.drop_duplicates("profile_id").set_index("profile_id").profile_name
        names[""] = ""
        rows = [
            (row.month, row.event, row.profile_id, names[row.profile_id], row.other_id, names[row.other_id])
            for row in told.itertuples()
            if month in (None, row.month)
        ]
        return ["month", "event", "profile_id", "profile_name", "other_id", "other_name"], rows
    shown = named.merge(verdicts, how="left", on=["month", "profile_key"]).fillna({"verdict": ""})
    columns = ["month", "profile_id", "profile_key", "profile_name", "members_count", "verdict"]
    return columns, [tuple(row) for row in shown[shown.month == (month or shown.month)][columns].itertuples(index=False)]

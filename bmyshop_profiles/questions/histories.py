"""The profiles along the months, for people who ask: stable ids, names, verdicts, events, and what is told under these names. Read-only."""

import pandas as pd

from bmyshop_profiles.engine.catalogue import question
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.questions import queries
from bmyshop_profiles.questions.published import group_names, is_published, sellable
from bmyshop_profiles.questions.queries import Answer, views
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.typology.lives.continuity import named_profiles, profile_events, read_names


def known_profiles(settings: Settings) -> pd.DataFrame:
    """`profiles` of all months with month, profile_id, the name that people read, and verdict ('' without one)."""
    with views(settings) as session:
        return _known(settings, session)


def _known(settings: Settings, session: Session) -> pd.DataFrame:
    marks = question("what_marks_profiles")
    matches, found, verdicts = (session.whole(name) for name in ("cluster_matches", "profiles", "profile_quality"))
    named = named_profiles(matches, found, session.frame(marks.sql, path=marks.path), read_names(settings.names_file))
    verdicts = verdicts[["month", "profile_key", "verdict"]]
    return named.merge(verdicts, how="left", on=["month", "profile_key"]).fillna({"verdict": ""})


def profile_histories(settings: Settings, *, month: str | None, events: bool) -> Answer:
    """Column names and rows: the profiles of a month (None: of all), or what happened to them.

    Raises:
        BmyshopError: there are no profiles yet, or the file of names is wrong.
    """
    with views(settings) as session:
        named = _known(settings, session)
        changes = session.whole("profile_changes")
    if named.empty:
        raise BmyshopError("no profiles have been made yet: run a month first, or its members were too few")
    if events:
        told = profile_events(changes, named[["month", "profile_key", "profile_id"]])
        names = named.drop_duplicates("profile_id", keep="last").set_index("profile_id").profile_name
        names[""] = ""
        rows = [
            (row.month, row.event, row.profile_id, names[row.profile_id], row.other_id, names[row.other_id])
            for row in told.itertuples()
            if month in (None, row.month)
        ]
        return ["month", "event", "profile_id", "profile_name", "other_id", "other_name"], rows
    columns = ["month", "profile_id", "profile_key", "profile_name", "members_count", "verdict"]
    return columns, [tuple(row) for row in named[named.month == (month or named.month)][columns].itertuples(index=False)]


def audience(settings: Settings, month: str, store: str, daypart: str, *, everything: bool = False) -> Answer:
    """Who stands in front of the screen: the mix of a cell under the names that stay, most first; what cannot be sold comes last.

    Profiles that the gate withholds are one row without a figure of their own, unless everything is asked for.

    Raises:
        BmyshopError: see `queries.audience`; or the file of names is wrong.
    """
    names, rows = queries.audience(settings, month, store, daypart)
    profiles = known_profiles(settings)
    profiles = profiles[profiles.month == month]
    frame = pd.DataFrame(rows, columns=names).rename(columns={"profile_key": "group_name"}).assign(store_key=store, daypart=daypart)
    verdicts = dict(zip(profiles.profile_key, profiles.verdict, strict=True))
    if not everything:
        frame = sellable(frame, verdicts)
    frame["profile"] = frame.group_name.map(group_names(profiles))
    frame["verdict"] = frame.group_name.map(verdicts).fillna("")
    frame["is_sold"] = frame.verdict.map(is_published)
    frame = frame.sort_values(["is_sold", "mix_share", "group_name"], ascending=[False, False, True])
    columns = ["profile_key", "profile", "verdict", *names[1:]]
    found = frame.rename(columns={"group_name": "profile_key"})[columns].astype(object)
    return columns, list(found.where(found.notna(), None).itertuples(index=False, name=None))


def explanation(settings: Settings, receipt: str, month: str | None = None) -> Answer:
    """`queries.explain` with a column profile, the name that people read, after the key.

    Raises:
        BmyshopError: see `queries.explain`; or the file of names is wrong.
    """
    columns, rows = queries.explain(settings, receipt, month)
    profiles = known_profiles(settings)
    names = group_names(profiles[profiles.month == rows[0][1]])
    return [columns[0], "profile", *columns[2:]], [(row[0], names[row[0]], *row[2:]) for row in rows]

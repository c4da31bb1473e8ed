"""The profiles along the months, for people who ask: stable ids, names, verdicts, events, and what is told under these names. Read-only."""

import pandas as pd

from bmyshop_profiles.engine.catalogue import question
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.questions import queries
from bmyshop_profiles.questions.published import group_names, is_sold, sellable, sold_keys
from bmyshop_profiles.questions.queries import Answer, Cell, views
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.typology.lives.continuity import named_profiles, profile_events, read_names

FIGURES = ["share", "low_share", "high_share", "affinity_index", "receipts_count", "people", "is_people_estimated"]
PROFILES = ("cluster_matches", "profiles", "profile_quality", "profile_cards", "group_grades")  # what `profiles_in` reads
COLUMNS = ["kind", "group_name", "name", "grade", *FIGURES]


def known_profiles(settings: Settings) -> pd.DataFrame:
    """`profiles` of all months with month, profile_id, the name that people read, verdict ('' without one), grade, is_sold."""
    with views(settings, tables=PROFILES) as session:
        return profiles_in(settings, session)


def profiles_in(settings: Settings, session: Session) -> pd.DataFrame:
    """`known_profiles` of the months that a session knows."""
    marks = question("what_marks_profiles")
    matches, found, verdicts = (session.whole(name) for name in ("cluster_matches", "profiles", "profile_quality"))
    named = named_profiles(matches, found, session.frame(marks.sql, path=marks.path), read_names(settings.names_file))
    grades = session.whole("group_grades").rename(columns={"group_name": "profile_key"})
    grades = grades[grades.kind == "profile"][["month", "profile_key", "expected_skill", "grade"]]
    found = named.merge(verdicts[["month", "profile_key", "verdict"]], how="left", on=["month", "profile_key"])
    found = found.merge(grades, how="left", on=["month", "profile_key"]).fillna({"verdict": "", "grade": "unsold"})
    return found.assign(is_sold=[is_sold(grade, settings.sold_from) for grade in found.grade])


def profile_histories(settings: Settings, *, month: str | None, events: bool) -> Answer:
    """Column names and rows: the profiles of a month (None: of all), or what happened to them.

    Raises:
        BmyshopError: there are no profiles yet, or the file of names is wrong.
    """
    with views(settings, tables=(*PROFILES, "profile_changes")) as session:
        named = profiles_in(settings, session)
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
    columns = ["month", "profile_id", "profile_key", "profile_name", "members_count", "verdict", "grade"]
    return columns, [tuple(row) for row in named[named.month == (month or named.month)][columns].itertuples(index=False)]


def audience(settings: Settings, month: str, cell: Cell, *, kind: str = "all", everything: bool = False) -> Answer:
    """Who comes to a shop at a moment, and what for: what is seen first, then what is inferred, each by falling share.

    What may not be sold is left out of what is seen, and is one row without a figure of its own of what is inferred, unless everything is
    asked for. Columns: kind, group_name, name, grade, share, low_share, high_share, affinity_index, receipts_count, people.

    Raises:
        BmyshopError: see `queries.audience`; or the file of names is wrong.
    """
    names, rows = queries.audience(settings, month, cell, kind)
    profiles = known_profiles(settings)
    frame = audience_told(settings, pd.DataFrame(rows, columns=names), profiles[profiles.month == month], cell, everything=everything)
    return COLUMNS, list(frame.itertuples(index=False, name=None))


def audience_told(settings: Settings, found: pd.DataFrame, profiles: pd.DataFrame, cell: Cell, *, everything: bool = False) -> pd.DataFrame:
    """What is told of the groups of a cell, in order; `COLUMNS`, None where nothing is known.

    found: of the question `audience`. profiles: `known_profiles` of the month.
    """
    seen, inferred = found[found.kind != "profile"], found[found.kind == "profile"]
    inferred = inferred.rename(columns={"share": "mix_share"}).assign(store_key=cell.store, daypart=cell.daypart)
    if not everything:
        seen = seen[[is_sold(grade, settings.sold_from) for grade in seen.grade]]
        inferred = sellable(inferred, sold_keys(profiles)).fillna({"kind": "profile", "grade": "unsold"})
    inferred = inferred.assign(name=inferred.group_name.map(group_names(profiles))).rename(columns={"mix_share": "share"})
    frame = pd.concat([seen, inferred], ignore_index=True)
    order = frame.kind.map({"mission": 0, "category": 1, "profile": 2}), frame.grade == "unsold", -frame.share.astype(float)
    frame = frame.assign(**{f"order_{place}": each for place, each in enumerate(order)})
    frame = frame.sort_values(["order_0", "order_1", "order_2", "group_name"])[COLUMNS].astype(object)
    return frame.where(frame.notna(), None)


def explanation(settings: Settings, receipt: str, month: str | None = None) -> Answer:
    """`queries.explain` with a column profile, the name that people read, after the key.

    Raises:
        BmyshopError: see `queries.explain`; or the file of names is wrong.
    """
    columns, rows = queries.explain(settings, receipt, month)
    profiles = known_profiles(settings)
    names = group_names(profiles[profiles.month == rows[0][1]])
    return [columns[0], "profile", *columns[2:]], [(row[0], names[row[0]], *row[2:]) for row in rows]

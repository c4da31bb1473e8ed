"""What the lake says of a month to those who sell its screens: groups with their grades, shops, communes, the forecast.

Belongs here: reading. Does not belong here: what is made of it (`plan.py`, `exports.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd

from bmyshop_profiles.engine.catalogue import question
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, TableName
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.media.brief import Dates, NotPlanned
from bmyshop_profiles.months import missions_since, months_between
from bmyshop_profiles.questions.histories import known_profiles
from bmyshop_profiles.questions.published import GRADES, group_names, is_sold
from bmyshop_profiles.questions.queries import tables_of, views
from bmyshop_profiles.settings import Settings

QUESTIONS = ("groups_graded", "forecast_begins", "screens", "forecast_errors")  # what `read_network` asks
DAYS = 56  # that are forecast after a month


@dataclass(frozen=True)
class Network:
    """What the lake says of a month: groups with their grades, shops, communes, the forecast."""

    month: str
    grades: pd.DataFrame  # kind, group_name, grade, name
    screens: pd.DataFrame
    zones: pd.DataFrame
    quality: pd.DataFrame
    first: pd.Timestamp
    last: pd.Timestamp
    method: str

    def sold(self, settings: Settings) -> pd.DataFrame:
        """Groups on sale, those that are seen first."""
        found = self.grades[[is_sold(grade, settings.sold_from) for grade in self.grades.grade]]
        return found.sort_values("grade", key=lambda grades: grades.map(list(GRADES).index), kind="stable")

    def check_forecast(self, dates: Dates) -> None:
        """Whether days are forecast.

        Raises:
            NotPlanned: the first or the last is not.
        """
        if pd.Timestamp(dates.first) < self.first:
            raise NotPlanned(
                f"dates: {dates.first} is before {self.first:%Y-%m-%d}, the day after the last month that is known",
                f"Le premier jour, {dates.first}, est avant le début de la prévision, {self.first:%Y-%m-%d}.",
            )
        if pd.Timestamp(dates.last) > self.last:
            raise NotPlanned(
                f"dates: {dates.last} is after {self.last:%Y-%m-%d}, where the forecast ends, eight weeks after the last month known",
                f"Le dernier jour, {dates.last}, est après la fin de la prévision, {self.last:%Y-%m-%d}.",
            )


def last_forecast(settings: Settings) -> str:
    """The last month after which visits are forecast.

    Raises:
        BmyshopError: there is none.
    """
    months = Lake(settings.lake_dir).partitions(TableName("media", "visits_forecast"))
    if not months:
        raise BmyshopError(f"no visits have been forecast in {settings.data_dir}: run a month first (bmyshop-profiles run)")
    return max(months).removeprefix("month=")


@contextmanager
def network_views(settings: Settings, month: str, *questions: str) -> Iterator[Session]:
    """A session that `read_network` can read a month from. questions: others that are put to it."""
    tables = tables_of(*QUESTIONS, *questions) | {"zones", "product_taxonomy"}
    with views(settings, months=months_between(missions_since(month), month), tables=tables) as session:
        yield session


def read_network(settings: Settings, session: Session, month: str) -> Network:
    """What is known of a month. session: of `network_views`.

    Raises:
        BmyshopError: the month has no forecast, because its history is too short.
    """
    grades = asked(session, "groups_graded", month=month, missions_since=missions_since(month))
    profiles = known_profiles(settings)
    names = group_names(profiles[profiles.month == month])
    grades["name"] = grades.name.fillna(grades.group_name.map(names)).fillna(grades.group_name)
    days = asked(session, "forecast_begins", month=month)
    if days.empty:
        raise BmyshopError(f"no visits are forecast after {month}: a forecast needs eight weeks of receipts")
    first = pd.Timestamp(days.visit_date[0])
    return Network(
        month, grades, asked(session, "screens", month=month), session.whole("zones"),
        asked(session, "forecast_errors", month=month),
        first, first + pd.Timedelta(days=DAYS - 1), str(days.method[0]),
    )  # fmt: skip


def asked(session: Session, name: str, **parameters: object) -> pd.DataFrame:
    """Rows of a question (`sql/questions/`)."""
    select = question(name)
    return session.frame(select.sql, parameters, path=select.path)

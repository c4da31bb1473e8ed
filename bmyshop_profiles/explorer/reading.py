"""What the explorer reads of the lake: one session per month, kept open while the versions that it reads are the current ones.

Belongs here: sessions, and questions put to them. Does not belong here: what is made of the answers. Only tables without people are
opened: what is held open cannot be removed from the disk meanwhile.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from bmyshop_profiles.engine.catalogue import load_catalogue, question
from bmyshop_profiles.engine.lake import POINTER, Lake, TableName
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.months import missions_since, months_between
from bmyshop_profiles.questions.histories import PROFILES, audience_told, profiles_in
from bmyshop_profiles.questions.published import GRADES, is_sold
from bmyshop_profiles.questions.queries import Cell, views
from bmyshop_profiles.settings import Settings

EVERY = "all"
TABLES = (
    *("seen_audience", "store_audience", "store_visits", "store_hour_months", "stores", "store_zones", "zones", "mission_profiles"),
    *("product_taxonomy", "group_grades"),
)
MOST_OPEN = 3  # months
MOST_ANSWERS = 32  # of a month that are kept, of at most a row per shop
Pointers = tuple[tuple[str, int, int], ...]


@dataclass
class Month:
    """A month of the lake, and questions about it. profiles: `known_profiles` of the month."""

    month: str
    settings: Settings
    session: Session
    profiles: pd.DataFrame
    _answers: dict[tuple[object, ...], pd.DataFrame] = field(default_factory=dict)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """Groups on sale over the network, those that are seen first: code (stays the same through the months), and `histories.COLUMNS`."""
        told = self.audience(EVERY)
        told = told[told.grade.map(lambda grade: is_sold(grade, self.settings.sold_from)).astype(bool)]
        ids = dict(zip(self.profiles.profile_key, self.profiles.profile_id, strict=True))
        own = {"mission": self.month[:4]}  # missions are found anew each year
        codes = [f"{row.kind}-{ids.get(row.group_name, row.group_name)}{own.get(row.kind, '')}" for row in told.itertuples()]
        order = told.grade.map(list(GRADES).index), told.kind.map(["mission", "category", "profile"].index)
        told = told.assign(code=codes, by_grade=order[0], by_kind=order[1])
        return told.sort_values(["by_grade", "by_kind"], kind="stable").reset_index(drop=True)

    def audience(self, store: str) -> pd.DataFrame:
        """Groups of a shop's visits, those not on sale left out or folded; nothing where too little is known."""
        found = self.ask(
            "audience",
            kind="all",
            store=store,
            daypart=EVERY,
            weekday=0,
            hour=-1,
            period="month",
            missions_since=missions_since(self.month),
        )
        return audience_told(self.settings, found, self.profiles, Cell(store))

    def shops(self, kind: str, group: str) -> pd.DataFrame:
        """All shops, and the share of a group in their visits; empty texts: of no group."""
        return self.ask("shops_with_group", kind=kind, group_name=group)

    def hours(self, *, store: str = "", store_type: str = "", departement: str = "") -> pd.DataFrame:
        """Receipts by weekday and hour; of all shops where nothing is named."""
        return self.ask("visits_by_hour", store=store, store_type=store_type, departement=departement)

    def moments(self, kind: str, group: str, store: str) -> pd.DataFrame:
        """A group's share by weekday and daypart."""
        return self.ask("group_moments", kind=kind, group_name=group, store=store)

    def ask(self, name: str, **parameters: object) -> pd.DataFrame:
        """Rows of a question (`sql/questions/`) about the month; the last answers are kept, not to be changed."""
        key = (name, *sorted(parameters.items()))
        if key not in self._answers:
            select = question(name)
            answer = self.session.frame(select.sql, {"month": self.month, **parameters}, path=select.path)
            if len(self._answers) == MOST_ANSWERS:
                self._answers.pop(next(iter(self._answers)))
            self._answers[key] = answer
        return self._answers[key]


class Reader:
    """The lake, month by month. One request reads at a time."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self._lake = Lake(settings.lake_dir)
        self._lock = threading.Lock()
        self._open: dict[str, tuple[Pointers, Month, ExitStack]] = {}
        self._known: tuple[Pointers, pd.DataFrame] | None = None

    def months(self) -> list[str]:
        """Months with grades of groups, the last first."""
        return [each.removeprefix("month=") for each in reversed(self._lake.partitions(TableName("audience", "group_grades")))]

    @contextmanager
    def month(self, month: str) -> Iterator[Month]:
        """A month as its current versions say it: a new version shows with the next request."""
        with self._lock:
            now = self._pointers()
            if self._known is None or self._known[0] != now:
                with views(self.settings, tables=PROFILES) as session:  # of all months: names are stable
                    self._known = (now, profiles_in(self.settings, session))
            if month in self._open and self._open[month][0] != now:
                self._close(month)
            if month not in self._open:
                if len(self._open) == MOST_OPEN:
                    self._close(next(iter(self._open)))
                self._open[month] = (now, *self._opened(month, self._known[1]))
            yield self._open[month][1]

    def close(self) -> None:
        """Let go of all sessions."""
        with self._lock:
            for month in list(self._open):
                self._close(month)

    def _opened(self, month: str, profiles: pd.DataFrame) -> tuple[Month, ExitStack]:
        held = ExitStack()
        windows = {"mission_profiles": months_between(missions_since(month), month)}
        session = held.enter_context(views(self.settings, months=[month], windows=windows, tables=TABLES))
        return Month(month, self.settings, session, profiles[profiles.month == month]), held

    def _close(self, month: str) -> None:
        self._open.pop(month)[2].close()

    def _pointers(self) -> Pointers:
        """What tells versions apart: pointers are replaced, never rewritten."""
        catalogue = load_catalogue()
        homes = [self.settings.lake_dir / catalogue[name].room / name for name in {*TABLES, *PROFILES}]
        paths = [*(path for home in homes for path in home.glob(f"*/{POINTER}")), self.settings.names_file]
        return tuple((str(path), told.st_mtime_ns, told.st_ino) for path in sorted(paths) if path.exists() and (told := path.stat()))

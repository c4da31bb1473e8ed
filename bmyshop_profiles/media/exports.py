"""Files that ad servers take: screens, impressions by hour, audience indexes, OpenRTB objects, methodology; or a customer's own CSV.

Multiplier = visits per hour × people per visit × seconds in front of the screen ÷ 3600: how many people stand there at a moment (Little's
law). The last two are inputs with their source, never guessed; without them the multiplier is visits per hour, and the method says so.
Belongs here: what stands in which file. Does not belong here: forecasts and shares (the lake), a customer's columns (`template.py`).
"""

import csv
import datetime
import functools
import importlib.metadata
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bmyshop_profiles.engine.catalogue import load_catalogue, question
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, TableName, partition_of
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.media.files import filled_directory
from bmyshop_profiles.media.forecast import WEEKS, Spread
from bmyshop_profiles.media.network import Network, network_views, read_network
from bmyshop_profiles.media.template import Template, read_template
from bmyshop_profiles.questions.published import GRADES
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.terminal import no_formula

MOST_ROWS = 1_000_000  # of a file; what goes beyond stands in NAME_2.csv and so on
SCREEN_COLUMNS = (
    *("screen", "shop", "name", "store_type", "latitude", "longitude", "insee_commune", "commune", "postcode", "venue_type_id"),
    *("venue_type", "zone"),
)
HOUR_COLUMNS = ("screen", "day_of_week", "hour", "multiplier", "low", "high", "receipts", "method", "valid_from", "valid_to")
INDEX_COLUMNS = ("screen", "daypart", "kind", "group", "share", "low", "high", "index", "grade")
TABLES = ("visits_forecast", "visits_hours", "forecast_quality", "seen_audience", "store_audience", "group_grades", "stores", "store_zones")
Rows = Iterable[Mapping[str, Any]]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Input(_Model):
    """A figure from outside the till, with where it comes from; low and high: of its 90 % interval, where the source has one."""

    value: float = Field(gt=0)
    low: float | None = Field(None, gt=0)
    high: float | None = Field(None, gt=0)
    source: str = Field(min_length=1)


class ExportInputs(_Model):
    """What turns visits into impressions. vendor: domain of the company that measured, where one did."""

    people_per_receipt: Input
    dwell_seconds: Input
    vendor: str | None = Field(None, pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")

    def factors(self) -> tuple[float, float, float]:
        """Of visits per hour: value, low, high."""
        people, dwell = self.people_per_receipt, self.dwell_seconds
        low, high = ((getattr(people, end) or people.value) * (getattr(dwell, end) or dwell.value) / 3600 for end in ("low", "high"))
        return people.value * dwell.value / 3600, low, high


def export_month(
    settings: Settings, month: str, target: Path, *, inputs: Path | None = None, template: Path | None = None
) -> dict[str, int | None]:
    """Write the files of a month into a directory that is new or empty; name → rows (None: no table). All of them or none.

    Raises:
        BmyshopError: nothing was forecast after the month, the inputs or the template are wrong, or the directory is not free.
    """
    told = _inputs(inputs)
    lake = Lake(settings.lake_dir)
    if lake.current(TableName("media", "visits_forecast"), partition_of(month)) is None:
        raise BmyshopError(f"no visits have been forecast after {month}: run that month first (status says which there are)")
    known = {"screens": SCREEN_COLUMNS, "impressions_hourly": HOUR_COLUMNS, "audience_index": INDEX_COLUMNS}
    asked = read_template(template, known) if template else None
    with network_views(settings, month, "audience_index", "hourly_visits") as session:
        network = read_network(settings, session, month)
        made = _Export(settings, session, network, told)
        with filled_directory(target) as directory:
            if asked is not None:
                return _filled(asked, made, directory)
            tables = {"screens": made.screens(), "impressions_hourly": made.hours(), "audience_index": made.indexes()}
            written: dict[str, int | None] = {}
            for name, rows in tables.items():
                written |= _write_table(directory, name, known[name], rows)
            texts = {"screens.geojson": made.geojson(), "methodology.json": made.methodology(lake), "venue_types.json": venue_types()}
            for name, value in texts.items():
                (directory / name).write_text(json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
            with (directory / "openrtb.jsonl").open("w", encoding="utf-8") as stream:
                stream.writelines(f"{json.dumps(each, ensure_ascii=False)}\n" for each in made.openrtb())
            return {**written, **dict.fromkeys([*texts, "openrtb.jsonl"])}


@functools.cache
def venue_types() -> dict[str, Any]:
    """The mapping of kinds of shop to venue types, as shipped."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("venue_types.yml").read_text(encoding="utf-8"))
    return found


class _Export:
    """The rows of each file. A shop has one screen, at its checkout."""

    def __init__(self, settings: Settings, session: Session, network: Network, inputs: ExportInputs | None):
        self._settings, self._session, self._network, self._inputs = settings, session, network, inputs
        self._hourly = self._expected()

    def screens(self) -> Iterator[dict[str, Any]]:
        """Screens of shops with a forecast."""
        shops = self._network.screens
        for row in shops[shops.store_key.isin(set(self._hourly.store_key))].itertuples():
            venue = _venue(row.store_type)
            place = [None if pd.isna(each) else each for each in (row.latitude, row.longitude, row.zone_key, row.zone_name, row.postcode)]
            values = (row.store_key, row.store_key, row.name, row.store_type, *place, venue["id"], venue["name"], "checkout")
            yield dict(zip(SCREEN_COLUMNS, values, strict=True))

    def hours(self) -> Iterator[dict[str, Any]]:
        """Multipliers by weekday and hour."""
        method = "impressions: visits per hour × people per receipt × dwell" if self._inputs else "visits per hour, not impressions"
        dates = (f"{self._network.first:%Y-%m-%d}", f"{self._network.last:%Y-%m-%d}")
        for row in self._hourly.itertuples():
            figures = (round(row.multiplier, 4), round(row.low, 4), round(row.high, 4), round(row.visits, 2))
            yield dict(zip(HOUR_COLUMNS, (row.store_key, row.weekday, row.sold_hour, *figures, method, *dates), strict=True))

    def indexes(self) -> Iterator[dict[str, Any]]:
        """Shares and indexes of groups on sale."""
        sold = {(row.kind, row.group_name): (row.name, GRADES[row.grade]) for row in self._network.sold(self._settings).itertuples()}
        select = question("audience_index")
        cursor = self._session.execute(select.sql, {"month": self._network.month}, path=select.path)
        while rows := cursor.fetchmany(50_000):
            for store, daypart, kind, group, share, low, high, index in rows:
                if (kind, group) in sold:
                    name, grade = sold[kind, group]
                    yield dict(zip(INDEX_COLUMNS, (store, daypart, kind, name, share, low, high, index, grade), strict=True))

    def geojson(self) -> dict[str, Any]:
        """The screens that stand somewhere known (RFC 7946)."""
        features = [
            {
                "type": "Feature",
                "id": row["screen"],
                "geometry": {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]},
                "properties": {name: row[name] for name in SCREEN_COLUMNS if name not in ("latitude", "longitude")},
            }
            for row in self.screens()
            if row["latitude"] is not None
        ]
        return {"type": "FeatureCollection", "features": features}

    def openrtb(self) -> Iterator[dict[str, Any]]:
        """Each screen's dooh object; with inputs, an imp and its qty for each hour of the week."""
        hours = dict(list(self._hourly.groupby("store_key"))) if self._inputs else {}
        source: dict[str, Any] = {"sourcetype": 2}  # provided by the publisher
        if self._inputs and self._inputs.vendor:
            source = {"sourcetype": 1, "vendor": self._inputs.vendor}
        for screen in self.screens():
            key = screen["screen"]
            dooh = {
                "id": key, "name": screen["name"], "venuetype": [str(_venue(screen["store_type"])["openrtb_id"])],
                "venuetypetax": venue_types()["openrtb_taxonomy"], "keywords": "checkout",
            }  # fmt: skip
            imps = [
                {"id": f"{row.weekday}-{row.sold_hour}", "qty": {"multiplier": round(row.multiplier, 4), **source},
                 "ext": {"day_of_week": row.weekday, "hour": row.sold_hour}}
                for row in (hours[key].itertuples() if key in hours else ())
            ]  # fmt: skip
            yield {"dooh": dooh, **({"imp": imps} if imps else {})}

    def methodology(self, lake: Lake) -> dict[str, Any]:
        """How every figure is made, of which data, under which licences."""
        month, catalogue = self._network.month, load_catalogue()
        versions = {name: lake.current(TableName(catalogue[name].room, name), partition_of(month)) for name in TABLES}
        given = self._inputs.model_dump() if self._inputs else None
        return {
            "month": month,
            "valid_from": f"{self._network.first:%Y-%m-%d}",
            "valid_to": f"{self._network.last:%Y-%m-%d}",
            "made_on": f"{datetime.date.today():%Y-%m-%d}",
            "software": {"bmyshop_profiles": importlib.metadata.version("bmyshop-profiles")},
            "content_hashes": {name: version.content_hash for name, version in versions.items() if version is not None},
            "what_is_counted": "A visit is a receipt, not a person. One screen per shop, at its checkout; a shop stands at the "
            "centre of its commune.",
            "formulas": {
                "receipts": f"forecast of visits in that hour of an ordinary day of that weekday, from: {self._network.method}",
                "low, high of receipts": "90 % interval of one such hour, from the errors of past forecasts",
                "multiplier": "receipts × people_per_receipt × dwell_seconds ÷ 3600: people before the screen at a moment (Little's law)"
                if self._inputs
                else "receipts: people per receipt and dwell time were not given, so these are visits per hour, not impressions",
                "share": "share of the receipts of the shop and daypart in the month; low and high: its 90 % interval",
                "index": "100 × share ÷ share over the network",
            },
            "left_out": f"shops and hours with fewer than {self._settings.receipts_to_publish} receipts in {WEEKS} weeks; groups below the "
            f"grade {GRADES[self._settings.sold_from]}",
            "inputs": given,
            "taxonomies": {"venue types": venue_types()["taxonomy"], "openrtb": "2.6", "openrtb venuetypetax": "5: OpenOOH 1.1"},
            "sources": {
                "communes and their centres": "INSEE and La Poste, Licence Ouverte 2.0 (Etalab)",
                "school holidays": "Ministère de l'Éducation nationale, Licence Ouverte 2.0 (package vacances-scolaires-france, MIT)",
                "public holidays": "package holidays (MIT)",
                "venue types": "OpenOOH venue taxonomy 1.2.1, openooh.org",
            },
            "not_a_measurement": "These files are an input to audience measurement; they are not an audience measurement.",
        }  # fmt: skip

    def _expected(self) -> pd.DataFrame:
        """store_key, weekday, sold_hour, visits, multiplier, low, high of hours that may be published."""
        select = question("hourly_visits")
        found = self._session.frame(select.sql, {"month": self._network.month}, path=select.path)
        found = found[found.visits * WEEKS >= self._settings.receipts_to_publish]
        quality = self._network.quality
        told = quality[quality.horizon_weeks == 8].set_index("measure").value
        spread = Spread(*(float(told[f"hour_{name}"]) for name in ("chance", "spread", "low", "high")))
        low, high = spread.interval(found.visits.to_numpy())
        middle, least, most = self._inputs.factors() if self._inputs else (1.0, 1.0, 1.0)
        return found.assign(multiplier=found.visits * middle, low=low * least, high=high * most)


def _inputs(path: Path | None) -> ExportInputs | None:
    if path is None:
        return None
    try:
        return ExportInputs.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BmyshopError(f"{path}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BmyshopError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        lines = [f"{path}: {'.'.join(map(str, each['loc'])) or 'the inputs'}: {each['msg']}" for each in error.errors()]
        raise BmyshopError("\n".join(lines)) from None


def _venue(store_type: str) -> dict[str, Any]:
    found: dict[str, Any] = venue_types()["store_types"].get(store_type, venue_types()["fallback"])
    return found


def _filled(template: Template, made: _Export, directory: Path) -> dict[str, int | None]:
    rows: Rows = {"screens": made.screens, "impressions_hourly": made.hours, "audience_index": made.indexes}[template.table]()
    screens = {row["screen"]: row for row in made.screens()} if template.table != "screens" else {}
    complete = ({**screens.get(row["screen"], {}), **row} for row in rows)
    return _write_table(directory, template.name, template.header, (template.row(row) for row in complete), template.delimiter)


def _write_table(directory: Path, name: str, columns: Sequence[str], rows: Rows, delimiter: str = ",") -> dict[str, int | None]:
    """Rows as CSV, in files of at most `MOST_ROWS`; name → rows. Texts that are formulas to a spreadsheet are led by an apostrophe."""
    written: dict[str, int | None] = {}
    waiting = iter(rows)
    row = next(waiting, None)
    while row is not None or not written:
        file = f"{name}{f'_{len(written) + 1}' if written else ''}.csv"
        count = 0
        with (directory / file).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter=delimiter)
            writer.writerow(columns)
            while row is not None and count < MOST_ROWS:
                writer.writerow([no_formula(row[column]) for column in columns])
                count, row = count + 1, next(waiting, None)
        written[file] = count
    return written

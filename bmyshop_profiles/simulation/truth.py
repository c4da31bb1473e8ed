"""What only evaluation may know, in a directory of its own: who is who, who was behind a receipt, what was damaged.

Belongs here: writing it. Does not belong here: reading it (`evaluation.truth`, benchmarks); no room and no asset ever does.
"""

import json
from dataclasses import asdict
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from bmyshop_profiles.engine.session import literal
from bmyshop_profiles.simulation.missions import MISSIONS
from bmyshop_profiles.simulation.model import DAYPARTS, Model
from bmyshop_profiles.simulation.people import USUAL_SHOPS, People
from bmyshop_profiles.simulation.places import Places

# caisse_b writes its days as the French do
_RECEIPTS = """
with amounts as (select receipt, sum(cents)::bigint as amount_cents from lines inner join goods using (item) group by receipt),
days as (
    select distinct source_row, day, flavours[source_row + 1] as source, make_timestamp(day::bigint * 86400000000)::date as date,
        if(source = 'caisse_b', strftime(date, '%d/%m/%Y'), date::varchar) as day_text,
    from receipts
    cross join (select $flavours::varchar[] as flavours)
)
select
    source,
    shop,
    till,
    date as day,
    ticket,
    concat(shop, '/', day_text, '/', till, '/', ticket) as receipt_key,
    sold_at,
    shopper,
    nullif(persona, 0) as persona,
    mission + 1 as mission,
    has_app and member is not null as is_identified,
    shows_card and card is not null as has_card,
    lines_count as line_count,
    amount_cents,
    daypart,
    $month as month,
from receipts
inner join days using (source_row, day)
inner join shop_texts using (shop_row)
inner join shoppers using (shopper)
inner join amounts using (receipt)
order by receipt
"""


class Truth:
    """Writes the truth of one network as it is drawn."""

    def __init__(self, directory: Path, model: Model) -> None:
        self._directory, self._model = directory, model
        self._defects: list[pd.DataFrame] = []
        self._mixes: list[pd.DataFrame] = []
        self._members: list[pd.DataFrame] = []
        self._switches: list[pd.DataFrame] = []

    @property
    def defect_kinds(self) -> list[str]:
        """Kind of every defect so far."""
        return [kind for frame in self._defects for kind in frame["kind"]]

    def open(self, **arguments: object) -> None:
        """The first file written marks the directory as ours, should the simulation be stopped half-way."""
        for name in ("shoppers", "receipts"):
            (self._directory / name).mkdir(parents=True, exist_ok=True)
        personas = self._model.parameters.personas
        frame = {"persona": range(1, len(personas) + 1), "name": [p.name for p in personas], "share": self._model.shares[1:]}
        pd.DataFrame(frame).to_parquet(self._directory / "personas.parquet", index=False)
        missions = {"mission": range(1, len(MISSIONS) + 1), "name": [mission.name for mission in MISSIONS]}
        pd.DataFrame(missions).to_parquet(self._directory / "missions.parquet", index=False)
        (self._directory / "parameters.json").write_text(self._told(arguments), encoding="utf-8")

    def must_be_of(self, **arguments: object) -> None:
        """Refuse to continue what was begun otherwise. Raises ValueError."""
        file = self._directory / "parameters.json"
        if file.exists() and file.read_text(encoding="utf-8") != self._told(arguments):
            raise ValueError(f"{file} tells of another network: a month continues the one that was begun, or begins in an empty directory")

    def _told(self, arguments: dict[str, object]) -> str:
        told = {name: str(value) if isinstance(value, Path) else value for name, value in arguments.items()}
        return json.dumps(told | {"parameters": asdict(self._model.parameters)}, ensure_ascii=False, indent=1)

    def people(self, batch: int, people: People, members: pd.DataFrame, places: Places, rate: np.ndarray) -> None:
        """The shoppers of a batch, switches of persona, and what is true of the list of members; rate: intended visits a day."""
        table = people.table
        shops = places.shops["shop"].to_numpy(dtype=object)
        homes = np.stack([shops[table[f"shop_{n + 1}"]] for n in range(USUAL_SHOPS)], axis=1)
        known = pd.DataFrame(
            {
                "shopper": table["shopper"],
                "member": table["member"],
                "card": table["card"],
                "persona": pd.Series(table["persona"], dtype="Int16").mask(table["persona"] == 0),
                "trait": table["trait"],
                "sex": np.where(table["is_woman"] == 1, "female", "male"),
                "birth_year": table["birth_year"],
                "zone_key": places.communes["zone_key"].to_numpy()[table["commune"]],
                "joined_on": pd.to_datetime(table["joined_on"].where(table["member"].notna()), unit="D"),
                "home_stores": [list(dict.fromkeys(row)) for row in homes],
                "group": table["group"],
                "area": table["area"],
                "visits_a_day": rate,
                "first_day": table["first_day"],
                "last_day": table["last_day"],
            }
            | {name: table[name] for name in table if name.startswith(("shop_", "bound_"))}
        )
        known.to_parquet(self._directory / "shoppers" / f"{batch:03d}.parquet", index=False)
        self._members.append(members)
        moves = people.switches
        self._switches.append(
            pd.DataFrame(
                {
                    "shopper": table["shopper"].to_numpy()[moves["row"]],
                    "from_date": pd.to_datetime(moves["day"], unit="D"),
                    "persona": moves["persona"],
                }
            )
        )

    def defects(self, found: pd.DataFrame) -> None:
        """Lines written wrongly."""
        if len(found):
            self._defects.append(found)

    def month(self, con: duckdb.DuckDBPyConnection, month: str, name: str) -> tuple[pd.DataFrame, int, int]:
        """Write the receipts drawn last in a connection; returns the visit mix of their cells, their count and their lines."""
        path = self._directory / "receipts" / f"{name}.parquet"
        flavours = list(self._model.parameters.flavours)
        con.execute(f"copy ({_RECEIPTS}) to {literal(path)} (format parquet, compression zstd)", {"month": month, "flavours": flavours})
        mix = con.execute("select shop_row, daypart, persona, count(*) as visits from receipts group by all order by all").df()
        counts = con.execute("select count(*), coalesce(sum(lines_count), 0)::bigint from receipts").fetchall()[0]
        return mix.assign(month=month), counts[0], counts[1]

    def mix(self, found: pd.DataFrame) -> None:
        """Visits by shop, daypart and persona, of a part of a month."""
        self._mixes.append(found)

    def close(self, places: Places, month: str | None) -> None:
        """What is known only when all is drawn. month: if it is the only one, what other months left stays."""
        _parquet(self._members, self._directory / "members.parquet")
        _parquet(self._switches, self._directory / "switches.parquet")
        defects = pd.concat(self._defects) if self._defects else pd.DataFrame({"file": [], "line": [], "kind": []}, dtype=object)
        mixes = pd.concat(self._mixes).groupby(["month", "shop_row", "daypart", "persona"], as_index=False)["visits"].sum()
        mixes["visit_share"] = mixes["visits"] / mixes.groupby(["month", "shop_row", "daypart"])["visits"].transform("sum")
        mixes.insert(1, "shop", places.shops["shop"].to_numpy()[mixes["shop_row"]])
        mixes["daypart"] = np.array(DAYPARTS)[mixes["daypart"]]
        mixes["persona"] = mixes["persona"].astype("Int16").mask(mixes["persona"] == 0)
        mixes = mixes.drop(columns="shop_row")
        earlier = {name: self._directory / f"{name}.parquet" for name in ("defects", "visit_mixes")}
        if month and earlier["visit_mixes"].exists():
            told, known = pd.read_parquet(earlier["defects"]), pd.read_parquet(earlier["visit_mixes"])
            is_again = told["file"].str.contains(f"_{month}|_{month.replace('-', '')}").astype(bool)
            defects = pd.concat([told[~is_again], defects])
            mixes = pd.concat([known[known["month"] != month], mixes]).sort_values("month", kind="stable")
        defects = defects.sort_values(["file", "line", "kind"], kind="stable").astype({"file": str, "line": "int64", "kind": str})
        defects.to_parquet(earlier["defects"], index=False)
        mixes.to_parquet(earlier["visit_mixes"], index=False)


def _parquet(frames: list[pd.DataFrame], path: Path) -> None:
    pd.concat(frames, ignore_index=True).to_parquet(path, index=False)

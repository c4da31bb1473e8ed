"""`simulate`: draws a network area by area and month by month, has its files written, keeps the truth apart. The entry to this room.

Memory does not grow with the number of lines: people are drawn and served by batches of areas, days by chunks. Each month of a batch has
files of its own, and is drawn by one thread from first to last line: months are made side by side, and their files depend on nothing else.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from bmyshop_profiles.privacy.pseudonyms import mark_simulated
from bmyshop_profiles.simulation.batches import batches
from bmyshop_profiles.simulation.calendar import days_of
from bmyshop_profiles.simulation.drawing import DATABASE, Drawing, put, quiet
from bmyshop_profiles.simulation.mapping import sources_mapping
from bmyshop_profiles.simulation.member_list import FirstNames, draw_members, first_names
from bmyshop_profiles.simulation.mixing import stream
from bmyshop_profiles.simulation.model import Model
from bmyshop_profiles.simulation.parameters import Parameters, parameters_of
from bmyshop_profiles.simulation.people import rates
from bmyshop_profiles.simulation.places import Places, draw_places, zones
from bmyshop_profiles.simulation.pricing import price_goods
from bmyshop_profiles.simulation.raw_files import FLAVOURS, SourceFile, file_name, write_chunk, write_resend
from bmyshop_profiles.simulation.sizing import expected_lines, factor_for
from bmyshop_profiles.simulation.truth import Truth

LINES_OF_A_CHUNK = 500_000  # a thread holds one chunk


@dataclass(frozen=True)
class SimulatedNetwork:
    """What `simulate` wrote."""

    directory: Path
    sources: Path  # the source mapping
    months: tuple[str, ...]
    lines: int  # of receipts, in all raw files, headers apart
    receipts: int  # different ones
    defects: dict[str, int]  # lines by kind of defect


def simulate(
    directory: Path,
    *,
    seed: int = 0,
    stores: int = 40,
    members: int = 3000,
    anonymous_shoppers: int = 30_000,
    first_month: str = "2025-01",
    months: int = 4,
    lines: int = 1_000_000,
    parameters: Parameters | None = None,
    zones_directory: Path | None = None,
    names_file: Path | None = None,
    threads: int | None = None,
    progress: Callable[[str], None] | None = None,
    month: str | None = None,
) -> SimulatedNetwork:
    """Write raw files, source mapping and truth of a made-up network under `directory`. The same arguments give the same bytes.

    `lines` is what the whole network sells, roughly. `truth/` says who is who and is for evaluation only. Receipts in the truth
    are as they were at the till, before their lines were damaged on the way to a file. `threads` changes nothing but the time it takes.

    month: write the files of this one of the months and leave those of others as they are, there or deleted: months one by one, in any
    order, give the files of all at once. Whoever comes, goes or changes does so within all `months`, which must be those of the other runs.

    zones_directory: INSEE's files of communes and shops; names_file: INSEE's first names. Without them embedded summaries serve.

    Raises:
        ValueError: a size is too small, or another network was begun in the directory. FileExistsError: the directory holds somebody
        else's files. FileNotFoundError: an INSEE file is missing.
    """
    for name, value, least in (("stores", stores, 2), ("members", members, 1), ("anonymous_shoppers", anonymous_shoppers, 0)):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
    if months < 1 or lines < 1:
        raise ValueError(f"months and lines must be at least 1, not {months} and {lines}")
    keys = tuple(str(np.datetime64(first_month, "M") + number) for number in range(months))
    if month is not None and month not in keys:
        raise ValueError(f"{month} is none of the months of the network, {keys[0]} to {keys[-1]}: people come and go within them")
    model = Model(parameters or Parameters(), seed)
    directory = Path(directory)
    truth = Truth(directory / "truth", model)
    arguments = {
        "seed": seed, "stores": stores, "members": members, "shoppers": members + anonymous_shoppers, "months": keys, "lines": lines,
        "zones_directory": zones_directory, "names_file": names_file,
    }  # fmt: skip
    if month is not None:
        truth.must_be_of(**arguments)
    _prepare(directory, month)
    truth.open(**arguments)
    say = progress or (lambda text: None)
    say(f"{stores} shops, {members} members, {anonymous_shoppers} anonymous shoppers")

    places = draw_places(model, zones(zones_directory), stores)
    count = threads or os.cpu_count() or 1
    with quiet(duckdb.connect(config=DATABASE)) as con, ThreadPoolExecutor(count) as pool:
        writer = _Writer(con, pool, model, places, directory, truth, keys, (month,) if month else keys, say)
        try:
            writer.write(members, members + anonymous_shoppers, lines, first_names(names_file))
        except BaseException:
            pool.shutdown(cancel_futures=True)  # months that have not begun
            raise
    truth.close(places, month)
    sources_mapping(directory, model.parameters.flavours)
    mark_simulated(directory / "sources.yaml")
    return SimulatedNetwork(
        directory,
        directory / "sources.yaml",
        writer.written,
        writer.lines,
        writer.receipts,
        dict(sorted(Counter(truth.defect_kinds).items())),
    )


def continue_network(
    directory: Path, month: str, *, threads: int | None = None, progress: Callable[[str], None] | None = None
) -> SimulatedNetwork:
    """Write the files of another month of a network that was begun in `directory`, with the arguments it was begun with.

    Raises:
        FileNotFoundError: none was begun there. Else as `simulate`.
    """
    file = Path(directory) / "truth" / "parameters.json"
    if not file.exists():
        raise FileNotFoundError(f"{file}: no simulated network was begun in {directory}")
    told = json.loads(file.read_text(encoding="utf-8"))
    places = {name: Path(told[name]) if told[name] else None for name in ("zones_directory", "names_file")}
    return simulate(
        directory, seed=told["seed"], stores=told["stores"], members=told["members"], anonymous_shoppers=told["shoppers"] - told["members"],
        first_month=told["months"][0], months=len(told["months"]), lines=told["lines"], parameters=parameters_of(told["parameters"]),
        zones_directory=places["zones_directory"], names_file=places["names_file"], threads=threads, progress=progress, month=month,
    )  # fmt: skip


def _prepare(directory: Path, month: str | None) -> None:
    """Make room for files; receipts of an earlier simulation go (of one month: those of the month), anybody else's are refused."""
    is_ours = (directory / "truth" / "personas.parquet").exists()
    present = [path for flavour in FLAVOURS for path in sorted((directory / "raw" / flavour).glob("*"))]
    if present and not is_ours:
        raise FileExistsError(f"{present[0]} was not written by the simulator; choose an empty directory")
    if month is None:
        told = [*present, *sorted((directory / "truth").rglob("*.parquet"))]
        shutil.rmtree(directory / "truth" / "unlimited", ignore_errors=True)
    else:
        raw = [path for flavour in FLAVOURS for path in sorted(directory.glob(file_name(flavour, month, "*")))]
        told = [*raw, *sorted((directory / "truth" / "receipts").glob(f"{month}_*.parquet"))]
    for file in told:
        file.unlink(missing_ok=True)


@dataclass
class _Month:
    """What is known once a month of a batch is written."""

    name: str
    defects: list[pd.DataFrame] = field(default_factory=list)
    mixes: list[pd.DataFrame] = field(default_factory=list)
    lines: int = 0
    receipts: int = 0


class _Writer:
    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        pool: ThreadPoolExecutor,
        model: Model,
        places: Places,
        directory: Path,
        truth: Truth,
        months: tuple[str, ...],
        written: tuple[str, ...],
        say: Callable[[str], None],
    ) -> None:
        self._pool, self._model, self._places, self._directory = pool, model, places, directory
        self._truth, self._months, self._say = truth, months, say
        self._days = days_of(months[0], months[-1])
        self._con, self._drawing = con, Drawing(model, places, self._days)
        put(con, "shop_texts", places.shops[["shop"]].assign(shop_row=np.arange(len(places.shops))), "table")
        self._flavours = model.parameters.flavours
        for flavour in self._flavours:
            (directory / "raw" / flavour).mkdir(parents=True, exist_ok=True)
        self.written, self.lines, self.receipts = written, 0, 0

    def write(self, members: int, shoppers: int, lines: int, names: FirstNames) -> None:
        """All batches, all months."""
        factor, lists, largest = 0.0, [], self._drawing.largest_weights
        for batch in batches(self._model, self._places, members=members, shoppers=shoppers, days=self._days):
            table = batch.people.table
            if batch.number == 0:  # the first batch stands for all in what a shopper buys
                factor = factor_for(self._model, self._places, table, self._days, largest, lines * batch.share)
            listed, told = draw_members(self._model.seed, batch.number, table, names, self._model.parameters.objectors)
            lists.append(listed)
            rate = rates(self._model, table, table["persona"].to_numpy(), factor, largest)
            self._truth.people(batch.number, batch.people, told, self._places, rate)
            self._drawing.settle(batch.areas, batch.people, factor, self._pool.map)
            put(self._con, "shoppers", table[["shopper", "member", "card"]], "table")
            expected = expected_lines(self._model, self._places, table, self._days, largest, factor)
            part = "" if batch.is_only else f"_{batch.number:03d}"
            chunks = int(np.ceil(expected / len(self._months) / LINES_OF_A_CHUNK))
            jobs = [self._pool.submit(self._write_month, month, part, batch.number, chunks) for month in self.written]
            for job in jobs:
                self._take(job.result())
        self._write_lists(pd.concat(lists, ignore_index=True).sort_values("member", ignore_index=True))

    def _write_month(self, month: str, part: str, batch: int, most_chunks: int) -> _Month:
        """The files of a month of a batch and its receipts in the truth, in a thread: what is common to all months is only read."""
        model, found = self._model, _Month(f"{month}{part}")
        days = days_of(month, month)
        files = {flavour: self._file(file_name(flavour, month, part)) for flavour in self._flavours}
        is_resent = month == self._months[len(self._months) // 2] and "caisse_a" in self._flavours and model.parameters.defects > 0
        with quiet(self._con.cursor()) as con:
            price_goods(con, model, month)
            people = self._drawing.present(month)
            for number, chunk in enumerate(np.array_split(days, min(len(days), most_chunks))):
                keys = [stream(model.seed, "defects", month, batch, number, flavour) for flavour in self._flavours]
                self._drawing.draw(con, people, chunk, keys)
                for row, flavour in enumerate(self._flavours):
                    found.defects.append(write_chunk(con, flavour, row, files[flavour], factor=model.parameters.defects))
                    if flavour == "caisse_a" and is_resent and number == 0:
                        resend = self._file(file_name(flavour, month, f"{part}_resend"))
                        found.defects.append(write_resend(con, row, resend, factor=model.parameters.defects))
                        found.lines += len(found.defects[-1])
                mix, receipts, lines = self._truth.month(con, month, f"{month}_{batch:03d}_{number:03d}")
                found.mixes.append(mix)
                found.receipts += receipts
                found.lines += lines
        return found

    def _take(self, found: _Month) -> None:
        """Tell the truth of a month, in the order of months."""
        for defects in found.defects:
            self._truth.defects(defects)
        for mix in found.mixes:
            self._truth.mix(mix)
        self.receipts += found.receipts
        self.lines += found.lines
        self._say(f"{found.name}: {found.receipts} receipts, {found.lines} lines")

    def _file(self, name: str) -> SourceFile:
        return SourceFile(self._directory / name, name)

    def _write_lists(self, members: pd.DataFrame) -> None:
        raw = self._directory / "raw"
        shops = self._places.shops[["shop", "name", "type_name", "postcode", "city"]].rename(columns={"type_name": "type"})
        products = pd.DataFrame([(p.ean, p.label, p.family) for p in self._model.products], columns=["ean", "label", "family"])
        for name, frame in (("stores", shops), ("products", products), ("members", members)):
            frame.to_csv(raw / f"{name}.csv", index=False, lineterminator="\n")

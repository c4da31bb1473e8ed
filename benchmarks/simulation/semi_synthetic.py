"""Receipts of real people dealt into shops with a planted mix: a world whose mix is known and whose baskets no model of ours made.

Belongs here: dealing people or receipts, and writing a dealt world as raw files and truth. Does not belong here: reading a data set,
fitting the profiles by which people are dealt (`helpers/real_people.py`, `typology`).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from bmyshop_profiles.simulation.mapping import sources_mapping
from bmyshop_profiles.simulation.raw_files import file_name

LINE_COLUMNS = ("person", "receipt", "sold_at", "item", "amount_cents")


class Pool:
    """Receipts to deal from, by group of their person. group and person: of each receipt (receipts,), integers."""

    def __init__(self, group: np.ndarray, person: np.ndarray, groups: int) -> None:
        self._receipts = {p: np.flatnonzero(person == p) for p in np.unique(person)}
        self._people = [np.array([p for p, rows in self._receipts.items() if group[rows[0]] == k], dtype=int) for k in range(groups)]
        self._weights = [np.array([len(self._receipts[p]) for p in own], dtype=float) for own in self._people]

    @property
    def is_present(self) -> np.ndarray:
        """Whether a group has people (groups,)."""
        return np.array([len(own) > 0 for own in self._people])

    def deal(self, rng: np.random.Generator, mix: np.ndarray, *, people: int, each: int, drawn_as: str) -> tuple[np.ndarray, np.ndarray]:
        """One shop: rows of the receipts of `people` people drawn by `mix`, `each` receipts of each, and the mix that came of it.

        drawn_as: "people" draws those of a group alike, "visits" by their number of receipts, as a till meets them.
        """
        drawn = rng.choice(len(mix), people, p=mix / mix.sum())
        rows = [rng.choice(self._receipts[self._one(rng, k, drawn_as)], each) for k in drawn]
        return np.concatenate(rows), np.bincount(drawn, minlength=len(mix)) / people

    def _one(self, rng: np.random.Generator, group: int, drawn_as: str) -> int:
        weights = self._weights[group]
        return int(rng.choice(self._people[group], p=None if drawn_as == "people" else weights / weights.sum()))


def write_dealt(
    directory: Path,
    lines: pd.DataFrame,
    profile: pd.Series,
    *,
    shops: int = 30,
    member_share: float = 0.3,
    concentration: float = 10.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Write a dealt world as raw files of `caisse_a`, with mapping and truth; returns the planted mix: shop × profile, shares of visits.

    lines: LINE_COLUMNS, one row per line. profile: group of each person, by person. Each shop draws a mix around that of all people
    (Dirichlet,
    `concentration`); a person uses one shop, drawn in proportion to the share its group has there. A share of the people are members, all
    of
    whose receipts are identified; the others are anonymous throughout: nobody is both.

    Raises:
        ValueError: a column is missing, or a person has no profile.
    """
    missing = [name for name in LINE_COLUMNS if name not in lines]
    if missing:
        raise ValueError(f"lines to deal lack {', '.join(missing)}; they have {', '.join(map(str, lines.columns))}")
    people = pd.Index(sorted(lines["person"].unique()))
    if profile.reindex(people).isna().any():
        raise ValueError(f"{int(profile.reindex(people).isna().sum())} people have no profile; deal only those who have one")
    rng = np.random.default_rng(seed)
    group, names = pd.factorize(profile.reindex(people), sort=True)
    mixes = rng.dirichlet(concentration * np.bincount(group) / len(group) + 1e-9, shops) + 1e-12
    chance = (mixes / mixes.sum(axis=0)).T[group]
    shop = (chance.cumsum(axis=1) < rng.random((len(people), 1)) * chance.sum(axis=1, keepdims=True)).sum(axis=1)
    is_member = rng.random(len(people)) < member_share
    members = np.where(is_member, [f"APP-{number:08d}" for number in rng.permutation(len(people))], "")
    row = people.get_indexer(pd.Index(lines["person"]))
    receipts = pd.factorize(lines["receipt"])[0] + 1
    sold_at = pd.to_datetime(lines["sold_at"])
    table = pd.DataFrame(
        {
            "shop": [f"D{number + 1:04d}" for number in shop[row]],
            "till": 1,
            "ticket": receipts,
            "sold_at": sold_at.groupby(receipts).transform("min").dt.strftime("%Y-%m-%d %H:%M:%S").to_numpy(),
            "ean": lines["item"].to_numpy(),
            "label": lines["item"].to_numpy(),
            "family": "",
            "qty": 1,
            "unit_price": [f"{cents / 100:.2f}" for cents in lines["amount_cents"]],
            "total": [f"{cents / 100:.2f}" for cents in lines["amount_cents"]],
            "member": members[row],
            "card": "",
            "payment": "",
        }
    )
    raw, truth = directory / "raw", directory / "truth"
    for path in (raw / "caisse_a", truth / "receipts", truth / "shoppers"):
        path.mkdir(parents=True, exist_ok=True)
    for month, part in table.groupby(table["sold_at"].str[:7]):
        part.sort_values(["sold_at", "ticket"], kind="stable").to_csv(
            directory / file_name("caisse_a", str(month)), index=False, lineterminator="\n"
        )
    stores = pd.DataFrame({"shop": [f"D{number + 1:04d}" for number in range(shops)], "name": "", "type": "", "postcode": "", "city": ""})
    listed = pd.DataFrame({"member": sorted(members[is_member])}).assign(
        first_name="", last_name="", birth_date="", age="", declared_on="", joined_on="", no_profiling="non", email_hash=""
    )
    for name, frame in (("stores", stores), ("products", table[["ean", "label", "family"]].drop_duplicates("ean")), ("members", listed)):
        frame.to_csv(raw / f"{name}.csv", index=False, lineterminator="\n")
    sources_mapping(directory, ("caisse_a",))
    known = pd.DataFrame(
        {"shopper": np.arange(len(people)), "member": pd.Series(members).where(is_member), "card": None, "persona": group + 1}
    )
    known.to_parquet(truth / "shoppers" / "000.parquet", index=False)
    first = table.assign(shopper=row, persona=group[row] + 1, source="caisse_a").drop_duplicates("ticket")
    first["receipt_key"] = first["shop"] + "/" + first["sold_at"].str[:10] + "/1/" + first["ticket"].astype(str)
    first["is_identified"], first["month"] = first["member"] != "", first["sold_at"].str[:7]
    kept = ["source", "shop", "receipt_key", "sold_at", "shopper", "persona", "is_identified", "month"]
    first[kept].to_parquet(truth / "receipts" / "000.parquet", index=False)
    visits = pd.crosstab(first["shop"], names[first["persona"] - 1], normalize="index")
    return visits.rename_axis(index="shop", columns="profile")

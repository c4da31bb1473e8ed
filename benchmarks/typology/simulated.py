"""Does the typology find what is there? `python -m benchmarks.typology.simulated [--worlds …] [--months 4 12] [--members 3000]`

Worlds: `default`: AMI between the profile of everybody (the atypical in the nearest one) and the true persona, beside Bayes assignment of
the same receipts by an observer who knows the simulator's model. `overlap`: the same as personas overlap ever more. `links`: with and
without a link of personas to types of shops, and what shops and dayparts do. `demography`: age, sex and zone beside behaviour
(demography.py). `dealt`: real people dealt into shops (dealt.py). `continuum`: is it called natural where there are no
clusters (continuum.py). Nothing of the package is chosen on these figures, but for the margin of a natural typology, on other
seeds. Worlds whose data are absent are skipped, and say so.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.helpers import report
from benchmarks.helpers.simulated_members import main_shop_types, personas_of, run_network
from benchmarks.helpers.windows import WINDOW, read_window
from benchmarks.typology.continuum import DRAWS, WORLDS, continuum
from benchmarks.typology.dealt import dealt
from benchmarks.typology.demography import conclusion, households, known_of, table
from bmyshop_profiles.privacy.pseudonyms import load_key, pseudonym
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import OVERLAPS, Parameters
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour
from bmyshop_profiles.typology.model.fit import Typology

OF_BAYES = {4: 0.80, 12: 0.90}
SHOP_LINK = 0.10
MOST_PROFILES = 16
RATE = 60  # lines of the network per member and month
OVERLAP = (0.3, OVERLAPS["default"], 0.7, OVERLAPS["hard"])
TASTES = 1000  # drawn in Bayes assignment
TABLES = (*WINDOW, "stores", "member_demographics", "member_zones")
KNOWN = ("age", "sex", "zone")
KINDS = ("default", "overlap", "links", "demography", "dealt", "continuum")


def ami(one: np.ndarray, other: np.ndarray) -> float:
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(one, other))


def measured(settings: Settings, *, variants: bool) -> tuple[dict[str, dict[str, float]], np.ndarray, pd.Series]:
    """AMI of profiles with personas and with main types of shop, by variant of the behaviour; members' keys and their profiles."""
    with views(settings) as session:
        month = settings.months()[-1]
        members, how = read_window(session, month)
        types = main_shop_types(session, members.keys, month)
    persona = personas_of(settings, members.keys)

    def without(part: Behaviour, *, shops: bool, dayparts: bool) -> Behaviour:
        return behaviour(part.items, visits=part.visits if shops else None, others=part.others if dayparts else None)

    found, profiles = {}, np.zeros(0)
    names = {"as served": (True, True), "no shops": (False, True), "no dayparts": (True, False), "items alone": (False, False)}
    for name, (shops, dayparts) in names.items() if variants else [("as served", (True, True))]:
        first, second, whole = (without(part, shops=shops, dayparts=dayparts) for part in how[:3])
        model = Typology(most_profiles=MOST_PROFILES, least_receipts=2)
        model.fit(first, receipts=members.receipts, other=second, store_items=how.store_items if shops else None)
        labels = model.nearest(whole)
        found[name] = {"persona": ami(persona, labels), "shop_type": ami(types, labels), "profiles": model.profiles_.count}
        profiles = labels if name == "as served" else profiles
    found["personas and shop types"] = {"persona": 1.0, "shop_type": ami(types, persona), "profiles": int(persona.max()) + 1}
    return found, members.keys, pd.Series(profiles, index=members.keys)


def bayes(settings: Settings, profiles: pd.Series, *, sample: int) -> dict[str, float]:
    """AMI with the persona of Bayes assignment and of the profiles, on the same members and all their identified receipts.

    error: standard error of the ratio of the two, by jackknife over tenths of the members.
    """
    from benchmarks.simulation.posterior import Oracle, Receipt

    truth = settings.data_dir / "simulated" / "truth"
    shoppers = pd.read_parquet(truth / "shoppers", columns=["shopper", "member", "persona"]).dropna(subset="member")
    key = load_key(settings.vault_dir)
    shoppers.index = [pseudonym(key, "member", raw) for raw in shoppers.member]
    chosen = shoppers.loc[shoppers.index.isin(profiles.index)].sort_index().iloc[:: max(1, len(profiles) // sample)]
    with views(settings) as session:
        lines = session.frame(
            "select receipts.member_key, receipt_key, receipt_lines.store_key, receipt_lines.sold_at, product_key "
            "from receipt_lines inner join receipts using (receipt_key, month) "
            "where receipts.member_key is not null and quantity > 0 order by all"
        )
    oracle, assigned = Oracle(truth), {}
    for member, own in lines[lines.member_key.isin(chosen.index)].groupby("member_key"):
        receipts = [
            Receipt(str(each.store_key.iloc[0]), np.datetime64(each.sold_at.iloc[0]), tuple(each.product_key.astype(str)))
            for _, each in own.groupby("receipt_key")
        ]
        assigned[member] = int(oracle.posterior(receipts, draws=TASTES).persona.argmax())
    known = chosen.loc[list(assigned)]
    persona, best, own = known.persona.fillna(0).to_numpy(int), np.array(list(assigned.values())), profiles.loc[known.index].to_numpy()
    tenth = np.arange(len(known)) % 10
    ratios = [ami(persona[tenth != out], own[tenth != out]) / ami(persona[tenth != out], best[tenth != out]) for out in range(10)]
    found, most = ami(persona, own), ami(persona, best)
    return {"bayes": most, "typology": found, "ratio": found / most, "error": float(3 * np.std(ratios)), "members": len(known)}


class Networks:
    """Simulated networks of so many members, each run once as far as `TABLES`, below a directory."""

    def __init__(self, directory: Path, members: int) -> None:
        self._directory, self._members = directory, members
        self._made: dict[str, Settings] = {}

    def of(self, months: int, parameters: Parameters) -> Settings:
        """The network of these parameters."""
        name = f"{months} months of {parameters}"
        if name not in self._made:
            directory, lines = self._directory / str(len(self._made)), self._members * months * RATE
            self._made[name] = run_network(
                directory, months=months, parameters=parameters, tables=TABLES, members=self._members, lines=lines
            )
        return self._made[name]


def world(
    name: str, months: int, parameters: Parameters, options: argparse.Namespace, *, variants: bool = False, sure: bool = False
) -> dict:
    """Figures of one simulated world, printed; with Bayes assignment where `sure`."""
    settings = options.networks.of(months, parameters)
    found, _, profiles = measured(settings, variants=variants)
    if sure and options.bayes:
        found["bayes"] = bayes(settings, profiles, sample=options.bayes)
    for variant, row in found.items():
        print(f"{name:32s} {variant:26s}", "  ".join(f"{key} {value:.3f}" for key, value in row.items()), flush=True)
    return found


def default(options: argparse.Namespace) -> tuple[dict, dict]:
    """The default difficulty, beside Bayes."""
    figures, bars = {}, {}
    for months in options.months:
        name = f"default, {months} months"
        figures[name] = world(name, months, Parameters(), options, variants=True, sure=True)
        known = figures[name].get("bayes")
        if known:
            bars[f"{name}: of Bayes"] = report.at_least(known["typology"], OF_BAYES.get(months, OF_BAYES[4]) * known["bayes"])
    return figures, bars


def overlap(options: argparse.Namespace) -> tuple[dict, dict]:
    """The degradation with overlap, 4 months; no bar."""
    figures = {f"overlap {part}": world(f"overlap {part}", 4, Parameters(overlap=part), options, sure=True) for part in OVERLAP}
    print("\noverlap  typology  Bayes  ratio")
    for part, found in zip(OVERLAP, figures.values(), strict=True):
        row = found.get("bayes", {"typology": found["as served"]["persona"], "bayes": np.nan, "ratio": np.nan})
        print(f"{part:7.2f}  {row['typology']:8.3f}  {row['bayes']:5.3f}  {row['ratio']:5.2f}")
    return figures, {}


def links(options: argparse.Namespace) -> tuple[dict, dict]:
    """Without and with a link of personas to types of shops."""
    without = world("no link to shops, 4 months", 4, Parameters(shop_strength=0.0), options, variants=True)
    linked = world("link to shops, 4 months", 4, Parameters(shop_strength=1.0), options)
    unlinked = without["as served"]["shop_type"]
    found, planted = linked["as served"]["shop_type"], linked["personas and shop types"]["shop_type"]
    bars = {
        "no link: profile and shop type": report.at_most(unlinked, SHOP_LINK),
        "link: recovered": report.at_least(found, 0.5 * planted),
    }
    return {"no link to shops, 4 months": without, "link to shops, 4 months": linked}, bars


def demography(options: argparse.Namespace) -> tuple[dict, dict]:
    """Age, sex, zone and income beside behaviour; no bar, a conclusion."""
    settings = options.networks.of(min(4, *options.months), Parameters())
    with views(settings) as session:
        members, how = read_window(session, settings.months()[-1])
        columns = known_of(session, members.keys)
    enough = np.flatnonzero((members.receipts[0] >= 2) & (members.receipts[1] >= 2))
    halves, own = (how.first[enough], how.second[enough]), {name: columns[name][enough] for name in options.known}
    persona = personas_of(settings, members.keys[enough])
    sizes = {"folds": options.folds}
    found = {"simulated members": table("simulated members", halves, own, store_items=how.store_items, persona=persona, **sizes)}
    found |= {} if options.smoke else {"households": households()}
    print(conclusion(found))
    return {"with who they are": found, "conclusion": conclusion(found)}, {}


def measure(options: argparse.Namespace) -> report.Measured:
    """The worlds asked for."""
    figures: dict = {}
    bars: dict = {}
    ways = {"default": default, "overlap": overlap, "links": links, "demography": demography, "dealt": dealt, "continuum": continuum}
    with tempfile.TemporaryDirectory() as directory:
        options.networks = Networks(Path(directory), options.members)
        for name in options.worlds:
            found, own = ways[name](options)
            figures |= found
            bars |= own
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--worlds", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--months", type=int, nargs="+", default=[4, 12], help="of the default world; the others have 4, or fewer")
    parser.add_argument("--members", type=int, default=3000, help="at most 800 in the worlds without clusters")
    parser.add_argument("--bayes", type=int, default=600, help="members assigned by Bayes; 0: none")
    parser.add_argument("--known", nargs="+", choices=KNOWN, default=list(KNOWN), help="of members, beside behaviour")
    parser.add_argument("--continua", type=int, default=WORLDS, help="worlds without clusters")
    parser.add_argument("--draws", type=int, default=DRAWS, help="fits on people without clusters, in each")
    parser.add_argument("--folds", type=int, default=5, help="of members, where a gain is held out")
    smoke = {"worlds": ["default", "demography", "dealt", "continuum"], "months": [1], "members": 100, "bayes": 3, "folds": 2}
    return report.run(measure, parser, argv, smoke={**smoke, "known": ["zone"], "continua": 1, "draws": 1})


if __name__ == "__main__":
    sys.exit(main())

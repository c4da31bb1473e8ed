"""Does the typology find the personas of the simulator? `python -m benchmarks.typology_simulated [--months 4 12] [--members 3000]`

AMI between the profile of everybody (the atypical in the nearest one) and the true persona, beside Bayes assignment of the same receipts
by an observer who knows the simulator's model (on some of the members: it is slow); with overlap; with and without a link of personas to
types of shops, and what shops in the likelihood and dayparts do to it. Nothing of the package is chosen on these figures.
"""

import argparse
import json
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.simulated_members import FACTS, main_shop_types, personas_of, run_network
from bmyshop_profiles.orchestration.queries import views
from bmyshop_profiles.privacy.pseudonyms import load_key, pseudonym
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import OVERLAPS, Parameters
from bmyshop_profiles.typology.behaviour import Behaviour, behaviour
from bmyshop_profiles.typology.fit import Typology
from bmyshop_profiles.typology.members import read_members, read_shopping

OF_BAYES = {4: 0.80, 12: 0.90}
SHOP_LINK = 0.10
MOST_PROFILES = 16


def ami(one: np.ndarray, other: np.ndarray) -> float:
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(one, other))


def measured(settings: Settings, *, variants: bool) -> tuple[dict[str, dict[str, float]], np.ndarray, pd.Series]:
    """AMI of profiles with personas and with main types of shop, by variant of the behaviour; members' keys and their profiles."""
    with views(settings) as session:
        members = read_members(session)
        how, types = read_shopping(session, members), main_shop_types(session, members.keys)
    persona = personas_of(settings, members.keys)

    def without(part: Behaviour, *, shops: bool, dayparts: bool) -> Behaviour:
        return behaviour(part.items, visits=part.visits if shops else None, others=part.others if dayparts else None)

    found, profiles = {}, np.zeros(0)
    names = {"as served": (True, True), "no shops": (False, True), "no dayparts": (True, False), "items alone": (False, False)}
    for name, (shops, dayparts) in names.items() if variants else [("as served", (True, True))]:
        first, second, whole = (without(part, shops=shops, dayparts=dayparts) for part in how[:3])
        model = Typology(most_profiles=MOST_PROFILES, least_receipts=2)
        model.fit(first, receipts=members.receipts[0], other=second, store_items=how.store_items if shops else None)
        labels = model.nearest(whole)
        found[name] = {"persona": ami(persona, labels), "shop_type": ami(types, labels), "profiles": model.profiles_.count}
        profiles = labels if name == "as served" else profiles
    found["personas and shop types"] = {"persona": 1.0, "shop_type": ami(types, persona), "profiles": int(persona.max()) + 1}
    return found, members.keys, pd.Series(profiles, index=members.keys)


def bayes(settings: Settings, profiles: pd.Series, *, sample: int) -> dict[str, float]:
    """AMI with the persona of Bayes assignment and of the profiles, on the same members and all their identified receipts."""
    from bmyshop_profiles.evaluation.posterior import Oracle, Receipt

    truth = settings.data_dir / "simulated" / "truth"
    shoppers = pd.read_parquet(truth / "shoppers", columns=["shopper", "member", "persona"]).dropna(subset="member")
    key = load_key(settings.vault_dir)
    shoppers.index = [pseudonym(key, "member", raw) for raw in shoppers.member]
    chosen = shoppers.loc[shoppers.index.isin(profiles.index)].sort_index().iloc[:: max(1, len(profiles) // sample)]
    with views(settings) as session:
        lines = session.frame(
            "select member_key, receipt_key, store_key, sold_at, product_key from receipt_lines "
            "where member_key is not null and quantity > 0 order by all"
        )
    oracle, assigned = Oracle(truth), {}
    for member, own in lines[lines.member_key.isin(chosen.index)].groupby("member_key"):
        receipts = [
            Receipt(str(each.store_key.iloc[0]), np.datetime64(each.sold_at.iloc[0]), tuple(each.product_key.astype(str)))
            for _, each in own.groupby("receipt_key")
        ]
        assigned[member] = int(oracle.posterior(receipts[:60], draws=200).persona.argmax())
    known = chosen.loc[list(assigned)]
    persona = known.persona.fillna(0).to_numpy(int)
    return {
        "bayes": ami(persona, np.array(list(assigned.values()))),
        "typology": ami(persona, profiles.loc[known.index].to_numpy()),
        "members": len(known),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--months", type=int, nargs="*", default=[4, 12])
    parser.add_argument("--members", type=int, default=3000)
    parser.add_argument("--bayes", type=int, default=300, help="members assigned by Bayes")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning)
    figures: dict = {}
    bars: dict = {}

    def world(name: str, months: int, parameters: Parameters, *, variants: bool = False, rate: int = 60, limit: int = 0) -> None:
        with tempfile.TemporaryDirectory() as directory:
            lines = options.members * months * rate
            settings = run_network(
                Path(directory), months=months, parameters=parameters, tables=(*FACTS, "stores"), members=options.members, lines=lines
            )
            figures[name], _, profiles = measured(settings, variants=variants)
            if limit:
                figures[name]["bayes"] = bayes(settings, profiles, sample=limit)
        for variant, row in figures[name].items():
            print(f"{name:32s} {variant:26s}", "  ".join(f"{key} {value:.3f}" for key, value in row.items()), flush=True)

    for months in options.months:
        name = f"default, {months} months"
        world(name, months, Parameters(), variants=True, limit=options.bayes)
        known = figures[name]["bayes"]
        target = OF_BAYES.get(months, OF_BAYES[4]) * known["bayes"]
        bars[f"{name}: of Bayes"] = {"value": known["typology"], "target": target, "met": known["typology"] >= target}
    for difficulty in ("separable", "hard"):
        world(f"{difficulty}, 4 months", 4, Parameters(overlap=OVERLAPS[difficulty]))
    world("no link to shops, 4 months", 4, Parameters(shop_strength=0.0), variants=True)
    world("link to shops, 4 months", 4, Parameters(shop_strength=1.0))
    unlinked = figures["no link to shops, 4 months"]["as served"]["shop_type"]
    bars["no link: profile and shop type"] = {"value": unlinked, "target": SHOP_LINK, "met": unlinked <= SHOP_LINK}
    linked = figures["link to shops, 4 months"]
    found, planted = linked["as served"]["shop_type"], linked["personas and shop types"]["shop_type"]
    bars["link: recovered"] = {"value": found, "target": 0.5 * planted, "met": found >= 0.5 * planted}
    print(pd.DataFrame(bars).T.to_string())
    print(json.dumps({"figures": figures, "bars": bars}, default=float))


if __name__ == "__main__":
    main()

"""How the demo ends: the published profiles by name, one shop and daypart in a sentence, and the simulator's truth beside it. Pure."""

from typing import Any

import pandas as pd

from bmyshop_profiles.questions.published import GRADES, OTHERS, UNSOLD, group_names, sellable, sold_keys
from bmyshop_profiles.reports.content import best_sentence
from bmyshop_profiles.reports.words import DAYPARTS, NARROW, interval, month_name, number, percent


def closing(month: str, profiles: pd.DataFrame, audience: pd.DataFrame, stores: pd.DataFrame, truth: pd.DataFrame) -> list[str]:
    """Lines to print, in French. profiles: of the month, under the names that stay, with grade and is_sold. stores: store_key, name.
    truth: see `evaluation.truth.true_mix`."""
    if profiles.empty or audience.empty:
        return ["Pas de profils : trop peu de tickets de membres dans ce petit réseau."]
    names, sold = group_names(profiles), sold_keys(profiles)
    told = profiles[profiles.profile_key.isin(sold)].sort_values(["members_count", "profile_key"], ascending=[False, True])
    lines = [f"Les profils qui peuvent être vendus ({month_name(month)}) : {'' if len(told) else 'aucun.'}".rstrip()]
    for profile in told.itertuples():
        share = percent(profile.members_share)
        lines.append(f"  « {profile.profile_name} » — {number(profile.members_count)} membres, {share}, {GRADES[profile.grade]}")
    if hidden := len(profiles) - len(told):
        many = "s" if hidden > 1 else ""
        lines.append(f"  et {hidden} non vendable{many} : pas assez sûr{many} (voir le rapport)")
    cell = _telling_cell(sellable(audience, sold))
    if cell is None:
        return [*lines, "Aucune cellule n’est assez grande pour publier une audience."]
    store, daypart = cell
    own = sellable(audience[(audience.store_key == store) & (audience.daypart == daypart)], sold)
    name = dict(zip(stores.store_key, stores.name, strict=True)).get(store, store)
    receipts, people = number(own.iloc[0].receipts_count), number(own.iloc[0].people)
    sentence = best_sentence(own, names, store, daypart) or f"{DAYPARTS[daypart]} : aucun profil vendu n’y est assez sûr"
    lines += ["", f"{name}, en {month_name(month)}, {sentence}"]
    lines += [f"  ({receipts} tickets, environ {people} personnes). Estimé, et vrai d’après le simulateur, {DAYPARTS[daypart]} :"]
    true = truth[(truth.store_key == store) & (truth.daypart == daypart)].copy()
    true["group_name"] = true.group_name.where(true.group_name.isin(own.group_name), OTHERS)
    shares = true.groupby("group_name").true_share.sum()
    own = own.assign(is_sold=~own.group_name.isin(UNSOLD)).sort_values(["is_sold", "mix_share"], ascending=[False, False])
    for row in own.itertuples():
        found = float(shares.get(row.group_name, 0.0))
        has_interval = row.group_name != OTHERS
        outside = "  ← hors de l’intervalle" if has_interval and not row.low_share <= found <= row.high_share else ""
        estimate = f"{percent(row.mix_share):>6} {interval(row.low_share, row.high_share) if has_interval else '':<9}"
        lines.append(f"  {estimate} vrai {percent(found):>5}  {names[row.group_name]}{outside}")
    cells = audience[(audience.store_key != "all") & (audience.daypart != "all") & audience.is_published]
    lines.append(
        f"  Sur {number(len(cells.drop_duplicates(['store_key', 'daypart'])))} cellules boutique × créneau, {_against(cells, truth)}."
    )
    if len(told):
        lines.append(f"  Des seuls profils qui peuvent être vendus, {_against(cells[cells.group_name.isin(sold)], truth)}.")
    return lines


def seen_lines(month: str, name: str, content: dict[str, Any], *, most: int = 5) -> list[str]:
    """What people come to a shop for, in so many lines. content: see `seen.seen_content`; none without missions."""
    missions = [row for row in content["missions"] if row["key"] != "other"]
    if not missions:
        return []
    lines = [f"Pourquoi on vient chez {name}, en {month_name(month)} (vu sur {number(content['receipts'])} tickets, membres ou non) :"]
    for row in missions[:most]:
        peak = f", {row['peak']}" if row["peak"] else ""
        share = f"{percent(row['share'], 1):>7} {interval(row['low_share'], row['high_share'], 1):<12}"
        lines.append(f"  {share} {row['name']}{peak} (réseau {percent(row['network_share'], 1)})")
    return lines


def _telling_cell(audience: pd.DataFrame) -> tuple[str, str] | None:
    """The published shop and daypart with most receipts, of those where a published profile surely is if there are any."""
    cells = audience[(audience.store_key != "all") & (audience.daypart != "all") & audience.is_published]
    if cells.empty:
        return None
    sure = cells[~cells.group_name.isin(UNSOLD) & (cells.low_share > 0)]
    first = (sure if len(sure) else cells).sort_values(["receipts_count", "store_key", "daypart"], ascending=[False, True, True]).iloc[0]
    return str(first.store_key), str(first.daypart)


def _against(cells: pd.DataFrame, truth: pd.DataFrame) -> str:
    """How often intervals hold the truth, and how much nearer the estimate is than the network's *true* mix, which nobody knows and which
    an estimate must beat to be worth having."""
    joined = cells.merge(truth, on=["store_key", "daypart", "group_name"], how="left").fillna({"true_share": 0.0})
    inside = ((joined.low_share <= joined.true_share) & (joined.true_share <= joined.high_share)).mean()
    network = truth[(truth.store_key == "all") & (truth.daypart == "all")].set_index("group_name").true_share
    base = ((joined.group_name.map(network).fillna(0) - joined.true_share) ** 2).mean()
    skill = 1 - ((joined.mix_share - joined.true_share) ** 2).mean() / base if base > 0 else float("nan")
    better = "réduite" if not skill < 0 else "augmentée"  # said either way
    return (
        f"les intervalles à 90{NARROW}% contiennent le vrai dans {percent(inside)} des cas ; "
        f"l’erreur quadratique est {better} de {percent(abs(skill))} par rapport au vrai mélange du réseau, servi partout"
    )

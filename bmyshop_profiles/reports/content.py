"""What the monthly report says: frames of the month's tables turned into what the page shows.

Belongs here: which rows, in which order, in which words. Does not belong here: numbers in French (`words.py`), charts (`figures.py`),
the page (`templates/`).
"""

from typing import Any

import pandas as pd

from bmyshop_profiles.questions.published import GRADES, UNSOLD, group_names, sellable, sold_keys
from bmyshop_profiles.reports import figures
from bmyshop_profiles.reports.asked import asked_content
from bmyshop_profiles.reports.cards import card_content
from bmyshop_profiles.reports.seen import seen_content
from bmyshop_profiles.reports.words import DAYPARTS, STORE_TYPES, mix_sentence, month_name, of_month

Frames = dict[str, pd.DataFrame]
EVERY = "all"


def report_content(frames: Frames, month: str, *, store: str | None = None, currency: str | None = "EUR") -> dict[str, Any]:
    """Everything the page shows. frames: the month's tables by name; store: the shop shown, by default the busiest.
    currency: ISO code of the amounts, None where sources have several."""
    chosen, busiest = _chosen_store(frames, store), _chosen_store(frames, None)
    names = group_names(frames["profiles"])
    frames = {**frames, "store_audience": sellable(frames["store_audience"], sold_keys(frames["profiles"]))}
    profiles = _profiles(frames)
    return {
        "month": month_name(month),
        "of_month": of_month(month),
        "currency": currency,
        "health": _health(frames),
        "profiles": profiles,
        "sold": sum(profile["is_sold"] for profile in profiles),
        "seen": seen_content(frames, month, EVERY),
        "store_seen": seen_content(frames, month, chosen["store_key"]) if chosen else None,
        "cards": card_content(frames["profile_cards"], profiles),
        "typology": _measures(frames["typology_quality"]),
        "projection": _projection(frames["projection_quality"]),
        "network": _cell(frames, names, EVERY, EVERY),
        "network_affinity": _affinity(frames, names, EVERY, "Indice par créneau, tout le réseau"),
        "store": chosen,
        "is_busiest": bool(chosen and busiest and chosen["store_key"] == busiest["store_key"]),
        "store_type": _store_type(chosen),
        "store_cells": [cell for daypart in DAYPARTS if (cell := _cell(frames, names, chosen["store_key"], daypart))] if chosen else [],
        "traffic": _traffic(frames, chosen),
        "audience": {row.measure: row.value for row in frames["audience_quality"].itertuples()},
        "asked": _asked(frames),
    }


def best_sentence(audience: pd.DataFrame, names: dict[str, str], store: str, daypart: str) -> str | None:
    """The profile that a cell has most above the network, in a sentence; None where no published profile is surely there."""
    cell = audience[(audience.store_key == store) & (audience.daypart == daypart) & audience.is_published]
    cell = cell[~cell.group_name.isin(UNSOLD)]
    cell = cell[cell.low_share > 0]
    if cell.empty:
        return None
    top = cell.sort_values(["affinity_low", "mix_share"], ascending=False).iloc[0]
    return mix_sentence(daypart, top.mix_share, top.low_share, top.high_share, names[top.group_name], top.affinity_index)


def _asked(frames: Frames) -> list[dict[str, Any]]:
    """Questions of the catalogue, with who says how their answers are shared out."""
    declared = frames["synthetic_variables"].drop_duplicates("variable").set_index("variable")
    if declared.empty:
        return []
    hypotheses = set(declared.index[declared.source == "hypothesis"])
    labels = {name: f"{row.variable_label}{chr(160) + '*' if name in hypotheses else ''}" for name, row in declared.iterrows()}
    return asked_content(frames["variable_value"], labels)


def _health(frames: Frames) -> dict[str, Any]:
    files = pd.concat([frames["file_ledger"], frames["staged_file_ledger"]], ignore_index=True)
    files = files[files.kind == "receipts"]
    totals = {name: int(files[f"{name}_count"].sum()) for name in ("lines", "accepted", "duplicate", "rejected")}
    stores = frames["store_months"]
    receipts = int(stores.receipts_count.sum())
    return {
        **totals,
        "files": len(files),
        "receipts": receipts,
        "stores": len(stores),
        "members": int((~frames["members"].objects_to_profiling.astype(bool)).sum()),
        "coverage": int(stores.identified_receipts_count.sum()) / receipts if receipts else None,
        "spans_months": bool(len(frames["staged_file_ledger"][frames["staged_file_ledger"].kind == "receipts"])),
    }


def _profiles(frames: Frames) -> list[dict[str, Any]]:
    """The profiles of the month, those that may be sold first, then by size."""
    audience = frames["store_audience"]
    network = audience[(audience.store_key == EVERY) & (audience.daypart == EVERY)].set_index("group_name")
    rows = [
        {
            "key": profile.profile_key,
            "name": profile.profile_name,
            "id": profile.profile_id,
            "members": profile.members_count,
            "share": profile.members_share,
            "verdict": profile.verdict,
            "grade": profile.grade,
            "badge": GRADES[profile.grade],
            "skill": profile.expected_skill,
            "is_sold": bool(profile.is_sold),
            "visits": network.loc[profile.profile_key].to_dict() if profile.profile_key in network.index else None,
        }
        for profile in frames["profiles"].itertuples()
    ]
    return sorted(rows, key=lambda row: (not row["is_sold"], -row["members"], row["key"]))


def _measures(quality: pd.DataFrame) -> dict[str, dict[str, Any] | None]:
    """Rows of typology_quality by measure; None for what could not be measured."""
    found = {row["measure"]: row for row in quality.to_dict("records")}
    return {measure: found.get(measure) for measure in ("held_out_gain", "kmeans", "shuffled", "above_continuum")}


def _projection(quality: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per target and variant: log-loss, prior, paired differences, accuracy."""
    rows = []
    for (target, variant), own in quality.groupby(["target", "variant"], sort=True) if len(quality) else []:
        figure = {(row.measure, row.subject): row for row in own.itertuples()}
        rows.append(
            {
                "target": {"profile": "profil", "sex": "sexe", "age_band": "tranche d’âge"}[str(target)],
                "variant": {"everybody": "sans les tickets anonymes", "topics": "avec les tickets anonymes"}[str(variant)],
                "loss": figure["log_loss", "posterior"],
                "prior": figure["log_loss", "prior"],
                "difference": figure["log_loss", "difference"],
                "place": figure["log_loss", "place_difference"],
                "accuracy": figure["accuracy", "posterior"],
                "placed": figure["accuracy", "placed"],
                "majority": figure["accuracy", "prior"],
                "calibration": figure["calibration_error", "posterior"],
            }
        )
    return rows


def _chosen_store(frames: Frames, wanted: str | None) -> dict[str, Any] | None:
    features = frames["store_features"]
    of_month = frames["store_months"].set_index("store_key").receipts_count
    here = features[features.store_key.isin(of_month.index)]
    if here.empty:
        return None
    if wanted is not None and wanted in set(here.store_key):
        return here[here.store_key == wanted].iloc[0].to_dict()
    busiest = here.assign(receipts_of_month=of_month.loc[here.store_key].to_numpy())
    return busiest.sort_values(["receipts_of_month", "store_key"], ascending=[False, True]).iloc[0].to_dict()


def _store_type(chosen: dict[str, Any] | None) -> str:
    kind = chosen["store_type"] if chosen else None
    return STORE_TYPES.get(kind, kind) if isinstance(kind, str) else STORE_TYPES["unknown"]


def _cell(frames: Frames, names: dict[str, str], store: str, daypart: str) -> dict[str, Any] | None:
    audience = frames["store_audience"]
    own = audience[(audience.store_key == store) & (audience.daypart == daypart)] if len(audience) else audience
    if own.empty:
        return None
    first = own.iloc[0]
    facts = {
        "when": DAYPARTS[daypart],
        "receipts": int(first.receipts_count),
        "people": first.people,
        "estimated": bool(first.is_people_estimated),
        "published": bool(first.is_published),
    }
    if not first.is_published:
        return facts
    network = audience[(audience.store_key == EVERY) & (audience.daypart == EVERY)].set_index("group_name").mix_share
    mix = own.assign(name=[names[group] for group in own.group_name], is_sold=~own.group_name.isin(UNSOLD))
    mix = mix.sort_values(["is_sold", "mix_share", "group_name"], ascending=[False, False, True])
    if store != EVERY:
        mix = mix.assign(network_share=network.reindex(mix.group_name).to_numpy())
    rows = mix.astype(object).where(mix.notna(), None).to_dict("records")
    return {**facts, "is_day": daypart == EVERY, "sentence": best_sentence(audience, names, store, daypart), "mix": rows}


def _affinity(frames: Frames, names: dict[str, str], store: str, title: str) -> str | None:
    audience = frames["store_audience"]
    own = audience[(audience.store_key == store) & (audience.daypart != EVERY) & audience.is_published] if len(audience) else audience
    own = own[~own.group_name.isin(UNSOLD)]
    if own.empty:
        return None
    whole = audience[(audience.store_key == store) & (audience.daypart == EVERY)].set_index("group_name").mix_share
    ordered = own.assign(name=[names[group] for group in own.group_name], whole=own.group_name.map(whole))
    return figures.affinity_chart(ordered.sort_values(["whole", "group_name"], ascending=[False, True]), title=title)


def _traffic(frames: Frames, chosen: dict[str, Any] | None) -> str | None:
    if chosen is None:
        return None
    traffic = frames["store_traffic"]
    return figures.traffic_chart(traffic[traffic.store_key == chosen["store_key"]], title="Tickets par jour et heure, sur la fenêtre")

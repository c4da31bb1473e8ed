"""Cards of the profiles for the report: rows of `profile_cards` turned into what the page shows, in French. Pure."""

from typing import Any

import pandas as pd

from bmyshop_profiles.reports.words import DAYPARTS, STORE_TYPES

REASONS = {  # of a profile that is not sold, by what the gate says of it
    "published": "on ne distingue pas assez sûrement les boutiques où il vient",
    "flagged": "il ne revient pas toujours quand on refait le calcul sur la moitié des membres, ou on ne distingue pas assez ses boutiques",
    "withheld": "il ne revient pas quand on refait le calcul, ou n’en dit pas plus que le hasard",
    "": "on n’a pas pu vérifier qu’il revient",
}
SOLD = {
    "published": "il revient quand on refait le calcul sur la moitié des membres",
    "flagged": "il ne revient pas toujours quand on refait le calcul sur la moitié des membres",
}
PEOPLE = {"female": "femmes", "age_18_34": "18–34 ans", "age_35_54": "35–54 ans", "age_55": "55 ans et plus"}
PLACES = {
    "median_income_cents": "revenu médian",
    "dense_share": "passages en ville dense",
    "rural_share": "passages à la campagne",
    "age_55_share": "adultes de 55 ans et plus",
}
WORDS = {"daypart": DAYPARTS, "store_type": STORE_TYPES, "people": PEOPLE, "place": PLACES}
SECTIONS = ("more", "less", "article", "daypart", "store_type", "people", "place", "basket")


def card_content(cards: pd.DataFrame, profiles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One dict per profile, in the order of `profiles` (key, name, verdict, is_sold…): all that, size by label, rows by section."""
    found = []
    for profile in profiles:
        own = cards[cards.profile_key == profile["key"]].sort_values("place")
        if own.empty:
            continue
        rows = {section: own[own.section == section].to_dict("records") for section in SECTIONS}
        for section, words in WORDS.items():
            for row in rows[section]:
                row["code"], row["label"] = row["label"], words.get(row["label"], row["label"])
        for section in ("daypart", "store_type"):  # only when and where they come more than others, surely and clearly
            rows[section] = [row for row in rows[section] if row["low"] > 1 and row["value"] >= 1.1]
        # income is told always; the rest of the places only where it surely and visibly differs from everybody's
        rows["place"] = [row for row in rows["place"] if row["code"] == "median_income_cents" or _differs(row)]
        size = {row["label"]: row for row in own[own.section == "size"].to_dict("records")}
        reason = SOLD[profile["verdict"]] if profile["is_sold"] else REASONS[profile["verdict"]]
        found.append({**profile, "reason": reason, "size": size, **rows})
    return found


def _differs(row: dict[str, Any]) -> bool:
    return abs(row["value"] - row["network_value"]) >= 0.01 and not row["low"] <= row["network_value"] <= row["high"]

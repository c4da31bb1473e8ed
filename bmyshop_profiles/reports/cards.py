"""Cards of the profiles for the report: rows of `profile_cards` turned into what the page shows, in French. Pure."""

from typing import Any

import pandas as pd

from bmyshop_profiles.reports.words import DAYPARTS

VERDICTS = {
    "published": "profil sûr : il revient quand on refait le calcul sur la moitié des membres",
    "flagged": "profil à confirmer : il ne revient pas toujours",
    "withheld": "profil non publié : il ne revient pas, ou n’en dit pas plus que le hasard",
}
STORE_TYPES = {
    "tobacconist": "tabac",
    "tobacconist_press": "tabac-presse",
    "bar_tobacconist": "bar-tabac",
    "bakery": "boulangerie",
    "press": "presse",
    "grocery": "épicerie",
    "unknown": "type inconnu",
}
PEOPLE = {"female": "femmes", "age_18_34": "18–34 ans", "age_35_54": "35–54 ans", "age_55": "55 ans et plus"}
WORDS = {"daypart": DAYPARTS, "store_type": STORE_TYPES, "people": PEOPLE}


def card_content(cards: pd.DataFrame, quality: pd.DataFrame, names: dict[str, str]) -> list[dict[str, Any]]:
    """One dict per profile, largest first: name, size by label, and the rows of each section in their order."""
    verdicts = dict(zip(quality.profile_key, quality.verdict, strict=True)) if len(quality) else {}
    found = []
    for key, own in cards.groupby("profile_key", sort=True) if len(cards) else []:
        rows = {section: part.sort_values("place").to_dict("records") for section, part in own.groupby("section")}
        for section, words in WORDS.items():
            for row in rows.get(section, []):
                row["label"] = words.get(row["label"], row["label"])
        for section in ("daypart", "store_type"):  # only when and where they come more than others, surely
            rows[section] = [row for row in rows.get(section, []) if row["low"] > 1]
        size = {row["label"]: row for row in rows.pop("size")}
        empty: dict[str, list[Any]] = {section: [] for section in ("more", "less", "daypart", "store_type", "people", "basket")}
        verdict = VERDICTS.get(verdicts.get(key, ""), "")
        found.append({"key": key, "name": names.get(str(key), str(key)), "size": size, "verdict": verdict, **empty, **rows})
    return sorted(found, key=lambda card: (-card["size"]["members"]["value"], card["key"]))

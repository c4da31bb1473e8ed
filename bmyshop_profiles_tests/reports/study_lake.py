"""A small lake to study, of rows written by hand: every table that the study reads, with figures that a test can look for."""

from pathlib import Path

from bmyshop_profiles.settings import Settings
from bmyshop_profiles_tests.conftest import Rows, at
from bmyshop_profiles_tests.media.conftest import publish

MONTH = "2025-04"
PROFILES = {"p01": "Pain, le matin", "p02": "Presse | *tabac*", "p03": "Sandwichs"}
MISSIONS = {"m01": "Pain et café", "m02": "Presse"}
ANSWERS = ("home_postcode", "car", "favourite_colour", "pet")


def figure(value: float, half: float = 0.004, **more: object) -> dict[str, object]:
    """A value in the middle of its interval."""
    return {"value": value, "low": value - half, "high": value + half, **more}


def tables() -> dict[str, Rows]:
    """Rows of the month, by table."""
    numbers = [
        {
            "profiles_count": count, "rounds": rounds, "profile_key": f"p{profile + 1:02}", "jaccard": 0.95 - 0.05 * count - 0.01 * profile,
            "jaccard_low": 0.8 - 0.05 * count, "draws_count": 19, "held_out_gain": 0.01 * count, "standard_error": 0.003,
            "is_chosen": (count, rounds) == (3, 2),
        }
        for count in range(2, 7) for rounds in (2, 20) for profile in range(count)
    ]  # fmt: skip
    quality = [
        figure(0.0413, 0.0052, measure="held_out_gain", people_count=2082, mean_profiles=3.0),
        figure(0.0377, 0.0061, measure="kmeans", people_count=2082, mean_profiles=3.0),
        figure(0.0036, 0.0071, measure="above_kmeans", people_count=2082, mean_profiles=3.0),
        figure(-0.0011, 0.0003, measure="shuffled", people_count=2082, mean_profiles=3.0),
        figure(-0.0031, 0.0003, measure="above_continuum", people_count=1500, draws_count=19, verdict="not_shown"),
    ]
    gates = [
        {"profile_key": key, "verdict": "published", "jaccard": 0.81, "jaccard_low": 0.74, "draws_count": 19, "held_out_gain": 0.0234,
         "low": 0.0131, "high": 0.0337, "people_count": 600, "shuffled_gain": -0.0087}
        for key in PROFILES
    ]  # fmt: skip
    projection = [
        figure(value, 0.0031, target=target, variant=variant, measure=measure, subject=subject, people_count=2209, receipts_count=22465)
        for target in ("profile", "age_band") for variant in ("everybody", "topics")
        for measure, subject, value in (
            ("log_loss", "prior", 1.5596), ("log_loss", "posterior", 1.4957), ("log_loss", "difference", -0.0639),
            ("log_loss", "placed", 1.4573), ("log_loss", "place_difference", -0.0384),
            ("accuracy", "placed", 0.395), ("accuracy", "place_difference", 0.033), ("calibration_error", "placed", 0.012),
            ("accuracy", "prior", 0.271), ("accuracy", "posterior", 0.362), ("accuracy", "difference", 0.091),
            ("calibration_error", "prior", 0.001), ("calibration_error", "posterior", 0.0102), ("calibration_error", "difference", 0.009),
        )
    ]  # fmt: skip
    shares = dict(zip((*PROFILES, "atypical"), (0.4, 0.3, 0.2, 0.1), strict=True))
    cells = [
        {"store_key": store, "daypart": daypart, "group_name": group, "mix_share": share, "low_share": share - 0.05,
         "high_share": share + 0.05, "affinity_index": 100.0, "affinity_low": 101.0 if store == "S1" else 80.0, "affinity_high": 120.0,
         "receipts_count": 500, "people": 300.0, "is_people_estimated": True, "own_share": 0.5, "is_published": True}
        for store, daypart in (("all", "all"), ("S1", "morning"), ("S2", "morning")) for group, share in shares.items()
    ]  # fmt: skip
    left_out = [
        {"measure": measure, "group_name": group, "value": value, "meaning": measure}
        for group in shares
        for measure, value in (("left_out_gain", 0.3652), ("left_out_low", 0.1377), ("reliability", 0.64))
    ]
    whole = {"cells": 2.0, "published_cells": 2.0, "mean_width": 0.1916, "people_per_cell": 190.4, "slope": 1.9048, "slope_error": 0.2506,
             "served_slope": 1.4925}  # fmt: skip
    audience = [*({"measure": name, "group_name": "", "value": value, "meaning": name} for name, value in whole.items()), *left_out]
    grades = [
        *({"kind": "mission", "group_name": key, "network_share": 0.3, "reliability": 0.8, "expected_skill": 0.9, "cells_count": 2,
           "grade": "seen"} for key in MISSIONS),
        *({"kind": "category", "group_name": key, "network_share": 0.3, "reliability": 0.7506, "expected_skill": 0.9, "cells_count": 2,
           "grade": "seen"} for key in ("bread", "press")),
        *({"kind": "profile", "group_name": key, "network_share": share, "expected_skill": 0.4579, "cells_count": 2,
           "grade": "unsold" if key == "atypical" else "sure"} for key, share in shares.items()),
    ]  # fmt: skip
    seen = [
        {"period": "month", "kind": kind, "group_name": group, "store_key": "all", "weekday": 0, "daypart": "all", "sold_hour": -1,
         "visits_share": share, "low_share": share - 0.0046, "high_share": share + 0.0046, "affinity_index": 100.0, "receipts_count": 7016,
         "people": 4000.0, "own_share": 1.0}
        for kind, group, share in (("mission", "m01", 0.2468), ("mission", "m02", 0.1354), ("category", "bread", 0.1723),
                                   ("category", "press", 0.1486))
    ]  # fmt: skip
    values, declared = [], []
    for place, name in enumerate(ANSWERS):
        worth = {"home_postcode": 0.0071, "car": 0.0014, "favourite_colour": 0.0002}.get(name)
        common = {"variable": name, "answer": "", "outcome": "measured", "people_count": 1532}
        if worth is None:
            values.append({**common, "question": "gain", "measure": "information", "outcome": "told_by_profile", "people_count": 0})
        else:
            values += [
                {**common, **figure(worth, 0.0046), "question": "gain", "measure": "information", "chance": 0.025 if worth > 0.005 else 0.4,
                 "smallest": 0.0044},
                {**common, "value": 1860.0, "low": 550.0, "high": 3890.0, "question": "gain", "measure": "members_worth"},
                {**common, **figure(0.001), "question": "change", "measure": "label_loss"},
                {**common, **figure(0.0183), "question": "change", "measure": "labels_changed"},
                {**common, **figure(0.25), "question": "sale", "measure": "visits_share", "answer": "rural", "grade": "sure"},
                {**common, **figure(0.002), "question": "sale", "measure": "information", "answer": "rural", "grade": "sure",
                 "expected_skill": 0.6},
            ]  # fmt: skip
        declared.append({
            "variable": name, "variable_label": f"la question {name}", "asked": f"Question {name}\u202f?", "source": "hypothesis",
            "figure": "answered", "answer": "", "declared": 0.5 + place / 10, "drawn": 0.5, "is_known": True,
        })  # fmt: skip
    return {
        "receipts": [
            {"receipt_key": f"r{number}", "store_key": f"S{number % 3}", "sold_at": at("2025-04-03 08:41"),
             "member_key": "m1" if number < 9 else None}
            for number in range(43)
        ],
        "file_ledger": [{"kind": "receipts", "lines_count": 2517, "accepted_count": 2500, "duplicate_count": 9, "rejected_count": 8}],
        "mission_quality": [
            figure(0.6967, 0.0209, measure="gain_within", receipts_count=7434, meaning=""),
            figure(0.0112, 0.0012, measure="other_share", receipts_count=19971, meaning=""),
        ],
        "seen_audience": seen, "typology_numbers": numbers, "typology_quality": quality, "profile_quality": gates,
        "profiles": [
            {"profile_key": key, "profile_name": name, "members_count": 710 - 50 * place, "members_share": 0.3}
            for place, (key, name) in enumerate(PROFILES.items())
        ],
        "profile_cards": [
            {"profile_key": key, "section": section, "place": 1, "label": "Presse", "value": 1.4813, "low": 1.3612, "high": 1.5914}
            for key in PROFILES for section in ("more", "less")
        ],
        "typology_drift": [{"reference_month": "2025-01", "frozen_gain": 0.0139, "fresh_gain": 0.0579, "lost": 0.044, "low": 0.0389,
                            "high": 0.0491, "people_count": 2573}],
        "projection_quality": projection, "store_audience": cells, "audience_quality": audience, "group_grades": grades,
        "variable_value": values, "synthetic_variables": declared, "cluster_matches": [], "profile_changes": [],
        "forecast_quality": [
            {"horizon_weeks": weeks, "measure": measure, "value": value, "meaning": ""}
            for weeks in (4, 8) for measure, value in (("error", 2.2728), ("error_ratio", 0.7612), ("held", 0.8987), ("origins", 10.0))
        ],
    }  # fmt: skip


def study_lake(directory: Path, **without: Rows) -> Settings:
    """A lake of one month. without: tables whose rows are others, or none."""
    settings = Settings(data_dir=directory, first_month="2025-01", last_month=MONTH, threads=1)
    publish(settings, {**tables(), **without}, MONTH)
    mission = {"articles": "baguette, café", "visits_share": 0.3, "articles_mean": 1.5, "spend_cents_mean": 300.0, "daypart": ""}
    missions = [{**mission, "mission_key": key, "mission_name": name} for key, name in MISSIONS.items()]
    publish(settings, {"mission_profiles": missions}, "2025-01")
    labels = {"bread": "Pain", "press": "Presse"}
    taxonomy = [{"category": key, "label_fr": label, "label_en": key, "coicop_2018": ""} for key, label in labels.items()]
    publish(settings, {"product_taxonomy": taxonomy, "staged_file_ledger": []}, None)
    return settings

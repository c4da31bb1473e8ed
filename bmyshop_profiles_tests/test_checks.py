"""Every check of every table fails on rows that break it, and passes where there is nothing to break."""

import datetime
from typing import Any

import pytest

from bmyshop_profiles.engine.catalogue import Table, load_catalogue

Rows = list[dict[str, Any]]
TABLES = list(load_catalogue().values())
KEYED = [table for table in TABLES if table.file.key]
# Warnings that an empty table deserves.
EMPTY_WARNS = {("receipt_lines", "month_has_lines"), ("member_clusters", "members_have_profiles")}
VALUES = {
    "varchar": "x",
    "integer": 1,
    "bigint": 1,
    "double": 0.5,
    "boolean": True,
    "date": datetime.date(2025, 1, 1),
    "timestamp": datetime.datetime(2025, 1, 1),
    "decimal(12,3)": 1,
}
WITHOUT_INTERVAL = [{"measure": "held_out_gain", "value": 0.1, "low": None, "high": 0.2}]
LEDGER = {
    "file_number": 0,
    "source": "s",
    "kind": "receipts",
    "lines_count": 2,
    "accepted_count": 1,
    "duplicate_count": 0,
    "rejected_count": 1,
}
CELL = {
    "store_key": "S",
    "daypart": "noon",
    "group_name": "p01",
    "is_published": True,
    "mix_share": 1.0,
    "low_share": 0.9,
    "high_share": 1.0,
}
WEIGHT = {"mission_key": "m01", "kind": "item", "value_key": "a", "term_code": 1, "weight_micronats": 5}
SEEN = {
    "period": "month",
    "kind": "category",
    "group_name": "bread",
    "store_key": "all",
    "weekday": 0,
    "daypart": "all",
    "sold_hour": -1,
    "visits_share": 0.2,
    "low_share": 0.1,
    "high_share": 0.3,
    "affinity_index": 100.0,
}
GATED = {
    "profile_key": "p01",
    "verdict": "published",
    "jaccard": 0.8,
    "jaccard_low": 0.72,
    "held_out_gain": 0.1,
    "low": 0.05,
    "high": 0.15,
    "shuffled_gain": 0.01,
}
CATEGORISED: dict[str, Rows] = {"products": [{"product_key": "p", "lines_count": 2}], "product_taxonomy": [{"category": "bread"}]}
BANDS = {f"{kind}age_{band}_posterior": 0.0 for kind in ("", "name_") for band in ("18_34", "35_54", "55")}
NAMED = {"name_state": "known", "declared_state": "plausible", **BANDS, "age_55_posterior": 1.0, "name_age_55_posterior": 1.0}


def named(count: int, **values: Any) -> Rows:
    """Members of whom all is alike but the key."""
    return [{**NAMED, "member_key": f"m{number}", **values} for number in range(count)]


DAYPARTS = {f"{name}_share": 0.0 for name in ("early", "morning", "noon", "afternoon", "evening", "night")}
EMPTY_NO_RECEIPT: dict[str, Rows] = {"receipts": []}
BOUGHT = {
    "receipt_key": "r",
    "member_key": "m",
    "half": 0,
    "store_key": "S",
    "lines_count": 1,
    "bought_count": 1,
    "amount_cents": 5,
}

COUNTED = {"member_key": "m", "half": 0, "value_key": "x", "things_count": 1}

# (table, check) → rows that break it, and rows of the other tables it compares with
BREAKING: dict[tuple[str, str], tuple[Rows, dict[str, Rows]]] = {
    ("store_audience", "figures_have_intervals"): ([{**CELL, "low_share": None}], {}),
    ("store_audience", "shares_add_up"): ([{**CELL, "mix_share": None}], {}),
    ("store_audience", "network_is_what_indexes_compare_with"): (
        [{**CELL, "store_key": "all", "daypart": "all", "affinity_index": 132.0}],
        {},
    ),
    ("store_hours", "receipts_are_all_counted"): (
        [{"store_key": "S", "visit_date": datetime.date(2025, 1, 6), "sold_hour": 9, "receipts_count": 2}],
        {"receipts": [{"receipt_key": "r"}]},
    ),
    ("visits_forecast", "visits_lie_in_their_intervals"): (
        [{"visits": 5.0, "low_visits": 6.0, "high_visits": 7.0}],
        {"forecast_quality": []},
    ),
    ("visits_forecast", "forecast_beats_last_week"): (
        [{"visits": 5.0, "low_visits": 4.0, "high_visits": 7.0}],
        {"forecast_quality": [{"horizon_weeks": 4, "measure": "error_ratio", "value": 1.1}]},
    ),
    ("visits_hours", "shares_add_up"): ([{"store_key": "S", "weekday": 1, "sold_hour": 9, "visits_share": 0.9}], {}),
    ("store_visits", "receipts_add_up"): (
        [{"store_key": "S", "weekday": 0, "daypart": "all", "sold_hour": -1, "receipts_count": 2}],
        {"receipts": [{"receipt_key": "r"}]},
    ),
    ("baskets", "every_basket_has_items"): ([{"basket_code": 1, "item_key": "a"}], {"receipts": [{"receipt_key": "r", "basket_code": 2}]}),
    ("item_categories", "every_item_has_a_row"): ([{"item_key": "a"}], {"products": [{"product_key": "p", "item_key": "b"}]}),
    ("mission_profiles", "names_are_different"): (
        [{"mission_key": key, "mission_name": "Pain", "visits_share": 0.5} for key in ("m01", "m02")],
        {},
    ),
    ("mission_profiles", "missions_are_a_few"): ([{"mission_key": "m01", "mission_name": "Pain", "visits_share": 0.01}], {}),
    ("mission_weights", "every_value_has_every_mission"): (
        [{**WEIGHT, "mission_key": "m01"}, {**WEIGHT, "mission_key": "m02"}, {**WEIGHT, "value_key": "b", "term_code": 2}],
        {},
    ),
    ("mission_weights", "codes_are_different"): ([WEIGHT, {**WEIGHT, "value_key": "b"}], {}),
    ("mission_quality", "missions_say_something"): ([{"measure": "gain_within", "value": 0.1, "low": -0.01, "high": 0.2}], {}),
    ("store_missions", "every_receipt_has_a_mission"): (
        [{"store_key": "S", "mission_key": "m01", "receipts_count": 2}],
        {"receipts": [{"receipt_key": "r"}]},
    ),
    ("store_missions", "most_visits_have_a_mission"): (
        [{"store_key": "S", "mission_key": key, "receipts_count": count} for key, count in (("m01", 4), ("other", 1))],
        {"receipts": [{"receipt_key": "r"}]},
    ),
    ("store_category_visits", "no_more_visits_than_receipts"): (
        [{"store_key": "S", "category": "bread", "receipts_count": 2}],
        {"receipts": [{"receipt_key": "r"}]},
    ),
    ("seen_audience", "shares_lie_in_their_intervals"): ([{**SEEN, "high_share": 0.1}], {}),
    ("seen_audience", "network_is_what_indexes_compare_with"): ([{**SEEN, "affinity_index": 120.0}], {}),
    ("group_grades", "grades_follow_the_figures"): (
        [{"kind": "profile", "group_name": "p01", "grade": "sure"}],
        {
            "profile_quality": [{"profile_key": "p01", "verdict": "flagged"}],
            "audience_quality": [{"measure": "left_out_low", "group_name": "p01", "value": 0.1}],
        },
    ),
    ("store_evidence", "posteriors_add_up"): ([{"store_key": "S", "daypart": "noon", "group_name": "p01", "mean_posterior": 0.9}], {}),
    ("variable_value", "figures_have_intervals"): (WITHOUT_INTERVAL, {}),
    ("variable_value", "what_is_not_measured_says_why"): (
        [{"variable": "v", "question": "gain", "measure": "information", "answer": "", "outcome": "measured"}],
        {},
    ),
    ("variable_value", "grades_follow_the_figures"): (
        [
            {
                "variable": "v",
                "question": "sale",
                "measure": "information",
                "answer": "a",
                "value": 0.1,
                "low": -0.1,
                "high": 0.3,
                "grade": "sure",
            }
        ],
        {},
    ),
    ("asked_members", "members_are_of_the_window"): ([{"member_key": "m", "member_place": 1}], {"member_window": []}),
    ("synthetic_variables", "shares_are_as_declared"): (
        [{"variable": "v", "figure": "share", "answer": "a", "declared": 0.5, "drawn": 0.6}],
        {"asked_members": [{"member_key": f"m{number}", "member_place": number} for number in range(3000)]},
    ),
    ("member_features", "shares_add_up"): ([{"member_key": "m", **DAYPARTS}], {}),
    ("member_features", "every_member_has_items_and_stores"): ([{"member_key": "m"}], {}),
    ("member_months", "receipts_are_all_counted"): (
        [{"member_key": "m", "half": 0, "receipts_count": 1, "lines_count": 1, "amount_cents": 5}],
        {"receipts": [{**BOUGHT, "lines_count": 2}]},
    ),
    ("member_visit_months", "receipts_are_all_counted"): (
        [{"member_key": "m", "half": 0, "store_key": "S", "daypart": "noon", "receipts_count": 2}],
        {"receipts": [BOUGHT]},
    ),
    ("shopper_counts", "keys_are_of_nobody_who_is_a_member"): (
        [{"shopper_key": "c", "half": 0, "kind": "store", "value_key": "S", "things_count": 1}],
        {"receipts": [{**BOUGHT, "shopper_key": "c"}]},
    ),
    ("member_counts", "receipts_are_all_counted"): ([{**COUNTED, "kind": "store", "things_count": 2}], {"receipts": [BOUGHT]}),
    ("member_counts", "what_was_paid_has_an_amount"): ([], {"receipts": [BOUGHT]}),
    ("member_window", "receipts_are_all_counted"): ([{**COUNTED, "kind": "store"}], {}),
    ("member_window", "articles_are_all_counted"): ([{**COUNTED, "kind": "item"}], {}),
    ("member_item_months", "receipts_are_all_counted"): (
        [{"member_key": "m", "half": 0, "product_key": "p", "lines_count": 1, "bought_count": 1, "amount_cents": 5}],
        {"receipts": [{**BOUGHT, "lines_count": 2, "amount_cents": 9}]},
    ),
    ("store_item_months", "receipts_are_all_counted"): (
        [{"half": 0, "store_key": "S", "item_key": "i", "bought_count": 1}],
        {"receipts": [{**BOUGHT, "bought_count": 2}]},
    ),
    ("member_receipt_items", "receipts_are_all_there"): ([], {"receipts": [BOUGHT]}),
    ("receipts", "receipts_are_baskets"): ([{"receipt_key": "r", "lines_count": 1001}], {"receipt_lines": []}),
    ("receipts", "receipts_have_one_member"): (
        [{"receipt_key": "r", "lines_count": 2}],
        {"receipt_lines": [{"receipt_key": "r", "member_key": key} for key in ("m", "n", None)]},
    ),
    ("product_taxonomy", "every_category_is_named"): ([{"category": "bread", "label_fr": "Pain", "label_en": ""}], {}),
    ("product_categories", "categories_are_of_the_taxonomy"): ([{"product_key": "p", "category": "bred"}], CATEGORISED),
    ("product_categories", "abstained_have_no_category"): (
        [{"product_key": "p", "category": "bread", "method": "label", "is_abstained": True}],
        CATEGORISED,
    ),
    ("product_categories", "every_product_has_a_row"): ([{"product_key": "x"}], CATEGORISED),
    ("product_categories", "most_lines_have_a_category"): ([{"product_key": "p", "is_abstained": True}], CATEGORISED),
    ("store_sales", "shares_add_up"): ([{"store_key": "S", "kind": "family", "lines_share": 0.5}], {}),
    ("store_features", "shares_are_shares"): ([{"store_key": "S", "coverage_share": 1.5}], {}),
    ("store_months", "receipts_are_all_counted"): ([{"store_key": "S", "receipts_count": 1, "amount_cents": 5}], {"receipts": []}),
    ("store_traffic", "shares_add_up"): ([{"store_key": "S", "receipts_share": 0.5}], {}),
    ("members", "birth_year_is_plausible"): ([{"member_key": "m", "birth_year": 1900}], {}),
    ("receipt_lines", "no_column_is_empty"): ([{"receipt_key": "r"}], {}),
    ("receipt_lines", "a_key_is_one_receipt"): (
        [{"receipt_key": f"r{n}", "store_key": "S", "sold_at": f"2025-01-0{day} 08:00"} for n in range(99) for day in (3, 4)],
        {},
    ),
    ("receipt_lines", "month_has_lines"): ([], {}),
    ("staged_receipt_lines", "no_column_is_empty"): ([{"receipt_key": "r"}], {}),
    ("stores", "selling_stores_are_listed"): (
        [{"store_key": "S", "has_receipts": True, "is_listed": False}, {"store_key": "T", "has_receipts": False, "is_listed": True}],
        {},
    ),
    ("item_evidence", "every_item_has_every_group"): (
        [{"target": "t", "variant": "v", "group_name": group, "item_key": item} for group, item in (("a", "i"), ("b", "i"), ("a", "j"))],
        {},
    ),
    ("place_evidence", "every_place_has_every_group"): (
        [
            {"target": "t", "variant": "v", "group_name": group, "place_kind": "store", "place_key": place}
            for group, place in (("a", "S"), ("b", "S"), ("a", "T"))
        ],
        {},
    ),
    ("first_names", "names_are_told_once"): ([{"sex": "male", "first_name": "JEAN", "births": 3}] * 2, {}),
    ("first_names", "sexes_are_alike"): ([{"sex": "male", "first_name": "JEAN", "birth_year": 1980, "births": 3}], {}),
    ("survival", "shares_never_rise"): (
        [{"sex": "male", "birth_year": 1950, "year": year, "alive_share": share} for year, share in ((2020, 0.8), (2021, 0.9))],
        {},
    ),
    ("zones", "shares_add_up"): ([{"zone_key": "z", "age_18_34_share": 0.3, "age_35_54_share": 0.3, "age_55_share": 0.3}], {}),
    ("zones", "incomes_are_plausible"): ([{"zone_key": "z"}], {}),
    ("zone_postcodes", "zones_are_known"): ([{"postcode": "01000", "zone_key": "z"}], {"zones": []}),
    ("store_zones", "most_shops_have_a_zone"): ([{"store_key": f"S{number}"} for number in range(10)], {}),
    ("member_zones", "shares_add_up"): ([{"member_key": "m", "zone_key": "z", "zone_share": 0.9}], {}),
    ("member_places", "concentrations_are_shares"): ([{"member_key": "m", "concentration_share": 1.2}], {}),
    ("member_demographics", "posteriors_add_up"): (named(1, age_55_posterior=0.5), {}),
    ("member_demographics", "nothing_is_said_of_minors"): (named(1, declared_state="minor", sex="female"), {}),
    ("member_demographics", "names_foretell_ages_as_often_as_they_say"): (named(600, declared_band="age_18_34"), {}),
    ("member_demographics", "most_members_have_a_sex"): (named(100), {}),
    ("member_demographics", "most_names_are_known"): (named(100, name_state="rare", sex="female"), {}),
    ("member_demographics", "declared_ages_are_plausible"): (named(100, declared_state="implausible"), {}),
    ("members", "objectors_have_nothing_known"): ([{"member_key": "m", "objects_to_profiling": True, "birth_year": 1990}], {}),
    ("member_posteriors", "posteriors_add_up"): ([{"receipt_key": "r", "group_name": "p01", "posterior": 0.5}], {}),
    ("projection_quality", "figures_have_intervals"): (WITHOUT_INTERVAL, {}),
    ("projection_quality", "one_receipt_beats_the_prior"): (
        [{"target": "profile", "measure": "log_loss", "subject": "difference", "value": -0.1, "low": -0.3, "high": 0.1}],
        {},
    ),
    ("member_clusters", "profiles_go_with_their_state"): ([{"member_key": "m", "state": "atypical", "profile_key": "p01"}], {}),
    ("member_clusters", "members_have_profiles"): ([{"member_key": "m", "state": "atypical"}], {}),
    ("profiles", "names_are_different"): ([{"profile_key": key, "profile_name": "pain"} for key in ("p01", "p02")], {}),
    ("profile_weights", "every_value_has_every_profile"): (
        [{"profile_key": key, "kind": "item", "value_key": value} for key, value in (("p01", "i"), ("p02", "i"), ("p01", "j"))],
        {},
    ),
    ("cluster_matches", "a_profile_lives_on_as_one"): (
        [{"months_back": 1, "previous_key": "p01", "profile_key": key, "is_same": True} for key in ("p01", "p02")],
        {},
    ),
    ("profile_changes", "who_came_and_left_adds_up"): (
        [{"typology_month": "2025-01", "profile_key": "p01", "before_count": 9, "now_count": 9, "came_count": 1, "left_count": 0}],
        {},
    ),
    ("typology_drift", "figures_have_intervals"): ([{"reference_month": "2025-01", "lost": 0.1}], {}),
    ("typology_drift", "kept_typology_has_not_drifted"): ([{"reference_month": "2025-01", "fresh_gain": 0.1, "low": 0.05}], {}),
    ("profile_cards", "figures_have_intervals"): ([{"profile_key": "p01", "section": "daypart", "value": 1.0}], {}),
    ("profile_cards", "what_is_told_is_sure"): ([{"profile_key": "p01", "section": "more", "low": 0.9, "high": 2.0}], {}),
    ("profile_cards", "nothing_is_told_of_few"): ([{"profile_key": "p01", "section": "basket", "label": "pain", "people_count": 4}], {}),
    ("profile_cards", "every_profile_has_a_size"): ([{"profile_key": "p01", "section": "more", "label": "pain"}], {}),
    ("profile_quality", "figures_have_intervals"): ([{**GATED, "low": None}], {}),
    ("profile_quality", "verdicts_follow_the_figures"): ([{**GATED, "jaccard": 0.7}], {}),
    ("typology_numbers", "one_number_is_chosen"): ([{"profiles_count": 2, "rounds": 2, "is_chosen": False}], {}),
    ("typology_numbers", "every_profile_comes_back"): (
        [{"profiles_count": 2, "rounds": 2, "is_chosen": True, "draws_count": 19, "jaccard": 0.8, "jaccard_low": 0.6}],
        {},
    ),
    ("profile_quality", "profiles_say_more_than_chance"): ([{**GATED, "shuffled_gain": 0.2}], {}),
    ("typology_quality", "figures_have_intervals"): (WITHOUT_INTERVAL, {}),
    ("typology_quality", "verdict_has_its_draws"): (
        [{"measure": "above_continuum", "verdict": "natural", "draws_count": 18, "low": 0.1}],
        {},
    ),
    ("typology_quality", "typology_gains"): ([{"measure": "held_out_gain", "value": 0.1, "low": -0.1, "high": 0.2}], {}),
}
for prefix, lines in (("", "receipt_lines"), ("staged_", "staged_receipt_lines")):
    ledger, refused = f"{prefix}file_ledger", f"{prefix}rejected_lines"
    BREAKING[ledger, "lines_reconcile"] = ([{**LEDGER, "lines_count": 3}], {lines: [], refused: []})
    BREAKING[ledger, "accepted_lines_are_rows"] = ([LEDGER], {lines: [], refused: []})
    BREAKING[ledger, "rejected_lines_are_named"] = ([LEDGER], {lines: [], refused: []})
    BREAKING[ledger, "few_lines_are_rejected"] = ([LEDGER], {lines: [], refused: [{"file_number": 0, "code": "no_value"}]})


def others_of(table: Table) -> dict[str, Rows]:
    """Empty tables for those that a table's checks compare with."""
    for (name, _), (_, others) in BREAKING.items():
        if name == table.name and others:
            return {key: [] for key in others}  # type: ignore[arg-type]
    return {}


def test_every_check_has_rows_that_break_it() -> None:
    assert set(BREAKING) == {(table.name, check.name) for table in TABLES for check in table.file.checks}


@pytest.mark.parametrize(("name", "check"), list(BREAKING), ids=lambda part: part)
def test_a_check_fails_on_what_it_is_for(checked, name: str, check: str) -> None:
    rows, others = BREAKING[name, check]
    assert not checked(name, rows, others)[check].passed


@pytest.mark.parametrize("table", KEYED, ids=lambda table: table.name)
def test_a_key_that_is_empty_or_occurs_twice_is_refused(checked, table: Table) -> None:
    row = {name: VALUES[table.file.columns[name].type] for name in table.file.key}
    others = others_of(table)
    assert checked(table.name, [row], others)["key_is_unique"].passed
    assert checked(table.name, [row, row], others)["key_is_unique"].failing == 1
    assert checked(table.name, [{**row, table.file.key[0]: None}], others)["key_is_unique"].failing == 1


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_an_empty_table_breaks_nothing(checked, table: Table) -> None:
    failed = {(table.name, name) for name, result in checked(table.name, [], others_of(table)).items() if not result.passed}
    assert failed <= EMPTY_WARNS

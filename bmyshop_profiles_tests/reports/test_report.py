"""The report: every part on a small month, and what it says when there is nothing to say."""

import re

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.questions.published import OTHERS, is_sold, sellable
from bmyshop_profiles.reports import words
from bmyshop_profiles.reports.asked import asked_content
from bmyshop_profiles.reports.content import report_content
from bmyshop_profiles.reports.demo import closing, seen_lines
from bmyshop_profiles.reports.page import render
from bmyshop_profiles.reports.seen import seen_content

DAYPARTS = ("early", "morning", "noon", "afternoon", "evening", "night")


def frames(**filled: list[dict]) -> dict[str, pd.DataFrame]:
    """Frames of the report's inputs; rows give some columns, the others are empty."""
    catalogue = load_catalogue()
    found = {}
    for name in catalogue["monthly_report"].inputs:
        columns = list(catalogue[name].file.columns)
        found[name] = pd.DataFrame(filled.get(name, []), columns=columns)
    profiles = filled.get("profiles", [])
    for name, usual in (("profile_id", ""), ("verdict", ""), ("grade", "unsold"), ("expected_skill", 0.4), ("is_sold", False)):
        found["profiles"][name] = [row.get(name, usual) for row in profiles]
    found["mission_profiles"]["month"] = pd.Series([row["month"] for row in filled.get("mission_profiles", [])], dtype=object)
    return found


SHOP = {
    "store_key": "S1",
    "name": "Le Café <b>&</b> Cie",
    "store_type": "bar",
    "receipts_per_open_day": 12.5,
    "basket_cents": 845.0,
    "basket_lines": 2.1,
    "coverage_share": 0.071,
    "main_family": "tabac",
    "main_family_share": 0.4,
}
MONTH = {"store_key": "S1", "receipts_count": 1234, "identified_receipts_count": 100}
TRAFFIC = [{"store_key": "S1", "weekday": day, "sold_hour": 8, "receipts_count": 1, "receipts_share": 1 / 7} for day in range(1, 8)]
FILE = {"kind": "receipts", "lines_count": 2500, "accepted_count": 2498, "duplicate_count": 1, "rejected_count": 1}


def audience(store: str, daypart: str, shares: dict[str, float], receipts: int = 500) -> list[dict]:
    return [
        {
            "store_key": store,
            "daypart": daypart,
            "group_name": group,
            "mix_share": share,
            "low_share": max(share - 0.05, 0),
            "high_share": share + 0.05,
            "affinity_index": 100 * share / 0.5,
            "affinity_low": 100 * max(share - 0.05, 0) / 0.5,
            "affinity_high": 100 * (share + 0.05) / 0.5,
            "receipts_count": receipts,
            "people": 321.4,
            "is_people_estimated": True,
            "is_published": True,
        }
        for group, share in shares.items()
    ]


FLAGGED = {"verdict": "flagged", "grade": "indicative", "is_sold": True}
PUBLISHED = {"verdict": "published", "grade": "sure", "is_sold": True}
WITHHELD = {"verdict": "withheld", "grade": "unsold", "is_sold": False}


def asked(variable: str, *, value: float, low: float, chance: float, worth: float, grade: str) -> list[dict]:
    """Rows of one question, with one answer that could be sold or not."""
    common = {"variable": variable, "answer": "", "outcome": "measured", "people_count": 1200}

    def figure(question: str, measure: str, figure: float, **more: object) -> dict:
        return {**common, "question": question, "measure": measure, "value": figure, "low": low, "high": 2 * figure - low, **more}

    return [
        figure("gain", "information", value, chance=chance, smallest=0.002),
        {**figure("gain", "members_worth", worth), "low": 0.5 * worth, "high": 2 * worth},
        figure("change", "label_loss", 0.01),
        figure("change", "labels_changed", 0.05),
        figure("change", "slope", 0.9, expected_skill=0.3),
        figure("change", "slope_with", 0.95, expected_skill=0.4),
        figure("sale", "visits_share", 0.25, answer="rural", grade=grade),
        figure("sale", "information", 0.002, answer="rural", grade=grade, expected_skill=0.6),
    ]


def seen(kind: str, group: str, shares: dict[str, float], *, weekday_share: float = 0.0, daypart_share: float = 0.0) -> list[dict]:
    """Rows of a group in whole cells of both periods; and in the shop's Saturdays and mornings, where shares are given."""
    rows = []
    for period in ("month", "quarter"):
        cells = [(store, 0, "all", share) for store, share in shares.items()]
        cells += [("S1", 6, "all", weekday_share)] * (weekday_share > 0) + [("S1", 0, "morning", daypart_share)] * (daypart_share > 0)
        for store, weekday, daypart, share in cells:
            cell = {"period": period, "store_key": store, "weekday": weekday, "daypart": daypart, "sold_hour": -1}
            figures = {"visits_share": share, "low_share": share - 0.02, "high_share": share + 0.02, "receipts_count": 1234}
            index = 100 * share / shares["all"]
            rows.append({**cell, **figures, "people": 321.0, "kind": kind, "group_name": group, "affinity_index": index})
    return rows


@pytest.fixture(scope="module")
def full() -> dict[str, pd.DataFrame]:
    small = [
        {**row, "is_published": False, "mix_share": None, "receipts_count": 7} for row in audience("S1", "night", {"p01": 0.5, "p02": 0.5})
    ]
    cards = [
        {"profile_key": key, "section": "size", "place": place, "label": label, "value": value, "low": 0.4, "high": 0.6}
        for key in ("p01", "p02")
        for place, (label, value) in enumerate((("members", 50), ("members_share", 0.5), ("receipts_share", 0.5), ("spend_share", 0.5)))
    ] + [
        {"profile_key": "p01", "section": "more", "place": 1, "label": "Épicerie", "value": 2.1, "low": 1.8, "high": 2.4},
        {"profile_key": "p01", "section": "more", "place": 2, "label": "Presse", "value": 1.48, "low": 1.36, "high": 1.59},
        {"profile_key": "p01", "section": "less", "place": 1, "label": "Tabac", "value": 0.4, "low": 0.3, "high": 0.5},
        {"profile_key": "p01", "section": "daypart", "place": 1, "label": "early", "value": 2.0, "low": 1.8, "high": 2.2}
        | {"own_share": 0.5, "network_share": 0.25},
        {"profile_key": "p01", "section": "people", "place": 1, "label": "female", "value": 0.6, "low": 0.5, "high": 0.7}
        | {"network_value": 0.55},
        {"profile_key": "p01", "section": "place", "place": 1, "label": "median_income_cents", "value": 2e6, "low": 1.9e6, "high": 2.1e6}
        | {"network_value": 2e6},
        {"profile_key": "p01", "section": "place", "place": 2, "label": "dense_share", "value": 0.8, "low": 0.7, "high": 0.9}
        | {"network_value": 0.6},
        {"profile_key": "p01", "section": "place", "place": 3, "label": "rural_share", "value": 0.1, "low": 0.0, "high": 0.2}
        | {"network_value": 0.12},
        {"profile_key": "p01", "section": "basket", "place": 1, "label": "Journal ou magazine + café"},
    ]
    quality = [
        {"measure": name, "value": value, "low": value - 0.01, "high": value + 0.01, "people_count": 99}
        for name, value in (("held_out_gain", 0.2), ("kmeans", 0.19), ("shuffled", -0.03))
    ]
    quality.append({**quality[0], "measure": "above_continuum", "draws_count": 19, "verdict": "natural"})
    projection = [
        {
            "target": "profile",
            "variant": variant,
            "measure": measure,
            "subject": subject,
            "value": 0.5,
            "low": 0.4,
            "high": 0.6,
            "people_count": 9,
            "receipts_count": 99,
        }
        for variant in ("everybody", "topics")
        for measure in ("log_loss", "accuracy", "calibration_error")
        for subject in ("posterior", "prior", "difference", "placed", "place_difference")
    ]
    return frames(
        file_ledger=[FILE],
        store_features=[SHOP],
        store_months=[MONTH, {**MONTH, "store_key": "S9", "receipts_count": 9}],
        store_traffic=TRAFFIC,
        product_taxonomy=[{"category": "bread", "label_fr": "Pain"}, {"category": "beer", "label_fr": "Bière"}],
        profiles=[
            {
                "profile_key": "p01",
                "profile_id": "2025-01-p01",
                "profile_name": "Presse, tôt le matin",
                "members_count": 60,
                "members_share": 0.6,
                **FLAGGED,
            },
            {
                "profile_key": "p02",
                "profile_id": "2025-02-p03",
                "profile_name": "Tabac",
                "members_count": 40,
                "members_share": 0.4,
                **PUBLISHED,
            },
        ],
        mission_profiles=[
            {"month": "2025-01", "mission_key": "m01", "mission_name": "Pain, le matin", "daypart": "morning", "articles": "baguette"},
            {"month": "2025-01", "mission_key": "other", "mission_name": "Autre visite", "articles": ""},
            {"month": "2024-01", "mission_key": "m01", "mission_name": "Autrefois"},
        ],
        seen_audience=[
            *seen("mission", "m01", {"all": 0.3, "S1": 0.6}, weekday_share=0.7, daypart_share=0.8),
            *seen("mission", "other", {"all": 0.7, "S1": 0.4}),
            *seen("category", "bread", {"all": 0.3, "S1": 0.5}),
            *seen("category", "beer", {"all": 0.4, "S1": 0.2}),
            *seen("category", "other", {"all": 0.1, "S1": 0.4}),
        ],
        profile_cards=cards,
        typology_quality=quality,
        projection_quality=projection,
        store_audience=audience("all", "all", {"p01": 0.5, "p02": 0.5})
        + audience("all", "morning", {"p01": 0.7, "p02": 0.3})
        + audience("S1", "all", {"p01": 0.6, "p02": 0.4})
        + audience("S1", "morning", {"p01": 0.34, "p02": 0.66})
        + small,
        audience_quality=[{"measure": name, "value": 2.0} for name in ("cells", "published_cells", "mean_width")],
        synthetic_variables=[
            {"variable": name, "variable_label": label, "source": source, "figure": "answered", "answer": "", "declared": 0.5, "drawn": 0.5}
            for name, label, source in (
                ("car", "la voiture", "hypothesis"),
                ("postcode", "le code postal", "INSEE"),
                ("pet", "un animal", "INSEE"),
            )
        ],
        variable_value=[
            *asked("car", value=0.001, low=-0.001, chance=0.4, worth=0.0, grade="unsold"),
            *asked("postcode", value=0.005, low=0.003, chance=0.025, worth=1304.0, grade="sure"),
            {
                "variable": "pet",
                "question": "gain",
                "measure": "information",
                "answer": "",
                "outcome": "told_by_profile",
                "people_count": 0,
            },
        ],
    )


def text_of(html: str) -> str:
    return re.sub(r"[ \n\u00a0]+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<style.*?</style>|<svg.*?</svg>", "", html, flags=re.S)))


def test_a_full_month_says_everything_with_intervals(full) -> None:
    html = render(report_content(full, "2025-04", currency="GBP"))
    text = text_of(html)
    assert "Rapport du mois d’avril 2025" in text
    assert f"2{words.NARROW}500 lignes lues" in text
    assert "2,1 fois plus d’épicerie [1,8 ; 2,4] que la moyenne des membres" in text
    assert f"48{words.NARROW}% de plus de presse [36 ; 59]" in text
    assert f"60{words.NARROW}% de moins de tabac [50 ; 70]" in text
    assert f"tôt le matin (5–9 h) : 50{words.NARROW}% de ses passages [45–55] ; tous : 25{words.NARROW}%" in text
    assert f"60{words.NARROW}% de femmes [50–70] ; tous : 55{words.NARROW}%" in text
    assert f"revenu médian : 20{words.NARROW}000 € par an [19{words.NARROW}000 ; 21{words.NARROW}000]" in text
    assert f"passages en ville dense : 80{words.NARROW}% [70–90]" in text
    assert "à la campagne" not in text  # as everybody
    assert "Journal ou magazine + café" in text
    shop = text[text.index("Une boutique :") : text.index("Tout le réseau")]
    assert f"Vu sur 1{words.NARROW}234 tickets, membres ou non" in shop
    assert f"Pain, le matin – surtout le samedi baguette 60,0{words.NARROW}% [58,0–62,0] 30,0{words.NARROW}% 200" in shop
    assert f"Autre visite 40,0{words.NARROW}%" in shop and "Autrefois" not in text
    assert f"Plus ici qu’ailleurs : pain (50,0{words.NARROW}% des passages, 30,0{words.NARROW}% dans le réseau)." in shop
    assert f"Moins ici qu’ailleurs : bière (20,0{words.NARROW}% des passages, 40,0{words.NARROW}% dans le réseau)." in shop
    assert text.index("Une boutique :") < text.index("Tout le réseau") < text.index("Les profils, estimés")  # what is seen comes first
    assert "Plus ici" not in text[text.index("Tout le réseau") : text.index("Les profils, estimés")]
    assert f"Presse, tôt le matin 2025-01-p01 estimé, indicatif 60 (60{words.NARROW}%)" in text
    assert f"8,45{words.NARROW}£ panier moyen" in text
    assert "0,200 nat par article [0,190 ; 0,210]" in text
    assert f"le matin (9–12 h) : 66{words.NARROW}% [61–71] «{words.NARROW}Tabac{words.NARROW}», indice 132" in text
    assert "la nuit (22–5 h) : trop peu de tickets ou de personnes pour publier (7 tickets)" in text
    assert html.count("<svg") == 2


def test_a_withheld_profile_is_not_sold_and_shares_still_add_up(full) -> None:
    told = sellable(full["store_audience"], ["p02"])
    assert told.groupby(["store_key", "daypart"], sort=False).mix_share.sum(min_count=2).tolist()[:4] == pytest.approx([1.0] * 4)
    others = told[told.group_name == OTHERS].set_index(["store_key", "daypart"])
    assert others.mix_share["S1", "morning"] == pytest.approx(0.34)
    assert others[["low_share", "affinity_index"]].isna().all().all()
    assert np.isnan(others.mix_share["S1", "night"])  # too small a cell stays unpublished
    assert sellable(full["store_audience"], ["p01", "p02"]) is full["store_audience"]
    assert set(sellable(full["store_audience"], []).group_name) == {OTHERS}
    profiles = full["profiles"].copy()
    profiles.loc[profiles.profile_key == "p01", list(WITHHELD)] = list(WITHHELD.values())
    content = report_content({**full, "profiles": profiles}, "2025-04")
    assert [(profile["name"], profile["is_sold"]) for profile in content["profiles"]] == [
        ("Tabac", True),
        ("Presse, tôt le matin", False),
    ]
    html = render(content)
    text = text_of(html)
    assert "1 profil sur 2 peut être vendu" in text
    assert "Presse, tôt le matin 2025-01-p01 non vendable" in text
    assert f"autres profils, non vendus 60{words.NARROW}%" in text
    assert "«\u202fPresse" not in text  # no sentence offers it
    assert html.count('class="card withheld"') == 1


def test_the_page_is_self_contained_and_data_stays_data(full) -> None:
    html = render(report_content(full, "2025-04"))
    assert "Le Café &lt;b&gt;&amp;&lt;/b&gt; Cie" in html
    assert "<script" not in html
    addresses = set(re.findall(r"(?:src|href)=[\"'][^\"']*|url\([^)]*\)", html))
    assert {address for address in addresses if "http" in address} == set()


def test_a_month_without_members_still_shows_the_shop() -> None:
    month = frames(file_ledger=[FILE], store_features=[SHOP], store_months=[MONTH], store_traffic=TRAFFIC)
    html = render(report_content(month, "2025-04"))
    text = text_of(html)
    assert "Pas de profils ce mois-ci" in text
    assert "Pas d’audience ce mois-ci" in text
    assert "Tout le réseau" not in text  # one shop is the network
    assert "Une boutique : Le Café" in text
    assert "<svg" in html


def test_a_month_without_anything_is_a_page_too() -> None:
    text = text_of(render(report_content(frames(), "2025-04")))
    assert "0 lignes lues" in text
    assert "trop peu de tickets, ou pas de catégories de produits" in text
    assert "Une boutique" not in text


def test_profiles_without_measures_say_so(full) -> None:
    text = text_of(render(report_content({**full, "typology_quality": full["typology_quality"].iloc[:0]}, "2025-04")))
    assert "Trop peu de membres ont assez de tickets" in text


@pytest.mark.parametrize(
    ("verdict", "draws", "said"),
    [
        ("natural", 19, "Groupes naturels : 0,200 nat par article de plus [0,190 ; 0,210]"),
        ("not_shown", 19, "Découpage d’un continuum, utile mais sans frontière naturelle démontrée"),
        ("not_enough_draws", 2, "Pas assez de tirages pour le dire (2 sur 19)"),
    ],
)
def test_groups_are_called_natural_or_a_cut(full, verdict: str, draws: int, said: str) -> None:
    quality = full["typology_quality"].copy()
    quality.loc[quality.measure == "above_continuum", ["verdict", "draws_count"]] = verdict, draws
    assert said in text_of(render(report_content({**full, "typology_quality": quality}, "2025-04")))


def test_a_chosen_shop_is_shown(full) -> None:
    two = {
        **full,
        "store_features": pd.concat([full["store_features"], pd.DataFrame([{**SHOP, "store_key": "S2", "name": "La Civette"}])]),
        "store_months": pd.concat([full["store_months"], pd.DataFrame([{**MONTH, "store_key": "S2", "receipts_count": 3}])]),
    }
    assert report_content(two, "2025-04")["store"]["store_key"] == "S1"
    assert report_content(two, "2025-04", store="S2")["store"]["name"] == "La Civette"
    for store, is_busiest in ((None, True), ("S1", True), ("S2", False), ("nowhere", True)):
        assert ("la plus fréquentée du mois" in text_of(render(report_content(two, "2025-04", store=store)))) == is_busiest


def test_numbers_are_french() -> None:
    assert words.number(1234567.891, 2) == f"1{words.NARROW}234{words.NARROW}567,89"
    assert (words.number(-0.5, 1), words.number(-0.0001, 2), words.number(None), words.number(float("nan"))) == ("−0,5", "0,00", "–", "–")
    assert (words.counted(1, "fichier", "fichiers"), words.counted(2, "fichier", "fichiers")) == ("1 fichier", "2 fichiers")
    assert words.percent(0.345) == f"34{words.NARROW}%"
    assert words.money(1234.0, "EUR") == f"12,34{words.NARROW}€"
    assert (words.money(1234.0, "USD"), words.money(None, "EUR")) == (f"12,34{words.NARROW}$", "–")
    assert words.money(1234.0, None).endswith("(devises mêlées)")


def test_lifts_are_said_in_plain_words() -> None:
    assert words.times_more(2.13, 1.8, 2.4, "œufs") == "2,1 fois plus d’œufs [1,8\u00a0;\u00a02,4]"
    assert words.times_less(0.4, 0.3, 0.5, "hygiène") == f"60{words.NARROW}% de moins d’hygiène [50\u00a0;\u00a070]"
    assert words.times_less(0.0, 0.0, 0.2, "tabac") == f"presque pas de tabac [80\u00a0;\u00a0100{words.NARROW}% de moins]"
    assert (words.lower_first("Presse"), words.lower_first("FDJ")) == ("presse", "FDJ")


def test_the_demo_ends_with_the_truth_beside_the_estimate(full) -> None:
    truth = pd.DataFrame(
        [
            ("S1", "morning", "p01", 30, 0.30),
            ("S1", "morning", "p02", 70, 0.75),
            ("all", "all", "p01", 9, 0.9),
            ("all", "all", "p02", 1, 0.1),
        ],
        columns=["store_key", "daypart", "group_name", "visits_count", "true_share"],
    )
    stores = pd.DataFrame({"store_key": ["S1"], "name": ["La Civette"]})
    profiles = full["profiles"]
    lines = closing("2025-04", profiles, full["store_audience"], stores, truth)
    text = "\n".join(lines)
    assert f"« Presse, tôt le matin » — 60 membres, 60{words.NARROW}%, estimé, indicatif" in text
    assert "La Civette, en avril 2025, le matin (9–12 h) : 66" in text
    assert "hors de l’intervalle" in next(line for line in lines if "Tabac" in line and "vrai" in line)
    assert f"contiennent le vrai dans 50{words.NARROW}% des cas" in text
    # (.34 − .30)² + (.66 − .75)² against (.9 − .30)² + (.1 − .75)²
    assert f"l’erreur quadratique est réduite de 99{words.NARROW}% par rapport au vrai mélange du réseau" in text
    # of « Tabac » alone, whose interval misses: (.66 − .75)² against (.1 − .75)²
    sold = closing("2025-04", profiles.assign(is_sold=[False, True]), full["store_audience"], stores, truth)[-1]
    assert sold.startswith(
        f"  Des seuls profils qui peuvent être vendus, les intervalles à 90{words.NARROW}% contiennent le vrai dans 0{words.NARROW}%"
    )
    assert f"réduite de 98{words.NARROW}%" in sold
    hidden = closing("2025-04", profiles.assign(is_sold=[False, True]), full["store_audience"], stores, truth)
    assert not any("Presse" in line for line in hidden)
    assert "  et 1 non vendable : pas assez sûr (voir le rapport)" in hidden
    assert any(re.search(r"34.% +vrai +30.%  autres profils, non vendus$", line) for line in hidden)
    none = closing("2025-04", profiles.assign(is_sold=False), full["store_audience"], stores, truth)
    assert not any("seuls profils" in line for line in none)
    assert none[0].endswith(": aucun.")
    assert any("aucun profil vendu n’y est assez sûr" in line for line in none)
    nothing = closing("2025-04", profiles.iloc[:0], full["store_audience"], stores, truth)
    assert nothing == ["Pas de profils : trop peu de tickets de membres dans ce petit réseau."]


def test_the_same_month_gives_the_same_page(full) -> None:
    first, second = (render(report_content(full, "2025-04")) for _ in range(2))
    assert first == second
    identifiers = re.findall(r'\bid="([^"]+)"', first)
    assert len(identifiers) == len(set(identifiers))


def test_receipts_that_are_counted_as_people_are_said_to_be(full) -> None:
    said = "chaque ticket compte pour une personne"
    assert said not in render(report_content(full, "2025-04"))
    nobody = {**full, "seen_audience": full["seen_audience"].assign(people=1234.0)}
    assert said in render(report_content(nobody, "2025-04"))


def test_the_demo_begins_with_what_is_seen(full) -> None:
    lines = seen_lines("2025-04", "La Civette", seen_content(full, "2025-04", "S1"))
    assert lines[0] == f"Pourquoi on vient chez La Civette, en avril 2025 (vu sur 1{words.NARROW}234 tickets, membres ou non) :"
    assert lines[1:] == [f"   60,0{words.NARROW}% [58,0–62,0]  Pain, le matin, surtout le samedi (réseau 30,0{words.NARROW}%)"]
    assert seen_lines("2025-04", "La Civette", seen_content(frames(), "2025-04", "S1")) == []


@pytest.mark.parametrize(
    ("grade", "sold"),
    [("seen", (True, True, True)), ("sure", (False, True, True)), ("indicative", (False, False, True)), ("unsold", (False, False, False))],
)
def test_what_is_sold_is_from_a_grade_upwards(grade: str, sold: tuple[bool, ...]) -> None:
    assert tuple(is_sold(grade, least) for least in ("seen", "sure", "indicative")) == sold


def test_questions_are_told_by_what_they_say(full) -> None:
    found = asked_content(full["variable_value"], {"car": "la voiture", "postcode": "le code postal", "pet": "un animal"})
    assert [each["label"] for each in found] == ["le code postal", "la voiture", "un animal"]
    postcode, car, pet = (" ".join(each["sentences"]) for each in found)
    assert f"autant que 1{words.NARROW}300 [650\u00a0;\u00a02{words.NARROW}610] membres de plus" in postcode
    assert (
        f"Part connue des différences entre boutiques et créneaux : 30,0{words.NARROW}% sans elle, 40,0{words.NARROW}% avec elle"
        in postcode
    )
    assert f"Pourrait être vendu comme groupe : «{words.NARROW}rural{words.NARROW}»." in postcode
    assert "Rien de sûr au-delà du profil (1,0 [−1,0\u00a0;\u00a03,0] millinats par article" in car
    assert "une valeur de 2,0" in car and "Aucune réponse ne pourrait être vendue" in car
    assert pet == "le profil dit déjà la réponse : la demander n’apprendrait rien de plus."
    text = text_of(render(report_content(full, "2025-04")))
    assert "la voiture *" in text and "le code postal *" not in text
    assert "le profil dit déjà la réponse" in text

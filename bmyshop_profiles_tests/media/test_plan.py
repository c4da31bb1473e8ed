"""Plans: figures of the lake, the choice under a budget, and what is refused."""

import datetime
import io
import json
import re

import jsonschema
import numpy as np
import pandas as pd
import pypdf
import pytest
import yaml

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.media import page
from bmyshop_profiles.media.brief import Brief, brief_schema, load_brief
from bmyshop_profiles.media.contacts import Doubt, by_screen, choose, whole
from bmyshop_profiles.media.page import content, files_of
from bmyshop_profiles.media.plan import Plan, draft_of, make_plan
from bmyshop_profiles.media.rules import BriefRefused, legal_rules
from bmyshop_profiles.reports import words
from bmyshop_profiles_tests.media.conftest import MONTH, SHOPS, a_brief


def by_shop(plan: Plan) -> dict[str, object]:
    return {screen.store_key: screen for screen in plan.screens}


def test_figures_are_those_of_the_forecast_and_the_shares(lake) -> None:
    plan = make_plan(lake, a_brief())
    screens = by_shop(plan)
    assert [screen.store_key for screen in plan.screens] == ["S1", "S4", "S3", "S2"]  # by share, where contacts are what is paid for
    assert screens["S4"].visits.value == 14 * 300
    assert screens["S4"].contacts.value == 14 * 300 * 0.3
    assert (screens["S3"].days, screens["S4"].days) == (12, 14)  # S3 is closed on two Sundays
    assert screens["S1"].contacts.value == round(100 * 0.4 * (14 + 2 * 0.3 * 0.8))  # two Mondays at noon, where more is known
    assert screens["S4"].cost_cents == 14 * 300 * 12 / 1000 * 100
    assert plan.cost_cents == sum(screen.cost_cents for screen in plan.screens) <= plan.budget_cents == 100_000
    assert plan.visits.value == 14 * 800 + 12 * 200
    assert (plan.month, plan.method, plan.shops, plan.unpublished) == (MONTH, "recent weeks", 4, 0)
    for figure in (plan.contacts, plan.visits, *(screen.contacts for screen in plan.screens)):
        assert figure.low < figure.value < figure.high


def test_weekdays_dayparts_and_public_holidays(lake) -> None:
    mornings = make_plan(lake, a_brief(weekdays=["samedi", "dimanche"], dayparts=["early"]))
    assert by_shop(mornings)["S4"].visits.value == 4 * 300 * 0.5
    assert by_shop(mornings)["S3"].days == 2
    thursday = make_plan(lake, a_brief(dates={"first": "2025-05-01", "last": "2025-05-01"}, weekdays=["jeudi"]))
    assert by_shop(thursday)["S4"].days == 1  # 1 May is a Thursday with the hours of a Sunday


def test_a_screen_day_price_and_a_number_of_screens(lake) -> None:
    plan = make_plan(lake, a_brief(budget={"euros": 100, "price": {"per_screen_day": 2}}, most_screens=2))
    assert [screen.store_key for screen in plan.screens] == ["S4", "S1"]  # most contacts for the price of a day
    assert [screen.cost_cents for screen in plan.screens] == [2800, 2800]
    small = make_plan(lake, a_brief(budget={"euros": 55, "price": {"per_screen_day": 2}}))
    assert [screen.store_key for screen in small.screens] == ["S4", "S3"]  # what is left buys the cheaper one


def test_places(lake) -> None:
    def shops(**places: object) -> set[str]:
        return set(by_shop(make_plan(lake, a_brief(places=places))))

    assert shops(communes=["lyon"]) == {"S1", "S2"}
    assert shops(communes=["VILLEURBANNE", "13055"]) == {"S3", "S4"}
    assert shops(communes=["ecully sur mer"]) == {"S4"}
    assert shops(departements=["69"], shops=["bakery"]) == {"S2", "S3"}
    assert shops(radius=[{"around": "Villeurbanne", "km": 2}]) == {"S3"}
    assert shops(radius=[{"around": "Lyon", "km": 10}]) == {"S1", "S2", "S3"}


def test_what_is_estimated_is_offered_from_its_grade_with_its_own_interval(lake) -> None:
    plan = make_plan(lake, a_brief(groups=[{"kind": "profile", "name": "lecteurs du matin"}]))
    assert plan.groups[0].grade == "estimé, sûr" and not plan.groups[0].is_seen
    assert set(by_shop(plan)) == {"S1", "S2"} and plan.unpublished == 2
    width = plan.contacts.high - plan.contacts.low
    assert width > 0.6 * plan.contacts.value  # ± a third of the share in each shop, and in the network
    assert any("estimée" in text for text in content(plan)["trust"])
    assert any("2 boutiques de ces lieux ne sont pas proposées" in text for text in content(plan)["trust"])


def test_groups_that_exclude_each_other_add_up(lake) -> None:
    one = make_plan(lake, a_brief())
    two = make_plan(lake, a_brief(groups=[{"kind": "mission", "name": each} for each in ("Presse", "m02")]))
    assert by_shop(two)["S4"].contacts.value == 1.5 * by_shop(one)["S4"].contacts.value
    assert by_shop(two)["S4"].visits.value == by_shop(one)["S4"].visits.value


def test_every_screen_says_why_it_is_in(lake) -> None:
    told = {screen.store_key: screen.why for screen in make_plan(lake, a_brief()).screens}
    assert re.fullmatch(r"« Presse » y fait 41,4 % des passages \[37,2–45,5\], 2,1 fois la part du réseau\.", words_only(told["S1"]))
    assert "Il y passe 1,6 fois autant de monde que devant l’écran médian" in words_only(told["S2"])
    assert all(each.endswith(".") for each in told.values())


def words_only(text: str) -> str:
    return text.replace(words.NARROW, " ")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"places": {"communes": ["Lyonn"]}}, "places: Lyonn is no commune that the table zones knows"),
        ({"places": {"communes": ["Saint-Denis"]}}, "several communes bear the name Saint-Denis; write the INSEE code of one: 01001"),
        ({"places": {"departements": ["99"]}}, "99 is no département"),
        ({"places": {"radius": [{"around": "93066", "km": 5}]}}, "no shop stands within 5 km of 93066; take a wider radius"),
        ({"places": {"shops": ["butcher"]}}, "butcher is no kind of shop of this network; there are bakery, press, tobacconist"),
        ({"places": {"communes": ["01001"]}}, "no shop of the network stands there"),
        ({"dates": {"first": "2025-04-30", "last": "2025-05-04"}}, "2025-04-30 is before 2025-05-01"),
        ({"dates": {"first": "2025-05-30", "last": "2025-06-26"}}, "2025-06-26 is after 2025-06-25, where the forecast ends"),
        ({"groups": [{"kind": "sex", "name": "female"}]}, "there is no kind sex; this lake has category, mission, profile"),
        ({"groups": [{"kind": "mission", "name": "Presses"}]}, "Presses is no mission of 2025-04; did you mean Presse?"),
        ({"groups": [{"kind": "profile", "name": "Pain"}]}, "« Pain » may not be sold: its grade is non vendable"),
        ({"groups": [{"kind": "mission", "name": "other"}]}, "« Autre visite » may not be sold"),
        ({"groups": [{"kind": "mission", "name": each} for each in ("m01", "Presse")]}, "one of them stands there twice"),
        ({"dayparts": ["night"]}, "no shop there has enough visits at these moments"),
        ({"budget": {"euros": 1, "price": {"per_screen_day": 20}}}, "1 € buy no screen; the cheapest costs"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_one_sentence(lake, changed, message) -> None:
    with pytest.raises(BmyshopError, match=re.escape(message)) as caught:
        make_plan(lake, a_brief(**changed))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "rule", "text"),
    [
        ({"sector": "tabac"}, "Aucune publicité pour le tabac", "L3512-4"),
        ({"sector": "vape"}, "Aucune publicité pour le vapotage", "L3513-4"),
        ({"sector": "alcool"}, "Pas d’alcool, sauf si le réseau l’a autorisé", "L3323-2"),
        ({"sector": "jeux"}, "Jeux d’argent, seulement par un opérateur autorisé", "L320-12"),
        (
            {"sector": "jeux", "operator_licence": "ANJ 12", "groups": [{"kind": "category", "name": "games_of_chance"}]},
            "Jamais viser",
            "D320-9",
        ),
        ({"sector": "jeux", "operator_licence": "ANJ 12", "groups": [{"kind": "mission", "name": "m02"}]}, "Jamais viser", "D320-9"),
        ({"sector": "politique"}, "Pas de lecteurs de presse", "2016/679"),
    ],
)
def test_a_brief_that_breaks_a_rule_is_refused_with_the_rule(lake, changed, rule, text) -> None:
    with pytest.raises(BriefRefused) as caught:
        make_plan(lake, a_brief(**changed))
    assert rule in str(caught.value) and text in str(caught.value) and "à confirmer par un juriste" in str(caught.value)


def test_what_a_rule_allows_carries_its_mentions(lake) -> None:
    gambling = make_plan(lake, a_brief(sector="jeux", operator_licence="ANJ 12"))
    assert any("interdits aux mineurs" in mention for mention in gambling.mentions)
    lake.alcohol_advertising = True
    assert "modération" in make_plan(lake, a_brief(sector="alcool")).mentions[0]
    assert make_plan(lake, a_brief()).mentions == []


def test_no_rule_is_confirmed_but_by_a_person() -> None:
    rules = legal_rules()
    assert len({rule.id for rule in rules.rules}) == len(rules.rules)
    for rule in rules.rules:
        assert rule.sectors == "all" or set(rule.sectors) <= set(rules.sectors)
        assert rule.confirmed is None and rule.standing == "à confirmer par un juriste"
        assert all(text.since < datetime.date.today() for text in rule.texts)
        assert (rule.unless is None) == (rule.refuse in ("always", "never"))


def test_page_pdf_table_and_json_say_the_same_figures(lake) -> None:
    plan = make_plan(lake, a_brief())
    files = files_of(plan)
    assert Plan.model_validate_json(files["plan.json"]) == plan
    table = pd.read_csv(io.BytesIO(files["plan.csv"]))
    assert table.contacts.tolist() == [screen.contacts.value for screen in plan.screens]
    assert (table.cost_euros.sum() * 100).round() == plan.cost_cents
    pages = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(files["plan.pdf"])).pages)
    html = files["plan.html"].decode()
    for text in (pages, html):
        plain = " ".join(text.replace(words.NARROW, " ").split())
        assert plan.brief.title in plain
        figures = [plan.contacts.value, plan.visits.value]
        for screen in plan.screens:
            figures += [screen.visits.value, screen.contacts.value]
            assert f"[{spaced(screen.contacts.low)}–{spaced(screen.contacts.high)}]" in plain
            assert words.money(screen.cost_cents, "EUR").replace(words.NARROW, " ") in plain
        assert all(spaced(figure) in plain for figure in figures)
        assert words.money(plan.cost_cents, "EUR").replace(words.NARROW, " ") in plain
        assert "à confirmer par un juriste" in plain and "RGPD" in plain
    assert "http" not in html.replace("http-equiv", "")  # a page asks for nothing elsewhere
    assert files_of(plan) == files


def test_a_long_plan_is_whole_in_its_table(lake, monkeypatch) -> None:
    monkeypatch.setattr(page, "MOST_SHOWN", 2)
    files = files_of(make_plan(lake, a_brief()))
    pages = " ".join(each.extract_text() for each in pypdf.PdfReader(io.BytesIO(files["plan.pdf"])).pages)
    assert len(pd.read_csv(io.BytesIO(files["plan.csv"]))) == 4
    for text in (files["plan.html"].decode(), pages):
        assert "Les 4 écrans sont tous dans plan.csv" in " ".join(text.split())
        assert "Chez S4" in text and "Chez S2" not in text


def spaced(value: float) -> str:
    return words.number(value).replace(words.NARROW, " ")


def test_texts_of_a_brief_are_texts_on_every_page(lake) -> None:
    title = "<script>#import</script> $x$ *a* =1+1"
    files = files_of(make_plan(lake, a_brief(title=title, advertiser="=cmd|' /C'")))
    assert "<script>#import" not in files["plan.html"].decode()
    assert "#import</script> $x$ *a* =1+1" in pypdf.PdfReader(io.BytesIO(files["plan.pdf"])).pages[0].extract_text()


def test_a_draft_is_a_brief_that_plans(lake, tmp_path) -> None:
    path = tmp_path / "brief.yaml"
    path.write_text(draft_of(lake, schema=True), encoding="utf-8")
    brief = load_brief(path)
    assert brief.dates.first.weekday() == 0
    assert make_plan(lake, brief).screens
    jsonschema.Draft202012Validator.check_schema(brief_schema())
    told = json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))
    jsonschema.Draft202012Validator(brief_schema()).validate(told)
    assert list(jsonschema.Draft202012Validator(brief_schema()).iter_errors({**told, "sector": "armes"}))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"budget": {"euros": 0, "price": {"per_screen_day": 1}}}, "budget.euros: Input should be greater than 0"),
        ({"budget": {"euros": 5, "price": {}}}, "give per_thousand_contacts or per_screen_day, one of them"),
        ({"sector": "alcohol"}, "sector: 'alcohol' is no sector; did you mean alcool?"),
        ({"dates": {"first": "2025-05-09", "last": "2025-05-01"}}, "the last day, 2025-05-01, is before the first"),
        (
            {"groups": [{"kind": "category", "name": "a"}, {"kind": "mission", "name": "b"}]},
            "groups are of one kind, not of category and mission",
        ),
        ({"groups": [{"kind": "category", "name": each} for each in "ab"]}, "one category at a time"),
        ({"week_days": ["lundi"]}, "week_days: is no key of a brief; plan --draft shows them all"),
        ({"places": {"radius": [{"around": "Lyon", "km": 0}]}}, "places.radius.0.km: Input should be greater than 0"),
    ],
)
def test_a_brief_says_what_is_wrong_in_it(tmp_path, changed, message) -> None:
    path = tmp_path / "brief.yaml"
    told = {**json.loads(a_brief().model_dump_json()), **changed}
    path.write_text(yaml.safe_dump(told), encoding="utf-8")
    with pytest.raises(BmyshopError, match=re.escape(message)):
        load_brief(path)


def test_a_brief_that_is_no_yaml_or_not_there(tmp_path) -> None:
    with pytest.raises(BmyshopError, match="cannot be read .*plan --draft writes a brief"):
        load_brief(tmp_path / "none.yaml")
    (tmp_path / "brief.yaml").write_text("a: [")
    with pytest.raises(BmyshopError, match="is not valid YAML"):
        load_brief(tmp_path / "brief.yaml")


def test_a_lake_without_a_forecast_is_told(settings) -> None:
    with pytest.raises(BmyshopError, match="no visits have been forecast in .*: run a month first"):
        make_plan(settings, a_brief())


def test_departements_may_be_written_as_numbers() -> None:
    assert Brief.model_validate({**a_brief().model_dump(), "places": {"departements": [1, 69, "2A"]}}).places.departements == (
        "01",
        "69",
        "2A",
    )


def test_choosing_is_never_worse_than_by_ratio_and_stays_within_bounds() -> None:
    rng = np.random.default_rng(0)
    for most in (None, 3, 20):
        for _ in range(20):
            worth, cost = rng.gamma(1, 100, 200), rng.gamma(2, 50, 200)
            taken = choose(worth, cost, 1500, most)
            assert cost[taken].sum() <= 1500 and len(taken) <= (most or 200) and len(set(taken)) == len(taken)
            order, left, plain = np.argsort(-worth / cost), 1500.0, []
            for row in order:
                if cost[row] <= left and (most is None or len(plain) < most):
                    plain.append(row)
                    left -= cost[row]
            assert worth[taken].sum() >= worth[plain].sum() - 1e-9
    assert len(choose(np.zeros(3), np.ones(3), 10)) == 0


def test_a_few_large_screens_are_taken_where_only_a_few_may_be() -> None:
    worth, cost = np.array([10.0, 10.0, 500.0, 400.0]), np.array([1.0, 1.0, 100.0, 100.0])
    assert sorted(choose(worth, cost, 300, 2)) == [2, 3]
    assert sorted(choose(worth, cost, 300)) == [0, 1, 2, 3]


def test_sums_of_shops_hold_their_errors_together() -> None:
    cells = pd.DataFrame([
        {"group_name": "g", "store_key": shop, "weekday": 1, "hours_weekday": 1, "daypart": "noon", "days_count": 4, "visits": 10_000.0,
         "visit_squares": 10_000.0, "share": 0.5, "low_share": 0.45, "high_share": 0.55} for shop in ("A", "B", "C", "D")
    ])  # fmt: skip
    alone = by_screen(cells, Doubt(0, 0, 0, 0))
    assert (alone.contacts_high - alone.contacts).tolist() == pytest.approx([500] * 4, rel=0.02)
    value, low, high = whole(alone, Doubt(0, 0, 0, 0))["contacts"]
    assert (value, high - value, value - low) == (
        20_000,
        pytest.approx(1000, rel=0.02),
        pytest.approx(1000, rel=0.02),
    )  # half of what they are together
    together = whole(by_screen(cells, Doubt(0, 0, 0, 0.01)), Doubt(0, 0, 0, 0.01))["visits"]
    assert together[2] - together[0] == pytest.approx(1.645 * 0.1 * 40_000)
    apart = whole(by_screen(cells, Doubt(0, 0, 0.01, 0)), Doubt(0, 0, 0.01, 0))["visits"]
    assert apart[2] - apart[0] == pytest.approx(1.645 * 0.1 * 20_000)
    common = whole(alone, Doubt(0, 0, 0, 0), common=0.2)["contacts"]
    assert common[0] - common[1] == pytest.approx(np.hypot(1000, 4000), rel=0.01)
    assert set(SHOPS) == {"S1", "S2", "S3", "S4"}

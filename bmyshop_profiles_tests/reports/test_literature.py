"""The review of what is known: every citation is in its list, every entry of the list is cited, and what it links to is there."""

import re
from collections import Counter
from pathlib import Path

import pytest

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.reports.study.blocks import anchor
from bmyshop_profiles.reports.study.literature import LIST, Review, citations, read_review, review_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "etat_de_l_art.md"
REVIEW = read_review(PAGE)


def unresolved(review: Review) -> list[str]:
    """Citations of no entry, and those that name somebody who is no author of theirs."""
    return [
        f"{', '.join(names)} {year}"
        for names, year in citations(review.text)
        if not any(reference.is_meant(names, year) for reference in review.references)
    ]


def unused(review: Review) -> list[str]:
    cited = list(citations(review.text))
    return [reference.text for reference in review.references if not any(reference.is_meant(*citation) for citation in cited)]


def duplicates(review: Review) -> list[str]:
    """Entries of the same names and year, or of one DOI or arXiv number."""
    marks = [f"{reference.names} {reference.year}" for reference in review.references]
    marks += [mark for reference in review.references for mark in re.findall(r"doi [\w./-]+[\w/]|arXiv \d{4}\.\d+", reference.text)]
    return [mark for mark, count in Counter(marks).items() if count > 1]


def dead_links(page: str, directory: Path) -> list[str]:
    """Links whose file is not there, or has no such heading."""
    found = []
    for path, _, target in (link.partition("#") for link in re.findall(r"\]\(([^)\s]+)\)", page) if not link.startswith("http")):
        file = directory / path if path else PAGE
        headings = re.findall(r"(?m)^#+ (.+)$", file.read_text(encoding="utf-8")) if file.is_file() and file.suffix == ".md" else []
        if not file.exists() or (target and target not in {anchor(heading) for heading in headings}):
            found.append(f"{path}#{target}")
    return found


def missing_files(page: str) -> list[str]:
    """Files of the project that the page names and that are not there."""
    named = re.findall(r"`((?:[\w.]+/)+(?:[\w.]+\.(?:py|yml|sql|md|json))?)`", page)
    return [name for name in named if not any((root / name).exists() for root in (ROOT, ROOT / "bmyshop_profiles", ROOT / "docs"))]


def test_every_citation_is_in_the_list_and_every_entry_is_cited() -> None:
    assert len(REVIEW.references) > 100 and len(list(citations(REVIEW.text))) > 150
    assert unresolved(REVIEW) == []
    assert unused(REVIEW) == []
    assert duplicates(REVIEW) == []


def test_what_the_review_links_to_is_there() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(re.findall(r"\]\((?:results|methods)", page)) > 20
    assert dead_links(page, PAGE.parent) == []
    assert missing_files(page) == []


def test_every_chapter_has_a_summary_and_decisions() -> None:
    chapters = re.split(r"(?m)^## ", PAGE.read_text(encoding="utf-8"))[1:]
    titles = [chapter.partition("\n")[0] for chapter in chapters]
    assert [title for title, _ in REVIEW.summaries] == titles[:-1] and titles[-1] == LIST
    for title, summary in REVIEW.summaries:
        assert 60 <= len(summary.split()) <= 160, title
        assert list(citations(summary)), title  # no summary without a source
        assert "](" not in summary and "`" not in summary, title  # it stands in the study as well


def test_the_study_lists_what_its_summaries_cite() -> None:
    listed = REVIEW.cited()
    cited = {year for _, summary in REVIEW.summaries for _, year in citations(summary)}
    assert 25 < len(listed) < len(REVIEW.references)
    assert any(text.startswith("Fay, Herriot (1979)") for text in listed) and any(text.startswith("de Montjoye") for text in listed)
    assert all(any(f"({year})" in text for text in listed) for year in cited)


SMALL = """# Titre

## Chapitre

**En bref.** Fay et Herriot (1979) rétrécissent ;
les autres non (Castro Gertrudes et coll. 2019).

Tasche (2022, 2023) le dit, (de Montjoye et al., 2015) aussi, Ardehaly et Culotta (s. d.) et la CNIL (2020b, délibération) encore.
En 2021, `Rien et Personne (2021)` ne cite personne, ni Filosofi 2021, ni arXiv 1909.02996. [là](results.md#x)

## Références

- Fay, Herriot (1979). Petits lieux. doi 10.1/abc [résumé vu].
- Castro Gertrudes, Zimek (2019). Une vue
  unifiée. arXiv 1234.56789 [copie vue].
- Tasche (2022). A [résumé vu].
- Tasche (2023). B [résumé vu].
- de Montjoye, Radaelli (2015). C [copie vue].
- Ardehaly, Culotta (s. d.). D [copie vue].
- CNIL (2020b). E [page vue].
"""


def test_a_small_review_is_read() -> None:
    review = review_of(SMALL)
    assert review.summaries == [("Chapitre", "Fay et Herriot (1979) rétrécissent ; les autres non (Castro Gertrudes et coll. 2019).")]
    assert [(reference.names, reference.year) for reference in review.references][:2] == [
        ("Fay, Herriot", "1979"),
        ("Castro Gertrudes, Zimek", "2019"),
    ]
    assert review.references[1].text == "Castro Gertrudes, Zimek (2019). Une vue unifiée. arXiv 1234.56789 [copie vue]."
    assert (unresolved(review), unused(review), duplicates(review)) == ([], [], [])
    assert list(citations("Mann et McCallum (2007, 2010)")) == [(["Mann", "McCallum"], "2007"), (["Mann", "McCallum"], "2010")]
    assert list(citations("(McInnes, Healy 2017 ; Hennig 2007)")) == [(["McInnes", "Healy"], "2017"), (["Hennig"], "2007")]
    assert [text[:3] for text in review.cited()] == ["Fay", "Cas"]


@pytest.mark.parametrize(
    ("old", "new", "check", "said"),
    [
        ("Fay et Herriot (1979)", "Fay et Herriot (1980)", unresolved, "Fay, Herriot 1980"),
        ("Fay et Herriot (1979)", "Fay et Rao (1979)", unresolved, "Fay, Rao 1979"),
        ("(2022, 2023)", "(2022, 2024)", unresolved, "Tasche 2024"),
        ("Tasche (2022, 2023)", "Tasche (2022)", unused, "Tasche (2023). B"),
        ("la CNIL (2020b, délibération) encore", "rien", unused, "CNIL (2020b). E"),
        ("- Tasche (2023)", "- Tasche (2022). Encore A [vu].\n- Tasche (2023)", duplicates, "Tasche 2022"),
        ("Radaelli (2015). C", "Radaelli (2015). C, doi 10.1/abc", duplicates, "doi 10.1/abc"),
    ],
)
def test_a_review_that_does_not_hold_is_seen(old: str, new: str, check: object, said: str) -> None:
    assert old in SMALL
    found = check(review_of(SMALL.replace(old, new)))  # type: ignore[operator]
    assert len(found) == 1 and found[0].startswith(said)


def test_a_link_or_file_that_is_not_there_is_seen(tmp_path: Path) -> None:
    (tmp_path / "results.md").write_text("# Results\n\n## One receipt\n", encoding="utf-8")
    assert dead_links("[a](results.md#one-receipt) [b](results.md)", tmp_path) == []
    assert dead_links("[a](results.md#two-receipts) [b](nothing.md)", tmp_path) == ["results.md#two-receipts", "nothing.md#"]
    assert missing_files("`privacy/erasure.py`, `sql/audience/`, `privacy/nothing.py`") == ["privacy/nothing.py"]


def test_an_entry_without_names_and_a_year_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BmyshopError, match="no reference of names and a year: - Fay, Herriot"):
        review_of(SMALL.replace("Herriot (1979). ", "Herriot, 1979. "))
    with pytest.raises(BmyshopError, match="the review of what is known is missing"):
        read_review(tmp_path / "none.md")

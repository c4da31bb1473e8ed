"""The review of what is known (`docs/etat_de_l_art.md`): summaries of its chapters, its references, and who cites what.

Belongs here: reading the page. Does not belong here: what it says.

A chapter's summary is its paragraph that begins with `**En bref.**`. A reference is a line `- Names (year). Title…` of the chapter
`Références`; a citation is names and a year in the text: Fay et Herriot (1979), (Griva et coll. 2018).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.shipped import shipped

YEAR = r"(?:1[89]\d\d|20\d\d)[a-z]?|s\. d\."
NAME = r"(?<!\w)(?:(?:van|von|del) )?[A-ZÀ-Ý][\w’'-]*[\w’']"
CITATION = re.compile(rf"({NAME}(?:(?:, | et ){NAME})*)(?: et coll\.| et al\.)?,?\s\(?((?:{YEAR})(?:(?:, | et )(?:{YEAR}))*)(?![\w-]|\.\d)")
REFERENCE = re.compile(rf"- (?P<names>.+?) \((?P<year>{YEAR})\)\. (?P<rest>.+)", re.DOTALL)
# words before a year that cite nothing: data with their vintage, and a sentence's beginning
NO_CITATIONS = {"Filosofi", "En", "Depuis"}
BRIEF = "**En bref.** "
LIST = "Références"


@dataclass(frozen=True)
class Reference:
    """names: of the authors, as the list has them."""

    names: str
    year: str
    text: str

    def is_meant(self, names: list[str], year: str) -> bool:
        """Whether a citation of names and a year is of this: the first is the (end of the) first author's, the others are authors."""
        return year == self.year and _surnames(self.names)[0].endswith(names[0]) and all(name in self.names for name in names)


@dataclass(frozen=True)
class Review:
    """summaries: (chapter, its summary) in order."""

    text: str
    summaries: list[tuple[str, str]]
    references: list[Reference]

    def cited(self) -> list[str]:
        """References that the summaries cite, in the order of the list."""
        wanted = [citation for _, summary in self.summaries for citation in citations(summary)]
        return [reference.text for reference in self.references if any(reference.is_meant(*citation) for citation in wanted)]


def review_file() -> Path:
    """`docs/etat_de_l_art.md` of the checkout, or its copy inside an installed wheel."""
    return shipped("_docs/etat_de_l_art.md", "docs/etat_de_l_art.md")


def read_review(path: Path | None = None) -> Review:
    """The page, read.

    Raises:
        BmyshopError: it is missing.
    """
    path = path or review_file()
    try:
        return review_of(path.read_text(encoding="utf-8"))
    except OSError:
        raise BmyshopError(f"{path}: the review of what is known is missing; install the package again") from None


def review_of(page: str) -> Review:
    """Summaries and references of the text of a page."""
    chapters = re.split(r"(?m)^## ", page)[1:]
    told, references = [], []
    for chapter in chapters:
        title, _, body = chapter.partition("\n")
        paragraphs = [" ".join(paragraph.split()) for paragraph in body.split("\n\n")]
        told += [(title, paragraph.removeprefix(BRIEF)) for paragraph in paragraphs if paragraph.startswith(BRIEF)]
        if title == LIST:
            references = [_reference(" ".join(item.split())) for item in re.findall(r"(?m)^(- .+(?:\n  .+)*)", body)]
    body = page.partition(f"\n## {LIST}")[0]
    return Review(body, told, references)


def _reference(item: str) -> Reference:
    found = REFERENCE.fullmatch(item)
    if not found:
        raise BmyshopError(f"docs/etat_de_l_art.md: no reference of names and a year: {item[:80]}")
    return Reference(found["names"], found["year"], item.removeprefix("- "))


def citations(text: str) -> Iterator[tuple[list[str], str]]:
    """Surnames and year of every citation in a text, in order."""
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)", "", " ".join(text.split()))
    for found in CITATION.finditer(plain):
        names = _surnames(found[1])
        if names[0] not in NO_CITATIONS:
            for year in re.findall(YEAR, found[2]):
                yield names, year


def _surnames(names: str) -> list[str]:
    return [part.strip() for part in re.split(r", | et (?!coll|al)", re.sub(r" et (?:coll|al)\..*| \(dir\.\)", "", names))]

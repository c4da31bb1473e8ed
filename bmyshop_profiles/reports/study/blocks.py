"""The document as blocks: what the Markdown of the templates says, with numbered tables and figures in their places.

Belongs here: blocks, their numbers, what links point to. Does not belong here: what they say (`content.py`), pages (`page.py`).

In the templates `%%KEY%%` alone in a paragraph puts a table or figure there, a link to `#KEY` refers to it, and one to `#KEY@page` to
the page that it is on as well. A blockquote is a box.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from bmyshop_profiles.engine.errors import BmyshopError

Block = dict[str, Any]
PLACE = re.compile(r"%%([\w-]+)%%")


class Marked(str):
    """A cell in Markdown; all others are text as it is."""


@dataclass(frozen=True)
class Table:
    """columns: their titles; of those that begin with `#`, numbers, the cells stand to the right. wide: of text columns, how wide each is
    beside the others; by default all alike."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    source: str
    wide: Sequence[int] = field(default=())

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"{self.caption!r}: a row has not the {len(self.columns)} cells of its columns")


@dataclass(frozen=True)
class Figure:
    """alt: what the picture shows, in words, for who does not see it."""

    caption: str
    svg: str
    alt: str
    source: str


def blocks(markdown: str, shown: Mapping[str, Table | Figure]) -> list[Block]:
    """The blocks of a text, in order. shown: tables and figures by key; each is shown once.

    Raises:
        BmyshopError: a link leads nowhere; a table or figure is not there, twice there, or not shown.
    """
    found = [_block(node, shown) for node in SyntaxTreeNode(MarkdownIt("commonmark", {"html": False}).parse(markdown)).children]
    numbers: dict[str, str] = {}
    counts = {"table": 0, "figure": 0}
    for block in found:
        if block["kind"] in counts:
            counts[block["kind"]] += 1
            block["number"] = f"{'Tableau' if block['kind'] == 'table' else 'Figure'}\u00a0{counts[block['kind']]}"
            if block["id"] in numbers:
                raise BmyshopError(f"the study shows {block['id']} twice")
            numbers[block["id"]] = block["number"]
    if left := sorted(set(shown) - set(numbers)):
        raise BmyshopError(f"the study does not show {', '.join(left)}")
    headings = {block["id"] for block in found if block["kind"] == "heading"}
    for link in _links(found):
        target = link["to"]
        if target not in numbers and target not in headings:
            raise BmyshopError(f"the study refers to {target}, which is not in it")
        if not link["inside"]:
            number = numbers.get(target, "")
            link["inside"] = [{"kind": "text", "text": number[:1].lower() + number[1:]}]
    return found


def _block(node: SyntaxTreeNode, shown: Mapping[str, Table | Figure]) -> Block:
    if node.type == "heading":
        inside = _inline(node.children[0])
        return {"kind": "heading", "level": int(node.tag[1]), "id": anchor(_plain(inside)), "inside": inside}
    if node.type == "paragraph":
        place = PLACE.fullmatch(node.children[0].content)
        return _shown(place[1], shown) if place else {"kind": "paragraph", "inside": _inline(node.children[0])}
    if node.type in ("bullet_list", "ordered_list"):
        items = [[_block(child, shown) for child in item.children] for item in node.children]
        return {"kind": "list", "ordered": node.type == "ordered_list", "items": items}
    if node.type == "blockquote":
        return {"kind": "box", "blocks": [_block(child, shown) for child in node.children]}
    raise BmyshopError(f"the study has no {node.type}")


def _shown(key: str, shown: Mapping[str, Table | Figure]) -> Block:
    if key not in shown:
        raise BmyshopError(f"the study has no table or figure {key}")
    thing = shown[key]
    common = {"id": key, "caption": _typeset(thing.caption), "source": thing.source}
    if isinstance(thing, Figure):
        return {"kind": "figure", **common, "file": f"{key}.svg", "svg": thing.svg, "alt": _typeset(thing.alt)}
    wide = iter(thing.wide)
    columns = [
        {"title": title.removeprefix("#"), "number": title.startswith("#"), "wide": 0 if title.startswith("#") else next(wide, 1)}
        for title in thing.columns
    ]
    return {"kind": "table", **common, "columns": columns, "rows": [[_cell(cell) for cell in row] for row in thing.rows]}


def _cell(cell: str) -> list[Block]:
    if not isinstance(cell, Marked):
        return [{"kind": "text", "text": _typeset(cell)}]
    parsed = MarkdownIt("commonmark", {"html": False}).parseInline(cell)
    return _inline(SyntaxTreeNode(parsed).children[0])


def _inline(node: SyntaxTreeNode) -> list[Block]:
    found: list[Block] = []
    for child in node.children:
        if child.type == "softbreak":
            found.append({"kind": "text", "text": " "})
        elif child.type == "text":
            found += [{"kind": "text", "text": _typeset(child.content)}] if child.content else []
        elif child.type == "code_inline":
            found.append({"kind": "code", "text": child.content})
        elif child.type in ("strong", "em"):
            found.append({"kind": child.type, "inside": _inline(child)})
        elif child.type == "link":
            target, _, page = unquote(str(child.attrs["href"])).removeprefix("#").partition("@")
            found.append({"kind": "link", "to": target, "page": bool(page), "inside": _inline(child)})
        else:
            raise BmyshopError(f"the study has no {child.type}")
    return found


def _typeset(text: str) -> str:
    """Spaces and apostrophes as French print has them."""
    text = re.sub(r" (?=[;!?%»])|(?<=«) ", "\u202f", text.replace("'", "’"))
    return text.replace(" :", "\u00a0:")


def _links(things: Any) -> list[Block]:
    if isinstance(things, list):
        return [link for thing in things for link in _links(thing)]
    if not isinstance(things, dict):
        return []
    own = [things] if things.get("kind") == "link" else []
    return own + [link for value in things.values() for link in _links(value)]


def _plain(inside: Sequence[Block]) -> str:
    return "".join(each["text"] if "text" in each else _plain(each["inside"]) for each in inside)


def anchor(heading: str) -> str:
    """What a link to a heading is called, as code forges call it."""
    return re.sub(r"[^\w\- ]", "", heading.lower().strip()).replace(" ", "-")


def plain(text: Any) -> str:
    """Text of data in Markdown, where none of it is markup."""
    return re.sub(r"([\\`*_\[\]<>#|&!])", r"\\\1", str(text).replace("\n", " "))

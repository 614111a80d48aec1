"""Turns the structure elements of a tagged document into the parts of structure/tree.py. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from found import MARKER, unmarked
from scoring import BROKEN_SIGN
from tree import Caption, Cell, Heading, Item, Items, Para, Table

HEADINGS = {"Title": 0, "H": 1, "H1": 1, "H2": 2, "H3": 3, "H4": 4, "H5": 5, "H6": 6}
# Roles whose text is a run of its own. All others, such as Span and Link, are part of the text around them.
BLOCKS = frozenset({
    *HEADINGS, "Document", "Part", "Art", "Sect", "Div", "BlockQuote", "Index", "Aside", "P", "L", "LI", "LBody",
    "Table", "THead", "TBody", "TFoot", "TR", "TH", "TD", "Caption", "Note", "FENote", "TOC", "TOCI", "Figure", "Form",
    "BibEntry", "Code"})
ROW_GROUPS = ("THead", "TBody", "TFoot")
# An element without content, of which libpdfium tells nothing but its place.
EMPTY = "empty"
CELLS = ("TH", "TD", EMPTY)
BROKEN = re.compile(rf"{BROKEN_SIGN}\s*")
# A hyphen that libpdfium leaves at a line end is one of the word's own.
HYPHEN = re.compile(r"(?<=\w)-[\r\n]+")
# Elements deeper than this are no structure that anybody has looked at.
MAX_DEPTH = 64


@dataclass(frozen=True)
class Piece:
    """Marked content: its text, and where it begins and ends among the characters of its page."""

    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Element:
    role: str
    kids: tuple[Element | Piece, ...] = ()
    row_span: int = 1
    col_span: int = 1


def parts_of(elements: Iterable[Element | Piece], depth: int = 0) -> tuple:
    """Returns what a reader should find, in the order of the tags."""
    return tuple(part for part in parts(elements, depth) if not isinstance(part, Para) or part.text)


def parts(kids: Iterable[Element | Piece], depth: int) -> Iterator:
    run: list[Element | Piece] = []
    for kid in kids if depth < MAX_DEPTH else ():
        if not is_block(kid):
            run.append(kid)
            continue
        yield Para(text_of(run))
        run = []
        yield from block(kid, depth)
    yield Para(text_of(run))


def block(element: Element, depth: int) -> Iterator:
    if element.role in HEADINGS:
        # An empty heading is none: writers leave them as space between paragraphs.
        if text := text_of(element.kids):
            yield Heading(text, HEADINGS[element.role])
    elif element.role == "L":
        items = items_of(element, depth)
        if items and all(item.marker.startswith("[") for item in items):
            yield from (Para(f"{item.marker} {item.text}", "reference") for item in items)
        elif items:
            yield Items(items, any(is_counter(item.marker) for item in items))
    elif element.role == "Table":
        if rows := rows_of(element):
            yield Table(rows, "tagged")
        yield from (Caption(text_of(kid.kids)) for kid in elements_of(element) if kid.role == "Caption")
    elif element.role == "Caption":
        yield Caption(text_of(element.kids))
    elif element.role == "TOCI":
        yield Para(text_of(element.kids))
    elif element.role != "Artifact":
        yield from parts(element.kids, depth + 1)


def items_of(element: Element, depth: int) -> tuple[Item, ...]:
    """Returns the items of a list. A list that stands in a list, not in an item, belongs to the item before it."""
    items: list[Item] = []
    for kid in elements_of(element) if depth < MAX_DEPTH else ():
        if kid.role == "LI":
            items.append(item_of(kid, depth))
        elif kid.role == "L":
            inside = tuple(block(kid, depth + 1))
            if items:
                last = items.pop()
                items.append(Item(last.text, last.marker, (*last.inside, *inside)))
            else:
                items += [item for listed in inside for item in listed.items]
    return tuple(item for item in items if item.text or item.inside)


def item_of(element: Element, depth: int) -> Item:
    labels = [kid for kid in elements_of(element) if kid.role == "Lbl"]
    lists = tuple(part for listed in lists_in(element) for part in block(listed, depth + 1))
    text = text_of(kid for kid in element.kids if kid not in labels)
    marker = text_of(labels)
    if not marker and (match := MARKER.match(text)):
        marker = match[0].strip()
    return Item(unmarked(text, marker), shown(marker), lists)


def shown(marker: str) -> str:
    """Returns a marker as people name it: symbol fonts have bullets of private values."""
    return marker if any(char.isalnum() for char in marker) else "•"


def is_counter(marker: str) -> bool:
    return bool(re.fullmatch(r"[\[(]?\w+([.)\]]|\.\w+)*", marker)) and marker != "o"


def lists_in(element: Element) -> Iterator[Element]:
    for kid in elements_of(element):
        if kid.role == "L":
            yield kid
        else:
            yield from lists_in(kid)


def rows_of(element: Element) -> tuple[tuple[Cell, ...], ...]:
    rows = []
    for kid in elements_of(element):
        if kid.role in ROW_GROUPS:
            rows += rows_of(kid)
        elif kid.role == "TR":
            rows.append(tuple(Cell(text_of(cell.kids, with_lists=True), cell.row_span, cell.col_span, cell.role == "TH")
                              for cell in elements_of(kid) if cell.role in CELLS))
    return tuple(row for row in rows if row)


def text_of(kids: Iterable[Element | Piece], with_lists: bool = False) -> str:
    """Returns the text of what stands in an element, as the HTML that tree.py has, without the lists in it."""
    text, end = "", None
    for piece in pieces(kids, with_lists):
        if piece is None:
            end = None
            continue
        # What follows directly on the page is the same word; libpdfium adds the spaces itself.
        text += piece.text if piece.start == end else f" {piece.text}"
        end = piece.end
    return html.escape(" ".join(BROKEN.sub("", HYPHEN.sub("-", text)).split()), quote=False)


def pieces(kids: Iterable[Element | Piece], with_lists: bool) -> Iterator[Piece | None]:
    """Gives the marked content in the order of the tags, and None where a block ends."""
    for kid in kids:
        if isinstance(kid, Piece):
            yield kid
        elif kid.role != "Artifact" and (with_lists or kid.role != "L"):
            yield from pieces(kid.kids, with_lists)
            if kid.role in BLOCKS:
                yield None


def is_block(kid: Element | Piece) -> bool:
    return isinstance(kid, Element) and (kid.role in BLOCKS or any(map(is_block, kid.kids)))


def elements_of(element: Element) -> list[Element]:
    return [kid for kid in element.kids if isinstance(kid, Element)]

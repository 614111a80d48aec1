"""The parts of a document, as data: one tree gives the page to print and what a reader should find on it.

Text is a little HTML: b, i, sup, br.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heading:
    """A title (level 1) or a section's heading. The text holds the number, if there is one."""

    text: str
    level: int
    style: str = ""


@dataclass(frozen=True)
class Para:
    text: str
    style: str = ""


@dataclass(frozen=True)
class Item:
    """An item of a list; `inside` are lists that belong to it."""

    text: str
    marker: str
    inside: tuple[Items, ...] = ()


@dataclass(frozen=True)
class Items:
    """A list. `drawn` says that its bullets are painted circles and no characters."""

    items: tuple[Item, ...]
    ordered: bool
    drawn: bool = False
    style: str = ""


@dataclass(frozen=True)
class Cell:
    text: str
    row_span: int = 1
    col_span: int = 1
    header: bool = False
    align: str = "left"
    style: str = ""  # bold, section, total, indent


@dataclass(frozen=True)
class Table:
    """A table. `style` says how it is ruled: grid, booktabs, rows, zebra, bare, boxed, frame."""

    rows: tuple[tuple[Cell, ...], ...]
    style: str
    widths: tuple[float, ...] = ()  # shares of the width of the column
    width: str = "full"  # full or fit


@dataclass(frozen=True)
class Caption:
    text: str


@dataclass(frozen=True)
class Note:
    """A footnote."""

    mark: str
    text: str


@dataclass(frozen=True)
class Code:
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """A picture without text: the heights of its bars, from 0 to 1."""

    bars: tuple[float, ...]


@dataclass(frozen=True)
class Rule:
    """A line across the column."""


@dataclass(frozen=True)
class PageBreak:
    pass


@dataclass(frozen=True)
class Group:
    """Parts that are read one after the other: box, columns, beside, sheet (a page whose notes are at its foot)."""

    parts: tuple
    kind: str = "box"
    columns: int = 1
    style: str = ""


@dataclass(frozen=True)
class Look:
    """How a document is set. Sizes in points, margins in millimetres."""

    page: str = "A4"  # A4, A5, Letter, A4 landscape, slide
    margin: tuple[float, float] = (22, 22)  # top and bottom, left and right
    font: str = "Liberation Serif"
    heading_font: str = "Liberation Sans"
    size: float = 10
    leading: float = 1.35
    heading_sizes: tuple[float, ...] = (18, 13, 11, 10)
    heading_style: str = "bold"  # bold, colour, plain
    gap: float = 1.0  # factor for the space above headings
    justified: bool = False
    indented: bool = False  # paragraphs by indent of the first line, no space between
    css: str = ""


@dataclass(frozen=True)
class Furniture:
    """Running heads and feet; `{page}` and `{pages}` stand for numbers. Those of even pages, where they differ."""

    head: tuple[str, str, str] = ("", "", "")  # left, middle, right
    foot: tuple[str, str, str] = ("", "", "")
    even_head: tuple[str, str, str] | None = None
    even_foot: tuple[str, str, str] | None = None
    first: bool = True  # whether the first page has them

    def on(self, page: int, pages: int) -> list[str]:
        """Returns the texts on one page, from the left to the right, the head before the foot."""
        if page == 1 and not self.first:
            return []
        places = (*self.side("head", page), *self.side("foot", page))
        return [text.replace("{pages}", str(pages)).replace("{page}", str(page)) for text in places if text]

    def side(self, name: str, page: int) -> tuple[str, str, str]:
        even = getattr(self, f"even_{name}")
        return even if page % 2 == 0 and even is not None else getattr(self, name)


@dataclass(frozen=True)
class Document:
    name: str
    template: str
    program: str  # chromium, reportlab
    language: str
    parts: tuple
    look: Look = field(default_factory=Look)
    furniture: Furniture = field(default_factory=Furniture)


def plain(text: str) -> str:
    """Returns what a reader sees of a text with markup: one space for white space, NFC."""
    text = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br\s*/?>", " ", text)))
    return unicodedata.normalize("NFC", " ".join(text.split()))


def grid_size(table: Table) -> tuple[int, int]:
    places = placed(table)
    return len(table.rows), max(col + cell.col_span for _, col, cell in places)


def placed(table: Table) -> list[tuple[int, int, Cell]]:
    """Returns each cell with its row and column, as HTML places them."""
    taken: set[tuple[int, int]] = set()
    places = []
    for row, cells in enumerate(table.rows):
        col = 0
        for cell in cells:
            while (row, col) in taken:
                col += 1
            places.append((row, col, cell))
            taken |= {(row + down, col + right) for down in range(cell.row_span) for right in range(cell.col_span)}
    return places

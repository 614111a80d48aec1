"""The parts of a document, as data: one tree gives the HTML or FODT to print and the text to expect.

Text is a little HTML: b, i, sup, sub, br, and span with a class. `[[1]]` marks the place of footnote 1.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

NOTE_MARK = re.compile(r"\[\[(\d+)\]\]")
SMALL_CAPITALS = re.compile(r"<span class='caps'>(.*?)</span>")
SOFT_HYPHEN = "\u00ad"


@dataclass(frozen=True)
class Block:
    """A paragraph or a heading: `kind` is p, h1 or h2."""

    text: str
    kind: str = "p"
    style: str = ""

    def texts(self) -> Iterator[str]:
        yield plain(self.text)


@dataclass(frozen=True)
class Group:
    """Parts that are read one after the other: in columns, in a box, or side by side."""

    parts: tuple
    kind: str = "box"  # box, columns, beside
    columns: int = 1
    style: str = ""

    def texts(self) -> Iterator[str]:
        for part in self.parts:
            yield from part.texts()


@dataclass(frozen=True)
class Rows:
    """A table or labels with their values, read row by row."""

    rows: tuple[tuple[str, ...], ...]
    kind: str = "table"  # table, pairs, fields
    style: str = ""

    def texts(self) -> Iterator[str]:
        for row in self.rows:
            yield " ".join(filter(None, map(plain, row)))


@dataclass(frozen=True)
class Drawing:
    """A picture without text, as SVG."""

    svg: str

    def texts(self) -> Iterator[str]:
        return iter(())


@dataclass(frozen=True)
class Printed:
    """A document that a program prints. What its reader should find follows from `parts` and `notes`."""

    name: str
    program: str  # chromium, libreoffice
    language: str
    script: str
    columns: int
    parts: tuple
    traits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    css: str = ""
    font: str = "Noto Serif"
    size: str = "A5"
    vertical: bool = False
    hyphenated: bool = False
    tagged: bool = True
    pages: int = 1

    def expected(self) -> dict:
        blocks = [text for part in self.drawn() for text in part.texts()]
        blocks += [f"{number} {plain(note)}" for number, note in enumerate(self.notes, start=1)]
        return description(self, self.program, blocks)

    def drawn(self) -> tuple:
        """Returns the parts as the program draws them: LibreOffice makes small capitals out of capitals."""
        return tuple(map(capitalised, self.parts)) if self.program == "libreoffice" else self.parts


@dataclass(frozen=True)
class HandMade:
    """A document of which this folder's program writes every byte."""

    name: str
    language: str
    script: str
    columns: int
    pdf: bytes
    blocks: tuple[str, ...]
    traits: tuple[str, ...] = ()
    pages: int = 1
    program: str = field(default="by hand", init=False)

    def expected(self) -> dict:
        return description(self, self.program, [plain(html.escape(block)) for block in self.blocks])


def description(document, program: str, blocks: list[str]) -> dict:
    return {"file": f"{document.name}.pdf", "made_with": program, "script": document.script,
            "language": document.language, "columns": document.columns, "pages": document.pages,
            "traits": list(document.traits), "blocks": blocks}


def capitalised(part):
    """Returns a part with capitals for small capitals."""
    if isinstance(part, Group):
        return replace(part, parts=tuple(map(capitalised, part.parts)))
    if isinstance(part, Block):
        return replace(part, text=SMALL_CAPITALS.sub(lambda match: match[1].upper(), part.text))
    return part


def plain(text: str) -> str:
    """Returns what a reader sees of a text with markup: no soft hyphens, one space for white space, NFC."""
    text = NOTE_MARK.sub(r"\1", text).replace(SOFT_HYPHEN, "")
    text = re.sub(r"<br\s*/?>", " ", text)
    text = html.unescape(re.sub(r"<[^>]+>", "", text))
    return unicodedata.normalize("NFC", " ".join(text.split()))


def p(text: str, style: str = "") -> Block:
    return Block(text, "p", style)


def h1(text: str, style: str = "") -> Block:
    return Block(text, "h1", style)


def h2(text: str, style: str = "") -> Block:
    return Block(text, "h2", style)


def columns(count: int, *parts, style: str = "") -> Group:
    return Group(tuple(parts), "columns", count, style)


def box(*parts, style: str = "") -> Group:
    return Group(tuple(parts), "box", 1, style)


def beside(*parts, style: str = "") -> Group:
    return Group(tuple(parts), "beside", len(parts), style)


def table(*rows: tuple[str, ...], style: str = "") -> Rows:
    return Rows(rows, "table", style)


def pairs(*rows: tuple[str, str], style: str = "") -> Rows:
    return Rows(rows, "pairs", style)


def fields(*rows: tuple[str, str]) -> Rows:
    return Rows(rows, "fields")

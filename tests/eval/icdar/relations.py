"""The measure of the ICDAR 2013 table competition: relations between neighbouring cells. Pure.

Göbel, Hassan, Oro and Orsi, "A methodology for evaluating algorithms for table understanding in PDF documents",
DocEng 2012, and "ICDAR 2013 table competition", ICDAR 2013.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

# Signs that people and fonts take for each other, and two that stand for a hyphen at a line end.
DASHES = {ord(sign): "-" for sign in "‐‑‒–—―−\ufffe\x02"}
SOFT_HYPHEN = {0xAD: None}


@dataclass(frozen=True)
class Cell:
    row: int
    col: int
    row_span: int
    col_span: int
    text: str


Table = list[Cell]


@dataclass(frozen=True)
class Agreement:
    """How many relations were found, how many there are, and how many of those found are right."""

    right: int
    found: int
    expected: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 0.0

    @property
    def f1(self) -> float:
        return harmonic(self.precision, self.recall)


def harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def agreement(found: list[Table], readings: list[list[Table]]) -> Agreement:
    """Compares tables with the reading of them that they agree with best: of some tables people gave two."""
    return max((compare(found, reading) for reading in readings), key=lambda agreed: agreed.f1)


def compare(found: list[Table], expected: list[Table]) -> Agreement:
    given, wanted = relations(found), relations(expected)
    return Agreement((given & wanted).total(), given.total(), wanted.total())


def relations(tables: Iterable[Table]) -> Counter:
    """Counts the relations of a document. Which table they stand in makes no difference."""
    return sum(map(relations_of, tables), Counter())


def relations_of(table: Table) -> Counter:
    """Counts each pair of cells with text of which one is the next with text to the right of the other, or below it.

    Two cells that touch in several rows or columns are one relation.
    """
    told = [cell for cell in table if plain(cell.text)]
    rows, cols = defaultdict(dict), defaultdict(dict)
    for place, cell in enumerate(told):
        for row in range(cell.row, cell.row + cell.row_span):
            for col in range(cell.col, cell.col + cell.col_span):
                # Where cells overlap, which no table does, the first one stands.
                rows[row].setdefault(col, place)
                cols[col].setdefault(row, place)
    pairs = {(*pair, way) for lines, way in ((rows, "right"), (cols, "below")) for line in lines.values()
             for pair in pairwise(line[place] for place in sorted(line)) if pair[0] != pair[1]}
    return Counter((plain(told[first].text), plain(told[second].text), way) for first, second, way in pairs)


def plain(text: str) -> str:
    """Returns what is compared of a text: no white space, lower case, NFKC, all dashes alike."""
    alike = unicodedata.normalize("NFKC", text).translate(DASHES | SOFT_HYPHEN)
    return "".join(alike.split()).lower()

"""Reads the tables that people marked in the documents of the ICDAR 2013 table competition."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

from relations import Cell, Table

TRUTH = "-str.xml"
# A document of which people gave two readings is called NAMEa.pdf, its truths NAMEa-str.xml and NAMEb-str.xml.
READINGS = "ab"


def documents(folder: Path) -> dict[Path, list[Path]]:
    """Returns the truths of each document that has any."""
    return {file: truths for file in sorted(folder.rglob("*.pdf")) if (truths := truths_of(file))}


def truths_of(file: Path) -> list[Path]:
    stem = file.stem
    stems = [stem[:-1] + letter for letter in READINGS] if stem[-1] in READINGS else [stem]
    return [truth for name in stems if (truth := file.with_name(name + TRUTH)).exists()]


def read(truth: Path) -> list[Table]:
    return [table for element in ElementTree.parse(truth).getroot().iter("table") for table in tables_of(element)]


def tables_of(element: ElementTree.Element) -> Iterator[Table]:
    """Gives a table for each region, or one for all regions if they say where they stand in it."""
    regions = element.findall("region")
    if any(shift_of(region) != (0, 0) for region in regions):
        yield [cell for region in regions for cell in cells_of(region)]
    else:
        yield from map(cells_of, regions)


def shift_of(region: ElementTree.Element) -> tuple[int, int]:
    return int(region.get("row-increment") or 0), int(region.get("col-increment") or 0)


def cells_of(region: ElementTree.Element) -> Table:
    down, right = shift_of(region)
    return [cell_of(cell, down, right) for cell in region.findall("cell")]


def cell_of(cell: ElementTree.Element, down: int, right: int) -> Cell:
    row, col = int(cell.get("start-row")), int(cell.get("start-col"))
    # Some files call the last column `col-end`.
    last_row, last_col = int(cell.get("end-row") or row), int(cell.get("end-col") or cell.get("col-end") or col)
    return Cell(row + down, col + right, last_row - row + 1, last_col - col + 1, cell.findtext("content") or "")

"""Says what a reader should find in a document. Pure: everything but the number of pages follows from the tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from tree import Caption, Code, Document, Group, Heading, Items, Note, Para, Table, grid_size, placed, plain


@dataclass
class Truth:
    headings: list[dict] = field(default_factory=list)
    list_items: list[dict] = field(default_factory=list)
    tables: list[dict] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    # Entries of a bibliography: whether they are items of a list, nobody can say.
    references: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)


def of(document: Document, pages: int) -> dict:
    truth = Truth()
    for part in document.parts:
        add(truth, part)
    furniture = [{"page": page, "text": plain(text)}
                 for page in range(1, pages + 1) for text in document.furniture.on(page, pages)]
    return {**vars(truth), "furniture": furniture}


def add(truth: Truth, part) -> None:
    if isinstance(part, Group):
        for inside in part.parts:
            add(truth, inside)
    elif isinstance(part, Items):
        add_list(truth, part, 0)
    elif isinstance(part, Table):
        add_table(truth, part)
    elif isinstance(part, Code):
        truth.code.append("\n".join(part.lines))
        truth.body.append("\n".join(line for line in part.lines if line))
    elif isinstance(part, Heading):
        truth.headings.append({"text": plain(part.text), "level": part.level})
        truth.body.append(plain(part.text))
    elif isinstance(part, Caption):
        truth.captions.append(plain(part.text))
        truth.body.append(plain(part.text))
    elif isinstance(part, Note):
        truth.footnotes.append(f"{part.mark} {plain(part.text)}")
        truth.body.append(truth.footnotes[-1])
    elif isinstance(part, Para):
        if part.style == "reference":
            truth.references.append(plain(part.text))
        truth.body.append(plain(part.text))


def add_list(truth: Truth, part: Items, depth: int) -> None:
    for item in part.items:
        text = plain(item.text)
        truth.list_items.append({"text": text, "marker": item.marker, "ordered": part.ordered, "depth": depth})
        truth.body.append(f"{item.marker} {text}")
        for inside in item.inside:
            add_list(truth, inside, depth + 1)


def add_table(truth: Truth, part: Table) -> None:
    rows, cols = grid_size(part)
    cells = [{"row": row, "col": col, "row_span": cell.row_span, "col_span": cell.col_span, "text": plain(cell.text),
              "header": cell.header} for row, col, cell in placed(part)]
    truth.tables.append({"num_rows": rows, "num_cols": cols, "cells": cells})
    for row in range(rows):
        if texts := [cell["text"] for cell in cells if cell["row"] == row and cell["text"]]:
            truth.body.append(" ".join(texts))

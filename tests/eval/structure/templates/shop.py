"""Goods and figures: a catalogue, a price list, zebra stripes, tables with rules between rows only."""

from __future__ import annotations

from tree import Cell, Group, Heading, PageBreak, Table
from writer import Writer

from templates.common import (Made, bullets, captioned, figures, furniture, headings, heads, look, paragraphs)


def catalogue(writer: Writer) -> Made:
    """Bordered tables; cells that span rows and columns."""
    title = writer.one("TITLES")
    parts: list = [Heading(title, 1), *paragraphs(writer, 1, 2, 2)]
    style = writer.pick("grid", "grid shaded")
    for _ in range(2):
        parts += [Heading(writer.one("HEADINGS"), 2), *paragraphs(writer, 1, 1, 3), kept(goods(writer, style))]
    parts += [Heading(writer.one("HEADINGS"), 2), bullets(writer, 4)]
    return tuple(parts), look(writer, sans=True, sizes=(9, 9.5, 10), justified=False), furniture(writer, title, 0.2)


def kept(table: Table) -> Group:
    return Group((table,), "box", 1, "keep")


def goods(writer: Writer, style: str) -> Table:
    words = writer.words
    price, quantity = words["price"], writer.bank.COLUMNS[11]
    rows = [(Cell(words["name"], row_span=2, header=True), Cell(words["code"], row_span=2, header=True),
             Cell(price, col_span=2, header=True, align="center")),
            (Cell(f"{quantity} 1", header=True, align="right"), Cell(f"{quantity} 10", header=True, align="right"))]
    for _ in range(writer.between(3, 4)):
        colours = writer.some("COLOURS", writer.between(1, 3))
        for place, colour in enumerate(colours):
            single = writer.between(9, 240)
            rest = (Cell(f"{writer.pick('QX', 'LM', 'TR')}-{writer.between(100, 999)} {colour}"),
                    Cell(money(writer, single), align="right"), Cell(money(writer, single * 0.9), align="right"))
            first = (Cell(writer.one("PRODUCTS"), row_span=len(colours)),) if place == 0 else ()
            rows.append((*first, *rest))
    return Table(tuple(rows), style, (2, 2, 1, 1))


def money(writer: Writer, value: float) -> str:
    return writer.bank.MONEY.format(m=writer.number(value, 2))


def prices(writer: Writer) -> Made:
    """Tables with three rules; the longest goes on on the next page, with its headings again."""
    title = writer.one("TITLES")
    parts: list = [Heading(title, 1), *paragraphs(writer, 1, 2, 3)]
    style = writer.pick("booktabs", "booktabs", "booktabs shaded")
    cols = [writer.words["code"], writer.words["name"], writer.bank.COLUMNS[8], writer.words["price"]]
    first, second = (price_table(writer, cols, style, rows) for rows in (writer.between(14, 18), writer.between(6, 9)))
    caption = f"{writer.words['table']} 1: {writer.one('CAPTIONS')}"
    parts += [Heading(writer.one("HEADINGS"), 2), captioned(caption, first), PageBreak(),
              captioned(f"{caption} ({writer.words['continued']})", second),
              Heading(writer.one("HEADINGS"), 2), *paragraphs(writer, 2, 2, 4),
              bullets(writer, 4, drawn=False, marks=("•", "–"))]
    return tuple(parts), look(writer), furniture(writer, title, 0.2)


def price_table(writer: Writer, cols: list[str], style: str, rows: int) -> Table:
    body = [(Cell(f"{writer.between(100, 999)}-{writer.between(10, 99)}"),
             Cell(f"{writer.one('PRODUCTS')}, {writer.one('COLOURS')}"),
             Cell(writer.pick("1", "2", "5", "10", "kg", "m")),
             Cell(money(writer, writer.chance.uniform(3, 900)), align="right")) for _ in range(rows)]
    head = tuple(Cell(text, header=True, align="right" if text == cols[-1] else "left") for text in cols)
    return Table((head, *body), style, (1, 2.6, 0.9, 1.2))


def zebra(writer: Writer) -> Made:
    """Tables told by stripes of shade and a dark row of headings."""
    title, head = writer.one("TITLES"), headings(writer, ("none", "none", "plain"))
    parts: list = [Heading(title, 1), *paragraphs(writer, 1, 2, 3)]
    for _ in range(2):
        parts += [head(2, writer.one("HEADINGS")), *paragraphs(writer, 1, 2, 3), kept(people(writer, "zebra"))]
    parts += paragraphs(writer, 1, 2, 3)
    return tuple(parts), look(writer, sans=writer.likely(0.7), sizes=(9, 9.5, 10)), furniture(writer, title, 0.3)


def people(writer: Writer, style: str) -> Table:
    """Returns a table of names, places, dates and figures; some of its cells are empty."""
    words = writer.words
    columns = (words["responsible"], words["place"], words["date"], words["note"], writer.one("COLUMNS"))
    rows = [(*heads(*columns[:4]), Cell(columns[4], header=True, align="right"))]
    for _ in range(writer.between(6, 10)):
        rows.append((Cell(writer.one("NAMES")), Cell(writer.one("CITIES")), Cell(writer.date()),
                     Cell(writer.one("COLOURS") if writer.likely(0.8) else ""),
                     Cell(writer.number(writer.chance.uniform(1, 5000), 1), align="right")))
    return Table(tuple(rows), style, (1.6, 1.1, 1.6, 1, 1))


def rowrules(writer: Writer) -> Made:
    """Tables with rules between rows and none between columns."""
    title, head = writer.one("TITLES"), headings(writer)
    parts: list = [Heading(title, 1), *paragraphs(writer, 1, 2, 4)]
    for place in range(2):
        parts += [head(2, writer.one("HEADINGS")), *paragraphs(writer, 1, 2, 4)]
        table = people(writer, "rows") if place else shares(writer)
        parts.append(captioned(f"{writer.words['table']} {place + 1}: {writer.one('CAPTIONS')}", table))
    parts += [head(2, writer.one("HEADINGS")), *paragraphs(writer, 2, 2, 4)]
    return tuple(parts), look(writer, sizes=(9, 9.5, 10)), furniture(writer, title, 0.25)


def shares(writer: Writer) -> Table:
    rows = [heads(*writer.some("COLUMNS", 4), align="right")]
    for _ in range(writer.between(5, 8)):
        rows.append(figures(writer.one("ROWS"), [writer.number(writer.between(20, 9000)), writer.fill("{p} %"),
                                                 writer.fill("{year}")]))
    return Table(tuple(rows), "rows", (2, 1, 1, 1))

"""Science: a paper in two columns, pages with tables of wrapped cells, tables inside a column."""

from __future__ import annotations

from dataclasses import replace

from tree import Cell, Drawing, Furniture, Group, Heading, Note, Para, Table
from writer import Writer

from templates.common import (Made, bullets, captioned, furniture, headings, heads, look, number_table, paragraphs,
                              steps)


def paper(writer: Writer) -> Made:
    """Two columns under a wide title: abstract, numbered sections, footnotes, captions, references."""
    title, head = writer.one("TITLES"), headings(writer, ("plain", "dotted", "roman"))
    words = writer.words
    authors = Para(", ".join(writer.some("NAMES", 3)), "centre")
    abstract = Para(f"<b>{words['abstract']}.</b> {writer.paragraph(3)}") if writer.likely(0.5) else None
    first: list = [abstract] if abstract else [Heading(words["abstract"], 2), Para(writer.paragraph(3))]
    first.append(Para(f"<b>{words['keywords']}:</b> " + ", ".join(map(str.lower, writer.some("CAPTIONS", 3)))))
    first += [head(2, writer.one("HEADINGS")), *marked(writer, 3, "1"), head(2, writer.one("HEADINGS")),
              *paragraphs(writer, 4, 3, 4), bullets(writer, 3, drawn=False), *paragraphs(writer, 2, 4, 4)]
    second: list = [head(2, writer.one("HEADINGS")), *paragraphs(writer, 3, 3, 4), head(3, writer.one("HEADINGS")),
                    *marked(writer, 2, "2")]
    table = number_table(writer, writer.between(4, 6), 2, "booktabs", decimals=1)
    second.append(captioned(f"{words['table']} 1. {writer.one('CAPTIONS')}.", table))
    second += [head(3, writer.one("HEADINGS")), *paragraphs(writer, 2, 3, 4)]
    bars = tuple(round(writer.chance.uniform(0.2, 1), 2) for _ in range(7))
    second.append(captioned(f"{words['figure']} 1. {writer.one('CAPTIONS')}.", Drawing(bars), below=True))
    second += [head(2, writer.one("HEADINGS")), *paragraphs(writer, 1, 2, 3), Heading(words["references"], 2)]
    second += [Para(f"[{place}] {reference(writer)}", "reference") for place in range(1, 7)]
    sheets = (Group((Heading(title, 1, "centre"), authors, Group(tuple(first), "columns", 2),
                     Note("1", writer.one("NOTES"))), "sheet"),
              Group((Group(tuple(second), "columns", 2), Note("2", writer.one("NOTES"))), "sheet"))
    css = ".centre { text-align: center }"
    made = look(writer, sans=False, sizes=(9, 9.5), justified=True, margin=(20, 18), leading=1.25, css=css,
                heading_sizes=(17, 11, 10, 9.5), heading_style="bold")
    return sheets, made, writer.pick(Furniture(), Furniture(foot=("", "{page}", "")),
                                     Furniture(head=(title, "", "{page}"), first=False))


def marked(writer: Writer, count: int, mark: str) -> list[Para]:
    """Returns paragraphs, the first of which has the mark of a footnote."""
    found = paragraphs(writer, count, 2, 3)
    return [replace(found[0], text=f"{found[0].text[:-1]}.<sup>{mark}</sup> {writer.sentence()}"), *found[1:]]


def reference(writer: Writer) -> str:
    surname = writer.one("NAMES").split()[-1]
    start = writer.between(3, 300)
    return (f"{surname}, {writer.pick('A', 'E', 'J', 'M', 'P')}. {writer.one('CAPTIONS')}. "
            f"<i>{writer.one('TITLES')}</i> {writer.between(2, 60)}, {start}–{start + writer.between(4, 30)} "
            f"({writer.between(1996, 2024)}).")


def science(writer: Writer) -> Made:
    """Tables whose cells have two to four lines, by rules, rows or space alone."""
    title, head = writer.one("TITLES"), headings(writer, ("none", "plain"))
    style = writer.pick("grid shaded", "rows", "booktabs airy", "grid")
    parts: list = [Heading(title, 1), *paragraphs(writer, 1, 2, 3)]
    for place in range(2):
        parts += [head(2, writer.one("HEADINGS")), *paragraphs(writer, 1, 2, 3)]
        caption = f"{writer.words['table']} {place + 1}: {writer.one('CAPTIONS')}"
        parts.append(captioned(caption, wrapped(writer, style)))
    parts += paragraphs(writer, 1, 2, 4)
    css = ".airy td { padding-top: 0.6em; padding-bottom: 0.6em }"
    return tuple(parts), look(writer, sizes=(9, 9.5), justified=False, css=css), furniture(writer, title, 0.4)


def wrapped(writer: Writer, style: str) -> Table:
    rows = [(*heads(*writer.some("COLUMNS", 3)), Cell(writer.one("COLUMNS"), header=True, align="right"))]
    for _ in range(writer.between(4, 5)):
        rows.append((Cell(writer.one("ROWS")), Cell(writer.sentence()), Cell(writer.one("ITEMS")),
                     Cell(writer.number(writer.chance.uniform(2, 900), 1), align="right")))
    return Table(tuple(rows), style, (1.3, writer.pick(2.2, 2.8), 1.8, 1))


def incolumn(writer: Writer) -> Made:
    """Text in two columns with tables as wide as a column."""
    title, head = writer.one("TITLES"), headings(writer, ("none", "plain", "dotted"))
    style = writer.pick("grid", "booktabs", "rows", "bare")
    parts: list = []
    for place in range(5):
        parts += [head(2, writer.one("HEADINGS")), *paragraphs(writer, 2, 2, 3)]
        if place in (0, 2):
            table = number_table(writer, writer.between(4, 6), writer.pick(2, 3), style, total=writer.likely(0.5))
            parts.append(captioned(f"{writer.words['table']} {place // 2 + 1}: {writer.one('CAPTIONS')}", table))
        if place == 1:
            parts.append(steps(writer, 4) if writer.likely(0.5) else bullets(writer, 4))
    made = look(writer, sizes=(9, 9.5), margin=(20, 18), heading_sizes=(18, 12, 10.5, 10))
    return (Heading(title, 1), Group(tuple(parts), "columns", 2)), made, furniture(writer, title, 0.3)

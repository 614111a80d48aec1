"""Reports: a business report, an annual report, a statistics bulletin."""

from __future__ import annotations

from tree import Cell, Drawing, Group, Heading, PageBreak, Para, Table
from writer import Writer

from templates.common import (Made, bullets, captioned, figures, furniture, headings, heads, look, number_table,
                              paragraphs, steps)


def report(writer: Writer) -> Made:
    """Numbered headings of three levels, lists, a table, a chart, and at times a page of contents."""
    title, head = writer.one("TITLES"), headings(writer, ("plain", "dotted", "dotted", "roman"))
    parts: list = [Heading(title, 1), Para(f"{writer.one('FIRMS')}, {writer.date()}")]
    with_contents = writer.variant % 2 == 0
    sections: list = []
    tables = figure_number = 0
    style = writer.pick("grid shaded", "booktabs", "rows")
    for section in range(writer.between(4, 5)):
        sections.append(head(2, writer.one("HEADINGS")))
        sections += paragraphs(writer, writer.between(1, 2), 3, 5)
        if section in (1, 3):
            for _ in range(2):
                sections += [head(3, writer.one("HEADINGS")), *paragraphs(writer, 1, 2, 4)]
            sections.append(bullets(writer, writer.between(3, 5)) if section == 1 else steps(writer, 4, sentences=True))
        if section == 2:
            tables += 1
            sections.append(captioned(f"{writer.words['table']} {tables}: {writer.one('CAPTIONS')}",
                                      number_table(writer, writer.between(4, 7), 3, style, total=True)))
            sections += paragraphs(writer, 1)
        if section == 3 and writer.likely(0.6):
            figure_number += 1
            bars = tuple(round(writer.chance.uniform(0.2, 1), 2) for _ in range(9))
            sections.append(captioned(f"{writer.words['figure']} {figure_number}: {writer.one('CAPTIONS')}",
                                      Drawing(bars), below=True))
    if with_contents:
        parts += [*contents(writer, sections), PageBreak()]
    css = (".toc { display: flex; margin: 0 0 1.2mm }"
           ".toc i { flex: 1; border-bottom: 0.7pt dotted #555; margin: 0 2mm 1mm }")
    return (*parts, *sections), look(writer, css=css), furniture(writer, title, 0.1)


def contents(writer: Writer, sections: list) -> list:
    """Returns a list of the headings with pages. It is headed, and holds no headings."""
    page, lines = 2, []
    for part in sections:
        if isinstance(part, Heading):
            lines.append(Para(f"{part.text} <i></i> {page}", "toc"))
            page += writer.between(0, 1)
    return [Heading(writer.words["contents"], 2), *lines]


def annual(writer: Writer) -> Made:
    """Financial tables without rules: two rows of headings, sections, totals, negative figures in parentheses."""
    title, head = writer.one("TITLES"), headings(writer, ("none", "none", "plain"))
    parts: list = [Heading(title, 1), *paragraphs(writer, 1, 3, 4)]
    for names in (("income", "expenses"), ("assets", "liabilities")):
        parts += [head(2, writer.one("HEADINGS")), *paragraphs(writer, 1, 3, 5)]
        parts.append(Group((accounts(writer, names),), "box", 1, "keep"))
        parts += paragraphs(writer, 1, 2, 3)
    parts += [head(2, writer.words["notes"]), *paragraphs(writer, 2, 3, 5)]
    made = look(writer, heading_style=writer.pick("bold", "plain", "colour"), sizes=(9, 9.5, 10))
    return tuple(parts), made, furniture(writer, title, 0.1)


def accounts(writer: Writer, names: tuple[str, str]) -> Table:
    year, cols = writer.between(2010, 2024), writer.pick(2, 4)
    if cols == 4:
        top = (Cell("", header=True), Cell(str(year), col_span=2, header=True, align="center"),
               Cell(str(year - 1), col_span=2, header=True, align="center"))
        plan, actual = (writer.bank.COLUMNS[place] for place in (5, 6))
        rows = [top, heads(writer.words["thousand"], plan, actual, plan, actual, align="right")]
    else:
        rows = [heads(writer.words["thousand"], str(year), str(year - 1), align="right")]
    sums = [0] * cols
    for place, name in enumerate(names):
        rows.append((Cell(writer.words[name], style="section"), *(Cell("") for _ in range(cols))))
        values = [[writer.between(-900, 9000) * 10 + 5 for _ in range(cols)] for _ in range(writer.between(3, 5))]
        rows += [figures(writer.one("ROWS"), [writer.accounted(value) for value in row], "indent") for row in values]
        totals = [sum(column) for column in zip(*values)]
        rows.append(figures(writer.words["subtotal"], [writer.accounted(value) for value in totals], "total"))
        sums = [old + (value if place == 0 else -value) for old, value in zip(sums, totals)]
    rows.append(figures(writer.words["result"], [writer.accounted(value) for value in sums], "total"))
    return Table(tuple(rows), f"bare {writer.pick('', 'summed')}", (2.6, *(1,) * cols))


def bulletin(writer: Writer) -> Made:
    """Tables of statistics without any rules, with headings of several lines and the source below."""
    title, head = writer.one("TITLES"), headings(writer, ("none", "plain"))
    parts: list = [Heading(title, 1), Para(writer.paragraph(3))]
    for place in range(3):
        parts += [head(2, writer.one("HEADINGS")), *paragraphs(writer, 1, 2, 4)]
        caption = f"{writer.words['table']} {place + 1}. {writer.one('CAPTIONS')}"
        parts.append(captioned(caption, statistics(writer)))
        parts.append(Para(f"{writer.words['note']}: {writer.one('NOTES')}", "small"))
    parts += paragraphs(writer, 1, 3, 4)
    return tuple(parts), look(writer, sizes=(9, 9.5, 10)), furniture(writer, title, 0.3)


def statistics(writer: Writer) -> Table:
    cols = writer.between(4, 6)
    names = [f"{writer.one('COLUMNS')}<br>{writer.between(1998, 2024)}" if writer.likely(0.5) else
             f"{writer.one('COLUMNS')}<br>({writer.pick('%', 'kg', 'm²', 't')})" for _ in range(cols)]
    names[writer.between(0, cols - 1)] = writer.one("COLUMNS")
    rows = [heads(writer.one("COLUMNS"), *names, align="right")]
    decimals = writer.pick(0, 1)
    for _ in range(writer.between(6, 11)):
        values = [writer.number(writer.chance.uniform(3, 4000), decimals) if writer.likely(0.95) else "–"
                  for _ in range(cols)]
        rows.append(figures(writer.one("ROWS"), values))
    return Table(tuple(rows), "bare", (1.9, *(1,) * cols), "full")

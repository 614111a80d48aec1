"""Pages to be looked at: a newsletter, slides, a page of a novel."""

from __future__ import annotations

from tree import Drawing, Furniture, Group, Heading, PageBreak, Para
from writer import Writer

from templates.common import Made, bullets, captioned, look, number_table, paragraphs, steps


def newsletter(writer: Writer) -> Made:
    """Short articles in three columns under the name of the paper."""
    title, words = writer.one("TITLES"), writer.words
    parts: list = []
    for article in range(writer.between(7, 8)):
        parts += [Heading(writer.one("HEADINGS"), 2), *paragraphs(writer, 2, 2, 3)]
        if article == 1:
            parts.append(bullets(writer, 4, drawn=False))
        if article == 2:
            bars = tuple(round(writer.chance.uniform(0.2, 1), 2) for _ in range(5))
            parts.append(captioned(writer.one("CAPTIONS"), Drawing(bars), below=True))
        if article == 3:
            parts.append(Group((Para(f"<b>{writer.one('FIRMS')}</b><br>{writer.sentence()}"),), "box", 1, "note"))
    issue = Para(f"{words['issue']} {writer.between(2, 90)}, {writer.date()}")
    made = look(writer, sizes=(9, 9.5), margin=(16, 16), heading_sizes=(26, 12.5, 10.5, 10))
    return ((Heading(title, 1), issue, Group(tuple(parts), "columns", 3)), made,
            writer.pick(Furniture(), Furniture(foot=(title, "", "{page}")), Furniture(foot=("", "{page}", ""))))


def slides(writer: Writer) -> Made:
    """One heading and bullets on each page, which is wider than high."""
    title = writer.one("TITLES")
    parts: list = [Heading(title, 1), Para(f"{writer.one('NAMES')}, {writer.one('FIRMS')}"), Para(writer.date())]
    drawn = writer.likely(0.3)
    for slide in range(writer.between(4, 6)):
        parts += [PageBreak(), Heading(writer.one("HEADINGS"), 2)]
        if slide == 2:
            parts.append(number_table(writer, 4, 3, writer.pick("grid shaded", "rows", "zebra")))
        elif slide == 3:
            parts += [Para(writer.paragraph(1)), steps(writer, 4, "1.")]
        else:
            parts.append(bullets(writer, writer.between(3, 4), nested=slide % 2 == 0, drawn=drawn))
    page, size = writer.pick(("slide", 15), ("slide", 16), ("A4 landscape", 21), ("A4 landscape", 23))
    made = look(writer, sans=True, page=page, margin=(16, 20), size=size, leading=1.3,
                heading_sizes=(size * 1.8, size * 1.4, size, size), justified=False)
    feet = (Furniture(), Furniture(foot=("", "", "{page}")),
            Furniture(foot=(title, "", "{page} / {pages}"), first=False))
    return tuple(parts), made, writer.pick(*feet)


def novel(writer: Writer) -> Made:
    """Prose in even lines. Nothing in it is a heading, a list or a table."""
    parts = [Para(" ".join(writer.story() for _ in range(writer.between(3, 7)))) for _ in range(writer.between(9, 12))]
    title, author = writer.one("TITLES"), writer.one("NAMES")
    feet = (Furniture(foot=("", "{page}", "")), Furniture(head=("", author, "{page}"), even_head=("{page}", title, "")),
            Furniture(head=("", title, ""), foot=("", "{page}", "")), Furniture())
    made = look(writer, sans=False, page=writer.pick("A5", "A5", "A4"), margin=(20, 18), justified=True, indented=True)
    return tuple(parts), made, feet[writer.variant % 4]

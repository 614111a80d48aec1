"""What the templates share: looks, running heads and feet, numbered headings, lists, captions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tree import Caption, Cell, Furniture, Group, Heading, Item, Items, Look, Para, Table
from writer import Writer

Made = tuple[tuple, Look, Furniture]

SERIFS = ("Liberation Serif", "DejaVu Serif", "Noto Serif")
SANS = ("Liberation Sans", "DejaVu Sans", "Noto Sans")
# Wide fonts are set smaller, as people do.
WIDE = {"DejaVu Serif": 0.9, "DejaVu Sans": 0.9, "Noto Sans": 0.95, "Noto Serif": 0.95}
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
BULLETS = ("•", "–", "▪")


def look(writer: Writer, *, sans: bool | None = None, sizes: tuple[float, ...] = (9.5, 10, 10.5, 11),
         **changes) -> Look:
    """Returns a look by chance; `changes` are those of Look that the template wants."""
    sans = writer.likely(0.5) if sans is None else sans
    font = writer.pick(*(SANS if sans else SERIFS))
    heading_font = font if sans or writer.likely(0.5) else writer.pick("Liberation Sans", "Noto Sans")
    size = round(writer.pick(*sizes) * WIDE.get(font, 1), 1)
    scale = writer.pick((1.9, 1.4, 1.15, 1.0), (1.7, 1.25, 1.1, 1.0), (2.1, 1.5, 1.2, 1.05))
    made = Look(page=writer.pick("A4", "A4", "Letter"), margin=(writer.pick(20, 24), writer.pick(20, 24, 28)),
                font=font, heading_font=heading_font, size=size, leading=writer.pick(1.25, 1.35, 1.45),
                heading_sizes=tuple(round(size * factor, 1) for factor in scale),
                heading_style=writer.pick("bold", "bold", "colour"), gap=writer.pick(0.9, 1.1, 1.3),
                justified=writer.likely(0.4))
    return replace(made, **changes)


def furniture(writer: Writer, title: str, none: float = 0.25) -> Furniture:
    """Returns running heads and feet by chance; none at all with the probability `none`."""
    if writer.likely(none):
        return Furniture()
    words, firm = writer.words, writer.one("FIRMS")
    counted = f"{words['page']} {{page}} {words['of']} {{pages}}"
    return writer.pick(
        Furniture(foot=("", "{page}", "")),
        Furniture(foot=("", f"– {{page}} –", "")),
        Furniture(head=(title, "", ""), foot=("", "", counted)),
        Furniture(head=(firm, "", writer.date()), foot=("", counted, "")),
        Furniture(head=(title, "", "{page}"), even_head=("{page}", "", firm)),
        Furniture(head=("", title, ""), foot=(words["confidential"], "", "{page}"), first=False),
        Furniture(foot=(f"{firm} · {title}", "", "{page} / {pages}")))


def headings(writer: Writer, kinds: tuple[str, ...] = ("none", "none", "plain", "dotted", "roman")) -> Callable:
    """Returns a function that makes the next heading of a level from 2, numbered in one way or not at all."""
    kind, capitals = writer.pick(*kinds), writer.likely(0.15)
    counts = [0, 0, 0]

    def make(level: int, text: str) -> Heading:
        counts[level - 2] += 1
        counts[level - 1:] = [0] * len(counts[level - 1:])
        return Heading(f"{number(kind, counts[:level - 1])}{text.upper() if capitals and level == 2 else text}", level)

    return make


def number(kind: str, counts: list[int]) -> str:
    if kind == "none":
        return ""
    if kind == "roman" and len(counts) == 1:
        return f"{ROMAN[counts[0] - 1].upper()}. "
    if kind == "roman":
        return "ABCDEFGH"[counts[1] - 1] + ". " if len(counts) == 2 else ""
    joined = ".".join(map(str, counts))
    return f"{joined}. " if kind == "dotted" else f"{joined} "


def paragraphs(writer: Writer, count: int, low: int = 2, high: int = 5, style: str = "") -> list[Para]:
    return [Para(writer.paragraph(writer.between(low, high)), style) for _ in range(count)]


def bullets(writer: Writer, count: int, nested: bool = False, drawn: bool | None = None,
            marks: tuple[str, ...] = BULLETS) -> Items:
    """Returns a list with bullets; with `nested`, some of its items have lists of their own."""
    drawn = writer.likely(0.25) if drawn is None else drawn
    outer, inner = ("•", "•") if drawn else (writer.pick(*marks), writer.pick("–", "◦"))
    items = []
    for place in range(count):
        inside = ()
        if nested and place % 2 == 1:
            listed = writer.some("ITEMS", writer.between(2, 3))
            inside = (Items(tuple(Item(text, inner) for text in listed), False, drawn),)
        items.append(Item(writer.one("ITEMS"), outer, inside))
    return Items(tuple(items), False, drawn)


def steps(writer: Writer, count: int, kind: str = "", nested: bool = False, sentences: bool = False) -> Items:
    """Returns a numbered list: 1., 1), a), (a), (i)."""
    kind = kind or writer.pick("1.", "1.", "1)", "a)", "(a)", "(i)")
    items = []
    for place in range(count):
        inside = ()
        if nested and place in (1, 3):
            lower = "a)" if kind[0] == "1" else "–"
            listed = writer.some("ITEMS", writer.between(2, 3))
            inside = (Items(tuple(Item(text, marker(lower, step)) for step, text in enumerate(listed)), lower != "–"),)
        items.append(Item(writer.sentence() if sentences else writer.one("ITEMS"), marker(kind, place), inside))
    return Items(tuple(items), True)


def marker(kind: str, place: int) -> str:
    return kind.replace("1", str(place + 1)).replace("a", "abcdefghijkl"[place]) if "i" not in kind \
        else kind.replace("i", ROMAN[place])


def captioned(caption: str, part, below: bool = False) -> Group:
    """Keeps a table or a picture and its caption on one page."""
    return Group((part, Caption(caption)) if below else (Caption(caption), part), "box", 1, "keep")


def heads(*texts: str, align: str = "left") -> tuple[Cell, ...]:
    """Returns a row of column headings: the first to the left, the others as told."""
    return tuple(Cell(text, header=True, align=align if place else "left") for place, text in enumerate(texts))


def figures(label: str, values: list[str], style: str = "") -> tuple[Cell, ...]:
    return (Cell(label, style=style), *(Cell(value, align="right", style="bold" if style == "total" else "")
                                        for value in values))


def number_table(writer: Writer, rows: int, cols: int, style: str, total: bool = False, decimals: int = 0) -> Table:
    """Returns a table of labels and figures under one row of headings."""
    scale = writer.pick(80, 900, 9000)
    values = [[round(writer.chance.uniform(scale / 20, scale), decimals) for _ in range(cols)] for _ in range(rows)]
    body = [figures(writer.one("ROWS"), [writer.number(value, decimals) for value in row]) for row in values]
    if total:
        sums = [writer.number(sum(column), decimals) for column in zip(*values)]
        body.append(figures(writer.words["total"], sums, "total"))
    return Table((heads(*writer.some("COLUMNS", cols + 1), align="right"), *body), style, (2.2, *(1,) * cols))

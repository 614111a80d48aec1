"""Writes a document as HTML and prints it with headless Chromium, without tags and outline."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from printing import print_html  # noqa: E402
from tree import (Caption, Cell, Code, Document, Drawing, Furniture, Group, Heading, Items, Look,  # noqa: E402
                  Note, PageBreak, Para, Rule, Table)

SIZES = {"A4": (210, 297), "A5": (148, 210), "Letter": (215.9, 279.4), "A4 landscape": (297, 210),
         "slide": (254, 142.9)}  # millimetres
BASE = """
body { margin: 0 }
h1, h2, h3, h4 { line-height: 1.2; break-after: avoid; break-inside: avoid }
p { margin: 0 0 0.55em } .small { font-size: 85% } .lead { font-size: 112% } .centre { text-align: center }
.right { text-align: right } .reference { padding-left: 1.8em; text-indent: -1.8em; font-size: 90% }
.keep { break-inside: avoid }
ul, ol { margin: 0.3em 0 0.6em; padding-left: 2em } li > ul, li > ol { margin: 0.1em 0 0.2em }
li { margin-bottom: 0.15em } .wide > li { margin-bottom: 0.6em }
.columns { column-gap: 7mm } .beside { display: flex; gap: 9mm } .beside > * { flex: 1 }
.note { border: 0.7pt solid #777; padding: 1.5mm 3mm; margin: 0.8em 0; background: #f2f2f2; break-inside: avoid }
.bar { border-left: 2.5pt solid #a33; padding: 0.5mm 3mm; margin: 0.8em 0; break-inside: avoid }
table { border-collapse: collapse; margin: 0.6em 0 1em; break-inside: avoid; line-height: 1.25 }
td, th { padding: 0.25em 0.6em; vertical-align: top; font-weight: normal }
th { font-weight: bold; vertical-align: bottom }
.bold, .section, .total { font-weight: bold } .indent { padding-left: 1.6em }
.grid td, .grid th { border: 0.6pt solid #444 } .shaded th { background: #dfe6ee }
.booktabs { border-top: 1.1pt solid #000; border-bottom: 1.1pt solid #000 }
.booktabs tr.last-head > * { border-bottom: 0.6pt solid #000 }
.rows tr > * { border-bottom: 0.5pt solid #999 } .rows tr.last-head > * { border-bottom: 1pt solid #333 }
.zebra tr:nth-child(even) > td { background: #ececec } .zebra th { background: #38536e; color: #fff }
.frame { border: 0.8pt solid #333 } .frame tr.last-head > * { border-bottom: 0.8pt solid #333 }
.bare td, .bare th { padding: 0.15em 0.9em 0.15em 0 } .bare .total { border-top: 0 }
.summed .total { border-top: 0.6pt solid #000 }
pre { margin: 0.5em 0 0.9em; font: 85%/1.3 "Liberation Mono"; break-inside: avoid }
.framed pre { border: 0.6pt solid #aaa }
.framed pre, .greyed pre { padding: 2mm 3mm } .greyed pre { background: #eee }
.sheet { display: flex; flex-direction: column; break-after: page } .sheet:last-child { break-after: auto }
.notes { margin-top: auto; padding-top: 1.5mm; font-size: 80% } .notes p { margin: 0 }
.notes::before { content: ""; display: block; width: 35mm; border-top: 0.5pt solid #000; margin-bottom: 1.2mm }
.caption { font-size: 88%; margin: 0.5em 0 0.4em; break-after: avoid } hr { border: 0; border-top: 0.6pt solid #888 }
svg { display: block; margin: 0.6em 0 0.2em } sup { font-size: 65%; line-height: 0 }
.next { break-before: page; height: 0 }
"""
DISCS = ("disc", "circle", "square")
PLACES = ("left", "center", "right")


def to_pdf(document: Document, target: Path) -> None:
    print_html(to_html(document), target, tagged=False)


def to_html(document: Document) -> str:
    body = "".join(map(part_html, document.parts))
    return (f'<!doctype html><html><head><meta charset="utf-8"><title>{document.name}</title><style>{BASE}'
            f"{look_css(document.look)}{furniture_css(document.furniture, document.look)}{document.look.css}"
            f"</style></head><body>{body}</body></html>")


def look_css(look: Look) -> str:
    (width, height), (across, along) = SIZES[look.page], look.margin
    # A sheet is a little lower than the page: rounding must not push its foot on to the next.
    lines = [f"@page {{ size: {width}mm {height}mm; margin: {across}mm {along}mm }}",
             f".sheet {{ height: {height - 2 * across - 1}mm }}",
             f'body {{ font: {look.size}pt/{look.leading} "{look.font}" }}']
    styles = {"bold": "font-weight: bold", "colour": "font-weight: bold; color: #1f4e79",
              "plain": "font-weight: normal"}
    for level, size in enumerate(look.heading_sizes, start=1):
        above = round((1.1 if level > 1 else 0.4) * look.gap, 2)
        lines.append(f'h{level} {{ font-family: "{look.heading_font}"; font-size: {size}pt; margin: {above}em 0 0.4em; '
                     f"{styles[look.heading_style]} }}")
    if look.justified:
        lines.append("p, li { text-align: justify }")
    if look.indented:
        lines.append("p { margin: 0 } p + p { text-indent: 1.4em }")
    return "\n".join(lines)


def furniture_css(furniture: Furniture, look: Look) -> str:
    lines = []
    for where, page in (("", 1), (":left", 2)):
        boxes = [f"@{edge}-{place} {{ content: {css_content(text)}; white-space: nowrap; "
                 f'font: {look.size * 0.8:.1f}pt "{look.heading_font}" }}'
                 for edge, side in (("top", "head"), ("bottom", "foot"))
                 for place, text in zip(PLACES, furniture.side(side, page))]
        lines.append(f"@page{where} {{ {' '.join(boxes)} }}")
    if not furniture.first:
        boxes = [f"@{edge}-{place} {{ content: none }}" for edge in ("top", "bottom") for place in PLACES]
        lines.append(f"@page:first {{ {' '.join(boxes)} }}")
    return "\n".join(lines)


def css_content(text: str) -> str:
    if not text:
        return "none"
    counters = {"{page}": "counter(page)", "{pages}": "counter(pages)"}
    return " ".join(counters.get(piece, '"' + html.unescape(piece) + '"')
                    for piece in re.split(r"(\{pages?\})", text) if piece)


def part_html(part) -> str:
    if isinstance(part, Heading):
        return f'<h{part.level} class="{part.style}">{part.text}</h{part.level}>'
    if isinstance(part, Para):
        return f'<p class="{part.style}">{part.text}</p>'
    if isinstance(part, Items):
        return list_html(part, 0)
    if isinstance(part, Table):
        return table_html(part)
    if isinstance(part, Caption):
        return f'<p class="caption">{part.text}</p>'
    if isinstance(part, Note):
        return f"<p><sup>{part.mark}</sup> {part.text}</p>"
    if isinstance(part, Code):
        return f"<pre>{html.escape(chr(10).join(part.lines))}</pre>"
    if isinstance(part, Drawing):
        return drawing_html(part)
    if isinstance(part, Rule):
        return "<hr>"
    if isinstance(part, PageBreak):
        return '<div class="next"></div>'
    assert isinstance(part, Group)
    return group_html(part)


def group_html(group: Group) -> str:
    text = [part for part in group.parts if not isinstance(part, Note)]
    notes = [part for part in group.parts if isinstance(part, Note)]
    inside = "".join(map(part_html, text))
    if notes:
        inside += f'<div class="notes">{"".join(map(part_html, notes))}</div>'
    count = f' style="columns: {group.columns}"' if group.kind == "columns" else ""
    return f'<div class="{group.kind} {group.style}"{count}>{inside}</div>'


def list_html(part: Items, depth: int) -> str:
    tag = "ol" if part.ordered else "ul"
    lines = []
    for item in part.items:
        kind = DISCS[min(depth, 2)] if part.drawn else f"'{item.marker}\\a0\\a0'"
        inside = "".join(list_html(each, depth + 1) for each in item.inside)
        lines.append(f'<li style="list-style-type: {kind}">{item.text}{inside}</li>')
    room = ' style="padding-left: 2.9em"' if any(len(item.marker) > 3 for item in part.items) else ""
    return f'<{tag} class="{part.style}"{room}>{"".join(lines)}</{tag}>'


def table_html(part: Table) -> str:
    columns = "".join(f'<col style="width: {100 * share / sum(part.widths):.1f}%">' for share in part.widths)
    heads = [number for number, row in enumerate(part.rows) if row and all(cell.header for cell in row)]
    # Rows of headings further down head a section, not the table.
    last = next((number for number in range(len(part.rows)) if number not in heads), 0) - 1
    lines = []
    for number, row in enumerate(part.rows):
        mark = ' class="last-head"' if number == last else ""
        lines.append(f"<tr{mark}>{''.join(map(cell_html, row))}</tr>")
    width = ' style="width: 100%"' if part.width == "full" else ""
    return f'<table class="{part.style}"{width}><colgroup>{columns}</colgroup>{"".join(lines)}</table>'


def cell_html(cell: Cell) -> str:
    tag = "th" if cell.header else "td"
    told = (("rowspan", cell.row_span), ("colspan", cell.col_span))
    spans = "".join(f" {name}={span}" for name, span in told if span > 1)
    return f'<{tag}{spans} class="{cell.style}" style="text-align: {cell.align}">{cell.text}</{tag}>'


def drawing_html(part: Drawing) -> str:
    step = 100 / len(part.bars)
    bars = "".join(f'<rect x="{number * step + 2:.1f}" y="{60 - 55 * bar:.1f}" width="{step - 4:.1f}" '
                   f'height="{55 * bar:.1f}" fill="#68a"/>' for number, bar in enumerate(part.bars))
    return (f'<svg width="100%" height="80" viewBox="0 0 100 60" preserveAspectRatio="none">{bars}'
            '<path d="M0 60 H100 M0 0 V60" stroke="#333" stroke-width="0.4" fill="none"/></svg>')

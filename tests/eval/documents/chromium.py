"""Writes a document as HTML and prints it with headless Chromium."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from blocks import NOTE_MARK, Block, Drawing, Group, Printed, Rows  # noqa: E402
from hyphens import softened  # noqa: E402
from printing import print_html  # noqa: E402

RIGHT_TO_LEFT = ("ar", "he")
BASE = """
@page { margin: 14mm 13mm }
body { margin: 0; font-size: 9.5pt; line-height: 1.35 }
h1 { font-size: 16pt; margin: 0 0 3mm; line-height: 1.2 }
h2 { font-size: 10.5pt; margin: 2.5mm 0 1mm; break-after: avoid }
p { margin: 0 0 1.5mm; orphans: 1; widows: 1 }
sup, sub { font-size: 65%; line-height: 0 }
.spaced { letter-spacing: 0.3em }
.caps { font-variant-caps: small-caps }
.drop::first-letter { float: left; font-size: 3.15em; line-height: 0.8; padding: 0.05em 0.06em 0 0 }
.indent { text-indent: 1.2em; margin: 0 }
.hanging { padding-left: 1.6em; text-indent: -1.6em }
.small { font-size: 7.5pt }
.columns { column-gap: 6mm; column-fill: balance }
.ragged p { text-align: start }
.beside { display: flex; gap: 10mm; margin-bottom: 4mm }
.beside > * { flex: 1 }
.boxed { border: 0.6pt solid #444; padding: 2mm 3mm; background: #eee }
table { border-collapse: collapse; margin: 2mm 0; width: 100% }
td, th { border: 0.5pt solid #333; padding: 0.8mm 1.5mm; text-align: start; vertical-align: top }
th { background: #ddd }
table.pairs { width: auto } table.pairs td { border: 0; padding: 0.3mm 6mm 0.3mm 0 }
.notes { border-top: 0.5pt solid #000; margin-top: 4mm; padding-top: 1.5mm; font-size: 7.5pt }
.notes p { margin: 0 }
input, textarea { font: inherit; border: 0.6pt solid #555; padding: 0.5mm 1mm; width: 70mm; resize: none }
svg { display: block; margin: 2mm 0 }
"""


def to_pdf(document: Printed, target: Path) -> None:
    print_html(to_html(document), target, tagged=document.tagged)


def to_html(document: Printed) -> str:
    direction = "rtl" if document.language in RIGHT_TO_LEFT else "ltr"
    vertical = "html { writing-mode: vertical-rl }" if document.vertical else ""
    notes = "".join(f"<p><sup>{number}</sup> {note}</p>" for number, note in enumerate(document.notes, start=1))
    body = "".join(part_html(part, document) for part in document.parts)
    return (f'<!doctype html><html lang="{document.language}" dir="{direction}"><head><meta charset="utf-8">'
            f"<title>{document.name}</title><style>{BASE} @page {{ size: {document.size} }} {vertical}"
            f' body {{ font-family: "{document.font}" }} {document.css}</style></head><body>{body}'
            f'{f"<div class=notes>{notes}</div>" if notes else ""}</body></html>')


def part_html(part, document: Printed) -> str:
    if isinstance(part, Block):
        return f'<{part.kind} class="{part.style}">{inline(part.text, document)}</{part.kind}>'
    if isinstance(part, Group):
        inside = "".join(part_html(child, document) for child in part.parts)
        count = f' style="columns: {part.columns}"' if part.kind == "columns" else ""
        return f'<div class="{part.kind} {part.style}"{count}>{inside}</div>'
    if isinstance(part, Drawing):
        return part.svg
    assert isinstance(part, Rows)
    return rows_html(part)


def rows_html(part: Rows) -> str:
    lines = []
    for number, row in enumerate(part.rows):
        cell = "th" if part.kind == "table" and number == 0 else "td"
        cells = list(row)
        if part.kind == "fields":
            label, value = row
            long = len(value) > 60
            box = f"<textarea rows=3>{value}</textarea>" if long else f'<input value="{value}">'
            cells = [f"<label>{label}</label>", box]
        lines.append("<tr>" + "".join(f"<{cell}>{text}</{cell}>" for text in cells) + "</tr>")
    kind = "table" if part.kind == "table" else "pairs"
    return f'<table class="{kind} {part.style}">{"".join(lines)}</table>'


def inline(text: str, document: Printed) -> str:
    text = NOTE_MARK.sub(r"<sup>\1</sup>", text)
    return softened(text, document.language) if document.hyphenated else text

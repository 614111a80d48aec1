"""Lays a document out with reportlab's platypus."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from chromium import SIZES
from fontTools import ttLib
from reportlab import rl_config
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (BaseDocTemplate, Frame, HRFlowable, KeepTogether, PageTemplate, Paragraph, Preformatted,
                                Spacer)
from reportlab.platypus import PageBreak as NextPage
from reportlab.platypus import Table as Grid
from tree import (Caption, Cell, Code, Document, Group, Heading, Items, Look, PageBreak, Para, Rule, Table, grid_size,
                  placed)

rl_config.invariant = 1  # no date, no random identifier: the same bytes every time
MM = 72 / 25.4
FILES = {"Liberation Serif": "liberation/LiberationSerif", "Liberation Sans": "liberation/LiberationSans",
         "DejaVu Sans": "dejavu/DejaVuSans", "DejaVu Serif": "dejavu/DejaVuSerif", "Noto Sans": "noto/NotoSans",
         "Noto Serif": "noto/NotoSerif", "Liberation Mono": "liberation/LiberationMono",
         "Liberation Sans Narrow": "liberation/LiberationSansNarrow"}
ALIGN = {"left": 0, "center": 1, "right": 2, "justify": 4}
GAP = 6 * MM  # between columns
FONTS = tempfile.TemporaryDirectory(prefix="quire-fonts-")


def to_pdf(document: Document, target: Path) -> None:
    for name in {document.look.font, document.look.heading_font, "Liberation Mono"}:
        register(name)
    # The first build counts the pages for the feet of the second.
    pages = build(document, target, 0)
    build(document, target, pages)


def register(name: str) -> None:
    if name in pdfmetrics.getRegisteredFontNames():
        return
    path = f"/usr/share/fonts/truetype/{FILES[name]}"
    slanted = "Oblique" if name == "DejaVu Sans" else "Italic"
    regular = "" if name.startswith("DejaVu") else "-Regular"
    both = f"Bold{slanted}"
    for suffix, style in (("", regular), (" Bold", "-Bold"), (" Italic", f"-{slanted}"), (" Both", f"-{both}")):
        pdfmetrics.registerFont(TTFont(name + suffix, unhinted(Path(f"{path}{style}.ttf"))))
    pdfmetrics.registerFontFamily(name, normal=name, bold=f"{name} Bold", italic=f"{name} Italic",
                                  boldItalic=f"{name} Both")


def unhinted(path: Path) -> str:
    """Returns a copy of a font without the instructions for screens: they are most of its bytes."""
    font = ttLib.TTFont(path, recalcTimestamp=False)
    for name in font.getGlyphOrder():
        font["glyf"][name].removeHinting()
    for table in ("fpgm", "prep", "cvt ", "gasp", "hdmx", "VDMX", "LTSH"):
        if table in font:
            del font[table]
    copy = Path(FONTS.name) / path.name
    font.save(copy)
    return str(copy)


def build(document: Document, target: Path, pages: int) -> int:
    look = document.look
    (width, height), (top, left) = SIZES[look.page], look.margin
    width, height, top, left = width * MM, height * MM, top * MM, left * MM
    columns = max([part.columns for part in document.parts if isinstance(part, Group)], default=1)
    room = (width - 2 * left - (columns - 1) * GAP) / columns
    frames = [Frame(left + number * (room + GAP), top, room, height - 2 * top, 0, 0, 0, 0) for number in range(columns)]
    layout = BaseDocTemplate(str(target), pagesize=(width, height), title=document.name)

    def decorate(canvas, built) -> None:
        number = canvas.getPageNumber()
        canvas.setFont(look.heading_font, look.size * 0.8)
        if number == 1 and not document.furniture.first:
            return
        for side, y in (("head", height - top * 0.55), ("foot", top * 0.5)):
            texts = [text.replace("{pages}", str(pages)).replace("{page}", str(number))
                     for text in document.furniture.side(side, number)]
            canvas.drawString(left, y, texts[0])
            canvas.drawCentredString(width / 2, y, texts[1])
            canvas.drawRightString(width - left, y, texts[2])

    layout.addPageTemplates(PageTemplate("page", frames, onPage=decorate))
    layout.build(Setter(look, room).flow(document.parts))
    return layout.page


class Setter:
    """Turns parts into flowables."""

    def __init__(self, look: Look, room: float) -> None:
        self.look, self.room = look, room
        self.base = ParagraphStyle("text", fontName=look.font, fontSize=look.size, leading=look.size * look.leading,
                                   alignment=ALIGN["justify" if look.justified else "left"],
                                   spaceAfter=look.size * 0.55, bulletFontName=look.font, bulletFontSize=look.size,
                                   allowWidows=0, allowOrphans=0)

    def style(self, **changes) -> ParagraphStyle:
        return ParagraphStyle("changed", parent=self.base, **changes)

    def flow(self, parts) -> list:
        return [flowable for part in parts for flowable in self.one(part)]

    def one(self, part) -> list:
        if isinstance(part, Heading):
            return [self.heading(part)]
        if isinstance(part, Para):
            return [Paragraph(markup(part.text), self.para_style(part.style))]
        if isinstance(part, Items):
            return [*self.items(part, 0), Spacer(1, self.look.size * 0.5)]
        if isinstance(part, Table):
            return [self.table(part)]
        if isinstance(part, Caption):
            small = self.look.size * 0.88
            return [Paragraph(markup(part.text), self.style(fontSize=small, leading=small * 1.3, keepWithNext=1))]
        if isinstance(part, Code):
            small = self.look.size * 0.85
            return [Preformatted("\n".join(part.lines), self.style(fontName="Liberation Mono", fontSize=small,
                                                                   leading=small * 1.3, leftIndent=10))]
        if isinstance(part, Rule):
            return [HRFlowable(width="100%", thickness=0.6, color=colors.grey)]
        if isinstance(part, PageBreak):
            return [NextPage()]
        assert isinstance(part, Group)
        inside = self.flow(part.parts)
        return [KeepTogether(inside)] if part.style == "keep" else inside

    def heading(self, part: Heading) -> Paragraph:
        look, size = self.look, self.look.heading_sizes[part.level - 1]
        name = look.heading_font + ("" if look.heading_style == "plain" else " Bold")
        colour = colors.HexColor("#1f4e79") if look.heading_style == "colour" else colors.black
        above = size * (1.1 if part.level > 1 else 0.4) * look.gap
        style = self.style(fontName=name, fontSize=size, leading=size * 1.2, textColor=colour, keepWithNext=1,
                           alignment=0, spaceBefore=above, spaceAfter=size * 0.4)
        return Paragraph(markup(part.text), style)

    def para_style(self, name: str) -> ParagraphStyle:
        small = self.look.size * 0.85
        changes = {"small": {"fontSize": small, "leading": small * 1.35}, "centre": {"alignment": 1},
                   "right": {"alignment": 2, "spaceAfter": self.look.size * 1.4},
                   "lead": {"fontSize": self.look.size * 1.12, "leading": self.look.size * 1.5}}
        return self.style(**changes.get(name, {}))

    def items(self, part: Items, depth: int) -> list:
        step, size = self.look.size * 2.1, self.look.size
        flowables = []
        for item in part.items:
            hang = step if len(item.marker) < 4 else step * 1.35
            style = self.style(leftIndent=depth * step + hang, bulletIndent=depth * step + 2,
                               spaceAfter=size * (0.6 if part.style == "wide" else 0.2))
            flowables.append(Paragraph(markup(item.text), style, bulletText=item.marker))
            for inside in item.inside:
                flowables += self.items(inside, depth + 1)
        return flowables

    def table(self, part: Table) -> Grid:
        rows, cols = grid_size(part)
        data = [["" for _ in range(cols)] for _ in range(rows)]
        commands = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 0), (-1, -1), 2),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 3), *ruling(part)]
        for row, col, cell in placed(part):
            data[row][col] = self.cell(cell)
            if cell.row_span > 1 or cell.col_span > 1:
                commands.append(("SPAN", (col, row), (col + cell.col_span - 1, row + cell.row_span - 1)))
        shares = part.widths or (1,) * cols
        width = self.room if part.width == "full" else self.room * 0.7
        # A table that does not fit goes to the next page as a whole: splitByRow.
        return Grid(data, [width * share / sum(shares) for share in shares], style=commands, hAlign="LEFT",
                    splitByRow=0, spaceBefore=4, spaceAfter=self.look.size)

    def cell(self, cell: Cell) -> Paragraph:
        bold = cell.header or cell.style in ("bold", "section", "total")
        look = self.look
        return Paragraph(markup(cell.text), self.style(
            fontName=f"{look.font} Bold" if bold else look.font, leading=look.size * 1.22, spaceAfter=0,
            alignment=ALIGN[cell.align], leftIndent=12 if cell.style == "indent" else 0))


def ruling(part: Table) -> list[tuple]:
    heads = next((number for number, row in enumerate(part.rows) if not all(cell.header for cell in row)), 0)
    thin, thick = 0.5, 1.1
    names = part.style.split()
    commands: list[tuple] = []
    if "grid" in names:
        commands.append(("GRID", (0, 0), (-1, -1), thin, colors.HexColor("#444444")))
    if "booktabs" in names:
        commands += [("LINEABOVE", (0, 0), (-1, 0), thick, colors.black),
                     ("LINEBELOW", (0, -1), (-1, -1), thick, colors.black),
                     ("LINEBELOW", (0, heads - 1), (-1, heads - 1), thin, colors.black)]
    if "rows" in names:
        commands.append(("LINEBELOW", (0, 0), (-1, -1), thin, colors.grey))
        if heads:
            commands.append(("LINEBELOW", (0, heads - 1), (-1, heads - 1), thick, colors.black))
    if "zebra" in names:
        commands.append(("ROWBACKGROUNDS", (0, heads), (-1, -1), (colors.white, colors.HexColor("#ebebeb"))))
    if "shaded" in names and heads:
        commands.append(("BACKGROUND", (0, 0), (-1, heads - 1), colors.HexColor("#dfe6ee")))
    if "bare" in names:
        commands += [("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 8)]
    if "summed" in names:
        commands += [("LINEABOVE", (1, row), (-1, row), thin, colors.black)
                     for row, cells in enumerate(part.rows) if cells[0].style == "total"]
    return commands


def markup(text: str) -> str:
    return re.sub(r"<br\s*/?>", "<br/>", text).replace("<sup>", "<super>").replace("</sup>", "</super>")

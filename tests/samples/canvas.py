"""Draws text and lines into a page's content stream, in PDF user space: points, origin bottom-left."""

from __future__ import annotations

from pdf_writer import Document, Name, number

# Advance widths of the standard fonts in thousandths of the size, codes 32 to 126 (Adobe's font metrics).
REGULAR_WIDTHS = """
278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278
584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944
667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500
278 556 500 722 500 500 500 334 260 334 584"""
BOLD_WIDTHS = """
278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333
584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944
667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556
333 611 556 778 556 556 500 389 280 389 584"""

# Where a word may be broken: with a soft hyphen as the last character of the line, or with an ordinary one.
SOFT_HYPHEN, HYPHENATION_POINT = "\u00ad", "\u2027"
LINE_ENDS = {SOFT_HYPHEN: SOFT_HYPHEN, HYPHENATION_POINT: "-"}
BULLET = "\u2022"
CAP_HEIGHT = 0.718  # of the size, in both weights

BODY, BOLD = "Body", "Bold"
# U+FB01 and U+FB02 have no code in WinAnsiEncoding; the fonts get them at 1 and 2.
LIGATURES = {"\ufb01": b"\x01", "\ufb02": b"\x02"}
WIDTHS = {font: dict(zip(range(32, 127), map(int, table.split())))
          for font, table in ((BODY, REGULAR_WIDTHS), (BOLD, BOLD_WIDTHS))}
WIDE = {"\u00e6": 889, "\u0153": 944, BULLET: 350, "\u2014": 1000, SOFT_HYPHEN: 333,
        "\u00f8": 611, "\u00e7": 500, "\u00df": 611, "\ufb01": 500, "\ufb02": 500}


def fonts(document: Document) -> dict:
    """Adds the two fonts and returns the resource dictionary that names them."""
    encoding = document.add({"Type": Name("Encoding"), "BaseEncoding": Name("WinAnsiEncoding"),
                             "Differences": [1, Name("fi"), Name("fl")]})
    named = {BODY: "Helvetica", BOLD: "Helvetica-Bold"}
    return {"Font": {key: document.add({"Type": Name("Font"), "Subtype": Name("Type1"),
                                        "BaseFont": Name(base), "Encoding": encoding})
                     for key, base in named.items()}}


def text_width(text: str, font: str, size: float) -> float:
    """Returns the advance width in points; letters with accents are taken as wide as most letters."""
    return sum(WIDTHS[font].get(ord(char)) or WIDE.get(char, 556) for char in text) * size / 1000


def literal(text: str) -> bytes:
    raw = b"".join(LIGATURES.get(char) or char.encode("cp1252") for char in text)
    escaped = raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"(" + escaped + b")"


def wrap(text: str, font: str, size: float, width: float) -> list[str]:
    """Breaks text into lines at spaces, and inside the words that say where."""
    lines, line = [], ""
    for word in text.split(" "):
        whole = f"{line} {joined(word)}" if line else joined(word)
        if text_width(whole, font, size) <= width:
            line = whole
            continue
        head, rest = broken(f"{line} {word}", font, size, width) or (line, word)
        lines.append(head)
        line = joined(rest)
    return [*lines, line]


def joined(text: str) -> str:
    return text.replace(SOFT_HYPHEN, "").replace(HYPHENATION_POINT, "")


def broken(text: str, font: str, size: float, width: float) -> tuple[str, str] | None:
    """Splits text at the last break point inside a word that leaves a head not wider than `width`."""
    for position in range(len(text) - 1, 0, -1):
        if (line_end := LINE_ENDS.get(text[position])) is not None:
            head = joined(text[:position]) + line_end
            if text_width(head, font, size) <= width:
                return head, text[position + 1:]
    return None


class Canvas:
    """Collects drawing operators. Methods that set text return the baseline for what follows."""

    def __init__(self):
        self.operators: list[bytes] = []

    def draw(self, *operands_and_operator) -> None:
        self.operators.append(" ".join(x if isinstance(x, str) else number(x)
                                       for x in operands_and_operator).encode())

    def text(self, x: float, y: float, text: str, font: str = BODY, size: float = 11, turn=(1, 0, 0, 1)) -> None:
        """Sets one line with its baseline at (x, y); `turn` is the rotation part of the text matrix."""
        matrix = " ".join(number(value) for value in (*turn, x, y))
        self.operators.append(b"BT /%s %s Tf %s Tm %s Tj ET" % (
            font.encode(), number(size).encode(), matrix.encode(), literal(text)))

    def paragraph(self, x: float, y: float, text: str, width: float, font: str = BODY, size: float = 11,
                  leading: float = 15) -> float:
        for line in wrap(text, font, size, width):
            self.text(x, y, line, font, size)
            y -= leading
        return y

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float = 0.75) -> None:
        self.draw(width, "w", x0, y0, "m", x1, y1, "l", "S")

    def image(self, name: str, x: float, y: float, width: float, height: float) -> None:
        self.draw("q", width, 0, 0, height, x, y, "cm", f"/{name}", "Do", "Q")

    def content(self) -> bytes:
        return b"\n".join(self.operators)

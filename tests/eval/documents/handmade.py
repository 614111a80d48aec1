"""Documents that no program at hand prints: what is drawn is not what is meant, and ActualText or a field says so."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "samples"))

from blocks import HandMade  # noqa: E402
from canvas import text_width  # noqa: E402
from pdf_writer import Document, Name, Ref, Stream, text_string  # noqa: E402

PAGE = (420, 595)
LEFT, TOP, LEADING, SIZE = 40, 540, 20, 11


class Page:
    """One page of Helvetica, line by line from the top."""

    def __init__(self, label: str):
        self.document = Document(label)
        self.font = self.document.add({
            "Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("Helvetica"),
            "Encoding": {"Type": Name("Encoding"), "BaseEncoding": Name("WinAnsiEncoding"),
                         "Differences": [1, Name("fi"), Name("fl")]}})
        self.content: list[bytes] = []
        self.properties: dict[str, dict] = {}
        self.widgets: list[Ref] = []
        self.baseline = TOP

    def put(self, *runs: bytes, x: float = LEFT, size: float = SIZE) -> None:
        """Adds a line of runs: content between BT and ET, the first at `x` of the next baseline."""
        self.content.append(b"BT /F %s Tf 1 0 0 1 %s %s Tm\n%s\nET\n" % (
            str(size).encode(), str(x).encode(), str(self.baseline).encode(), b"\n".join(runs)))
        self.baseline -= LEADING

    def to_bytes(self, **entries) -> bytes:
        """Returns the file; nothing in it is compressed, so that the bytes are the same everywhere."""
        content = self.document.add(Stream(b"".join(self.content), compressed=False))
        resources = {"Font": {"F": self.font}, "Properties": self.properties}
        page = self.document.add({"Type": Name("Page"), "Parent": self.document.page_tree, "MediaBox": [0, 0, *PAGE],
                                  "Resources": resources, "Contents": content, **entries})
        self.document.pages.append(page)
        for widget in self.widgets:
            self.document.objects[widget.number - 1]["P"] = page
        return self.document.to_bytes()


def shown(text: str | bytes) -> bytes:
    raw = text.encode("cp1252") if isinstance(text, str) else text
    return b"<" + raw.hex().encode() + b"> Tj"


def instead(of: bytes, *drawn: bytes) -> bytes:
    """Draws something whose text is `of`, an encoded string."""
    return b"/Span << /ActualText <%s> >> BDC\n%s\nEMC" % (of.hex().encode(), b"\n".join(drawn))


def utf16(text: str) -> bytes:
    return b"\xfe\xff" + text.encode("utf-16-be")


def actual_text() -> HandMade:
    page = Page("hand-actualtext")
    page.put(shown("Plain words stand before and after every trap on this page."))
    page.put(shown("The "), instead(b"office", shown(b"of\x01ce")), shown(" has an "),
             instead(utf16("efficient"), shown(b"ef\x01cient")), shown(" lift and a "), instead(b"flat", shown(b"\x02at")),
             shown(" roof."))
    page.put(shown("Let "), instead(utf16("𝑥"), shown("x")), shown(" be a letter beyond U+FFFF and "),
             instead(utf16("𝔸𝔹"), shown("AB")), shown(" two of them."))
    page.put(shown("A soft hyphen parts the long word of this line, the word co"), instead(utf16("\u00ad"), shown("-")))
    page.put(shown("operation, and nobody sees where the line of it ended."))
    page.properties["MC0"] = {"ActualText": text_string("waffle")}
    page.put(shown("A list of properties names the "), b"/Span /MC0 BDC", shown(b"waf\x02e"), b"EMC", shown(" by reference."))
    page.put(shown("Outer text wins: "), b"/Span << /ActualText (twenty-five) >> BDC", shown("2"),
             instead(b"five", shown("5")), b"EMC", shown(" apples."))
    page.put(shown("An ornament "), instead(b"", shown("~ ~ ~")), shown(" has no text, says its empty string."))
    page.put(shown("Encodings: "), instead(b"caf\xe9", shown("cafe")), shown(", "),
             instead(b"\xef\xbb\xbf" + "naïve".encode(), shown("naive")), shown(", "),
             instead(utf16("Dvořák"), shown("Dvorak")), shown("."))
    page.put(instead(b"Spaced", b"[<53> -600 <70> -600 <61> -600 <63> -600 <65> -600 <64>] TJ"), shown("   "),
             instead(b"heading", b"[<68> -600 <65> -600 <61> -600 <64> -600 <69> -600 <6e> -600 <67>] TJ"), size=13)
    page.put(instead(b"One", b"/F 20 Tf", shown("O"), b"/F 11 Tf", shown("ne")), shown(" word holds two sizes of type."))
    page.put(shown("The last line has no trap in it."))
    blocks = ("Plain words stand before and after every trap on this page.",
              "The office has an efficient lift and a flat roof.",
              "Let 𝑥 be a letter beyond U+FFFF and 𝔸𝔹 two of them.",
              "A soft hyphen parts the long word of this line, the word cooperation, and nobody sees where the line of it "
              "ended.",
              "A list of properties names the waffle by reference.", "Outer text wins: twenty-five apples.",
              "An ornament has no text, says its empty string.", "Encodings: café, naïve, Dvořák.", "Spaced heading",
              "One word holds two sizes of type.", "The last line has no trap in it.")
    return HandMade("hand-actualtext", "en", "Latin", 1, page.to_bytes(), blocks, ("ActualText",))


FIELDS = (  # label, kind, value
    (("First name:", "Tx", "Ada"), ("Last name:", "Tx", "Lovelace-Byron")),
    (("Country:", "Ch", "Great Britain"), ("Born:", "Tx", "10 December 1815")),
    (("Remarks:", "Tx", "Prefers engines that weave algebraic patterns"),),
    (("Account:", "Tx", "DE-4711-0815"), ("Telephone:", "Tx", "030-555-0142")),
)
FIELD_HEIGHT = 16


def form() -> HandMade:
    page = Page("hand-form")
    page.put(shown("Registration of readers"), size=16)
    page.baseline -= LEADING
    blocks = ["Registration of readers"]
    for row in FIELDS:
        width = (PAGE[0] - 2 * LEFT) / len(row)
        for place, (label, kind, value) in enumerate(row):
            x = LEFT + place * width
            page.put(shown(label), x=x)
            page.baseline += LEADING
            start = x + text_width(label, "Body", SIZE) + 6
            add_field(page, f"field{len(page.widgets)}", kind, value, (start, x + width - 10))
        page.baseline -= 1.5 * LEADING
        blocks.append(" ".join(f"{label} {value}" for label, _, value in row))
    page.put(shown("The reader has to sign this sheet by hand."))
    blocks.append("The reader has to sign this sheet by hand.")
    page.document.catalog["AcroForm"] = {"Fields": page.widgets, "DR": {"Font": {"F": page.font}},
                                         "DA": b"/F 11 Tf 0 g"}
    return HandMade("hand-form", "en", "Latin", 1, page.to_bytes(Annots=page.widgets), tuple(blocks),
                    ("filled form fields", "labels and values"))


def add_field(page: Page, name: str, kind: str, value: str, span: tuple[float, float]) -> None:
    left, right = span
    width, bottom = right - left, page.baseline - 4
    drawn = b"/Tx BMC q BT /F 11 Tf 2 4 Td %s ET Q EMC" % shown(value)
    look = page.document.add(Stream(drawn, {"Type": Name("XObject"), "Subtype": Name("Form"),
                                            "BBox": [0, 0, width, FIELD_HEIGHT],
                                            "Resources": {"Font": {"F": page.font}}}, compressed=False))
    entries = {"Type": Name("Annot"), "Subtype": Name("Widget"), "FT": Name(kind), "T": text_string(name),
               "V": text_string(value), "DA": b"/F 11 Tf 0 g", "F": 4, "Rect": [left, bottom, right, bottom + FIELD_HEIGHT],
               "AP": {"N": look}}
    if kind == "Ch":
        entries |= {"Ff": 1 << 17, "Opt": [text_string("France"), text_string(value)]}
    page.widgets.append(page.document.add(entries))


HAND_MADE = (actual_text(), form())

"""The committed sample documents, each with the facts that a reader of it should find."""

from __future__ import annotations

import random

import prose
from canvas import BODY, BOLD, CAP_HEIGHT, Canvas, fonts, text_width
from pdf_writer import Document, Name, Stream
from report import LETTER, MARGIN, MEASURE, Report
from security import StandardSecurity

ANCHOR = "ANCHOR"
ANCHOR_SIZE = 18


def displayed(box, visible, rotation: int) -> list[float]:
    """Maps a box of user space to the displayed page: visible box cut out, turned clockwise, origin top-left."""
    left, bottom, right, top = visible
    width, height = right - left, top - bottom
    corners = [(x - left, y - bottom) for x, y in ((box[0], box[1]), (box[2], box[3]))]
    turned = {0: lambda u, v: (u, height - v), 90: lambda u, v: (v, u),
              180: lambda u, v: (width - u, v), 270: lambda u, v: (height - v, width - u)}[rotation]
    (x0, y0), (x1, y1) = (turned(u, v) for u, v in corners)
    return [round(value, 1) for value in (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))]


def rotated() -> tuple[bytes, dict]:
    """Three turned pages. ANCHOR lies along the user space's x axis, so it is displayed turned like the page."""
    document = Document("rotated")
    document.info = {"Title": "Rotated and cropped pages", "Author": prose.AUTHOR}
    resources = fonts(document)
    pages = [  # rotation, MediaBox, CropBox, baseline start of ANCHOR, what the page says
        (90, (0, 0, 612, 792), (50, 50, 562, 742), (72, 700),
         "Page 1 is turned by 90 degrees and cropped to 50 50 562 742."),
        (270, (100, 200, 712, 992), None, (172, 900),
         "Page 2 is turned by 270 degrees and its media box starts at 100 200."),
        (180, (0, 0, 612, 792), None, (72, 700),
         "Page 3 is turned by 180 degrees and has no crop box."),
    ]
    facts = []
    for rotation, media, crop, (x, y), says in pages:
        visible = crop or media
        canvas = Canvas()
        canvas.text(x, y, ANCHOR, BOLD, ANCHOR_SIZE)
        canvas.text(x, y - 30, says, size=12)
        canvas.text(x, y - 48, "These lines run along the x axis of user space.", size=12)
        upright(canvas, visible, rotation, "This line is upright when the page is displayed.")
        frame = (visible[0] + 6, visible[1] + 6, visible[2] - visible[0] - 12, visible[3] - visible[1] - 12)
        canvas.draw(0.75, "w", *frame, "re", "S")
        entries = {"Rotate": rotation, **({"CropBox": list(crop)} if crop else {})}
        document.add_page(canvas.content(), list(media), resources, **entries)

        ink = (x, y, x + text_width(ANCHOR, BOLD, ANCHOR_SIZE), y + CAP_HEIGHT * ANCHOR_SIZE)
        width, height = visible[2] - visible[0], visible[3] - visible[1]
        if rotation in (90, 270):
            width, height = height, width
        facts.append({"width": width, "height": height, "rotation": rotation, "media_box": media, "crop_box": crop,
                      "text": says, "anchor": {"word": ANCHOR, "bbox": displayed(ink, visible, rotation),
                                               "user_space": [round(value, 1) for value in ink],
                                               "tolerance_pt": 2}})
    return document.to_bytes(), {"title": "Rotated and cropped pages", "author": prose.AUTHOR, "pages": facts}


def upright(canvas: Canvas, visible, rotation: int, text: str) -> None:
    """Sets a line in the middle of the page, turned against the page's rotation."""
    turn = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}[rotation]
    half = text_width(text, BODY, 14) / 2
    x = (visible[0] + visible[2]) / 2 - turn[0] * half
    y = (visible[1] + visible[3]) / 2 - turn[1] * half
    canvas.text(x, y, text, size=14, turn=turn)


def scanned() -> tuple[bytes, dict]:
    """Two pages that are nothing but a picture, as a scanner without text recognition leaves them."""
    document = Document("scanned")
    document.info = {"Title": "Scanned pages", "Author": prose.AUTHOR}
    width_px, height_px = 827, 1169  # A4 at 100 dpi
    for seed in (1, 2):
        image = document.add(Stream(scan(width_px, height_px, seed), {
            "Type": Name("XObject"), "Subtype": Name("Image"), "Width": width_px, "Height": height_px,
            "ColorSpace": Name("DeviceGray"), "BitsPerComponent": 8}))
        canvas = Canvas()
        canvas.image("Scan", 0, 0, 595, 842)
        document.add_page(canvas.content(), [0, 0, 595, 842], {"XObject": {"Scan": image}})
    page = {"width": 595, "height": 842, "rotation": 0, "text": "",
            "image": {"width_px": width_px, "height_px": height_px, "bits": 8, "color_space": "DeviceGray"}}
    return document.to_bytes(), {"title": "Scanned pages", "author": prose.AUTHOR, "pages": [page, page]}


def scan(width: int, height: int, seed: int) -> bytes:
    """Makes a grey page image: uneven light, a dark gutter, specks of dust, bars where lines of words would be."""
    prng = random.Random(seed)
    gutter = bytes(min(40, 2400 // (60 + 3 * x)) for x in range(width))
    dust = bytes(0 if byte < 248 else byte - 244 for byte in range(256))
    rows = []
    words: list[tuple[int, int]] = []
    for y in range(height):
        line, within = divmod(y - 110, 22)
        if within == 0:
            words = word_bars(prng, width, last=line % 9 == 7) if 0 <= line < 43 and line % 9 != 8 else []
        paper = bytearray([228 + y // 120]) * width
        if within < 8:
            for start, end in words:
                paper[start:end] = bytes([70 + within]) * (end - start)
        # No byte passes its bounds, so whole rows can be subtracted as numbers.
        row = int.from_bytes(paper, "big") - int.from_bytes(gutter, "big")
        row -= int.from_bytes(prng.randbytes(width).translate(dust), "big")
        rows.append(row.to_bytes(width, "big"))
    return b"".join(rows)


def word_bars(prng: random.Random, width: int, last: bool) -> list[tuple[int, int]]:
    """Lays out one line of words; the last line of a paragraph is short."""
    bars, x, end = [], 95, width // 2 if last else width - 95
    while x < end - 20:
        length = min(20 + int(prng.random() * 60), end - x)
        bars.append((x, x + length))
        x += length + 9
    return bars


USER_PASSWORD, OWNER_PASSWORD = "quire", "owner"


def encrypted() -> tuple[bytes, dict]:
    """One page that opens with either password and with nothing else."""
    document = Document("encrypted", StandardSecurity(USER_PASSWORD, OWNER_PASSWORD))
    document.info = {"Title": "Encrypted page", "Author": prose.AUTHOR}
    says = "This page was enciphered with RC4 and a key of 128 bits."
    canvas = Canvas()
    canvas.text(MARGIN, 700, "Encrypted page", BOLD, 17)
    canvas.paragraph(MARGIN, 670, says, MEASURE)
    document.add_page(canvas.content(), [0, 0, *LETTER], fonts(document))
    page = {"width": 612, "height": 792, "rotation": 0, "text": says}
    return document.to_bytes(), {"title": "Encrypted page", "author": prose.AUTHOR, "pages": [page],
                                 "user_password": USER_PASSWORD, "owner_password": OWNER_PASSWORD,
                                 "encryption": "standard handler, RC4 128 bit (V 2, R 3)"}


SAMPLES = {"report.pdf": lambda: Report().build(), "rotated.pdf": rotated, "scanned.pdf": scanned,
           "encrypted.pdf": encrypted}

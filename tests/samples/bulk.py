"""Documents for measuring: one as long as asked for, or many of one page. They are not committed."""

from __future__ import annotations

import math
import random
from pathlib import Path

import prose
from canvas import BOLD, Canvas, fonts
from pdf_writer import Document, Name, Stream

WIDTH, HEIGHT, MARGIN = 612, 792, 72
MEASURE = WIDTH - 2 * MARGIN
PICTURES = 10
PICTURE_SIZE = (900, 600)

# What ten pages in a row show: mostly text, as documents do.
KINDS = ("text", "text", "picture", "text", "drawing", "text", "mixed", "text", "drawing", "picture")


def large(pages: int) -> bytes:
    """Writes a document of text, drawings and pictures; page n says "Page n of N"."""
    document = Document(f"large-{pages}")
    document.info = {"Title": f"A document of {pages} pages", "Author": prose.AUTHOR}
    pictures = {f"Picture{index}": document.add(picture(index)) for index in range(min(PICTURES, pages))}
    resources = {**fonts(document), "XObject": pictures}
    for index in range(pages):
        prng = random.Random(index)
        kind = KINDS[index % len(KINDS)]
        canvas, y = opening(f"Page {index + 1} of {pages}", f"Sheet {index + 1}, {kind}")
        name = f"Picture{int(prng.random() * len(pictures))}"
        if kind == "picture":
            canvas.image(name, MARGIN, y - 312, MEASURE, 312)
            y -= 340
        if kind == "drawing":
            drawing(canvas, prng, y, 420, strokes=600)
            y -= 450
        if kind == "mixed":
            canvas.image(name, MARGIN, y - 150, 225, 150)
            drawing(canvas, prng, y, 150, strokes=150, left=MARGIN + 243)
            y -= 180
        fill_with_text(canvas, prng, y)
        document.add_page(canvas.content(), [0, 0, WIDTH, HEIGHT], resources)
    return document.to_bytes()


def small(count: int, folder: Path) -> None:
    """Writes `count` documents of one page, no two alike, as small-0001.pdf and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        document = Document(f"small-{number}")
        document.info = {"Title": f"Small document {number}", "Author": prose.AUTHOR}
        prng = random.Random(number)
        canvas, y = opening(f"Document {number}", f"Small document {number}")
        drawing(canvas, prng, y, 90, strokes=40)
        fill_with_text(canvas, prng, y - 120)
        document.add_page(canvas.content(), [0, 0, WIDTH, HEIGHT], fonts(document))
        (folder / f"small-{number:04}.pdf").write_bytes(document.to_bytes())


def opening(footer: str, heading: str) -> tuple[Canvas, float]:
    canvas = Canvas()
    canvas.text(MARGIN, 40, footer, size=9)
    canvas.text(MARGIN, 720, heading, BOLD, 16)
    return canvas, 695


def fill_with_text(canvas: Canvas, prng: random.Random, y: float) -> None:
    """Sets paragraphs of seven sentences each down to the bottom margin."""
    while y > 160:
        sentences = [prose.SENTENCES[int(prng.random() * len(prose.SENTENCES))] for _ in range(7)]
        y = canvas.paragraph(MARGIN, y, " ".join(sentences), MEASURE, size=10, leading=13) - 8


def drawing(canvas: Canvas, prng: random.Random, top: float, height: float, strokes: int, left: float = MARGIN) -> None:
    """Fills a frame with short curves and straight strokes, a few filled shapes and one long curve, in few colours."""
    width, bottom = WIDTH - MARGIN - left, top - height
    palette = [[0.8 * prng.random() for _ in range(3)] for _ in range(6)]

    def anywhere() -> tuple[float, float]:
        return left + width * prng.random(), bottom + height * prng.random()

    def near(point: tuple[float, float]) -> tuple[float, float]:
        return point[0] + 60 * (prng.random() - 0.5), point[1] + 60 * (prng.random() - 0.5)

    canvas.draw("q", left, bottom, width, height, "re", "W", "n")
    for shape in range(strokes // 60):
        canvas.draw(*(0.6 + channel / 2 for channel in palette[shape % 6]), "rg")
        start = anywhere()
        canvas.draw(*start, "m", *near(start), *near(start), *near(start), "c", "h", "f")
    for stroke in range(strokes):
        canvas.draw(*palette[stroke * 6 // strokes], "RG", 0.25 + 1.25 * prng.random(), "w")
        start = anywhere()
        rest = [*near(start), *near(start), *near(start), "c"] if stroke % 2 else [*near(start), "l"]
        canvas.draw(*start, "m", *rest, "S")
    canvas.draw("Q", "q", 1, "w", left, bottom, width, height, "re", "S")
    wave = [(left + width * step / 200, bottom + height * (0.5 + 0.4 * math.sin(step / 9))) for step in range(201)]
    canvas.draw(*wave[0], "m", *(part for point in wave[1:] for part in (*point, "l")), "S", "Q")


def picture(seed: int) -> Stream:
    """Makes an RGB image with the statistics of a photograph: soft gradients, a few large shapes, sensor noise."""
    width, height = PICTURE_SIZE
    prng = random.Random(1000 + seed)
    noise = bytes(byte & 7 for byte in range(256))
    slopes = [60 * prng.random() for _ in range(3)]
    across = bytes(int(slope * x / width) for x in range(width) for slope in slopes)
    ground = colour(prng)
    discs = [(prng.random() * width, prng.random() * height, (0.1 + 0.2 * prng.random()) * height, colour(prng))
             for _ in range(6)]
    rows = []
    for y in range(height):
        light = y * 50 // height
        row = bytearray(bytes(channel + light for channel in ground) * width)
        for center_x, center_y, radius, channels in discs:
            half = math.sqrt(max(0.0, radius * radius - (y - center_y) ** 2))
            start, end = max(0, int(center_x - half)), min(width, int(center_x + half))
            row[3 * start:3 * end] = bytes(channel + light for channel in channels) * max(0, end - start)
        # At most 79 + 49 + 59 + 7: no byte carries over, so whole rows can be added as numbers.
        total = int.from_bytes(row, "big") + int.from_bytes(across, "big")
        total += int.from_bytes(prng.randbytes(3 * width).translate(noise), "big")
        rows.append(total.to_bytes(3 * width, "big"))
    return Stream(b"".join(rows), {"Type": Name("XObject"), "Subtype": Name("Image"), "Width": width,
                                   "Height": height, "ColorSpace": Name("DeviceRGB"), "BitsPerComponent": 8})


def colour(prng: random.Random) -> list[int]:
    return [20 + int(60 * prng.random()) for _ in range(3)]

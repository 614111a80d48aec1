"""libpdfium's own character stream, as a child process: `python stream.py LIST PAGES`.

LIST is a JSON file of paths. Each line of stdout is a JSON object: first {"ready"}, then for each path
{"path", "pages": [page…]} or {"path", "error"}. At most PAGES pages of a file are read.
"""

from __future__ import annotations

import ctypes
import json
import resource
import sys
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

MEMORY_BYTES = 2 << 30
MAX_DEPTH = 4
MAX_OBJECTS = 5_000
GRID = 40  # a page is so many cells wide and high when pictures are laid over it
# libpdfium's value of a hyphen at the end of a line; fonts without a map have characters of that value too.
BROKEN, UNMAPPED = 0x02, 0x01
FORM, IMAGE = pdfium.FPDF_PAGEOBJ_FORM, pdfium.FPDF_PAGEOBJ_IMAGE


def main(list_file: str, pages: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    say({"ready": True})
    for path in json.loads(Path(list_file).read_text()):
        try:
            say({"path": path, "pages": read(path, int(pages))})
        except Exception as error:  # a file that libpdfium refuses is an answer, not the end
            say({"path": path, "error": f"{type(error).__name__}: {error}"})


def read(path: str, limit: int) -> list[dict]:
    with pypdfium2.PdfDocument(path) as document:
        return [read_page(document, index) for index in range(min(limit, len(document)))]


def read_page(document, index: int) -> dict:
    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        return {"text": "", "overprinted": "", "mapped": None, "picture": 0.0, "readable": False}
    text_page = pdfium.FPDFText_LoadPage(page)
    try:
        return {**read_text(text_page), "picture": pictures(page), "readable": True}
    finally:
        pdfium.FPDFText_ClosePage(text_page)
        page.close()


def read_text(text_page) -> dict:
    """Returns the stream without characters that are drawn twice, those, and the stream of trustworthy ones."""
    kept, twice, mapped = [], [], []
    places: dict[tuple, list] = {}
    box = [ctypes.c_double() for _ in range(4)]
    for index in range(max(0, pdfium.FPDFText_CountChars(text_page))):
        code = pdfium.FPDFText_GetUnicode(text_page, index)
        generated = pdfium.FPDFText_IsGenerated(text_page, index) == 1
        if code > 32 and not generated:
            pdfium.FPDFText_GetCharBox(text_page, index, *map(ctypes.byref, box))
            if is_repeated(code, *(value.value for value in box), places):
                twice.append(code)
                continue
        if code == BROKEN and pdfium.FPDFText_IsHyphen(text_page, index) != 1:
            code = UNMAPPED
        kept.append(code)
        if pdfium.FPDFText_HasUnicodeMapError(text_page, index) != 1:
            mapped.append(code)
    return {"text": decoded(kept), "overprinted": decoded(twice),
            "mapped": decoded(mapped) if len(mapped) < len(kept) else None}


def is_repeated(code: int, left: float, right: float, bottom: float, top: float, places: dict) -> bool:
    """Tells whether the same character lies almost there already, and remembers it if not."""
    x, y, width, height = (left + right) / 2, (bottom + top) / 2, abs(right - left), abs(top - bottom)
    if not 0 < width < 1e5 or not 0 < height < 1e5 or not (abs(x) < 1e6 and abs(y) < 1e6):
        return False
    column, row = int(x // 2), int(y // 2)
    for near in (places.get((code, column + dx, row + dy), ()) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
        for other_x, other_y in near:
            if abs(x - other_x) < min(2, 0.3 * width) and abs(y - other_y) < min(2, 0.3 * height):
                return True
    places.setdefault((code, column, row), []).append((x, y))
    return False


def decoded(codes: list[int]) -> str:
    """Puts pairs of surrogates together; what is no character becomes U+FFFD."""
    text = "".join(chr(code) if code <= 0x10FFFF else "\ufffd" for code in codes)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def pictures(page) -> float:
    """Returns the share of the page under pictures, wherever they are nested."""
    left, bottom, right, top = page.get_bbox()
    if right - left <= 0 or top - bottom <= 0:
        return 0.0
    covered = set()
    left_to_visit = [MAX_OBJECTS]

    def lay(count: int, get, matrix: tuple, depth: int) -> None:
        for index in range(count):
            left_to_visit[0] -= 1
            if left_to_visit[0] < 0:
                return
            item = get(index)
            kind = pdfium.FPDFPageObj_GetType(item)
            if kind == IMAGE:
                covered.update(cells(bounds(item, matrix), (left, bottom, right, top)))
            elif kind == FORM and depth < MAX_DEPTH:
                lay(pdfium.FPDFFormObj_CountObjects(item),
                    lambda inner, form=item: pdfium.FPDFFormObj_GetObject(form, inner),
                    times(own_matrix(item), matrix), depth + 1)

    lay(pdfium.FPDFPage_CountObjects(page), lambda index: pdfium.FPDFPage_GetObject(page, index),
        (1, 0, 0, 1, 0, 0), 0)
    return len(covered) / GRID**2


def bounds(item, matrix: tuple) -> tuple[float, float, float, float]:
    box = [ctypes.c_float() for _ in range(4)]
    pdfium.FPDFPageObj_GetBounds(item, *map(ctypes.byref, box))
    left, bottom, right, top = (value.value for value in box)
    a, b, c, d, e, f = matrix
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (left, right) for y in (bottom, top)]
    xs, ys = zip(*corners)
    return min(xs), min(ys), max(xs), max(ys)


def own_matrix(item) -> tuple:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(item, ctypes.byref(matrix))
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def times(first: tuple, second: tuple) -> tuple:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = second
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def cells(box: tuple, page: tuple) -> set:
    """Returns the cells of the page's grid whose centre lies in the box."""
    spans = []
    for low, high, start, end in ((box[0], box[2], page[0], page[2]), (box[1], box[3], page[1], page[3])):
        step = (end - start) / GRID
        if not (abs(low) < 1e7 and abs(high) < 1e7):
            return set()
        first, last = (low - start) / step - 0.5, (high - start) / step - 0.5
        spans.append(range(max(0, int(first) + (first > int(first))), min(GRID, int(last) + 1 if last >= 0 else 0)))
    return {(x, y) for x in spans[0] for y in spans[1]}


def say(answer: dict) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""libpdfium's own character stream, as a child process: `python stream.py LIST PAGES`.

LIST is a JSON file of paths. Each line of stdout is a JSON object: first {"ready"}, then for each path
{"path", "pages": [page…]} or {"path", "error"}. At most PAGES pages of a file are read.
"""

from __future__ import annotations

import ctypes
import json
import math
import resource
import sys
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from characters import Characters

MEMORY_BYTES = 2 << 30
MAX_DEPTH = 4
MAX_OBJECTS = 5_000
GRID = 192  # a page is so many cells wide and high when pictures are laid over it
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
        return {"text": "", "picture": 0.0, "readable": False}
    text_page = pdfium.FPDFText_LoadPage(page)
    try:
        return {**Characters(text_page).read(), "picture": pictures(page), "readable": True}
    finally:
        pdfium.FPDFText_ClosePage(text_page)
        page.close()


def pictures(page) -> float:
    """Returns the share of the page under pictures, wherever they are nested."""
    left, bottom, right, top = page.get_bbox()
    if right - left <= 0 or top - bottom <= 0:
        return 0.0
    covered = [0] * GRID  # a number for each row, a bit for each cell
    left_to_visit = [MAX_OBJECTS]

    def lay(count: int, get, matrix: tuple, depth: int) -> None:
        for index in range(count):
            left_to_visit[0] -= 1
            if left_to_visit[0] < 0:
                return
            item = get(index)
            kind = pdfium.FPDFPageObj_GetType(item)
            if kind == IMAGE:
                columns, rows = cells(bounds(item, matrix), (left, bottom, right, top))
                mask = (1 << columns.stop) - (1 << columns.start) if columns else 0
                for row in rows:
                    covered[row] |= mask
            elif kind == FORM and depth < MAX_DEPTH:
                lay(pdfium.FPDFFormObj_CountObjects(item),
                    lambda inner, form=item: pdfium.FPDFFormObj_GetObject(form, inner),
                    times(own_matrix(item), matrix), depth + 1)

    lay(pdfium.FPDFPage_CountObjects(page), lambda index: pdfium.FPDFPage_GetObject(page, index),
        (1, 0, 0, 1, 0, 0), 0)
    return sum(row.bit_count() for row in covered) / GRID**2


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


def cells(box: tuple, page: tuple) -> tuple[range, range]:
    """Returns the columns and rows of the page's grid whose middle lies in the box."""
    spans = []
    for low, high, start, end in ((box[0], box[2], page[0], page[2]), (box[1], box[3], page[1], page[3])):
        step = (end - start) / GRID
        if not (abs(low) < 1e7 and abs(high) < 1e7):
            return range(0), range(0)
        first, last = (math.ceil(round((side - start) / step - 0.5, 6)) for side in (low, high))
        spans.append(range(max(0, first), min(GRID, last)))
    return spans[0], spans[1]


def say(answer: dict) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

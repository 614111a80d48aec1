"""Reads the structure tree of a PDF, page by page, and writes a copy that has none. Through libpdfium."""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from tags import EMPTY, MAX_DEPTH, Element, Piece

PAGES = 10
ROLE_UNITS = 128
MAX_ELEMENTS = 20_000  # of a page
# What makes a document a tagged one, in its catalog. Other names of the same length leave all offsets as they are.
TAGGED, UNTAGGED = (b"/StructTreeRoot", b"/MarkInfo"), (b"/XtructTreeRoot", b"/XarkInfo")


def read(file: Path) -> list[list[Element]]:
    """Returns the structure elements of each of the first pages."""
    with pypdfium2.PdfDocument(file) as document:
        return [read_page(document[index]) for index in range(min(PAGES, len(document)))]


def write_untagged(file: Path, copy: Path) -> None:
    """Writes a copy of the first pages whose catalog names no structure tree.

    libpdfium writes every object by itself and uncompressed, so that the names stand in the file as they are.
    """
    with pypdfium2.PdfDocument(file) as document:
        while len(document) > PAGES:
            del document[PAGES]
        document.save(copy, flags=pdfium.FPDF_REMOVE_SECURITY)
    data = copy.read_bytes()
    for name, other in zip(TAGGED, UNTAGGED):
        data = data.replace(name, other)
    copy.write_bytes(data)
    if any(read(copy)):
        raise ValueError(f"{file}: the copy has tags")


def read_page(page) -> list[Element]:
    tree = pdfium.FPDF_StructTree_GetForPage(page)
    if not tree:
        return []
    try:
        reader = Reader(marked_texts(page))
        roots = (pdfium.FPDF_StructTree_GetChildAtIndex(tree, index)
                 for index in range(pdfium.FPDF_StructTree_CountChildren(tree)))
        return [reader.element(root, 0) for root in roots if root]
    finally:
        pdfium.FPDF_StructTree_Close(tree)


class Reader:
    def __init__(self, texts: dict[int, list[Piece]]) -> None:
        self.texts = texts
        self.left = MAX_ELEMENTS

    def element(self, handle, depth: int) -> Element:
        self.left -= 1
        kids = tuple(self.kids(handle, depth)) if self.left > 0 and depth < MAX_DEPTH else ()
        return Element(role_of(handle), kids, span_of(handle, b"RowSpan"), span_of(handle, b"ColSpan"))

    def kids(self, handle, depth: int) -> Iterator[Element | Piece]:
        for index in range(pdfium.FPDF_StructElement_CountChildren(handle)):
            if child := pdfium.FPDF_StructElement_GetChildAtIndex(handle, index):
                yield self.element(child, depth + 1)
                continue
            mark = pdfium.FPDF_StructElement_GetChildMarkedContentID(handle, index)
            if mark < 0:
                yield Element(EMPTY)
            # Marked content is told once, however often a broken tree names it.
            yield from self.texts.pop(mark, ())


def role_of(handle) -> str:
    """Returns the standard role; `Title` where the document's own name says so, since PDF 1.7 has no role for it."""
    own = (ctypes.c_ushort * ROLE_UNITS)()
    size = pdfium.FPDF_StructElement_GetRawType(handle, own, ROLE_UNITS)
    if bytes(own)[:2 * min(size, ROLE_UNITS)].decode("utf-16-le", "replace").rstrip("\0").lower() == "title":
        return "Title"
    role = ctypes.create_string_buffer(2 * ROLE_UNITS)
    size = pdfium.FPDF_StructElement_GetType(handle, role, 2 * ROLE_UNITS)
    return role.raw[:min(size, 2 * ROLE_UNITS)].decode("utf-16-le", "replace").rstrip("\0")


def span_of(handle, name: bytes) -> int:
    for index in range(max(0, pdfium.FPDF_StructElement_GetAttributeCount(handle))):
        attribute = pdfium.FPDF_StructElement_GetAttributeAtIndex(handle, index)
        value = pdfium.FPDF_StructElement_Attr_GetValue(attribute, name) if attribute else None
        number = ctypes.c_float()
        if value and pdfium.FPDF_StructElement_Attr_GetNumberValue(value, number):
            return max(1, int(number.value))
    return 1


def marked_texts(page) -> dict[int, list[Piece]]:
    """Returns the pieces of text of each marked content of a page."""
    text_page = pdfium.FPDFText_LoadPage(page)
    try:
        return pieces_of(text_page, pdfium.FPDFText_CountChars(text_page))
    finally:
        pdfium.FPDFText_ClosePage(text_page)


def pieces_of(text_page, count: int) -> dict[int, list[Piece]]:
    found: dict[int, list[Piece]] = defaultdict(list)
    mark, start, text = -1, 0, ""

    def end_at(index: int) -> None:
        if mark >= 0 and text:
            found[mark].append(Piece(whole(text), start, index))

    for index in range(count):
        item = pdfium.FPDFText_GetTextObject(text_page, index)
        # Spaces and line ends that libpdfium adds have no object: they belong to what stands before them.
        own = pdfium.FPDFPageObj_GetMarkedContentID(item) if item else mark
        if own != mark:
            end_at(index)
            mark, start, text = own, index, ""
        text += chr(pdfium.FPDFText_GetUnicode(text_page, index))
    end_at(count)
    return found


def whole(text: str) -> str:
    """Returns text of which libpdfium has told the characters above U+FFFF in two halves."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

"""The characters of a page as libpdfium orders them, with what their places say of the spaces between them."""

from __future__ import annotations

import ctypes
import math

import pypdfium2.raw as pdfium

from places import Drawn, Joint, Place, cell, close_up, in_frame, quarter
from scoring import APART, BROKEN_SIGN, NARROW

# Fonts without a map have characters of the value of a broken word, too.
BROKEN = ord(BROKEN_SIGN)
NO_VALUE = "\ufffd"
# A box with the ascent and descent of its font is so many sizes high, and no higher than 1 / LEAST_SIZE.
LEAST_SIZE = 0.4
HIGHEST = 300  # points
MAX_MARKS = 32
ACTUAL_TEXT_BYTES = 64 * 1024


class Characters:
    """Reads the characters of a page."""

    def __init__(self, text_page) -> None:
        self.page = text_page
        self.drawn: dict[int, Drawn] = {}
        self.places: dict[tuple, list[Place]] = {}
        self.stated: set[int] = set()  # marks whose ActualText has been told
        self.copies = self.replaced = self.actual = 0
        self.kept: list[tuple[str, bool]] = []  # text, and whether libpdfium says that it cannot be trusted
        self.last: Place | None = None  # of the last character
        self.between, self.written = "", False  # spaces since then, and whether the file has one of them
        self.line: list[Joint] = []
        self.last_glyph: Place | None = None
        self.last_is_copy = False

    def read(self) -> dict:
        """Returns the stream without what is drawn twice, and the stream of characters that can be trusted."""
        for index, character, unmapped, added in self.values():
            if character.isspace():
                self.between, self.written = self.between + character, self.written or not added
                continue
            place = self.place(index)
            if place and place.drawn.actual:
                self.state(*place.drawn.actual, unmapped)
            elif place and character != NO_VALUE and self.is_copy(character, place):
                self.copies += 1
            else:
                self.keep(character, place, unmapped)
        close_up(self.line, self.kept)
        self.kept.append((self.between, False))
        trusted = [text for text, unmapped in self.kept if not unmapped]
        drawn = sum(1 for text, _ in self.kept if text.strip(f"{APART}{NARROW} \r\n"))
        doubtful = len(self.kept) - len(trusted)
        return {"text": "".join(text for text, _ in self.kept), "mapped": "".join(trusted) if doubtful else None,
                "doubtful": doubtful / drawn if drawn else 0.0, "overprinted": self.copies,
                "replaced": self.replaced, "actual": self.actual}

    def values(self):
        """Yields each character: its index, its value, whether that cannot be trusted, and whether libpdfium added it."""
        high = None  # first half of a character beyond U+FFFF
        for index in range(max(0, pdfium.FPDFText_CountChars(self.page))):
            code = pdfium.FPDFText_GetUnicode(self.page, index)
            added = code <= ord(" ") and pdfium.FPDFText_IsGenerated(self.page, index) == 1
            unmapped = pdfium.FPDFText_HasUnicodeMapError(self.page, index) == 1
            if high is None and 0xD800 <= code <= 0xDBFF:
                high = code
                continue
            if high is not None:
                code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00) if 0xDC00 <= code <= 0xDFFF else 0
                high = None
            has_value = added or not self.has_no_value(index, code, unmapped)
            yield index, chr(code) if has_value else NO_VALUE, unmapped, added

    def state(self, mark: int, text: str, unmapped: bool) -> None:
        """Puts the text that the file states in the place of the characters that it covers."""
        self.replaced += 1
        if mark not in self.stated:
            self.stated.add(mark)
            self.actual += len(text)
            self.kept.append((self.between + text, unmapped))
            self.last, self.last_glyph, self.between, self.written = None, None, "", False

    def keep(self, character: str, place: Place | None, unmapped: bool) -> None:
        between = self.between
        if self.last and place:
            joint = Joint(len(self.kept), self.last, place, between, self.written, self.kept[-1][0][-1:] + character)
            if joint.is_on_line:
                self.line.append(joint)
            else:
                close_up(self.line, self.kept)
                self.line = []
            between = joint.sign
        elif self.kept:
            between = between or APART
        self.kept += [(between, False), (character, unmapped)]
        self.last, self.between, self.written = place, "", False

    def has_no_value(self, index: int, code: int, unmapped: bool) -> bool:
        """Tells a character of which the file says nothing; libpdfium hands out its code or none."""
        if code == BROKEN and pdfium.FPDFText_IsHyphen(self.page, index) == 1:
            return False
        no_value = code in (0, BROKEN, 0xFFFE, 0xFFFF) or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF
        return no_value or (unmapped and code < ord(" "))

    def is_copy(self, character: str, place: Place) -> bool:
        """Tells whether the same character lies there already, and remembers it if not.

        Letters of one glyph, such as the two of an `ff`, begin at one place: it is asked once for all of them.
        """
        if self.last_glyph is None or not place.of_one_glyph(self.last_glyph):
            column, row = cell(place)
            near = (self.places.get((character, column + dx, row + dy), ()) for dx in (-1, 0, 1) for dy in (-1, 0, 1))
            self.last_is_copy = any(place.repeats(other) for others in near for other in others)
        self.last_glyph = place
        if not self.last_is_copy:
            self.places.setdefault((character, *cell(place)), []).append(place)
        return self.last_is_copy

    def place(self, index: int) -> Place | None:
        handle = pdfium.FPDFText_GetTextObject(self.page, index)
        if not handle:
            return None
        drawn = self.object(index, handle)
        origin_x, origin_y, rect = ctypes.c_double(), ctypes.c_double(), pdfium.FS_RECTF()
        pdfium.FPDFText_GetCharOrigin(self.page, index, ctypes.byref(origin_x), ctypes.byref(origin_y))
        pdfium.FPDFText_GetLooseCharBox(self.page, index, ctypes.byref(rect))
        origin = (origin_x.value, origin_y.value)
        corners = [in_frame(x, y, drawn.turn) for x in (rect.left, rect.right) for y in (rect.bottom, rect.top)]
        along, line = in_frame(*origin, drawn.turn)
        numbers = [along, line, drawn.size, *(side for corner in corners for side in corner)]
        if not all(abs(number) < 1e6 for number in numbers):
            return None
        size = drawn.size
        if quarter(drawn.turn):
            # A stroke widens the box; writing begins at its origin.
            start, end = max(along, min(x for x, _ in corners)), max(x for x, _ in corners)
            height = max(y for _, y in corners) - min(y for _, y in corners)
            # The size of a Type 3 font says nothing, nor does a box as high as a page.
            size = max(size, LEAST_SIZE * height) if height < HIGHEST else size
        else:
            # The box is upright and the writing is not: half of the size is the width of a common letter.
            start, end = along, along + 0.5 * drawn.size
        return Place(start, end, line, size, origin, drawn)

    def object(self, index: int, handle) -> Drawn:
        key = ctypes.cast(handle, ctypes.c_void_p).value
        if key not in self.drawn:
            matrix = pdfium.FS_MATRIX()
            pdfium.FPDFText_GetMatrix(self.page, index, ctypes.byref(matrix))
            font_size = pdfium.FPDFText_GetFontSize(self.page, index)
            forwards = math.copysign(1, font_size)
            self.drawn[key] = Drawn(key, math.atan2(matrix.b * forwards, matrix.a * forwards),
                                    abs(font_size) * math.hypot(matrix.c, matrix.d), actual_text(handle))
        return self.drawn[key]


def actual_text(handle) -> tuple[int, str] | None:
    """Returns the mark of a text object that states its text, the outermost of several, and that text."""
    for place in range(min(MAX_MARKS, max(0, pdfium.FPDFPageObj_CountMarks(handle)))):
        mark = pdfium.FPDFPageObj_GetMark(handle, place)
        length = ctypes.c_ulong()
        if not mark or not pdfium.FPDFPageObjMark_GetParamBlobValue(mark, b"ActualText", None, 0, ctypes.byref(length)):
            continue
        value = (ctypes.c_ubyte * min(length.value, ACTUAL_TEXT_BYTES))()
        pdfium.FPDFPageObjMark_GetParamBlobValue(mark, b"ActualText", value, len(value), ctypes.byref(length))
        return ctypes.cast(mark, ctypes.c_void_p).value, text_string(bytes(value))
    return None


def text_string(value: bytes) -> str:
    """Decodes a text string; of PDFDocEncoding the part that is Latin-1."""
    for sign, encoding in ((b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"), (b"\xef\xbb\xbf", "utf-8")):
        if value.startswith(sign):
            return value[len(sign):].decode(encoding, "replace")
    return value.decode("latin-1")

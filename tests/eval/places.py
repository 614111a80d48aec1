"""Where the characters of a page lie, and what that says of the spaces between them. Pure."""

from __future__ import annotations

import math
from typing import NamedTuple

from scoring import APART, NARROW

# In units of the font size: gaps that are no space though the file has one; though libpdfium added one; and gaps that are
# a space though libpdfium added none.
TOUCHING, CLOSE, WIDE = 0.02, 0.08, 0.2
# A character that begins this far before the end of the last one, or on a line this far from its line, is elsewhere; an
# exponent over an index is further from it than they are high, and follows closely.
STEP_BACK, SAME_LINE, SCRIPTS = 0.5, 0.75, 1.25
# So many letters or more that are set apart evenly are words; a gap that is wider than theirs by the factor is a space.
LETTERS, EVEN = 4, 1.4
# How far a copy of a character lies from it: of its width along the line, of the font size in any direction.
COPY_WIDTH, COPY_SIZE = 0.5, 0.2
# Font sizes that differ by a smaller share are the same.
SAME_SIZE = 0.1
# Writing that is turned by less than this, in degrees, from a side of the page has boxes to measure gaps with.
UPRIGHT = 2


class Drawn(NamedTuple):
    """What a text object says of its characters. `turn` is the direction of its writing, in radians."""

    handle: int
    turn: float
    size: float
    actual: tuple[int, str] | None


class Place(NamedTuple):
    """Where a character lies in the frame of its writing: `start` and `end` along it, `line` across."""

    start: float
    end: float
    line: float
    size: float
    origin: tuple[float, float]
    drawn: Drawn

    def of_one_glyph(self, other: Place) -> bool:
        return self.origin == other.origin and self.drawn.handle == other.drawn.handle

    def repeats(self, other: Place) -> bool:
        """Tells whether it lies on another one of the same size and direction: fake bold, shadows, outlines."""
        if abs(self.size - other.size) > SAME_SIZE * self.size or are_turned(self.drawn, other.drawn):
            return False
        along, across = in_frame(self.origin[0] - other.origin[0], self.origin[1] - other.origin[1], self.drawn.turn)
        most = COPY_SIZE * self.size
        return abs(across) <= most and abs(along) <= max(0.02 * self.size, min(most, COPY_WIDTH * (self.end - self.start)))


class Joint:
    """Where one character follows another. `added` are the spaces between them; the file has one if `written`."""

    def __init__(self, index: int, last: Place, place: Place, added: str, written: bool, pair: str) -> None:
        self.index, self.added, self.written, self.pair = index, added, written, pair
        self.last, self.place = last, place
        self.size = max(last.size, place.size)
        self.gap = max(place.start - last.end, last.start - place.end) / self.size if self.size else 0.0
        self.is_turned = are_turned(last.drawn, place.drawn)
        self.shift = abs(place.line - last.line) / self.size if self.size else 0.0
        self.is_on_line = not self.is_turned and self.shift <= SAME_LINE

    @property
    def sign(self) -> str:
        """Returns what libpdfium added, or a sign that the places say otherwise."""
        if self.last.of_one_glyph(self.place):
            return self.added
        if "\n" in self.added and all(is_unspaced(character) for character in self.pair):
            return NARROW
        if self.is_turned:
            return self.added or APART
        if not quarter(self.last.drawn.turn):
            return self.added
        if self.added:
            close = TOUCHING if self.written else CLOSE
            return NARROW if self.shift <= SCRIPTS and -STEP_BACK <= self.gap <= close else self.added
        return "" if self.is_on_line and -STEP_BACK <= self.gap <= WIDE else APART


def close_up(line: list[Joint], kept: list[tuple[str, bool]]) -> None:
    """Marks the added spaces of a line whose letters are set apart evenly, but for those that are clearly wider."""
    gaps = sorted(joint.gap for joint in line if joint.pair.isalpha() and not joint.written)
    if len(gaps) < LETTERS:
        return
    usual = gaps[len(gaps) // 3]
    even = sum(1 for gap in gaps if usual / EVEN <= gap <= usual * EVEN)
    if usual < TOUCHING or even < 0.6 * len(gaps):
        return
    for joint in line:
        if joint.added and not joint.written and joint.gap <= usual * EVEN:
            kept[joint.index] = (NARROW, False)


def is_unspaced(character: str) -> bool:
    """Tells the scripts that have no spaces between words: Thai, Lao, Burmese, Khmer. Han and kana are words anyway."""
    return "\u0e00" <= character <= "\u0eff" or "\u1000" <= character <= "\u109f" or "\u1780" <= character <= "\u17ff"


def in_frame(x: float, y: float, turn: float) -> tuple[float, float]:
    """Returns how far a place lies along a direction of writing, and how far across it."""
    cosine, sine = math.cos(turn), math.sin(turn)
    return x * cosine + y * sine, y * cosine - x * sine


def are_turned(first: Drawn, second: Drawn) -> bool:
    """Tells whether two text objects are written in different directions."""
    return math.cos(first.turn - second.turn) < math.cos(math.radians(UPRIGHT))


def quarter(turn: float) -> bool:
    degrees = math.degrees(turn) % 90
    return min(degrees, 90 - degrees) < UPRIGHT


def cell(place: Place) -> tuple[int, int]:
    """Returns the square of the page in which a character begins; a copy begins in it or beside it."""
    side = 8
    return int(place.origin[0] // side), int(place.origin[1] // side)

"""Words, and how well two sequences of them agree. Pure; the definitions that every figure of the evaluation rests on."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

# Han and kana with their punctuation and full-width forms: written without spaces, so each character is a word.
# Hangul is written with spaces and is not among them.
CJK = re.compile(
    "[\u2e80-\u303f\u3040-\u312f\u31a0-\u31bf\u31c0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f\uffe0-\uffef"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]")


# Signs in a stream. libpdfium puts the first in the place of a hyphen that breaks a word at the end of a line.
BROKEN_SIGN = "\x02"
# Noncharacters that characters.py puts in the place of a space or a line end that libpdfium added although the next
# character follows closely, and where it added none although the next one is elsewhere.
NARROW, APART = "\ufdd0", "\ufdd1"


@dataclass(frozen=True)
class Score:
    """F1 of the multisets: of words, and of pairs of words that follow each other."""

    words: float
    pairs: float


def words(text: str) -> list[str]:
    """Splits text into words: NFC, at white space, CJK by character, without what nobody can see."""
    visible = "".join(char for char in unicodedata.normalize("NFC", text) if not unseen(char))
    return CJK.sub(lambda match: f" {match[0]} ", visible).split()


def unseen(char: str) -> bool:
    """Tells format characters (soft hyphen, joiners, marks of direction) and control characters that are no space."""
    return not char.isascii() and unicodedata.category(char) in ("Cf", "Cn") or char < " " and not char.isspace()


def right_to_left(word: str) -> bool:
    return any(unicodedata.bidirectional(char) in ("R", "AL") for char in word)


def score(expected: list[str], found: list[str]) -> Score:
    return Score(f1(Counter(expected), Counter(found)), f1(pairs(expected), pairs(found)))


def pairs(sequence: list[str]) -> Counter:
    return Counter(zip(sequence, sequence[1:]))


def f1(expected: Counter, found: Counter) -> float:
    """Returns the harmonic mean of precision and recall; 1 if there is nothing on either side."""
    total = expected.total() + found.total()
    return 2 * (expected & found).total() / total if total else 1.0


def mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return sum(listed) / len(listed) if listed else None

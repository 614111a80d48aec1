"""How a stream is spelled: what stands between its characters where libpdfium only guesses, and what letters are. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import product

import scoring
from scoring import APART, BROKEN_SIGN, NARROW

FORMS = re.compile("[\ufb00-\ufb4f\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc]")
LEADER = re.compile(r"[._\u00b7\u2026](?:\s*[._\u00b7\u2026]){2,}|(?<!\S)[._\u00b7\u2026]+(?!\S)")
# What says nothing to a reader of the text, on either side.
NOTHING = {"private use": re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]"),
           "no Unicode value at all": re.compile("[\ufffd-\uffff]")}

# Between two pieces of a word: a sign, or a hyphen, dash or slash at the end of a line.
SIGNS = f"{NARROW}{APART}{BROKEN_SIGN}"
SEPARATOR = re.compile(rf"([{SIGNS}]|(?<=[^\s{SIGNS}])[-\u2010\u2013\u2014][^\S\r\n]*[\r\n]\s*(?=\S)|(?<=\w)/[^\S\r\n]*[\r\n]\s*(?=\w))")
CLUSTER = re.compile(rf"\S*?(?:{SEPARATOR.pattern}[^\s{SIGNS}]*)+")
# A word of the page is made of so many pieces at most, and so many of the signs between them are hyphens.
MOST_PIECES, MOST_HYPHENS = 24, 3
# Pieces without a space between them that are looked at; a hostile page may have any number.
LONGEST_CLUSTER = 1_000
UNDONE, ADDED, OPENED, ORDERED = ("words broken at line ends joined", "spaces added in narrow gaps", "spaces at wide gaps",
                                  "pieces of a word drawn in another order")


class Vocabulary:
    """The words that the result has for a page."""

    def __init__(self, words: list[str]) -> None:
        self.keys = {key(word) for word in words}
        self.known: dict[str, bool] = {}

    def has(self, text: str) -> bool:
        if text not in self.known:
            words = scoring.words(folded(text, Counter()))
            self.known[text] = bool(words) and all(key(word) in self.keys for word in words)
        return self.known[text]


def key(word: str) -> str:
    """A word from right to left is known whatever order libpdfium hands its letters out in."""
    return "".join(sorted(word)) if scoring.right_to_left(word) else word


def folded(text: str, effects: Counter) -> str:
    """Takes away what the engine drops, and spells ligatures and Arabic forms with the letters they stand for.

    Dots of a leader become words one by one, however they are spaced.
    """
    for rule, nothing in NOTHING.items():
        if found := len(nothing.findall(text)):
            effects[rule] -= found
            text = nothing.sub("", text)
    if dropped := sum(1 for char in text if scoring.unseen(char)):
        effects["soft hyphens, control and format characters"] -= dropped
    spelled = FORMS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    if len(spelled) != len(text):
        effects["ligatures spelled out"] += len(spelled) - len(text)
    return LEADER.sub(lambda match: f" {' '.join(''.join(match[0].split()))} ", spelled)


def resolved(text: str, vocabulary: Vocabulary, effects: Counter) -> str:
    """Decides for each sign and each hyphen at a line end what stands there: what the page's words say, if they do."""

    def decided(match: re.Match) -> str:
        parts = SEPARATOR.split(match[0])
        pieces, signs = parts[::2], parts[1::2]
        default = joined(pieces, [usual(sign) for sign in signs])
        if len(pieces) > LONGEST_CLUSTER or all(vocabulary.has(word) for word in default.split()):
            return default
        choice = best(pieces, signs, vocabulary)
        if choice is not None:
            count(signs, choice, effects)
            return joined(pieces, choice)
        if len(pieces) <= 3 and APART in signs and vocabulary.has("".join(reversed(pieces))):
            effects[ORDERED] += len(match[0]) - len(signs)
            return "".join(reversed(pieces))
        return default

    return CLUSTER.sub(decided, text)


def usual(sign: str) -> str:
    """Returns what a sign stands for if the page does not say otherwise."""
    return {NARROW: " ", APART: "", BROKEN_SIGN: "-"}.get(sign, f"{sign[0]} ")


def inside(sign: str) -> tuple[str, ...]:
    """Returns what a sign may stand for inside a word."""
    return {NARROW: ("",), APART: ("",), BROKEN_SIGN: ("-", "")}.get(sign, ("/",) if sign[0] == "/" else (sign[0], ""))


def best(pieces: list[str], signs: list[str], vocabulary: Vocabulary) -> list[str] | None:
    """Returns what stands at each sign so that most letters are in words of the page; None if that is the usual."""
    # By the number of pieces: letters in words of the page, signs that stand for the usual, and what stands at the signs.
    reached: list[tuple[int, int, list[str]] | None] = [(0, 0, [])] + [None] * len(pieces)
    for start in range(len(pieces)):
        if reached[start] is None:
            continue
        letters, ordinary, chosen = reached[start]
        for end in range(start + 1, min(len(pieces), start + MOST_PIECES) + 1):
            for word, between in spellings(pieces[start:end], signs[start:end - 1]):
                after = between
                if end < len(pieces):
                    if signs[end - 1] == BROKEN_SIGN:
                        continue
                    gap = " " if signs[end - 1] in (NARROW, APART) else f"{signs[end - 1][0]} "
                    word, after = word + gap.strip(), [*between, gap]
                known = len(word) if vocabulary.has(word) else 0
                same = sum(choice == usual(sign) for choice, sign in zip(after, signs[start:end]))
                candidate = (letters + known, ordinary + same, [*chosen, *after])
                if reached[end] is None or candidate[:2] > reached[end][:2]:
                    reached[end] = candidate
    chosen = reached[len(pieces)][2]
    return None if chosen == [usual(sign) for sign in signs] else chosen


def spellings(pieces: list[str], signs: list[str]):
    """Returns the words that the pieces may make without a space, each with what stands at its signs."""
    hyphens = sum(1 for sign in signs if len(inside(sign)) > 1)
    if hyphens > MOST_HYPHENS:
        return
    for between in product(*map(inside, signs)):
        yield joined(pieces, list(between)), list(between)


def joined(pieces: list[str], between: list[str]) -> str:
    return pieces[0] + "".join(sign + piece for sign, piece in zip(between, pieces[1:]))


def count(signs: list[str], chosen: list[str], effects: Counter) -> None:
    for sign, choice in zip(signs, chosen):
        if sign == NARROW and not choice:
            effects[ADDED] -= 1
        elif sign == APART and choice:
            effects[OPENED] += 1
        elif sign not in (NARROW, APART) and choice != usual(sign):
            effects[UNDONE] -= 1

"""What the engine does to libpdfium's stream by rule, so that a comparison counts only what no rule explains. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

import scoring
import spelling
from results import PageText

# Texts that stand in no page's stream, by where they come from.
ORIGINS = {"field": "values of fields", "mark": "marks of checkboxes", "note": "notes and stamps"}


# Character codes that stand for themselves: a page is compared by characters if more than this share of them has no
# trustworthy value, and if they are of so many scripts.
DOUBTFUL, MANY_SCRIPTS = 0.5, 4
# The name of a glyph that libpdfium has no value for tells so many letters at most: `f_f_i`.
LETTERS_OF_A_GLYPH = 3


@dataclass
class Comparison:
    """The words of one page on both sides, after the rules, and how many characters each rule has taken or given."""

    expected: list[str]
    found: list[str]
    effects: Counter = field(default_factory=Counter)

    @property
    def score(self) -> scoring.Score:
        return scoring.score(self.expected, self.found)

    @property
    def letters(self) -> float:
        """F1 of characters: spaces and the order do not matter."""
        return scoring.f1(Counter("".join(self.expected)), Counter("".join(self.found)))

    @property
    def wrong(self) -> int:
        """How many words one side has and the other has not."""
        expected, found = Counter(self.expected), Counter(self.found)
        return (expected - found).total() + (found - expected).total()


def compare(stream: dict, page: PageText) -> Comparison:
    """Compares a page with the stream; characters without a trustworthy value count if they fit better than not."""
    takes_apart = stream["doubtful"] > DOUBTFUL and scripts(stream["text"]) >= MANY_SCRIPTS
    whole = reconcile(stream["text"], page, takes_apart)
    flagged = 0
    if stream["mapped"] is not None:
        flagged = len(stream["text"]) - len(stream["mapped"])
        trusted = reconcile(stream["mapped"], page, takes_apart)
        if trusted.score.words > whole.score.words:
            trusted.effects["no trustworthy Unicode value"] -= flagged
            whole = trusted
    # A value for private use says no more than none.
    trusted_text = stream["text"] if stream["mapped"] is None else stream["mapped"]
    unnamed = flagged + len(spelling.NOTHING["private use"].findall(trusted_text))
    if unnamed:
        leave_out_named(whole, unnamed)
    whole.effects["drawn twice"] -= stream["overprinted"]
    whole.effects["ActualText, drawn text that it replaces"] -= stream["replaced"]
    whole.effects["ActualText"] += stream["actual"]
    return whole


def leave_out_named(comparison: Comparison, glyphs: int) -> None:
    """Leaves out words that the engine reads by names of glyphs: libpdfium knows no letters for those, and its word has all
    letters but theirs. `glyphs` is how many there are, and bounds how many letters this may explain."""
    expected, found = Counter(comparison.expected), Counter(comparison.found)
    missing, extra = list((expected - found).elements()), list((found - expected).elements())
    room, named, unnamed = LETTERS_OF_A_GLYPH * glyphs, Counter(), Counter()
    for word in extra:
        rest = next((other for other in missing if len(other) < len(word) and is_part(other, word)), "")
        if len(word) - len(rest) > room:
            continue
        room -= len(word) - len(rest)
        named[word] += 1
        if rest:
            missing.remove(rest)
            unnamed[rest] += 1
    comparison.found = without(comparison.found, named)
    comparison.expected = without(comparison.expected, unnamed)
    comparison.effects["names of glyphs that libpdfium has no value for"] += size(named) - size(unnamed)


def is_part(part: str, word: str) -> bool:
    """Tells whether a word becomes the other one by leaving letters out."""
    letters = iter(word)
    return all(letter in letters for letter in part)


def scripts(text: str) -> int:
    """Counts the scripts of the letters of a text, as the names of the letters tell them."""
    return len({unicodedata.name(char, "").split(" ")[0] for char in text if char.isalpha()})


def take_apart(comparison: Comparison) -> None:
    """Compares a page by characters: where most values cannot be trusted, words and gaps of a stream mean nothing."""
    comparison.effects["compared by characters, most without a trustworthy value"] -= len(comparison.expected)
    comparison.expected = list("".join(comparison.expected))
    comparison.found = list("".join(comparison.found))


def reconcile(text: str, page: PageText, takes_apart: bool = False) -> Comparison:
    effects: Counter = Counter()
    found = [(source, word) for source, told in page.seen for word in words_of(told)]
    unseen = [word for _, told in page.hidden for word in words_of(told)]
    vocabulary = spelling.Vocabulary([*(word for _, word in found), *unseen])
    expected = scoring.words(spelling.folded(spelling.resolved(text, vocabulary, effects), effects))
    comparison = Comparison(expected, [word for _, word in found], effects)
    leave_out_hidden(comparison, page)
    leave_out_added(comparison, found)
    turn_round(comparison)
    if takes_apart:
        take_apart(comparison)
    return comparison


def words_of(told: str) -> list[str]:
    return scoring.words(spelling.folded(told, Counter()))


def leave_out_hidden(comparison: Comparison, page: PageText) -> None:
    """Words that nobody sees are in the layer `invisible`, and so are parts of words at the edge of what is seen."""
    for reason, told in page.hidden:
        rule = f"invisible, {reason}" if reason else "invisible"
        hidden = Counter(words_of(told))
        taken = hidden & (Counter(comparison.expected) - Counter(comparison.found))
        comparison.expected = without(comparison.expected, taken)
        comparison.effects[rule] -= size(taken) + leave_out_parts(comparison, hidden - taken)


def leave_out_parts(comparison: Comparison, hidden: Counter) -> int:
    """Leaves of a word what is seen of it, if the rest is hidden. Returns how many characters that takes."""
    expected, found = Counter(comparison.expected), Counter(comparison.found)
    missing, extra = expected - found, found - expected
    taken = 0
    for place, word in enumerate(comparison.expected if hidden else ()):
        if missing[word] <= 0:
            continue
        cuts = ((word[:cut], word[cut:]) for cut in range(1, len(word)))
        parts = ((seen, rest) for first, second in cuts for seen, rest in ((first, second), (second, first)))
        seen, rest = next((pair for pair in parts if extra[pair[0]] > 0 and hidden[pair[1]] > 0), (word, ""))
        if rest:
            missing[word] -= 1
            extra[seen] -= 1
            hidden[rest] -= 1
            comparison.expected[place] = seen
            taken += len(rest)
    return taken


def leave_out_added(comparison: Comparison, found: list[tuple[str, str]]) -> None:
    """Values of fields and notes are in no page's stream."""
    for source, rule in ORIGINS.items():
        extra = Counter(comparison.found) - Counter(comparison.expected)
        taken = Counter(word for origin, word in found if origin == source) & extra
        comparison.found = without(comparison.found, taken)
        comparison.effects[rule] += size(taken)


def turn_round(comparison: Comparison) -> None:
    """A right-to-left word whose letters libpdfium hands out in the order of the page gets the logical order."""
    expected, found = Counter(comparison.expected), Counter(comparison.found)
    missing, extra = expected - found, found - expected
    logical: dict[str, list[str]] = {}
    for word in extra.elements():
        if scoring.right_to_left(word):
            logical.setdefault("".join(sorted(word)), []).append(word)
    for place, word in enumerate(comparison.expected):
        same_letters = logical.get("".join(sorted(word))) if missing[word] and scoring.right_to_left(word) else None
        if same_letters:
            missing[word] -= 1
            comparison.expected[place] = same_letters.pop()
            comparison.effects["right-to-left words put in order"] += len(word)


def without(sequence: list[str], taken: Counter) -> list[str]:
    """Returns the sequence without so many of each word, the first ones."""
    left = Counter(taken)
    kept = []
    for word in sequence:
        if left[word] > 0:
            left[word] -= 1
        else:
            kept.append(word)
    return kept


def size(counted: Counter) -> int:
    return sum(len(word) * times for word, times in counted.items())


def excerpt(comparison: Comparison, characters: int = 90) -> str:
    """Shows where the two sides differ most."""
    expected, found = Counter(comparison.expected), Counter(comparison.found)
    missing = " ".join((expected - found).elements())
    extra = " ".join((found - expected).elements())
    return f"missing: {cut(missing, characters)} | extra: {cut(extra, characters)}"


def cut(text: str, characters: int) -> str:
    shown = re.sub(r"[\x00-\x1f\x7f|`]", "\u00b7", text)
    return shown if len(shown) <= characters else shown[:characters - 1] + "…"

"""What the engine does to libpdfium's stream by rule, so that a comparison counts only what no rule explains. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

import scoring
from results import PageText

# What libpdfium hands out for a hyphen at the end of a line.
BROKEN = "\x02"
BREAK = re.compile(r"(\S*)(?:\x02|[-\u2010]\s*[\r\n]\s*)(\S+)")
FORMS = re.compile("[\ufb00-\ufb4f\ufb50-\ufdff\ufe70-\ufefc]")
LEADER = re.compile(r"[._\u00b7\u2026]{3,}|(?<!\S)[._\u00b7\u2026]+(?!\S)")
PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")


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
    whole = reconcile(stream["text"], page)
    if stream["mapped"] is not None:
        trusted = reconcile(stream["mapped"], page)
        if trusted.score.words > whole.score.words:
            trusted.effects["no trustworthy Unicode value"] -= len(stream["text"]) - len(stream["mapped"])
            whole = trusted
    if stream["overprinted"]:
        whole.effects["drawn twice"] -= len(stream["overprinted"])
    return whole


def reconcile(text: str, page: PageText) -> Comparison:
    effects: Counter = Counter()
    found = [(source, word) for source, told in page.seen for word in scoring.words(folded(told, Counter()))]
    there = Counter(word for _, word in found)
    expected = scoring.words(folded(unbroken(text, there, effects), effects))
    comparison = Comparison(expected, [word for _, word in found], effects)
    leave_out_hidden(comparison, page)
    leave_out_added(comparison, found)
    turn_round(comparison)
    close_up(comparison)
    return comparison


def folded(text: str, effects: Counter) -> str:
    """Takes away what the engine drops, and spells ligatures and Arabic forms with the letters they stand for.

    Dots of a leader become words one by one, however they are spaced.
    """
    dropped = [char for char in text if scoring.unseen(char) or "\ufffe" <= char <= "\uffff"]
    if dropped:
        effects["soft hyphens, control and format characters"] -= len(dropped)
    private = PRIVATE.findall(text)
    if private:
        effects["private use"] -= len(private)
    text = PRIVATE.sub("", text).replace("\ufffe", "").replace("\uffff", "")
    spelled = FORMS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    if len(spelled) != len(text):
        effects["ligatures spelled out"] += len(spelled) - len(text)
    return LEADER.sub(lambda match: f" {' '.join(match[0])} ", spelled)


def unbroken(text: str, there: Counter, effects: Counter) -> str:
    """Undoes breaks at line ends where the page's text has the whole word, and closes up the others that it has."""

    def whole(match: re.Match) -> str:
        head, tail = match[1], match[2]
        if has(head + tail, there):
            effects["hyphens at line ends undone"] -= 1
            return head + tail
        if has(f"{head}-{tail}", there) or BROKEN in match[0]:
            return f"{head}-{tail}"
        return match[0]

    return BREAK.sub(whole, text)


def has(text: str, there: Counter) -> bool:
    return all(there[word] for word in scoring.words(folded(text, Counter())))


def leave_out_hidden(comparison: Comparison, page: PageText) -> None:
    """Words that nobody sees are in the layer `invisible`."""
    for reason, told in page.hidden:
        hidden = Counter(scoring.words(folded(told, Counter())))
        missing = Counter(comparison.expected) - Counter(comparison.found)
        taken = hidden & missing
        comparison.expected = without(comparison.expected, taken)
        comparison.effects[f"invisible, {reason}" if reason else "invisible"] -= size(taken)


def leave_out_added(comparison: Comparison, found: list[tuple[str, str]]) -> None:
    """Values of fields and notes are in no page's stream."""
    for source, rule in (("field", "values of fields"), ("note", "notes")):
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
        if right_to_left(word):
            logical.setdefault("".join(sorted(word)), []).append(word)
    for place, word in enumerate(comparison.expected):
        same_letters = logical.get("".join(sorted(word))) if missing[word] and right_to_left(word) else None
        if same_letters:
            missing[word] -= 1
            comparison.expected[place] = same_letters.pop()
            comparison.effects["right-to-left words put in order"] += len(word)


def right_to_left(word: str) -> bool:
    return any(unicodedata.bidirectional(char) in ("R", "AL") for char in word)


def close_up(comparison: Comparison) -> None:
    """Letters set apart are words: a run of single letters becomes the words that the page has instead."""
    extra = Counter(comparison.found) - Counter(comparison.expected)
    by_first: dict[str, list[str]] = {}
    for word in extra:
        by_first.setdefault(word[0], []).append(word)
    closed, place = [], 0
    while place < len(comparison.expected):
        word = spaced_word(comparison.expected, place, extra, by_first)
        if word is None:
            closed.append(comparison.expected[place])
            place += 1
            continue
        extra[word] -= 1
        closed.append(word)
        place += len(word)
        comparison.effects["spaces inside letter-spaced words"] -= len(word) - 1
    comparison.expected = closed


def spaced_word(expected: list[str], place: int, extra: Counter, by_first: dict[str, list[str]]) -> str | None:
    """Returns the longest word of the page that stands at this place letter by letter, of three letters or more."""
    fitting = (word for word in by_first.get(expected[place], ())
               if len(word) >= 3 and extra[word] > 0 and expected[place:place + len(word)] == list(word))
    return max(fitting, key=len, default=None)


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

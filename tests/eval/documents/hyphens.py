"""Puts soft hyphens into words: Chromium's own dictionaries are not part of Debian's package."""

from __future__ import annotations

import re

from blocks import SOFT_HYPHEN

DICTIONARIES = {"en": "en_US", "de": "de_DE", "fr": "fr", "ru": "ru_RU", "pl": "pl_PL"}
WORD = re.compile(r"<[^>]*>|&\w+;|[^\W\d_]{6,}")


def softened(text: str, language: str) -> str:
    """Marks every place where a word of the text may be broken; needs pyphen."""
    import pyphen

    patterns = pyphen.Pyphen(lang=DICTIONARIES[language], left=2, right=3)

    def marked(match: re.Match) -> str:
        word = match[0]
        return word if word[0] in "<&" else patterns.inserted(word, SOFT_HYPHEN)

    return WORD.sub(marked, text)

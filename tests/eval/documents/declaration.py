"""The Universal Declaration of Human Rights in the languages of `texts`: a heading or a paragraph a line."""

from __future__ import annotations

from pathlib import Path

from blocks import Block, h1, h2, p

TEXTS = Path(__file__).with_name("texts")


def lines(language: str) -> list[str]:
    return (TEXTS / f"{language}.txt").read_text(encoding="utf-8").splitlines()


def title(language: str, style: str = "") -> Block:
    return h1(lines(language)[0].removeprefix("# "), style)


def body(language: str, characters: int, skip: int = 1, style: str = "", glued: bool = False) -> tuple[Block, ...]:
    """Returns whole paragraphs from line `skip` on, until they have so many characters.

    `glued` text has no-break spaces: a script without spaces between words is then broken inside
    phrases only, where no space is to be expected.
    """
    found: list[Block] = []
    used = 0
    for line in lines(language)[skip:]:
        if used >= characters:
            break
        text = line.removeprefix("## ")
        used += len(text)
        if text != line:
            found.append(h2(text))
        else:
            found.append(p(text.replace(" ", "\u00a0") if glued else text, style))
    while found[-1].kind == "h2":
        found.pop()
    return tuple(found)

"""Writes sentences, figures and labels in a language, by chance; no text of a document comes twice."""

from __future__ import annotations

import importlib
import random
import re
from collections.abc import Iterable
from types import ModuleType

SLOT = re.compile(r"\{(\w+)\}")


class Writer:
    def __init__(self, language: str, variant: int, chance: random.Random) -> None:
        self.language, self.variant, self.chance = language, variant, chance
        self.bank: ModuleType = importlib.import_module(f"phrases.{language}")
        self.words: dict[str, str] = self.bank.WORDS
        self.used: set[str] = set()
        self.decks: dict[str, list] = {}

    # Choices

    def one(self, name: str, texts: Iterable[str] | None = None) -> str:
        """Returns one of the bank's texts of this name, filled in; all come once before one comes again."""
        deck = self.decks.setdefault(name, [])
        if not deck:
            deck.extend(texts if texts is not None else getattr(self.bank, name))
            self.chance.shuffle(deck)
        return self.fill(deck.pop())

    def some(self, name: str, count: int, texts: Iterable[str] | None = None) -> list[str]:
        return [self.one(name, texts) for _ in range(count)]

    def pick(self, *choices):
        return self.chance.choice(choices)

    def likely(self, probability: float) -> bool:
        return self.chance.random() < probability

    def between(self, low: int, high: int) -> int:
        return self.chance.randint(low, high)

    # Figures

    def fill(self, text: str) -> str:
        return SLOT.sub(lambda match: self.slot(match[1]), text)

    def slot(self, name: str) -> str:
        # 5 to 9 at the end, and fractions that are not whole, agree with the words of every language here.
        if name == "n":
            return str(10 * self.between(1, 88) + self.between(5, 9))
        if name == "k":
            return str(self.between(5, 20))
        if name == "h":
            return str(25 * self.between(2, 20))
        if name == "t":  # an oven
            return str(10 * self.between(16, 22))
        if name == "p":
            return f"{self.between(0, 29)}{self.bank.DECIMAL}{self.between(1, 9)}"
        if name == "m":
            return self.number(self.between(11, 999) * 100 + 500)
        if name == "year":
            return str(self.between(1996, 2025))
        if name == "month":
            return self.chance.choice(self.bank.MONTHS)
        if name == "date":
            return self.date()
        if name == "name":
            return self.one("NAMES")
        if name == "city":
            return self.one("CITIES")
        raise KeyError(name)

    def date(self) -> str:
        return self.bank.DATE.format(day=self.between(1, 28), month=self.chance.choice(self.bank.MONTHS),
                                     year=self.between(1996, 2025))

    def number(self, value: float, decimals: int = 0) -> str:
        """Writes a number with the signs of the language."""
        text = f"{value:,.{decimals}f}"
        return text.replace(",", "\0").replace(".", self.bank.DECIMAL).replace("\0", self.bank.GROUP)

    def accounted(self, value: float, decimals: int = 0) -> str:
        """Writes a number as accounts do: a negative one in parentheses."""
        return f"({self.number(-value, decimals)})" if value < 0 else self.number(value, decimals)

    # Sentences

    def sentence(self) -> str:
        """Returns a sentence that the document does not have yet."""
        while True:
            text = self.draft()
            if (skeleton := SLOT.sub("", text)) not in self.used:
                self.used.add(skeleton)
                text = self.fill(text)
                return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")

    def draft(self) -> str:
        subject, predicate = self.chance.choice(self.bank.SUBJECTS), self.chance.choice(self.bank.PREDICATES)
        led = self.likely(0.55)
        lead = self.chance.choice(self.bank.LEADS)
        tail = self.chance.choice(self.bank.TAILS) if self.likely(0.4) else ""
        if "|" in predicate:  # German: the verb is the second part of the sentence
            verb, rest = predicate.split("|")
            main = f"{lead} {verb} {subject} {rest}" if led else f"{subject} {verb} {rest}"
            comma = "" if tail.startswith(("und ", "ohne ", "noch ", "selbst ")) else ","
        else:
            comma = "" if tail.startswith(("and ", "y ", "et ", "i ", "without ", "sans ", "sin ", "bez ", "без ",
                                           "before ", "avant ", "antes ", "jeszcze ", "ещё ", "malgré ")) else ","
            apart = "" if self.language in ("pl", "ru") and len(lead.split()) < 5 else ","
            main = f"{lead}{apart} {subject} {predicate}" if led else f"{subject} {predicate}"
        return f"{main}{comma} {tail}" if tail else main

    def paragraph(self, sentences: int) -> str:
        return " ".join(self.sentence() for _ in range(sentences))

    def clause(self) -> str:
        """Returns a clause of a contract."""
        from phrases import special

        while True:
            party, duty, condition = (self.chance.choice(texts[self.language])
                                      for texts in (special.PARTIES, special.DUTIES, special.CONDITIONS))
            if (key := f"{party} {duty}") not in self.used:
                self.used.add(key)
                comma = "," if self.language == "de" and condition.split()[0] in ("und", "sofern", "solange", "falls",
                                                                                  "beginnend", "wie") else ""
                return f"{party} {duty}{comma} {self.fill(condition)}."

    def story(self) -> str:
        """Returns a sentence of a novel."""
        from phrases import special

        while True:
            hero, deed, scene, time = (self.chance.choice(texts[self.language]) for texts in
                                       (special.HEROES, special.DEEDS, special.SCENES, special.TIMES))
            form = self.between(0, 3)
            if f"{deed}{scene}" in self.used:
                continue
            self.used.add(f"{deed}{scene}")
            comma = "" if scene.split()[0] in ("and", "und", "et", "in", "im", "dans", "в", "without", "ohne", "sans",
                                               "и", "until") else ","
            text = f"{hero} {deed}{comma} {scene}" if form else f"{hero} {deed}"
            if form > 1:
                text = f"{time}{'' if self.language in ('de', 'ru') else ','} {text}"
            text = self.fill(text)
            return text[0].upper() + text[1:] + "."

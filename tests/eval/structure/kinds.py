"""Which kinds of document there are, and which of them nobody looks at while tuning."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from templates import manuals, office, pages, papers, reports, shop
from tree import Document
from writer import Writer

SEED = 20149
VARIANTS = 4
ALL = ("en", "de", "fr", "es", "pl", "ru")

# Held out: nobody tunes the engine on these templates, looks at what it makes of them, or reads their scores other than
# as one mean. Drawn by the seed before the engine had any structure; `generate.py --check` draws them again.
HELD_OUT = frozenset(("faq", "manual", "minutes", "newsletter", "rowrules", "science", "slides"))


@dataclass(frozen=True)
class Template:
    make: Callable
    program: str  # chromium, reportlab
    languages: tuple[str, ...] = ALL

    @property
    def name(self) -> str:
        return self.make.__name__


TEMPLATES = (
    Template(reports.report, "chromium"),
    Template(reports.annual, "reportlab"),
    Template(reports.bulletin, "chromium"),
    Template(papers.paper, "chromium"),
    Template(papers.science, "chromium"),
    Template(papers.incolumn, "chromium"),
    Template(manuals.manual, "chromium"),
    Template(manuals.faq, "chromium"),
    Template(manuals.recipe, "reportlab", ("en", "de", "fr", "pl")),
    Template(office.contract, "reportlab", ("en", "de", "fr", "es")),
    Template(office.minutes, "reportlab"),
    Template(office.letter, "reportlab", ("en", "de", "fr", "es", "ru")),
    Template(office.cv, "chromium", ("en", "de", "fr", "es")),
    Template(shop.catalogue, "chromium"),
    Template(shop.prices, "reportlab"),
    Template(shop.zebra, "chromium"),
    Template(shop.rowrules, "reportlab"),
    Template(pages.newsletter, "chromium"),
    Template(pages.slides, "chromium"),
    Template(pages.novel, "chromium", ("en", "de", "fr", "ru")),
)


def drawn_by_seed() -> frozenset[str]:
    """Returns a third of the templates."""
    names = sorted(template.name for template in TEMPLATES)
    return frozenset(random.Random(SEED).sample(names, len(names) // 3 + 1))


def documents() -> list[Document]:
    return [document(template, variant) for template in TEMPLATES for variant in range(1, VARIANTS + 1)]


def document(template: Template, variant: int) -> Document:
    """Makes one document out of the seed, its template and its number: others do not change it."""
    languages = list(template.languages)
    random.Random(f"{SEED} {template.name}").shuffle(languages)
    language = languages[(variant - 1) % len(languages)]
    writer = Writer(language, variant, random.Random(f"{SEED} {template.name} {variant}"))
    parts, look, furniture = template.make(writer)
    name = f"{template.name}-{variant}-{language}"
    return Document(name, template.name, template.program, language, parts, look, furniture)

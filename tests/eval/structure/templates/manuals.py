"""Instructions: a technical manual, questions and answers, a recipe."""

from __future__ import annotations

from phrases import special
from tree import Code, Furniture, Group, Heading, Item, Items, PageBreak, Para
from writer import Writer

from templates.common import Made, bullets, furniture, headings, look, paragraphs, steps


def manual(writer: Writer) -> Made:
    """Program text, nested lists, boxed notes."""
    title, head = writer.one("TITLES"), headings(writer, ("plain", "dotted", "none"))
    snippets = list(special.CODE)
    writer.chance.shuffle(snippets)
    parts: list = [Heading(title, 1), *paragraphs(writer, 1, 2, 3)]
    for section in range(4):
        parts += [head(2, writer.one("HEADINGS")), *paragraphs(writer, 1, 2, 4)]
        if section in (0, 2):
            parts.append(steps(writer, 5, "1.", nested=True) if section == 0 else bullets(writer, 5, nested=True))
        if section < 3:
            parts += [Para(writer.sentence()), Code(snippets.pop())]
        if section in (1, 3):
            boxed = Para(f"<b>{writer.words['note']}:</b> {writer.paragraph(2)}")
            parts.append(Group((boxed,), "box", 1, writer.pick("note", "bar")))
        if section == 1:
            parts += [head(3, writer.one("HEADINGS")), *paragraphs(writer, 1, 2, 3), Code(snippets.pop())]
    framed = writer.pick("", "framed", "greyed")
    made = look(writer, sans=writer.likely(0.7))
    return (Group(tuple(parts), "box", 1, framed),), made, furniture(writer, title, 0.2)


def faq(writer: Writer) -> Made:
    """Bold questions of the size of the text, under headings."""
    title = writer.one("TITLES")
    size = writer.pick(9.5, 10, 10.5)
    parts: list = [Heading(title, 1), *paragraphs(writer, 1, 2, 3)]
    for section in range(3):
        parts.append(Heading(writer.one("HEADINGS"), 2))
        for place in range(writer.between(3, 4)):
            parts += [Heading(writer.one("QUESTIONS"), 3), *paragraphs(writer, 1, 2, 4)]
            if section == 1 and place == 1:
                parts.append(bullets(writer, 3))
    made = look(writer, sans=True, size=size, heading_sizes=(size * 1.8, size * 1.3, size, size), heading_style="bold")
    return tuple(parts), made, furniture(writer, title, 0.4)


def recipe(writer: Writer) -> Made:
    """Ingredients and steps."""
    language = writer.language
    ingredients, method, tip, time = special.RECIPE[language]
    bullet, numbers = writer.pick("•", "–", "·"), writer.pick("1.", "1)")
    parts: list = []
    first = writer.chance.sample(range(9), 5)
    for place, dish in enumerate(writer.some("dishes", 2, special.DISHES[language])):
        if place:
            parts.append(PageBreak())
        listed = writer.some("ingredients", writer.between(6, 8), special.INGREDIENTS[language])
        # Each step once, and in the order in which a cook takes them.
        done = [writer.fill(text) for step, text in enumerate(special.STEPS[language])
                if (step in first) == (not place)]
        parts += [Heading(dish, 1), Para(f"<i>{time}: {25 + 5 * writer.between(1, 12)} min</i>"),
                  Heading(ingredients, 2), Items(tuple(Item(text, bullet) for text in listed), False),
                  Heading(method, 2),
                  Items(tuple(Item(text, numbers.replace("1", str(step))) for step, text in enumerate(done, 1)), True),
                  Para(f"<b>{tip}:</b> {writer.one('tips', special.TIPS[language])}")]
    made = look(writer, page=writer.pick("A5", "A4"), margin=(18, 18), justified=False)
    return tuple(parts), made, writer.pick(Furniture(), Furniture(foot=("", "{page}", "")),
                                           Furniture(head=(writer.one("FIRMS"), "", "{page}")))

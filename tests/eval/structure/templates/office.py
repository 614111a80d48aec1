"""Office papers: a contract, minutes of a meeting, a letter, a curriculum vitae."""

from __future__ import annotations

from phrases import special
from tree import Cell, Furniture, Heading, Item, Items, Para, Table
from writer import Writer

from templates.common import ROMAN, Made, bullets, furniture, heads, look, paragraphs


def contract(writer: Writer) -> Made:
    """Headings 1., clauses 1.1, points (a), points (i)."""
    language = writer.language
    title = special.AGREEMENTS[language]
    parts: list = [Heading(title, 1), Para(f"{writer.one('FIRMS')} – {writer.one('FIRMS')}", "centre"),
                   Para(f"{writer.one('CITIES')}, {writer.date()}", "centre")]
    level = writer.pick("{}.", "§ {}", "{}.")
    for number, name in enumerate(special.CLAUSES[language], start=1):
        parts.append(Heading(f"{level.format(number)} {name}", 2))
        clauses = []
        for place in range(1, writer.between(3, 4)):
            with_points = (number + place) % 4 == 0
            text = writer.clause() + (f" {special.AS_FOLLOWS[language]}" if with_points else "")
            inside = (points(writer, number % 2 == 0),) if with_points else ()
            clauses.append(Item(text, f"{number}.{place}", inside))
        parts.append(Items(tuple(clauses), True, style="wide"))
    parts.append(Para(f"{writer.one('CITIES')}, {writer.date()}"))
    return tuple(parts), look(writer, sans=False, justified=writer.likely(0.7)), furniture(writer, title, 0.2)


def points(writer: Writer, deeper: bool) -> Items:
    listed = [writer.one("annexes", special.ANNEXES[writer.language]) for _ in range(writer.between(3, 5))]
    made = []
    for place, text in enumerate(listed[:3]):
        inside = ()
        if deeper and place == 1 and len(listed) > 4:
            inside = (Items(tuple(Item(extra, f"({ROMAN[step]})") for step, extra in enumerate(listed[3:])), True),)
        made.append(Item(text, f"({'abc'[place]})", inside))
    return Items(tuple(made), True)


def minutes(writer: Writer) -> Made:
    """Labels and values at the top, a heading for each point, tasks in a table at the end."""
    words = writer.words
    title = words["minutes"]
    labels = [("date", writer.date()), ("time", f"{writer.between(8, 15)}:{writer.pick('00', '15', '30')}"),
              ("place", writer.one("CITIES")), ("chair", writer.one("NAMES")),
              ("present", ", ".join(writer.some("NAMES", 4))), ("absent", writer.one("NAMES"))]
    rows = tuple((Cell(words[label], style="bold"), Cell(value)) for label, value in labels)
    parts: list = [Heading(title, 1), Table(rows, "bare", (1, 3.4), "full")]
    for number in range(1, writer.between(5, 6)):
        parts += [Heading(f"{number}. {writer.one('HEADINGS')}", 2), *paragraphs(writer, writer.between(1, 2), 2, 3)]
        if number == 2:
            parts.append(bullets(writer, 3, drawn=False, marks=("•", "–")))
    tasks = [heads(words["item"], words["responsible"], words["due"])]
    tasks += [(Cell(writer.one("ITEMS")), Cell(writer.one("NAMES")), Cell(writer.date())) for _ in range(4)]
    parts += [Heading(words["actions"], 2),
              Table(tuple(tasks), writer.pick("grid", "rows", "grid shaded"), (2.2, 1.2, 1.4))]
    return tuple(parts), look(writer), furniture(writer, title, 0.4)


def letter(writer: Writer) -> Made:
    """Text only. Nothing in it is a heading, a list or a table."""
    sender, city = writer.one("NAMES"), writer.one("CITIES")
    parts: list = [Para(f"{writer.one('FIRMS')}<br>{city}", "right"), Para(f"{sender}<br>{writer.one('CITIES')}"),
                   Para(f"{city}, {writer.date()}", "right"),
                   Para(writer.words["dear"].format(name=writer.one("NAMES")))]
    parts += paragraphs(writer, writer.between(4, 6), 3, 5)
    parts += [Para(writer.words["sincerely"]), Para(writer.one("NAMES"))]
    feet = (Furniture(), Furniture(), Furniture(foot=("", "{page}", "")), Furniture(foot=("", writer.one("FIRMS"), "")))
    return tuple(parts), look(writer, sizes=(10.5, 11, 12), margin=(28, 26)), writer.pick(*feet)


def cv(writer: Writer) -> Made:
    """Sections whose entries are a label to the left and a value to the right."""
    language = writer.language
    personal, work, studies, tongues, skills = special.CV_SECTIONS[language]
    name = writer.one("NAMES")
    values = (f"{special.CV_STREETS[language]}, {writer.one('CITIES')}",
              f"0{writer.between(20, 99)} {writer.between(2000000, 9999999)}", f"{name.split()[0].lower()}@example.org",
              writer.date(), special.CV_NATIONS[language])
    year = writer.between(2000, 2008)
    jobs = []
    for post in writer.some("posts", 3, special.CV_POSTS[language]):
        until = year + writer.between(2, 5)
        jobs.append((f"{year}–{until}", f"{post}, {writer.one('FIRMS')}. {writer.sentence()}"))
        year = until
    schools = [(str(1996 + 2 * place), f"{school}, {writer.one('CITIES')}")
               for place, school in enumerate(special.CV_STUDIES[language])]
    widths = writer.pick((1, 3.5), (1, 2.8))
    ruled = writer.pick("bare airy", "bare airy", "rows")

    def pairs(listed) -> Table:
        return Table(tuple((Cell(label, style=bold), Cell(value)) for label, value in listed), ruled, widths)

    bold = writer.pick("", "bold")
    listed = writer.some("skills", 4, special.CV_SKILLS[language])
    bullet = writer.pick("•", "–")
    parts = (Heading(name, 1), Heading(personal, 2), pairs(zip(special.CV_LABELS[language], values)), Heading(work, 2),
             pairs(reversed(jobs)), Heading(studies, 2), pairs(reversed(schools)), Heading(tongues, 2),
             pairs(special.CV_TONGUES[language]), Heading(skills, 2),
             Items(tuple(Item(text, bullet) for text in listed), False))
    css = ".airy td { padding-bottom: 0.45em }"
    return parts, look(writer, justified=False, css=css), writer.pick(Furniture(), Furniture(foot=("", "", "{page}")))

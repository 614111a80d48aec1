"""The sample report: four pages with everything that a text document usually has."""

from __future__ import annotations

import prose
from canvas import BODY, BOLD, BULLET, Canvas, fonts, text_width
from pdf_writer import Document, Name, text_string

LETTER = (612, 792)
MARGIN = 72
MEASURE = LETTER[0] - 2 * MARGIN


def top_left(box, height: float) -> list[float]:
    """Turns a box of an unrotated, uncropped page into displayed coordinates: origin top-left."""
    x0, y0, x1, y1 = box
    return [round(x0, 1), round(height - y1, 1), round(x1, 1), round(height - y0, 1)]


class Report:
    """Sets the pages one after the other, then ties them together with bookmarks, labels and links."""

    def __init__(self):
        self.document = Document("report")
        self.document.info = {"Title": prose.TITLE, "Author": prose.AUTHOR, "Subject": "Sample document",
                              "Creator": "tests/samples/generate.py"}
        self.resources = fonts(self.document)
        self.labels = ["i", "ii", "1", "2"]
        self.canvases: list[Canvas] = []
        self.headings: list[tuple[str, int, int, float]] = []  # title, level, page, top
        self.links: list[tuple[int, tuple, object]] = []  # page, box, URI or page linked to
        self.table_box: tuple = ()

    @property
    def page(self) -> int:
        return len(self.canvases)

    @property
    def canvas(self) -> Canvas:
        return self.canvases[-1]

    def start_page(self) -> float:
        self.canvases.append(Canvas())
        self.canvas.text(MARGIN, 748, prose.TITLE, size=9)
        self.canvas.line(MARGIN, 742, LETTER[0] - MARGIN, 742, 0.5)
        label = f"Page {self.labels[self.page - 1]}"
        self.canvas.text(MARGIN, 40, "Sample document", size=9)
        self.canvas.text(LETTER[0] - MARGIN - text_width(label, BODY, 9), 40, label, size=9)
        return 700

    def heading(self, y: float, title: str, level: int) -> float:
        size = 17 if level == 1 else 13
        y -= 10 if y < 690 else 0
        self.canvas.text(MARGIN, y, title, BOLD, size)
        self.headings.append((title, level, self.page, y + size))
        return y - 1.5 * size

    def paragraphs(self, y: float, texts) -> float:
        for text in texts:
            y = self.canvas.paragraph(MARGIN, y, text, MEASURE) - 7
        return y

    def link(self, y: float, text: str, target) -> float:
        """Sets a line of its own in blue and lays a link annotation over it."""
        width = text_width(text, BODY, 11)
        self.canvas.draw("q", 0.1, 0.2, 0.7, "rg")
        self.canvas.text(MARGIN, y, text)
        self.canvas.draw("Q")
        self.links.append((self.page, (MARGIN, y - 3, MARGIN + width, y + 10), target))
        return y - 22

    def bullets(self, y: float, items) -> float:
        for item in items:
            self.canvas.text(MARGIN + 10, y, BULLET)
            y = self.canvas.paragraph(MARGIN + 24, y, item, MEASURE - 24) - 4
        return y - 4

    def table(self, y: float, rows, caption: str) -> float:
        widths, row_height = (168, 100, 100, 100), 20
        left, top, bottom = MARGIN, y + 12, y + 12 - row_height * len(rows)
        edges = [left + sum(widths[:column]) for column in range(len(widths) + 1)]
        for row in range(len(rows) + 1):
            self.canvas.line(left, top - row * row_height, edges[-1], top - row * row_height)
        for edge in edges:
            self.canvas.line(edge, top, edge, bottom)
        for row, cells in enumerate(rows):
            for edge, cell in zip(edges, cells):
                self.canvas.text(edge + 6, top - row * row_height - 14, cell, BOLD if row == 0 else BODY, 10)
        self.table_box = (self.page, (left, bottom, edges[-1], top))
        self.canvas.text(MARGIN, bottom - 14, caption, size=9)
        return bottom - 40

    def build(self) -> tuple[bytes, dict]:
        y = self.start_page()
        self.canvas.text(MARGIN, y - 10, prose.TITLE, BOLD, 26)
        y = self.heading(y - 60, "Preface", 1)
        y = self.paragraphs(y, prose.PREFACE)
        self.link(y + 7, prose.PREFACE_LINK, 3)

        y = self.heading(self.start_page(), "Terms", 1)
        y = self.paragraphs(y, [prose.TERMS_OPENING])
        y = self.bullets(y, prose.TERMS)
        y = self.paragraphs(y, [prose.TERMS_CLOSING])
        y = self.heading(y, prose.OTHER_LANGUAGES, 2)
        self.paragraphs(y, [prose.ACCENTS, prose.LIGATURES])

        y = self.heading(self.start_page(), "Folding the sheet", 1)
        y = self.paragraphs(y, prose.FOLDING)
        y = self.heading(y, "Folio, quarto, octavo", 2)
        y = self.paragraphs(y, prose.FORMATS)
        y = self.table(y, prose.TABLE, prose.TABLE_CAPTION)
        self.paragraphs(y, prose.AFTER_TABLE)

        y = self.heading(self.start_page(), "Sewing the quires", 1)
        y = self.paragraphs(y, prose.SEWING)
        y = self.heading(y, "The kettle stitch", 2)
        y = self.paragraphs(y, prose.KETTLE)
        y = self.heading(y, "Further reading", 2)
        y = self.paragraphs(y, prose.READING)
        self.link(y + 7, prose.READING_LINK, prose.READING_URI)
        return self.finish()

    def finish(self) -> tuple[bytes, dict]:
        pages = [self.document.reserve() for _ in self.canvases]
        links = {number: [] for number in range(1, len(pages) + 1)}
        for page, box, target in self.links:
            annotation = {"Type": Name("Annot"), "Subtype": Name("Link"), "Rect": list(box), "Border": [0, 0, 0]}
            if isinstance(target, int):
                annotation["Dest"] = [pages[target - 1], Name("XYZ"), MARGIN, self.table_box[1][3] + 10, 0]
            else:
                annotation["A"] = {"S": Name("URI"), "URI": target.encode()}
            links[page].append(self.document.add(annotation))
        for number, (ref, canvas) in enumerate(zip(pages, self.canvases), start=1):
            entries = {"Annots": links[number]} if links[number] else {}
            self.document.add_page(canvas.content(), [0, 0, *LETTER], self.resources, at=ref, **entries)

        self.document.catalog["Outlines"] = self.outline(pages)
        self.document.catalog["PageMode"] = Name("UseOutlines")
        self.document.catalog["Lang"] = b"en-GB"
        self.document.catalog["PageLabels"] = {"Nums": [0, {"S": Name("r")}, 2, {"S": Name("D")}]}
        return self.document.to_bytes(), self.facts()

    def outline(self, pages):
        """Writes the bookmarks: level 1 below the root, level 2 below the last bookmark of level 1."""
        root = self.document.reserve()
        refs = [self.document.reserve() for _ in self.headings]
        parents, children = [], {root.number: []}
        for ref, (_, level, _, _) in zip(refs, self.headings):
            parent = root if level == 1 else children[root.number][-1]
            parents.append(parent)
            children[parent.number].append(ref)
            children[ref.number] = []
        for ref, parent, (title, _, page, top) in zip(refs, parents, self.headings):
            siblings = children[parent.number]
            item = {"Title": text_string(title), "Parent": parent,
                    "Dest": [pages[page - 1], Name("XYZ"), 0, top, 0]}
            at = siblings.index(ref)
            if at > 0:
                item["Prev"] = siblings[at - 1]
            if at + 1 < len(siblings):
                item["Next"] = siblings[at + 1]
            self.document.fill(ref, {**item, **self.family(children[ref.number], len(children[ref.number]))})
        self.document.fill(root, {"Type": Name("Outlines"), **self.family(children[root.number], len(refs))})
        return root

    @staticmethod
    def family(children, count: int) -> dict:
        return {"First": children[0], "Last": children[-1], "Count": count} if children else {}

    def facts(self) -> dict:
        page, box = self.table_box
        return {
            "title": prose.TITLE, "author": prose.AUTHOR, "language": "en-GB",
            "pages": [{"width": 612, "height": 792, "rotation": 0, "label": label} for label in self.labels],
            "outline": [{"title": title, "level": level, "page": page} for title, level, page, _ in self.headings],
            "links": [{"page": page, "bbox": top_left(box, 792),
                       **({"to_page": target} if isinstance(target, int) else {"uri": target})}
                      for page, box, target in self.links],
            "table": {"page": page, "bbox": top_left(box, 792), "cells": prose.TABLE, "caption": prose.TABLE_CAPTION},
            "list": {"page": 2, "items": prose.TERMS},
            "running_header": prose.TITLE, "running_footer": ["Sample document", "Page <label>"],
            "words_across_lines": [{"page": 1, "word": "signatures", "break": "hyphen"},
                                   {"page": 2, "word": "conscientious", "break": "U+00AD"}],
            "accents": {"page": 2, "text": prose.ACCENTS}, "ligatures": {"page": 2, "text": prose.LIGATURES},
        }

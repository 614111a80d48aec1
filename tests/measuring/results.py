"""Reads what the worker found out of a `result.json`."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

# Warnings that say nothing of a page's text.
NOT_OF_TEXT = {"image_scaled_down", "forms_left_out", "sandbox_reduced"}


@dataclass
class PageText:
    """The texts of one page in reading order."""

    seen: list[tuple[str, str]] = field(default_factory=list)  # where from: "page", "field", "mark" or "note"; text
    hidden: list[tuple[str, str]] = field(default_factory=list)  # why; text
    text_source: str | None = None
    warned: bool = False

    @property
    def empty(self) -> bool:
        return not any(text.strip() for _, text in (*self.seen, *self.hidden))


@dataclass
class Result:
    status: str
    error: str | None
    pages: dict[int, PageText]
    texts: list[str]  # of all layers but `invisible`, in reading order
    # CPU time of the text pass of each page, which the log tells and the result does not.
    text_cpu_ms: dict[int, float] = field(default_factory=dict)


def read(folder: Path) -> Result | None:
    """Returns the result in a folder, or None if there is none that can be read."""
    try:
        return of_json(json.loads((folder / "result.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def of_json(data: dict) -> Result:
    pages: dict[int, PageText] = defaultdict(PageText)
    texts: list[str] = []
    for page in data.get("pages", []):
        pages[page["page_number"]].text_source = page.get("text_source")
    for element in data.get("elements", []):
        page, text, values = pages[element["page_number"]], text_of(element), value_of(element)
        if element.get("content_layer") == "invisible":
            page.hidden.append((str(element.get("extra", {}).get("hidden", "")), " ".join([text, *values]).strip()))
            continue
        for number, part in parts_of(element, text):
            pages[number].seen.append((origin_of(element), part))
        page.seen.extend(("field", value) for value in values)
        texts.extend(filter(None, [text, *values]))
    for warning in data.get("warnings", []):
        if warning.get("code") not in NOT_OF_TEXT:
            mark_warned(pages, warning)
    errors = data.get("errors") or [{}]
    return Result(data.get("status", ""), errors[0].get("code"), dict(pages), texts)


def text_costs(log: str) -> dict[str, dict[int, float]]:
    """Returns what the text of each page cost, in milliseconds of CPU time, by the folder of the result."""
    costs: dict[str, dict[int, float]] = defaultdict(dict)
    for line in log.splitlines():
        # The last line of one that was killed is cut.
        if '"page done"' not in line or not line.endswith("}"):
            continue
        said = json.loads(line)
        for span in said.get("spans", []):
            if "folder" in span:
                costs[span["folder"]][said["page"]] = said["text_cpu_ms"]
    return costs


def origin_of(element: dict) -> str:
    """Tells where a text comes from: the page itself, a field, the mark of a checkbox, or a note."""
    if element.get("content_layer") == "notes":
        return "note"
    return {"form_field": "field", "checkbox": "mark"}.get(element.get("type"), "page")


def mark_warned(pages: dict[int, PageText], warning: dict) -> None:
    number = warning.get("page_number")
    for page in pages if number is None else [number]:
        pages[page].warned = True


def text_of(element: dict) -> str:
    """Returns an element's text; the cells of a table count once, whether its text repeats them or not."""
    text = element.get("text") or ""
    if not text and element.get("table"):
        text = " ".join(filter(None, (cell.get("text") for cell in element["table"].get("cells", []))))
    return text


def parts_of(element: dict, text: str) -> list[tuple[int, str]]:
    """Returns what of a text stands on each page: a paragraph may go on on the next one."""
    spans = [(region["page_number"], *region["char_span"]) for region in element.get("regions", [])
             if region.get("granularity") == "element" and region.get("char_span")]
    if len({number for number, _, _ in spans}) < 2:
        return [(element["page_number"], text)] if text else []
    numbers = sorted({number for number, _, _ in spans})
    return [(number, " ".join(text[start:end] for page, start, end in spans if page == number)) for number in numbers]


def value_of(element: dict) -> list[str]:
    """Returns the value of a field if the element's text does not hold it."""
    value = " ".join(((element.get("field") or {}).get("value") or "").split())
    return [value] if value and value not in " ".join(text_of(element).split()) else []

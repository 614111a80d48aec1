"""Reads the structure that the engine found out of a result."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import results

HEADINGS = ("title", "section_header")
FURNITURE = ("page_header", "page_footer", "page_number")
MARKER = re.compile(r"(?:[•◦▪●○■‣·*–—-]|\(?(?:\d+(?:\.\d+)*|[a-z]|[ivx]+)[.)]|\d+(?:\.\d+)+)\s+", re.IGNORECASE)


@dataclass
class Found:
    headings: list[dict] = field(default_factory=list)  # text, level: the higher the heading, the smaller
    list_items: list[dict] = field(default_factory=list)  # text, ordered, depth
    tables: list[dict] = field(default_factory=list)
    body: list[str] = field(default_factory=list)  # in reading order
    furniture: list[str] = field(default_factory=list)


def read(folder: Path) -> Found | None:
    """Returns what stands in a folder of a result, or None if there is none that can be read."""
    try:
        data = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        elements = data.get("elements") or parts(folder)
    except (OSError, ValueError):
        return None
    return of_elements(elements)


def parts(folder: Path) -> list[dict]:
    """Returns the elements of a large result, which stand in files of their own."""
    return [json.loads(line) for file in sorted(folder.glob("elements/*.jsonl"))
            for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]


def of_elements(elements: list[dict]) -> Found:
    found = Found()
    parents = {element.get("parent_id") for element in elements}
    for element in sorted(elements, key=lambda element: element.get("reading_order", 0)):
        kind, layer = element.get("type"), element.get("content_layer") or "body"
        if layer == "furniture" or kind in FURNITURE:
            found.furniture.append(results.text_of(element))
            continue
        if layer != "body" and kind != "footnote":
            continue
        if kind == "list" and element.get("id") in parents:
            continue
        if kind in HEADINGS:
            # A title stands above every section, whether the engine gives it a level or not.
            level = 0 if kind == "title" else element.get("level") or 1
            found.headings.append({"text": normal(element.get("text")), "level": level})
        elif kind == "list_item":
            found.list_items.append(item_of(element))
        elif kind == "table" and element.get("table"):
            found.tables.append(element["table"])
        found.body.append(body_text(element))
    return found


def item_of(element: dict) -> dict:
    told = element.get("list") or {}
    text = unmarked(normal(element.get("text")), normal(told.get("marker")))
    return {"text": text, "ordered": told.get("ordered"), "depth": told.get("depth")}


def unmarked(text: str, marker: str) -> str:
    """Returns the text of an item without its marker, which engines may repeat in it."""
    if marker:
        return text.removeprefix(marker).strip()
    match = MARKER.match(text)
    return text[match.end():] if match else text


def body_text(element: dict) -> str:
    """Returns the text of an element as a reader meets it: an item with its marker, a table row by row."""
    if element.get("table"):
        cells = sorted(element["table"].get("cells", []), key=lambda cell: (cell["row"], cell["col"]))
        if text := " ".join(filter(None, (cell.get("text") for cell in cells))):
            return text
    text = element.get("text") or ""
    marker = (element.get("list") or {}).get("marker") or ""
    return text if text.lstrip().startswith(marker) else f"{marker} {text}"


def normal(text: str | None) -> str:
    return " ".join(unicodedata.normalize("NFKC", text or "").split())

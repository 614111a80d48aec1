"""How well what was found agrees with the truth. Pure; each measure is told by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations

import scoring
from found import Found, normal, unmarked

# Not counted as words: an engine may leave bullets out of the text, and some are painted circles in the first place.
BULLETS = frozenset("•◦▪●○■‣·*–—-")


def measure(truth: dict, found: Found | None) -> dict:
    """Returns the scores of a document by kind, None for a kind that it has none of, and what was invented there."""
    found = found or Found()
    items = listed_items(truth, found)
    return {"headings": headings(truth["headings"], found.headings),
            "lists": lists(truth["list_items"], items),
            "cells": cells(truth["tables"], found.tables),
            "order": order(truth["body"], found.body),
            "furniture": furniture([piece["text"] for piece in truth["furniture"]], found.furniture),
            "invented": {"headings": len(found.headings), "lists": len(items),
                         "cells": sum(map(len, map(counted_cells, found.tables))),
                         "furniture": len(words(found.furniture))}}


def headings(truth: list[dict], found: list[dict]) -> dict | None:
    if not truth:
        return None
    pairs = matched(truth, found)
    return {**rates(len(pairs), len(truth), len(found)), "level": level_agreement(pairs)}


def level_agreement(pairs: list[tuple[dict, dict]]) -> float | None:
    """Returns the share of pairs of matched headings of which the same one is the higher one, or neither.

    The numbers themselves do not count: engines may begin at 1 below a title or at 2.
    """
    agreed = [sign(first["level"] - second["level"]) == sign(first_found["level"] - second_found["level"])
              for (first, first_found), (second, second_found) in combinations(pairs, 2)]
    return sum(agreed) / len(agreed) if agreed else None


def lists(truth: list[dict], found: list[dict]) -> dict | None:
    if not truth:
        return None
    pairs = matched(truth, found)
    return {**rates(len(pairs), len(truth), len(found)),
            **{name: scoring.mean(expected[name] == item[name] for expected, item in pairs)
               for name in ("depth", "ordered")}}


def listed_items(truth: dict, found: Found) -> list[dict]:
    """Returns the items that were found, without entries of a bibliography: those may be items or not."""
    neutral = {text for reference in truth["references"]
               for text in (normal(reference), reference_text(normal(reference)))}
    return [item for item in found.list_items if item["text"] not in neutral]


def reference_text(reference: str) -> str:
    mark, _, text = reference.partition(" ")
    return unmarked(reference, mark) if mark.startswith("[") else text


def cells(truth: list[dict], found: list[dict]) -> dict | None:
    """Compares tables cell by cell; a table that was found belongs to the one that it has most cells in common with."""
    if not truth:
        return None
    expected, given = list(map(counted_cells, truth)), list(map(counted_cells, found))
    common = sorted(((len(left & right), row, col) for row, left in enumerate(expected)
                     for col, right in enumerate(given)), key=lambda triple: (-triple[0], *triple[1:]))
    right, rows, cols = 0, set(), set()
    for count, row, col in common:
        if row not in rows and col not in cols:
            right += count
            rows.add(row)
            cols.add(col)
    return rates(right, sum(map(len, expected)), sum(map(len, given)))


def counted_cells(table: dict) -> set[tuple]:
    """Returns the cells that have text, by place, spans and text.

    A cell that is alone in its row counts the same whether it spans the row or not: without rules nobody can tell.
    """
    told = [cell for cell in table.get("cells", []) if normal(cell.get("text"))]
    in_row = Counter(cell["row"] for cell in told)
    return {(cell["row"], cell["col"], cell.get("row_span", 1),
             1 if in_row[cell["row"]] == 1 else cell.get("col_span", 1), normal(cell["text"])) for cell in told}


def order(truth: list[str], found: list[str]) -> dict | None:
    """Compares pairs of words that follow each other."""
    expected, given = scoring.pairs(words(truth)), scoring.pairs(words(found))
    if not expected:
        return None
    return rates((expected & given).total(), expected.total(), given.total())


def furniture(truth: list[str], found: list[str]) -> dict | None:
    """Compares words: an engine may take a head and the number beside it as one text or as two."""
    expected, given = Counter(words(truth)), Counter(words(found))
    if not expected:
        return None
    return rates((expected & given).total(), expected.total(), given.total())


def words(texts: Iterable[str]) -> list[str]:
    return [word for word in scoring.words("\n".join(texts)) if word not in BULLETS]


def matched(truth: list[dict], found: list[dict]) -> list[tuple[dict, dict]]:
    """Pairs what has the same text, each once, the first with the first."""
    left = list(found)
    pairs = []
    for expected in truth:
        text = normal(expected["text"])
        place = next((place for place, piece in enumerate(left) if piece["text"] == text), None)
        if place is not None:
            pairs.append((expected, left.pop(place)))
    return pairs


def rates(right: int, expected: int, found: int) -> dict:
    return {"precision": right / found if found else 0.0, "recall": right / expected if expected else 0.0,
            "f1": 2 * right / (expected + found) if expected + found else 0.0}


def sign(number: int) -> int:
    return (number > 0) - (number < 0)

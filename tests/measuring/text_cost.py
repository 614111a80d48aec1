"""What the text pass takes by the clock, opening and waiting included: an ordinary page, and the densest.

It is more than the CPU time that the bars are about; a figure under a bar meets it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from results import PageText, Result
from worker import Worker

ORDINARY = range(500, 5_001)  # characters of an ordinary page
ORDINARY_MS, DENSEST_MS = 3.0, 1000.0  # the bars
DENSEST = 10  # so many documents are measured page by page


@dataclass(frozen=True)
class TextCost:
    """Milliseconds by the clock. A page of a longer document costs what its pages cost on average."""

    ordinary_pages: int
    median_ms: float | None
    p95_ms: float | None
    max_ms: float | None  # of one page
    max_page: str | None


def measure(worker: Worker, files: dict[str, Path], answers: dict[str, Result | str], scratch: Path) -> TextCost:
    """Returns what the worker says its answers cost. The densest page of each of the costliest documents is parsed alone."""
    timed = {name: answer for name, answer in answers.items()
             if isinstance(answer, Result) and answer.parse_ms is not None and answer.page_count}
    ordinary = [answer.parse_ms / answer.page_count for answer in timed.values()
                for page in answer.pages.values() if characters(page) in ORDINARY]
    highest = [(answer.parse_ms / answer.page_count, name, 0) for name, answer in timed.items()]
    for name in sorted(timed, key=lambda name: -timed[name].parse_ms)[:DENSEST]:
        pages = timed[name].pages
        if len(pages) > 1:
            densest = max(pages, key=lambda number: characters(pages[number]))
            alone = worker.alone(name, files[name], scratch / f"densest-{name}", "--pages", str(densest))
            if isinstance(alone, Result) and alone.parse_ms is not None:
                highest.append((alone.parse_ms, name, densest))
    top = max(highest, default=None)
    return TextCost(len(ordinary), quantile(ordinary, 0.5), quantile(ordinary, 0.95), top and top[0],
                    top and f"{files[top[1]].name}{f', page {top[2]}' if top[2] else ''}")


def characters(page: PageText) -> int:
    """Counts the characters of a page that are no white space, hidden ones included: they cost as much."""
    return sum(len("".join(text.split())) for _, text in (*page.seen, *page.hidden))


def quantile(values: Iterable[float], share: float) -> float | None:
    """Returns the value below which `share` of the values lie, the nearest one that occurs."""
    listed = sorted(values)
    return listed[min(len(listed) - 1, int(share * len(listed)))] if listed else None

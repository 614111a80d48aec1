"""What the text pass costs in CPU time: an ordinary page, and the dearest one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from results import PageText, Result

ORDINARY = range(500, 5_001)  # characters of an ordinary page
ORDINARY_MS, DENSEST_MS = 3.0, 1000.0  # the bars


@dataclass(frozen=True)
class TextCost:
    """Milliseconds of CPU time, as the renderer counts them."""

    ordinary_pages: int
    median_ms: float | None
    p95_ms: float | None
    max_ms: float | None  # of one page
    max_page: str | None


def measure(files: dict[str, Path], answers: dict[str, Result | str]) -> TextCost:
    """Returns what the text of the answers cost."""
    costs = [(cost, name, number) for name, answer in answers.items() if isinstance(answer, Result)
             for number, cost in answer.text_cpu_ms.items()]
    ordinary = [cost for cost, name, number in costs
                if number in answers[name].pages and characters(answers[name].pages[number]) in ORDINARY]
    top = max(costs, default=None)
    return TextCost(len(ordinary), quantile(ordinary, 0.5), quantile(ordinary, 0.95), top and top[0],
                    top and f"{files[top[1]].name}, page {top[2]}")


def characters(page: PageText) -> int:
    """Counts the characters of a page that are no white space, hidden ones included: they cost as much."""
    return sum(len("".join(text.split())) for _, text in (*page.seen, *page.hidden))


def quantile(values: Iterable[float], share: float) -> float | None:
    """Returns the value below which `share` of the values lie, the nearest one that occurs."""
    listed = sorted(values)
    return listed[min(len(listed) - 1, int(share * len(listed)))] if listed else None

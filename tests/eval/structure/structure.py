#!/usr/bin/env python3
"""Scores headings, lists, tables, reading order and furniture against the documents of this folder.

    quire-worker process --engine pdfium --no-images --out OUT documents/*.pdf
    structure.py OUT [--bars] [--json FILE]

README.md says what is counted. Prints Markdown. Exit status under --bars: 0 all bars met, 1 a bar missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What counts as a word, and how results are read, is the same everywhere.
sys.path[1:1] = [str(HERE.parent), str(HERE.parent.parent / "measuring")]

import scoring
from found import read
from measures import measure

DOCUMENTS = HERE / "documents"
BARS = {"headings": 0.95, "lists": 0.95, "cells": 0.95, "order": 0.985}
KINDS = ("headings", "lists", "cells", "order", "furniture")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, metavar="OUT", help="the folder that the worker wrote results to")
    parser.add_argument("--documents", type=Path, default=DOCUMENTS, metavar="DIR", help=argparse.SUPPRESS)
    parser.add_argument("--bars", action="store_true", help="exit with 1 if a bar is missed")
    parser.add_argument("--json", type=Path, metavar="FILE",
                        help="also write the scores of the tuned templates as JSON")
    options = parser.parse_args()
    scores = evaluate(options.documents, options.results)
    bars = bars_of(scores)
    print(markdown(scores, bars))
    if options.json:
        # Of the templates that are held out, nothing is told but means.
        told = {"documents": [score for score in scores if not score["held_out"]], "bars": bars}
        options.json.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 1 if options.bars and not all(bar["met"] for bar in bars) else 0


def evaluate(documents: Path, results: Path) -> list[dict]:
    scores = []
    for file in sorted(documents.glob("*.json")):
        truth, found = json.loads(file.read_text(encoding="utf-8")), read(results / file.stem)
        about = {key: truth[key] for key in ("template", "made_with", "language", "held_out")}
        scores.append({"name": file.stem, **about, "missing": found is None, **measure(truth, found)})
    return scores


def bars_of(scores: list[dict]) -> list[dict]:
    listed = []
    for kind, bar in BARS.items():
        value = mean(scores, kind, "f1")
        documents = sum(bool(score[kind]) for score in scores)
        listed.append({"name": f"{kind}, F1", "documents": documents, "bar": f"≥ {bar}", "value": value,
                       "met": value is not None and value >= bar})
    return listed


def mean(scores: list[dict], kind: str, figure: str) -> float | None:
    """Returns the mean over the documents that have the kind, and of which the figure can be told."""
    return scoring.mean(score[kind][figure] for score in scores if score[kind] and score[kind].get(figure) is not None)


def markdown(scores: list[dict], bars: list[dict]) -> str:
    tuned = [score for score in scores if not score["held_out"]]
    held_out = [score for score in scores if score["held_out"]]
    lines = ["## Structure of generated documents", ""]
    for name, group in (("tuned", tuned), ("held out", held_out), ("all", scores)):
        lines += [f"### {name}: {len(group)} documents", "", *kinds_table(group), ""]
    lines += ["### Tuned templates, F1", "", *templates_table(tuned), "",
              "### Invented in documents that have none", "", *invented_table(scores), "", "### Bars", "",
              "| | bar | value | |", "|---|---|---|---|"]
    lines += [f"| {bar['name']} | {bar['bar']} | {share(bar['value'])} | {'met' if bar['met'] else 'missed'} |"
              for bar in bars]
    if missing := [score["name"] for score in scores if score["missing"]]:
        lines += ["", f"Without a result: {', '.join(missing)}"]
    return "\n".join(lines)


def kinds_table(scores: list[dict]) -> list[str]:
    lines = ["| | documents | precision | recall | F1 | of those found, right |", "|---|---|---|---|---|---|"]
    for kind in KINDS:
        count = sum(bool(score[kind]) for score in scores)
        figures = " | ".join(share(mean(scores, kind, figure)) for figure in ("precision", "recall", "f1"))
        extra = [f"{name} {share(mean(scores, kind, name))}" for name in ("level", "depth", "ordered")
                 if any(score[kind] and name in score[kind] for score in scores)]
        lines.append(f"| {kind} | {count} | {figures} | {', '.join(extra)} |")
    return lines


def templates_table(scores: list[dict]) -> list[str]:
    lines = [f"| | {' | '.join(KINDS)} | worst |", "|---" * (len(KINDS) + 2) + "|"]
    for template in sorted({score["template"] for score in scores}):
        group = [score for score in scores if score["template"] == template]
        worst = min(group, key=lambda score: min(score[kind]["f1"] for kind in KINDS if score[kind]))
        figures = " | ".join(share(mean(group, kind, "f1")) for kind in KINDS)
        lines.append(f"| {template} | {figures} | {worst['name']} |")
    return lines


def invented_table(scores: list[dict]) -> list[str]:
    lines = ["| | documents without | documents with some invented | how many |", "|---|---|---|---|"]
    for kind in ("headings", "lists", "cells", "furniture"):
        counts = [score["invented"][kind] for score in scores if not score[kind]]
        lines.append(f"| {kind} | {len(counts)} | {sum(map(bool, counts))} | {sum(counts)} |")
    return lines


def share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Scores headings, lists, cells and reading order against the tags of documents, which the worker does not see.

    tagged.py WORKER CORPORA [--pdfium LIB] [--json FILE]

README.md says what is counted. Prints Markdown. There is no bar.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What the programs of tests/bench and tests/eval share, and how the structure of results is read and measured.
sys.path[1:1] = [str(HERE.parent), str(HERE.parent / "structure"), str(HERE.parent.parent / "measuring")]

import found
import measures
import scoring
import tags
import truth
from arguments import existing
from tree import Document
from worker import Worker

LIST = HERE / "documents.tsv"
KINDS = ("headings", "lists", "cells", "order")


def main() -> int:
    options = parse_arguments()
    worker = Worker(options.worker, options.pdfium, options.file_seconds)
    with tempfile.TemporaryDirectory(prefix="quire-tagged-") as scratch:
        scores = [score_of(worker, options.corpora, name, kinds, Path(scratch))
                  for name, kinds in chosen(LIST).items()]
    print(markdown(scores))
    if options.json:
        told = {"documents": scores, "bars": figures(scores)}
        options.json.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worker", type=existing, help="the quire-worker program")
    parser.add_argument("corpora", type=existing, help="the folder that the paths of documents.tsv start from")
    parser.add_argument("--pdfium", type=existing, default=os.environ.get("QUIRE_PDFIUM_LIBRARY"),
                        help="libpdfium for the worker (default: QUIRE_PDFIUM_LIBRARY)")
    parser.add_argument("--file-seconds", type=float, default=60, metavar="S", help="time for a file (default: 60)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the scores as JSON")
    options = parser.parse_args()
    if not options.pdfium:
        parser.error("--pdfium LIB is needed, or QUIRE_PDFIUM_LIBRARY")
    return options


def chosen(file: Path) -> dict[str, list[str]]:
    """Returns the kinds that are tagged right, by the path of the document; those with none are left out."""
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]
    return {name: kinds.split() for name, kinds, _ in rows if kinds != "-"}


def score_of(worker: Worker, corpora: Path, name: str, kinds: list[str], scratch: Path) -> dict:
    # Only this needs the packages of requirements.txt: the tests of the rest run without.
    import tagged_pdf

    stem = name.replace("/", "-").removesuffix(".pdf")
    copy = scratch / f"{stem}.pdf"
    tagged_pdf.write_untagged(corpora / name, copy)
    worker.run({stem: copy}, scratch / stem)
    result = found.read(scratch / stem / "out" / stem)
    return {"name": name, "missing": result is None,
            **judged(truth_of(tagged_pdf.read(corpora / name)), result, kinds)}


def truth_of(pages: list[list[tags.Element]]) -> dict:
    """Returns what a reader should find, page after page: a table or a list that goes on is told in two parts."""
    parts = tuple(part for page in pages for part in tags.parts_of(page))
    return truth.of(Document("", "", "", "", parts), 0)


def judged(told: dict, result: found.Found | None, kinds: list[str]) -> dict:
    """Returns the scores of the kinds that are tagged right, None for the others."""
    measured = measures.measure(told, result)
    return {kind: measured[kind] if kind in kinds else None for kind in KINDS}


def figures(scores: list[dict]) -> list[dict]:
    """Returns the mean of each kind over the documents that have it, as the other programs tell their bars."""
    listed = []
    for kind in KINDS:
        values = [score[kind]["f1"] for score in scores if score[kind]]
        listed.append({"name": f"{kind}, F1", "documents": len(values), "bar": None, "value": scoring.mean(values),
                       "met": True})
    return listed


def markdown(scores: list[dict]) -> str:
    lines = ["## Tagged documents, tags hidden", "", "| | documents | precision | recall | F1 |",
             "|---|---|---|---|---|"]
    for kind in KINDS:
        rows = [score[kind] for score in scores if score[kind]]
        means = [scoring.mean(row[figure] for row in rows) for figure in ("precision", "recall", "f1")]
        lines.append(f"| {kind} | {len(rows)} | {' | '.join(map(share, means))} |")
    lines += ["", f"| document | {' | '.join(KINDS)} |", "|---" * (len(KINDS) + 1) + "|"]
    lines += [f"| {score['name']} | {' | '.join(share(score[kind] and score[kind]['f1']) for kind in KINDS)} |"
              for score in sorted(scores, key=worst_first)]
    if missing := [score["name"] for score in scores if score["missing"]]:
        lines += ["", f"Without a result: {', '.join(missing)}"]
    return "\n".join(lines)


def worst_first(score: dict) -> float:
    return scoring.mean(score[kind]["f1"] for kind in KINDS if score[kind]) or 0.0


def share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    sys.exit(main())

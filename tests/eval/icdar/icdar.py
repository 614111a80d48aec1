#!/usr/bin/env python3
"""Scores tables against those that people marked for the ICDAR 2013 table competition.

    icdar.py WORKER FOLDER [--pdfium LIB] [--json FILE] [--bars]

FOLDER holds NAME.pdf and NAME-str.xml. README.md says what is counted. Prints Markdown. Exit status under --bars: 1 if
a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What the programs of tests/bench and tests/eval share, and how the structure of results is read.
sys.path[1:1] = [str(HERE.parent), str(HERE.parent / "structure"), str(HERE.parent.parent / "measuring")]

import found
import marked
import scoring
from arguments import existing
from relations import Agreement, Cell, Table, agreement, harmonic
from worker import Worker

LIST = HERE / "closed_grids.tsv"
BARS = {"closed": 0.95, "open": 0.78, "all": 0.88}
NAMES = {"closed": "closed grids", "open": "others", "all": "all"}


def main() -> int:
    options = parse_arguments()
    worker, kinds = Worker(options.worker, options.pdfium, options.file_seconds), kinds_of(LIST)
    with tempfile.TemporaryDirectory(prefix="quire-icdar-") as scratch:
        scores = [score_of(worker, file, truths, kinds.get(file.stem), Path(scratch))
                  for file, truths in marked.documents(options.folder).items()]
    if not scores:
        raise SystemExit(f"no PDF with a truth in {options.folder}")
    bars = bars_of(scores)
    print(markdown(scores, bars))
    if options.json:
        told = {"documents": scores, "bars": bars}
        options.json.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 1 if options.bars and not all(bar["met"] for bar in bars) else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worker", type=existing, help="the quire-worker program")
    parser.add_argument("folder", type=existing, help="the PDFs and their truths")
    parser.add_argument("--pdfium", type=existing, default=os.environ.get("QUIRE_PDFIUM_LIBRARY"),
                        help="libpdfium for the worker (default: QUIRE_PDFIUM_LIBRARY)")
    parser.add_argument("--file-seconds", type=float, default=60, metavar="S", help="time for a file (default: 60)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the scores as JSON")
    parser.add_argument("--bars", action="store_true", help="exit with 1 if a bar is missed")
    options = parser.parse_args()
    if not options.pdfium:
        parser.error("--pdfium LIB is needed, or QUIRE_PDFIUM_LIBRARY")
    return options


def kinds_of(file: Path) -> dict[str, str]:
    """Returns by the name of a document whether its tables are `closed` grids, or some are `open`."""
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]
    return {name: kind for name, kind, _ in rows}


def score_of(worker: Worker, file: Path, truths: list[Path], kind: str | None, scratch: Path) -> dict:
    """Runs the worker on one document. Without a result, nothing was found."""
    worker.run({file.stem: file}, scratch / file.stem)
    result = found.read(scratch / file.stem / "out" / file.stem)
    tables = [table_of(table) for table in result.tables] if result else []
    agreed = agreement(tables, list(map(marked.read, truths)))
    return {"name": file.stem, "kind": kind, "missing": result is None, **told(agreed)}


def table_of(table: dict) -> Table:
    return [Cell(cell["row"], cell["col"], cell.get("row_span", 1), cell.get("col_span", 1), cell.get("text") or "")
            for cell in table.get("cells", [])]


def told(agreed: Agreement) -> dict:
    return {**vars(agreed), "precision": agreed.precision, "recall": agreed.recall, "f1": agreed.f1}


def bars_of(scores: list[dict]) -> list[dict]:
    """Returns F1 of the mean precision and the mean recall, of each kind that there are documents of."""
    bars = []
    for kind, bar in BARS.items():
        if rows := [score for score in scores if kind in (score["kind"], "all")]:
            value = harmonic(mean(rows, "precision"), mean(rows, "recall"))
            bars.append({"name": f"{NAMES[kind]}, F1", "documents": len(rows), "bar": f"≥ {bar}", "value": value,
                         "met": value >= bar, "precision": mean(rows, "precision"), "recall": mean(rows, "recall")})
    return bars


def mean(rows: list[dict], figure: str) -> float:
    return scoring.mean(row[figure] for row in rows)


def markdown(scores: list[dict], bars: list[dict]) -> str:
    lines = ["## Tables marked by people", "", "| | documents | precision | recall | F1 | bar | |",
             "|---|---|---|---|---|---|---|"]
    lines += [f"| {bar['name']} | {bar['documents']} | {bar['precision']:.4f} | {bar['recall']:.4f} "
              f"| {bar['value']:.4f} | {bar['bar']} | {'met' if bar['met'] else 'missed'} |" for bar in bars]
    lines += ["", "Below 1:", "", "| document | | precision | recall | right | found | expected |",
              "|---|---|---|---|---|---|---|"]
    lines += [f"| {score['name']} | {score['kind'] or '–'} | {score['precision']:.4f} | {score['recall']:.4f} "
              f"| {score['right']} | {score['found']} | {score['expected']} |"
              for score in sorted(scores, key=lambda score: score["f1"]) if score["f1"] < 1]
    if missing := [score["name"] for score in scores if score["missing"]]:
        lines += ["", f"Without a result: {', '.join(missing)}"]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

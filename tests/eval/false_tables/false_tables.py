#!/usr/bin/env python3
"""Counts the tables that the local parse finds on pages without one: those of pages.tsv with the verdict `keep`.

    false_tables.py WORKER CORPORA [--pdfium LIB] [--json FILE] [--bars]

Prints each table with its page, its size and its first cells, pages without a result, and the total. Exit status with
--bars: 1 if there is a table, or a page without a result.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What the programs of tests/bench and tests/eval share.
sys.path.insert(0, str(HERE.parent.parent / "measuring"))

from arguments import existing
from worker import BATCH, Worker

CELLS_SHOWN = 6
CELL_CHARACTERS = 30


def main() -> int:
    options = parse_arguments()
    worker, wanted = Worker(options.worker, options.pdfium, options.file_seconds), kept_pages(HERE / "pages.tsv")
    with tempfile.TemporaryDirectory(prefix="quire-false-tables-") as scratch:
        found = parse(worker, options.corpora, wanted, Path(scratch))
    tables, pages_with, missing = 0, 0, 0
    for name, numbers in sorted(wanted.items()):
        for number in numbers:
            if number not in found[name]:
                missing += 1
                print(f"{name}, page {number}: no result")
                continue
            of_page = found[name][number]
            tables += len(of_page)
            pages_with += bool(of_page)
            for table in of_page:
                print(f"{name}, page {number}: {described(table)}")
    count = sum(map(len, wanted.values()))
    print(f"{tables} false tables on {pages_with} of {count} pages; {missing} pages without a result")
    if options.json:
        told = {"bars": bars_of(count, tables, missing)}
        options.json.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 1 if options.bars and (tables or missing) else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worker", type=existing, help="the quire-worker program")
    parser.add_argument("corpora", type=existing, help="the folder that the paths of pages.tsv start from")
    parser.add_argument("--pdfium", type=existing, default=os.environ.get("QUIRE_PDFIUM_LIBRARY"),
                        help="libpdfium for the worker (default: QUIRE_PDFIUM_LIBRARY)")
    parser.add_argument("--file-seconds", type=float, default=60, metavar="S", help="time for a file (default: 60)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the counts as JSON")
    parser.add_argument("--bars", action="store_true", help="exit with 1 if the bar is missed")
    options = parser.parse_args()
    if not options.pdfium:
        parser.error("--pdfium LIB is needed, or QUIRE_PDFIUM_LIBRARY")
    return options


def bars_of(pages: int, tables: int, missing: int) -> list[dict]:
    """Returns what is counted, as the other programs tell their bars."""
    counts = {"tables on pages without one": tables, "pages without a result": missing}
    return [{"name": name, "documents": pages, "of": "pages", "bar": "≤ 0", "value": count, "met": count == 0}
            for name, count in counts.items()]


def kept_pages(file: Path) -> dict[str, list[int]]:
    """Returns the numbers of the pages without a table by the path of the document."""
    kept = defaultdict(list)
    for line in file.read_text(encoding="utf-8").splitlines():
        name, number, verdict, *_ = line.split("\t")
        if verdict == "keep":
            kept[name].append(int(number))
    return {name: sorted(numbers) for name, numbers in kept.items()}


def parse(worker: Worker, corpora: Path, wanted: dict[str, list[int]], scratch: Path) -> dict[str, dict[int, list]]:
    """Returns the tables of each page that has a result, by document and page."""
    alike = defaultdict(list)
    for name, numbers in wanted.items():
        alike[",".join(map(str, numbers))].append(name)
    found = {}
    for pages, names in alike.items():
        for start in range(0, len(names), BATCH):
            batch = names[start:start + BATCH]
            found.update(run(worker, corpora, batch, pages, scratch / f"{pages}-{start}"))
            for name in batch:
                # One file that hangs stops its whole batch: those without a result are tried alone.
                if not found[name] and len(batch) > 1:
                    found.update(run(worker, corpora, [name], pages, scratch / f"{pages}-{start}-{batch.index(name)}"))
    return found


def run(worker: Worker, corpora: Path, names: list[str], pages: str, scratch: Path) -> dict[str, dict[int, list]]:
    """Runs the worker once, in a session of its own, so that its renderers die with it."""
    scratch.mkdir()
    inputs = {name: scratch / f"{number:03}.pdf" for number, name in enumerate(names)}
    for name, link in inputs.items():
        link.symlink_to(corpora / name)
    process = subprocess.Popen(
        [worker.program, "process", "--engine", "pdfium", "--no-images", "--pages", pages, "--out", scratch / "out",
         *inputs.values()],
        env=worker.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True)
    try:
        process.wait(worker.file_seconds + len(names))
    except subprocess.TimeoutExpired:
        pass
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return {name: tables_of(scratch / "out" / link.stem / "result.json") for name, link in inputs.items()}


def tables_of(file: Path) -> dict[int, list]:
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    tables = {page["page_number"]: [] for page in result.get("pages", [])
              if page["status"] not in ("failed", "skipped")}
    for element in result.get("elements", []):
        if element["type"] == "table" and element["page_number"] in tables:
            tables[element["page_number"]].append(element.get("table") or {})
    return tables


def described(table: dict) -> str:
    cells = [" ".join(cell["text"].split())[:CELL_CHARACTERS] for cell in table.get("cells", [])[:CELLS_SHOWN]]
    return f"{table.get('num_rows')} × {table.get('num_cols')}: {' | '.join(cells)}"


if __name__ == "__main__":
    sys.exit(main())

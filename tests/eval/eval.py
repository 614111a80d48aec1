#!/usr/bin/env python3
"""Scores the local parse against documents of known text, and against libpdfium's own character stream.

    pip install -r requirements.txt
    eval.py --worker target/release/quire-worker --pdfium libpdfium.so [--corpora DIR]

README.md beside this file says what is measured and how to read it. Exit status: 0 all bars met, 1 a bar missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

# What the programs of tests/bench and tests/eval share.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "measuring"))

import corpora
import generated
import report
from arguments import existing
from worker import Worker


def main() -> int:
    options = parse_arguments()
    worker = Worker(options.worker, options.pdfium, options.file_seconds)
    with tempfile.TemporaryDirectory(prefix="quire-eval-", dir=options.scratch) as scratch:
        findings = {"generated": generated.evaluate(worker, Path(scratch) / "generated")}
        if options.corpora:
            findings["corpora"] = corpora.evaluate(worker, options.corpora, options.pages, options.every,
                                                   Path(scratch) / "corpora")
    bars = report.bars(findings)
    print(report.markdown(findings, bars))
    if options.json:
        options.json.write_text(json.dumps({**findings, "bars": bars}, ensure_ascii=False, indent=1) + "\n",
                                encoding="utf-8")
    missed = [bar for bar in bars if not bar["met"]]
    return 1 if missed and not options.no_bars else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worker", type=existing, required=True, help="the quire-worker program, a release build")
    parser.add_argument("--pdfium", type=existing, default=os.environ.get("QUIRE_PDFIUM_LIBRARY"),
                        help="libpdfium for the worker (default: QUIRE_PDFIUM_LIBRARY)")
    parser.add_argument("--corpora", type=existing, metavar="DIR", help="a folder of PDFs, however deep")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every Nth file of the corpora only")
    parser.add_argument("--pages", type=int, default=200, metavar="N", help="first pages of a file (default: 200)")
    parser.add_argument("--file-seconds", type=float, default=60, metavar="S",
                        help="time for a file, in a library or in the worker (default: 60)")
    parser.add_argument("--scratch", type=existing, help="where results are written (default: the temporary folder)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every finding as JSON")
    parser.add_argument("--no-bars", action="store_true", help="exit with 0 even if a bar is missed")
    options = parser.parse_args()
    if not options.pdfium:
        parser.error("--pdfium LIB is needed, or QUIRE_PDFIUM_LIBRARY")
    if options.every < 1 or options.pages < 1:
        parser.error("--every and --pages count from 1")
    return options


if __name__ == "__main__":
    sys.exit(main())

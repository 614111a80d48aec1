#!/usr/bin/env python3
"""Writes the documents of this folder: a PDF each, and beside it, as JSON, the text that a reader should find.

    generate.py                    write everything; README.md names the programs and fonts that it needs
    generate.py --only NAME…       write some
    generate.py --check            exit 1 if a JSON file or a hand-made PDF is not what this program would write,
                                   or a PDF is missing or too large; needs Python and nothing else
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import chromium  # puts the folder of printing on the path
import libreoffice
from blocks import HandMade
from handmade import HAND_MADE
from latin import LATIN
from printing import page_count, squeeze
from scripts import SCRIPTS

FOLDER = Path(__file__).resolve().parent
PRINTERS = {"chromium": chromium.to_pdf, "libreoffice": libreoffice.to_pdf}
DOCUMENTS = (*LATIN, *SCRIPTS, *HAND_MADE)
MAX_BYTES, MAX_BYTES_OF_ALL = 60_000, 2_500_000


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes the documents of this folder.")
    parser.add_argument("--check", action="store_true", help="exit 1 if a file is out of date, missing or too large")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[document.name for document in DOCUMENTS])
    arguments = parser.parse_args()
    if arguments.check:
        return check()
    for document in DOCUMENTS:
        if not arguments.only or document.name in arguments.only:
            print(document.name, file=sys.stderr)
            write(document)
    return 0


def write(document) -> None:
    target = FOLDER / f"{document.name}.pdf"
    if isinstance(document, HandMade):
        target.write_bytes(document.pdf)
    else:
        PRINTERS[document.program](document, target)
        if target.stat().st_size > MAX_BYTES:
            squeeze(target)
        if (count := page_count(target)) != document.pages:
            raise SystemExit(f"{target.name} has {count} pages instead of {document.pages}: change its text or `pages`")
    target.with_suffix(".json").write_text(expected(document), encoding="utf-8")


def expected(document) -> str:
    return json.dumps(document.expected(), ensure_ascii=False, indent=1) + "\n"


def check() -> int:
    faults = [fault for document in DOCUMENTS for fault in faults_of(document)]
    known = {document.name for document in DOCUMENTS}
    faults += [f"{file.name} belongs to no document" for suffix in ("pdf", "json")
               for file in sorted(FOLDER.glob(f"*.{suffix}")) if file.stem not in known]
    total = sum(file.stat().st_size for file in FOLDER.glob("*.pdf"))
    if total > MAX_BYTES_OF_ALL:
        faults.append(f"the PDFs have {total} bytes together")
    for fault in faults:
        print(f"{fault}; run {Path(__file__).name}", file=sys.stderr)
    return 1 if faults else 0


def faults_of(document) -> list[str]:
    pdf, told = FOLDER / f"{document.name}.pdf", FOLDER / f"{document.name}.json"
    faults = []
    if not told.exists() or told.read_text(encoding="utf-8") != expected(document):
        faults.append(f"{told.name} is missing or out of date")
    if not pdf.exists():
        faults.append(f"{pdf.name} is missing")
    elif pdf.stat().st_size > MAX_BYTES:
        faults.append(f"{pdf.name} has {pdf.stat().st_size} bytes")
    elif isinstance(document, HandMade) and pdf.read_bytes() != document.pdf:
        faults.append(f"{pdf.name} is out of date")
    return faults


if __name__ == "__main__":
    sys.exit(main())

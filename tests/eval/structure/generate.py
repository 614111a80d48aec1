#!/usr/bin/env python3
"""Writes the documents of this folder: a PDF each, and beside it, as JSON, the structure that a reader should find.

    generate.py                    write everything; README.md names the programs and fonts that it needs
    generate.py --only NAME…       write some: names of documents or of templates
    generate.py --check            exit 1 if a JSON file is not what this program would write, or a PDF is not the one
                                   that it was written with; needs Python and nothing else
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import kinds
import chromium  # puts the folder of printing on the path
import truth
from printing import page_count, squeeze
from tree import Document

FOLDER = Path(__file__).resolve().parent / "documents"
MAX_BYTES, MAX_BYTES_OF_ALL = 62_000, 3_000_000
# What would tell the structure without looking at the page. Marks that only give the text of a ligature stay.
TAGS = re.compile(rb"/StructTreeRoot|/MarkInfo|/Outlines|/Lang\b|/MCID")


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes the documents of this folder.")
    parser.add_argument("--check", action="store_true", help="exit 1 if a file is out of date, missing or too large")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[])
    arguments = parser.parse_args()
    if arguments.check:
        return check()
    FOLDER.mkdir(exist_ok=True)
    for document in kinds.documents():
        if not arguments.only or {document.name, document.template} & set(arguments.only):
            print(document.name, file=sys.stderr)
            write(document)
    return 0


def write(document: Document) -> None:
    target = FOLDER / f"{document.name}.pdf"
    printer(document.program)(document, target)
    if target.stat().st_size > MAX_BYTES:
        squeeze(target)
    if found := TAGS.search(unpacked(target)):
        raise SystemExit(f"{target.name} holds {found[0].decode()}")
    pages = page_count(target)
    if pages < least_pages(document) or has_sheets(document) and pages > least_pages(document):
        raise SystemExit(f"{target.name} has {pages} pages instead of {least_pages(document)}: shorten its text")
    told = expected(document, pages, digest(target.read_bytes()))
    target.with_suffix(".json").write_text(told, encoding="utf-8")


def printer(program: str):
    if program == "chromium":
        return chromium.to_pdf
    import platypus  # reportlab is needed to print only

    return platypus.to_pdf


def unpacked(pdf: Path) -> bytes:
    """Returns the file without compression, and without its fonts, whose bytes say nothing."""
    told = subprocess.run(["qpdf", "--qdf", "--object-streams=disable", pdf, "-"], check=True, capture_output=True)
    return re.sub(rb"/Length1 .*?endstream", b"", told.stdout, flags=re.DOTALL)


def has_sheets(document: Document) -> bool:
    return any(getattr(part, "kind", "") == "sheet" for part in document.parts)


def least_pages(document: Document) -> int:
    breaks = sum(type(part).__name__ == "PageBreak" for part in document.parts)
    return max(breaks + 1, sum(getattr(part, "kind", "") == "sheet" for part in document.parts))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def expected(document: Document, pages: int, pdf_sha256: str) -> str:
    """Returns the JSON of a document: all follows from the tree, but for the number of pages and the PDF's digest."""
    about = {"file": f"{document.name}.pdf", "template": document.template, "made_with": document.program,
             "language": document.language, "held_out": document.template in kinds.HELD_OUT, "pages": pages,
             "pdf_sha256": pdf_sha256, "html_sha256": digest(chromium.to_html(document).encode())}
    return json.dumps({**about, **truth.of(document, pages)}, ensure_ascii=False, indent=1) + "\n"


def check() -> int:
    documents = kinds.documents()
    faults = [fault for document in documents for fault in faults_of(document)]
    known = {document.name for document in documents}
    faults += [f"{file.name} belongs to no document" for suffix in ("pdf", "json")
               for file in sorted(FOLDER.glob(f"*.{suffix}")) if file.stem not in known]
    total = sum(file.stat().st_size for file in FOLDER.glob("*.pdf"))
    if total > MAX_BYTES_OF_ALL:
        faults.append(f"the PDFs have {total} bytes together")
    if kinds.drawn_by_seed() != kinds.HELD_OUT:
        faults.append("HELD_OUT is not what the seed draws")
    for fault in faults:
        print(f"{fault}; run {Path(__file__).name}", file=sys.stderr)
    return 1 if faults else 0


def faults_of(document: Document) -> list[str]:
    pdf, told = FOLDER / f"{document.name}.pdf", FOLDER / f"{document.name}.json"
    if not pdf.exists() or not told.exists():
        return [f"{document.name} is missing"]
    text, data, faults = told.read_text(encoding="utf-8"), pdf.read_bytes(), []
    known = json.loads(text)
    if text != expected(document, known["pages"], known["pdf_sha256"]):
        faults.append(f"{told.name} is out of date")
    if digest(data) != known["pdf_sha256"]:
        faults.append(f"{pdf.name} is not the PDF that {told.name} was written with")
    if len(data) > MAX_BYTES:
        faults.append(f"{pdf.name} has {len(data)} bytes")
    return faults


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Draws pages with much text from a folder of PDFs, in an order that a seed decides.

    pip install pymupdf
    draw.py CORPORA [-n COUNT]

Prints `relative/path.pdf<TAB>page`, a line for each page. Drawn are pages with at least 1,000 characters, white space not
counted, and at most five of a document, so that none dominates. Files that need a password or that PyMuPDF does not read
to the end are left out, and pages that have the same text as one drawn before. The same files give the same list.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import sys
from pathlib import Path

import pymupdf

SEED = "false tables 1"
LEFT_OUT = {"icdar-eu", "bombs"}  # folders: all tables and their places are known; files made to break readers
CHARACTERS = 1000
PAGES_OF_A_DOCUMENT = 5
FILE_SECONDS = 120


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", type=Path, help="a folder of PDFs, however deep")
    parser.add_argument("-n", type=int, metavar="COUNT", help="print the first COUNT pages only")
    options = parser.parse_args()
    for _, name, number in draw(options.corpora)[:options.n]:
        print(f"{name}\t{number}")
    return 0


def draw(corpora: Path) -> list[tuple[str, str, int]]:
    """Returns the hash, the path and the number of each page drawn, in the order of the hashes."""
    drawn, texts = [], set()
    for file in sorted(corpora.rglob("*.pdf")):
        name = file.relative_to(corpora).as_posix()
        if name.split("/")[0] in LEFT_OUT:
            continue
        pages = pages_in_child(file, name, texts)
        texts.update(pages.values())
        drawn += [(order(name, number), name, number) for number in pages]
    return sorted(drawn)


def order(name: str, number: int) -> str:
    return hashlib.sha256(f"{SEED}\t{name}\t{number}".encode()).hexdigest()


def pages_in_child(file: Path, name: str, texts: set[str]) -> dict[int, str]:
    """Returns the pages drawn from a file: none if reading it fails, kills the child or takes too long."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=lambda: sender.send(pages_of(file, name, texts)))
    child.start()
    sender.close()
    try:
        if receiver.poll(FILE_SECONDS):
            return receiver.recv()
        print(f"{name} takes too long", file=sys.stderr)
    except EOFError:
        print(f"{name} kills its reader", file=sys.stderr)
    finally:
        child.kill()
        child.join()
    return {}


def pages_of(file: Path, name: str, texts: set[str]) -> dict[int, str]:
    """Returns the number of each page drawn from a file, with its text."""
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    pages = {}
    try:
        with pymupdf.open(file) as document:
            if document.needs_pass:
                return {}
            for number in sorted(range(1, document.page_count + 1), key=lambda number: order(name, number)):
                text = "".join(document[number - 1].get_text().split())
                if len(text) >= CHARACTERS and text not in texts and text not in pages.values():
                    pages[number] = text
                if len(pages) == PAGES_OF_A_DOCUMENT:
                    break
    except Exception as error:  # whatever a broken file raises
        print(f"{name}: {error}", file=sys.stderr)
        return {}
    return pages


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    sys.exit(main())

#!/usr/bin/env python3
"""Writes the sample PDFs of this folder. Needs Python 3.9 or later and nothing else.

    generate.py                   write the committed samples
    generate.py --check           exit 1 if a committed sample does not say what this program would write
    generate.py --describe        print, as JSON, what a reader should find in each sample
    generate.py --large N FILE    write a document of N pages: text, drawings, pictures
    generate.py --small N DIR     write N documents of one page, all different

The same call always writes the same bytes, as long as zlib is the same build; `--check` looks past zlib.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import bulk
from pdf_writer import inflated
from samples import SAMPLES

FOLDER = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes the sample PDFs of this folder.")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="exit 1 if a committed sample is out of date")
    action.add_argument("--describe", action="store_true", help="print what the samples contain, as JSON")
    action.add_argument("--large", nargs=2, metavar=("N", "FILE"), help="write a document of N pages")
    action.add_argument("--small", nargs=2, metavar=("N", "DIR"), help="write N documents of one page")
    arguments = parser.parse_args()

    if arguments.check:
        return check()
    if arguments.describe:
        print(json.dumps({name: build()[1] for name, build in SAMPLES.items()}, indent=2, ensure_ascii=False))
    elif arguments.large:
        Path(arguments.large[1]).write_bytes(bulk.large(positive(parser, arguments.large[0])))
    elif arguments.small:
        bulk.small(positive(parser, arguments.small[0]), Path(arguments.small[1]))
    else:
        for name, build in SAMPLES.items():
            (FOLDER / name).write_bytes(build()[0])
    return 0


def check() -> int:
    stale = [name for name, build in SAMPLES.items() if not says_the_same(FOLDER / name, build()[0])]
    for name in stale:
        print(f"{name} is missing or out of date; run {Path(__file__).name}", file=sys.stderr)
    return 1 if stale else 0


def says_the_same(file: Path, expected: bytes) -> bool:
    if not file.exists():
        return False
    committed = file.read_bytes()
    if committed == expected:
        return True
    try:
        return inflated(committed) == inflated(expected)
    except Exception:  # whatever cannot be read was not written by this program
        return False


def positive(parser: argparse.ArgumentParser, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        parser.error(f"N must be a whole number above 0, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

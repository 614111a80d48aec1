#!/usr/bin/env python3
"""Puts the figures of all sets into one table.

    summary.py SET=FILE… [--no-bars]

FILE is what the program of a set wrote with --json: a list `bars` of name, documents, bar (none if it is only
reported), value and met. Prints Markdown. Exit status: 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=named_file, metavar="SET=FILE")
    parser.add_argument("--no-bars", action="store_true", help="exit with 0 even if a bar is missed")
    options = parser.parse_args()
    sets = {name: json.loads(file.read_text(encoding="utf-8"))["bars"] for name, file in options.sets}
    print(markdown(sets))
    return 1 if missed(sets) and not options.no_bars else 0


def named_file(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text}: SET=FILE is needed")
    return name, Path(file)


def markdown(sets: dict[str, list[dict]]) -> str:
    lines = ["## All sets", "", "| set | documents | measure | bar | reached | |", "|---|---|---|---|---|---|"]
    lines += [f"| {name} | {count(bar)} | {bar['name']} | {bar['bar'] or '–'} | {figure(bar['value'])} "
              f"| {verdict(bar)} |" for name, bars in sets.items() for bar in bars]
    names = [f"{name}: {bar['name']}" for name, bar in missed(sets)]
    return "\n".join([*lines, "", f"Missed: {'; '.join(names)}" if names else "All bars are met."])


def missed(sets: dict[str, list[dict]]) -> list[tuple[str, dict]]:
    return [(name, bar) for name, bars in sets.items() for bar in bars if not bar["met"]]


def count(bar: dict) -> str:
    return f"{bar['documents']} {bar.get('of', '')}".strip()


def figure(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def verdict(bar: dict) -> str:
    if bar["bar"] is None:
        return "reported"
    return "met" if bar["met"] else "missed"


if __name__ == "__main__":
    sys.exit(main())

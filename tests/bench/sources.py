"""Chooses the files to measure with and gives each a name of its own."""

from __future__ import annotations

import csv
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

from contenders import DPI, MAX_PAGE_PIXELS, Library, Source, ask

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
CORPORA = ("pdfplumber", "sample-files", "pdfbox", "pdfminer.six", "camelot")


def generated(pages: int, folder: Path) -> Source:
    """Writes the document that every machine can measure with."""
    file = folder / f"generated__{pages}-pages.pdf"
    subprocess.run([sys.executable, "-B", SAMPLES / "generate.py", "--large", str(pages), file], check=True)
    return Source(file, f"generated, {pages} pages", tuple(range(1, pages + 1)))


def collect(corpora: Path | None, folder: Path, every: int) -> list[Source]:
    """Copies the files into one folder, as <origin>__<stem>.pdf: two folders may hold files of one name."""
    if corpora:
        files = [(name, corpora / name) for name in opening(corpora)]
    else:
        files = [(f"samples/{file.name}", file) for file in sorted(SAMPLES.glob("*.pdf"))]
    sources = []
    for origin, file in files[::every]:
        name = re.sub(r"[^A-Za-z0-9_-]", "_", Path(origin).with_suffix("").as_posix().replace("/", "__"))
        target = folder / f"{name}.pdf"
        while target.exists():
            target = target.with_stem(f"{target.stem}_")
        shutil.copyfile(file, target)
        sources.append(Source(target, origin, ()))
    return sources


def opening(corpora: Path) -> list[str]:
    """Lists the files that open without a password, by the table that comes with them or, without one, all."""
    table = corpora / "ground-truth.tsv"
    if not table.exists():
        return [file.relative_to(corpora).as_posix()
                for name in CORPORA for file in sorted((corpora / name).rglob("*.pdf"))]
    with table.open(newline="", encoding="utf-8") as rows:
        return [row["file"] for row in csv.DictReader(rows, delimiter="\t")
                if row["opens"] == "1" and row["file"].split("/")[0] in CORPORA and (corpora / row["file"]).exists()]


def with_pages(sources: list[Source], scratch: Path, file_seconds: float) -> tuple[list[Source], dict[str, str]]:
    """Fills in the pages that everyone is to render, and tells which files have none and which pages are too large."""
    answers = ask(Library("pypdfium2", "inventory"), sources, scratch / "inventory", file_seconds)
    kept, left_out = [], {}
    for source in sources:
        answer = answers[source.path]
        sizes = answer.get("sizes", [])
        pages = tuple(number for number, size in enumerate(sizes, start=1) if pixels(*size) <= MAX_PAGE_PIXELS)
        if pages:
            kept.append(Source(source.path, source.origin, pages))
        if len(pages) < len(sizes) or not pages:
            too_large = f"{len(sizes) - len(pages)} of {len(sizes)} pages too large"
            left_out[source.origin] = answer.get("error", too_large)
    return kept, left_out


def pixels(width_points: float, height_points: float) -> int:
    return math.ceil(width_points * DPI / 72) * math.ceil(height_points * DPI / 72)

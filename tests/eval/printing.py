"""Prints HTML with headless Chromium, and what is done to a printed file. For the generators of documents."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-pdf-header-footer")


def print_html(html: str, target: Path, tagged: bool) -> None:
    """Prints a page; with the marks of a tagged document and an outline if `tagged`."""
    with tempfile.TemporaryDirectory(prefix="quire-chromium-") as scratch:
        source = Path(scratch) / "page.html"
        source.write_text(html, encoding="utf-8")
        tags = [] if tagged else ["--disable-pdf-tagging"]
        subprocess.run(["chromium", *FLAGS, *tags, f"--user-data-dir={scratch}/profile", f"--print-to-pdf={target}",
                        source.as_uri()], check=True, capture_output=True, timeout=120)


def squeeze(pdf: Path) -> None:
    """Moves objects into compressed streams; what is drawn and said stays the same."""
    small = pdf.with_suffix(".small")
    subprocess.run(["qpdf", "--object-streams=generate", "--recompress-flate", "--compression-level=9", pdf, small],
                   check=True)
    small.replace(pdf)


def page_count(pdf: Path) -> int:
    told = subprocess.run(["pdfinfo", pdf], check=True, capture_output=True, text=True).stdout
    return int(next(line.split()[1] for line in told.splitlines() if line.startswith("Pages:")))

#!/usr/bin/env python3
"""Measures `quire-worker process` beside PyMuPDF and pypdfium2 + Pillow, in one run, and prints ratios.

    pip install -r requirements.txt
    bench.py --worker target/release/quire-worker --pdfium libpdfium.so [--corpora DIR]

README.md beside this file says how to read what it prints.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

# What the programs of tests/bench and tests/eval share.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "measuring"))

import measure
import sources
import text_cost
import worker as parsing
from arguments import existing
from contenders import REQUIREMENTS, Library, Source, Worker, run_seconds
from text_cost import DENSEST_MS, ORDINARY_MS, TextCost

AIM_PYMUPDF, AIM_PYPDFIUM2, AIM_TWO_RENDERERS = 1.7, 2.5, 1.8
LARGE_PAGES = 100
PACKAGES = ("pymupdf", "pypdfium2", "pillow")


@dataclass(frozen=True)
class Reading:
    """One contender in one round. What a library took to load is told apart and not part of the other figures."""

    pages: int
    cpu_seconds: float
    wall_seconds: float
    size_bytes: int
    peak_rss_mb: float
    peak_pss_mb: float | None
    loading_cpu_seconds: float

    @property
    def pages_per_cpu_second(self) -> float:
        return self.pages / self.cpu_seconds

    @property
    def pages_per_second(self) -> float:
        return self.pages / self.wall_seconds

    @property
    def kb_per_page(self) -> float:
        return self.size_bytes / 1000 / self.pages


def main() -> int:
    options = parse_arguments()
    measure.adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="quire-bench-", dir=options.scratch) as scratch:
        print_machine()
        results = bench(options, Path(scratch))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worker", type=existing, required=True, help="the quire-worker program, a release build")
    parser.add_argument("--pdfium", type=existing, default=os.environ.get("QUIRE_PDFIUM_LIBRARY"),
                        help="libpdfium for the worker (default: QUIRE_PDFIUM_LIBRARY)")
    parser.add_argument("--corpora", type=existing, help="a folder with ground-truth.tsv (default: the samples)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every Nth file only")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="rounds, interleaved (default: 3)")
    parser.add_argument("--file-seconds", type=float, default=60, metavar="S",
                        help="a file that takes a contender longer is left out for all (default: 60)")
    parser.add_argument("--limit-seconds", type=float, default=3600, metavar="S",
                        help="past it no further round is started (default: 3600)")
    parser.add_argument("--scratch", type=existing, help="where pages are written (default: the temporary folder)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every reading as JSON")
    options = parser.parse_args()
    if not options.pdfium:
        parser.error("--pdfium LIB is needed, or QUIRE_PDFIUM_LIBRARY")
    if options.runs < 1 or options.every < 1:
        parser.error("--runs and --every count from 1")
    return options


def bench(options: argparse.Namespace, scratch: Path) -> dict:
    inputs = scratch / "inputs"
    inputs.mkdir()
    large = sources.generated(LARGE_PAGES, inputs)
    found, left_out = sources.with_pages(
        sources.collect(options.corpora, inputs, options.every), scratch, options.file_seconds)
    if not options.corpora:
        found.append(large)

    readable = found
    images = Worker("quire, images", options.worker, options.pdfium, "none")
    parse = Worker("quire, images + parse", options.worker, options.pdfium, "pdfium")
    pymupdf = Library("PyMuPDF", "pymupdf")
    pillow = Library("pypdfium2 + Pillow", "pypdfium2")
    contenders = [images, parse, pymupdf, pillow]
    agreed = qualify(contenders, found, left_out, scratch, options.file_seconds)

    print(f"\n1. {len(agreed)} files, {sum(len(s.pages) for s in agreed)} pages, as PNG at 150 dpi", flush=True)
    readings = rounds(contenders, agreed, options, scratch)
    print_readings(readings)
    print("\n   ratio of pages per CPU second               median   min – max      aim")
    for worker in (images, parse):
        aims = (AIM_PYMUPDF, AIM_PYPDFIUM2) if worker is images else (None, None)
        print_ratio(readings, worker.name, pymupdf.name, "pages_per_cpu_second", aims[0])
        print_ratio(readings, worker.name, pillow.name, "pages_per_cpu_second", aims[1])
    print_ratio(readings, parse.name, images.name, "pages_per_cpu_second")
    print_ratio(readings, pymupdf.name, pillow.name, "pages_per_cpu_second")

    one = Worker("1 renderer", options.worker, options.pdfium, "none", renderers=1)
    two = Worker("2 renderers", options.worker, options.pdfium, "none", renderers=2)
    print(f"\n2. one document of {LARGE_PAGES} pages, images only", flush=True)
    scaling = rounds([one, two], [large], options, scratch)
    print_readings(scaling)
    print("\n   ratio of pages per second, wall             median   min – max      aim")
    print_ratio(scaling, two.name, one.name, "pages_per_second", AIM_TWO_RENDERERS)
    if len(os.sched_getaffinity(0)) < 2:
        print("   (one core only: two renderers cannot be faster here)")

    print(f"\n3. CPU time of the text pass, over {len(readable)} files, without images", flush=True)
    costs = text_costs(options, readable, scratch)
    print_text_costs(costs)
    return {"left_out": left_out, "files": as_json(readings), "large": as_json(scaling),
            "text": [asdict(cost) for cost in costs]}


def qualify(contenders, found: list[Source], left_out: dict[str, str], scratch: Path,
            file_seconds: float) -> list[Source]:
    """Lets everyone do every file once, unmeasured, and keeps the files that all of them finish."""
    for contender in contenders:
        print(f"trying out {contender.name} on {len(found)} files", file=sys.stderr, flush=True)
        failures = contender.failures(found, scratch, file_seconds)
        for source in found:
            if source.path in failures:
                left_out[source.origin] = f"{contender.name}: {failures[source.path]}"
        found = [source for source in found if source.path not in failures]
        if not found:
            raise SystemExit("no file is left to measure with")
    if left_out:
        print(f"\nleft out for all, in full or in part: {len(left_out)}")
        for origin, reason in sorted(left_out.items()):
            print(f"   {origin}: {reason}")
    return found


def rounds(contenders, files: list[Source], options: argparse.Namespace, scratch: Path) -> dict[str, list[Reading]]:
    """Runs A B C, A B C, …: whatever slows the machine for a while meets all of them."""
    readings: dict[str, list[Reading]] = {contender.name: [] for contender in contenders}
    started = time.monotonic()
    for number in range(1, options.runs + 1):
        if number > 1 and time.monotonic() - started > options.limit_seconds:
            print(f"   stopped after {number - 1} of {options.runs} rounds: --limit-seconds")
            break
        for contender in contenders:
            print(f"round {number}: {contender.name}", file=sys.stderr, flush=True)
            readings[contender.name].append(read_once(contender, files, options.file_seconds, scratch))
    return readings


def read_once(contender, files: list[Source], file_seconds: float, scratch: Path) -> Reading:
    out = scratch / "out"
    shutil.rmtree(out, ignore_errors=True)
    os.sync()  # nobody pays for writing back the pages of the one before
    cost = measure.run(contender.command(files, out), contender.environment(), scratch / "stdout", scratch / "stderr",
                       run_seconds(files, file_seconds))
    sizes = [page.stat().st_size for page in out.glob("*/pages/*.png")]
    expected = sum(len(source.pages) for source in files)
    if not sizes or cost.exit_code is None:
        log = (scratch / "stderr").read_text(errors="replace").strip()
        end = "was stopped at the time limit" if cost.exit_code is None else f"ended with {cost.exit_code}"
        raise SystemExit(f"{contender.name} {end} after {len(sizes)} of {expected} pages\n{log[-2000:]}")
    if len(sizes) != expected:
        print(f"   {contender.name} wrote {len(sizes)} of {expected} pages this time: do not trust the figures")
    shutil.rmtree(out)
    load_cpu, load_wall = loading(scratch / "stdout", cost) if isinstance(contender, Library) else (0.0, 0.0)
    return Reading(len(sizes), cost.cpu_seconds - load_cpu, cost.wall_seconds - load_wall, sum(sizes),
                   cost.peak_rss_mb, cost.peak_pss_mb, load_cpu)


def loading(stdout: Path, cost: measure.Cost) -> tuple[float, float]:
    """Returns the CPU and wall seconds from a library's start until it was ready for the first file."""
    ready = json.loads(next(line for line in stdout.read_text().splitlines() if line.startswith('{"ready"')))
    return ready["cpu_seconds"], ready["at_seconds"] - cost.started_seconds


def text_costs(options: argparse.Namespace, readable: list[Source], scratch: Path) -> list[TextCost]:
    """Lets the worker parse every file that libpdfium opens, once in each round. It tells the time itself."""
    worker = parsing.Worker(options.worker, options.pdfium, options.file_seconds)
    files = {source.stem: source.path for source in readable}
    costs = []
    for number in range(1, options.runs + 1):
        print(f"round {number}: text", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            costs.append(text_cost.measure(files, worker.parse(files, Path(folder))))
    return costs


def print_text_costs(costs: list[TextCost]) -> None:
    """Prints the median of the rounds beside the bars; the dearest page is that of the costliest round."""
    dearest = max(costs, key=lambda cost: cost.max_ms or 0)
    print("\n   ms of CPU time                              median   min – max           aim")
    print_milliseconds(f"an ordinary page ({costs[0].ordinary_pages}), median", [cost.median_ms for cost in costs], ORDINARY_MS)
    print_milliseconds("an ordinary page, 95 % below", [cost.p95_ms for cost in costs])
    print_milliseconds("the dearest page", [cost.max_ms for cost in costs], DENSEST_MS)
    if dearest.max_page:
        print(f"   the dearest page: {dearest.max_page}")


def print_milliseconds(name: str, rounds: list[float | None], aim: float | None = None) -> None:
    """Prints one figure of all rounds. A figure that no page gives cannot meet its aim."""
    values = [value for value in rounds if value is not None]
    if not values:
        print(f"   {name:<43}{'none':>7}{f'                    ≤ {aim:g}  MISSED' if aim else ''}")
        return
    median = statistics.median(values)
    verdict = f"≤ {aim:g}  {'met' if median <= aim else 'MISSED'}" if aim else ""
    between = f"{min(values):.2f} – {max(values):.2f}"
    print(f"   {name:<43}{median:>7.2f}   {between:<17} {verdict}".rstrip())


def print_machine() -> None:
    try:
        packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    except importlib.metadata.PackageNotFoundError as error:
        raise SystemExit(f"{error.name} is missing: pip install -r {REQUIREMENTS}") from None
    print(f"{len(os.sched_getaffinity(0))} cores, Python {sys.version.split()[0]}, {packages}")
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"other work is running (load {load:.1f}): figures will be worse than they could be, and less steady")


def peak_memory(readings: dict[str, list[Reading]]) -> tuple[str, dict[str, float]]:
    """Returns each contender's peak in MB, and by which measure: one for all, or they could not be compared."""
    peaks = {name: [value.peak_pss_mb for value in values] for name, values in readings.items()}
    if all(peak is not None for values in peaks.values() for peak in values):
        return "PSS", {name: max(values) for name, values in peaks.items()}
    return "RSS", {name: max(value.peak_rss_mb for value in values) for name, values in readings.items()}


def print_readings(readings: dict[str, list[Reading]]) -> None:
    name_of_peak, peaks = peak_memory(readings)
    print("\n                            pages/CPU s           pages/s            KB/page"
          f"  peak {name_of_peak} MB")
    for name, values in readings.items():
        print(f"   {name:<22}{spread([v.pages_per_cpu_second for v in values]):>20}"
              f"{spread([v.pages_per_second for v in values]):>20}"
              f"{statistics.median(v.kb_per_page for v in values):>10.0f}"
              f"{peaks[name]:>13.0f}")
    loaded = {name: statistics.median(v.loading_cpu_seconds for v in values) for name, values in readings.items()}
    notes = [f"{name} {seconds:.2f}" for name, seconds in loaded.items() if seconds]
    if notes:
        print(f"   CPU seconds to load a library, not counted above (nor the wall time): {', '.join(notes)}")


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} – {max(values):.1f})"


def print_ratio(readings: dict[str, list[Reading]], above: str, below: str, figure: str,
                aim: float | None = None) -> None:
    """Prints one figure of two contenders, divided round by round."""
    ratios = [getattr(a, figure) / getattr(b, figure) for a, b in zip(readings[above], readings[below])]
    median = statistics.median(ratios)
    verdict = f"≥ {aim}  {'met' if median >= aim else 'MISSED'}" if aim else ""
    between = f"{min(ratios):.2f} – {max(ratios):.2f}"
    print(f"   {above + ' / ' + below:<43}{median:>7.2f}   {between:<14} {verdict}".rstrip())


def as_json(readings: dict[str, list[Reading]]) -> dict:
    return {name: [asdict(value) for value in values] for name, values in readings.items()}


if __name__ == "__main__":
    sys.exit(main())

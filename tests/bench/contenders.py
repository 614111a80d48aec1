"""What is compared, and the untimed first run that finds the files which every contender can do."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import measure
from children import Child, Silence

DPI = 150
MAX_PAGE_PIXELS = 50_000_000
START_SECONDS = 60
BASELINES = Path(__file__).with_name("baselines.py")
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


@dataclass(frozen=True)
class Source:
    """A PDF under a name of its own, with the pages to render, counted from 1."""

    path: Path
    origin: str
    pages: tuple[int, ...]

    @property
    def stem(self) -> str:
        return self.path.stem


@dataclass(frozen=True)
class Worker:
    """`quire-worker process` with one engine and a number of renderers."""

    name: str
    program: Path
    pdfium: Path
    engine: str
    renderers: int = 2

    def command(self, sources: list[Source], out: Path) -> list[str]:
        return [str(self.program), "process", *(str(source.path) for source in sources), "--out", str(out),
                "--engine", self.engine, "--dpi", str(DPI), "--format", "png"]

    def environment(self) -> dict[str, str]:
        """Leaves out every setting of the worker that the caller happens to have."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("QUIRE_")}
        return {**kept, "QUIRE_PDFIUM_LIBRARY": str(self.pdfium), "QUIRE_RENDERERS": str(self.renderers),
                "QUIRE_MAX_PAGE_PIXELS": str(MAX_PAGE_PIXELS)}

    def failures(self, sources: list[Source], scratch: Path, file_seconds: float) -> dict[Path, str]:
        """Runs all files at once, then what is missing one by one: the file that stops a run is found that way."""
        self.try_out(sources, scratch, file_seconds)
        suspects = [source for source in sources if missing(source, scratch / "out")]
        if len(suspects) == len(sources):
            raise SystemExit(f"{self.name}: no file came out whole{self.explanation(sources[0], scratch)}")
        reasons = {}
        for source in suspects:
            cost = self.try_out([source], scratch, file_seconds)
            if fault := missing(source, scratch / "out"):
                told = "" if cost.exit_code is not None else ", stopped at the time limit"
                reasons[source.path] = f"{fault}{told}{self.explanation(source, scratch)}"
        return reasons

    def try_out(self, sources: list[Source], scratch: Path, file_seconds: float) -> measure.Cost:
        shutil.rmtree(scratch / "out", ignore_errors=True)
        return measure.run(self.command(sources, scratch / "out"), self.environment(), scratch / "stdout",
                           scratch / "stderr", run_seconds(sources, file_seconds))

    @staticmethod
    def explanation(source: Source, scratch: Path) -> str:
        """Quotes the first error of the result or, without one, the last line of the log."""
        try:
            error = json.loads((scratch / "out" / source.stem / "result.json").read_text())["errors"][0]
            return f" ({error['code']}: {error['message']})"
        except (OSError, ValueError, LookupError):
            log = (scratch / "stderr").read_text(errors="replace").strip().splitlines()
            return f" ({log[-1][:200]})" if log else ""


@dataclass(frozen=True)
class Library:
    """A Python library in one process, one page after the other."""

    name: str
    task: str

    def command(self, sources: list[Source], out: Path) -> list[str]:
        list_file = out.with_suffix(".json")
        list_file.write_text(json.dumps([{"path": str(s.path), "pages": s.pages} for s in sources]))
        return [sys.executable, "-B", str(BASELINES), self.task, str(list_file), str(out)]

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def failures(self, sources: list[Source], scratch: Path, file_seconds: float) -> dict[Path, str]:
        shutil.rmtree(scratch / "out", ignore_errors=True)
        answers = ask(self, sources, scratch / "out", file_seconds)
        reasons = {}
        for source in sources:
            fault = answers[source.path].get("error") or missing(source, scratch / "out")
            if fault:
                reasons[source.path] = fault
        return reasons


def run_seconds(sources: list[Source], file_seconds: float) -> float:
    """Returns how long a run over several files may take: a page a second, and once the time of a slow file."""
    return file_seconds + sum(len(source.pages) for source in sources)


def missing(source: Source, out: Path) -> str | None:
    """Tells how the page images of a file differ from what was asked for."""
    made = len(list((out / source.stem / "pages").glob("*.png")))
    return None if made == len(source.pages) else f"{made} of {len(source.pages)} pages"


def ask(library: Library, sources: list[Source], out: Path, file_seconds: float) -> dict[Path, dict]:
    """Collects a library's answer about each file. The child that hangs or dies is replaced and its file blamed."""
    answers: dict[Path, dict] = {}
    waiting = list(sources)
    out.parent.mkdir(parents=True, exist_ok=True)
    while waiting:
        child = Child(library.command(waiting, out))
        try:
            child.next_answer(START_SECONDS)
        except Silence as silence:
            raise SystemExit(f"{library.name} does not start ({silence}): pip install -r {REQUIREMENTS}") from None
        try:
            while waiting:
                answers[waiting[0].path] = child.next_answer(file_seconds)
                waiting.pop(0)
        except Silence as silence:
            answers[waiting.pop(0).path] = {"error": str(silence)}
        finally:
            child.end()
    return answers

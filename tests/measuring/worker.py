"""Runs `quire-worker process` over many files, some of which are made to hang or to kill it."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import results

BATCH = 20


@dataclass(frozen=True)
class Worker:
    program: Path
    pdfium: Path
    file_seconds: float
    renderers: int = 2

    def parse(self, files: dict[str, Path], scratch: Path) -> dict[str, results.Result | str]:
        """Returns the result of each file by its name, or a sentence that says why there is none."""
        names, answers = list(files), {}
        for start in range(0, len(names), BATCH):
            batch = {name: files[name] for name in names[start:start + BATCH]}
            found = self.run(batch, scratch / f"batch-{start}")[0]
            for name in batch:
                # One file that hangs stops its whole batch: those without a result are tried alone.
                answers[name] = found[name] or self.alone(name, files[name], scratch / f"alone-{name}")
        return answers

    def alone(self, name: str, file: Path, scratch: Path) -> results.Result | str:
        found, said = self.run({name: file}, scratch)
        return found[name] or said

    def run(self, files: dict[str, Path], scratch: Path) -> tuple[dict, str]:
        """Runs the worker once, in a session of its own, so that its renderers die with it."""
        inputs, out = scratch / "in", scratch / "out"
        inputs.mkdir(parents=True)
        for name, file in files.items():
            (inputs / f"{name}.pdf").symlink_to(file)
        log = scratch / "log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [self.program, "process", "--engine", "pdfium", "--no-images", "--out", out,
                 *(inputs / f"{name}.pdf" for name in files)],
                env=self.environment(), stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
            try:
                code = process.wait(self.file_seconds + len(files))
            except subprocess.TimeoutExpired:
                code = None
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        lines = log.read_text(errors="replace").strip()
        told = "hangs" if code is None else f"exit status {code}: {''.join(lines.splitlines()[-1:])[-200:]}"
        found, costs = {name: results.read(out / name) for name in files}, results.text_costs(lines)
        for name, result in found.items():
            if result:
                result.text_cpu_ms = costs.get(name, {})
        return found, told

    def environment(self) -> dict[str, str]:
        """Leaves out every setting of the worker that the caller happens to have."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("QUIRE_")}
        return {**kept, "QUIRE_PDFIUM_LIBRARY": str(self.pdfium), "QUIRE_RENDERERS": str(self.renderers),
                "QUIRE_LOG": "info,quire_worker::pipeline::pages=debug"}

"""Libraries as child processes, which may hang or die with a file."""

from __future__ import annotations

import json
import queue
import subprocess
import threading


class Silence(Exception):
    """A child that does not answer any more; the text says how it was noticed."""


class Child:
    """A process that says one line of JSON at a time."""

    def __init__(self, command: list[str]):
        self.answered = False
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, encoding="utf-8")
        self.lines: queue.Queue[str | None] = queue.Queue(maxsize=2)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def next_answer(self, limit_seconds: float) -> dict:
        """Returns the next object of its output and skips what is none: libraries print warnings.

        Raises Silence if it ends or says nothing in time.
        """
        try:
            while (line := self.lines.get(timeout=limit_seconds)) is not None:
                if line.startswith("{"):
                    self.answered = True
                    return json.loads(line)
        except queue.Empty:
            raise Silence(f"no answer in {limit_seconds:g} s") from None
        raise Silence(f"ended with {self.process.wait()}")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

"""Runs one command and says what it cost, with everything that it started."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_SECONDS = 0.2
ORPHAN_SECONDS = 5


@dataclass(frozen=True)
class Cost:
    """What a process tree took. Peaks of memory are sampled: short ones can be missed."""

    started_seconds: float  # on the monotonic clock, which all processes share
    cpu_seconds: float
    wall_seconds: float
    peak_rss_mb: float  # pages that processes share are counted in each of them
    peak_pss_mb: float | None  # pages that processes share are counted once; None: of some process it was not readable
    exit_code: int | None  # None: it was killed at the time limit


def adopt_orphans() -> None:
    """Makes this process the parent of grandchildren whose parent has gone, so that their CPU time counts."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run(command: list[str], environment: dict[str, str], stdout: Path, stderr: Path, limit_seconds: float) -> Cost:
    """Runs `command` alone. Nothing else may be a child of this process meanwhile: its CPU time would be added."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    with stdout.open("wb") as out, stderr.open("wb") as err:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    memory = MemorySampler(process.pid)
    memory.start()
    exit_code = None
    try:
        exit_code = process.wait(timeout=limit_seconds)
    except subprocess.TimeoutExpired:
        pass
    finally:
        wall = time.monotonic() - started
        memory.stop()
        if process.poll() is None:
            process.kill()
            process.wait()
        settle_orphans(ORPHAN_SECONDS if exit_code is not None else 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak_pss_mb = None if memory.peak.pss is None else memory.peak.pss / 1e6
    return Cost(started, cpu, wall, memory.peak.rss / 1e6, peak_pss_mb, exit_code)


def settle_orphans(patience_seconds: float) -> None:
    """Waits for adopted processes, so that they count with the command that left them behind; ends those that stay."""
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid != 0:
            continue
        if time.monotonic() > deadline:
            for orphan in descendants(os.getpid()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(orphan, signal.SIGKILL)
        time.sleep(0.01)


def descendants(root: int) -> list[int]:
    """Returns the living descendants of a process, parents before children."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                stat = Path(f"/proc/{entry}/stat").read_bytes()
            except OSError:
                continue
            # The name of the command, in brackets, may hold anything.
            parent = int(stat[stat.rindex(b")") + 2:].split()[1])
            children.setdefault(parent, []).append(int(entry))
    found = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(0), [])
        found += below
        waiting += below
    return found


@dataclass(frozen=True)
class Memory:
    """Bytes that processes hold: resident set and proportional set."""

    rss: int = 0
    pss: int | None = 0  # None: the kernel does not show it to us

    def plus(self, other: Memory) -> Memory:
        return Memory(self.rss + other.rss, None if None in (self.pss, other.pss) else self.pss + other.pss)

    def peak(self, other: Memory) -> Memory:
        return Memory(max(self.rss, other.rss), None if None in (self.pss, other.pss) else max(self.pss, other.pss))


class MemorySampler(threading.Thread):
    """Remembers the most memory that a process tree was seen to hold at one time."""

    def __init__(self, root: int):
        super().__init__(daemon=True)
        self.root = root
        self.peak = Memory()
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(SAMPLE_SECONDS):
            held = Memory()
            for pid in [self.root, *descendants(self.root)]:
                held = held.plus(memory_of(pid))
            self.peak = self.peak.peak(held)

    def stop(self) -> None:
        self.done.set()
        self.join()


def memory_of(pid: int, proc: Path = Path("/proc")) -> Memory:
    """Returns what a process holds; nothing, if it has ended.

    The proportional set of a process that is not dumpable, as a worker is, is for root only.
    """
    pss = None
    try:
        for line in (proc / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                pss = int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        rss = int((proc / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        rss = 0
    # Read last: a process without memory has ended, and hides nothing.
    return Memory(rss, pss) if rss else Memory()

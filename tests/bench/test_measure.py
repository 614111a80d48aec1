#!/usr/bin/env python3
"""Checks that contenders are compared by one measure of memory."""

import os
import tempfile
import unittest
from pathlib import Path

from bench import Reading, peak_memory
from measure import Memory, memory_of

PAGE = os.sysconf("SC_PAGE_SIZE")


def reading(rss: float, pss: float | None) -> Reading:
    return Reading(pages=1, cpu_seconds=1, wall_seconds=1, size_bytes=1, peak_rss_mb=rss, peak_pss_mb=pss,
                   loading_cpu_seconds=0)


class Memories(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.proc = Path(folder.name)

    def process(self, pid: int, pages: int, pss_kb: int | None) -> None:
        (self.proc / str(pid)).mkdir()
        (self.proc / str(pid) / "statm").write_text(f"900 {pages} 10 1 0 50 0\n")
        if pss_kb is not None:
            rollup = f"00-ff ---p 0 00:00 0 [rollup]\nRss: 9 kB\nPss: {pss_kb} kB\n"
            (self.proc / str(pid) / "smaps_rollup").write_text(rollup)

    def test_a_process_shows_both_or_hides_one(self) -> None:
        self.process(1, 5, 12)
        self.process(2, 5, None)
        self.assertEqual(memory_of(1, self.proc), Memory(5 * PAGE, 12 * 1024))
        self.assertEqual(memory_of(2, self.proc), Memory(5 * PAGE, None))

    def test_a_process_that_has_ended_hides_nothing(self) -> None:
        self.process(3, 0, None)
        self.assertEqual([memory_of(3, self.proc), memory_of(4, self.proc)], [Memory(0, 0), Memory(0, 0)])

    def test_a_tree_with_one_hidden_process_has_no_proportional_set(self) -> None:
        self.assertEqual(Memory(5, 4).plus(Memory(3, None)), Memory(8, None))
        self.assertEqual(Memory(5, None).peak(Memory(9, 3)), Memory(9, None))
        self.assertEqual(Memory(5, 4).plus(Memory(3, 2)).peak(Memory(9, 3)), Memory(9, 6))


class Peaks(unittest.TestCase):
    def test_the_proportional_set_is_told_if_every_contender_shows_it(self) -> None:
        readings = {"a": [reading(9, 4), reading(8, 5)], "b": [reading(7, 6)]}
        self.assertEqual(peak_memory(readings), ("PSS", {"a": 5, "b": 6}))

    def test_one_contender_that_hides_it_puts_all_on_the_resident_set(self) -> None:
        readings = {"a": [reading(9, 4), reading(8, 5)], "b": [reading(7, 6), reading(6, None)]}
        self.assertEqual(peak_memory(readings), ("RSS", {"a": 9, "b": 7}))


if __name__ == "__main__":
    unittest.main()

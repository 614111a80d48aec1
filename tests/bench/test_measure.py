#!/usr/bin/env python3
"""Checks that contenders are compared by one measure of memory, and what the text pass is said to cost."""

import contextlib
import io
import os
import sys
import tempfile
import unittest
from pathlib import Path

# What the programs of tests/bench and tests/eval share.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "measuring"))

import text_cost
from bench import Reading, peak_memory, print_text_costs
from children import Child, Silence
from measure import Memory, memory_of
from results import PageText, Result, text_costs
from text_cost import TextCost

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


def result(*pages: tuple[int, float]) -> Result:
    """The result of pages of so many characters whose text costs so many milliseconds."""
    texts = {number: PageText(seen=[("page", "ab " * (size // 2))]) for number, (size, _) in enumerate(pages, start=1)}
    costs = {number: cost for number, (_, cost) in enumerate(pages, start=1)}
    return Result("succeeded", None, texts, [], costs)


class TextCosts(unittest.TestCase):
    def measure(self, **answers) -> TextCost:
        return text_cost.measure({name: Path(f"{name}.pdf") for name in answers}, answers)

    def test_ordinary_pages_have_neither_few_characters_nor_many(self) -> None:
        cost = self.measure(long=result((600, 1.0), (700, 2.0), (4_000, 4.0), (9_000, 20.0)), short=result((500, 3.0)),
                            empty=result((0, 90.0)), broken="exit status 1")
        self.assertEqual((cost.ordinary_pages, cost.median_ms, cost.p95_ms), (4, 3.0, 4.0))

    def test_the_dearest_page_is_named(self) -> None:
        cost = self.measure(long=result((600, 1.0), (9_000, 700.0)), short=result((9_000, 500.0)))
        self.assertEqual((cost.max_ms, cost.max_page), (700.0, "long.pdf, page 2"))

    def test_the_log_tells_what_each_page_cost(self) -> None:
        log = "\n".join([
            "no JSON", '{"message":"page begun","page":1,"spans":[{"folder":"a","name":"document"}]}',
            '{"message":"page done","page":1,"text_cpu_ms":1.5,"spans":[{"folder":"a","name":"document"}]}',
            '{"message":"page done","page":2,"text_cpu_ms":0.25,"spans":[{"folder":"b","name":"document"}]}'])
        self.assertEqual(text_costs(log), {"a": {1: 1.5}, "b": {2: 0.25}})

    def test_spaces_are_no_characters_and_hidden_text_counts(self) -> None:
        self.assertEqual(text_cost.characters(PageText(seen=[("page", "a b\n")], hidden=[("clipped", "cd")])), 4)

    def test_a_quantile_is_a_value_that_occurs(self) -> None:
        self.assertEqual([text_cost.quantile([3, 1, 2], 0.5), text_cost.quantile([1], 0.95), text_cost.quantile([], 0.5)],
                         [2, 1, None])

    def printed(self, *costs: TextCost) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            print_text_costs(list(costs))
        return out.getvalue()

    def test_the_median_of_the_rounds_stands_beside_its_bar(self) -> None:
        lines = self.printed(TextCost(9, 1.0, 2.0, 1_200.0, "a.pdf"), TextCost(9, 4.0, 5.0, 900.0, "b.pdf"),
                             TextCost(9, 2.0, 3.0, 950.0, "c.pdf")).splitlines()
        self.assertEqual([line.split()[-6:] for line in lines if "≤" in line],
                         [["1.00", "–", "4.00", "≤", "3", "met"], ["900.00", "–", "1200.00", "≤", "1000", "met"]])
        self.assertEqual(lines[-1], "   the dearest page: a.pdf")

    def test_a_figure_that_no_page_gives_misses_its_bar(self) -> None:
        said = self.printed(TextCost(0, None, None, None, None))
        self.assertEqual([line.split()[-4:] for line in said.splitlines() if "≤" in line],
                         [["none", "≤", "3", "MISSED"], ["none", "≤", "1000", "MISSED"]])


class Children(unittest.TestCase):
    def child(self, program: str) -> Child:
        child = Child([sys.executable, "-c", program])
        self.addCleanup(child.end)
        return child

    def test_what_is_no_answer_is_skipped_and_an_end_is_told(self) -> None:
        child = self.child("print('a warning'); print('{\"a\": 1}'); raise SystemExit(3)")
        self.assertEqual((child.next_answer(20), child.answered), ({"a": 1}, True))
        with self.assertRaisesRegex(Silence, "ended with 3"):
            child.next_answer(20)

    def test_a_child_that_hangs_is_told(self) -> None:
        child = self.child("import time; time.sleep(60)")
        with self.assertRaisesRegex(Silence, "no answer in 0.2 s"):
            child.next_answer(0.2)
        self.assertFalse(child.answered)


if __name__ == "__main__":
    unittest.main()

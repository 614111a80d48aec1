#!/usr/bin/env python3
"""Checks how marked tables are read, how relations are counted, and what is told of the sets."""

import sys
import tempfile
import unittest
from pathlib import Path

import icdar  # puts the folders of scoring and results on the path

import marked
from relations import Agreement, Cell, agreement, relations, relations_of


def table(*rows: tuple[str, ...]) -> list[Cell]:
    return [Cell(row, col, 1, 1, text) for row, texts in enumerate(rows) for col, text in enumerate(texts)]


def marked_tables(xml: str) -> list[list[Cell]]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a-str.xml"
        file.write_text(f"<document>{xml}</document>", encoding="utf-8")
        return marked.read(file)


def region(*cells: str, shift: str = "") -> str:
    return f"<region {shift}>{''.join(cells)}</region>"


def cell(place: str, text: str) -> str:
    return f"<cell {place}><content>{text}</content></cell>"


class Relations(unittest.TestCase):
    def test_a_cell_is_related_to_the_next_one_to_its_right_and_below(self) -> None:
        self.assertEqual(dict(relations_of(table(("a", "b"), ("c", "d")))),
                         {("a", "b", "right"): 1, ("c", "d", "right"): 1,
                          ("a", "c", "below"): 1, ("b", "d", "below"): 1})

    def test_empty_cells_are_passed_over(self) -> None:
        self.assertEqual(dict(relations_of(table(("a", " ", "b")))), {("a", "b", "right"): 1})

    def test_a_spanning_cell_has_one_relation_to_each_of_its_neighbours(self) -> None:
        spanning = [Cell(0, 0, 2, 1, "s"), Cell(0, 1, 2, 1, "t"), Cell(2, 0, 1, 1, "u"), Cell(2, 1, 1, 1, "v")]
        self.assertEqual(dict(relations_of(spanning)),
                         {("s", "t", "right"): 1, ("s", "u", "below"): 1,
                          ("t", "v", "below"): 1, ("u", "v", "right"): 1})

    def test_texts_are_compared_without_spaces_case_ligatures_and_kinds_of_dashes(self) -> None:
        self.assertEqual(relations_of(table(("ﬁ – Rst", "1\u00ad0"))), relations_of(table(("FI-rst", "10"))))

    def test_the_same_relation_in_two_tables_counts_twice(self) -> None:
        self.assertEqual(relations([table(("a", "b")), table(("a", "b"))])[("a", "b", "right")], 2)

    def test_precision_is_of_what_was_found_and_recall_of_what_there_is(self) -> None:
        agreed = agreement([table(("a", "b", "x"))], [[table(("a", "b"), ("c", "d"))]])
        self.assertEqual(agreed, Agreement(1, 2, 4))
        self.assertEqual((agreed.precision, agreed.recall, agreed.f1), (0.5, 0.25, 1 / 3))

    def test_the_reading_that_fits_better_counts(self) -> None:
        self.assertEqual(agreement([table(("a", "b"))], [[table(("a", "c"))], [table(("a", "b"))]]).f1, 1.0)

    def test_nothing_found_is_0(self) -> None:
        agreed = agreement([], [[table(("a", "b"))]])
        self.assertEqual((agreed.precision, agreed.recall, agreed.f1), (0.0, 0.0, 0.0))


class Marked(unittest.TestCase):
    def test_a_cell_ends_where_it_begins_unless_its_end_is_told(self) -> None:
        cells = (cell('start-row="0" start-col="1"', "a"),
                 cell('start-row="1" start-col="0" end-row="2" end-col="3"', "b"),
                 cell('start-row="3" start-col="0" col-end="1"', "c"))
        self.assertEqual(marked_tables(f"<table>{region(*cells)}</table>"),
                         [[Cell(0, 1, 1, 1, "a"), Cell(1, 0, 2, 4, "b"), Cell(3, 0, 1, 2, "c")]])

    def test_regions_are_tables_of_their_own_unless_one_says_where_it_goes_on(self) -> None:
        first, second = cell('start-row="0" start-col="0"', "a"), cell('start-row="0" start-col="0"', "b")
        shift = 'row-increment="4" col-increment="0"'
        apart = f"<table>{region(first)}{region(second)}</table>"
        joined = f"<table>{region(first)}{region(second, shift=shift)}</table>"
        self.assertEqual(marked_tables(apart), [[Cell(0, 0, 1, 1, "a")], [Cell(0, 0, 1, 1, "b")]])
        self.assertEqual(marked_tables(joined), [[Cell(0, 0, 1, 1, "a"), Cell(4, 0, 1, 1, "b")]])

    def test_a_document_has_one_truth_or_two_readings_and_others_are_left_out(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("one.pdf", "one-str.xml", "9a.pdf", "9a-str.xml", "9b-str.xml", "without.pdf"):
                (Path(folder) / name).touch()
            told = {file.name: [truth.name for truth in truths]
                    for file, truths in marked.documents(Path(folder)).items()}
        self.assertEqual(told, {"9a.pdf": ["9a-str.xml", "9b-str.xml"], "one.pdf": ["one-str.xml"]})


class Sets(unittest.TestCase):
    def score(self, name: str, kind: str | None, precision: float, recall: float) -> dict:
        return {"name": name, "kind": kind, "missing": False, "precision": precision, "recall": recall,
                "f1": 0.5, "right": 1, "found": 2, "expected": 3}

    def test_f1_is_that_of_the_mean_precision_and_the_mean_recall(self) -> None:
        bars = icdar.bars_of([self.score("a", "closed", 1.0, 0.5), self.score("b", "closed", 0.5, 1.0)])
        self.assertEqual([(bar["name"], bar["value"], bar["met"]) for bar in bars],
                         [("closed grids, F1", 0.75, False), ("all, F1", 0.75, False)])

    def test_closed_grids_and_others_are_told_apart_and_unknown_documents_count_among_all(self) -> None:
        scores = [self.score("a", "closed", 1.0, 1.0), self.score("b", "open", 0.8, 0.8),
                  self.score("c", None, 1.0, 1.0)]
        self.assertEqual([(bar["documents"], bar["met"]) for bar in icdar.bars_of(scores)],
                         [(1, True), (1, True), (3, True)])

    def test_every_document_of_the_list_is_closed_or_open_for_a_reason(self) -> None:
        rows = [line.split("\t") for line in icdar.LIST.read_text(encoding="utf-8").splitlines()]
        self.assertEqual([name for name, *_ in rows], sorted({name for name, *_ in rows}))
        self.assertEqual({kind for _, kind, _ in rows}, {"closed", "open"})
        self.assertTrue(all(reason for _, _, reason in rows))


if __name__ == "__main__":
    sys.exit(unittest.main())

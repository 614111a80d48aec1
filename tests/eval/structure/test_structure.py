#!/usr/bin/env python3
"""Checks what the truth of a document is, how results are read, and how they are scored."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

import structure  # puts the folders of scoring and results on the path

import found
import kinds
import measures
import truth
from found import Found
from tree import Cell, Code, Document, Furniture, Group, Heading, Item, Items, Note, Para, Table

HERE = Path(__file__).resolve().parent


def element(kind: str, text: str = "", **more) -> dict:
    return {"id": f"p1-e{id(more)}", "type": kind, "page_number": 1, "content_layer": "body", "text": text, **more}


def elements(*listed: dict) -> Found:
    return found.of_elements([{**each, "reading_order": place} for place, each in enumerate(listed)])


def table(*cells: tuple, **more) -> dict:
    """Makes a table of (row, col, text) or (row, col, text, row_span, col_span)."""
    names = ("row", "col", "text", "row_span", "col_span")
    return {"num_rows": 9, "num_cols": 9, "cells": [dict(zip(names, cell)) for cell in cells], **more}


def known(**parts) -> dict:
    lists = ("headings", "list_items", "tables", "captions", "footnotes", "code", "references", "body", "furniture")
    return {name: parts.get(name, []) for name in lists}


def perfect(told: dict) -> Found:
    """Makes what an engine would give that finds everything."""
    return Found([{**heading, "text": found.normal(heading["text"])} for heading in told["headings"]],
                 [{**item, "text": found.normal(item["text"])} for item in told["list_items"]],
                 told["tables"], told["body"], [piece["text"] for piece in told["furniture"]])


class TruthOfATree(unittest.TestCase):
    def of(self, *parts, pages: int = 1, furniture: Furniture = Furniture()) -> dict:
        return truth.of(Document("name", "template", "chromium", "en", parts, furniture=furniture), pages)

    def test_nested_items_are_told_with_their_depth_and_read_after_the_item_they_belong_to(self) -> None:
        told = self.of(Items((Item("One", "1.", (Items((Item("Inner", "–"),), False),)), Item("Two", "2.")), True))
        self.assertEqual([(item["text"], item["depth"], item["ordered"]) for item in told["list_items"]],
                         [("One", 0, True), ("Inner", 1, False), ("Two", 0, True)])
        self.assertEqual(told["body"], ["1. One", "– Inner", "2. Two"])

    def test_cells_stand_beside_those_that_span_into_their_row(self) -> None:
        rows = ((Cell("a", row_span=2), Cell("b", col_span=2, header=True)), (Cell("c"), Cell("")))
        told = self.of(Table(rows, "grid"))
        self.assertEqual([(cell["row"], cell["col"]) for cell in told["tables"][0]["cells"]],
                         [(0, 0), (0, 1), (1, 1), (1, 2)])
        self.assertEqual((told["tables"][0]["num_rows"], told["tables"][0]["num_cols"]), (2, 3))
        self.assertEqual(told["body"], ["a b", "c"])

    def test_footnotes_code_and_text_in_columns_are_read_in_the_order_of_the_tree(self) -> None:
        told = self.of(Group((Group((Heading("H", 2), Para("Seen<sup>1</sup>.")), "columns", 2), Code(("a", "", "b")),
                              Note("1", "Below.")), "sheet"))
        self.assertEqual(told["body"], ["H", "Seen1.", "a\nb", "1 Below."])
        self.assertEqual((told["footnotes"], told["code"]), (["1 Below."], ["a\n\nb"]))

    def test_furniture_is_told_for_every_page_with_its_number_and_is_no_body(self) -> None:
        told = self.of(Para("Text"), pages=2, furniture=Furniture(head=("Odd", "", ""), even_head=("", "", "Even"),
                                                                  foot=("", "{page}/{pages}", "")))
        self.assertEqual([(piece["page"], piece["text"]) for piece in told["furniture"]],
                         [(1, "Odd"), (1, "1/2"), (2, "Even"), (2, "2/2")])
        self.assertEqual(told["body"], ["Text"])


class Reading(unittest.TestCase):
    def test_the_marker_of_an_item_is_no_part_of_its_text_but_is_read_before_it(self) -> None:
        read = elements(element("list_item", "1. One", list={"ordered": True, "marker": "1.", "depth": 0}),
                        element("list_item", "Two", list={"ordered": True, "marker": "2.", "depth": 0}),
                        element("list_item", "(iv) Four"))
        self.assertEqual([item["text"] for item in read.list_items], ["One", "Two", "Four"])
        self.assertEqual(read.body, ["1. One", "2. Two", "(iv) Four"])

    def test_a_number_at_the_start_of_an_item_is_no_marker(self) -> None:
        self.assertEqual(found.unmarked("225 g butter", ""), "225 g butter")

    def test_a_group_counts_nothing_itself_and_a_table_counts_its_cells_row_by_row(self) -> None:
        group = {**element("list", "One Two"), "id": "group"}
        read = elements(group, element("list_item", "One", parent_id="group"),
                        element("table", "", table=table((1, 0, "c"), (0, 1, "b"), (0, 0, "a"))))
        self.assertEqual([text for text in read.body if text], ["One", "a b c"])

    def test_furniture_is_told_by_layer_or_type_and_hidden_text_not_at_all(self) -> None:
        read = elements(element("text", "Head", content_layer="furniture"), element("page_number", "7"),
                        element("text", "Hidden", content_layer="invisible"), element("text", "Seen"))
        self.assertEqual((read.furniture, read.body), (["Head", "7"], ["Seen"]))

    def test_elements_of_a_large_result_are_read_from_their_parts(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            parts = Path(folder) / "elements"
            parts.mkdir()
            (Path(folder) / "result.json").write_text('{"status": "succeeded", "elements": []}')
            for number, text in ((1, "first"), (2, "second")):
                line = json.dumps({**element("title", text), "reading_order": number})
                (parts / f"{number:04}.jsonl").write_text(line + "\n")
            self.assertEqual([heading["text"] for heading in found.read(Path(folder)).headings], ["first", "second"])

    def test_no_result_is_none(self) -> None:
        self.assertIsNone(found.read(HERE / "no such folder"))


class Measures(unittest.TestCase):
    def test_headings_match_by_text_whatever_their_spaces_and_ligatures(self) -> None:
        read = elements(element("section_header", "The  ﬁrst\u00a0one", level=1), element("title", "Other"))
        score = measures.headings([{"text": "The first one", "level": 2}, {"text": "Lost", "level": 2}], read.headings)
        self.assertEqual((score["precision"], score["recall"], score["f1"]), (0.5, 0.5, 0.5))

    def test_a_heading_that_is_there_twice_must_be_found_twice(self) -> None:
        twice = [{"text": "Method", "level": 2}] * 2
        self.assertEqual(measures.headings(twice, [{"text": "Method", "level": 1}])["recall"], 0.5)

    def test_levels_agree_by_order_and_not_by_number(self) -> None:
        expected = [{"text": text, "level": level} for text, level in (("a", 1), ("b", 2), ("c", 3))]
        read = elements(element("title", "a"), element("section_header", "b", level=1),
                        element("section_header", "c", level=1))
        self.assertEqual(measures.headings(expected, read.headings)["level"], 2 / 3)

    def test_depth_and_kind_of_items_are_told_of_those_that_were_found(self) -> None:
        expected = [{"text": text, "depth": depth, "ordered": True} for text, depth in (("a", 0), ("b", 1), ("c", 0))]
        score = measures.lists(expected, [{"text": "a", "depth": 0, "ordered": True},
                                          {"text": "b", "depth": 0, "ordered": None}])
        self.assertEqual((score["recall"], score["depth"], score["ordered"]), (2 / 3, 0.5, 0.5))

    def test_entries_of_a_bibliography_are_neither_right_nor_wrong(self) -> None:
        told = known(list_items=[{"text": "a", "depth": 0, "ordered": True}], references=["[1] Hale, M. Wells."])
        items = elements(element("list_item", "a"), element("list_item", "Hale, M. Wells.", list={"marker": "[1]"}),
                         element("list_item", "[1] Hale, M. Wells."))
        self.assertEqual(measures.measure(told, items)["lists"]["f1"], 1.0)

    def test_a_cell_is_right_if_place_spans_and_text_agree_and_empty_cells_do_not_count(self) -> None:
        expected = table((0, 0, "a", 1, 2), (0, 2, "b"), (1, 0, "c"), (1, 1, "d"), (1, 2, ""))
        given = table((0, 0, "a", 1, 1), (0, 2, " b "), (1, 0, "c"), (1, 2, "d"))
        score = measures.cells([expected], [given])
        self.assertEqual((score["precision"], score["recall"]), (0.5, 0.5))

    def test_a_cell_alone_in_its_row_may_span_it_or_not(self) -> None:
        self.assertEqual(measures.cells([table((0, 0, "Income", 1, 1))], [table((0, 0, "Income", 1, 4))])["f1"], 1.0)

    def test_a_table_belongs_to_the_one_with_most_cells_in_common_and_others_count_as_wrong(self) -> None:
        first, second = table((0, 0, "a"), (0, 1, "b")), table((0, 0, "a"), (0, 1, "c"))
        score = measures.cells([first, second], [second, table((0, 0, "x"), (0, 1, "y"))])
        self.assertEqual((score["precision"], score["recall"]), (0.5, 0.5))

    def test_order_is_of_pairs_of_words_and_bullets_are_no_words(self) -> None:
        self.assertEqual(measures.order(["• a b", "c d"], ["a b", "c d"])["f1"], 1.0)
        self.assertEqual(measures.order(["a b", "c d"], ["c d", "a b"])["f1"], 2 / 3)

    def test_furniture_counts_words_so_that_a_head_may_be_one_text_or_two(self) -> None:
        score = measures.furniture(["Title", "3"], ["Title 3"])
        self.assertEqual((score["precision"], score["recall"]), (1.0, 1.0))

    def test_what_is_found_in_a_document_without_it_is_told_as_invented(self) -> None:
        read = elements(element("title", "No"), element("list_item", "no"),
                        element("table", table=table((0, 0, "x"), (0, 1, ""))))
        score = measures.measure(known(body=["No no x"]), read)
        self.assertEqual([score[kind] for kind in ("headings", "lists", "cells", "furniture")], [None] * 4)
        self.assertEqual(score["invented"], {"headings": 1, "lists": 1, "cells": 1, "furniture": 0})

    def test_an_engine_that_finds_nothing_scores_0(self) -> None:
        told = known(headings=[{"text": "a", "level": 1}], list_items=[{"text": "b", "depth": 0, "ordered": True}],
                     tables=[table((0, 0, "c"))], body=["a b c"], furniture=[{"page": 1, "text": "d"}])
        score = measures.measure(told, None)
        self.assertEqual([score[kind]["f1"] for kind in structure.KINDS], [0.0] * 5)


class Documents(unittest.TestCase):
    def test_a_result_that_finds_everything_scores_1_in_every_document(self) -> None:
        for file in sorted(structure.DOCUMENTS.glob("*.json")):
            told = json.loads(file.read_text(encoding="utf-8"))
            score = measures.measure(told, perfect(told))
            for kind in structure.KINDS:
                for name, value in (score[kind] or {}).items():
                    self.assertIn(value, (1.0, None), f"{file.stem}: {kind}, {name}")

    def test_a_third_of_the_templates_is_held_out_and_their_scores_are_told_as_means_only(self) -> None:
        self.assertEqual(kinds.HELD_OUT, kinds.drawn_by_seed())
        scores = structure.evaluate(structure.DOCUMENTS, HERE / "no such folder")
        page = structure.markdown([{**score, "missing": False} for score in scores], structure.bars_of(scores))
        for template in kinds.HELD_OUT:
            self.assertNotIn(template, page)


if __name__ == "__main__":
    sys.exit(unittest.main())

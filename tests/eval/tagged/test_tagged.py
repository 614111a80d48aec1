#!/usr/bin/env python3
"""Checks what is made of tags, and how documents are chosen and judged."""

import sys
import unittest
from itertools import count

import tagged  # puts the folders of scoring, structure and results on the path

from found import Found
from tags import EMPTY, Element, Piece, parts_of
from tree import Caption, Cell, Heading, Item, Items, Para, Table


PLACES = count(0, 1000)


def tag(role: str, *kids, **spans: int) -> Element:
    """Makes an element; a string is marked content that nothing follows directly."""
    return Element(role, tuple(piece(kid) if isinstance(kid, str) else kid for kid in kids), **spans)


def piece(text: str) -> Piece:
    start = next(PLACES)
    return Piece(text, start, start + len(text))


def table(*rows: tuple) -> Element:
    return tag("Table", *(tag("TR", *cells) for cells in rows))


def item(label: str, *kids) -> Element:
    return tag("LI", tag("Lbl", label), tag("LBody", *kids))


class Texts(unittest.TestCase):
    def test_a_paragraph_is_one_text_with_the_spans_and_links_in_it(self) -> None:
        told = parts_of([tag("P", "One ", tag("Span", "two"), tag("Link", tag("Span", "three")))])
        self.assertEqual(told, (Para("One two three"),))

    def test_content_that_follows_directly_is_the_same_word(self) -> None:
        told = parts_of([Element("P", (Piece("dis", 0, 3), Piece("join", 3, 7), Piece("apart", 9, 14)))])
        self.assertEqual(told, (Para("disjoin apart"),))

    def test_a_word_broken_at_a_line_end_is_joined_and_keeps_a_hyphen_of_its_own(self) -> None:
        told = parts_of([tag("P", "docu\x02", "ment of well-\r\nknown"), tag("P", "a -\r\nb")])
        self.assertEqual(told, (Para("document of well-known"), Para("a - b")))

    def test_text_beside_blocks_is_a_paragraph_of_its_own(self) -> None:
        told = parts_of([tag("Div", "before", tag("P", "inside"), tag("Span", "after"))])
        self.assertEqual(told, (Para("before"), Para("inside"), Para("after")))

    def test_markup_in_a_text_is_text(self) -> None:
        self.assertEqual(tagged.truth_of([[tag("P", "<b> & x")]])["body"], ["<b> & x"])

    def test_artifacts_and_empty_elements_are_nothing(self) -> None:
        self.assertEqual(parts_of([tag("Artifact", "7"), tag("P"), tag("H1", " "), tag("L"), tag("Table")]), ())

    def test_a_tree_without_end_is_cut_off(self) -> None:
        deep = tag("P", "deep")
        for _ in range(100):
            deep = tag("Div", deep)
        self.assertEqual(parts_of([deep, tag("P", "flat")]), (Para("flat"),))


class Headings(unittest.TestCase):
    def test_a_title_stands_above_headings_of_the_first_level(self) -> None:
        told = parts_of([tag("Title", "T"), tag("H1", "1 ", tag("Span", "One")), tag("Sect", tag("H2", "1.1"))])
        self.assertEqual(told, (Heading("T", 0), Heading("1 One", 1), Heading("1.1", 2)))


class Lists(unittest.TestCase):
    def test_a_label_is_the_marker_and_a_sign_of_a_symbol_font_is_a_bullet(self) -> None:
        told = parts_of([tag("L", item("1.", "One")), tag("L", item("\uf0b7", "Dot"))])
        self.assertEqual(told, (Items((Item("One", "1."),), True), Items((Item("Dot", "•"),), False)))

    def test_an_item_without_a_label_has_the_marker_that_its_text_begins_with(self) -> None:
        told = parts_of([tag("L", tag("LI", tag("LBody", "a) One")), tag("LI", tag("LBody", "Two")))])
        self.assertEqual(told, (Items((Item("One", "a)"), Item("Two", "•")), True),))

    def test_a_list_in_an_item_or_behind_it_belongs_to_the_item(self) -> None:
        inner = tag("L", item("–", "Inner"))
        expected = (Items((Item("One", "1.", (Items((Item("Inner", "•"),), False),)), Item("Two", "2.")), True),)
        self.assertEqual(parts_of([tag("L", item("1.", tag("P", "One"), inner), item("2.", "Two"))]), expected)
        self.assertEqual(parts_of([tag("L", item("1.", "One"), inner, item("2.", "Two"))]), expected)

    def test_entries_of_a_bibliography_are_neither_items_nor_lost(self) -> None:
        told = tagged.truth_of([[tag("L", item("[1]", "Hale. Wells."))]])
        self.assertEqual((told["list_items"], told["references"], told["body"]),
                         ([], ["[1] Hale. Wells."], ["[1] Hale. Wells."]))

    def test_contents_are_paragraphs(self) -> None:
        self.assertEqual(parts_of([tag("TOC", tag("TOCI", tag("Lbl", "1"), tag("Reference", "One")))]), (Para("1 One"),))


class Tables(unittest.TestCase):
    def test_cells_have_their_spans_and_headings_and_empty_ones_keep_their_place(self) -> None:
        told = parts_of([table((tag("TH", "a", row_span=2), tag("TH", "b", col_span=2)),
                               (tag(EMPTY), tag("TD", "c")))])
        self.assertEqual(told, (Table(((Cell("a", 2, 1, True), Cell("b", 1, 2, True)), (Cell(""), Cell("c"))),
                                      "tagged"),))

    def test_rows_stand_in_groups_or_not_and_a_caption_is_told_after_them(self) -> None:
        told = parts_of([tag("Table", tag("Caption", "Table 1"), tag("THead", tag("TR", tag("TH", "h"))),
                             tag("TR", tag("TD", "d")))])
        self.assertEqual(told, (Table(((Cell("h", header=True),), (Cell("d"),)), "tagged"), Caption("Table 1")))

    def test_paragraphs_and_lists_in_a_cell_are_its_text(self) -> None:
        told = parts_of([table((tag("TD", tag("P", "One"), tag("L", item("•", "Two"))),))])
        self.assertEqual(told, (Table(((Cell("One • Two"),),), "tagged"),))


class Documents(unittest.TestCase):
    def test_only_kinds_that_are_tagged_right_are_judged(self) -> None:
        told = tagged.truth_of([[tag("H1", "One"), tag("L", item("1.", "Two"))]])
        scores = tagged.judged(told, Found(), ["headings", "cells"])
        self.assertEqual({kind: score and score["f1"] for kind, score in scores.items()},
                         {"headings": 0.0, "lists": None, "cells": None, "order": None})

    def test_what_is_found_as_it_is_tagged_scores_1_over_all_pages(self) -> None:
        told = tagged.truth_of([[tag("H1", "One")], [tag("P", "two three")]])
        self.assertEqual(told["body"], ["One", "two three"])
        result = Found(headings=[{"text": "One", "level": 1}], body=["One", "two three"])
        scores = tagged.judged(told, result, list(tagged.KINDS))
        self.assertEqual((scores["headings"]["f1"], scores["order"]["f1"]), (1.0, 1.0))

    def test_means_are_of_the_documents_that_have_the_kind_and_have_no_bar(self) -> None:
        scores = [{kind: {"f1": value} if value is not None else None for kind in tagged.KINDS}
                  for value in (1.0, 0.5, None)]
        self.assertEqual([(bar["documents"], bar["value"], bar["bar"], bar["met"]) for bar in tagged.figures(scores)],
                         [(2, 0.75, None, True)] * 4)

    def test_every_document_of_the_list_has_known_kinds_or_none_and_a_reason(self) -> None:
        rows = [line.split("\t") for line in tagged.LIST.read_text(encoding="utf-8").splitlines()]
        self.assertEqual([name for name, *_ in rows], sorted({name for name, *_ in rows}))
        for name, kinds, reason in rows:
            self.assertTrue(reason, name)
            self.assertLessEqual(set(kinds.split()), {*tagged.KINDS, "-"}, name)


if __name__ == "__main__":
    sys.exit(unittest.main())

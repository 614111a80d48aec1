#!/usr/bin/env python3
"""Checks what the evaluation counts as a word, how it scores, and what its rules explain and what not."""

import sys
import unittest
from collections import Counter
from pathlib import Path

# What the programs of tests/bench and tests/eval share.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "measuring"))

import corpora
import places
import report
import results
import rules
import scoring
import spelling
import summary
from places import Drawn, Joint, Place
from results import PageText
from scoring import APART, NARROW


def stream(text: str, **more) -> dict:
    return {"text": text, "overprinted": 0, "replaced": 0, "actual": 0, "mapped": None, "doubtful": 0.0, **more}


def page(*texts: str, **more) -> PageText:
    return PageText(seen=[("page", text) for text in texts], **more)


class Words(unittest.TestCase):
    def test_text_is_split_at_white_space_of_any_kind(self) -> None:
        self.assertEqual(scoring.words("a well-known\u00a0fact,\n30\u202f%\t!"),
                         ["a", "well-known", "fact,", "30", "%", "!"])

    def test_han_and_kana_are_words_one_by_one_and_hangul_is_not(self) -> None:
        self.assertEqual(scoring.words("第10条、自由とPDF 1.7の。"),
                         ["第", "10", "条", "、", "自", "由", "と", "PDF", "1.7", "の", "。"])
        self.assertEqual(scoring.words("모든 인간은 \U00020000\U00020001"),
                         ["모든", "인간은", "\U00020000", "\U00020001"])

    def test_letters_with_marks_are_composed(self) -> None:
        self.assertEqual(scoring.words("Vie\u0302\u0323t e\u0301"), ["Việt", "é"])

    def test_what_nobody_can_see_is_no_part_of_a_word(self) -> None:
        self.assertEqual(scoring.words("co\u00adoperation \u200e217\u200f a\x02b \x00"), ["cooperation", "217", "ab"])


class Scores(unittest.TestCase):
    def test_the_same_words_in_another_order_cost_pairs_only(self) -> None:
        score = scoring.score(list("abcd"), list("cdab"))
        self.assertEqual(score, scoring.Score(words=1.0, pairs=2 * 2 / 6))

    def test_a_word_that_is_there_twice_must_be_found_twice(self) -> None:
        self.assertEqual(scoring.f1(Counter(["the", "the", "end"]), Counter(["the", "end"])), 2 * 2 / 5)

    def test_invented_words_cost_as_much_as_lost_ones(self) -> None:
        self.assertEqual(scoring.f1(Counter("ab"), Counter("abcd")), scoring.f1(Counter("abcd"), Counter("ab")))

    def test_nothing_expected_and_nothing_found_is_right(self) -> None:
        self.assertEqual(scoring.score([], []), scoring.Score(1.0, 1.0))
        self.assertEqual(scoring.score([], ["x"]).words, 0.0)



class Rules(unittest.TestCase):
    def assert_explained(self, comparison: rules.Comparison, **effects: int) -> None:
        self.assertEqual(comparison.score, scoring.Score(1.0, 1.0))
        changed = {rule.split()[0]: change for rule, change in comparison.effects.items() if change}
        self.assertEqual(changed, effects)

    def test_a_break_that_the_page_undid_is_undone(self) -> None:
        self.assert_explained(rules.compare(stream("the ange\x02boren and co-\r\noperate"),
                                            page("the angeboren and cooperate")), words=-2)

    def test_a_hyphen_that_the_page_kept_is_kept(self) -> None:
        self.assert_explained(rules.compare(stream("call 030\x02555 or DR-\r\n4711"), page("call 030-555 or DR-4711")),
                              words=-1)

    def test_a_lost_hyphen_is_undone_but_a_lost_word_is_not_explained(self) -> None:
        comparison = rules.compare(stream("one two-\r\nthree"), page("one"))
        self.assertEqual(comparison.expected, ["one", "two-", "three"])

    def test_hidden_words_are_explained_by_the_layer_that_they_are_in(self) -> None:
        told = page("seen twice", hidden=[("outside_page", "unseen twice")])
        self.assert_explained(rules.compare(stream("seen twice unseen twice"), told), **{"invisible,": -11})

    def test_a_word_that_is_in_no_layer_is_missing(self) -> None:
        comparison = rules.compare(stream("seen unseen"), page("seen", hidden=[("", "other")]))
        self.assertEqual((comparison.expected, comparison.wrong), (["seen", "unseen"], 1))

    def test_values_of_fields_are_explained_unless_the_stream_has_them(self) -> None:
        told = PageText(seen=[("page", "Name:"), ("field", "Ada Byron")])
        self.assert_explained(rules.compare(stream("Name:"), told), values=8)
        self.assert_explained(rules.compare(stream("Name: Ada Byron"), told))

    def test_invented_words_of_the_page_itself_are_not_explained(self) -> None:
        self.assertEqual(rules.compare(stream("Name:"), page("Name: Ada")).found, ["Name:", "Ada"])

    def test_right_to_left_words_may_have_been_turned_round(self) -> None:
        self.assert_explained(rules.compare(stream("ةيرحلا ملّا"), page("الحرية لمّا")), **{"right-to-left": 10})
        self.assertLess(rules.compare(stream("drow"), page("word")).score.words, 1)

    def test_a_hyphen_or_dash_of_any_kind_and_a_slash_at_a_line_end_join_what_the_page_joins(self) -> None:
        self.assert_explained(rules.compare(stream("User\u2010\r\ngenerated 9\u2013\r\n12 a/\r\nb -a-\r\n-b\x02c"),
                                            page("User\u2010generated 9\u201312 a/b -a- -b-c")), words=-3)
        self.assert_explained(rules.compare(stream("a -\r\nb and/\r\n(or"), page("a - b and/ (or")))

    def test_a_word_torn_at_a_line_end_is_not_explained(self) -> None:
        self.assertEqual(rules.compare(stream("fi\x02nite"), page("fi- nite")).wrong, 3)

    def test_a_space_that_libpdfium_added_in_a_narrow_gap_may_be_none(self) -> None:
        told = stream(f"a{NARROW}2 + b{NARROW}2 T{NARROW}h{NARROW}e")
        self.assert_explained(rules.compare(told, page("a2 + b2 The")), spaces=-4)
        self.assert_explained(rules.compare(told, page("a 2 + b 2 T h e")))

    def test_a_wide_gap_without_a_space_may_be_one(self) -> None:
        told = stream(f"(left{APART}right){APART}below")
        self.assert_explained(rules.compare(told, page("(left right) below")), spaces=2)
        self.assert_explained(rules.compare(told, page("(left right)below")), spaces=1)
        self.assertEqual(rules.compare(told, page("(le ft right) below")).wrong, 3)

    def test_signs_between_hidden_words_are_read_too(self) -> None:
        told = PageText(seen=[("page", "A")], hidden=[("outside_page", "B"), ("outside_page", "C")])
        self.assert_explained(rules.compare(stream(f"A{APART}B{APART}C"), told), spaces=2, **{"invisible,": -2})

    def test_pieces_of_a_word_may_have_been_drawn_in_another_order(self) -> None:
        self.assert_explained(rules.compare(stream(f"1{APART}Page"), page("Page1")), pieces=5)
        self.assertEqual(rules.compare(stream("1Page"), page("Page1")).score.words, 0)

    def test_a_part_of_a_word_may_be_hidden(self) -> None:
        told = PageText(seen=[("page", "from Pdf")], hidden=[("outside_page", "ium!")])
        self.assert_explained(rules.compare(stream("from Pdfium!"), told), **{"invisible,": -4})
        self.assertEqual(rules.compare(stream("from Pdfium!"), page("from Pdf")).wrong, 2)

    def test_notes_and_marks_of_checkboxes_are_explained_and_other_words_are_not(self) -> None:
        told = PageText(seen=[("page", "Paid"), ("mark", "\u2611"), ("note", "by whom?")])
        self.assert_explained(rules.compare(stream("Paid"), told), marks=1, notes=7)

    def test_characters_without_any_value_count_on_neither_side(self) -> None:
        self.assert_explained(rules.compare(stream("stu\ufffd \ufffd\ufffd"), page("stu")), no=-3)
        self.assert_explained(rules.compare(stream("stu"), page("stu\ufffd")))
        self.assertEqual(rules.compare(stream("stuv"), page("stu\ufffd")).wrong, 2)

    def test_codes_of_many_scripts_that_stand_for_themselves_are_compared_by_character(self) -> None:
        text = "\u0514\u03f8\u0a50g \u1021b"
        self.assertEqual(rules.compare(stream(text, doubtful=0.9), page(text.replace(" ", ""))).score.words, 1)
        self.assertEqual(rules.compare(stream("ab cd", doubtful=0.9), page("abcd")).score.words, 0)

    def test_what_is_drawn_twice_or_replaced_by_the_file_is_told(self) -> None:
        self.assert_explained(rules.compare(stream("office", overprinted=6, replaced=5, actual=6), page("office")),
                              drawn=-6, **{"ActualText,": -5, "ActualText": 6})

    def test_words_that_were_run_together_are_not_explained(self) -> None:
        self.assertEqual(rules.compare(stream("of the"), page("ofthe")).score.words, 0)

    def test_private_and_control_characters_and_ligatures_are_no_difference(self) -> None:
        self.assert_explained(rules.compare(stream("\uf0b7 e\ufb03ci\u00adent"), page("efficient")),
                              private=-1, soft=-1, ligatures=2)

    def test_dots_of_a_leader_may_be_spaced_or_not(self) -> None:
        self.assert_explained(rules.compare(stream("Sum......12 e.g. . . x"), page("Sum . . . . . . 12 e.g. .. x")))

    def test_letters_that_names_of_glyphs_tell_are_explained_as_far_as_there_are_such_glyphs(self) -> None:
        told = {"text": "a speci\ufffdc o\ufffdce", "overprinted": 0, "replaced": 0, "actual": 0, "mapped": "a specic oce",
                "doubtful": 0.1}
        named = rules.compare(told, page("a specific office"))
        self.assertEqual((named.expected, named.found), (["a"], ["a"]))
        self.assert_explained(rules.compare(stream("\uf8f2\uf8f3"), page("\u23a8\u23a9")), private=-2, names=2)
        # Letters beyond those of two glyphs are not explained.
        self.assertGreater(rules.compare(told, page("a specific office more words")).wrong, 0)

    def test_characters_without_a_trustworthy_value_count_only_if_they_fit(self) -> None:
        self.assert_explained(rules.compare(stream("good §$%", mapped="good "), page("good")), no=-3)
        self.assert_explained(rules.compare(stream("good §$%", mapped="good "), page("good §$%")))


class Spelling(unittest.TestCase):
    def test_most_letters_in_words_of_the_page_decide(self) -> None:
        vocabulary = spelling.Vocabulary(["to", "get", "together", "her"])
        found = spelling.resolved(f"to{NARROW}get{NARROW}her un\x02known x{NARROW}y", vocabulary, Counter())
        self.assertEqual(found, "to get her un-known x y")
        self.assertEqual(spelling.resolved(f"to{APART}get", vocabulary, Counter()), "to get")

    def test_many_signs_take_no_time(self) -> None:
        text = APART.join("ab" * 4_000) + "-\r\n".join("cd" * 500)
        self.assertIn("a", spelling.resolved(text, spelling.Vocabulary(["abab"]), Counter()))


class Places(unittest.TestCase):
    DRAWN = Drawn(handle=1, turn=0.0, size=10.0, actual=None)

    def place(self, x: float, y: float = 0.0, width: float = 5.0, drawn: Drawn = DRAWN) -> Place:
        along, line = places.in_frame(x, y, drawn.turn)
        return Place(along, along + width, line, drawn.size, (x, y), drawn)

    def sign(self, x: float, y: float = 0.0, added: str = "", written: bool = False, pair: str = "ab") -> str:
        return Joint(1, self.place(0.0), self.place(x, y), added, written, pair).sign

    def test_a_character_on_one_of_the_same_value_repeats_it(self) -> None:
        shifted = [self.place(x, y).repeats(self.place(0.0)) for x, y in ((0.5, 0.0), (1.9, 1.9), (2.6, 0.0), (0.0, 2.1))]
        self.assertEqual(shifted, [True, True, False, False])

    def test_a_large_character_over_a_small_one_repeats_nothing(self) -> None:
        large = self.place(0.0, width=50.0, drawn=self.DRAWN._replace(size=100.0))
        self.assertFalse(large.repeats(self.place(1.0)))

    def test_letters_of_slanted_writing_that_follow_each_other_repeat_nothing(self) -> None:
        slanted = self.DRAWN._replace(turn=0.7853981633974483)
        following = [self.place(step, step, 5.0, slanted) for step in (0.0, 2.0)]
        self.assertFalse(following[1].repeats(following[0]))

    def test_letters_of_one_glyph_are_told_by_object_and_origin(self) -> None:
        other = self.place(0.0, drawn=self.DRAWN._replace(handle=2))
        self.assertEqual([self.place(0.0).of_one_glyph(self.place(0.0)), self.place(0.0).of_one_glyph(other)], [True, False])

    def test_gaps_that_contradict_libpdfium_get_a_sign(self) -> None:
        self.assertEqual([self.sign(5.5, added=" "), self.sign(6.4, added=" "), self.sign(5.3, 12.0, added="\r\n"),
                          self.sign(5.3, 14.0, added="\r\n")], [NARROW, " ", NARROW, "\r\n"])
        self.assertEqual([self.sign(6.4), self.sign(7.5), self.sign(5.0, 9.0), self.sign(-9.0)], ["", APART, APART, APART])

    def test_a_space_of_the_file_is_none_only_if_its_neighbours_touch(self) -> None:
        self.assertEqual([self.sign(5.1, added=" ", written=True), self.sign(5.5, added=" ", written=True)], [NARROW, " "])

    def test_lines_of_thai_are_joined_without_a_space(self) -> None:
        self.assertEqual(self.sign(-90.0, -14.0, added="\r\n", pair="\u0e27\u0e2a"), NARROW)
        self.assertEqual(self.sign(-90.0, -14.0, added="\r\n"), "\r\n")

    def spaced(self, gaps: list[float], letters: str) -> str:
        kept, line, x = [(letters[0], False)], [], 0.0
        for gap, pair in zip(gaps, zip(letters, letters[1:])):
            line.append(Joint(len(kept), self.place(x), self.place(x + 5 + gap), " ", False, "".join(pair)))
            kept += [(" ", False), (pair[1], False)]
            x += 5 + gap
        places.close_up(line, kept)
        return "".join(text for text, _ in kept)

    def test_letters_set_apart_evenly_may_be_a_word_up_to_a_wider_gap(self) -> None:
        self.assertEqual(self.spaced([2, 2, 2.1, 4, 2, 2], "Thebigx"), NARROW.join("Theb") + " " + NARROW.join("igx"))
        self.assertEqual(self.spaced([2, 2, 2, 2, 2], "123456"), "1 2 3 4 5 6")


class Documents(unittest.TestCase):
    def scores(self, stream_text: str, told: PageText) -> dict:
        answer = results.Result("succeeded", None, {1: told}, [])
        return corpora.score_of([corpora.compare_page("a.pdf", 1, {**stream(stream_text), "picture": 0.0}, answer)])

    def test_a_page_of_which_the_rules_leave_nothing_says_nothing_and_a_lost_one_counts(self) -> None:
        self.assertEqual(self.scores("", PageText(seen=[("field", "Ada")])), {})
        self.assertEqual(self.scores("lost", PageText())["words"], 0.0)

    def test_documents_without_words_are_told_apart(self) -> None:
        documents = [{"words": 0.5}, {}, {"libpdfium": "hangs"}]
        self.assertEqual(report.with_blank({"documents": documents}, "words"), 0.75)


class Results(unittest.TestCase):
    def test_all_layers_but_invisible_are_read_and_cells_and_values_count_once(self) -> None:
        result = results.of_json({
            "status": "succeeded",
            "pages": [{"page_number": 1, "text_source": "native"}, {"page_number": 2, "text_source": "none"}],
            "warnings": [{"code": "ocr_required", "page_number": 2}, {"code": "image_scaled_down", "page_number": 1}],
            "elements": [
                {"page_number": 1, "text": "Head", "content_layer": "furniture"},
                {"page_number": 1, "text": "secret", "content_layer": "invisible", "extra": {"hidden": "covered"}},
                {"page_number": 1, "text": "", "table": {"cells": [{"text": "a"}, {"text": ""}, {"text": "b"}]}},
                {"page_number": 1, "text": "a b", "table": {"cells": [{"text": "a"}, {"text": "b"}]}},
                {"page_number": 1, "text": "City", "field": {"value": "New  York"}},
                {"page_number": 1, "text": "City: Oslo", "field": {"value": "Oslo"}},
                {"page_number": 1, "type": "form_field", "text": "Rome", "field": {"value": "Rome"}},
                {"page_number": 1, "type": "checkbox", "text": "\u2611", "field": {"checked": True}},
                {"page_number": 1, "text": "Note", "content_layer": "notes"}]})
        self.assertEqual(result.texts, ["Head", "a b", "a b", "City", "New York", "City: Oslo", "Rome", "\u2611",
                                        "Note"])
        self.assertEqual(result.pages[1].seen[-5:], [("field", "New York"), ("page", "City: Oslo"), ("field", "Rome"),
                                                     ("mark", "\u2611"), ("note", "Note")])
        self.assertEqual(result.pages[1].hidden, [("covered", "secret")])
        self.assertEqual([(number, told.empty, told.warned) for number, told in sorted(result.pages.items())],
                         [(1, False, False), (2, True, True)])

    def test_a_paragraph_that_goes_on_stands_on_both_pages(self) -> None:
        region = {"granularity": "element"}
        result = results.of_json({"pages": [], "elements": [{"page_number": 1, "text": "one two", "regions": [
            {"page_number": 1, "char_span": [0, 3], **region}, {"page_number": 2, "char_span": [4, 7], **region}]}]})
        self.assertEqual([result.pages[number].seen for number in (1, 2)], [[("page", "one")], [("page", "two")]])
        self.assertEqual(result.texts, ["one two"])

    def test_a_warning_without_a_page_is_about_all_of_them(self) -> None:
        result = results.of_json({"pages": [{"page_number": 1}], "warnings": [{"code": "limit_reached"}]})
        self.assertTrue(result.pages[1].warned)


class Bars(unittest.TestCase):
    DOCUMENTS = [{"file": "a.pdf", "script": "Latin", "words": 1.0, "pairs": 0.98, "differs": ""},
                 {"file": "b.pdf", "script": "Latin", "words": 0.997, "pairs": 1.0, "differs": ""},
                 {"file": "c.pdf", "script": "Greek", "words": 0.9, "pairs": 1.0, "differs": "missing: λόγος"}]

    def test_a_bar_is_the_mean_of_a_script(self) -> None:
        met = {bar["name"]: bar["met"] for bar in report.bars({"generated": self.DOCUMENTS})}
        self.assertEqual(met, {"words, Latin": True, "pairs, Latin": True, "words, Greek": False, "pairs, Greek": True})

    def test_a_figure_that_could_not_be_measured_is_a_missed_bar(self) -> None:
        cost = {"ordinary_pages": 0, "median_ms": None, "max_ms": None}
        corpora = {"documents": [], "pages": 0, "silent": [], "cost": cost}
        missed = [bar["name"] for bar in report.bars({"generated": [], "corpora": corpora}) if not bar["met"]]
        self.assertEqual(missed, ["words, corpora", "median CPU of an ordinary page, ms", "most CPU of a page, ms"])

    def test_the_table_names_what_is_missed(self) -> None:
        findings = {"generated": self.DOCUMENTS}
        told = report.markdown(findings, report.bars(findings))
        self.assertIn("| Greek | 1 | 0.9000 | 1.0000 |", told)
        self.assertIn("| c.pdf | 0.9000 | 1.0000 | missing: λόγος |", told)
        self.assertIn("| words, Greek | ≥ 0.998 | 0.9 |", told)


class AllSets(unittest.TestCase):
    MET = {"name": "cells, F1", "documents": 3, "bar": "≥ 0.9", "value": 0.95, "met": True}
    MISSED = {"name": "tables", "documents": 150, "of": "pages", "bar": "≤ 0", "value": 2, "met": False}
    REPORTED = {"name": "order, F1", "documents": 0, "bar": None, "value": None, "met": True}

    def test_each_figure_has_a_line_and_what_is_missed_is_named_once_more(self) -> None:
        told = summary.markdown({"one": [self.MET, self.REPORTED], "two": [self.MISSED]}).splitlines()
        self.assertEqual(told[4:], ["| one | 3 | cells, F1 | ≥ 0.9 | 0.9500 | met |",
                                    "| one | 0 | order, F1 | – | – | reported |",
                                    "| two | 150 pages | tables | ≤ 0 | 2 | missed |", "", "Missed: two: tables"])

    def test_what_is_only_reported_is_never_missed(self) -> None:
        self.assertEqual(summary.missed({"one": [self.MET, self.REPORTED]}), [])


if __name__ == "__main__":
    unittest.main()

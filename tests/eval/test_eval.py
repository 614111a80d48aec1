#!/usr/bin/env python3
"""Checks what the evaluation counts as a word, how it scores, and what its rules explain and what not."""

import sys
import unittest
from collections import Counter
from pathlib import Path

# What the programs of tests/bench and tests/eval share.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "measuring"))

import report
import results
import rules
import scoring
from results import PageText


def stream(text: str, **more) -> dict:
    return {"text": text, "overprinted": "", "mapped": None, **more}


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
                                            page("the angeboren and cooperate")), hyphens=-2)

    def test_a_hyphen_that_the_page_kept_is_kept(self) -> None:
        self.assert_explained(rules.compare(stream("call 030\x02555 or DR-\r\n4711"), page("call 030-555 or DR-4711")))

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

    def test_letters_set_apart_may_have_been_closed_up(self) -> None:
        self.assert_explained(rules.compare(stream("T h e O f f i c e of a"), page("The Office of a")), spaces=-7)

    def test_words_that_were_run_together_are_not_explained(self) -> None:
        self.assertEqual(rules.compare(stream("of the"), page("ofthe")).score.words, 0)

    def test_private_and_control_characters_and_ligatures_are_no_difference(self) -> None:
        self.assert_explained(rules.compare(stream("\uf0b7 e\ufb03cient\ufffe"), page("efficient")),
                              private=-1, soft=-1, ligatures=2)

    def test_dots_of_a_leader_may_be_spaced_or_not(self) -> None:
        self.assert_explained(rules.compare(stream("Sum......12 e.g. . . x"), page("Sum . . . . . . 12 e.g. .. x")))

    def test_characters_without_a_trustworthy_value_count_only_if_they_fit(self) -> None:
        self.assert_explained(rules.compare(stream("good §$%", mapped="good "), page("good")), no=-3)
        self.assert_explained(rules.compare(stream("good §$%", mapped="good "), page("good §$%")))


class Results(unittest.TestCase):
    def test_all_layers_but_invisible_are_read_and_cells_and_values_count_once(self) -> None:
        result = results.of_json({
            "status": "succeeded", "timings": {"parse": 4.5}, "branches": {"parse": {"pages_succeeded": 1}},
            "pages": [{"page_number": 1, "text_source": "native"}, {"page_number": 2, "text_source": "none"}],
            "warnings": [{"code": "ocr_required", "page_number": 2}, {"code": "image_scaled_down", "page_number": 1}],
            "elements": [
                {"page_number": 1, "text": "Head", "content_layer": "furniture"},
                {"page_number": 1, "text": "secret", "content_layer": "invisible", "extra": {"hidden": "covered"}},
                {"page_number": 1, "text": "", "table": {"cells": [{"text": "a"}, {"text": ""}, {"text": "b"}]}},
                {"page_number": 1, "text": "a b", "table": {"cells": [{"text": "a"}, {"text": "b"}]}},
                {"page_number": 1, "text": "City", "field": {"value": "New  York"}},
                {"page_number": 1, "text": "City: Oslo", "field": {"value": "Oslo"}},
                {"page_number": 1, "text": "Note", "content_layer": "notes"}]})
        self.assertEqual(result.texts, ["Head", "a b", "a b", "City", "New York", "City: Oslo", "Note"])
        self.assertEqual(result.pages[1].seen[-3:], [("field", "New York"), ("page", "City: Oslo"), ("note", "Note")])
        self.assertEqual(result.pages[1].hidden, [("covered", "secret")])
        self.assertEqual([(number, told.empty, told.warned) for number, told in sorted(result.pages.items())],
                         [(1, False, False), (2, True, True)])
        self.assertEqual((result.parse_ms, result.page_count), (4.5, 1))

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
        corpora = {"documents": [], "silent": [], "cost": {"median_ms": None, "max_ms": None}}
        missed = [bar["name"] for bar in report.bars({"generated": [], "corpora": corpora}) if not bar["met"]]
        self.assertEqual(missed, ["words, corpora", "median CPU of an ordinary page, ms", "most CPU of a page, ms"])

    def test_the_table_names_what_is_missed(self) -> None:
        findings = {"generated": self.DOCUMENTS}
        told = report.markdown(findings, report.bars(findings))
        self.assertIn("| Greek | 1 | 0.9000 | 1.0000 |", told)
        self.assertIn("| c.pdf | 0.9000 | 1.0000 | missing: λόγος |", told)
        self.assertIn("| words, Greek | ≥ 0.998 | 0.9 |", told)


if __name__ == "__main__":
    unittest.main()

"""Folders of PDFs from elsewhere: each page is compared with libpdfium's own character stream."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import rules
import scoring
import text_cost
from children import Child, Silence
from results import PageText, Result
from worker import Worker

STREAM = Path(__file__).with_name("stream.py")
START_SECONDS = 60
HALF = 0.5
WORST = 20


def evaluate(worker: Worker, folder: Path, pages: int, every: int, scratch: Path) -> dict:
    files = {f"{number:05}": file for number, file in enumerate(sorted(folder.rglob("*.pdf"))[::every])}
    scratch.mkdir(parents=True)
    print(f"libpdfium reads {len(files)} files", file=sys.stderr, flush=True)
    streams = Streams(pages, scratch, worker.file_seconds).read(files)
    print("the worker parses them", file=sys.stderr, flush=True)
    answers = worker.parse(files, scratch)
    documents, compared, silent, lost = [], [], [], []
    effects: dict[str, Counter] = {}
    for name, file in files.items():
        origin = file.relative_to(folder).as_posix()
        stream, answer = streams[name], answers[name]
        if not isinstance(answer, Result) or not answer.pages or not isinstance(stream, list):
            documents.append({"file": origin, "libpdfium": stream if isinstance(stream, str) else "reads it",
                              "worker": answer if isinstance(answer, str) else answer.error or answer.status})
            continue
        of_file = [compare_page(origin, number, page, answer) for number, page in enumerate(stream, start=1)
                   if page["readable"] and number in answer.pages]
        lost += [f"{origin}, page {number}" for number in range(1, len(stream) + 1) if number not in answer.pages]
        silent += [page["page"] for page in of_file if page["silent"]]
        for page in of_file:
            for rule, change in page["effects"].items():
                of_rule = effects.setdefault(rule, Counter())
                of_rule.update(pages=1, removed=max(0, -change), added=max(0, change))
        documents.append({"file": origin, "worker": answer.status, "error": answer.error,
                          "text_cpu_ms": sum(answer.text_cpu_ms.values()), **score_of(of_file)})
        compared += of_file
    with_words = [page for page in compared if page["size"]]
    by_score = sorted(with_words, key=lambda page: (page["words"], page["pairs"], -page["size"]))
    by_words = sorted(with_words, key=lambda page: -page["wrong"])
    return {"documents": documents, "effects": {rule: dict(counts) for rule, counts in sorted(effects.items())},
            "worst": {"by score": list(map(shown, by_score[:WORST])), "by words": list(map(shown, by_words[:WORST]))},
            "together": score_of(compared), "silent": silent, "lost": lost, "pages": len(compared),
            "with_words": len(with_words),
            "cost": asdict(text_cost.measure(files, answers))}


def compare_page(origin: str, number: int, stream: dict, answer: Result) -> dict:
    page = answer.pages[number]
    comparison = rules.compare(stream, page)
    before = scoring.words(stream["text"].replace(scoring.NARROW, " "))
    raw = scoring.score(before, [word for _, text in page.seen for word in scoring.words(text)])
    characters = sum(map(len, before))
    return {"page": f"{origin}, page {number}", "words": comparison.score.words, "pairs": comparison.score.pairs,
            "letters": comparison.letters, "raw": raw.words, "wrong": comparison.wrong,
            "size": len(comparison.expected) + len(comparison.found), "differs": rules.excerpt(comparison),
            "effects": {rule: change for rule, change in comparison.effects.items() if change},
            "comparison": comparison, "silent": is_silent(page, characters, stream["picture"])}


def is_silent(page: PageText, characters: int, picture: float) -> bool:
    """Tells a page of which the result says nothing, neither text nor warning, although there is something."""
    return page.empty and not page.warned and (characters > 0 or picture > HALF)


def score_of(pages: list[dict]) -> dict:
    """Returns the scores of a document: its pages' words are counted page by page, and put together.

    A document without a word on either side, or of which the rules leave none, has no score.
    """
    with_words = [page for page in pages if page["size"]]
    if not with_words:
        return {}
    agreed, total, agreed_pairs, total_pairs = 0, 0, 0, 0
    for page in with_words:
        comparison = page["comparison"]
        expected, found = Counter(comparison.expected), Counter(comparison.found)
        agreed += 2 * (expected & found).total()
        total += page["size"]
        expected_pairs, found_pairs = scoring.pairs(comparison.expected), scoring.pairs(comparison.found)
        agreed_pairs += 2 * (expected_pairs & found_pairs).total()
        total_pairs += expected_pairs.total() + found_pairs.total()
    return {"words": agreed / total, "pairs": agreed_pairs / total_pairs if total_pairs else 1.0,
            "letters": scoring.mean(page["letters"] for page in with_words),
            "raw": scoring.mean(page["raw"] for page in with_words)}


def shown(page: dict) -> dict:
    return {key: page[key] for key in ("page", "words", "pairs", "letters", "wrong", "differs")}


class Streams:
    """Asks stream.py about many files. A child that hangs or dies is replaced, and its file blamed."""

    def __init__(self, pages: int, scratch: Path, file_seconds: float):
        self.pages, self.scratch, self.file_seconds = pages, scratch, file_seconds

    def read(self, files: dict[str, Path]) -> dict[str, list | str]:
        """Returns the pages of each file by its name, or a sentence that says why there are none."""
        answers: dict[str, list | str] = {}
        waiting = list(files)
        while waiting:
            child = Child(self.command([files[name] for name in waiting]))
            try:
                child.next_answer(START_SECONDS)
                while waiting:
                    answer = child.next_answer(self.file_seconds)
                    answers[waiting.pop(0)] = answer.get("pages", answer.get("error"))
            except Silence as silence:
                if not child.answered:
                    raise SystemExit("stream.py does not start: pip install -r requirements.txt") from None
                answers[waiting.pop(0)] = str(silence)
            finally:
                child.end()
        return answers

    def command(self, files: list[Path]) -> list[str]:
        listed = self.scratch / "streams.json"
        listed.write_text(json.dumps([str(file) for file in files]))
        return [sys.executable, "-B", str(STREAM), str(listed), str(self.pages)]

"""The documents of known text: each is scored against what stands beside it."""

from __future__ import annotations

import json
from pathlib import Path

import scoring
from rules import Comparison, excerpt
from worker import Worker

DOCUMENTS = Path(__file__).with_name("documents")


def evaluate(worker: Worker, scratch: Path) -> list[dict]:
    told = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(DOCUMENTS.glob("*.json"))}
    answers = worker.parse({name: DOCUMENTS / known["file"] for name, known in told.items()}, scratch)
    return [finding(known, answers[name]) for name, known in told.items()]


def finding(known: dict, answer) -> dict:
    """Returns the scores of one document; without a result they are 0."""
    about = {key: known[key] for key in ("file", "made_with", "script", "columns")}
    if isinstance(answer, str):
        return {**about, "words": 0.0, "pairs": 0.0, "differs": answer}
    expected, found = scoring.words("\n".join(known["blocks"])), scoring.words("\n".join(answer.texts))
    score = scoring.score(expected, found)
    return {**about, "words": score.words, "pairs": score.pairs, "differs": excerpt(Comparison(expected, found))}

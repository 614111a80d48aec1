"""Says in Markdown what was found, and which bars are met. Pure."""

from __future__ import annotations

import scoring
from text_cost import DENSEST_MS, ORDINARY_MS

WORDS, PAIRS, STREAM_WORDS = 0.998, 0.985, 0.995


def bars(findings: dict) -> list[dict]:
    """Returns what was to be reached, what was, and whether that is enough."""
    listed = []
    for script, documents in by_script(findings["generated"]).items():
        listed.append(at_least(f"words, {script}", len(documents), WORDS, mean_of(documents, "words")))
        listed.append(at_least(f"pairs, {script}", len(documents), PAIRS, mean_of(documents, "pairs")))
    if corpora := findings.get("corpora"):
        rows, pages, cost = scored(corpora), corpora["pages"], corpora["cost"]
        listed.append(at_least("words, corpora", len(rows), STREAM_WORDS, mean_of(rows, "words")))
        listed.append(at_most("pages without text and without a warning", pages, 0, len(corpora["silent"])))
        listed.append(at_most("median CPU of an ordinary page, ms", cost["ordinary_pages"], ORDINARY_MS,
                              cost["median_ms"]))
        listed.append(at_most("most CPU of a page, ms", pages, DENSEST_MS, cost["max_ms"]))
    return listed


def at_least(name: str, documents: int, bar: float, value: float | None) -> dict:
    return {"name": name, "documents": documents, "bar": f"≥ {bar}", "value": value,
            "met": value is not None and value >= bar}


def at_most(name: str, pages: int, bar: float, value: float | None) -> dict:
    return {"name": name, "documents": pages, "of": "pages", "bar": f"≤ {bar:g}", "value": value,
            "met": value is not None and value <= bar}


def by_script(documents: list[dict]) -> dict[str, list[dict]]:
    scripts: dict[str, list[dict]] = {}
    for document in documents:
        scripts.setdefault(document["script"], []).append(document)
    return dict(sorted(scripts.items()))


def scored(corpora: dict) -> list[dict]:
    return [document for document in corpora["documents"] if "words" in document]


def mean_of(rows: list[dict], key: str) -> float | None:
    return scoring.mean(row[key] for row in rows)


def with_blank(corpora: dict, key: str) -> float | None:
    """Returns the mean of all documents that both sides read; one without a word on either side counts 1."""
    return scoring.mean(row.get(key, 1.0) for row in corpora["documents"] if "libpdfium" not in row)


def markdown(findings: dict, listed: list[dict]) -> str:
    lines = ["## Documents of known text", "", "| script | documents | words | pairs |", "|---|---|---|---|"]
    documents = findings["generated"]
    for script, rows in [*by_script(documents).items(), ("all", documents)]:
        lines.append(f"| {script} | {len(rows)} | {share(mean_of(rows, 'words'))} | {share(mean_of(rows, 'pairs'))} |")
    below = [row for row in documents if row["words"] < WORDS or row["pairs"] < PAIRS]
    if below:
        lines += ["", "Below the bars:", "", "| document | words | pairs | what differs |", "|---|---|---|---|"]
        lines += [f"| {row['file']} | {share(row['words'])} | {share(row['pairs'])} | {row['differs']} |"
                  for row in sorted(below, key=lambda row: row["words"])]
    if "corpora" in findings:
        lines += corpora_lines(findings["corpora"])
    missed = [bar for bar in listed if not bar["met"]]
    lines += ["", "## Bars", "", f"{len(listed) - len(missed)} of {len(listed)} met."]
    if missed:
        lines += ["", "| missed | bar | value |", "|---|---|---|"]
        lines += [f"| {bar['name']} | {bar['bar']} | {figure(bar['value'])} |" for bar in missed]
    return "\n".join(lines)


def corpora_lines(corpora: dict) -> list[str]:
    rows, cost, together = scored(corpora), corpora["cost"], corpora["together"]
    lines = ["", "## Corpora, against libpdfium's stream", "",
             f"{len(corpora['documents'])} files; {len(rows)} with words; {corpora['pages']} pages "
             f"compared, {corpora['with_words']} of them with words. {outcomes(corpora['documents'])}", "",
             "| | words | pairs | characters | words before the rules |", "|---|---|---|---|---|",
             f"| mean of documents | {share(mean_of(rows, 'words'))} | {share(mean_of(rows, 'pairs'))} "
             f"| {share(mean_of(rows, 'letters'))} | {share(mean_of(rows, 'raw'))} |",
             f"| with documents without words at 1 | {share(with_blank(corpora, 'words'))} "
             f"| {share(with_blank(corpora, 'pairs'))} | {share(with_blank(corpora, 'letters'))} "
             f"| {share(with_blank(corpora, 'raw'))} |",
             f"| all pages together | {share(together.get('words'))} | {share(together.get('pairs'))} "
             f"| {share(together.get('letters'))} | {share(together.get('raw'))} |",
             f"| documents at 1 | {perfect(rows, 'words')} | {perfect(rows, 'pairs')} | {perfect(rows, 'letters')} "
             f"| {perfect(rows, 'raw')} |",
             "", "| rule | pages | characters removed | added |", "|---|---|---|---|"]
    lines += [f"| {rule} | {counts['pages']} | {counts['removed']} | {counts['added']} |"
              for rule, counts in corpora["effects"].items()]
    for order, worst in corpora["worst"].items():
        lines += ["", f"The worst pages, {order}:", "",
                  "| page | words | pairs | characters | what differs |", "|---|---|---|---|---|"]
        lines += [f"| {page['page']} | {share(page['words'])} | {share(page['pairs'])} | {share(page['letters'])} "
                  f"| {page['differs']} |" for page in worst]
    lines += ["", f"Pages without text and without a warning that have characters or a picture over half the page: "
                  f"{len(corpora['silent'])}"]
    lines += [f"- {page}" for page in corpora["silent"]]
    lines += ["", f"Pages that libpdfium reads and the result does not list: {len(corpora['lost'])}"]
    lines += [f"- {page}" for page in corpora["lost"][:20]]
    lines += ["", f"CPU time of the text pass: ordinary pages ({cost['ordinary_pages']}) median "
                  f"{milliseconds(cost['median_ms'])}, 95 % below {milliseconds(cost['p95_ms'])}; "
                  f"most {milliseconds(cost['max_ms'])} ({cost['max_page']})."]
    return lines


def outcomes(documents: list[dict]) -> str:
    """Counts how the files ended that could not be compared."""
    ends: dict[str, int] = {}
    for document in documents:
        if "libpdfium" in document:
            end = f"worker {document['worker'].split(':')[0]}, libpdfium {document['libpdfium'].split(':')[0]}"
            ends[end] = ends.get(end, 0) + 1
    return "Not compared: " + ("; ".join(f"{count} × {end}" for end, count in sorted(ends.items())) or "none") + "."


def perfect(rows: list[dict], key: str) -> int:
    return sum(1 for row in rows if row[key] > 1 - 1e-9)


def share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} ms"

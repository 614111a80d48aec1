//! `quire dead list`: prints one row for each letter, or one for each code.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use quire_schemas::names::DeadKind;

use super::letters::{LetterArgs, LimitArg, note_extent};
use crate::{
    commands::{
        endpoints::Endpoints,
        exit::UNFINISHED,
        text::{age, cut, note, one_line, or_unknown, say, say_json, table},
    },
    dead::{Group, Letter, groups, list},
};

/// Characters of a message in a row.
const MESSAGE_WIDTH: usize = 60;

#[derive(Debug, Args)]
pub(crate) struct DeadListArgs {
    #[command(flatten)]
    letters: LetterArgs,
    #[command(flatten)]
    limit: LimitArg,
    /// One row for each code: how many, the oldest, the newest and one of the jobs
    #[arg(long)]
    group: bool,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(endpoints: &Endpoints, arguments: &DeadListArgs) -> anyhow::Result<ExitCode> {
    let publisher = endpoints.publisher()?;
    let found = list(&publisher, &arguments.letters.choice(), arguments.limit.get()).await;
    publisher.close().await;
    let (found, now) = (found?, Utc::now());
    note_extent(found.extent);
    let letters = &found.letters;
    match (arguments.group, arguments.json) {
        (false, true) => letters.iter().try_for_each(say_json)?,
        (false, false) => {
            let rows: Vec<_> = letters.iter().map(|letter| row(letter, now)).collect();
            say(&table(HEADINGS, &rows))?;
        }
        (true, true) => groups(letters).iter().try_for_each(say_json)?,
        (true, false) => {
            let rows: Vec<_> = groups(letters).iter().map(|group| group_row(group, now)).collect();
            say(&table(GROUP_HEADINGS, &rows))?;
        }
    }
    if found.extent.is_cut_short {
        return Ok(ExitCode::from(UNFINISHED));
    }
    if letters.is_empty() {
        note("no such dead letters");
    }
    Ok(ExitCode::SUCCESS)
}

const HEADINGS: [&str; 11] =
    ["job", "tenant", "lane", "kind", "code", "phase", "page", "attempt", "age", "worker", "message"];

fn row(letter: &Letter, now: DateTime<Utc>) -> [String; 11] {
    [
        or_unknown(letter.job),
        or_unknown(letter.tenant.as_ref()),
        or_unknown(letter.lane),
        or_unknown(letter.kind.map(DeadKind::as_str)),
        or_unknown(letter.code.as_deref().map(one_line)),
        or_unknown(letter.phase.as_deref().map(one_line)),
        or_unknown(letter.page),
        or_unknown(letter.attempt),
        or_unknown(letter.first_seen.map(|seen| age(seen, now))),
        or_unknown(letter.worker.as_deref().map(one_line)),
        cut(&letter.message.as_deref().map(one_line).unwrap_or_default(), MESSAGE_WIDTH),
    ]
}

const GROUP_HEADINGS: [&str; 6] = ["code", "count", "oldest", "newest", "example", "tenant"];

fn group_row(group: &Group, now: DateTime<Utc>) -> [String; 6] {
    let name = group.code.as_deref().map(one_line).or(group.kind.map(|kind| format!("({kind})")));
    [
        or_unknown(name),
        group.count.to_string(),
        or_unknown(group.oldest.map(|seen| age(seen, now))),
        or_unknown(group.newest.map(|seen| age(seen, now))),
        or_unknown(group.example),
        or_unknown(group.tenant.as_ref()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead::samples::{ID, letter};

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-11-20T12:{minute:02}:00Z").parse().expect("a time")
    }

    fn seen(routing_key: &str, code: &str, minute: u32) -> Letter {
        letter(routing_key, &[("quire-error-code", code), ("quire-first-seen", &at(minute).to_rfc3339())])
    }

    #[test]
    fn a_letter_is_one_row() {
        let message = format!("the page\n\u{1b}[31mfailed{}", "!".repeat(100));
        let headers = [
            ("quire-error-code", "page_failed"),
            ("quire-error-message", message.as_str()),
            ("quire-error-phase", "render"),
            ("quire-error-page", "37"),
            ("quire-attempt", "3"),
            ("quire-first-seen", "2026-11-20T12:00:00Z"),
            ("quire-worker", "w1"),
        ];
        let shown = format!("the page  [31mfailed{}…", "!".repeat(39));
        let expected = [ID, "-", "bulk", "failed", "page_failed", "render", "37", "3", "20m", "w1", shown.as_str()];
        assert_eq!(row(&letter("failed.bulk", &headers), at(20)), expected);
        let expected = [ID, "-", "high", "crash", "-", "-", "-", "-", "-", "-", ""];
        assert_eq!(row(&letter("crash.high", &[]), at(20)), expected);
    }

    #[test]
    fn a_group_is_one_row() {
        let letters = [
            seen("failed.bulk", "not_a_pdf", 7),
            letter("crash.high", &[("quire-error-code", "not_a_pdf")]),
            seen("failed.high", "not_a_pdf", 3),
        ];
        let rows: Vec<_> = groups(&letters).iter().map(|group| group_row(group, at(10))).collect();
        let expected = [["not_a_pdf", "2", "7m", "3m", ID, "-"], ["(crash)", "1", "-", "-", ID, "-"]];
        assert_eq!(rows, expected);
    }
}

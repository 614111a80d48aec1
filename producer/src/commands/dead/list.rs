//! `quire dead list`: one row a letter, or one a code.

use std::{collections::BTreeMap, process::ExitCode};

use chrono::{DateTime, Utc};
use quire_schemas::{job::JobId, names::Tenant};
use serde::Serialize;

use super::{
    letter::{Kind, Letter},
    pile::{Pile, Reach},
    text::{age, cut, one_line},
};
use crate::{
    cli::{DeadListArgs, Endpoints, UNFINISHED},
    commands::{note, or_unknown, say, table},
};

/// What a message is cut to in a row.
const MESSAGE_WIDTH: usize = 60;

pub(super) async fn run(endpoints: &Endpoints, arguments: &DeadListArgs) -> anyhow::Result<ExitCode> {
    let publisher = endpoints.publisher()?;
    let mut pile = Pile::open(&publisher, Reach::SEARCH).await?;
    let letters = collect(&mut pile, arguments).await;
    let is_cut_short = pile.is_cut_short();
    pile.put_back().await;
    publisher.close().await;
    let (letters, now) = (letters?, Utc::now());
    match (arguments.group, arguments.json) {
        (false, true) => letters.iter().try_for_each(say_json)?,
        (false, false) => {
            let rows: Vec<_> = letters.iter().map(|letter| row(letter, now)).collect();
            say(&table(HEADINGS, &rows))?;
        }
        (true, true) => groups(&letters).iter().try_for_each(say_json)?,
        (true, false) => {
            let rows: Vec<_> = groups(&letters).iter().map(|group| group.row(now)).collect();
            say(&table(GROUP_HEADINGS, &rows))?;
        }
    }
    if is_cut_short {
        return Ok(ExitCode::from(UNFINISHED));
    }
    if letters.is_empty() {
        note("no such dead letters");
    }
    Ok(ExitCode::SUCCESS)
}

async fn collect(pile: &mut Pile, arguments: &DeadListArgs) -> anyhow::Result<Vec<Letter>> {
    let (now, most) = (Utc::now(), arguments.limit.map_or(usize::MAX, |limit| limit as usize));
    let mut letters = Vec::new();
    while letters.len() < most
        && let Some(taken) = pile.take().await?
    {
        if arguments.letters.takes(&taken.letter, now) {
            letters.push(taken.letter);
        }
    }
    Ok(letters)
}

fn say_json(line: &impl Serialize) -> anyhow::Result<()> {
    Ok(say(&serde_json::to_string(line)?)?)
}

const HEADINGS: [&str; 11] =
    ["job", "tenant", "lane", "kind", "code", "phase", "page", "attempt", "age", "worker", "message"];

fn row(letter: &Letter, now: DateTime<Utc>) -> [String; 11] {
    [
        or_unknown(letter.job),
        or_unknown(letter.tenant.as_ref()),
        or_unknown(letter.lane),
        or_unknown(letter.kind.map(Kind::as_str)),
        or_unknown(letter.code.as_deref().map(one_line)),
        or_unknown(letter.phase.as_deref().map(one_line)),
        or_unknown(letter.page),
        or_unknown(letter.attempt),
        or_unknown(letter.first_seen.map(|seen| age(seen, now))),
        or_unknown(letter.worker.as_deref().map(one_line)),
        cut(&letter.message.as_deref().map(one_line).unwrap_or_default(), MESSAGE_WIDTH),
    ]
}

/// Letters of one code.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Group {
    code: Option<String>,
    kind: Option<Kind>,
    count: usize,
    oldest: Option<DateTime<Utc>>,
    newest: Option<DateTime<Utc>>,
    example: Option<JobId>,
    tenant: Option<Tenant>,
}

const GROUP_HEADINGS: [&str; 6] = ["code", "count", "oldest", "newest", "example", "tenant"];

impl Group {
    fn of(letter: &Letter) -> Self {
        Self {
            code: letter.code.clone(),
            kind: letter.kind,
            count: 0,
            oldest: letter.first_seen,
            newest: letter.first_seen,
            example: letter.job,
            tenant: letter.tenant.clone(),
        }
    }

    fn count(&mut self, letter: &Letter) {
        self.count += 1;
        self.oldest = [self.oldest, letter.first_seen].into_iter().flatten().min();
        self.newest = self.newest.max(letter.first_seen);
        if self.example.is_none() {
            (self.example, self.tenant) = (letter.job, letter.tenant.clone());
        }
    }

    fn row(&self, now: DateTime<Utc>) -> [String; 6] {
        let name = self.code.as_deref().map(one_line).or(self.kind.map(|kind| format!("({})", kind.as_str())));
        [
            or_unknown(name),
            self.count.to_string(),
            or_unknown(self.oldest.map(|seen| age(seen, now))),
            or_unknown(self.newest.map(|seen| age(seen, now))),
            or_unknown(self.example),
            or_unknown(self.tenant.as_ref()),
        ]
    }
}

/// Groups letters by code, the most frequent first. The fuse's letters have no code and are one
/// group of their own.
fn groups(letters: &[Letter]) -> Vec<Group> {
    let mut by_reason: BTreeMap<&str, Group> = BTreeMap::new();
    for letter in letters {
        by_reason.entry(letter.reason()).or_insert_with(|| Group::of(letter)).count(letter);
    }
    let mut groups: Vec<Group> = by_reason.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::dead::letter::tests::{ID, letter};

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
    fn letters_are_grouped_by_code_with_the_most_frequent_first() {
        let letters = [
            seen("expired.high", "expired", 9),
            seen("failed.bulk", "not_a_pdf", 7),
            letter("crash.high", &[("quire-error-code", "not_a_pdf")]),
            seen("failed.high", "not_a_pdf", 3),
            seen("failed.high", "not_a_pdf", 5),
        ];
        let rows: Vec<_> = groups(&letters).iter().map(|group| group.row(at(10))).collect();
        let expected = [
            ["not_a_pdf", "3", "7m", "3m", ID, "-"],
            ["(crash)", "1", "-", "-", ID, "-"],
            ["expired", "1", "1m", "1m", ID, "-"],
        ];
        assert_eq!(rows, expected);
    }
}

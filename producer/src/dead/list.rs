//! Lists dead letters, and groups them by code.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{DateTime, Utc};
use quire_schemas::{
    job::JobId,
    names::{DeadKind, Tenant},
};
use serde::Serialize;

use super::{
    choice::Choice,
    letter::Letter,
    pile::{Found, Pile, PileError, Reach},
};
use crate::amqp::Publisher;

/// Lists the chosen letters, at most so many.
pub async fn list(publisher: &Publisher, choice: &Choice, limit: Option<usize>) -> Result<Found<Letter>, PileError> {
    let mut pile = Pile::open(publisher, Reach::OPERATOR).await?;
    let letters = collect(&mut pile, choice, limit.unwrap_or(usize::MAX)).await;
    let extent = pile.extent();
    pile.put_back().await;
    Ok(Found { letters: letters?, extent })
}

async fn collect(pile: &mut Pile, choice: &Choice, limit: usize) -> Result<Vec<Letter>, PileError> {
    let now = Utc::now();
    let mut letters = Vec::new();
    while letters.len() < limit
        && let Some(taken) = pile.take_chosen(|letter| choice.takes(letter, now)).await?
    {
        letters.push(taken.letter);
    }
    Ok(letters)
}

/// Letters of one code. The broker's letters have no code and are one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    pub code: Option<String>,
    pub kind: Option<DeadKind>,
    pub count: usize,
    pub oldest: Option<DateTime<Utc>>,
    pub newest: Option<DateTime<Utc>>,
    /// One of the jobs, with its tenant.
    pub example: Option<JobId>,
    pub tenant: Option<Tenant>,
}

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

    fn add(&mut self, letter: &Letter) {
        self.count += 1;
        self.oldest = [self.oldest, letter.first_seen].into_iter().flatten().min();
        self.newest = self.newest.max(letter.first_seen);
        if self.example.is_none() {
            (self.example, self.tenant) = (letter.job, letter.tenant.clone());
        }
    }
}

/// Groups letters by code, the most frequent first.
#[must_use]
pub fn groups(letters: &[Letter]) -> Vec<Group> {
    let mut by_reason: BTreeMap<&str, Group> = BTreeMap::new();
    for letter in letters {
        by_reason.entry(letter.reason()).or_insert_with(|| Group::of(letter)).add(letter);
    }
    let mut groups: Vec<Group> = by_reason.into_values().collect();
    groups.sort_by_key(|group| Reverse(group.count));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead::letter::tests::letter;

    fn seen(routing_key: &str, code: &str, minute: u32) -> Letter {
        let first_seen = format!("2026-11-20T12:{minute:02}:00Z");
        letter(routing_key, &[("quire-error-code", code), ("quire-first-seen", &first_seen)])
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
        let groups = groups(&letters);
        let told: Vec<_> = groups.iter().map(|group| (group.code.as_deref(), group.kind, group.count)).collect();
        let expected = [
            (Some("not_a_pdf"), Some(DeadKind::Failed), 3),
            (None, Some(DeadKind::Crash), 1),
            (Some("expired"), Some(DeadKind::Expired), 1),
        ];
        assert_eq!(told, expected);
        assert_eq!((groups[0].oldest, groups[0].newest), (letters[3].first_seen, letters[1].first_seen));
    }
}

//! Finds jobs among the dead letters, for whoever waits for their results.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use quire_schemas::job::JobId;
use serde::Serialize;

use super::{
    letter::{Kind, Letter},
    pile::{Pile, Reach},
};
use crate::amqp::Publisher;

/// Why a job lies in the dead queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DeadLetter {
    /// Such as `failed.normal`, or `crash.normal` from the broker's own fuse.
    pub(crate) routing_key: String,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

impl From<Letter> for DeadLetter {
    fn from(letter: Letter) -> Self {
        Self { routing_key: letter.routing_key, code: letter.code, message: letter.message }
    }
}

impl DeadLetter {
    /// Says whether the broker buried the job because it was delivered too often without an end.
    /// No worker wrote a result of it.
    pub(crate) fn is_crash(&self) -> bool {
        self.routing_key.split('.').next() == Some(Kind::Crash.as_str())
    }

    /// Says in one line what is known.
    pub(crate) fn explain(&self) -> String {
        let why = match (&self.code, &self.message) {
            (Some(code), Some(message)) => format!(": {code}: {message}"),
            (Some(code), None) => format!(": {code}"),
            (None, _) if self.is_crash() => ": it was delivered too often without an end".to_owned(),
            (None, _) => String::new(),
        };
        format!("no result, dead letter {}{why}", self.routing_key)
    }
}

/// Looks for jobs in the dead queue. A letter published before the moment given for its job is an
/// older one under the same id and does not count.
pub(crate) async fn find(
    publisher: &Publisher,
    published_since: &HashMap<JobId, DateTime<Utc>>,
) -> anyhow::Result<HashMap<JobId, DeadLetter>> {
    let mut pile = Pile::open(publisher, Reach::GLANCE).await?;
    let found = look(&mut pile, published_since).await;
    pile.put_back().await;
    found
}

async fn look(
    pile: &mut Pile,
    published_since: &HashMap<JobId, DateTime<Utc>>,
) -> anyhow::Result<HashMap<JobId, DeadLetter>> {
    let mut found = HashMap::new();
    while let Some(taken) = pile.take().await? {
        let Some(job) = taken.letter.job else { continue };
        if published_since.get(&job).is_some_and(|since| is_since(&taken.letter, since)) {
            found.insert(job, taken.letter.into());
        }
    }
    Ok(found)
}

/// A publisher need not say when it published, and says it in whole seconds.
fn is_since(letter: &Letter, since: &DateTime<Utc>) -> bool {
    letter.published.is_none_or(|published| published.timestamp() >= since.timestamp())
}

#[cfg(test)]
mod tests {
    use lapin::BasicProperties;

    use super::*;
    use crate::commands::dead::letter::tests::letter;

    #[test]
    fn a_letter_of_an_earlier_publish_does_not_count() {
        let since = DateTime::from_timestamp(1_000, 500).expect("in range");
        let at = |seconds| Letter::read("crash.bulk", &BasicProperties::default().with_timestamp(seconds), b"");
        assert!(!is_since(&at(999), &since));
        assert!(is_since(&at(1_000), &since));
        assert!(is_since(&letter("crash.bulk", &[]), &since));
    }

    #[test]
    fn a_letter_tells_why_it_was_written() {
        let given_up = DeadLetter::from(letter("failed.normal", &[("quire-error-code", "not_a_pdf")]));
        assert_eq!(given_up.explain(), "no result, dead letter failed.normal: not_a_pdf");
        // A header of an earlier retry, which did not end the job.
        let crashed = DeadLetter::from(letter("crash.normal", &[("quire-error-code", "internal")]));
        assert!(crashed.is_crash() && crashed.explain().contains("normal: it was delivered too often"));
    }
}

//! Finds jobs among the dead letters, for a caller that waits for their results.

use std::{collections::HashMap, fmt};

use chrono::{DateTime, Utc};
use quire_schemas::{job::JobId, names::DeadKind};
use serde::Serialize;

use super::{
    letter::Letter,
    pile::{Pile, PileError, Reach},
};
use crate::amqp::Publisher;

/// Why a job lies in the dead queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Burial {
    /// Such as `failed.normal`, or `crash.normal` if the broker buried the job.
    pub routing_key: String,
    pub code: Option<String>,
    pub message: Option<String>,
}

impl From<Letter> for Burial {
    fn from(letter: Letter) -> Self {
        Self { routing_key: letter.routing_key, code: letter.code, message: letter.message }
    }
}

impl Burial {
    /// Says whether the broker buried the job because it was delivered too often without an end. No worker
    /// wrote a result for it.
    #[must_use]
    pub fn is_crash(&self) -> bool {
        self.routing_key.split('.').next() == Some(DeadKind::Crash.as_str())
    }
}

impl fmt::Display for Burial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no result, dead letter {}", self.routing_key)?;
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(f, ": {code}: {message}"),
            (Some(code), None) => write!(f, ": {code}"),
            (None, _) if self.is_crash() => f.write_str(": it was delivered too often without an end"),
            (None, _) => Ok(()),
        }
    }
}

/// Looks for jobs in the dead queue. A letter that was published before the time given for its job is of an
/// earlier job with the same id and does not count.
pub async fn find(
    publisher: &Publisher,
    published_since: &HashMap<JobId, DateTime<Utc>>,
) -> Result<HashMap<JobId, Burial>, PileError> {
    let mut pile = Pile::open(publisher, Reach::WAIT).await?;
    let found = search(&mut pile, published_since).await;
    pile.put_back().await;
    found
}

async fn search(
    pile: &mut Pile,
    published_since: &HashMap<JobId, DateTime<Utc>>,
) -> Result<HashMap<JobId, Burial>, PileError> {
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
    use crate::dead::letter::tests::letter;

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
        let given_up = Burial::from(letter("failed.normal", &[("quire-error-code", "not_a_pdf")]));
        assert_eq!(given_up.to_string(), "no result, dead letter failed.normal: not_a_pdf");
        // A header of an earlier retry, which did not end the job.
        let crashed = Burial::from(letter("crash.normal", &[("quire-error-code", "internal")]));
        assert!(crashed.is_crash() && crashed.to_string().contains("normal: it was delivered too often"));
    }
}

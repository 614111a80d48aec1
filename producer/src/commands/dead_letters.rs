//! Finds jobs among the dead letters and leaves every letter where it is.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use lapin::{
    Channel,
    message::Delivery,
    options::BasicGetOptions,
    types::{AMQPValue, FieldTable},
};
use quire_schemas::{
    job::JobId,
    names::{DEAD_QUEUE, header},
};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::amqp::Publisher;

const LONGEST_LOOK: Duration = Duration::from_secs(30);
const FAREWELL: Duration = Duration::from_secs(5);
/// Every letter that was looked at stays with us until the look is over.
const MOST_LETTERS: usize = 20_000;

/// Why a job lies in the dead queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DeadLetter {
    /// Such as `failed.normal`, or `crash.normal` from the broker's own fuse.
    pub(crate) routing_key: String,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

impl DeadLetter {
    fn of(letter: &Delivery) -> Self {
        let headers = letter.properties.headers().as_ref();
        let text = |name: &str| headers.and_then(|headers| text_of(headers, name));
        Self {
            routing_key: letter.routing_key.to_string(),
            code: text(header::ERROR_CODE),
            message: text(header::ERROR_MESSAGE),
        }
    }

    /// Says whether the broker buried the job because it was delivered too often without an end.
    /// No worker wrote a result of it.
    pub(crate) fn is_crash(&self) -> bool {
        self.routing_key.starts_with("crash.")
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
///
/// Every letter is taken and put back, which raises its delivery count; the queue's limit is a
/// million, so this is not to be done in a tight loop. Letters that somebody else looks at at the
/// same moment are not seen.
pub(crate) async fn find(
    publisher: &Publisher,
    published_since: &HashMap<JobId, DateTime<Utc>>,
) -> anyhow::Result<HashMap<JobId, DeadLetter>> {
    let channel = publisher.connection().await?.create_channel().await?;
    let mut found = HashMap::new();
    let looked = timeout(LONGEST_LOOK, look(&channel, published_since, &mut found)).await;
    // Nothing was acknowledged, so closing puts everything back. If it fails the connection is
    // gone, which does the same.
    let _ = timeout(FAREWELL, channel.close(200, "looked".into())).await;
    match looked {
        Ok(outcome) => outcome?,
        Err(_) => tracing::warn!("the dead queue is too long to be looked through"),
    }
    Ok(found)
}

async fn look(
    channel: &Channel,
    published_since: &HashMap<JobId, DateTime<Utc>>,
    found: &mut HashMap<JobId, DeadLetter>,
) -> Result<(), lapin::Error> {
    for _ in 0..MOST_LETTERS {
        let taken = channel.basic_get(DEAD_QUEUE.into(), BasicGetOptions::default()).await?;
        let Some(letter) = taken.map(|taken| taken.delivery) else { return Ok(()) };
        let Some(job) = job_of(&letter) else { continue };
        if published_since.get(&job).is_some_and(|since| is_since(&letter, since)) {
            found.insert(job, DeadLetter::of(&letter));
        }
    }
    tracing::warn!("only the first {MOST_LETTERS} letters of the dead queue were looked at");
    Ok(())
}

fn job_of(letter: &Delivery) -> Option<JobId> {
    #[derive(Deserialize)]
    struct Named {
        job_id: JobId,
    }
    let property = letter.properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok());
    property.or_else(|| serde_json::from_slice::<Named>(&letter.data).ok().map(|named| named.job_id))
}

/// A publisher need not say when it published.
fn is_since(letter: &Delivery, since: &DateTime<Utc>) -> bool {
    let published = letter.properties.timestamp().and_then(|seconds| i64::try_from(seconds).ok());
    published.is_none_or(|published| published >= since.timestamp())
}

fn text_of(headers: &FieldTable, name: &str) -> Option<String> {
    match headers.inner().get(name)? {
        AMQPValue::LongString(text) => Some(text.to_string()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use lapin::BasicProperties;

    use super::*;

    const ID: &str = "0192f0c1-7e5a-7000-8000-000000000001";

    fn letter(routing_key: &str, properties: BasicProperties) -> Delivery {
        let mut letter = Delivery::mock(1, "quire.dead".into(), routing_key.into(), false, Vec::new());
        letter.properties = properties;
        letter
    }

    #[test]
    fn a_letter_names_its_job_in_the_property_or_the_body() {
        let id: JobId = ID.parse().expect("a uuid");
        let by_property = letter("crash.high", BasicProperties::default().with_message_id(ID.into()));
        assert_eq!(job_of(&by_property), Some(id));
        let mut by_body = letter("crash.high", BasicProperties::default());
        by_body.data = format!(r#"{{"job_id":"{ID}","source":{{}}}}"#).into_bytes();
        assert_eq!(job_of(&by_body), Some(id));
        by_body.data = b"not json".to_vec();
        assert_eq!(job_of(&by_body), None);
    }

    #[test]
    fn a_letter_of_an_earlier_publish_does_not_count() {
        let since = DateTime::from_timestamp(1_000, 500).expect("in range");
        let at = |seconds| letter("crash.bulk", BasicProperties::default().with_timestamp(seconds));
        assert!(!is_since(&at(999), &since));
        assert!(is_since(&at(1_000), &since));
        assert!(is_since(&letter("crash.bulk", BasicProperties::default()), &since));
    }

    #[test]
    fn a_letter_tells_why_it_was_written() {
        let mut headers = FieldTable::default();
        headers.insert(header::ERROR_CODE.into(), AMQPValue::LongString("not_a_pdf".into()));
        let given_up = DeadLetter::of(&letter("failed.normal", BasicProperties::default().with_headers(headers)));
        assert_eq!(given_up.explain(), "no result, dead letter failed.normal: not_a_pdf");
        let crashed = DeadLetter::of(&letter("crash.normal", BasicProperties::default()));
        assert!(crashed.is_crash() && crashed.explain().contains("too often"));
    }
}

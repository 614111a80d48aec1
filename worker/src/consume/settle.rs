//! How a delivery ends. The only file that acknowledges: every path to an ack has put what
//! follows from the message in a safe place first.

use std::time::Duration;

use chrono::Utc;
use quire_producer::amqp::{BasicProperties, Outgoing, PublishError, Publisher};
use quire_schemas::{
    event::{Event, ResultLocation, Subject},
    failure::ErrorCode,
    names::{DEAD_EXCHANGE, EVENTS_EXCHANGE, JOBS_EXCHANGE, RETRY_EXCHANGE, header, job_routing_key},
    result::Phase,
};

use super::{
    inbox::Receipt,
    message::{Headers, Message},
};
use crate::{
    job::{Bury, Fault, Postpone},
    pipeline::{Committed, Identity},
};

/// How long a publish that a job depends on may take; the delivery is kept meanwhile.
const CONFIRM_WITHIN: Duration = Duration::from_secs(60);
/// How long one that nothing depends on may take.
const BEST_EFFORT: Duration = Duration::from_secs(5);

/// The delivery is not settled: it comes again when its session ends, which it now should.
#[derive(Debug, thiserror::Error)]
pub enum Unsettled {
    /// What follows from it is not safe.
    #[error("what follows from the job is not with the broker")]
    NotPublished(#[from] PublishError),
    /// The acknowledgement did not get out.
    #[error("the delivery is no longer ours to acknowledge")]
    LeaseLost,
}

/// Publishes what follows from a job.
#[derive(Debug, Clone)]
pub struct Settler {
    /// On a connection of its own.
    pub publisher: Publisher,
    /// This worker's name.
    pub worker: String,
}

impl Settler {
    /// The job has its result: announce it, then ack.
    ///
    /// # Errors
    /// [`Unsettled`]; a redelivery finds the result and announces it again.
    pub async fn done(
        &self,
        who: &Identity,
        message: &Message,
        committed: &Committed,
        receipt: impl Receipt,
    ) -> Result<(), Unsettled> {
        self.announce(who, message, committed).await?;
        acknowledge(receipt).await
    }

    /// The job is tried again later: to the retry tier, then ack.
    ///
    /// # Errors
    /// [`Unsettled`]; the job is then still in its queue, at worst also in the tier.
    pub async fn postpone(
        &self,
        who: &Identity,
        message: &Message,
        fault: &Fault,
        postpone: Postpone,
        receipt: impl Receipt,
    ) -> Result<(), Unsettled> {
        let not_before = Utc::now() + postpone.tier.delay();
        let headers = self
            .onward(message, postpone.attempt)
            .text(header::RETRY_TIER, postpone.tier.as_str())
            .time(header::NOT_BEFORE, not_before)
            .fault(fault);
        self.republish(RETRY_EXCHANGE, who, message, &headers).await?;
        self.tell(&Event::Retrying {
            subject: subject(who),
            not_before,
            code: fault.code.as_str().to_owned(),
            message: fault.chain(),
            counted: postpone.attempt > who.attempt,
        })
        .await;
        acknowledge(receipt).await
    }

    /// The job is given back unfinished: under its own key, then ack. Not `nack`, which counts as
    /// a failed delivery on older brokers.
    ///
    /// # Errors
    /// [`Unsettled`]
    pub async fn release(&self, who: &Identity, message: &Message, receipt: impl Receipt) -> Result<(), Unsettled> {
        self.republish(JOBS_EXCHANGE, who, message, &self.onward(message, who.attempt)).await?;
        acknowledge(receipt).await
    }

    /// Writes the dead letter; the caller then writes the failed result and calls [`Self::done`].
    ///
    /// # Errors
    /// [`Unsettled`]
    pub async fn dead_letter(
        &self,
        who: &Identity,
        message: &Message,
        fault: &Fault,
        bury: Bury,
    ) -> Result<(), Unsettled> {
        let (body, redacted) = without_password(&message.body);
        let mut headers = self.onward(message, who.attempt).fault(fault).text(header::ERROR_CODE, bury.code.as_str());
        if redacted {
            headers = headers.text(header::REDACTED, "password");
        }
        let letter = Outgoing {
            exchange: DEAD_EXCHANGE.to_owned(),
            routing_key: bury.kind.routing_key(who.lane),
            properties: message.properties_onward(who.lane, &headers),
            body,
            mandatory: true,
        };
        Ok(self.publisher.publish(&letter, CONFIRM_WITHIN).await?)
    }

    /// Acknowledges a delivery whose end was announced elsewhere, or that another delivery of the
    /// same job has settled.
    ///
    /// # Errors
    /// [`Unsettled::LeaseLost`]
    pub async fn forget(&self, receipt: impl Receipt) -> Result<(), Unsettled> {
        acknowledge(receipt).await
    }

    /// Announces how a job ended, confirmed, and answers its `reply_to`.
    ///
    /// # Errors
    /// [`Unsettled::NotPublished`]
    pub async fn announce(&self, who: &Identity, message: &Message, committed: &Committed) -> Result<(), Unsettled> {
        let event = Event::Finished {
            subject: subject(who),
            status: committed.status.clone(),
            result: Some(ResultLocation { uri: committed.uri.clone(), sha256: committed.sha256.clone() }),
            code: committed.code.clone(),
        };
        self.publisher.publish(&event_message(&event), CONFIRM_WITHIN).await?;
        self.reply(message, &event).await;
        Ok(())
    }

    /// Announces something that nothing depends on.
    pub async fn tell(&self, event: &Event) {
        if let Err(error) = self.publisher.publish(&event_message(event), BEST_EFFORT).await {
            tracing::debug!(%error, "an event was not published");
        }
    }

    async fn reply(&self, message: &Message, event: &Event) {
        let Some(reply_to) = message.reply_to() else { return };
        let mut reply = Outgoing { exchange: String::new(), routing_key: reply_to, ..event_message(event) };
        if let Some(correlation_id) = message.properties.correlation_id() {
            reply.properties = reply.properties.with_correlation_id(correlation_id.clone());
        }
        if let Err(error) = self.publisher.publish(&reply, BEST_EFFORT).await {
            tracing::debug!(%error, "the caller's own queue was not told");
        }
    }

    fn onward(&self, message: &Message, attempt: u32) -> Headers {
        Headers::default()
            .number(header::ATTEMPT, attempt)
            .number(header::GENERATION, message.generation())
            .time(header::FIRST_SEEN, message.first_seen())
            .text(header::WORKER, &self.worker)
    }

    async fn republish(
        &self,
        exchange: &str,
        who: &Identity,
        message: &Message,
        headers: &Headers,
    ) -> Result<(), Unsettled> {
        let onward = Outgoing {
            exchange: exchange.to_owned(),
            routing_key: job_routing_key(who.lane, &who.tenant),
            properties: message.properties_onward(who.lane, headers),
            body: message.body.clone(),
            mandatory: true,
        };
        Ok(self.publisher.publish(&onward, CONFIRM_WITHIN).await?)
    }
}

async fn acknowledge(receipt: impl Receipt) -> Result<(), Unsettled> {
    if receipt.acknowledge().await { Ok(()) } else { Err(Unsettled::LeaseLost) }
}

/// Returns who an event is about.
#[must_use]
pub fn subject(who: &Identity) -> Subject {
    Subject {
        job_id: who.job_id,
        tenant: who.tenant.clone(),
        lane: who.lane,
        attempt: who.attempt,
        generation: who.generation,
        at: Utc::now(),
    }
}

fn event_message(event: &Event) -> Outgoing {
    let body = serde_json::to_vec(event).expect("an event has string keys only");
    let properties = BasicProperties::default().with_content_type("application/json".into()).with_delivery_mode(2);
    // Not mandatory: whether anybody listens is nobody's concern but theirs.
    Outgoing {
        exchange: EVENTS_EXCHANGE.to_owned(),
        routing_key: event.routing_key(),
        properties,
        body,
        mandatory: false,
    }
}

/// Takes the password out of a body, if it is one that has one. A body that is no JSON object is
/// kept as it is: it is what the operator needs to see.
fn without_password(body: &[u8]) -> (Vec<u8>, bool) {
    let Ok(serde_json::Value::Object(mut job)) = serde_json::from_slice(body) else { return (body.to_vec(), false) };
    match job.insert("password".to_owned(), serde_json::Value::Null) {
        Some(serde_json::Value::Null) | None => (body.to_vec(), false),
        Some(_) => (serde_json::to_vec(&job).expect("it was JSON before"), true),
    }
}

/// Returns what a job is told that ran out of attempts: the last fault stays the first error.
#[must_use]
pub fn exhausted(attempts: u32) -> Fault {
    Fault::new(ErrorCode::AttemptsExhausted, Phase::Settle, format!("given up after {attempts} attempts"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_has_no_password_and_is_otherwise_the_same() {
        let (body, redacted) = without_password(br#"{"a":1,"password":"canary"}"#);
        assert!(redacted);
        assert_eq!(String::from_utf8(body).expect("JSON"), r#"{"a":1,"password":null}"#);
        assert_eq!(without_password(br#"{"a": 1}"#), (br#"{"a": 1}"#.to_vec(), false));
        assert_eq!(without_password(b"\xff not json"), (b"\xff not json".to_vec(), false));
    }
}

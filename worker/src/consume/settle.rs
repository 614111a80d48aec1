//! How a delivery ends. The only file that acknowledges: every path to an ack has put what
//! follows from the message in a safe place first.

use std::time::Duration;

use chrono::Utc;
use quire_producer::amqp::{
    BasicProperties, Outgoing, PublishError, Publisher,
    topology::{self, Mode},
};
use quire_schemas::{
    event::{Event, ResultLocation, Subject},
    failure::ErrorCode,
    names::{DEAD_EXCHANGE, EVENTS_EXCHANGE, JOBS_EXCHANGE, RETRY_EXCHANGE, header, job_routing_key},
    result::{JobStatus, Phase},
};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{
    inbox::Receipt,
    message::{Headers, Message},
};
use crate::{
    fail_point,
    job::{Bury, Fault, Postpone, chain},
    lifecycle,
    pipeline::{Committed, Identity},
    telemetry::{self, Metrics},
};

/// How long a publish that a job depends on may take; the delivery is kept meanwhile.
const CONFIRM_WITHIN: Duration = Duration::from_secs(60);
/// How long queues of those who listen may refuse the end of a job: longer than a queue is without a
/// leader when a node dies.
const LISTENERS_MAY_REFUSE: Option<Duration> = Some(Duration::from_secs(30));
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

/// How a job ended, as it is announced.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// Which generation of it: a message of another one may be answered with the result.
    pub generation: u32,
    /// How.
    pub status: JobStatus,
    /// Where its result lies, if one could be stored.
    pub result: Option<ResultLocation>,
    /// The first error's code.
    pub code: Option<String>,
}

impl From<&Committed> for End {
    fn from(committed: &Committed) -> Self {
        let result = ResultLocation { uri: committed.uri.clone(), sha256: committed.sha256.clone() };
        let Committed { generation, status, code, .. } = committed.clone();
        Self { generation, status, result: Some(result), code }
    }
}

/// Publishes what follows from a job.
#[derive(Debug, Clone)]
pub struct Settler {
    /// On a connection of its own.
    pub publisher: Publisher,
    /// Whether the topology is declared here.
    pub topology: Mode,
    /// This worker's name.
    pub worker: String,
    /// Cancelled when nothing is waited for any longer.
    pub stop: CancellationToken,
    /// What is counted.
    pub metrics: Metrics,
}

impl Settler {
    /// The job has ended: announce it, then ack, then answer whoever asked to be told.
    ///
    /// # Errors
    /// [`Unsettled`]; a redelivery finds the result and announces it again.
    pub async fn done(
        &self,
        who: &Identity,
        message: &Message,
        end: End,
        receipt: impl Receipt,
    ) -> Result<(), Unsettled> {
        let End { generation, status, result, code } = end;
        let event =
            Event::Finished { subject: Subject { generation, ..subject(who) }, status, result, code, message: None };
        match self.publish_while_ours(&event_message(&event), LISTENERS_MAY_REFUSE, &receipt).await {
            // Anybody may bind a queue to the events; one that is full or lies on a dead node must not
            // stop all work.
            Err(Unsettled::NotPublished(PublishError::Refused { .. })) => {
                tracing::warn!("a queue of somebody who listens refuses the end of a job");
                self.metrics.event_dropped();
            }
            published => published?,
        }
        fail_point::reach("finished_published");
        acknowledge(receipt).await?;
        fail_point::reach("acked");
        if let Some(reply) = reply(message, &event) {
            // Not waited for: a caller's queue that is gone must not hold a permit.
            let settler = self.clone();
            lifecycle::spawn(async move { settler.best_effort(&reply).await });
        }
        Ok(())
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
        self.put_off(who, message, fault, postpone, Headers::default(), receipt).await
    }

    /// The same for a job whose dead letter is written and whose result could not be: the next run
    /// must not write a second letter.
    ///
    /// # Errors
    /// [`Unsettled`]
    pub async fn postpone_buried(
        &self,
        who: &Identity,
        message: &Message,
        fault: &Fault,
        postpone: Postpone,
        receipt: impl Receipt,
    ) -> Result<(), Unsettled> {
        let buried = Headers::default().text(header::BURIED, &self.worker);
        self.put_off(who, message, fault, postpone, buried, receipt).await
    }

    async fn put_off(
        &self,
        who: &Identity,
        message: &Message,
        fault: &Fault,
        postpone: Postpone,
        more: Headers,
        receipt: impl Receipt,
    ) -> Result<(), Unsettled> {
        let not_before = Utc::now() + postpone.tier.delay();
        let headers = self
            .onward(who, message, postpone.attempt)
            .text(header::RETRY_TIER, postpone.tier.as_str())
            // The next attempt has all of its time.
            .time(header::STARTED, not_before)
            .time(header::NOT_BEFORE, not_before)
            .fault(fault)
            .and(more);
        self.hand_over(&onward(RETRY_EXCHANGE, who, message, &headers), &receipt).await?;
        fail_point::reach("retry_published");
        let event = Event::Retrying {
            subject: subject(who),
            not_before,
            code: fault.code.as_str().to_owned(),
            message: fault.chain(),
            counted: postpone.attempt > who.attempt,
        };
        self.tell(&event).await;
        acknowledge(receipt).await
    }

    /// The job is given back unfinished: under its own key, then ack. Not `nack`, which counts as
    /// a failed delivery on older brokers. The next delivery has what is left of the attempt's time.
    ///
    /// # Errors
    /// [`Unsettled`]
    pub async fn release(&self, who: &Identity, message: &Message, receipt: impl Receipt) -> Result<(), Unsettled> {
        let now = Utc::now();
        let spent = message.spent() + (now - who.started_at).to_std().unwrap_or_default();
        let headers =
            self.onward(who, message, who.attempt).time(header::STARTED, now - spent).time(header::NOT_BEFORE, now);
        self.hand_over(&onward(JOBS_EXCHANGE, who, message, &headers), &receipt).await?;
        fail_point::reach("released");
        acknowledge(receipt).await
    }

    /// Writes the dead letter, unless an earlier run has; the caller then stores the failed result
    /// and calls [`Self::done`].
    ///
    /// # Errors
    /// [`Unsettled`]
    pub async fn dead_letter(
        &self,
        who: &Identity,
        message: &Message,
        fault: &Fault,
        bury: Bury,
        receipt: &impl Receipt,
    ) -> Result<(), Unsettled> {
        if message.is_buried() {
            return Ok(());
        }
        let (body, redacted) = without_password(&message.body);
        let mut headers = self
            .onward(who, message, who.attempt)
            .time(header::STARTED, who.started_at - message.spent())
            .fault(fault)
            .text(header::ERROR_CODE, bury.code.as_str())
            .text(header::VERSION, env!("CARGO_PKG_VERSION"))
            .bytes(header::MEMORY_PEAK, telemetry::peak_resident_bytes())
            .text(header::LOG, &telemetry::last_lines(&who.job_id));
        if let Some(what) = redacted {
            headers = headers.text(header::REDACTED, what);
        }
        let letter = Outgoing {
            exchange: DEAD_EXCHANGE.to_owned(),
            routing_key: bury.kind.routing_key(who.lane),
            properties: message.properties_onward(who.lane, &headers),
            body,
            mandatory: true,
        };
        self.hand_over(&letter, receipt).await?;
        fail_point::reach("dead_letter_published");
        Ok(())
    }

    /// Acknowledges a delivery whose end was announced elsewhere, or that another delivery of the
    /// same job has settled.
    ///
    /// # Errors
    /// [`Unsettled::LeaseLost`]
    pub async fn forget(&self, receipt: impl Receipt) -> Result<(), Unsettled> {
        acknowledge(receipt).await
    }

    /// Publishes what takes the delivery's place.
    async fn hand_over(&self, message: &Outgoing, receipt: &impl Receipt) -> Result<(), Unsettled> {
        // There is another delivery of it already: publishing it would make two jobs of one.
        if !receipt.is_ours() {
            return Err(Unsettled::LeaseLost);
        }
        self.publish_while_ours(message, None, receipt).await
    }

    /// Publishes what a job depends on for as long as its delivery is ours. While the broker takes
    /// nothing (short of memory, a queue full), the delivery is kept: letting go of it would count
    /// against every other job of the session, and change nothing. `may_refuse`: a refusal is the last
    /// word once it has lasted for so long.
    async fn publish_while_ours(
        &self,
        message: &Outgoing,
        may_refuse: Option<Duration>,
        receipt: &impl Receipt,
    ) -> Result<(), Unsettled> {
        const LONGEST_PAUSE: Duration = Duration::from_secs(30);
        let mut pause = Duration::from_secs(1);
        loop {
            match self.publisher.publish(message, may_refuse.unwrap_or(CONFIRM_WITHIN)).await {
                Ok(()) => return Ok(()),
                Err(error @ PublishError::Refused { .. }) if may_refuse.is_some() => return Err(error.into()),
                Err(error) if self.stop.is_cancelled() => return Err(error.into()),
                Err(error) => {
                    tracing::error!(error = %chain(&error), "a delivery is kept until it can be settled");
                    if matches!(error, PublishError::Unroutable { .. }) {
                        self.mend_topology().await;
                    }
                }
            }
            if !receipt.is_ours() {
                return Err(Unsettled::LeaseLost);
            }
            let _ = timeout(pause, self.stop.cancelled()).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// A queue that somebody deleted is declared again, if that is this worker's to do.
    async fn mend_topology(&self) {
        match timeout(CONFIRM_WITHIN, topology::ensure(&self.publisher, self.topology)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(error = %chain(&error), "the topology is not what it should be"),
            Err(_) => tracing::error!("the topology could not be looked at"),
        }
    }

    /// Announces something that nothing depends on.
    pub async fn tell(&self, event: &Event) {
        self.best_effort(&event_message(event)).await;
    }

    async fn best_effort(&self, message: &Outgoing) {
        if let Err(error) = self.publisher.publish(message, BEST_EFFORT).await {
            self.metrics.event_dropped();
            tracing::debug!(error = %chain(&error), "an event was not published");
        }
    }

    fn onward(&self, who: &Identity, message: &Message, attempt: u32) -> Headers {
        let headers = Headers::default()
            .number(header::ATTEMPT, attempt)
            .number(header::GENERATION, message.generation())
            .time(header::FIRST_SEEN, message.first_seen())
            .text(header::WORKER, &self.worker);
        let leaves_no_word = message.is_redelivered() && !who.begun;
        if leaves_no_word { headers.text(header::REDELIVERED, "true") } else { headers }
    }
}

fn onward(exchange: &str, who: &Identity, message: &Message, headers: &Headers) -> Outgoing {
    Outgoing {
        exchange: exchange.to_owned(),
        routing_key: job_routing_key(who.lane, &who.tenant),
        properties: message.properties_onward(who.lane, headers),
        body: message.body.clone(),
        mandatory: true,
    }
}

fn reply(message: &Message, event: &Event) -> Option<Outgoing> {
    let mut reply = Outgoing { exchange: String::new(), routing_key: message.reply_to()?, ..event_message(event) };
    if let Some(correlation_id) = message.properties.correlation_id() {
        reply.properties = reply.properties.with_correlation_id(correlation_id.clone());
    }
    Some(reply)
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

/// Takes the password out of a body; says what was taken out. A body that is no JSON object is
/// kept as it is, because it is what the operator needs to see, unless it speaks of a password
/// that cannot be told from the rest.
fn without_password(body: &[u8]) -> (Vec<u8>, Option<&'static str>) {
    const FIELD: &[u8] = b"\"password\"";
    let Ok(serde_json::Value::Object(mut job)) = serde_json::from_slice(body) else {
        let speaks_of_one = body.windows(FIELD.len()).any(|window| window == FIELD);
        return if speaks_of_one { (Vec::new(), Some("body")) } else { (body.to_vec(), None) };
    };
    match job.insert("password".to_owned(), serde_json::Value::Null) {
        Some(serde_json::Value::Null) | None => (body.to_vec(), None),
        Some(_) => (serde_json::to_vec(&job).expect("it was JSON before"), Some("password")),
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
        assert_eq!(redacted, Some("password"));
        assert_eq!(String::from_utf8(body).expect("JSON"), r#"{"a":1,"password":null}"#);
        assert_eq!(without_password(br#"{"a": 1}"#), (br#"{"a": 1}"#.to_vec(), None));
        assert_eq!(without_password(b"\xff not json"), (b"\xff not json".to_vec(), None));
        assert_eq!(without_password(br#"{"password":"canary"} and more"#), (Vec::new(), Some("body")));
    }
}

//! How a delivery ends. The only file that acknowledges: before every ack, what follows from the message is safe
//! with the broker.

use std::time::Duration;

use chrono::Utc;
use quire_producer::{
    amqp::{
        BasicProperties, Outgoing, PublishError,
        topology::{self, Mode},
    },
    pause::Pause,
};
use quire_schemas::{
    event::Event,
    names::{JOBS_EXCHANGE, RETRY_EXCHANGE, header, job_routing_key},
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    announcer::{AnnouncedEnd, Announcer, event_message, subject},
    delivered::Delivered,
    headers::Headers,
    inbox::Receipt,
    letter::dead_letter,
    listeners::Listeners,
    message::Message,
};
use crate::{
    fail_point,
    job::{Bury, Fault, LetterWritten, Postpone, chain},
    lifecycle,
    telemetry::JobOutcome,
};

/// How long one publish that a job depends on may take. The delivery is kept, and the publish repeated.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(60);
/// How long the broker may take to confirm a message that no queue gets. One that is short of memory confirms none.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// A key of the default exchange under which there is no queue.
const NOBODY: &str = "quire.nobody";

/// The delivery is not settled. The caller ends the session, so that the broker delivers it again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsettled {
    /// The broker has not confirmed what follows from the message.
    #[error("the broker has not confirmed what follows from the job")]
    NotPublished(#[from] PublishError),
    /// The acknowledgement cannot reach the broker.
    #[error("the delivery was lost with its session before it could be acknowledged")]
    LeaseLost,
}

/// Settles deliveries. Counts each once, after its acknowledgement. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Settler {
    pub(crate) announcer: Announcer,
    /// Whether the topology is declared here.
    pub(crate) topology: Mode,
    pub(crate) listeners: Listeners,
    /// Cancelled when the worker stops: nothing is published again from then on.
    pub(crate) stop: CancellationToken,
}

impl Settler {
    /// The job has ended: announce it, then ack, then answer the caller that asked for an answer.
    ///
    /// # Errors
    /// [`Unsettled`]; a redelivery finds the result and announces it again.
    pub(super) async fn done<R: Receipt>(
        &self,
        delivered: Delivered<R>,
        end: AnnouncedEnd,
        left: JobOutcome,
    ) -> Result<(), Unsettled> {
        let event = end.into_event(&delivered.identity);
        self.announce(&event_message(&event), &delivered).await?;
        fail_point::reach("finished_published");
        let reply = reply(&delivered.message, &event);
        self.acknowledge(delivered, left).await?;
        fail_point::reach("acked");
        if let Some(reply) = reply {
            // Not waited for: a caller's queue that is gone must not hold a permit.
            let announcer = self.announcer.clone();
            lifecycle::spawn(async move { announcer.publish(&reply).await });
        }
        Ok(())
    }

    /// The job is tried again later: to the retry tier, then ack. The next attempt has all of its time.
    ///
    /// # Errors
    /// [`Unsettled`]; the job is then still in its queue, at worst also in the tier.
    pub(super) async fn postpone<R: Receipt>(
        &self,
        delivered: Delivered<R>,
        fault: &Fault,
        postpone: Postpone,
    ) -> Result<(), Unsettled> {
        let Postpone { tier, attempt, letter, is_told } = postpone;
        let not_before = Utc::now() + tier.delay();
        let mut headers = self
            .headers(&delivered, attempt)
            .text(header::RETRY_TIER, tier.as_str())
            .time(header::NOT_BEFORE, not_before)
            .fault(fault);
        if letter == LetterWritten::Yes {
            headers = headers.text(header::BURIED, &self.announcer.worker);
        }
        self.hand_over(&onward(RETRY_EXCHANGE, &delivered, headers), &delivered.receipt).await?;
        fail_point::reach("retry_published");
        let counted = attempt > delivered.identity.attempt;
        let event = Event::Retrying {
            subject: subject(&delivered.identity),
            not_before,
            code: fault.code.as_str().to_owned(),
            message: fault.chain(),
            counted,
        };
        if is_told {
            self.announcer.tell(&event).await;
        }
        self.acknowledge(delivered, if counted { JobOutcome::Retried } else { JobOutcome::Parked }).await
    }

    /// The job goes back unfinished: under its own key, then ack. Not `nack`, which counts as a failed delivery on
    /// older brokers. The next delivery has the rest of the attempt's time.
    ///
    /// # Errors
    /// [`Unsettled`]
    pub(super) async fn release<R: Receipt>(&self, delivered: Delivered<R>) -> Result<(), Unsettled> {
        let headers = self
            .headers(&delivered, delivered.identity.attempt)
            .number(header::SPENT_MS, delivered.spent().as_millis())
            .time(header::NOT_BEFORE, Utc::now());
        self.hand_over(&onward(JOBS_EXCHANGE, &delivered, headers), &delivered.receipt).await?;
        fail_point::reach("released");
        self.acknowledge(delivered, JobOutcome::Released).await
    }

    /// Writes the dead letter, unless an earlier run has. The delivery is then still to be settled.
    ///
    /// # Errors
    /// [`Unsettled`]
    pub(super) async fn bury<R: Receipt>(
        &self,
        delivered: &Delivered<R>,
        fault: &Fault,
        bury: Bury,
    ) -> Result<(), Unsettled> {
        if delivered.message.is_buried() {
            return Ok(());
        }
        let headers =
            self.headers(delivered, delivered.identity.attempt).number(header::SPENT_MS, delivered.spent().as_millis());
        self.hand_over(&dead_letter(delivered, fault, bury, headers), &delivered.receipt).await?;
        fail_point::reach("dead_letter_published");
        Ok(())
    }

    /// Acknowledges a delivery that nothing more follows from.
    ///
    /// # Errors
    /// [`Unsettled::LeaseLost`]
    pub(super) async fn forget<R: Receipt>(&self, delivered: Delivered<R>, left: JobOutcome) -> Result<(), Unsettled> {
        self.acknowledge(delivered, left).await
    }

    /// Drops a delivery that is lost: the broker gives it to another worker.
    pub(super) fn let_go<R: Receipt>(&self, delivered: Delivered<R>) {
        self.announcer.metrics.job_left(delivered.identity.lane, JobOutcome::Released);
    }

    async fn acknowledge<R: Receipt>(&self, delivered: Delivered<R>, left: JobOutcome) -> Result<(), Unsettled> {
        let lane = delivered.identity.lane;
        if !delivered.receipt.acknowledge().await {
            return Err(Unsettled::LeaseLost);
        }
        self.announcer.metrics.job_left(lane, left);
        Ok(())
    }

    /// Publishes the message that takes the delivery's place.
    async fn hand_over(&self, message: &Outgoing, receipt: &impl Receipt) -> Result<(), Unsettled> {
        // There is another delivery of it already: publishing it would make two jobs of one.
        if !receipt.is_ours() {
            return Err(Unsettled::LeaseLost);
        }
        self.publish_while_ours(message, receipt).await
    }

    /// Publishes what a job depends on for as long as its delivery is ours. While the broker takes nothing (short of
    /// memory, a queue full), the delivery is kept: giving it up would count against every other job of the session,
    /// and change nothing.
    async fn publish_while_ours(&self, message: &Outgoing, receipt: &impl Receipt) -> Result<(), Unsettled> {
        let mut pause = Pause::between(Duration::from_secs(1), Duration::from_secs(30));
        loop {
            match self.announcer.publisher.publish(message, CONFIRM_TIMEOUT).await {
                Ok(()) => return Ok(()),
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
            let _ = timeout(pause.next_pause(), self.stop.cancelled()).await;
        }
    }

    /// Publishes the end of a job as long as its delivery is ours, and gives the event up if a listener's queue refuses
    /// it or stays silent. Any client may bind a queue to the events: one that is full, or lies on dead nodes, must not
    /// stop all work.
    async fn announce<R: Receipt>(&self, event: &Outgoing, delivered: &Delivered<R>) -> Result<(), Unsettled> {
        let (tenant, mut pause) = (&delivered.identity.tenant, Pause::between(Duration::from_secs(1), PROBE_TIMEOUT));
        loop {
            let began = Instant::now();
            let error = match self.announcer.publisher.publish(event, self.listeners.patience(tenant)).await {
                Ok(()) => {
                    self.listeners.took(tenant);
                    return Ok(());
                }
                Err(error) => error,
            };
            let is_of_a_listener = match &error {
                PublishError::Refused { .. } => true,
                // Silence has another cause if the broker confirms nothing at all: an alarm, or a lost connection.
                PublishError::Unconfirmed { .. } => self.broker_confirms().await,
                PublishError::Unroutable { .. } | PublishError::Denied { .. } => false,
            };
            if is_of_a_listener && self.listeners.refused(tenant, began) {
                tracing::warn!("event not accepted by a subscriber's queue (full, or its node is down)");
                self.announcer.metrics.event_dropped();
                return Ok(());
            }
            if self.stop.is_cancelled() {
                return Err(error.into());
            }
            if !is_of_a_listener {
                tracing::error!(error = %chain(&error), "a delivery is kept until it can be settled");
            }
            if !delivered.receipt.is_ours() {
                return Err(Unsettled::LeaseLost);
            }
            let _ = timeout(pause.next_pause(), self.stop.cancelled()).await;
        }
    }

    /// Says whether the broker confirms what no queue has to take.
    async fn broker_confirms(&self) -> bool {
        let probe = Outgoing {
            exchange: String::new(),
            routing_key: NOBODY.to_owned(),
            properties: BasicProperties::default(),
            body: Vec::new(),
            mandatory: false,
        };
        self.announcer.publisher.publish(&probe, PROBE_TIMEOUT).await.is_ok()
    }

    /// Declares a queue again that was deleted, if this worker declares the topology.
    async fn mend_topology(&self) {
        match timeout(CONFIRM_TIMEOUT, topology::ensure(&self.announcer.publisher, self.topology)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(error = %chain(&error), "the topology is not usable"),
            Err(_) => tracing::error!("the topology could not be checked: the broker does not answer"),
        }
    }

    /// Returns the headers of every message that takes a delivery's place.
    fn headers<R>(&self, delivered: &Delivered<R>, attempt: u32) -> Headers {
        let message = &delivered.message;
        let headers = Headers::default()
            .number(header::ATTEMPT, attempt)
            .number(header::GENERATION, delivered.identity.generation)
            .time(header::FIRST_SEEN, delivered.first_seen)
            .text(header::WORKER, &self.announcer.worker);
        // A republish begins the broker's count anew. A run that has begun notes in its state how it ended.
        let count_is_lost = message.is_redelivered() && !delivered.begun;
        if count_is_lost { headers.text(header::REDELIVERED, "true") } else { headers }
    }
}

fn onward<R>(exchange: &str, delivered: &Delivered<R>, headers: Headers) -> Outgoing {
    let Delivered { identity, message, .. } = delivered;
    Outgoing {
        exchange: exchange.to_owned(),
        routing_key: job_routing_key(identity.lane, &identity.tenant),
        properties: headers.lane(identity.lane).tenant(&identity.tenant).onward(&message.properties),
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

#[cfg(test)]
pub(super) mod tests {
    use quire_producer::amqp::{Connector, Publisher};
    use quire_schemas::{
        failure::ErrorCode,
        names::{DeadKind, Lane, Tier},
        result::Phase,
    };

    use super::{
        super::delivered::tests::{Slip, delivered, message},
        *,
    };
    use crate::telemetry::Metrics;

    /// A settler without a broker: nothing that it publishes is confirmed, and it waits for none.
    pub(in crate::consume) fn settler() -> Settler {
        let connector = Connector::new("amqp://127.0.0.1:1", "test").expect("a valid address");
        let stop = CancellationToken::new();
        stop.cancel();
        let announcer =
            Announcer { publisher: Publisher::new(connector), worker: "worker-1".to_owned(), metrics: Metrics::new() };
        Settler { announcer, topology: Mode::Off, listeners: Listeners::default(), stop }
    }

    /// How many deliveries of lane `normal` have left in this way.
    pub(in crate::consume) fn left(settler: &Settler, outcome: JobOutcome) -> Option<u64> {
        let name = format!("quire_jobs_total{{lane=\"{}\",outcome=\"{}\"}} ", Lane::Normal, outcome.as_str());
        let metrics = settler.announcer.metrics.encode();
        metrics.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok())
    }

    fn fault() -> Fault {
        Fault::new(ErrorCode::SourceUnavailable, Phase::Fetch, "test")
    }

    #[tokio::test]
    async fn a_delivery_is_counted_once_after_its_acknowledgement() {
        let (settler, slip) = (settler(), Slip::default());
        let (delivered, _) = delivered(message(), slip.clone());
        settler.forget(delivered, JobOutcome::Repeated).await.expect("it is ours");
        assert!(slip.is_acked());
        assert_eq!(left(&settler, JobOutcome::Repeated), Some(1));
    }

    #[tokio::test]
    async fn a_lost_delivery_is_neither_published_nor_acknowledged_nor_counted() {
        let settler = settler();
        let postpone = Postpone { tier: Tier::S5, attempt: 2, letter: LetterWritten::No, is_told: true };
        let bury = Bury { kind: DeadKind::Failed, exhausted: false, code: ErrorCode::Internal };
        let slip = Slip::default();
        slip.lose();
        let lost = || delivered(message(), slip.clone()).0;
        for settled in [
            settler.postpone(lost(), &fault(), postpone).await,
            settler.release(lost()).await,
            settler.bury(&lost(), &fault(), bury).await,
            settler.forget(lost(), JobOutcome::Buried).await,
        ] {
            assert!(matches!(settled, Err(Unsettled::LeaseLost)), "{settled:?}");
        }
        assert!(!slip.is_acked());
        let counted: Vec<_> = JobOutcome::ALL.iter().filter(|outcome| left(&settler, **outcome) != Some(0)).collect();
        assert!(counted.is_empty(), "{counted:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_broker_does_not_confirm_is_not_acknowledged() {
        let (settler, slip) = (settler(), Slip::default());
        let (delivered, _) = delivered(message(), slip.clone());
        let settled = settler.release(delivered).await;
        assert!(matches!(settled, Err(Unsettled::NotPublished(_))), "{settled:?}");
        assert!(!slip.is_acked());
        assert_eq!(left(&settler, JobOutcome::Released), Some(0));
    }

    #[tokio::test]
    async fn a_message_that_goes_back_says_how_much_time_its_attempt_has_used() {
        let (settler, (mut delivered, _)) = (settler(), delivered(message(), Slip::default()));
        delivered.begun = true;
        let headers = settler.headers(&delivered, 1).number(header::SPENT_MS, 1500_u32);
        let back = onward(JOBS_EXCHANGE, &delivered, headers);
        let again = Message { properties: back.properties, routing_key: back.routing_key, ..delivered.message };
        assert_eq!((again.spent(), again.attempt()), (Duration::from_millis(1500), 1));
        assert_eq!(again.tenant().expect("a usable key"), delivered.identity.tenant);
    }
}

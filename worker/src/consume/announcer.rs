//! Publishes events on `quire.events`, and builds `finished`. `jobs`, `settle` and `presence` build the others.

use std::time::Duration;

use chrono::Utc;
use quire_producer::amqp::{BasicProperties, Outgoing, Publisher};
use quire_schemas::{
    event::{Event, ResultLocation, Subject},
    names::EVENTS_EXCHANGE,
    result::JobStatus,
};

use crate::{
    job::{Fault, chain},
    pipeline::{Committed, Identity},
    telemetry::Metrics,
};

/// How long a publish that nothing depends on may take.
const BEST_EFFORT: Duration = Duration::from_secs(5);

/// Publishes events best effort. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Announcer {
    /// On a connection of its own.
    pub(crate) publisher: Publisher,
    /// This worker's name.
    pub(crate) worker: String,
    pub(crate) metrics: Metrics,
}

impl Announcer {
    /// Announces an event, best effort.
    pub(crate) async fn tell(&self, event: &Event) {
        self.publish(&event_message(event)).await;
    }

    pub(super) async fn publish(&self, message: &Outgoing) {
        if let Err(error) = self.publisher.publish(message, BEST_EFFORT).await {
            self.metrics.event_dropped();
            tracing::debug!(error = %chain(&error), "an event was not published");
        }
    }
}

/// How a job ended, as its last event says it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AnnouncedEnd {
    /// That of the result, which may differ from that of the message.
    generation: u32,
    status: JobStatus,
    /// Absent if no result could be stored.
    result: Option<ResultLocation>,
    /// Code of the first error.
    code: Option<String>,
    /// Message of the first error.
    message: Option<String>,
}

impl AnnouncedEnd {
    /// The end of a job of which no result could be stored.
    pub(super) fn without_result(identity: &Identity, fault: &Fault) -> Self {
        Self {
            generation: identity.generation,
            status: JobStatus::Failed,
            result: None,
            code: Some(fault.code.as_str().to_owned()),
            message: Some(fault.chain()),
        }
    }

    pub(super) fn into_event(self, identity: &Identity) -> Event {
        let Self { generation, status, result, code, message } = self;
        Event::Finished { subject: Subject { generation, ..subject(identity) }, status, result, code, message }
    }
}

impl From<&Committed> for AnnouncedEnd {
    fn from(committed: &Committed) -> Self {
        let result = ResultLocation { uri: committed.uri.clone(), sha256: committed.sha256.to_string() };
        let decisive = committed.errors.first();
        Self {
            generation: committed.generation,
            status: committed.status.clone(),
            result: Some(result),
            code: decisive.map(|error| error.code.clone()),
            message: decisive.map(|error| error.message.clone()),
        }
    }
}

pub(super) fn subject(identity: &Identity) -> Subject {
    Subject {
        job_id: identity.job_id,
        tenant: identity.tenant.clone(),
        lane: identity.lane,
        attempt: identity.attempt,
        generation: identity.generation,
        at: Utc::now(),
    }
}

/// Makes the message of an event. Not mandatory: an event that no queue is bound for is no fault.
pub(super) fn event_message(event: &Event) -> Outgoing {
    Outgoing {
        exchange: EVENTS_EXCHANGE.to_owned(),
        routing_key: event.routing_key(),
        properties: BasicProperties::default().with_content_type("application/json".into()).with_delivery_mode(2),
        body: serde_json::to_vec(event).expect("an event has string keys only"),
        mandatory: false,
    }
}

#[cfg(test)]
mod tests {
    use quire_schemas::{failure::ErrorCode, result::Phase};

    use super::{
        super::delivered::tests::{Slip, delivered, message},
        *,
    };

    #[tokio::test]
    async fn the_end_of_a_job_without_a_result_says_why_there_is_none() {
        let (delivered, _) = delivered(message(), Slip::default());
        let fault = Fault::new(ErrorCode::StorageDenied, Phase::Commit, "the bucket refuses the result");
        let event = AnnouncedEnd::without_result(&delivered.identity, &fault).into_event(&delivered.identity);
        let Event::Finished { status, result, code, message, .. } = event else { panic!("{event:?}") };
        assert_eq!((status, result), (JobStatus::Failed, None));
        assert_eq!(code.as_deref(), Some("storage_denied"));
        assert_eq!(message.as_deref(), Some("the bucket refuses the result"));
    }
}

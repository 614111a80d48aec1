//! One delivery of a job: who the job is, what it asks for, and how far this delivery of it is. Also [`JobRules`], the
//! settings of section `[job]` that bound every job.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use quire_schemas::{
    job::{Decoded, Job, JobId},
    keys::JobKeys,
    names::Tenant,
    result::Warning,
};
use tokio::time::Instant;

use super::message::Message;
use crate::{
    job::{self, Deadline},
    pipeline::{Committed, Identity, RunOutput, StateKeeper, Terms},
};

/// How a delivery ended, with the output and the results of this worker.
pub(super) type Ending = job::Ending<RunOutput, Committed>;

/// Bounds of every job.
#[derive(Debug, Clone)]
pub(crate) struct JobRules {
    /// Time for one attempt.
    pub(crate) timeout: Duration,
    /// Time that one delivery is kept.
    pub(crate) lease: Duration,
    /// Counted attempts.
    pub(crate) max_attempts: u32,
    /// Deadline of a job that names none, from when a worker first saw it.
    pub(crate) max_age: Duration,
    /// Operator's prefix of every key.
    pub(crate) prefix: String,
}

/// A delivery and the job that it is of.
#[derive(Debug)]
pub(super) struct Delivered<R> {
    pub(super) identity: Arc<Identity>,
    pub(super) message: Message,
    pub(super) receipt: R,
    /// What the job asks for; absent if the message could not be read.
    pub(super) job: Option<Arc<Job>>,
    /// What the publisher should know of the message; part of every result.
    pub(super) warnings: Vec<Warning>,
    pub(super) deadline: Deadline,
    /// When a worker first saw the job: this one, if none did before.
    pub(super) first_seen: DateTime<Utc>,
    pub(super) terms: Terms,
    /// From when on the time of the attempt counts.
    pub(super) clock: Instant,
    /// Until when the delivery may be kept.
    pub(super) kept_until: Instant,
    /// Whether its run has begun.
    pub(super) begun: bool,
    /// What the next run will know of this one; absent until the run begins.
    pub(super) state: Option<Arc<StateKeeper>>,
}

impl<R> Delivered<R> {
    /// Reads a delivery. The ending is that of a message that is not a job.
    pub(super) fn read(message: Message, receipt: R, rules: &JobRules) -> (Self, Option<Ending>) {
        let now = Instant::now();
        let first_seen = message.first_seen().unwrap_or_else(Utc::now);
        let (job_id, tenant, read) = read(&message);
        let identity = Identity {
            job_id,
            keys: JobKeys::new(&rules.prefix, &tenant, &job_id),
            tenant,
            lane: message.lane,
            attempt: message.attempt(),
            generation: message.generation(),
        };
        let terms =
            Terms { started_at: Utc::now(), queue_wait: message.queue_wait(), supersedes_success: message.is_forced() };
        let mut delivered = Self {
            identity: Arc::new(identity),
            message,
            receipt,
            job: None,
            warnings: Vec::new(),
            deadline: Deadline::Unread,
            first_seen,
            terms,
            clock: now,
            kept_until: now + rules.lease,
            begun: false,
            state: None,
        };
        match read {
            Ok(Decoded { job, warnings, .. }) => {
                let latest = first_seen + rules.max_age;
                delivered.deadline = Deadline::Known(job.deadline.map_or(latest, |asked| asked.min(latest)));
                (delivered.job, delivered.warnings) = (Some(Arc::new(job)), warnings);
                (delivered, None)
            }
            Err(ending) => (delivered, Some(ending)),
        }
    }

    /// Starts the time of the attempt: it does not count what the job waits for others.
    pub(super) fn start_clock(&mut self) {
        self.terms.started_at = Utc::now();
        self.clock = Instant::now();
    }

    /// Returns the time that this attempt has used, by earlier deliveries and by this one.
    pub(super) fn spent(&self) -> Duration {
        self.message.spent() + self.clock.elapsed()
    }

    /// Returns what may be left of the attempt's time; zero after the deadline.
    pub(super) fn time_left(&self, timeout: Duration) -> Duration {
        let left = timeout.saturating_sub(self.message.spent());
        match self.deadline {
            Deadline::Known(deadline) => left.min((deadline - Utc::now()).to_std().unwrap_or_default()),
            Deadline::Unread => left,
        }
    }
}

/// Reads who a job is and what it asks for. A message that names no job has nothing stored and nothing announced:
/// its id and its tenant stand in the log only.
fn read(message: &Message) -> (JobId, Tenant, Result<Decoded, Ending>) {
    let property = message.job_id_of_property();
    let nameless = |fault| (property.unwrap_or_else(JobId::generate), Tenant::default(), Err(Ending::Nameless(fault)));
    let tenant = match message.tenant() {
        Ok(tenant) => tenant,
        Err(fault) => return nameless(fault),
    };
    match (message.decode(), property) {
        (Ok(decoded), _) => (decoded.job_id, tenant, Ok(decoded)),
        (Err(fault), Some(job_id)) => (job_id, tenant, Err(Ending::Undecodable(fault))),
        (Err(fault), None) => nameless(fault),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    };

    use quire_producer::amqp::BasicProperties;
    use quire_schemas::{
        failure::{ErrorCode, WarningCode},
        job::Source,
        names::Lane,
    };
    use serde_json::json;

    use super::{super::inbox::Receipt, *};

    pub(in crate::consume) const ID: &str = "0192f0c1-7e5a-7000-8000-000000000001";

    /// What became of a delivery that no broker made.
    #[derive(Debug, Clone, Default)]
    pub(in crate::consume) struct Slip {
        acked: Arc<Mutex<bool>>,
        lost: Arc<AtomicBool>,
    }

    impl Slip {
        pub(in crate::consume) fn lose(&self) {
            self.lost.store(true, Ordering::SeqCst);
        }

        pub(in crate::consume) fn is_acked(&self) -> bool {
            *self.acked.lock().expect("no panic")
        }
    }

    impl Receipt for Slip {
        async fn acknowledge(self) -> bool {
            *self.acked.lock().expect("no panic") = self.is_ours();
            self.is_ours()
        }

        fn is_ours(&self) -> bool {
            !self.lost.load(Ordering::SeqCst)
        }
    }

    pub(in crate::consume) fn rules() -> JobRules {
        JobRules {
            timeout: Duration::from_secs(1200),
            lease: Duration::from_secs(900),
            max_attempts: 6,
            max_age: Duration::from_secs(3600),
            prefix: "test".to_owned(),
        }
    }

    /// A message of the default tenant with the job's id in its body and nothing in its properties.
    pub(in crate::consume) fn message() -> Message {
        let body = json!({ "job_id": ID, "source": { "kind": "s3", "bucket": "inbox", "key": "a.pdf" } });
        Message {
            lane: Lane::Normal,
            routing_key: "job.normal.default".to_owned(),
            properties: BasicProperties::default(),
            body: body.to_string().into_bytes(),
        }
    }

    pub(in crate::consume) fn delivered(message: Message, receipt: Slip) -> (Delivered<Slip>, Option<Ending>) {
        Delivered::read(message, receipt, &rules())
    }

    #[tokio::test]
    async fn a_message_that_is_a_job_has_a_deadline_and_no_ending() {
        let (delivered, ending) = delivered(message(), Slip::default());
        assert!(ending.is_none(), "{ending:?}");
        assert_eq!(delivered.identity.job_id.to_string(), ID);
        assert!(matches!(delivered.deadline, Deadline::Known(_)));
        let job = delivered.job.as_deref().expect("it was read");
        assert_eq!(job.source, Source::S3 { bucket: "inbox".to_owned(), key: "a.pdf".to_owned() });
    }

    #[tokio::test]
    async fn an_id_that_is_no_uuid_is_ignored_with_a_warning_when_the_body_has_one() {
        let properties = BasicProperties::default().with_message_id("order-17".into());
        let (delivered, ending) = delivered(Message { properties, ..message() }, Slip::default());
        assert!(ending.is_none(), "{ending:?}");
        let codes: Vec<_> = delivered.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(codes, [WarningCode::MessageIdIgnored.as_str()]);
    }

    #[tokio::test]
    async fn a_message_that_cannot_be_read_names_its_job_by_its_property_and_a_usable_tenant_only() {
        let ending = |routing_key: &str, message_id: Option<&str>| {
            let properties = match message_id {
                Some(id) => BasicProperties::default().with_message_id(id.into()),
                None => BasicProperties::default(),
            };
            let routing_key = routing_key.to_owned();
            let message = Message { routing_key, properties, body: b"{}".to_vec(), ..message() };
            delivered(message, Slip::default()).1
        };
        for (found, is_named) in [
            (ending("job.normal.acme", Some(ID)), true),
            (ending("job.normal.acme", None), false),
            (ending("job.normal.ACME", Some(ID)), false),
            (ending("job.normal.acme.eu", Some(ID)), false),
        ] {
            match found {
                Some(Ending::Undecodable(fault)) if is_named => assert_eq!(fault.code, ErrorCode::InvalidJob),
                Some(Ending::Nameless(fault)) if !is_named => assert_eq!(fault.code, ErrorCode::InvalidJob),
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_job_under_a_key_with_an_unusable_tenant_is_nameless_though_its_body_can_be_read() {
        let message = Message { routing_key: "job.normal.ACME".to_owned(), ..message() };
        assert!(matches!(delivered(message, Slip::default()).1, Some(Ending::Nameless(_))));
    }
}

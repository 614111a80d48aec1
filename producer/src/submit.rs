//! Submits jobs: validates, publishes with confirm, and returns the id.

use std::time::Duration;

use lapin::BasicProperties;
use quire_schemas::{
    job::{InvalidJob, Job, JobId, Source},
    names::{self, JOB_TYPE, JOBS_EXCHANGE, Lane, Tenant},
};

use crate::amqp::{ConnectError, Connector, Outgoing, PublishError, Publisher};

const CONFIRM_WITHIN: Duration = Duration::from_secs(30);
/// Longest short string of AMQP.
const MAX_PROPERTY_BYTES: usize = 255;

/// A job on its way to the broker.
#[derive(Debug, Clone)]
pub struct Submission {
    pub job: Job,
    pub lane: Lane,
    pub tenant: Tenant,
    /// A queue of the caller that gets a copy of the finished event.
    pub reply_to: Option<String>,
    /// Comes back with that copy.
    pub correlation_id: Option<String>,
}

/// Why a job is not with the broker.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// A worker would refuse it.
    #[error("the job is not valid")]
    Invalid(#[from] InvalidJob),
    /// The broker did not confirm it. Submitting it again under its id is safe.
    #[error("the job is not with the broker")]
    Publish(#[from] PublishError),
}

impl Submission {
    /// Makes a job with every default for a source.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self {
            job: Job::new(source),
            lane: Lane::default(),
            tenant: Tenant::default(),
            reply_to: None,
            correlation_id: None,
        }
    }

    /// Makes a job with every default for an object in storage.
    #[must_use]
    pub fn of_s3(bucket: &str, key: &str) -> Self {
        Self::new(Source::S3 { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

/// Publishes jobs so that none is lost on the way. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Quire {
    publisher: Publisher,
}

impl Quire {
    /// Makes a publisher, which connects at the first job. `urls` is one AMQP URL or several, separated by
    /// commas; `name` is what the broker shows for the connection.
    pub fn new(urls: &str, name: &str) -> Result<Self, ConnectError> {
        Ok(Self { publisher: Publisher::new(Connector::new(urls, name)?) })
    }

    #[must_use]
    pub const fn with_publisher(publisher: Publisher) -> Self {
        Self { publisher }
    }

    /// Returns the publisher, for declaring the topology and for closing.
    #[must_use]
    pub const fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// Publishes a job and waits for the broker's confirm, at most 30 s. A job without an id gets one that
    /// sorts by time.
    pub async fn submit(&self, submission: &Submission) -> Result<JobId, SubmitError> {
        submission.job.validate()?;
        for (field, value) in [("reply_to", &submission.reply_to), ("correlation_id", &submission.correlation_id)] {
            if value.as_ref().is_some_and(|value| value.len() > MAX_PROPERTY_BYTES) {
                return Err(InvalidJob::Field {
                    field: field.to_owned(),
                    reason: format!("more than {MAX_PROPERTY_BYTES} bytes"),
                }
                .into());
            }
        }
        let job_id = submission.job.job_id.unwrap_or_else(JobId::generate);
        let job = Job { job_id: Some(job_id), ..submission.job.clone() };
        let body = serde_json::to_vec(&job).map_err(InvalidJob::from)?;
        let message = Outgoing {
            exchange: JOBS_EXCHANGE.to_owned(),
            routing_key: names::job_routing_key(submission.lane, &submission.tenant),
            properties: properties(submission, &job_id),
            body,
            mandatory: true,
        };
        self.publisher.publish(&message, CONFIRM_WITHIN).await?;
        Ok(job_id)
    }
}

fn properties(submission: &Submission, job_id: &JobId) -> BasicProperties {
    let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap_or_default();
    let mut properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_message_id(job_id.to_string().into())
        .with_type(JOB_TYPE.into())
        .with_timestamp(now);
    if let Some(reply_to) = &submission.reply_to {
        properties = properties.with_reply_to(reply_to.as_str().into());
    }
    if let Some(correlation_id) = &submission.correlation_id {
        properties = properties.with_correlation_id(correlation_id.as_str().into());
    }
    properties
}

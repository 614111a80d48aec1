//! What workers announce on `quire.events`, and what they are told on `quire.control`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    job::JobId,
    names::{Lane, Tenant},
    result::{JobStatus, Phase},
};

/// Which job an event is about, and when it was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// The job.
    pub job_id: JobId,
    /// Whose job it is.
    pub tenant: Tenant,
    /// The lane it travels in.
    pub lane: Lane,
    /// The counted attempt, from 1.
    pub attempt: u32,
    /// The replay generation, from 0.
    pub generation: u32,
    /// When the event was written.
    pub at: DateTime<Utc>,
}

/// Something that happened. Delivered at least once, in no promised order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A worker began to work on the job.
    Started {
        /// The job.
        #[serde(flatten)]
        subject: Subject,
        /// Which worker.
        worker: String,
    },
    /// Pages were done; at most two a second.
    Progress {
        /// The job.
        #[serde(flatten)]
        subject: Subject,
        /// What is being done.
        phase: Phase,
        /// Pages done.
        pages_done: u32,
        /// Pages there are to do.
        pages_total: u32,
    },
    /// The job will be tried again.
    Retrying {
        /// The job.
        #[serde(flatten)]
        subject: Subject,
        /// When the next attempt is due.
        not_before: DateTime<Utc>,
        /// Stable code of the fault.
        code: String,
        /// What happened.
        message: String,
        /// Whether it counts as an attempt.
        counted: bool,
    },
    /// The job ended.
    Finished {
        /// The job.
        #[serde(flatten)]
        subject: Subject,
        /// How it ended.
        status: JobStatus,
        /// Where the result lies.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultLocation>,
        /// Stable code of what failed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// What failed it, for people; not stable.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// A worker is alive; every ten seconds.
    Heartbeat(Heartbeat),
    /// A worker ended in order.
    Stopped {
        /// The worker.
        instance: String,
        /// When.
        at: DateTime<Utc>,
    },
}

impl Event {
    /// Returns the routing key the event is published under.
    #[must_use]
    pub fn routing_key(&self) -> String {
        match self {
            Self::Started { subject, .. } => format!("job.started.{}", subject.tenant),
            Self::Progress { subject, .. } => format!("job.progress.{}", subject.tenant),
            Self::Retrying { subject, .. } => format!("job.retrying.{}", subject.tenant),
            Self::Finished { subject, .. } => format!("job.finished.{}", subject.tenant),
            Self::Heartbeat(heartbeat) => format!("worker.heartbeat.{}", heartbeat.instance),
            Self::Stopped { instance, .. } => format!("worker.stopped.{instance}"),
        }
    }

    /// Returns which job the event is about; `None` for a worker's own events.
    #[must_use]
    pub const fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Started { subject, .. }
            | Self::Progress { subject, .. }
            | Self::Retrying { subject, .. }
            | Self::Finished { subject, .. } => Some(subject),
            Self::Heartbeat(_) | Self::Stopped { .. } => None,
        }
    }
}

/// Where a result lies and what it hashes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultLocation {
    /// `s3://bucket/key`.
    pub uri: String,
    /// Hex sha256 of `result.json`.
    pub sha256: String,
}

/// What a live worker is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Heartbeat {
    /// The worker.
    pub instance: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The worker's version.
    pub version: String,
    /// Lanes it serves, with permits.
    pub lanes: Vec<LaneLoad>,
    /// Jobs being worked on.
    pub jobs: Vec<JobId>,
    /// Page images finished per second since the last heartbeat.
    pub pages_per_second: f64,
    /// Resident memory of the worker process, without its renderers, in bytes.
    pub resident_bytes: u64,
    /// Whether it has stopped taking jobs.
    pub draining: bool,
}

/// How busy a lane of one worker is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LaneLoad {
    /// The lane.
    pub lane: Lane,
    /// Jobs it may run at once.
    pub permits: u32,
    /// Jobs it is running.
    pub in_flight: u32,
}

/// What live workers are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "control", rename_all = "snake_case")]
pub enum Control {
    /// Stop working on a job.
    Cancel {
        /// The job.
        job_id: JobId,
        /// Whose job it is.
        tenant: Tenant,
    },
    /// Finish what is in hand and exit.
    Drain {
        /// Which worker.
        instance: String,
    },
    /// Change the log filter.
    Log {
        /// A `tracing` filter such as `info,quire_worker=debug`.
        filter: String,
    },
}

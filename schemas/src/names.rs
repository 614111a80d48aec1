//! Names on the broker: lanes, tenants, exchanges, queues, routing keys and headers.

use std::{fmt, str::FromStr, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::closed_enum::closed_enum;
pub use crate::invalid_name::InvalidName;

/// Topic exchange that jobs are published to, under `job.<lane>.<tenant>`.
pub const JOBS_EXCHANGE: &str = "quire.jobs";
/// Headers exchange that routes to the retry tier named by [`header::RETRY_TIER`].
pub const RETRY_EXCHANGE: &str = "quire.retry";
/// Topic exchange of jobs that were given up.
pub const DEAD_EXCHANGE: &str = "quire.dead";
/// Topic exchange of events.
pub const EVENTS_EXCHANGE: &str = "quire.events";
/// Fanout exchange of control messages to live workers.
pub const CONTROL_EXCHANGE: &str = "quire.control";
/// Queue that holds dead letters until an operator decides.
pub const DEAD_QUEUE: &str = "quire.dead";
/// Stream that keeps seven days of events.
pub const EVENT_LOG: &str = "quire.events.log";
/// Value of the `type` property of a job message.
pub const JOB_TYPE: &str = "quire.job.v1";
/// Largest job message that is decoded, in bytes. Documents travel by reference.
pub const MAX_MESSAGE_BYTES: usize = 2 * 1024 * 1024;

/// Headers that Quire reads and writes. Everything that starts with `quire-` is reserved.
pub mod header {
    /// Which retry tier a message waits in.
    pub const RETRY_TIER: &str = "quire-retry-tier";
    /// Counted attempts, from 1.
    pub const ATTEMPT: &str = "quire-attempt";
    /// Raised by a replay; a result of the same or a later generation answers a redelivery.
    pub const GENERATION: &str = "quire-generation";
    /// Written by older workers in place of [`SPENT_MS`]: the time that the attempt has used is
    /// `quire-not-before` minus this (RFC 3339).
    pub const STARTED: &str = "quire-started";
    /// Time used by earlier deliveries of this attempt, in milliseconds.
    pub const SPENT_MS: &str = "quire-spent-ms";
    /// Routing key that a message came under, kept in its dead letter when the key names no usable tenant.
    pub const ROUTING_KEY: &str = "quire-routing-key";
    /// When a worker first saw the job (RFC 3339).
    pub const FIRST_SEEN: &str = "quire-first-seen";
    /// When the next attempt is due (RFC 3339).
    pub const NOT_BEFORE: &str = "quire-not-before";
    /// Stable code of the fault that led here.
    pub const ERROR_CODE: &str = "quire-error-code";
    /// Message of that fault, at most 2 KiB.
    pub const ERROR_MESSAGE: &str = "quire-error-message";
    /// Phase in which it happened.
    pub const ERROR_PHASE: &str = "quire-error-phase";
    /// Page on which it happened.
    pub const ERROR_PAGE: &str = "quire-error-page";
    /// Instance that wrote the message.
    pub const WORKER: &str = "quire-worker";
    /// Lane the job belongs to, kept while it waits in a queue of another name.
    pub const LANE: &str = "quire-lane";
    /// Tenant the job belongs to.
    pub const TENANT: &str = "quire-tenant";
    /// Says that an earlier delivery of this job saw no end. Set when a worker gives the job back before beginning it,
    /// because republishing resets the broker's own count.
    pub const REDELIVERED: &str = "quire-redelivered";
    /// Set while a buried job waits for its failed result to be stored.
    pub const BURIED: &str = "quire-buried";
    /// What a burial took out of the body (`password`).
    pub const REDACTED: &str = "quire-redacted";
    /// How many bytes the body had that a letter does not keep whole.
    pub const BODY_BYTES: &str = "quire-body-bytes";
    /// The hex SHA-256 of that body.
    pub const BODY_SHA256: &str = "quire-body-sha256";
    /// Set by a replay that may supersede a succeeded result.
    pub const FORCE: &str = "quire-force";
    /// Version of the worker that wrote a dead letter.
    pub const VERSION: &str = "quire-version";
    /// Peak resident memory of the worker that wrote a dead letter, in bytes.
    pub const MEMORY_PEAK: &str = "quire-memory-peak";
    /// Last lines that the worker logged about the job, at most 4 KiB.
    pub const LOG: &str = "quire-log";
    /// Counted deliveries, written by a quorum queue.
    pub const DELIVERY_COUNT: &str = "x-delivery-count";
}

closed_enum! {
    /// A bulkhead: each lane is a queue with its own consumer and its own permits. Most urgent first.
    #[derive(Default)]
    pub enum Lane: "lane" {
        /// A person is waiting.
        High => "high",
        /// The default.
        #[default]
        Normal => "normal",
        /// Backfills.
        Bulk => "bulk",
    }
}

impl Lane {
    /// Returns the lane's share of the renderers, relative to the other lanes.
    #[must_use]
    pub const fn weight(self) -> u32 {
        match self {
            Self::High => 6,
            Self::Normal => 3,
            Self::Bulk => 1,
        }
    }

    /// Returns the queue that holds this lane's jobs.
    #[must_use]
    pub fn queue(self) -> String {
        format!("quire.jobs.{self}")
    }

    /// Reads the lane out of a job queue's name.
    #[must_use]
    pub fn of_queue(queue: &str) -> Option<Self> {
        queue.strip_prefix("quire.jobs.")?.parse().ok()
    }
}

/// Whose job it is: `[a-z0-9-]{1,64}`. Part of routing keys and storage keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[a-z0-9-]{1,64}$"))]
pub struct Tenant(String);

impl Tenant {
    /// Returns the tenant's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Tenant {
    type Err = InvalidName;

    fn from_str(value: &str) -> Result<Self, InvalidName> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=64).contains(&value.len()) && value.bytes().all(allowed) {
            Ok(Self(value.to_owned()))
        } else {
            Err(InvalidName::new("tenant", value, "1 to 64 of a-z, 0-9 and -"))
        }
    }
}

impl TryFrom<String> for Tenant {
    type Error = InvalidName;

    fn try_from(value: String) -> Result<Self, InvalidName> {
        value.parse()
    }
}

impl From<Tenant> for String {
    fn from(tenant: Tenant) -> Self {
        tenant.0
    }
}

closed_enum! {
    /// How long a job waits before its next attempt, shortest first. One queue per tier: the messages of a queue
    /// leave in order, so that a short delay behind a long one would wait for it. The name is also the time to
    /// live: another delay is another queue, never a redeclaration that the broker refuses.
    pub enum Tier: "retry tier" {
        /// 5 seconds.
        S5 => "5s",
        /// 30 seconds.
        S30 => "30s",
        /// 2 minutes.
        M2 => "2m",
        /// 10 minutes.
        M10 => "10m",
        /// 1 hour.
        H1 => "1h",
    }
}

impl Tier {
    /// Returns how long a message stays in the tier.
    #[must_use]
    pub const fn delay(self) -> Duration {
        Duration::from_secs(match self {
            Self::S5 => 5,
            Self::S30 => 30,
            Self::M2 => 120,
            Self::M10 => 600,
            Self::H1 => 3600,
        })
    }

    /// Returns the queue of this tier.
    #[must_use]
    pub fn queue(self) -> String {
        format!("quire.retry.{}", self.as_str())
    }

    /// Returns the shortest tier that waits at least `delay`, or the longest there is.
    #[must_use]
    pub fn at_least(delay: Duration) -> Self {
        Self::ALL.into_iter().find(|tier| tier.delay() >= delay).unwrap_or(Self::H1)
    }
}

closed_enum! {
    /// Why a letter lies in the dead queue; the first word of its routing key.
    pub enum DeadKind: "kind of dead letter" {
        /// Given up: the fault is permanent, or the attempts are used up.
        Failed => "failed",
        /// The message cannot be used.
        Invalid => "invalid",
        /// Written by the broker itself: its delivery limit was reached.
        Crash => "crash",
        /// The deadline passed.
        Expired => "expired",
    }
}

impl DeadKind {
    /// Returns the routing key for a lane.
    #[must_use]
    pub fn routing_key(self, lane: Lane) -> String {
        format!("{self}.{lane}")
    }

    /// Reads kind and lane out of a dead letter's routing key.
    #[must_use]
    pub fn of_routing_key(key: &str) -> Option<(Self, Lane)> {
        let (kind, lane) = key.split_once('.')?;
        Some((kind.parse().ok()?, lane.parse().ok()?))
    }
}

/// Returns the canonical routing key of a job.
#[must_use]
pub fn job_routing_key(lane: Lane, tenant: &Tenant) -> String {
    format!("job.{lane}.{tenant}")
}

/// Reads the lane out of a job's routing key; `None` if it names no lane.
#[must_use]
pub fn lane_of_job_key(key: &str) -> Option<Lane> {
    key.strip_prefix("job.")?.split('.').next()?.parse().ok()
}

/// Reads the tenant out of a job's routing key. A key without a tenant is the default tenant's; `None` stands for
/// a key that is not a job's.
///
/// # Errors
/// The key is a job's, and names no usable tenant: the message is no tenant's.
pub fn tenant_of_job_key(key: &str) -> Result<Option<Tenant>, InvalidName> {
    let words: Vec<&str> = key.split('.').collect();
    match words.as_slice() {
        ["job"] | ["job", _] => Ok(Some(Tenant::default())),
        ["job", _, tenant] => tenant.parse().map(Some),
        ["job", ..] => Err(InvalidName::new("routing key", key, "job.<lane>.<tenant>")),
        _ => Ok(None),
    }
}

/// Returns the name of a worker's control queue. The session is part of it because the broker
/// may still hold the queue of a connection that is gone for us and not yet for it.
#[must_use]
pub fn control_queue(instance: &str, session: u64) -> String {
    format!("quire.ctl.{instance}.{session}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routing_key_reads_back_as_the_lane_and_tenant_it_was_made_of() {
        let tenant: Tenant = "acme-7".parse().expect("valid");
        let key = job_routing_key(Lane::Bulk, &tenant);
        assert_eq!(key, "job.bulk.acme-7");
        assert_eq!((lane_of_job_key(&key), tenant_of_job_key(&key)), (Some(Lane::Bulk), Ok(Some(tenant))));
        assert!(lane_of_job_key("job.fast.ACME").is_none() && tenant_of_job_key("job.fast.ACME").is_err());
        assert_eq!((lane_of_job_key("else"), tenant_of_job_key("else")), (None, Ok(None)));
    }

    #[test]
    fn a_key_without_a_tenant_is_of_the_default_one_and_a_key_with_too_many_words_of_none() {
        for key in ["job", "job.high", "job.high.default"] {
            assert_eq!(tenant_of_job_key(key), Ok(Some(Tenant::default())), "{key}");
        }
        for key in ["job.high.", "job.high.ACME", "job.high.acme.x", "job.high.acme."] {
            assert!(tenant_of_job_key(key).is_err(), "{key}");
        }
    }

    #[test]
    fn the_key_of_a_dead_letter_reads_back_as_its_kind_and_lane() {
        for kind in DeadKind::ALL {
            assert_eq!(DeadKind::of_routing_key(&kind.routing_key(Lane::Bulk)), Some((kind, Lane::Bulk)));
        }
        assert_eq!(DeadKind::of_routing_key("failed"), None);
        assert_eq!(DeadKind::of_routing_key("failed.slow"), None);
    }

    #[test]
    fn a_tenant_never_holds_what_a_key_or_path_would_interpret() {
        for bad in ["", "A", "a/b", "..", "a.b", "a b", "ä", &"x".repeat(65), "a\0"] {
            assert!(bad.parse::<Tenant>().is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn the_tier_for_a_delay_never_waits_less_than_asked() {
        assert_eq!(Tier::at_least(Duration::ZERO), Tier::S5);
        assert_eq!(Tier::at_least(Duration::from_secs(6)), Tier::S30);
        assert_eq!(Tier::at_least(Duration::from_secs(90_000)), Tier::H1);
    }
}

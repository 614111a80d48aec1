//! Names on the broker: lanes, tenants, exchanges, queues, routing keys and headers.

use std::{fmt, str::FromStr, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Such a time that `quire-not-before` minus it is what the attempt has taken so far, over all
    /// the deliveries it was spread over (RFC 3339).
    pub const STARTED: &str = "quire-started";
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
    /// Set by a worker that gives a job back without having begun it, if the broker says that an earlier
    /// delivery saw no end: a republish begins that count anew.
    pub const REDELIVERED: &str = "quire-redelivered";
    /// Set while a buried job waits for its failed result to be stored.
    pub const BURIED: &str = "quire-buried";
    /// What a burial took out of the body (`password`).
    pub const REDACTED: &str = "quire-redacted";
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

/// A name on the wire that this crate does not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value:?} is not valid: {rule}")]
pub struct InvalidName {
    /// Which kind of name it was meant to be.
    pub what: &'static str,
    /// The value as it came, cut to 80 characters.
    pub value: String,
    /// What a valid one looks like.
    pub rule: &'static str,
}

impl InvalidName {
    pub(crate) fn new(what: &'static str, value: &str, rule: &'static str) -> Self {
        Self { what, value: value.chars().take(80).collect(), rule }
    }
}

/// A bulkhead: each lane is a queue with its own consumer and its own permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Somebody is waiting.
    High,
    /// The default.
    #[default]
    Normal,
    /// Backfills.
    Bulk,
}

impl Lane {
    /// Every lane, most urgent first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Bulk];

    /// Returns the name used in routing keys and queue names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Bulk => "bulk",
        }
    }

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

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Lane {
    type Err = InvalidName;

    fn from_str(value: &str) -> Result<Self, InvalidName> {
        Self::ALL
            .into_iter()
            .find(|lane| lane.as_str() == value)
            .ok_or_else(|| InvalidName::new("lane", value, "one of high, normal, bulk"))
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

/// How long a job waits before its next attempt. One queue per tier: a queue's messages leave in
/// order, so that a short delay behind a long one would wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// 5 seconds.
    S5,
    /// 30 seconds.
    S30,
    /// 2 minutes.
    M2,
    /// 10 minutes.
    M10,
    /// 1 hour.
    H1,
}

impl Tier {
    /// Every tier, shortest first.
    pub const ALL: [Self; 5] = [Self::S5, Self::S30, Self::M2, Self::M10, Self::H1];

    /// Returns the name, which is also the time to live: another delay is another queue, never a
    /// redeclaration that the broker refuses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S5 => "5s",
            Self::S30 => "30s",
            Self::M2 => "2m",
            Self::M10 => "10m",
            Self::H1 => "1h",
        }
    }

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

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a letter lies in the dead queue; the first word of its routing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadKind {
    /// Given up: permanent, or attempts exhausted.
    Failed,
    /// The message itself could not be used.
    Invalid,
    /// The broker's own fuse: delivered too often without an end.
    Crash,
    /// Its deadline passed.
    Expired,
}

impl DeadKind {
    /// Returns the routing key for a lane.
    #[must_use]
    pub fn routing_key(self, lane: Lane) -> String {
        let kind = match self {
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Crash => "crash",
            Self::Expired => "expired",
        };
        format!("{kind}.{lane}")
    }
}

/// Returns the canonical routing key of a job.
#[must_use]
pub fn job_routing_key(lane: Lane, tenant: &Tenant) -> String {
    format!("job.{lane}.{tenant}")
}

/// Reads lane and tenant out of a routing key; either is `None` if it is not valid.
#[must_use]
pub fn parse_job_routing_key(key: &str) -> (Option<Lane>, Option<Tenant>) {
    let mut words = key.splitn(3, '.');
    if words.next() != Some("job") {
        return (None, None);
    }
    let lane = words.next().and_then(|word| word.parse().ok());
    let tenant = words.next().and_then(|word| word.parse().ok());
    (lane, tenant)
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
        assert_eq!(parse_job_routing_key(&key), (Some(Lane::Bulk), Some(tenant)));
        assert_eq!(parse_job_routing_key("job.fast.ACME"), (None, None));
        assert_eq!(parse_job_routing_key("else"), (None, None));
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

use std::time::Duration;

use super::{
    key::{Extremes, Fallback, Form, Key, Secrecy, Section},
    read::Reader,
};

pub(super) const SECTION: Section =
    Section { name: "job", about: "How long and how often a job is tried", keys: &[TIMEOUT, MAX_ATTEMPTS, MAX_AGE] };

const DAY: u64 = 24 * 3600;

const TIMEOUT: Key = Key {
    section: "job",
    name: "timeout",
    variable: "QUIRE_JOB_TIMEOUT",
    form: Form::Time { least: Duration::from_secs(1), most: Duration::from_secs(DAY) },
    fallback: Fallback::Value("20m"),
    secrecy: Secrecy::Public,
    meaning: "How long one run of a job may take, everything included. Every call to another service gets its deadline \
              from what is left of it.",
    extremes: Some(Extremes {
        too_low: "Long documents and slow parse services never finish: each run ends before its result.",
        too_high: "At the broker's consumer timeout (30 minutes by default) the broker takes the job away and gives it \
                   to another worker while this one still runs it.",
    }),
};

const MAX_ATTEMPTS: Key = Key {
    section: "job",
    name: "max_attempts",
    variable: "QUIRE_MAX_ATTEMPTS",
    form: Form::Whole { least: 1, most: 100, unit: "attempts" },
    fallback: Fallback::Value("6"),
    secrecy: Secrecy::Public,
    meaning: "How often a job is tried whose faults may pass. The waits between are 5 s, 30 s, 2 min, 10 min and then \
              an hour each. Waiting for a throttled service or for storage does not count.",
    extremes: Some(Extremes {
        too_low: "A short outage buries jobs.",
        too_high: "A job that cannot succeed is tried until QUIRE_MAX_AGE before anybody hears of it.",
    }),
};

const MAX_AGE: Key = Key {
    section: "job",
    name: "max_age",
    variable: "QUIRE_MAX_AGE",
    form: Form::Time { least: Duration::from_secs(1), most: Duration::from_secs(30 * DAY) },
    fallback: Fallback::Value("24h"),
    secrecy: Secrecy::Public,
    meaning: "When a job without a deadline of its own expires, counted from when a worker first saw it.",
    extremes: Some(Extremes {
        too_low: "Jobs expire while they wait out an outage.",
        too_high: "Results are made that nobody waits for any more.",
    }),
};

/// How long and how often a job is tried.
#[derive(Debug, Clone)]
pub struct JobLimits {
    /// Longest time for one run.
    pub timeout: Duration,
    /// Most counted attempts, at least 1.
    pub max_attempts: u32,
    /// Age at which a job without a deadline expires.
    pub max_age: Duration,
}

impl JobLimits {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let timeout = reader.time(&TIMEOUT);
        let max_attempts = reader.number(&MAX_ATTEMPTS);
        let max_age = reader.time(&MAX_AGE);
        Some(Self { timeout: timeout?, max_attempts: max_attempts?, max_age: max_age? })
    }
}

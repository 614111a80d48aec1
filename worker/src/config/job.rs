use std::time::Duration;

use super::{
    key::{Extremes, Fallback, Form, Key, Secrecy, Section},
    read::Reader,
};

pub(super) const SECTION: Section = Section {
    name: "job",
    about: "How long and how often a job is tried",
    keys: &[TIMEOUT, LEASE, MAX_ATTEMPTS, MAX_AGE],
};

const DAY: u64 = 24 * 3600;

const TIMEOUT: Key = Key {
    section: "job",
    name: "timeout",
    variable: "QUIRE_JOB_TIMEOUT",
    form: Form::Time { least: Duration::from_secs(1), most: Duration::from_secs(DAY) },
    fallback: Fallback::Value("20m"),
    secrecy: Secrecy::Public,
    meaning: "How long one attempt at a job may take, over all the deliveries it is spread over (QUIRE_LEASE) and \
              without the waits between them. Every call to another service gets its deadline from what is left of it.",
    extremes: Some(Extremes {
        too_low: "Long documents and slow parse services never finish: each attempt ends before its result.",
        too_high: "A job that hangs keeps a permit for that long.",
    }),
};

const LEASE: Key = Key {
    section: "job",
    name: "lease",
    variable: "QUIRE_LEASE",
    form: Form::Time { least: Duration::from_secs(1), most: Duration::from_secs(DAY) },
    fallback: Fallback::Value("15m"),
    secrecy: Secrecy::Public,
    meaning: "How long one delivery is kept. A job that takes longer stops between two pages, goes back to its queue \
              and continues from there, on whichever worker is free: no job is too long for the broker.",
    extremes: Some(Extremes {
        too_low: "Jobs spend their time fetching the document again.",
        too_high: "Beyond half of the broker's consumer timeout (30 minutes by default) the broker may take a job away \
                   and give it to another worker while this one still stores its result.",
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
    /// Longest time for one attempt.
    pub timeout: Duration,
    /// Longest time that one delivery is kept.
    pub lease: Duration,
    /// Most counted attempts, at least 1.
    pub max_attempts: u32,
    /// Age at which a job without a deadline expires.
    pub max_age: Duration,
}

impl JobLimits {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let timeout = reader.time(&TIMEOUT);
        let lease = reader.time(&LEASE);
        let max_attempts = reader.number(&MAX_ATTEMPTS);
        let max_age = reader.time(&MAX_AGE);
        Some(Self { timeout: timeout?, lease: lease?, max_attempts: max_attempts?, max_age: max_age? })
    }
}

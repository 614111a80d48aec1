//! Section `[job]`: how long and how often a job is tried.

use std::time::Duration;

use super::{
    key::{
        Fallback::Value,
        Form::{Time, Whole},
    },
    read::Reader,
    table::settings,
};
use crate::consume::JobRules;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

settings! {
    [job] "How long and how often a job is tried"

    TIMEOUT(timeout, QUIRE_JOB_TIMEOUT): Time { least: SECOND, most: DAY }, Value("20m"),
        "How long one attempt at a job may take, over all its deliveries (QUIRE_LEASE) and without the waits between \
         them. Every call to another service gets its deadline from the time that is left.",
        too_low "Long documents and slow parse services never finish: each attempt ends before its result.",
        too_high "A job that hangs keeps a permit for that long.";

    LEASE(lease, QUIRE_LEASE): Time { least: SECOND, most: DAY }, Value("15m"),
        "How long one delivery is kept. A job that takes longer stops between two pages, goes back to its queue and \
         continues from there, on whichever worker is free: no job is too long for the broker.",
        too_low "Jobs spend their time fetching the document again.",
        too_high "Beyond half of the broker's consumer timeout (30 minutes by default) the broker may take a job away \
                  and give it to another worker while this one still stores its result.";

    MAX_ATTEMPTS(max_attempts, QUIRE_MAX_ATTEMPTS): Whole { least: 1, most: 100, unit: "attempts" }, Value("6"),
        "How many attempts a job gets when its faults may pass. The waits between are 5 s, 30 s, 2 min, 10 min and then \
         an hour each. Waiting for a throttled service or for storage does not count.",
        too_low "A short outage buries jobs.",
        too_high "A job that cannot succeed is tried until QUIRE_MAX_AGE before its dead letter is written.";

    MAX_AGE(max_age, QUIRE_MAX_AGE): Time { least: SECOND, most: MONTH }, Value("24h"),
        "When a job without a deadline of its own expires, counted from when a worker first received it.",
        too_low "Jobs expire while they wait for the end of an outage.",
        too_high "Results arrive after their readers have given up.";
}

/// `prefix` is that of the storage section: every key of a job begins with it.
pub(super) fn read(reader: &mut Reader, prefix: &str) -> Option<JobRules> {
    let timeout = reader.time(&TIMEOUT);
    let lease = reader.time(&LEASE);
    let max_attempts = reader.number(&MAX_ATTEMPTS);
    let max_age = reader.time(&MAX_AGE);
    Some(JobRules {
        timeout: timeout?,
        lease: lease?,
        max_attempts: max_attempts?,
        max_age: max_age?,
        prefix: prefix.to_owned(),
    })
}

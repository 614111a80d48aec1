//! Section `[amqp]`: where jobs come from, and how many of them are in flight.

use quire_producer::amqp::{ConnectError, Connector, topology::Mode};
use quire_schemas::{names::Lane, secret::Secret};

use super::{
    key::{
        Fallback::{Required, Unset, Value},
        Form::{Choice, Text, Whole},
    },
    read::Reader,
    table::settings,
    text,
};

settings! {
    [amqp] "The broker"

    URL(url, QUIRE_AMQP_URL, Address):
        Text("an AMQP URL such as amqps://user:password@host:5671/vhost, or several separated by commas"), Required,
        "Where jobs come from. Of several addresses the first that answers is used, beginning with a random one. \
         Characters with a meaning in URLs are percent-encoded, a virtual host of `/` is written `%2f`.";

    MANAGEMENT_URL(management_url, QUIRE_MANAGEMENT_URL, Address):
        Text("an http or https URL such as http://user:password@host:15672"),
        Unset("`doctor` cannot see queue arguments, timeouts and statistics"),
        "The broker's management API. Only `doctor` asks it; jobs run without. A user with the tag `management` and \
         empty permissions (`^$`) in the virtual host is enough.";

    TOPOLOGY(topology, QUIRE_TOPOLOGY): Choice(&["declare", "passive", "off"]), Value("declare"),
        "What happens to exchanges and queues at start: `declare` creates what is missing, `passive` only checks that \
         everything exists (an operator declares it), `off` does neither.";

    LANES(lanes, QUIRE_LANES):
        Text("lanes (high, normal, bulk) with their jobs in flight, 1 to 1000, such as high:4,normal:8,bulk:4"),
        Value("high:4,normal:8,bulk:4"),
        "How many jobs of each lane are in flight at once. The prefetch of the lane is the same number: no job waits \
         here while another worker is free. A lane that is not named is not served.",
        too_low "Renderers stand idle while jobs wait for downloads, uploads and parse services.",
        too_high "Each job holds up to QUIRE_MAX_SOURCE_BYTES of disk and about 2 MB of memory, all jobs take longer, \
                  and other workers find the queue empty. Scaling rules repeat these numbers.";

    TENANT_JOBS(tenant_jobs, QUIRE_TENANT_JOBS): Whole { least: 1, most: 1000, unit: "jobs" },
        Unset("half of the lane's permits, at least 1"),
        "How many jobs of a lane one tenant may have in flight while another tenant has sent a job of that lane in the \
         last minute. What is beyond it waits five seconds, uncounted. A tenant that is alone has the whole lane.",
        too_low "Where many jobs of one tenant wait, they circle through the 5 s tier more often than they run.",
        too_high "One tenant fills the lane, and jobs of others wait until its jobs are done.";
}

const MAX_PERMITS: u32 = 1000;

/// How to reach the broker and what to take from it.
#[derive(Debug, Clone)]
pub(crate) struct Amqp {
    /// One or more AMQP URLs, separated by commas.
    pub(crate) url: Secret,
    pub(crate) management_url: Option<Secret>,
    pub(crate) topology: Mode,
    /// Jobs in flight per lane, which is its prefetch: 1 to 1000, each lane at most once, never
    /// empty.
    pub(crate) lanes: Vec<(Lane, u32)>,
    /// Most jobs of one tenant in a lane that it shares, if that is given.
    pub(crate) tenant_jobs: Option<u32>,
}

impl Amqp {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let url = reader.parsed(&URL, broker_addresses);
        let management_url = reader.parsed(&MANAGEMENT_URL, text::credentialed_http_address);
        let topology = reader.parsed(&TOPOLOGY, text::word::<Mode>);
        let lanes = reader.parsed(&LANES, lanes);
        let tenant_jobs = reader.number(&TENANT_JOBS);
        Some(Self { url: url?, management_url, topology: topology?, lanes: lanes?, tenant_jobs })
    }

    /// Returns how many jobs one tenant may have in a lane of so many permits that it shares.
    pub(crate) fn jobs_of_a_tenant(&self, permits: u32) -> u32 {
        self.tenant_jobs.unwrap_or_else(|| (permits / 2).max(1))
    }

    /// Returns how many jobs may be in flight in all lanes together.
    pub(crate) fn permits(&self) -> u32 {
        self.lanes.iter().map(|(_, permits)| permits).sum()
    }
}

/// The connector's own text is left out: it shows the address, and one that is not a URL cannot be
/// shown without its password.
fn broker_addresses(text: &str) -> Result<Secret, String> {
    match Connector::new(text, "check") {
        Ok(_) => Ok(Secret::new(text)),
        Err(ConnectError::Address { reason, .. }) => Err(format!("is not an AMQP URL: {reason}")),
        Err(_) => Err("is not an AMQP URL".to_owned()),
    }
}

fn lanes(text: &str) -> Result<Vec<(Lane, u32)>, String> {
    let mut lanes: Vec<(Lane, u32)> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (lane, permits) = served_lane(part)?;
        if lanes.iter().any(|(known, _)| *known == lane) {
            return Err(format!("lane {lane} is given twice"));
        }
        lanes.push((lane, permits));
    }
    Ok(lanes)
}

fn served_lane(text: &str) -> Result<(Lane, u32), String> {
    let (lane, permits) = text.split_once(':').ok_or_else(|| format!("{text:?} is not a lane with a number"))?;
    let lane: Lane = text::word(lane.trim())?;
    let permits: u32 = text::word(permits.trim())?;
    if !(1..=MAX_PERMITS).contains(&permits) {
        return Err(format!("{permits} jobs in flight are out of range"));
    }
    Ok((lane, permits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_given_once_and_with_at_least_one_permit() {
        assert_eq!(lanes("bulk:1, high:12"), Ok(vec![(Lane::Bulk, 1), (Lane::High, 12)]));
        for wrong in ["", "high", "high:0", "high:1001", "fast:1", "high:1,high:2", "high:1,", "high:-1"] {
            assert!(lanes(wrong).is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn an_address_is_refused_without_being_shown() {
        for wrong in ["user:canary@host", "http://user:canary@host", "canary", ""] {
            let problem = broker_addresses(wrong).expect_err("not AMQP");
            assert!(!problem.contains("canary"), "{problem}");
        }
    }
}

use quire_producer::amqp::{ConnectError, Connector, topology::Mode};
use quire_schemas::names::Lane;

use super::{
    Secret,
    key::{Extremes, Fallback, Form, Key, Secrecy, Section},
    read::Reader,
    text,
};

pub(super) const SECTION: Section =
    Section { name: "amqp", about: "The broker", keys: &[URL, MANAGEMENT_URL, TOPOLOGY, LANES] };

const URL: Key = Key {
    section: "amqp",
    name: "url",
    variable: "QUIRE_AMQP_URL",
    form: Form::Text("an AMQP URL such as amqps://user:password@host:5671/vhost, or several separated by commas"),
    fallback: Fallback::Required,
    secrecy: Secrecy::Address,
    meaning: "Where jobs come from. Of several addresses the first that answers is used, beginning with a random one. \
              Characters with a meaning in URLs are percent-encoded, a virtual host of `/` is written `%2f`.",
    extremes: None,
};

const MANAGEMENT_URL: Key = Key {
    section: "amqp",
    name: "management_url",
    variable: "QUIRE_MANAGEMENT_URL",
    form: Form::Text("an http or https URL such as http://user:password@host:15672"),
    fallback: Fallback::Unset("`doctor` cannot see queue arguments, timeouts and statistics"),
    secrecy: Secrecy::Address,
    meaning: "The broker's management API. Only `doctor` asks it; jobs run without. A user with the tag `management` \
              and empty permissions (`^$`) in the virtual host is enough.",
    extremes: None,
};

const TOPOLOGY: Key = Key {
    section: "amqp",
    name: "topology",
    variable: "QUIRE_TOPOLOGY",
    form: Form::Choice(&["declare", "passive", "off"]),
    fallback: Fallback::Value("declare"),
    secrecy: Secrecy::Public,
    meaning: "What happens to exchanges and queues at start: `declare` creates what is missing, `passive` only checks \
              that everything is there (an operator declares it), `off` does neither.",
    extremes: None,
};

const MOST_PERMITS: u32 = 1000;

const LANES: Key = Key {
    section: "amqp",
    name: "lanes",
    variable: "QUIRE_LANES",
    form: Form::Text("lanes (high, normal, bulk) with their jobs in flight, 1 to 1000, such as high:4,normal:8,bulk:4"),
    fallback: Fallback::Value("high:4,normal:8,bulk:4"),
    secrecy: Secrecy::Public,
    meaning: "How many jobs of each lane are in flight at once. It is the prefetch too, so that no job waits here that \
              another worker could run. A lane that is not named is not served.",
    extremes: Some(Extremes {
        too_low: "Renderers stand idle while jobs wait for downloads, uploads and parse services.",
        too_high: "Each job holds up to QUIRE_MAX_SOURCE_BYTES of disk and about 2 MB of memory, all jobs take longer, \
                   and other workers find the queue empty. Scaling rules repeat these numbers.",
    }),
};

/// How to reach the broker and what to take from it.
#[derive(Debug, Clone)]
pub struct Amqp {
    /// One or more AMQP URLs, separated by commas.
    pub url: Secret,
    /// Base address of the management API.
    pub management_url: Option<Secret>,
    /// What to do about exchanges and queues at start.
    pub topology: Mode,
    /// Jobs in flight per lane, which is its prefetch: 1 to 1000, each lane at most once, never
    /// empty.
    pub lanes: Vec<(Lane, u32)>,
}

impl Amqp {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let url = reader.parsed(&URL, broker_addresses);
        let management_url = reader.parsed(&MANAGEMENT_URL, text::credentialed_http_address);
        let topology = reader.parsed(&TOPOLOGY, text::word::<Mode>);
        let lanes = reader.parsed(&LANES, lanes);
        Some(Self { url: url?, management_url, topology: topology?, lanes: lanes? })
    }

    /// Returns how many jobs may be in flight together.
    #[must_use]
    pub fn permits(&self) -> u32 {
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
    if !(1..=MOST_PERMITS).contains(&permits) {
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

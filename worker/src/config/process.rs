use std::{net::SocketAddr, path::PathBuf, time::Duration};

use tracing_subscriber::EnvFilter;

use super::{
    Machine,
    key::{Extremes, Fallback, Form, Key, Secrecy, Section},
    read::Reader,
    text,
};
use crate::fail_point::FailPoint;

pub(super) const SECTION: Section = Section {
    name: "process",
    about: "The process itself",
    keys: &[INSTANCE, SHUTDOWN_GRACE, EXIT_WHEN_IDLE, HTTP_ADDR, TEMP_DIR, LOG, FAIL_POINT],
};

const LONGEST_INSTANCE: usize = 64;

const INSTANCE: Key = Key {
    section: "process",
    name: "instance",
    variable: "QUIRE_INSTANCE",
    form: Form::Text("a name of letters, digits, `.`, `_` and `-`, at most 64"),
    fallback: Fallback::Computed("the host's name and the process id"),
    secrecy: Secrecy::Public,
    meaning: "What this worker is called in events, results and on the broker. Two workers of one name cannot run side \
              by side.",
    extremes: None,
};

const SHUTDOWN_GRACE: Key = Key {
    section: "process",
    name: "shutdown_grace",
    variable: "QUIRE_SHUTDOWN_GRACE",
    form: Form::Time { least: Duration::ZERO, most: Duration::from_secs(24 * 3600) },
    fallback: Fallback::Value("120s"),
    secrecy: Secrecy::Public,
    meaning: "How long jobs in flight may finish after SIGTERM. What is not done by then goes back to its queue and \
              continues elsewhere from the pages that already lie in storage.",
    extremes: Some(Extremes {
        too_low: "Every deployment makes jobs start again.",
        too_high: "Deployments are slow; and past the grace of whoever stops the worker \
                   (terminationGracePeriodSeconds, stop_grace_period) it is killed before it can hand its jobs back. \
                   Stay 15 s below that.",
    }),
};

const EXIT_WHEN_IDLE: Key = Key {
    section: "process",
    name: "exit_when_idle",
    variable: "QUIRE_EXIT_WHEN_IDLE",
    form: Form::Time { least: Duration::from_secs(1), most: Duration::from_secs(24 * 3600) },
    fallback: Fallback::Unset("the worker runs until it is told to stop"),
    secrecy: Secrecy::Public,
    meaning: "The worker ends in order, with status 0, when it has consumed for this long without a job in hand: for \
              one-shot Kubernetes jobs. Jobs that wait in a retry tier do not keep it.",
    extremes: Some(Extremes {
        too_low: "The worker ends between two jobs that are published one after the other.",
        too_high: "It is paid for while it waits for nothing.",
    }),
};

const FAIL_POINT: Key = Key {
    section: "process",
    name: "fail_point",
    variable: "QUIRE_FAIL_POINT",
    form: Form::Text("the name of a place in the code, as in result_stored, page_rendered=3 or acked:2"),
    fallback: Fallback::Unset("the worker lives"),
    secrecy: Secrecy::Public,
    meaning: "For the tests of Quire itself: the worker kills itself there, on that page, at that passage. Only debug \
              builds take it.",
    extremes: None,
};

const HTTP_ADDR: Key = Key {
    section: "process",
    name: "http_addr",
    variable: "QUIRE_HTTP_ADDR",
    form: Form::Text("an address with a port such as 0.0.0.0:9090, or off"),
    fallback: Fallback::Value("127.0.0.1:9090"),
    secrecy: Secrecy::Public,
    meaning: "Where /livez, /readyz and /metrics are served, without authentication. Port 0 takes a free one and logs \
              it. In a container the probes come from outside, so it has to be 0.0.0.0 there.",
    extremes: None,
};

const TEMP_DIR: Key = Key {
    section: "process",
    name: "temp_dir",
    variable: "QUIRE_TEMP_DIR",
    form: Form::Text("the path of a folder"),
    fallback: Fallback::Computed("TMPDIR, else /tmp"),
    secrecy: Secrecy::Public,
    meaning: "Where documents in flight and parsed pages lie. It has to hold QUIRE_MAX_SOURCE_BYTES for every job of \
              QUIRE_LANES. Nothing in it outlives the process.",
    extremes: None,
};

const LOG: Key = Key {
    section: "process",
    name: "log",
    variable: "QUIRE_LOG",
    form: Form::Text(
        "a level (error, warn, info, debug, trace), also per module as in info,quire_worker::consume=debug",
    ),
    fallback: Fallback::Value("info"),
    secrecy: Secrecy::Public,
    meaning: "What is logged, to stderr: for people on a terminal, as JSON elsewhere. A running worker takes another \
              filter from a control message.",
    extremes: None,
};

/// The process itself.
#[derive(Debug, Clone)]
pub struct Process {
    /// What this worker is called: 1 to 64 of `[A-Za-z0-9._-]`.
    pub instance: String,
    /// How long jobs in flight may finish after SIGTERM; may be zero.
    pub shutdown_grace: Duration,
    /// How long it stays without a job; `None` for ever.
    pub exit_when_idle: Option<Duration>,
    /// Where health and metrics are served; `None` for nowhere.
    pub http_addr: Option<SocketAddr>,
    /// Where documents in flight lie.
    pub temp_dir: PathBuf,
    /// What is logged.
    pub log_filter: String,
    /// Where a test has it die.
    pub fail_point: Option<FailPoint>,
}

impl Process {
    pub(super) fn read(reader: &mut Reader, machine: &Machine) -> Option<Self> {
        let instance = reader.parsed(&INSTANCE, |text| text::name(text, LONGEST_INSTANCE)).unwrap_or_else(|| {
            let instance = machine.instance();
            reader.computed(&INSTANCE, &instance);
            instance
        });
        let shutdown_grace = reader.time(&SHUTDOWN_GRACE);
        let exit_when_idle = reader.time(&EXIT_WHEN_IDLE);
        let http_addr = reader.parsed(&HTTP_ADDR, http_address);
        let temp_dir = reader.parsed(&TEMP_DIR, |text| Ok(PathBuf::from(text))).unwrap_or_else(|| {
            reader.computed(&TEMP_DIR, &machine.temp_dir.display());
            machine.temp_dir.clone()
        });
        let log_filter = reader.parsed(&LOG, log_filter);
        let fail_point = reader.parsed(&FAIL_POINT, fail_point);
        Some(Self {
            instance,
            shutdown_grace: shutdown_grace?,
            exit_when_idle,
            http_addr: http_addr?,
            temp_dir,
            log_filter: log_filter?,
            fail_point,
        })
    }
}

impl Machine {
    /// Makes a name of the host and the process id that fits the rule for instances.
    fn instance(&self) -> String {
        let id = self.process_id.to_string();
        let allowed = |character: &char| character.is_ascii_alphanumeric() || "._-".contains(*character);
        let host: String = self.host.chars().filter(allowed).take(LONGEST_INSTANCE - 1 - id.len()).collect();
        if host.is_empty() { format!("worker-{id}") } else { format!("{host}-{id}") }
    }
}

fn fail_point(text: &str) -> Result<FailPoint, String> {
    if cfg!(debug_assertions) { text.parse() } else { Err("is only for debug builds".to_owned()) }
}

fn http_address(text: &str) -> Result<Option<SocketAddr>, String> {
    match text {
        "off" => Ok(None),
        _ => text.parse().map(Some).map_err(|_| format!("{text:?} is not an address with a port")),
    }
}

fn log_filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) if !text.is_empty() => Ok(text.to_owned()),
        Ok(_) => Err("is empty".to_owned()),
        Err(error) => Err(format!("{text:?} is not a filter: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance_on(host: &str) -> String {
        Machine { host: host.to_owned(), process_id: 4_194_304, ..Machine::default() }.instance()
    }

    #[test]
    fn a_worker_is_called_after_its_host_whatever_the_host_is_called() {
        assert_eq!(instance_on("node-7.example"), "node-7.example-4194304");
        assert_eq!(instance_on("büro rechner"), "brorechner-4194304");
        assert_eq!(instance_on("\n"), "worker-4194304");
        assert_eq!(instance_on(&"x".repeat(80)).len(), LONGEST_INSTANCE);
    }

    #[test]
    fn the_server_can_be_turned_off() {
        assert_eq!(http_address("off"), Ok(None));
        assert!(http_address("0.0.0.0:9090").is_ok_and(|address| address.is_some()));
        assert!(http_address("localhost").is_err());
    }
}

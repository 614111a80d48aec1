//! Section `[process]`: name, shutdown, health address, temporary files and log of the process.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use tracing_subscriber::EnvFilter;

use super::{
    Machine,
    key::{
        Fallback::{Computed, Unset, Value},
        Form::{Text, Time},
    },
    read::Reader,
    table::settings,
    text,
};
use crate::fail_point::FailPoint;

const DAY: Duration = Duration::from_secs(24 * 3600);

settings! {
    [process] "The process itself"

    INSTANCE(instance, QUIRE_INSTANCE): Text("a name of letters, digits, `.`, `_` and `-`, at most 64"),
        Computed("the host's name and the process id"),
        "The worker's name in events, in results and on the broker. Two workers of one name cannot run side by side.";

    SHUTDOWN_GRACE(shutdown_grace, QUIRE_SHUTDOWN_GRACE): Time { least: Duration::ZERO, most: DAY }, Value("120s"),
        "How long jobs in flight may finish after SIGTERM. A job that is not done by then goes back to its queue and \
         continues elsewhere from the pages that are already stored.",
        too_low "Every deployment makes jobs start again.",
        too_high "Deployments are slow; and past the grace period of the orchestrator (terminationGracePeriodSeconds, \
                  stop_grace_period) the worker is killed before it can give its jobs back. Stay 15 s below that.";

    EXIT_WHEN_IDLE(exit_when_idle, QUIRE_EXIT_WHEN_IDLE): Time { least: Duration::from_secs(1), most: DAY },
        Unset("the worker runs until SIGTERM or SIGINT"),
        "The worker ends in order, with status 0, when it has consumed for this long without a job in flight: for \
         one-shot Kubernetes jobs. It does not wait for jobs in a retry tier.",
        too_low "The worker ends between two jobs that are published one after the other.",
        too_high "An idle worker costs money.";

    HTTP_ADDR(http_addr, QUIRE_HTTP_ADDR):
        Text("an address with a port such as 0.0.0.0:9464, :0 for any free port of 127.0.0.1, or off"),
        Value("127.0.0.1:9464"),
        "Where /livez, /readyz and /metrics are served, without authentication. Without a host it is 127.0.0.1. The \
         worker logs the address; port 0 takes a free port. In a container the probes come from outside: use 0.0.0.0 \
         there.";

    TEMP_DIR(temp_dir, QUIRE_TEMP_DIR): Text("the path of a folder"), Computed("TMPDIR, else /tmp"),
        "Where documents in flight and parsed pages lie. It has to hold QUIRE_MAX_SOURCE_BYTES for every job of \
         QUIRE_LANES. Nothing in it outlives the process.";

    LOG(log, QUIRE_LOG):
        Text("a level (error, warn, info, debug, trace), also per module as in info,quire_worker::consume=debug"),
        Value("info"),
        "What is logged, to stderr: for people on a terminal, as JSON elsewhere. A control message changes the filter of \
         a running worker.";

    FAIL_POINT(fail_point, QUIRE_FAIL_POINT):
        Text("the name of a place in the code, as in result_stored, page_rendered=3 or acked:2"),
        Unset("the worker does not kill itself"),
        "For the tests of Quire itself: the worker kills itself at this place, optionally only on this page (`=3`), or \
         when it comes there the second time (`:2`). Only debug builds accept it.";
}

const MAX_INSTANCE_BYTES: usize = 64;

/// The process itself.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    /// 1 to 64 of `[A-Za-z0-9._-]`.
    pub(crate) instance: String,
    /// May be zero.
    pub(crate) shutdown_grace: Duration,
    /// `None`: an idle worker stays.
    pub(crate) exit_when_idle: Option<Duration>,
    /// `None`: health and metrics are not served.
    pub(crate) http_addr: Option<SocketAddr>,
    pub(crate) temp_dir: PathBuf,
    pub(crate) log_filter: String,
    /// Always `None` in a release build.
    #[cfg_attr(not(debug_assertions), expect(dead_code, reason = "a release build has no fail points"))]
    pub(crate) fail_point: Option<FailPoint>,
}

impl Process {
    pub(super) fn read(reader: &mut Reader, machine: &Machine) -> Option<Self> {
        let instance = reader.parsed(&INSTANCE, |text| text::name(text, MAX_INSTANCE_BYTES)).unwrap_or_else(|| {
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
        let host: String = self.host.chars().filter(allowed).take(MAX_INSTANCE_BYTES - 1 - id.len()).collect();
        if host.is_empty() { format!("worker-{id}") } else { format!("{host}-{id}") }
    }
}

fn fail_point(text: &str) -> Result<FailPoint, String> {
    if cfg!(debug_assertions) { text.parse() } else { Err("is only for debug builds".to_owned()) }
}

fn http_address(text: &str) -> Result<Option<SocketAddr>, String> {
    let refused = || format!("{text:?} is not an address with a port");
    match text.strip_prefix(':') {
        _ if text == "off" => Ok(None),
        Some(port) => match port.parse() {
            Ok(port) => Ok(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))),
            Err(_) => Err(refused()),
        },
        None => text.parse().map(Some).map_err(|_| refused()),
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
        assert_eq!(instance_on(&"x".repeat(80)).len(), MAX_INSTANCE_BYTES);
    }

    #[test]
    fn the_server_can_be_turned_off_and_has_a_loopback_address_unless_one_is_given() {
        assert_eq!(http_address("off"), Ok(None));
        for (given, read) in [(":0", "127.0.0.1:0"), (":80", "127.0.0.1:80"), ("0.0.0.0:9464", "0.0.0.0:9464")] {
            assert_eq!(http_address(given), Ok(Some(read.parse().expect("an address"))));
        }
        for wrong in ["localhost", "localhost:80", ":", ":x", ":70000", "127.0.0.1", ""] {
            assert!(http_address(wrong).is_err(), "{wrong:?} was accepted");
        }
    }
}

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use quire_schemas::{failure::ErrorCode, names::Lane};

/// From the few milliseconds of a page to the minutes of a slow parse service.
const STAGE_SECONDS: [f64; 12] = [0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0, 1800.0];

/// Everything that is counted, under names that begin with `quire_`. Cheap to clone.
///
/// Labels take values from closed lists only: no job id, no tenant, nothing from a document.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    jobs: Family<JobLabels, Counter>,
    jobs_in_flight: Family<LaneLabel, Gauge>,
    pages_rendered: Counter,
    pages_reused: Counter,
    page_faults: Family<CodeLabel, Counter>,
    stage_seconds: Family<StageLabel, Histogram>,
    renderers_busy: Gauge,
    renderers_restarted: Family<ReasonLabel, Counter>,
    events_dropped: Counter,
    broker_connected: Family<ConnectionLabel, Gauge>,
    breaker_open: Family<DependencyLabel, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    lane: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LaneLabel {
    lane: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabel {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabel {
    stage: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConnectionLabel {
    connection: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DependencyLabel {
    dependency: &'static str,
}

macro_rules! label_values {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the value of the label.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

label_values! {
    /// How a delivery left this worker.
    JobOutcome {
        /// With a result, everything in it.
        Succeeded = "succeeded",
        /// With a result that lacks something.
        PartialSuccess = "partial_success",
        /// Because somebody asked for it.
        Cancelled = "cancelled",
        /// To a retry tier, counted.
        Retried = "retried",
        /// To a retry tier, not counted.
        Parked = "parked",
        /// To the dead queue.
        Buried = "buried",
        /// Back to its queue, because the worker stops or lost its lease.
        Released = "released",
        /// At once: an earlier run has left a result.
        Repeated = "repeated",
    }
}

label_values! {
    /// A part of the work whose time is measured.
    Stage {
        /// The document comes in.
        Fetch = "fetch",
        /// The whole parse branch.
        Parse = "parse",
        /// One page, in a renderer.
        Render = "render",
        /// One page image, to storage.
        Upload = "upload",
        /// The result is put together.
        Assemble = "assemble",
        /// The result goes to storage and is announced.
        Commit = "commit",
        /// The delivery is answered.
        Settle = "settle",
    }
}

label_values! {
    /// Why a renderer was replaced before its time.
    RestartReason {
        /// It died.
        Crashed = "crashed",
        /// It did not answer in time.
        TimedOut = "timed_out",
        /// It ran into its memory or CPU limit.
        ResourceLimit = "resource_limit",
        /// It said something that the protocol does not know.
        Protocol = "protocol",
        /// It has served as many documents as it may.
        Recycled = "recycled",
    }
}

label_values! {
    /// Something that every job needs, or every job of a kind.
    Dependency {
        /// Where results go.
        ObjectStore = "object_store",
        /// The paid engine.
        Llamaparse = "llamaparse",
    }
}

label_values! {
    /// One of the two connections to the broker.
    BrokerConnection {
        /// The one that receives and acknowledges.
        Consume = "consume",
        /// The one that publishes.
        Publish = "publish",
    }
}

/// Counts something as long as it lives.
#[derive(Debug)]
#[must_use = "it counts until it is dropped"]
pub struct Counted(Gauge);

impl Counted {
    fn start(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Makes the metrics of a process. Everything but faults starts at zero instead of missing: a
    /// rate over a counter that appears with its first event does not see that event.
    #[must_use]
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Arc::default(),
            jobs: Family::default(),
            jobs_in_flight: Family::default(),
            pages_rendered: Counter::default(),
            pages_reused: Counter::default(),
            page_faults: Family::default(),
            stage_seconds: Family::new_with_constructor(stage_histogram as fn() -> Histogram),
            renderers_busy: Gauge::default(),
            renderers_restarted: Family::default(),
            events_dropped: Counter::default(),
            broker_connected: Family::default(),
            breaker_open: Family::default(),
        };
        metrics.registry = Arc::new(metrics.register());
        metrics.start_at_zero();
        metrics
    }

    fn register(&self) -> Registry {
        let mut all = Registry::with_prefix("quire");
        all.register("jobs", "Deliveries that left this worker, by how", self.jobs.clone());
        all.register("jobs_in_flight", "Deliveries that hold a permit", self.jobs_in_flight.clone());
        all.register("pages_rendered", "Page images made", self.pages_rendered.clone());
        all.register("pages_reused", "Page images found in storage from an earlier run", self.pages_reused.clone());
        all.register("page_faults", "Pages that failed, by code", self.page_faults.clone());
        let help = "Time that parts of the work take";
        all.register_with_unit("stage", help, Unit::Seconds, self.stage_seconds.clone());
        all.register("renderers_busy", "Renderers that work on a page", self.renderers_busy.clone());
        all.register("renderers_restarted", "Renderers replaced, by why", self.renderers_restarted.clone());
        all.register("events_dropped", "Events that the broker did not take", self.events_dropped.clone());
        all.register("broker_connected", "Whether the connection is up", self.broker_connected.clone());
        let help = "Whether the dependency counts as down and is not asked";
        all.register("breaker_open", help, self.breaker_open.clone());
        all.register("build", "What runs here", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        all
    }

    fn start_at_zero(&self) {
        for lane in Lane::ALL {
            drop(self.jobs_in_flight.get_or_create(&LaneLabel { lane: lane.as_str() }));
            for outcome in JobOutcome::ALL {
                drop(self.jobs.get_or_create(&JobLabels { lane: lane.as_str(), outcome: outcome.as_str() }));
            }
        }
        for reason in RestartReason::ALL {
            drop(self.renderers_restarted.get_or_create(&ReasonLabel { reason: reason.as_str() }));
        }
        for stage in Stage::ALL {
            drop(self.stage_seconds.get_or_create(&StageLabel { stage: stage.as_str() }));
        }
        for connection in BrokerConnection::ALL {
            self.broker_is(*connection, false);
        }
        for dependency in Dependency::ALL {
            self.breaker_is(*dependency, false);
        }
    }

    /// Counts a delivery that has left.
    pub fn job_left(&self, lane: Lane, outcome: JobOutcome) {
        self.jobs.get_or_create(&JobLabels { lane: lane.as_str(), outcome: outcome.as_str() }).inc();
    }

    /// Counts a delivery as in flight as long as the answer lives.
    pub fn job_in_flight(&self, lane: Lane) -> Counted {
        Counted::start(self.jobs_in_flight.get_or_create_owned(&LaneLabel { lane: lane.as_str() }))
    }

    /// Counts a page image that was made.
    pub fn page_rendered(&self) {
        self.pages_rendered.inc();
    }

    /// Counts a page image that an earlier run had made.
    pub fn page_reused(&self) {
        self.pages_reused.inc();
    }

    /// Counts a page that failed.
    pub fn page_failed(&self, code: ErrorCode) {
        self.page_faults.get_or_create(&CodeLabel { code: code.as_str() }).inc();
    }

    /// Notes how long a part of the work took.
    pub fn stage_took(&self, stage: Stage, time: Duration) {
        self.stage_seconds.get_or_create(&StageLabel { stage: stage.as_str() }).observe(time.as_secs_f64());
    }

    /// Counts a renderer as busy as long as the answer lives.
    pub fn renderer_busy(&self) -> Counted {
        Counted::start(self.renderers_busy.clone())
    }

    /// Counts a renderer that was replaced.
    pub fn renderer_restarted(&self, reason: RestartReason) {
        self.renderers_restarted.get_or_create(&ReasonLabel { reason: reason.as_str() }).inc();
    }

    /// Counts an event that did not reach the broker.
    pub fn event_dropped(&self) {
        self.events_dropped.inc();
    }

    /// Notes whether a connection to the broker is up.
    pub fn broker_is(&self, connection: BrokerConnection, connected: bool) {
        let gauge = self.broker_connected.get_or_create(&ConnectionLabel { connection: connection.as_str() });
        gauge.set(i64::from(connected));
    }

    /// Notes whether a dependency counts as down.
    pub fn breaker_is(&self, dependency: Dependency, open: bool) {
        let label = DependencyLabel { dependency: dependency.as_str() };
        self.breaker_open.get_or_create(&label).set(i64::from(open));
    }

    /// Writes everything in the OpenMetrics text format, version 1.0.0.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }
}

fn stage_histogram() -> Histogram {
    Histogram::new(STAGE_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_can_be_read_by_its_documented_name() {
        let metrics = Metrics::new();
        metrics.job_left(Lane::High, JobOutcome::Buried);
        metrics.page_rendered();
        metrics.page_reused();
        metrics.page_failed(ErrorCode::PageTooLarge);
        metrics.stage_took(Stage::Render, Duration::from_millis(300));
        metrics.renderer_restarted(RestartReason::Crashed);
        metrics.event_dropped();
        metrics.broker_is(BrokerConnection::Publish, true);

        let text = metrics.encode();
        for line in [
            "quire_jobs_total{lane=\"high\",outcome=\"buried\"} 1",
            "quire_jobs_total{lane=\"bulk\",outcome=\"succeeded\"} 0",
            "quire_jobs_in_flight{lane=\"normal\"} 0",
            "quire_pages_rendered_total 1",
            "quire_pages_reused_total 1",
            "quire_page_faults_total{code=\"page_too_large\"} 1",
            "quire_stage_seconds_bucket{le=\"0.25\",stage=\"render\"} 0",
            "quire_stage_seconds_bucket{le=\"0.5\",stage=\"render\"} 1",
            "quire_renderers_busy 0",
            "quire_renderers_restarted_total{reason=\"crashed\"} 1",
            "quire_events_dropped_total 1",
            "quire_broker_connected{connection=\"publish\"} 1",
            "quire_broker_connected{connection=\"consume\"} 0",
            concat!("quire_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn a_job_is_in_flight_until_its_guard_is_dropped() {
        let metrics = Metrics::new();
        let lines = || metrics.encode().matches("quire_jobs_in_flight{lane=\"high\"} 2").count();
        let first = metrics.job_in_flight(Lane::High);
        let second = metrics.job_in_flight(Lane::High);
        assert_eq!(lines(), 1);
        drop((first, second));
        assert_eq!(lines(), 0);
    }
}

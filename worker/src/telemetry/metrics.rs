//! Everything that is counted, under names that begin with `quire_`.

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::text,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use quire_schemas::{failure::ErrorCode, job::Engine, names::Lane};

use super::labels::{
    BrokerConnection, Dependency, JobOutcome, Label, RestartReason, SandboxLevel, Stage, lane_label, parse_labels,
};

/// From the few milliseconds of a page to the minutes of a slow parse service.
const STAGE_SECONDS: [f64; 12] = [0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0, 1800.0];

/// The metrics of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    jobs: Family<[Label; 2], Counter>,
    jobs_in_flight: Family<[Label; 1], Gauge>,
    pages_rendered: Counter,
    pages_reused: Counter,
    page_faults: Family<[Label; 1], Counter>,
    /// The parse has the engine's label beside that of the stage.
    stage_seconds: Family<Vec<Label>, Histogram>,
    renderers_busy: Gauge,
    renderers_restarted: Family<[Label; 1], Counter>,
    events_dropped: Counter,
    sweeps_deferred: Counter,
    /// One label has the value 1.
    sandbox: Family<[Label; 1], Gauge>,
    broker_connected: Family<[Label; 1], Gauge>,
    /// An engine has a label of its own beside its name as a dependency.
    breaker_open: Family<Vec<Label>, Gauge>,
}

/// Counts something as long as it lives.
#[derive(Debug)]
#[must_use = "it counts until it is dropped"]
pub(crate) struct Counted(Gauge);

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
    /// Makes the metrics of a process. Everything but faults starts at zero: a rate over a counter
    /// that appears with its first event does not see that event.
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
            sweeps_deferred: Counter::default(),
            sandbox: Family::default(),
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
        let help = "Jobs whose leftovers were still being deleted when they had ended";
        all.register("sweeps_deferred", help, self.sweeps_deferred.clone());
        all.register("sandbox", "The level of the renderers' sandbox", self.sandbox.clone());
        all.register("broker_connected", "Whether the connection is up", self.broker_connected.clone());
        let help = "Whether the dependency counts as down and is not asked";
        all.register("breaker_open", help, self.breaker_open.clone());
        all.register("build", "What runs here", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        all
    }

    fn start_at_zero(&self) {
        for lane in Lane::ALL {
            drop(self.jobs_in_flight.get_or_create(&[lane_label(lane)]));
            for outcome in JobOutcome::ALL {
                drop(self.jobs.get_or_create(&[lane_label(lane), outcome.label()]));
            }
        }
        for reason in RestartReason::ALL {
            drop(self.renderers_restarted.get_or_create(&[reason.label()]));
        }
        for stage in Stage::ALL {
            drop(self.stage_seconds.get_or_create(&vec![stage.label()]));
        }
        for engine in Engine::ALL.into_iter().filter(|engine| engine.is_built() && *engine != Engine::None) {
            drop(self.stage_seconds.get_or_create(&parse_labels(engine)));
        }
        for connection in BrokerConnection::ALL {
            self.broker_is(*connection, false);
        }
    }

    pub(crate) fn job_left(&self, lane: Lane, outcome: JobOutcome) {
        self.jobs.get_or_create(&[lane_label(lane), outcome.label()]).inc();
    }

    /// Counts a delivery as in flight as long as the returned value lives.
    pub(crate) fn job_in_flight(&self, lane: Lane) -> Counted {
        Counted::start(self.jobs_in_flight.get_or_create_owned(&[lane_label(lane)]))
    }

    pub(crate) fn page_rendered(&self) {
        self.pages_rendered.inc();
    }

    pub(crate) fn page_reused(&self) {
        self.pages_reused.inc();
    }

    pub(crate) fn page_failed(&self, code: ErrorCode) {
        self.page_faults.get_or_create(&[("code", code.as_str())]).inc();
    }

    pub(crate) fn stage_took(&self, stage: Stage, time: Duration) {
        self.stage_seconds.get_or_create(&vec![stage.label()]).observe(time.as_secs_f64());
    }

    /// Notes the time of a whole parse branch, engines that failed before this one included.
    pub(crate) fn parse_took(&self, engine: Engine, time: Duration) {
        self.stage_seconds.get_or_create(&parse_labels(engine)).observe(time.as_secs_f64());
    }

    /// Counts a renderer as busy as long as the returned value lives.
    pub(crate) fn renderer_busy(&self) -> Counted {
        Counted::start(self.renderers_busy.clone())
    }

    pub(crate) fn renderer_restarted(&self, reason: RestartReason) {
        self.renderers_restarted.get_or_create(&[reason.label()]).inc();
    }

    pub(crate) fn event_dropped(&self) {
        self.events_dropped.inc();
    }

    pub(crate) fn sweep_deferred(&self) {
        self.sweeps_deferred.inc();
    }

    /// Notes how far the cell of the renderers closes.
    pub(crate) fn sandbox_is(&self, level: SandboxLevel) {
        for other in SandboxLevel::ALL {
            self.sandbox.get_or_create(&[other.label()]).set(i64::from(*other == level));
        }
    }

    pub(crate) fn broker_is(&self, connection: BrokerConnection, connected: bool) {
        self.broker_connected.get_or_create(&[connection.label()]).set(i64::from(connected));
    }

    pub(crate) fn breaker_is(&self, dependency: Dependency, open: bool) {
        self.breaker_open.get_or_create(&dependency.labels()).set(i64::from(open));
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
        metrics.parse_took(Engine::Docling, Duration::from_millis(300));
        metrics.renderer_restarted(RestartReason::Crashed);
        metrics.event_dropped();
        metrics.sweep_deferred();
        metrics.sandbox_is(SandboxLevel::Partial);
        metrics.broker_is(BrokerConnection::Publish, true);
        metrics.breaker_is(Dependency::ObjectStore, true);
        metrics.breaker_is(Dependency::Engine(Engine::Docling), false);

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
            "quire_stage_seconds_bucket{le=\"0.5\",stage=\"parse\",engine=\"docling\"} 1",
            "quire_stage_seconds_count{stage=\"parse\",engine=\"pdfium\"} 0",
            "quire_renderers_busy 0",
            "quire_renderers_restarted_total{reason=\"crashed\"} 1",
            "quire_events_dropped_total 1",
            "quire_sweeps_deferred_total 1",
            "quire_sandbox{level=\"partial\"} 1",
            "quire_sandbox{level=\"full\"} 0",
            "quire_broker_connected{connection=\"publish\"} 1",
            "quire_broker_connected{connection=\"consume\"} 0",
            "quire_breaker_open{dependency=\"object_store\"} 1",
            "quire_breaker_open{dependency=\"docling\",engine=\"docling\"} 0",
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

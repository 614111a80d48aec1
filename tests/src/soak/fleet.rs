//! The workers of a soak run: a constant number, each behind proxies, replaced when it exits.

use std::{collections::BTreeSet, os::unix::process::ExitStatusExt as _, process::ExitStatus, time::Duration};

use futures_util::future::join_all;
use nix::sys::signal::Signal;
use tokio::time::{Instant, timeout};

use super::{metrics::Metrics, pages::PageCount};
use crate::{Worker, World, auditor::secrets::shown_by, proxy::Proxy};

/// Longer than the grace period and everything that comes after it.
const STOPPING: Duration = Duration::from_secs(45);
/// Until then a worker may not yet listen to signals.
const STARTING: Duration = Duration::from_secs(5);
/// What a worker exits with that finds no broker or no store when it starts.
const UNAVAILABLE: i32 = 69;
const BROKER: &str = "QUIRE_AMQP_URL";
const STORE: &str = "QUIRE_S3_ENDPOINT";

/// A constant number of workers: one that exits is replaced, as an orchestrator does.
pub(super) struct Fleet<'a> {
    world: &'a World,
    settings: Vec<(&'static str, String)>,
    slots: Vec<WorkerSlot>,
    /// Whether a worker may find no broker or no store when it starts.
    disturbed: bool,
    secrets: Vec<String>,
    pub(super) kills: usize,
    pub(super) kills_in_hand: usize,
    pages: PageCount,
    logs: Vec<String>,
    /// What workers did that they should not, a sentence each.
    pub(super) findings: Vec<String>,
}

/// A worker, behind a proxy to each server. The proxies outlive it.
struct WorkerSlot {
    broker: Proxy,
    store: Proxy,
    worker: Worker,
    launched: Instant,
}

/// How a worker came to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Killed,
    InOrder,
}

/// What all workers together leave.
pub(super) struct Traces {
    pub(super) pages: PageCount,
    pub(super) findings: Vec<String>,
    pub(super) logs: Vec<String>,
}

impl Traces {
    /// Returns what was logged about jobs, in the order of time.
    pub(super) fn about(&self, jobs: &BTreeSet<String>) -> Vec<String> {
        let lines = self.logs.iter().flat_map(|log| log.lines());
        let mut about: Vec<_> =
            lines.filter(|line| jobs.iter().any(|job_id| line.contains(job_id))).map(str::to_owned).collect();
        // Each begins with its time.
        about.sort();
        about
    }
}

/// What a worker that was told to stop leaves.
struct Stopped {
    ended: Ended,
    /// What was wrong with its end.
    finding: Option<String>,
    last: Metrics,
}

impl<'a> Fleet<'a> {
    pub(super) async fn start(
        world: &'a World,
        workers: u32,
        settings: Vec<(&'static str, String)>,
        disturbed: bool,
        secrets: Vec<String>,
    ) -> Self {
        let mut slots = Vec::new();
        for _ in 0..workers.max(1) {
            slots.push(WorkerSlot::open(world, &settings).await);
        }
        let (pages, logs, findings) = (PageCount::default(), Vec::new(), Vec::new());
        Self { world, settings, slots, disturbed, secrets, kills: 0, kills_in_hand: 0, pages, logs, findings }
    }

    pub(super) fn broker(&self, worker: u32) -> &Proxy {
        &self.slots[self.index(worker)].broker
    }

    pub(super) fn store(&self, worker: u32) -> &Proxy {
        &self.slots[self.index(worker)].store
    }

    /// Returns the name of the worker that there is now.
    pub(super) fn name(&self, worker: u32) -> String {
        self.slots[self.index(worker)].worker.instance.clone()
    }

    /// Returns the names of all.
    pub(super) fn names(&self) -> Vec<String> {
        self.slots.iter().map(|slot| slot.worker.instance.clone()).collect()
    }

    /// Kills a worker, and starts another one without waiting for anything.
    pub(super) async fn kill(&mut self, worker: u32) {
        let index = self.index(worker);
        let last = Metrics::of(&self.slots[index].worker).await;
        self.slots[index].worker.kill().await;
        self.kills += 1;
        self.kills_in_hand += usize::from(last.has_job_in_hand());
        self.look_for_secrets(last.text(), "the metrics of a worker");
        self.replace(index, Ended::Killed);
    }

    /// Has a worker end in order, and starts another one then.
    pub(super) async fn stop(&mut self, worker: u32) {
        let index = self.index(worker);
        let stopped = self.slots[index].stop(self.disturbed).await;
        self.look_for_secrets(stopped.last.text(), "the metrics of a worker");
        self.findings.extend(stopped.finding);
        self.replace(index, stopped.ended);
    }

    /// Replaces workers that exited by themselves; each had a reason.
    pub(super) async fn revive(&mut self) {
        for index in 0..self.slots.len() {
            if let Some(status) = self.slots[index].ended().await {
                if !(self.disturbed && status.code() == Some(UNAVAILABLE)) {
                    let last = last_words(&self.slots[index].worker.log());
                    self.findings.push(format!("a worker ended by itself with {status}: {last}"));
                }
                self.replace(index, Ended::Killed);
            }
        }
    }

    /// Has every worker end in order.
    pub(super) async fn end(mut self) -> Traces {
        let disturbed = self.disturbed;
        let stopped = join_all(self.slots.iter_mut().map(|slot| slot.stop(disturbed))).await;
        for (index, stopped) in stopped.into_iter().enumerate() {
            self.look_for_secrets(stopped.last.text(), "the metrics of a worker");
            self.findings.extend(stopped.finding);
            self.read(index, stopped.ended);
        }
        Traces { pages: self.pages, findings: self.findings, logs: self.logs }
    }

    fn index(&self, worker: u32) -> usize {
        worker as usize % self.slots.len()
    }

    fn replace(&mut self, index: usize, ended: Ended) {
        self.read(index, ended);
        let slot = &mut self.slots[index];
        slot.worker = launch(self.world, &self.settings, &slot.broker, &slot.store);
        slot.launched = Instant::now();
    }

    /// Reads what a worker leaves.
    fn read(&mut self, index: usize, ended: Ended) {
        let log = self.slots[index].worker.log();
        match ended {
            Ended::Killed => self.pages.add_killed(&log),
            Ended::InOrder => self.pages.add_ended(&log),
        }
        self.look_for_secrets(&log, "the log of a worker");
        self.logs.push(log);
    }

    /// Whatever shows a secret is a finding.
    pub(super) fn look_for_secrets(&mut self, text: &str, place: &str) {
        for number in shown_by(text.as_bytes(), &self.secrets) {
            self.findings.push(format!("{place} shows secret number {number}"));
        }
    }
}

impl WorkerSlot {
    async fn open(world: &World, settings: &[(&'static str, String)]) -> Self {
        let broker = Proxy::before(&world.setting(BROKER)).await;
        let store = Proxy::before(&world.setting(STORE)).await;
        let worker = launch(world, settings, &broker, &store);
        Self { broker, store, worker, launched: Instant::now() }
    }

    async fn ended(&mut self) -> Option<ExitStatus> {
        // Cancel safe: a process that has not ended can be waited for again.
        timeout(Duration::from_millis(1), self.worker.exit()).await.ok()
    }

    async fn stop(&mut self, disturbed: bool) -> Stopped {
        let is_young = self.launched.elapsed() < STARTING;
        let last = Metrics::of(&self.worker).await;
        let (ended, finding) = self.end_in_order(is_young, disturbed).await;
        Stopped { ended, finding, last }
    }

    async fn end_in_order(&mut self, is_young: bool, disturbed: bool) -> (Ended, Option<String>) {
        self.worker.signal(Signal::SIGTERM);
        let Ok(status) = timeout(STOPPING, self.worker.exit()).await else {
            let last = last_words(&self.worker.log());
            self.worker.kill().await;
            return (Ended::Killed, Some(format!("a worker did not end when it was told to: {last}")));
        };
        let left = self.worker.temporary_files();
        if status.success() && left.is_empty() {
            return (Ended::InOrder, None);
        }
        if status.success() {
            return (Ended::InOrder, Some(format!("a worker that ended in order left {left:?}")));
        }
        let too_early = is_young && status.signal() == Some(Signal::SIGTERM as i32);
        let never_up = disturbed && status.code() == Some(UNAVAILABLE);
        let finding = (!too_early && !never_up).then(|| {
            let last = last_words(&self.worker.log());
            format!("a worker that was told to stop: {status}: {last}")
        });
        (Ended::Killed, finding)
    }
}

fn launch(world: &World, settings: &[(&'static str, String)], broker: &Proxy, store: &Proxy) -> Worker {
    let builder = world
        .worker()
        .with(BROKER, &broker.in_place_of(&world.setting(BROKER)))
        .with(STORE, &store.in_place_of(&world.setting(STORE)));
    settings.iter().fold(builder, |builder, (name, value)| builder.with(name, value)).launch()
}

fn last_words(log: &str) -> String {
    const LINES: usize = 3;
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join(" | ")
}

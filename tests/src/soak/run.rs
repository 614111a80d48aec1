//! Carries out a plan against a world.

use std::{collections::BTreeSet, mem, time::Duration};

use bytes::Bytes;
use chrono::Utc;
use futures_util::future::join_all;
use lapin::{options::QueueDeclareOptions, types::FieldTable};
use quire_producer::{
    Submission,
    amqp::Outgoing,
    schemas::{
        event::Control,
        job::{Job, JobId},
        names::{CONTROL_EXCHANGE, Lane, Tenant},
    },
    store::Metadata,
};
use tokio::time::{Instant, sleep, timeout};

use super::{
    API_KEY, Pages, QUERY_SECRET, Setting, WRONG_PASSWORD,
    corpus::Corpus,
    fleet::{Fleet, Traces},
    operation::Operation,
};
use crate::{
    World,
    auditor::{Accepted, CutOff, Expected, Ledger},
    quire_cli::quire,
    servers::{PrivateBroker, PrivateStore},
};

/// Jobs that may wait in the queue before more are published: a kill among thousands that wait would
/// hit no more than one among ten, and what waits is not at risk.
const BACKLOG: u32 = 10;
/// While the workers are cut off the queue does not shrink; the plan goes on nevertheless.
const BACKLOG_WAITS: Duration = Duration::from_secs(20);
/// The broker's counts may be older than five seconds, and then say nothing.
const STATISTICS: Duration = Duration::from_secs(6);
const POLL: Duration = Duration::from_millis(100);
const REPLAY: Duration = Duration::from_secs(120);
/// Publishing the same job once more is safe, and nothing takes the broker away for longer.
const PUBLISHES: u32 = 5;

/// A plan that is being carried out.
pub(super) struct SoakRun<'a> {
    world: &'a World,
    broker: Option<&'a PrivateBroker>,
    store: &'a PrivateStore,
    fleet: Fleet<'a>,
    corpus: Corpus,
    ledger: Ledger,
    /// Every accepted job, in the order of the ledger.
    jobs: Vec<Job>,
    good: usize,
    lasting: Vec<(Instant, Lasting)>,
}

/// A fault that is there until it is taken away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lasting {
    BlackHole(u32),
    SlowStore(u32),
    NoStore,
}

/// What remains when all work is done.
pub(super) struct Ended {
    pub(super) ledger: Ledger,
    pub(super) kills: usize,
    pub(super) kills_in_hand: usize,
    pub(super) pages: Pages,
    /// Jobs of one message with a page that was rendered again and had been in flight at no kill.
    pub(super) wasteful: BTreeSet<JobId>,
    pub(super) traces: Traces,
}

impl<'a> SoakRun<'a> {
    pub(super) async fn begin(
        world: &'a World,
        broker: Option<&'a PrivateBroker>,
        store: &'a PrivateStore,
        setting: &Setting,
        disturbed: bool,
    ) -> Self {
        let login = world.setting("AWS_SECRET_ACCESS_KEY");
        let secrets = vec![WRONG_PASSWORD.to_owned(), QUERY_SECRET.to_owned(), API_KEY.to_owned(), login];
        let settings = vec![
            ("QUIRE_LANES", "normal:4".to_owned()),
            ("QUIRE_RENDERERS", "1".to_owned()),
            ("QUIRE_LOG", "warn,quire_worker=debug".to_owned()),
            ("QUIRE_MAX_ATTEMPTS", setting.max_attempts.to_string()),
            ("LLAMA_CLOUD_API_KEY", API_KEY.to_owned()),
        ];
        let corpus = Corpus::upload(world).await;
        let fleet = Fleet::start(world, setting.workers, settings, disturbed, secrets.clone()).await;
        let max_attempts = setting.max_attempts;
        let passwords = vec![WRONG_PASSWORD.to_owned()];
        let ledger = Ledger {
            accepted: Vec::new(),
            max_attempts,
            cut_off: Vec::new(),
            cut_off_from_store: Vec::new(),
            secrets,
            passwords,
        };
        Self { world, broker, store, fleet, corpus, ledger, jobs: Vec::new(), good: 0, lasting: Vec::new() }
    }

    pub(super) async fn carry_out(&mut self, operation: Operation) {
        self.tend().await;
        match operation {
            Operation::PublishBatch { jobs } => self.publish_batch(jobs).await,
            Operation::PublishDuplicate { jobs_ago } => self.publish_again(jobs_ago).await,
            Operation::PublishPoison { poison } => {
                let poison = self.corpus.poison(poison);
                self.publish(vec![poison]).await;
            }
            Operation::PublishEncrypted { password } => {
                let encrypted = self.corpus.encrypted(password);
                self.publish(vec![encrypted]).await;
            }
            Operation::PublishBlocked => self.publish(vec![Corpus::blocked()]).await,
            Operation::KillWorker { worker } => self.fleet.kill(worker).await,
            Operation::StopWorker { worker } => {
                // Told to stop while nothing answers, it would take its whole grace period.
                self.heal(|_, _| true).await;
                self.fleet.stop(worker).await;
            }
            Operation::CutBroker { worker } => {
                self.note_cut_off(vec![self.fleet.name(worker)]);
                self.fleet.broker(worker).cut();
            }
            Operation::BlackHoleBroker { worker, ms } => {
                self.note_cut_off(vec![self.fleet.name(worker)]);
                self.fleet.broker(worker).black_hole();
                self.until(ms, Lasting::BlackHole(worker));
            }
            Operation::RestartBroker => self.restart_broker().await,
            Operation::StopStore { ms } => self.stop_store(ms).await,
            Operation::SlowStore { worker, latency_ms, ms } => {
                self.fleet.store(worker).delay(Duration::from_millis(latency_ms));
                self.until(ms, Lasting::SlowStore(worker));
            }
            Operation::ResetStore { worker } => {
                self.note_cut_off_from_store(vec![self.fleet.name(worker)]);
                self.fleet.store(worker).cut();
            }
            Operation::Cancel { jobs_ago } => self.cancel(jobs_ago).await,
            Operation::Replay => self.replay().await,
            Operation::Wait { ms } => sleep(Duration::from_millis(ms)).await,
        }
    }

    /// Takes every fault away, and waits until everything has come to rest, or for so long.
    pub(super) async fn end(mut self, patience: Duration) -> Ended {
        self.heal(|_, _| true).await;
        let deadline = Instant::now() + patience;
        let mut empty_since: Option<Instant> = None;
        while Instant::now() < deadline {
            self.fleet.revive().await;
            if !self.queues_are_empty().await {
                empty_since = None;
            } else if empty_since.get_or_insert_with(Instant::now).elapsed() >= STATISTICS || self.has_ended().await {
                break;
            }
            sleep(POLL).await;
        }
        let (kills, kills_in_hand) = (self.fleet.kills, self.fleet.kills_in_hand);
        let traces = self.fleet.end().await;
        let published_twice: BTreeSet<_> =
            self.ledger.accepted.iter().filter(|job| job.messages > 1).map(|job| job.job_id).collect();
        let (pages, mut wasteful) = (traces.pages.without(&published_twice), traces.pages.wasteful());
        wasteful.retain(|job_id| !published_twice.contains(job_id));
        Ended { ledger: self.ledger, kills, kills_in_hand, pages, wasteful, traces }
    }

    /// Says whether every job has a result.
    async fn has_ended(&self) -> bool {
        let folder = format!("{}/{}/", self.world.prefix, Tenant::default());
        let Ok(keys) = self.world.store.list(&folder).await else { return false };
        let keys: BTreeSet<String> = keys.into_iter().collect();
        self.ledger.accepted.iter().all(|job| keys.contains(&self.world.keys(&job.job_id).result()))
    }

    async fn queues_are_empty(&self) -> bool {
        let Ok(queues) = self.world.management.queues().await else { return false };
        let is_work = |name: &str| name.starts_with("quire.jobs.") || name.starts_with("quire.retry.");
        queues.iter().filter(|queue| is_work(&queue.name)).all(|queue| queue.messages == Some(0))
    }

    /// Does what is due between two operations.
    async fn tend(&mut self) {
        let now = Instant::now();
        self.heal(|until, _| until <= now).await;
        self.fleet.revive().await;
    }

    fn until(&mut self, ms: u64, fault: Lasting) {
        self.lasting.push((Instant::now() + Duration::from_millis(ms), fault));
    }

    async fn heal(&mut self, is_over: impl Fn(Instant, Lasting) -> bool) {
        let (over, lasting): (Vec<_>, Vec<_>) =
            mem::take(&mut self.lasting).into_iter().partition(|(until, fault)| is_over(*until, *fault));
        self.lasting = lasting;
        for (_, fault) in over {
            match fault {
                Lasting::BlackHole(worker) => {
                    self.note_cut_off(vec![self.fleet.name(worker)]);
                    self.fleet.broker(worker).heal();
                }
                Lasting::SlowStore(worker) => self.fleet.store(worker).heal(),
                Lasting::NoStore => self.store.start_again().await,
            }
        }
    }

    async fn restart_broker(&mut self) {
        let Some(broker) = self.broker else { panic!("a plan that restarts the broker needs one of its own") };
        self.note_cut_off(self.fleet.names());
        broker.kill().await;
        broker.start_again().await;
        self.note_cut_off(self.fleet.names());
    }

    fn note_cut_off(&mut self, workers: Vec<String>) {
        self.ledger.cut_off.extend(cut_off_now(workers));
    }

    fn note_cut_off_from_store(&mut self, workers: Vec<String>) {
        self.ledger.cut_off_from_store.extend(cut_off_now(workers));
    }

    async fn stop_store(&mut self, ms: u64) {
        if self.lasting.iter().any(|(_, fault)| *fault == Lasting::NoStore) {
            return;
        }
        self.note_cut_off_from_store(self.fleet.names());
        self.store.kill().await;
        self.until(ms, Lasting::NoStore);
    }

    async fn publish_batch(&mut self, jobs: u32) {
        let deadline = Instant::now() + BACKLOG_WAITS;
        while Instant::now() < deadline && self.backlog().await.is_none_or(|ready| ready > BACKLOG) {
            self.tend().await;
            sleep(POLL).await;
        }
        let numbers = self.good..self.good + jobs as usize;
        self.good = numbers.end;
        let batch = numbers.map(|number| self.corpus.good(number)).collect();
        self.publish(batch).await;
    }

    /// Counts the ready jobs; `None` if the broker does not answer.
    async fn backlog(&self) -> Option<u32> {
        let channel = self.world.quire.publisher().open_channel().await.ok()?;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let queue = channel.queue_declare(Lane::Normal.queue().into(), options, FieldTable::default()).await.ok()?;
        let _ = channel.close(200, "counted".into()).await;
        Some(queue.message_count())
    }

    async fn publish(&mut self, jobs: Vec<(Job, Expected)>) {
        let published = join_all(jobs.iter().map(|(job, _)| submit(self.world, job))).await;
        for ((job, expected), messages) in jobs.into_iter().zip(published) {
            let job_id = job.job_id.expect("every job of the corpus has one");
            self.ledger.accepted.push(Accepted { job_id, expected, messages, cancelled: false });
            self.jobs.push(job);
        }
    }

    async fn publish_again(&mut self, jobs_ago: u32) {
        let Some(index) = self.index(jobs_ago) else { return };
        let messages = submit(self.world, &self.jobs[index]).await;
        self.ledger.accepted[index].messages += messages;
    }

    async fn cancel(&mut self, jobs_ago: u32) {
        let Some(index) = self.index(jobs_ago) else { return };
        let job = &mut self.ledger.accepted[index];
        job.cancelled = true;
        let (job_id, tenant) = (job.job_id, Tenant::default());
        let marker = self.world.keys(&job_id).cancel();
        // While the store is away nothing can be marked, and only who runs the job now hears of it.
        let _ = self.world.store.put(&marker, Bytes::from_static(b"{}"), "application/json", &Metadata::new()).await;
        let body = serde_json::to_vec(&Control::Cancel { job_id, tenant }).expect("plain data");
        let control = Outgoing::json(CONTROL_EXCHANGE, String::new(), body, FieldTable::default());
        // Not mandatory: at this moment there may be no worker to hear it.
        let control = Outgoing { mandatory: false, ..control };
        let _ = self.world.quire.publisher().publish(&control, Duration::from_secs(5)).await;
    }

    async fn replay(&mut self) {
        // Without a store it could not tell what it may replay, and would say so.
        self.heal(|_, fault| fault == Lasting::NoStore).await;
        let replayed = timeout(REPLAY, quire(self.world, &["dead", "replay", "--all", "--rate", "50"])).await;
        if let Ok(output) = &replayed {
            let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
            self.fleet.look_for_secrets(&String::from_utf8_lossy(&said), "what `quire dead replay` says");
        }
        let finding = match replayed {
            // 1: some letters stay, such as those whose password was taken out.
            Ok(output) if matches!(output.status.code(), Some(0 | 1)) => None,
            Ok(output) => Some(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr))),
            Err(_) => Some(format!("not done after {} s", REPLAY.as_secs())),
        };
        self.fleet.findings.extend(finding.map(|what| format!("`quire dead replay`: {what}")));
    }

    fn index(&self, jobs_ago: u32) -> Option<usize> {
        self.jobs.len().checked_sub(jobs_ago.max(1) as usize)
    }
}

/// Publishes a job until the broker confirms it; returns how many messages of it there may be.
async fn submit(world: &World, job: &Job) -> u32 {
    let submission = Submission { job: job.clone(), ..Submission::of_s3("b", "k") };
    for messages in 1..=PUBLISHES {
        if world.quire.submit(&submission).await.is_ok() {
            return messages;
        }
    }
    panic!("the broker does not take jobs");
}

fn cut_off_now(workers: Vec<String>) -> impl Iterator<Item = CutOff> {
    let at = Utc::now();
    workers.into_iter().map(move |worker| CutOff { worker, at })
}

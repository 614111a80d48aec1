//! SIGTERM under load: how soon no more is taken, and how everything ends that was.

use std::time::Duration;

use chrono::{DateTime, Utc};
use nix::sys::signal::Signal;
use quire_producer::{
    follow::Follower,
    schemas::{event::Event, job::Job, names::Lane},
};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{
    Figure, Times,
    probe::{IN_FLIGHT, Metrics, between, lines, listen},
    shown,
};
use crate::{World, eventually, samples};

const RUNS: u32 = 5;
const CANCEL_BAR: Duration = Duration::from_millis(100);
const GRACE: Duration = Duration::from_secs(20);
/// As many jobs as a worker of these tests has permits for, each long enough to outlive the signal.
const IN_HAND: usize = 4;
const PAGES: u32 = 60;
/// What a worker that went on taking jobs would take.
const QUEUED: usize = 60;
/// Behind the end of a process nothing of it is on its way for longer.
const QUIET: Duration = Duration::from_secs(2);

/// How one worker ended.
struct Stop {
    /// From the signal until the broker had confirmed that the consumer is cancelled.
    cancelled: Duration,
    /// What of it was the broker's answer, by the worker's own account.
    answer: Duration,
    begun_after: usize,
    /// Jobs that have no result and are in no queue, or have both.
    astray: usize,
    exit_code: Option<i32>,
    /// From the signal until the process was gone.
    exited: Duration,
}

pub(super) async fn measure(runs: Option<u32>) -> Figure {
    let document = samples::large(PAGES);
    let mut stops = Vec::new();
    for _ in 0..runs.unwrap_or(RUNS) {
        stops.push(stop_under_load(&document).await);
    }
    let longest = |time: fn(&Stop) -> Duration| Times::of(stops.iter().map(time).collect()).max();
    let (cancelled, answer) = (longest(|stop| stop.cancelled), longest(|stop| stop.answer));
    let exited = longest(|stop| stop.exited);
    let begun: usize = stops.iter().map(|stop| stop.begun_after).sum();
    let astray: usize = stops.iter().map(|stop| stop.astray).sum();
    let (clean, runs) = (stops.iter().filter(|stop| stop.exit_code == Some(0)).count(), stops.len());
    Figure {
        name: format!("SIGTERM with {IN_HAND} jobs in hand and {QUEUED} in the queue"),
        measured: format!(
            "consumer cancelled after {} (of it the broker's answer: {}); {begun} jobs begun after the signal; \
             {astray} neither finished nor given back; {clean} of {runs} exits with 0; all within {} (max of {runs} \
             runs)",
            shown(cancelled),
            shown(answer),
            shown(exited)
        ),
        bar: format!("≤ {}; 0; 0; all; ≤ {} s", shown(CANCEL_BAR), GRACE.as_secs()),
        is_met: cancelled <= CANCEL_BAR && (begun, astray, clean) == (0, 0, runs) && exited <= GRACE,
    }
}

async fn stop_under_load(document: &[u8]) -> Stop {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let settings = world.worker().with("QUIRE_LANES", &format!("normal:{IN_HAND}"));
    let mut worker = settings.with("QUIRE_SHUTDOWN_GRACE", &format!("{}s", GRACE.as_secs())).start().await;
    let (long, short) = (world.upload(document.to_vec()).await, world.upload(samples::report()).await);
    let mut jobs = Vec::new();
    for source in [vec![long; IN_HAND], vec![short; QUEUED]].concat() {
        jobs.push(world.submit(Job::new(source)).await);
    }
    eventually("what cannot be in hand is in the queue", || async {
        (world.ready(&Lane::Normal.queue()).await as usize == QUEUED).then_some(())
    })
    .await;
    Metrics::of(&worker).until("every permit is taken", &[(IN_FLIGHT, IN_HAND as u64)]).await;

    let (told, began) = (Utc::now(), Instant::now());
    worker.signal(Signal::SIGTERM);
    let exit_code = worker.exit().await.code();
    let exited = began.elapsed();

    let begun_after = count_begun_after(&mut events, told, &worker.instance).await;
    let cancelled = lines(&worker, &["the consumer is cancelled"]).into_iter().next().expect("it logs that");
    let answer = Duration::from_millis(milliseconds(&cancelled.fields["milliseconds"]).expect("it logs how long"));
    let mut settled = world.waiting().await as usize;
    for job_id in &jobs {
        settled += usize::from(world.result(job_id).await.is_some());
    }
    let astray = settled.abs_diff(jobs.len());
    Stop { cancelled: between(told, cancelled.at), answer, begun_after, astray, exit_code, exited }
}

/// Counts the jobs begun after a point in time, by the time in the events, until the worker announces its
/// end. One that did not end in order announces none.
async fn count_begun_after(events: &mut Follower, told: DateTime<Utc>, worker: &str) -> usize {
    let mut begun = 0;
    while let Ok(Some(event)) = timeout(QUIET, events.next()).await {
        match event {
            Event::Started { subject, .. } if subject.at > told => begun += 1,
            Event::Stopped { instance, .. } if instance == worker => break,
            _ => {}
        }
    }
    begun
}

/// Reads a number that may be written as text: so are the widest ones in the log.
fn milliseconds(field: &Value) -> Option<u64> {
    field.as_u64().or_else(|| field.as_str()?.parse().ok())
}

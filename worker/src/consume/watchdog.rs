//! Notices when a session is broken: a connection that is lost, a broker that no longer answers, a consumer that is
//! sent nothing although there are jobs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use lapin::{Channel, Connection, options::QueueDeclareOptions, types::FieldTable};
use quire_schemas::names::Lane;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

/// How often the client is asked whether it is still connected.
const CONNECTION_POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How often the broker is asked how many jobs wait.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);
/// A consumer may be seen waiting at a non-empty queue in this many probes in a row, because a delivery may be on its
/// way. One more, and it counts as dead.
const MOST_IDLE_PROBES: u32 = 3;

/// What a lane's consumer was last seen doing.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    taken: AtomicU64,
    waiting: AtomicBool,
}

/// A consumer that waits for a delivery, until it is dropped.
pub(super) struct WaitingConsumer<'a>(&'a Pulse);

impl Pulse {
    /// Notes a delivery.
    pub(super) fn beat(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the consumer is ready for one.
    pub(super) fn wait(&self) -> WaitingConsumer<'_> {
        self.waiting.store(true, Ordering::Relaxed);
        WaitingConsumer(self)
    }
}

impl Drop for WaitingConsumer<'_> {
    fn drop(&mut self) {
        self.0.waiting.store(false, Ordering::Relaxed);
    }
}

/// Watches over one session.
pub(super) struct Watchdog {
    channel: Channel,
    lanes: Vec<Observed>,
    outage: watch::Receiver<bool>,
}

struct Observed {
    lane: Lane,
    pulse: Arc<Pulse>,
    suspicion: Suspicion,
}

/// Counts the probes in a row in which a consumer was seen waiting at a non-empty queue.
#[derive(Debug, Default)]
struct Suspicion {
    taken: u64,
    times: u32,
}

impl Suspicion {
    /// Adds an observation; says whether the consumer is dead.
    fn confirmed(&mut self, ready: u32, waiting: bool, taken: u64) -> bool {
        let idle_before_work = ready > 0 && waiting && taken == self.taken;
        self.times = if idle_before_work { self.times + 1 } else { 0 };
        self.taken = taken;
        self.times > MOST_IDLE_PROBES
    }
}

impl Watchdog {
    /// Opens a channel of its own: a probe must not wait behind the deliveries that it asks about.
    pub(super) async fn open(connection: &Connection, outage: watch::Receiver<bool>) -> Result<Self, lapin::Error> {
        Ok(Self { channel: connection.create_channel().await?, lanes: Vec::new(), outage })
    }

    /// Watches a lane from now on. Its consumer notes in the pulse what it does.
    pub(super) fn pulse(&mut self, lane: Lane) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse::default());
        self.lanes.push(Observed { lane, pulse: Arc::clone(&pulse), suspicion: Suspicion::default() });
        pulse
    }

    /// Waits until the session is broken, fences its jobs, and returns the reason. Also while the process drains,
    /// because another worker does the lost jobs again.
    pub(super) async fn watch(
        mut self,
        connection: &Connection,
        lease: &CancellationToken,
        control: impl Future<Output = ()>,
    ) -> String {
        let mut control = std::pin::pin!(control);
        // Cancel safe: a token, a listener that is polled by reference, and probes that change nothing.
        let reason = tokio::select! {
            () = &mut control => "the control queue is gone".to_owned(),
            () = lease.cancelled() => "a consumer ended, or a delivery could not be settled".to_owned(),
            () = until_lost(connection) => "the connection is lost".to_owned(),
            reason = self.until_silent() => reason,
        };
        lease.cancel();
        reason
    }

    async fn until_silent(&mut self) -> String {
        let mut beat = interval(PROBE_INTERVAL);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            let paused = *self.outage.borrow();
            for observed in &mut self.lanes {
                let ready = match count_ready(&self.channel, observed.lane).await {
                    Ok(ready) => ready,
                    Err(reason) => return reason,
                };
                let (waiting, taken) =
                    (observed.pulse.waiting.load(Ordering::Relaxed), observed.pulse.taken.load(Ordering::Relaxed));
                if observed.suspicion.confirmed(ready, waiting && !paused, taken) {
                    return format!("the broker has {ready} jobs for lane {} and sends none", observed.lane);
                }
            }
        }
    }
}

async fn until_lost(connection: &Connection) {
    let mut beat = interval(CONNECTION_POLL_INTERVAL);
    while connection.status().connected() {
        beat.tick().await;
    }
}

async fn count_ready(channel: &Channel, lane: Lane) -> Result<u32, String> {
    let asked = Instant::now();
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    match timeout(PROBE_TIMEOUT, channel.queue_declare(lane.queue().into(), options, FieldTable::default())).await {
        Ok(Ok(queue)) => Ok(queue.message_count()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("the broker has not answered for {} s", asked.elapsed().as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_is_dead_that_waits_again_and_again_before_a_queue_with_jobs() {
        let mut suspicion = Suspicion::default();
        for _ in 0..MOST_IDLE_PROBES {
            assert!(!suspicion.confirmed(5, true, 0));
        }
        assert!(suspicion.confirmed(5, true, 0));
    }

    #[test]
    fn one_that_is_busy_or_takes_something_or_has_nothing_to_take_is_not() {
        for (ready, waiting, taken) in [(5, false, 0), (5, true, 1), (0, true, 0)] {
            let mut suspicion = Suspicion { taken: 0, times: MOST_IDLE_PROBES };
            assert!(!suspicion.confirmed(ready, waiting, taken), "{ready} {waiting} {taken}");
        }
    }
}

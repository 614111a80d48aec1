//! Notices when a session is one in name only: a connection that is lost, a broker that no longer
//! answers, a consumer that is sent nothing although there are jobs.

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
const GLANCE: Duration = Duration::from_millis(250);
/// How often the broker is asked something.
const ROUND_TRIP_EVERY: Duration = Duration::from_secs(5);
const ROUND_TRIP: Duration = Duration::from_secs(10);
/// Questions in a row at which a consumer may be found waiting before a queue that is not empty: a
/// delivery may be on its way.
const PATIENCE: u32 = 3;

/// What a lane's consumer was last seen doing.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    taken: AtomicU64,
    waiting: AtomicBool,
}

/// A consumer that waits for a delivery, until it is dropped.
pub(super) struct Waiting<'a>(&'a Pulse);

impl Pulse {
    /// Notes a delivery.
    pub(super) fn beat(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the consumer is ready for one.
    pub(super) fn wait(&self) -> Waiting<'_> {
        self.waiting.store(true, Ordering::Relaxed);
        Waiting(self)
    }
}

impl Drop for Waiting<'_> {
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

/// How long a consumer has waited before a queue with jobs.
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
        self.times > PATIENCE
    }
}

impl Watchdog {
    /// Opens a channel of its own: the question must not wait behind what it asks about.
    pub(super) async fn open(
        connection: &Connection,
        outage: watch::Receiver<bool>,
    ) -> Result<Self, super::SessionError> {
        let channel = timeout(ROUND_TRIP, connection.create_channel()).await??;
        Ok(Self { channel, lanes: Vec::new(), outage })
    }

    /// Takes a lane into its care.
    pub(super) fn pulse(&mut self, lane: Lane) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse::default());
        self.lanes.push(Observed { lane, pulse: Arc::clone(&pulse), suspicion: Suspicion::default() });
        pulse
    }

    /// Waits until something about the session ends, and fences its jobs then: also while the
    /// process drains, because what is lost is done again elsewhere. Returns what it was.
    pub(super) async fn watch(
        mut self,
        connection: &Connection,
        lease: &CancellationToken,
        control: impl Future<Output = ()>,
    ) -> String {
        let mut control = std::pin::pin!(control);
        // Cancel safe: a token, a listener that is polled by reference, and questions that change
        // nothing.
        let reason = tokio::select! {
            () = &mut control => "the control queue is gone".to_owned(),
            () = lease.cancelled() => "a consumer ended, or a delivery could not be settled".to_owned(),
            () = until_lost(connection) => "the connection is lost".to_owned(),
            reason = self.until_dead() => reason,
        };
        lease.cancel();
        reason
    }

    async fn until_dead(&mut self) -> String {
        let mut beat = interval(ROUND_TRIP_EVERY);
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
    let mut beat = interval(GLANCE);
    while connection.status().connected() {
        beat.tick().await;
    }
}

async fn count_ready(channel: &Channel, lane: Lane) -> Result<u32, String> {
    let asked = Instant::now();
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    match timeout(ROUND_TRIP, channel.queue_declare(lane.queue().into(), options, FieldTable::default())).await {
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
        for _ in 0..PATIENCE {
            assert!(!suspicion.confirmed(5, true, 0));
        }
        assert!(suspicion.confirmed(5, true, 0));
    }

    #[test]
    fn one_that_is_busy_or_takes_something_or_has_nothing_to_take_is_not() {
        for (ready, waiting, taken) in [(5, false, 0), (5, true, 1), (0, true, 0)] {
            let mut suspicion = Suspicion { taken: 0, times: PATIENCE };
            assert!(!suspicion.confirmed(ready, waiting, taken), "{ready} {waiting} {taken}");
        }
    }
}

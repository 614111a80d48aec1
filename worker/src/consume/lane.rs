//! The loop of one lane: a permit, then a delivery, then a task that holds both.

use std::sync::Arc;

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{inbox::Inbox, message::Message};
use crate::lifecycle;

/// Works on deliveries.
pub(super) trait Handler<R>: Send + Sync + 'static {
    /// Works on a job until its delivery is settled, or until `lease` is cancelled because the delivery is lost. An
    /// error ends the session, so that the broker delivers again what is not settled.
    fn handle(
        self: Arc<Self>,
        message: Message,
        receipt: R,
        lease: CancellationToken,
    ) -> impl Future<Output = Result<(), ()>> + Send;

    /// Gives a delivery back whose job is not begun. An error ends the session, as above.
    fn give_back(self: Arc<Self>, message: Message, receipt: R) -> impl Future<Output = Result<(), ()>> + Send;
}

/// What tells a lane to go on, to pause and to end.
#[derive(Debug, Clone)]
pub(super) struct Orders {
    /// Cancelled: take nothing new, and finish the jobs in hand.
    pub(super) drain: CancellationToken,
    /// Cancelled: the deliveries in hand are lost.
    pub(super) lease: CancellationToken,
    /// Whether a dependency is down that every job needs: jobs then stay in their queue.
    pub(super) outage: watch::Receiver<bool>,
}

/// Runs a lane until the inbox ends, and waits for the jobs that it started.
///
/// The permit comes first. Otherwise a delivery would wait here while another worker is free, and if this process died
/// the broker would count a failed delivery against a job that was never begun.
pub(super) async fn run_lane<I, H>(mut inbox: I, permits: Arc<Semaphore>, handler: Arc<H>, orders: Orders)
where
    I: Inbox,
    H: Handler<I::Receipt>,
{
    let Orders { drain, lease, mut outage } = orders;
    let jobs = TaskTracker::new();
    loop {
        if *outage.borrow_and_update() {
            give_back_the_rest(&mut inbox, &handler, &lease).await;
            // Cancel safe: all of them only wait.
            tokio::select! {
                biased;
                () = drain.cancelled() => break,
                () = lease.cancelled() => break,
                () = until(&mut outage, false) => {}
            }
            if !inbox.resume().await {
                lease.cancel();
                break;
            }
        }
        // Cancel safe: acquiring a permit and `Inbox::next` both are.
        // Biased: no job is begun after the drain.
        let permit = tokio::select! {
            biased;
            () = drain.cancelled() => break,
            () = lease.cancelled() => break,
            () = until(&mut outage, true) => continue,
            permit = Arc::clone(&permits).acquire_owned() => permit.expect("the semaphore is never closed"),
        };
        let next = tokio::select! {
            biased;
            () = drain.cancelled() => break,
            () = lease.cancelled() => break,
            () = until(&mut outage, true) => continue,
            next = inbox.next() => next,
        };
        let Some((message, receipt)) = next else {
            // The broker has ended the consumer, and with it the deliveries in hand. The whole session ends: a worker
            // that serves only some of its lanes would look healthy.
            lease.cancel();
            break;
        };
        let job = work(Arc::clone(&handler), message, receipt, lease.clone(), permit);
        lifecycle::spawn(jobs.track_future(job));
    }
    if !lease.is_cancelled() {
        give_back_the_rest(&mut inbox, &handler, &lease).await;
    }
    jobs.close();
    jobs.wait().await;
}

/// Waits until there is an outage, or none.
async fn until(outage: &mut watch::Receiver<bool>, there_is: bool) {
    if outage.wait_for(|outage| *outage == there_is).await.is_err() {
        // The sender is gone, so the value never changes again.
        std::future::pending().await
    }
}

async fn work<R, H: Handler<R>>(
    handler: Arc<H>,
    message: Message,
    receipt: R,
    lease: CancellationToken,
    permit: OwnedSemaphorePermit,
) {
    // A task that ends by a panic must not keep the delivery for ever.
    let unanswered = lease.clone().drop_guard();
    if handler.handle(message, receipt, lease).await.is_ok() {
        unanswered.disarm();
    }
    drop(permit);
}

/// Gives back the deliveries that the broker had sent before it heard of the end.
async fn give_back_the_rest<I, H>(inbox: &mut I, handler: &Arc<H>, lease: &CancellationToken)
where
    I: Inbox,
    H: Handler<I::Receipt>,
{
    let asked = Instant::now();
    inbox.cancel().await;
    tracing::info!(milliseconds = asked.elapsed().as_millis(), "the consumer is cancelled");
    while let Some((message, receipt)) = inbox.next().await {
        if Arc::clone(handler).give_back(message, receipt).await.is_err() {
            // The broker gives the delivery to another worker only after the channel has closed.
            lease.cancel();
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use quire_producer::amqp::BasicProperties;
    use tokio::sync::mpsc;

    use super::{super::inbox::Receipt, *};

    struct Given(Arc<Mutex<Vec<String>>>, String);

    impl Receipt for Given {
        async fn acknowledge(self) -> bool {
            self.0.lock().expect("no panic").push(self.1);
            true
        }

        fn is_ours(&self) -> bool {
            true
        }
    }

    struct Deliveries {
        queue: mpsc::UnboundedReceiver<String>,
        acked: Arc<Mutex<Vec<String>>>,
        taken: Arc<AtomicUsize>,
        cancelled: bool,
    }

    impl Inbox for Deliveries {
        type Receipt = Given;

        async fn next(&mut self) -> Option<(Message, Given)> {
            let name = if self.cancelled { self.queue.try_recv().ok()? } else { self.queue.recv().await? };
            self.taken.fetch_add(1, Ordering::SeqCst);
            let message = Message {
                lane: quire_schemas::names::Lane::Normal,
                routing_key: name.clone(),
                properties: BasicProperties::default(),
                body: Vec::new(),
            };
            Some((message, Given(Arc::clone(&self.acked), name)))
        }

        async fn cancel(&mut self) {
            self.cancelled = true;
        }

        async fn resume(&mut self) -> bool {
            self.cancelled = false;
            true
        }
    }

    /// Permits that are added here and taken there.
    struct Gauge(Semaphore);

    impl Default for Gauge {
        fn default() -> Self {
            Self(Semaphore::new(0))
        }
    }

    impl Gauge {
        fn add_permits(&self, count: usize) {
            self.0.add_permits(count);
        }

        async fn take(&self, count: u32) {
            self.0.acquire_many(count).await.expect("never closed").forget();
        }
    }

    /// Holds every job at a gate, and counts.
    #[derive(Default)]
    struct Gate {
        at_work: AtomicUsize,
        most: AtomicUsize,
        started: Gauge,
        open: Gauge,
        given_back: Mutex<Vec<String>>,
    }

    impl Gate {
        async fn await_started(&self, count: u32) {
            self.started.take(count).await;
        }
    }

    impl<R: Receipt> Handler<R> for Gate {
        async fn handle(self: Arc<Self>, _: Message, receipt: R, lease: CancellationToken) -> Result<(), ()> {
            let now = self.at_work.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            self.started.add_permits(1);
            tokio::select! {
                () = self.open.take(1) => { receipt.acknowledge().await; }
                () = lease.cancelled() => {}
            }
            self.at_work.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }

        async fn give_back(self: Arc<Self>, message: Message, _: R) -> Result<(), ()> {
            self.given_back.lock().expect("no panic").push(message.routing_key);
            Ok(())
        }
    }

    struct Lane {
        gate: Arc<Gate>,
        acked: Arc<Mutex<Vec<String>>>,
        taken: Arc<AtomicUsize>,
        sender: mpsc::UnboundedSender<String>,
        drain: CancellationToken,
        lease: CancellationToken,
        outage: watch::Sender<bool>,
        running: tokio::task::JoinHandle<()>,
    }

    fn lane(permits: usize, jobs: usize) -> Lane {
        let (sender, queue) = mpsc::unbounded_channel();
        (1..=jobs).for_each(|job| sender.send(job.to_string()).expect("open"));
        let (acked, taken) = (Arc::default(), Arc::default());
        let inbox = Deliveries { queue, acked: Arc::clone(&acked), taken: Arc::clone(&taken), cancelled: false };
        let gate = Arc::new(Gate::default());
        let (drain, lease) = (CancellationToken::new(), CancellationToken::new());
        let outage = watch::Sender::new(false);
        let orders = Orders { drain: drain.clone(), lease: lease.clone(), outage: outage.subscribe() };
        let permits = Arc::new(Semaphore::new(permits));
        let running = lifecycle::spawn(run_lane(inbox, permits, Arc::clone(&gate), orders));
        Lane { gate, acked, taken, sender, drain, lease, outage, running }
    }

    #[tokio::test]
    async fn a_saturated_lane_takes_no_more_than_it_has_permits_for() {
        let lane = lane(3, 10);
        lane.gate.await_started(3).await;
        assert_eq!(lane.taken.load(Ordering::SeqCst), 3);
        for _ in 0..7 {
            lane.gate.open.add_permits(1);
            lane.gate.await_started(1).await;
        }
        lane.drain.cancel();
        lane.gate.open.add_permits(3);
        lane.running.await.expect("no panic");
        assert_eq!(lane.gate.most.load(Ordering::SeqCst), 3);
        assert_eq!(lane.acked.lock().expect("no panic").len(), 10);
    }

    #[tokio::test]
    async fn a_lane_whose_consumer_is_taken_away_fences_its_jobs() {
        let lane = lane(2, 1);
        lane.gate.await_started(1).await;
        drop(lane.sender);
        lane.running.await.expect("no panic");
        assert!(lane.lease.is_cancelled());
        assert!(lane.acked.lock().expect("no panic").is_empty());
    }

    #[tokio::test]
    async fn a_draining_lane_finishes_what_it_has_and_gives_the_rest_back() {
        let lane = lane(1, 3);
        lane.gate.await_started(1).await;
        lane.drain.cancel();
        while lane.gate.given_back.lock().expect("no panic").len() < 2 {
            tokio::task::yield_now().await;
        }
        lane.gate.open.add_permits(1);
        lane.running.await.expect("no panic");
        assert_eq!(*lane.acked.lock().expect("no panic"), ["1"]);
        assert_eq!(*lane.gate.given_back.lock().expect("no panic"), ["2", "3"]);
    }

    #[tokio::test]
    async fn a_lane_that_is_cut_off_stops_its_jobs_and_settles_nothing() {
        let lane = lane(2, 5);
        lane.gate.await_started(2).await;
        lane.lease.cancel();
        lane.running.await.expect("no panic");
        assert_eq!(lane.gate.at_work.load(Ordering::SeqCst), 0);
        assert!(lane.acked.lock().expect("no panic").is_empty());
        assert!(lane.gate.given_back.lock().expect("no panic").is_empty());
    }
    #[tokio::test]
    async fn during_an_outage_a_lane_gives_back_what_is_not_begun_and_goes_on_afterwards() {
        let lane = lane(1, 3);
        lane.gate.await_started(1).await;
        lane.outage.send_replace(true);
        while lane.gate.given_back.lock().expect("no panic").len() < 2 {
            tokio::task::yield_now().await;
        }
        lane.sender.send("4".to_owned()).expect("open");
        lane.gate.open.add_permits(2);
        lane.outage.send_replace(false);
        lane.gate.await_started(1).await;
        lane.drain.cancel();
        lane.running.await.expect("no panic");
        assert_eq!(*lane.acked.lock().expect("no panic"), ["1", "4"]);
        assert_eq!(*lane.gate.given_back.lock().expect("no panic"), ["2", "3"]);
    }
}

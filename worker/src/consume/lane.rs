//! The loop of one lane: a permit, then a delivery, then a task that holds both.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{inbox::Inbox, message::Message};
use crate::lifecycle;

/// What is done with a delivery.
pub trait Handler<R>: Send + Sync + 'static {
    /// Works on a job until its delivery is settled, or until `lease` says that the delivery is
    /// lost. An error ends the session, so that what is unsettled comes again.
    fn handle(
        self: Arc<Self>,
        message: Message,
        receipt: R,
        lease: CancellationToken,
    ) -> impl Future<Output = Result<(), ()>> + Send;

    /// Gives a delivery back that nobody began to work on.
    fn give_back(self: Arc<Self>, message: Message, receipt: R) -> impl Future<Output = ()> + Send;
}

/// Runs a lane until the inbox ends, and waits for what it started.
///
/// The permit comes before the delivery: one that waits in this process for a permit would be
/// missing elsewhere, and would be charged with a failed delivery if this process died.
pub async fn run_lane<I, H>(
    mut inbox: I,
    permits: Arc<Semaphore>,
    handler: Arc<H>,
    drain: CancellationToken,
    lease: CancellationToken,
) where
    I: Inbox,
    H: Handler<I::Receipt>,
{
    let jobs = TaskTracker::new();
    loop {
        // Cancel safe: acquiring a permit and `Inbox::next` both are.
        let permit = tokio::select! {
            permit = Arc::clone(&permits).acquire_owned() => permit.expect("the semaphore is never closed"),
            () = drain.cancelled() => break,
            () = lease.cancelled() => break,
        };
        let (message, receipt) = tokio::select! {
            next = inbox.next() => match next {
                Some(delivery) => delivery,
                None => break,
            },
            () = drain.cancelled() => break,
            () = lease.cancelled() => break,
        };
        let job = work(Arc::clone(&handler), message, receipt, lease.clone(), permit);
        lifecycle::spawn(jobs.track_future(job));
    }
    if !lease.is_cancelled() {
        give_back_the_rest(&mut inbox, &handler).await;
    }
    jobs.close();
    jobs.wait().await;
}

async fn work<R, H: Handler<R>>(
    handler: Arc<H>,
    message: Message,
    receipt: R,
    lease: CancellationToken,
    permit: OwnedSemaphorePermit,
) {
    if handler.handle(message, receipt, lease.clone()).await.is_err() {
        lease.cancel();
    }
    drop(permit);
}

/// Deliveries that the broker had sent before it heard of the end.
async fn give_back_the_rest<I, H>(inbox: &mut I, handler: &Arc<H>)
where
    I: Inbox,
    H: Handler<I::Receipt>,
{
    inbox.cancel().await;
    while let Some((message, receipt)) = inbox.next().await {
        Arc::clone(handler).give_back(message, receipt).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use quire_producer::amqp::BasicProperties;
    use tokio::sync::{Notify, mpsc};

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
    }

    impl Inbox for Deliveries {
        type Receipt = Given;

        async fn next(&mut self) -> Option<(Message, Given)> {
            let name = self.queue.recv().await?;
            self.taken.fetch_add(1, Ordering::SeqCst);
            let message =
                Message { routing_key: name.clone(), properties: BasicProperties::default(), body: Vec::new() };
            Some((message, Given(Arc::clone(&self.acked), name)))
        }

        async fn cancel(&mut self) {
            self.queue.close();
        }
    }

    /// Holds every job at a gate, and counts.
    #[derive(Default)]
    struct Gate {
        at_work: AtomicUsize,
        most: AtomicUsize,
        started: Notify,
        open: Notify,
        given_back: Mutex<Vec<String>>,
    }

    impl<R: Receipt> Handler<R> for Gate {
        async fn handle(self: Arc<Self>, _: Message, receipt: R, lease: CancellationToken) -> Result<(), ()> {
            let now = self.at_work.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            self.started.notify_one();
            tokio::select! {
                () = self.open.notified() => { receipt.acknowledge().await; }
                () = lease.cancelled() => {}
            }
            self.at_work.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }

        async fn give_back(self: Arc<Self>, message: Message, _: R) {
            self.given_back.lock().expect("no panic").push(message.routing_key);
        }
    }

    struct Lane {
        gate: Arc<Gate>,
        acked: Arc<Mutex<Vec<String>>>,
        taken: Arc<AtomicUsize>,
        sender: mpsc::UnboundedSender<String>,
        drain: CancellationToken,
        lease: CancellationToken,
        running: tokio::task::JoinHandle<()>,
    }

    fn lane(permits: usize, jobs: usize) -> Lane {
        let (sender, queue) = mpsc::unbounded_channel();
        (1..=jobs).for_each(|job| sender.send(job.to_string()).expect("open"));
        let (acked, taken) = (Arc::default(), Arc::default());
        let inbox = Deliveries { queue, acked: Arc::clone(&acked), taken: Arc::clone(&taken) };
        let gate = Arc::new(Gate::default());
        let (drain, lease) = (CancellationToken::new(), CancellationToken::new());
        let running = lifecycle::spawn(run_lane(
            inbox,
            Arc::new(Semaphore::new(permits)),
            Arc::clone(&gate),
            drain.clone(),
            lease.clone(),
        ));
        Lane { gate, acked, taken, sender, drain, lease, running }
    }

    #[tokio::test]
    async fn a_saturated_lane_takes_no_more_than_it_has_permits_for() {
        let lane = lane(3, 10);
        for _ in 0..3 {
            lane.gate.started.notified().await;
        }
        tokio::task::yield_now().await;
        assert_eq!(lane.taken.load(Ordering::SeqCst), 3);
        for _ in 0..7 {
            lane.gate.open.notify_one();
            lane.gate.started.notified().await;
        }
        drop(lane.sender);
        for _ in 0..3 {
            lane.gate.open.notify_one();
            tokio::task::yield_now().await;
        }
        while !lane.running.is_finished() {
            lane.gate.open.notify_one();
            tokio::task::yield_now().await;
        }
        assert_eq!(lane.gate.most.load(Ordering::SeqCst), 3);
        assert_eq!(lane.acked.lock().expect("no panic").len(), 10);
    }

    #[tokio::test]
    async fn a_draining_lane_finishes_what_it_has_and_gives_the_rest_back() {
        let lane = lane(1, 3);
        lane.gate.started.notified().await;
        lane.drain.cancel();
        while lane.gate.given_back.lock().expect("no panic").len() < 2 {
            tokio::task::yield_now().await;
        }
        lane.gate.open.notify_one();
        lane.running.await.expect("no panic");
        assert_eq!(*lane.acked.lock().expect("no panic"), ["1"]);
        assert_eq!(*lane.gate.given_back.lock().expect("no panic"), ["2", "3"]);
    }

    #[tokio::test]
    async fn a_lane_that_is_cut_off_stops_its_jobs_and_settles_nothing() {
        let lane = lane(2, 5);
        lane.gate.started.notified().await;
        lane.gate.started.notified().await;
        lane.lease.cancel();
        lane.running.await.expect("no panic");
        assert_eq!(lane.gate.at_work.load(Ordering::SeqCst), 0);
        assert!(lane.acked.lock().expect("no panic").is_empty());
        assert!(lane.gate.given_back.lock().expect("no panic").is_empty());
    }
}

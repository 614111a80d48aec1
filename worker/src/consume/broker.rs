//! The broker's side of the seam: one session at a time, rebuilt whenever anything about it ends.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, future::join_all};
use lapin::{
    Acker, Channel, Connection, Consumer,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use quire_producer::amqp::{ConnectError, Connector, topology};
use quire_schemas::names::Lane;
use rand::Rng;
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    control::{self, Commands},
    inbox::{Inbox, Receipt},
    jobs::Jobs,
    lane::{Orders, run_lane},
    message::Message,
    watchdog::{Pulse, Watchdog},
};
use crate::{
    job::chain,
    lifecycle,
    telemetry::{BrokerConnection, Health, LogFilter},
};

const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The broker answers a method in milliseconds or not at all.
const METHOD: Duration = Duration::from_secs(15);
/// A session that lasts this long was a good one.
const A_GOOD_WHILE: Duration = Duration::from_secs(60);
/// Every handshake that is given up leaves a thread of the client's behind, which only the end of
/// the process takes away.
const MOST_SILENT_HANDSHAKES: u32 = 100;
/// How long the jobs of a lost session may take to end: the longest is a result on its way to a
/// store that hardly answers.
const LETTING_GO: Duration = Duration::from_secs(900);
const TAG: &str = "quire";

/// Why a session did not come up.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No broker.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The topology is not as it should be.
    #[error(transparent)]
    Topology(#[from] topology::TopologyError),
    /// The broker refused a channel or consumer.
    #[error("the broker refuses to let us consume")]
    Refused(#[from] lapin::Error),
    /// It did not answer.
    #[error("the broker does not answer")]
    Silent(#[from] tokio::time::error::Elapsed),
}

/// A lane to serve.
#[derive(Debug, Clone)]
pub struct ServedLane {
    /// What is done with its jobs.
    pub jobs: Arc<Jobs>,
    /// How many at once.
    pub permits: Arc<Semaphore>,
    /// That number: it is also the prefetch.
    pub size: u16,
}

/// Consumes until told to drain.
#[derive(Debug)]
pub struct Supervisor {
    /// The broker, for a connection that only consumes and acknowledges.
    pub connector: Connector,
    /// The lanes.
    pub lanes: Vec<ServedLane>,
    /// What is done about the topology at each session.
    pub topology: topology::Mode,
    /// What `/readyz` tells.
    pub health: Health,
    /// This worker's name.
    pub instance: String,
    /// What an operator may change while it runs.
    pub log: LogFilter,
    /// Whether something is down that every job needs.
    pub outage: watch::Receiver<bool>,
    /// Lanes of this and of earlier sessions.
    pub at_work: TaskTracker,
}

impl Supervisor {
    /// Keeps a session up until drained; returns when every job of every session has ended.
    pub async fn run(&self) {
        let mut pause = SHORTEST_PAUSE;
        let mut number = 0;
        let mut silent = 0;
        let drain = self.drain();
        while !drain.is_cancelled() {
            number += 1;
            let began = Instant::now();
            if let Err(error) = self.session(number).await {
                tracing::warn!(error = %chain(&error), "no session with the broker");
                silent += u32::from(matches!(error, SessionError::Connect(ConnectError::Silent { .. })));
            }
            if silent >= MOST_SILENT_HANDSHAKES {
                self.health.beyond_repair("handshakes with a silent broker have left too many threads behind");
            }
            // One that ended at once is no better than none.
            let lasted = began.elapsed() >= A_GOOD_WHILE;
            pause = if lasted { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            self.tell_health(false);
            let jittered = pause.mul_f64(rand::rng().random_range(0.5..1.0));
            let _ = timeout(jittered, drain.cancelled()).await;
        }
        self.at_work.close();
        self.at_work.wait().await;
    }

    fn tell_health(&self, consuming: bool) {
        self.health.broker_is(BrokerConnection::Consume, consuming);
        for lane in &self.lanes {
            self.health.lane_is(lane.jobs.lane, consuming);
        }
    }

    fn commands(&self) -> Commands {
        let registry = self.lanes.first().map(|lane| Arc::clone(&lane.jobs.registry)).unwrap_or_default();
        Commands { registry, drain: self.drain(), log: self.log.clone(), instance: self.instance.clone() }
    }

    fn drain(&self) -> CancellationToken {
        self.lanes.first().map(|lane| lane.jobs.lifecycle.drain.clone()).unwrap_or_default()
    }

    async fn session(&self, number: u64) -> Result<(), SessionError> {
        let connection = self.connector.connect().await?;
        // Everything that can fail comes before the first delivery is taken: a lane left running
        // behind a session that failed would consume unwatched.
        let (inboxes, watchdog, control) = match self.open(&connection, number).await {
            Ok(opened) => opened,
            Err(error) => {
                let _ = timeout(METHOD, connection.close(200, "bye".into())).await;
                return Err(error);
            }
        };
        let lease = CancellationToken::new();
        let orders = || Orders { drain: self.drain(), lease: lease.clone(), outage: self.outage.clone() };
        let running = self.lanes.iter().zip(inboxes).map(|(lane, inbox)| {
            let (jobs, permits) = (Arc::clone(&lane.jobs), Arc::clone(&lane.permits));
            lifecycle::spawn(self.at_work.track_future(run_lane(inbox, permits, jobs, orders())))
        });
        let mut lanes = Box::pin(join_all(running.collect::<Vec<_>>()));
        self.tell_health(true);
        tracing::info!(session = number, "consuming");
        // Cancel safe: the lanes are tasks, polled by reference; the watch only waits. Biased, so
        // that the end of a session is told even if it had nothing in hand.
        tokio::select! {
            biased;
            reason = watchdog.watch(&connection, &lease, control) => {
                tracing::warn!(reason, "the session is lost; its jobs are fenced");
                // The next session does not wait for what this one leaves behind: a result on its
                // way to a slow store would keep every other job from being worked on.
                let health = self.health.clone();
                lifecycle::spawn(async move {
                    if timeout(LETTING_GO, lanes).await.is_err() {
                        health.beyond_repair("jobs of a lost session do not let go");
                    }
                });
            }
            _ = &mut lanes => {}
        }
        // Not waited for: a peer that is silent would keep the next session from being built.
        lifecycle::spawn(async move {
            let _ = timeout(METHOD, connection.close(200, "bye".into())).await;
        });
        Ok(())
    }

    async fn open(
        &self,
        connection: &Connection,
        number: u64,
    ) -> Result<(Vec<BrokerInbox>, Watchdog, impl Future<Output = ()> + use<>), SessionError> {
        let publisher = self.lanes.first().map(|lane| &lane.jobs.settler.publisher);
        if let Some(publisher) = publisher
            // A broker that is short of memory answers no declaration, and still hands out jobs.
            && !publisher.is_blocked().await
        {
            timeout(METHOD, topology::ensure(publisher, self.topology)).await??;
        }
        let control = timeout(METHOD, control::listen(connection, number, self.commands())).await??;
        let mut watchdog = Watchdog::open(connection, self.outage.clone()).await?;
        let mut inboxes = Vec::new();
        for lane in &self.lanes {
            let pulse = watchdog.pulse(lane.jobs.lane);
            inboxes.push(timeout(METHOD, BrokerInbox::open(connection, lane.jobs.lane, lane.size, pulse)).await??);
        }
        Ok((inboxes, watchdog, control))
    }
}

/// Deliveries of one queue.
struct BrokerInbox {
    lane: Lane,
    consumer: Consumer,
    channel: Arc<Channel>,
    pulse: Arc<Pulse>,
    /// The client tells of a consumer's end once, and is silent about it from then on.
    ended: bool,
}

impl BrokerInbox {
    async fn open(connection: &Connection, lane: Lane, prefetch: u16, pulse: Arc<Pulse>) -> Result<Self, lapin::Error> {
        let channel = Arc::new(connection.create_channel().await?);
        // Before consuming, per consumer, and as many as there are permits: a delivery beyond that
        // would wait here for work that another worker could do.
        channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
        let consumer = consume(&channel, lane).await?;
        Ok(Self { lane, consumer, channel, pulse, ended: false })
    }
}

async fn consume(channel: &Channel, lane: Lane) -> Result<Consumer, lapin::Error> {
    let options = BasicConsumeOptions::default();
    channel.basic_consume(lane.queue().into(), TAG.into(), options, FieldTable::default()).await
}

impl Inbox for BrokerInbox {
    type Receipt = BrokerReceipt;

    async fn next(&mut self) -> Option<(Message, BrokerReceipt)> {
        if self.ended {
            return None;
        }
        let next = {
            let _waiting = self.pulse.wait();
            self.consumer.next().await
        };
        self.ended = !matches!(next, Some(Ok(_)));
        match next? {
            Ok(delivery) => {
                self.pulse.beat();
                let message = Message {
                    routing_key: delivery.routing_key.to_string(),
                    properties: delivery.properties,
                    body: delivery.data,
                };
                Some((message, BrokerReceipt { acker: delivery.acker, _channel: Arc::clone(&self.channel) }))
            }
            Err(error) => {
                tracing::warn!(%error, "the consumer ended");
                None
            }
        }
    }

    async fn cancel(&mut self) {
        let _ = timeout(METHOD, self.channel.basic_cancel(TAG.into(), BasicCancelOptions::default())).await;
    }

    async fn resume(&mut self) -> bool {
        match timeout(METHOD, consume(&self.channel, self.lane)).await {
            Ok(Ok(consumer)) => {
                (self.consumer, self.ended) = (consumer, false);
                true
            }
            _ => false,
        }
    }
}

/// Acknowledges one delivery of this session.
struct BrokerReceipt {
    acker: Acker,
    /// The last handle that is dropped closes the channel, and with it every unsettled delivery.
    _channel: Arc<Channel>,
}

impl Receipt for BrokerReceipt {
    #[expect(clippy::disallowed_methods, reason = "the broker's half of `settle`, the only caller")]
    async fn acknowledge(self) -> bool {
        let acked = timeout(METHOD, self.acker.ack(BasicAckOptions::default())).await;
        matches!(acked, Ok(Ok(true)))
    }

    fn is_ours(&self) -> bool {
        self.acker.usable()
    }
}

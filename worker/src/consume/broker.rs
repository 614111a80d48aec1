//! The broker's side of the seam: one session at a time, rebuilt whenever a part of it is lost.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, future::join_all};
use lapin::{
    Acker, Channel, Connection, Consumer,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use quire_producer::{
    amqp::{ConnectError, Connector, Publisher, topology},
    pause::Pause,
};
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

/// The broker answers a request in milliseconds or not at all.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// After a session that lasts this long, the next one is built without a longer pause.
const STABLE_SESSION: Duration = Duration::from_secs(60);
/// Every handshake that is given up leaves a thread of the client behind, which ends only with the process.
const MOST_SILENT_HANDSHAKES: u32 = 100;
/// How long the jobs of a lost session may take to end: the longest is a result on its way to a store that hardly
/// answers.
const FENCED_JOBS_TIMEOUT: Duration = Duration::from_secs(900);
const CONSUMER_TAG: &str = "quire";

/// Why a session did not come up.
#[derive(Debug, thiserror::Error)]
enum SessionError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Topology(#[from] topology::TopologyError),
    #[error("the broker refuses a channel or a consumer")]
    Refused(#[from] lapin::Error),
    #[error("the broker does not answer")]
    Silent(#[from] tokio::time::error::Elapsed),
}

/// A lane to serve.
#[derive(Debug, Clone)]
pub(crate) struct ServedLane {
    pub(crate) lane: Lane,
    /// One for each job in hand.
    pub(crate) permits: Arc<Semaphore>,
    /// How many permits there are; also the prefetch.
    pub(crate) size: u16,
}

/// Consumes until the worker drains.
#[derive(Debug)]
pub(crate) struct Supervisor {
    /// The broker, for a connection that only consumes and acknowledges.
    pub(crate) connector: Connector,
    /// For what each session declares.
    pub(crate) publisher: Publisher,
    pub(crate) jobs: Arc<Jobs>,
    pub(crate) lanes: Vec<ServedLane>,
    /// Whether each session declares the topology.
    pub(crate) topology: topology::Mode,
    pub(crate) health: Health,
    /// This worker's name.
    pub(crate) instance: String,
    /// What an operator may change while it runs.
    pub(crate) log: LogFilter,
    /// Whether a dependency is down that every job needs.
    pub(crate) outage: watch::Receiver<bool>,
    /// Lanes of this and of earlier sessions.
    pub(crate) lane_tasks: TaskTracker,
}

impl Supervisor {
    /// Keeps a session up until drained; returns when every job of every session has ended.
    pub(crate) async fn run(&self) {
        let mut pause = Pause::between(Duration::from_millis(200), Duration::from_secs(5));
        let mut number = 0;
        let mut silent = 0;
        let drain = &self.jobs.lifecycle.drain;
        while !drain.is_cancelled() {
            number += 1;
            let began = Instant::now();
            if let Err(error) = self.session(number).await {
                tracing::warn!(error = %chain(&error), "no session with the broker");
                silent += u32::from(matches!(error, SessionError::Connect(ConnectError::Silent { .. })));
            }
            if silent >= MOST_SILENT_HANDSHAKES {
                self.health
                    .beyond_repair("unfinished handshakes with a silent broker hold too many threads; restart needed");
            }
            // A session that ended early counts as a failed try: the pause keeps growing.
            if began.elapsed() >= STABLE_SESSION {
                pause.reset();
            }
            self.tell_health(false);
            let jittered = pause.next_pause().mul_f64(rand::rng().random_range(0.5..1.0));
            let _ = timeout(jittered, drain.cancelled()).await;
        }
        self.lane_tasks.close();
        self.lane_tasks.wait().await;
    }

    fn tell_health(&self, consuming: bool) {
        self.health.broker_is(BrokerConnection::Consume, consuming);
        for lane in &self.lanes {
            self.health.lane_is(lane.lane, consuming);
        }
    }

    fn commands(&self) -> Commands {
        Commands {
            registry: Arc::clone(&self.jobs.registry),
            drain: self.jobs.lifecycle.drain.clone(),
            log: self.log.clone(),
            instance: self.instance.clone(),
        }
    }

    async fn session(&self, number: u64) -> Result<(), SessionError> {
        let connection = self.connector.connect().await?;
        // Everything that can fail comes before the first delivery is taken: no watchdog would watch a lane that runs
        // on after its session has failed.
        let (inboxes, watchdog, control) = match self.open(&connection, number).await {
            Ok(opened) => opened,
            Err(error) => {
                let _ = timeout(REQUEST_TIMEOUT, connection.close(200, "bye".into())).await;
                return Err(error);
            }
        };
        let lease = CancellationToken::new();
        let orders =
            || Orders { drain: self.jobs.lifecycle.drain.clone(), lease: lease.clone(), outage: self.outage.clone() };
        let running = self.lanes.iter().zip(inboxes).map(|(lane, inbox)| {
            let (jobs, permits) = (Arc::clone(&self.jobs), Arc::clone(&lane.permits));
            lifecycle::spawn(self.lane_tasks.track_future(run_lane(inbox, permits, jobs, orders())))
        });
        let mut lanes = Box::pin(join_all(running.collect::<Vec<_>>()));
        self.tell_health(true);
        tracing::info!(session = number, "consuming");
        // Cancel safe: the lanes are tasks, polled by reference; the watch only waits. Biased, so that the log names
        // the end of a session even if it had no job in hand.
        tokio::select! {
            biased;
            reason = watchdog.watch(&connection, &lease, control) => {
                tracing::warn!(reason, "the session is lost; its jobs are fenced");
                // The next session does not wait for the jobs of this one: a result on its way to a slow store would
                // keep every other job from being worked on.
                let health = self.health.clone();
                lifecycle::spawn(async move {
                    if timeout(FENCED_JOBS_TIMEOUT, lanes).await.is_err() {
                        health.beyond_repair("jobs of a lost session did not stop in time; restart needed");
                    }
                });
            }
            _ = &mut lanes => {}
        }
        // Not waited for: a silent broker would keep the next session from being built.
        lifecycle::spawn(async move {
            let _ = timeout(REQUEST_TIMEOUT, connection.close(200, "bye".into())).await;
        });
        Ok(())
    }

    async fn open(
        &self,
        connection: &Connection,
        number: u64,
    ) -> Result<(Vec<BrokerInbox>, Watchdog, impl Future<Output = ()> + use<>), SessionError> {
        // A broker that is short of memory answers no declaration, and still hands out jobs.
        if !self.publisher.is_blocked().await {
            timeout(REQUEST_TIMEOUT, topology::ensure(&self.publisher, self.topology)).await??;
        }
        let control = timeout(REQUEST_TIMEOUT, control::listen(connection, number, self.commands())).await??;
        let watchdog = Watchdog::open(connection, self.outage.clone());
        let mut watchdog = timeout(REQUEST_TIMEOUT, watchdog).await??;
        let mut inboxes = Vec::new();
        for lane in &self.lanes {
            let inbox = BrokerInbox::open(connection, lane.lane, lane.size, watchdog.pulse(lane.lane));
            inboxes.push(timeout(REQUEST_TIMEOUT, inbox).await??);
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
    /// The client yields a consumer's end once, and then waits for ever.
    ended: bool,
}

impl BrokerInbox {
    async fn open(connection: &Connection, lane: Lane, prefetch: u16, pulse: Arc<Pulse>) -> Result<Self, lapin::Error> {
        let channel = Arc::new(connection.create_channel().await?);
        // Set before consuming, for each consumer, to the number of permits: a further delivery would wait here while
        // another worker is free.
        channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
        let consumer = consume(&channel, lane).await?;
        Ok(Self { lane, consumer, channel, pulse, ended: false })
    }
}

async fn consume(channel: &Channel, lane: Lane) -> Result<Consumer, lapin::Error> {
    let options = BasicConsumeOptions::default();
    channel.basic_consume(lane.queue().into(), CONSUMER_TAG.into(), options, FieldTable::default()).await
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
                    lane: self.lane,
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
        let _ = timeout(REQUEST_TIMEOUT, self.channel.basic_cancel(CONSUMER_TAG.into(), BasicCancelOptions::default()))
            .await;
    }

    async fn resume(&mut self) -> bool {
        match timeout(REQUEST_TIMEOUT, consume(&self.channel, self.lane)).await {
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
        let acked = timeout(REQUEST_TIMEOUT, self.acker.ack(BasicAckOptions::default())).await;
        matches!(acked, Ok(Ok(true)))
    }

    fn is_ours(&self) -> bool {
        self.acker.usable()
    }
}

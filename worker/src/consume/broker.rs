//! The broker's side of the seam: one session at a time, rebuilt whenever anything about it ends.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, future::join_all};
use lapin::{
    Acker, Channel, Connection, Consumer,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use quire_producer::amqp::{Connector, topology};
use quire_schemas::names::Lane;
use rand::Rng;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    control::{self, Commands},
    inbox::{Inbox, Receipt},
    jobs::Jobs,
    lane::run_lane,
    message::Message,
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
const TAG: &str = "quire";

/// Why a session did not come up.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No broker.
    #[error(transparent)]
    Connect(#[from] quire_producer::amqp::ConnectError),
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
}

impl Supervisor {
    /// Keeps a session up until drained; returns when every job of the last one has ended.
    pub async fn run(&self) {
        let mut pause = SHORTEST_PAUSE;
        let mut number = 0;
        let drain = self.drain();
        while !drain.is_cancelled() {
            number += 1;
            let began = Instant::now();
            if let Err(error) = self.session(number).await {
                tracing::warn!(error = %chain(&error), "no session with the broker");
            }
            // One that ended at once is no better than none.
            let lasted = began.elapsed() >= A_GOOD_WHILE;
            pause = if lasted { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            self.tell_health(false);
            let jittered = pause.mul_f64(rand::rng().random_range(0.5..1.0));
            let _ = timeout(jittered, drain.cancelled()).await;
        }
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
        let (inboxes, control) = match self.open(&connection, number).await {
            Ok(opened) => opened,
            Err(error) => {
                let _ = timeout(METHOD, connection.close(200, "bye".into())).await;
                return Err(error);
            }
        };
        let lease = CancellationToken::new();
        let running = self.lanes.iter().zip(inboxes).map(|(lane, inbox)| {
            let (jobs, permits) = (Arc::clone(&lane.jobs), Arc::clone(&lane.permits));
            lifecycle::spawn(run_lane(inbox, permits, jobs, self.drain(), lease.clone()))
        });
        let mut lanes = std::pin::pin!(join_all(running.collect::<Vec<_>>()));
        self.tell_health(true);
        tracing::info!(session = number, "consuming");
        // Cancel safe: the lanes are tasks, polled by reference; the watch only waits.
        tokio::select! {
            _ = &mut lanes => {}
            () = watch(&connection, &lease, control) => { (&mut lanes).await; }
        }
        let _ = timeout(METHOD, connection.close(200, "bye".into())).await;
        Ok(())
    }

    async fn open(
        &self,
        connection: &Connection,
        number: u64,
    ) -> Result<(Vec<BrokerInbox>, impl Future<Output = ()> + use<>), SessionError> {
        if let Some(lane) = self.lanes.first() {
            timeout(METHOD, topology::ensure(&lane.jobs.settler.publisher, self.topology)).await??;
        }
        let control = timeout(METHOD, control::listen(connection, number, self.commands())).await??;
        let mut inboxes = Vec::new();
        for lane in &self.lanes {
            inboxes.push(timeout(METHOD, BrokerInbox::open(connection, lane.jobs.lane, lane.size)).await??);
        }
        Ok((inboxes, control))
    }
}

/// Waits until something about the session ends, and fences its jobs then: also while the process
/// drains, because what is lost is done again elsewhere.
async fn watch(connection: &Connection, lease: &CancellationToken, control: impl Future<Output = ()>) {
    let mut beat = tokio::time::interval(Duration::from_millis(500));
    let mut control = std::pin::pin!(control);
    loop {
        // Cancel safe: an interval, a token, and a listener that is polled by reference.
        tokio::select! {
            _ = beat.tick() => if !connection.status().connected() {
                tracing::warn!("the connection to the broker is lost; its jobs are fenced");
                break;
            },
            () = &mut control => break,
            () = lease.cancelled() => break,
        }
    }
    lease.cancel();
}

/// Deliveries of one queue.
struct BrokerInbox {
    consumer: Consumer,
    channel: Arc<Channel>,
}

impl BrokerInbox {
    async fn open(connection: &Connection, lane: Lane, prefetch: u16) -> Result<Self, lapin::Error> {
        let channel = Arc::new(connection.create_channel().await?);
        // Before consuming, per consumer, and as many as there are permits: a delivery beyond that
        // would wait here for work that another worker could do.
        channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
        let consumer = channel
            .basic_consume(lane.queue().into(), TAG.into(), BasicConsumeOptions::default(), FieldTable::default())
            .await?;
        Ok(Self { consumer, channel })
    }
}

impl Inbox for BrokerInbox {
    type Receipt = BrokerReceipt;

    async fn next(&mut self) -> Option<(Message, BrokerReceipt)> {
        match self.consumer.next().await? {
            Ok(delivery) => {
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

//! Who may do what at the broker: every operation by every role, the refused ones as well as the
//! allowed ones.

use std::fmt;

use lapin::{
    BasicProperties, Channel, Connection, ErrorKind,
    options::{
        BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions, ExchangeDeleteOptions,
        QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions, QueuePurgeOptions,
    },
    types::FieldTable,
};
use quire_producer::amqp::{
    management::vhost_of,
    topology::{self, Mode},
};
use quire_tests::{
    World,
    permissions::{Role, User},
};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

const WORKERS: &[Role] = &[Role::Worker, Role::DeclaringWorker];
const DECLARERS: &[Role] = &[Role::DeclaringWorker, Role::Operator];
const WORKERS_AND_OPERATORS: &[Role] = &[Role::Worker, Role::DeclaringWorker, Role::Operator];
const NOBODY: &[Role] = &[];

/// Something that can be asked of the broker.
#[derive(Debug, Clone, Copy)]
enum Operation {
    Publish(&'static str, &'static str),
    Consume(&'static str),
    /// Events, by the pattern of their keys.
    Follow(&'static str),
    /// Control messages, as a worker does.
    Listen,
    Purge(&'static str),
    /// A queue whose name begins like this.
    Declare(&'static str),
    Unbind(&'static str, &'static str, &'static str),
    DeleteQueue(&'static str),
    DeleteExchange(&'static str),
}

use Operation::{Consume, Declare, DeleteExchange, DeleteQueue, Follow, Listen, Publish, Purge, Unbind};

/// What is asked of the broker, and who may.
const AT_THE_BROKER: &[(Operation, &[Role])] = &[
    (
        Publish("quire.jobs", "job.normal.default"),
        &[Role::Worker, Role::DeclaringWorker, Role::Publisher, Role::Follower, Role::Operator],
    ),
    (Publish("quire.jobs", "job.normal.other"), WORKERS_AND_OPERATORS),
    (Publish("quire.jobs", "no-job"), WORKERS_AND_OPERATORS),
    (Publish("quire.retry", "job.normal.default"), WORKERS),
    (Publish("quire.dead", "failed.normal"), WORKERS_AND_OPERATORS),
    (Publish("quire.events", "job.finished.default"), WORKERS),
    (Publish("quire.control", ""), DECLARERS),
    (Publish("", "quire.dead"), WORKERS),
    (Consume("quire.jobs.normal"), WORKERS_AND_OPERATORS),
    (Consume("quire.retry.30s"), DECLARERS),
    (Consume("quire.dead"), DECLARERS),
    (Consume("quire.events.log"), DECLARERS),
    (Follow("job.*.default"), &[Role::Follower, Role::Operator]),
    (Follow("job.*.other"), &[Role::Operator]),
    (Follow("job.#"), &[Role::Operator]),
    (Follow("worker.heartbeat.#"), &[Role::Operator]),
    (Listen, WORKERS),
    (Purge("quire.jobs.bulk"), WORKERS_AND_OPERATORS),
    (Purge("quire.dead"), DECLARERS),
    (Declare("quire.mine"), &[Role::DeclaringWorker]),
    (Declare("other"), NOBODY),
    (Unbind("quire.jobs.bulk", "quire.jobs", "job.bulk.#"), DECLARERS),
    (DeleteQueue("quire.jobs.bulk"), DECLARERS),
    (DeleteQueue("quire.dead"), DECLARERS),
    (DeleteExchange("quire.control"), DECLARERS),
];

#[tokio::test]
async fn each_role_can_do_at_the_broker_what_it_needs_and_nothing_else() {
    let world = World::new().await;
    let mut roles = Vec::new();
    for role in Role::ALL {
        let user = User::of(&world, role).await;
        roles.push((role, user.connection().await, user));
    }
    let owner = world.connection().await;
    for (operation, expected) in AT_THE_BROKER {
        // What fails for the owner of everything would be refused to every user, for another reason.
        assert!(attempt(&world, &owner, *operation).await, "{operation:?} is wrong in itself");
        let mut allowed = Vec::new();
        for (role, connection, _) in &roles {
            if attempt(&world, connection, *operation).await {
                allowed.push(*role);
            }
        }
        assert_eq!(allowed, *expected, "{operation:?}");
    }
}

/// Says whether the broker allowed an operation; puts back what it took away.
async fn attempt(world: &World, connection: &Connection, operation: Operation) -> bool {
    let channel = connection.create_channel().await.expect("a channel");
    let allowed = is_allowed(operation.run(&channel).await, &operation);
    if allowed {
        channel.close(200, "done".into()).await.expect("the channel closes");
    }
    if matches!(operation, Unbind(..) | DeleteQueue(_) | DeleteExchange(_)) && allowed {
        topology::ensure(world.quire.publisher(), Mode::Declare).await.expect("declared again");
    }
    allowed
}

/// Says whether the broker allowed something.
pub(super) fn is_allowed(outcome: Result<(), lapin::Error>, what: &dyn fmt::Debug) -> bool {
    const ACCESS_REFUSED: u16 = 403;
    match outcome {
        Ok(()) => true,
        Err(error) => match error.kind() {
            ErrorKind::ProtocolError(refusal) if refusal.get_id() == ACCESS_REFUSED => false,
            _ => panic!("{what:?}: neither allowed nor refused: {error}"),
        },
    }
}

impl Operation {
    async fn run(self, channel: &Channel) -> Result<(), lapin::Error> {
        match self {
            Publish(exchange, key) => publish(channel, exchange, key, FieldTable::default()).await,
            Consume(queue) => consume(channel, queue).await,
            Follow(pattern) => {
                let queue = channel.queue_declare("".into(), private(), FieldTable::default()).await?;
                bind(channel, queue.name().as_str(), "quire.events", pattern).await?;
                consume(channel, queue.name().as_str()).await
            }
            Listen => {
                let queue = unique("quire.ctl.matrix");
                channel.queue_declare(queue.as_str().into(), private(), FieldTable::default()).await?;
                bind(channel, &queue, "quire.control", "").await?;
                consume(channel, &queue).await
            }
            Purge(queue) => channel.queue_purge(queue.into(), QueuePurgeOptions::default()).await.map(drop),
            Declare(name) => {
                let name = unique(name);
                channel.queue_declare(name.into(), private(), FieldTable::default()).await.map(drop)
            }
            Unbind(queue, exchange, key) => {
                channel.queue_unbind(queue.into(), exchange.into(), key.into(), FieldTable::default()).await
            }
            DeleteQueue(queue) => channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.map(drop),
            DeleteExchange(exchange) => {
                channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default()).await
            }
        }
    }
}

/// Publishes and waits for the confirm, without which a refusal would not be heard of.
pub(super) async fn publish(
    channel: &Channel,
    exchange: &str,
    key: &str,
    headers: FieldTable,
) -> Result<(), lapin::Error> {
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default().with_headers(headers));
    let published = channel.basic_publish(exchange.into(), key.into(), options, b"{}", properties).await?;
    published.await.map(drop)
}

async fn consume(channel: &Channel, queue: &str) -> Result<(), lapin::Error> {
    // A stream is only read with a prefetch.
    channel.basic_qos(1, BasicQosOptions::default()).await?;
    let consuming =
        channel.basic_consume(queue.into(), "".into(), BasicConsumeOptions::default(), FieldTable::default());
    consuming.await.map(drop)
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> Result<(), lapin::Error> {
    let options = QueueBindOptions::default();
    channel.queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default()).await
}

const fn private() -> QueueDeclareOptions {
    QueueDeclareOptions { passive: false, durable: false, exclusive: true, auto_delete: true, nowait: false }
}

/// An exclusive queue outlives its channel, and is locked to everybody else meanwhile.
fn unique(name: &str) -> String {
    format!("{name}.{}", Uuid::new_v4().simple())
}

#[tokio::test]
async fn the_management_api_shows_depths_to_those_with_a_tag_and_messages_to_those_who_may_read() {
    let world = World::new().await;
    let (vhost, new_user) = (vhost_of(&world.amqp_url), unique("test"));
    let (vhost, new_user) = (vhost.as_str(), new_user.as_str());
    let look = json!({ "count": 1, "ackmode": "ack_requeue_true", "encoding": "auto" });
    let policy = json!({ "pattern": ".*", "definition": { "max-length": 1 }, "apply-to": "queues" });
    let asked: [(Method, Vec<&str>, _, &[Role]); 6] = [
        (Method::GET, vec!["overview"], None, &[Role::Operator, Role::Monitor]),
        (Method::GET, vec!["queues", vhost], None, &[Role::Operator, Role::Monitor]),
        (Method::POST, vec!["queues", vhost, "quire.dead", "get"], Some(look), &[Role::Operator]),
        (Method::DELETE, vec!["queues", vhost, "quire.jobs.bulk", "contents"], None, &[Role::Operator]),
        (Method::PUT, vec!["policies", vhost, "mine"], Some(policy), NOBODY),
        (Method::PUT, vec!["users", new_user], Some(json!({ "password": "x", "tags": "administrator" })), NOBODY),
    ];
    let mut allowed = vec![Vec::new(); asked.len()];
    for role in Role::ALL {
        let user = User::of(&world, role).await;
        for ((method, path, body, _), allowed) in asked.iter().zip(&mut allowed) {
            match user.manage(method.clone(), path, body.clone()).await {
                200..=299 => allowed.push(role),
                401 | 403 => {}
                other => panic!("{method} {path:?}: neither allowed nor refused: {other}"),
            }
        }
    }
    let expected: Vec<Vec<Role>> = asked.iter().map(|(.., expected)| expected.to_vec()).collect();
    assert_eq!(allowed, expected);
}

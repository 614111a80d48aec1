//! A world of its own for each test: a virtual host, a folder of the bucket, and what is observed there.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    time::Duration,
};

use bytes::Bytes;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, Queue,
    options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use quire_producer::{
    Quire, Submission,
    amqp::{management::Management, topology},
    schemas::{
        job::{Job, JobId, Source},
        keys::JobKeys,
        names::{DEAD_QUEUE, JOBS_EXCHANGE, Lane, Tenant, Tier, header},
        result::ParseResult,
        sha256::Sha256,
    },
    store::{Metadata, S3Settings, S3Store, StoreError},
};
use tokio::time::{Instant, sleep};

use crate::{
    WorkerBuilder,
    servers::{PrivateBroker, PrivateStore},
    vhost,
};

/// Long enough for a machine that does other things too; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(90);

/// A virtual host and a folder of the bucket that belong to one test.
#[derive(Debug)]
pub struct World {
    /// The broker, with this test's virtual host; several addresses are separated by commas.
    pub amqp_url: String,
    /// The management API.
    pub management: Management,
    /// Publishes jobs.
    pub quire: Quire,
    /// The bucket.
    pub store: S3Store,
    /// This test's folder in it.
    pub prefix: String,
    vhost: String,
    management_url: String,
    settings: BTreeMap<String, String>,
}

/// A message in the dead queue.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// Its routing key.
    pub routing_key: String,
    /// Its headers, as text.
    pub headers: BTreeMap<String, String>,
    /// Its id.
    pub message_id: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
}

impl DeadLetter {
    /// Returns the code of the error that buried the job.
    ///
    /// # Panics
    /// If there is none: every dead letter has one.
    #[must_use]
    pub fn code(&self) -> &str {
        self.headers.get(header::ERROR_CODE).expect("every dead letter has a code")
    }
}

/// Waits for a condition.
///
/// # Panics
/// If it does not come true in a minute and a half.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut condition: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = condition().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "where the servers are is told by the environment")]
fn environment(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run the tests with `make test`, or after `make up` and `. .dev/env`")
    })
}

fn shared_amqp_url() -> String {
    environment("QUIRE_AMQP_URL")
}

fn shared_management_url() -> String {
    environment("QUIRE_MANAGEMENT_URL")
}

/// Replaces the virtual host of every address.
fn on_vhost(amqp_urls: &str, vhost: &str) -> String {
    let replaced = amqp_urls.split(',').map(|address| {
        let mut url: url::Url = address.trim().parse().expect("a URL");
        url.set_path(&format!("/{vhost}"));
        url.to_string()
    });
    replaced.collect::<Vec<_>>().join(",")
}

impl World {
    /// Makes a world whose topology is declared.
    pub async fn new() -> Self {
        Self::on(None, None).await
    }

    /// Makes a world whose topology is declared, on servers of the test's own where it has any.
    pub async fn on(broker: Option<&PrivateBroker>, store: Option<&PrivateStore>) -> Self {
        let Some(broker) = broker else {
            return Self::undeclared(&shared_amqp_url(), &shared_management_url(), store).await.declared().await;
        };
        let world = Self::undeclared(&broker.amqp_url, &broker.management_url, store).await.declared().await;
        // RabbitMQ 4.3.6 that is killed within seconds of its first stream forgets it for ever; one that was
        // stopped in order does not.
        broker.stop().await;
        broker.start_again().await;
        world
    }

    /// Makes a world whose topology is declared, on a broker with one or more AMQP addresses,
    /// separated by commas, such as a cluster's.
    pub async fn at(amqp_urls: &str, management_url: &str) -> Self {
        Self::undeclared(amqp_urls, management_url, None).await.declared().await
    }

    /// Makes a world without a topology.
    pub async fn bare() -> Self {
        Self::undeclared(&shared_amqp_url(), &shared_management_url(), None).await
    }

    async fn declared(self) -> Self {
        topology::ensure(self.quire.publisher(), topology::Mode::Declare).await.expect("a fresh virtual host");
        self
    }

    async fn undeclared(amqp_urls: &str, management_url: &str, store: Option<&PrivateStore>) -> Self {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let vhost = format!("test-{id}");
        let amqp_url = on_vhost(amqp_urls, &vhost);
        let management = Management::new(management_url, &vhost).expect("a URL");
        vhost::create(management_url, &vhost).await;
        let prefix = format!("t-{}", &id[..12]);
        let mut variables: BTreeMap<String, String> = BTreeMap::new();
        for name in [
            "QUIRE_S3_BUCKET",
            "QUIRE_S3_ENDPOINT",
            "QUIRE_PDFIUM_LIBRARY",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_REGION",
        ] {
            variables.insert(name.to_owned(), environment(name));
        }
        // The test itself logs in with the keys of the environment, which the private store shares.
        variables.extend(store.map(|store| store.variables.clone()).unwrap_or_default());
        let settings = S3Settings {
            bucket: variables["QUIRE_S3_BUCKET"].clone(),
            endpoint: Some(variables["QUIRE_S3_ENDPOINT"].clone()),
            path_style: None,
        };
        variables.insert("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned());
        variables.insert("QUIRE_AMQP_URL".to_owned(), amqp_url.clone());
        variables.insert("QUIRE_S3_PREFIX".to_owned(), prefix.clone());
        Self {
            quire: Quire::new(&amqp_url, "test").expect("a URL"),
            amqp_url,
            management,
            store: S3Store::new(&settings).await,
            prefix,
            vhost,
            management_url: management_url.to_owned(),
            settings: variables,
        }
    }

    /// Sends everything over another address, such as a proxy's.
    #[must_use]
    pub fn with_setting(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        self.settings.clone().into_iter().collect()
    }

    /// Makes a worker of this world.
    #[must_use]
    pub fn worker(&self) -> WorkerBuilder {
        WorkerBuilder::new(self)
    }

    /// Returns the folder of the tenant's documents, with a trailing slash: a worker reads no others in its bucket.
    #[must_use]
    pub fn inbox(&self) -> String {
        format!("{}/{}/inbox/", self.prefix, Tenant::default())
    }

    /// Puts a document into the bucket; returns it as a source.
    pub async fn upload(&self, document: Vec<u8>) -> Source {
        let key = format!("{}{}.pdf", self.inbox(), uuid::Uuid::new_v4());
        self.put(&key, document).await;
        Source::S3 { bucket: self.store.bucket().to_owned(), key }
    }

    /// Puts a document into the bucket for a tenant; returns it as a source.
    pub async fn upload_for(&self, tenant: &Tenant, document: Vec<u8>) -> Source {
        let key = format!("{}/{tenant}/inbox/{}.pdf", self.prefix, uuid::Uuid::new_v4());
        self.put(&key, document).await;
        Source::S3 { bucket: self.store.bucket().to_owned(), key }
    }

    /// Writes any object.
    pub async fn put(&self, key: &str, body: Vec<u8>) {
        let written = self.store.put(key, Bytes::from(body), "application/pdf", &Metadata::new()).await;
        written.expect("the store takes it");
    }

    /// Publishes a job; returns its id.
    pub async fn submit(&self, job: Job) -> JobId {
        let submission = Submission { job, ..Submission::of_s3("b", "k") };
        self.quire.submit(&submission).await.expect("the broker takes it")
    }

    /// Publishes a job with every default for a document.
    pub async fn submit_document(&self, document: Vec<u8>) -> JobId {
        let source = self.upload(document).await;
        self.submit(Job::new(source)).await
    }

    /// Publishes any bytes as a job, as a careless client might.
    pub async fn publish_raw(&self, body: &[u8], properties: BasicProperties) {
        self.publish_under("job.normal.default", body, properties).await;
    }

    /// Publishes any bytes as a job under any routing key that a job queue takes.
    pub async fn publish_under(&self, routing_key: &str, body: &[u8], properties: BasicProperties) {
        let channel = self.channel().await;
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let published = channel.basic_publish(JOBS_EXCHANGE.into(), routing_key.into(), options, body, properties);
        let confirmed = published.await.expect("published").await.expect("confirmed");
        assert!(confirmed.is_ack(), "not taken");
    }

    /// Returns the keys of a job of the default tenant.
    #[must_use]
    pub fn keys(&self, job_id: &JobId) -> JobKeys {
        JobKeys::new(&self.prefix, &Tenant::default(), job_id)
    }

    /// Reads a job's result, if it has one.
    pub async fn result(&self, job_id: &JobId) -> Option<ParseResult> {
        let json = self.object(&self.keys(job_id).result()).await?;
        Some(serde_json::from_slice(&json).expect("a result is a result"))
    }

    /// Reads any object. The store of the tests writes an object before its checksum: a read between the two
    /// is repeated.
    pub async fn object(&self, key: &str) -> Option<Bytes> {
        eventually("an object is whole", || async {
            match self.store.get(key, 64 << 20).await {
                Err(StoreError::Damaged { .. }) => None,
                read => Some(read.expect("the store answers")),
            }
        })
        .await
    }

    /// Waits for the result of a tenant's job.
    pub async fn await_result_of(&self, tenant: &Tenant, job_id: &JobId) -> ParseResult {
        let key = JobKeys::new(&self.prefix, tenant, job_id).result();
        let json = eventually("the job has a result", || self.object(&key)).await;
        serde_json::from_slice(&json).expect("a result is a result")
    }

    /// Waits for a job's result.
    pub async fn await_result(&self, job_id: &JobId) -> ParseResult {
        eventually("the job has a result", || self.result(job_id)).await
    }

    /// Waits until every job queue and retry queue is empty and nothing is unacknowledged.
    pub async fn await_idle(&self) {
        eventually("every job is settled", || async {
            let queues = self.management.queues().await.ok()?;
            let jobs = queues
                .iter()
                .filter(|queue| queue.name.starts_with("quire.jobs.") || queue.name.starts_with("quire.retry."));
            let left: Option<u64> = jobs.map(|queue| queue.messages).sum();
            (left? == 0).then_some(())
        })
        .await;
    }

    /// Asserts that what lies under a job that has ended is its result and everything that the
    /// result names, with the hash it states, and nothing else.
    pub async fn assert_nothing_astray(&self, job_id: &JobId) {
        let (keys, result) = (self.keys(job_id), self.result(job_id).await.expect("the job has ended"));
        let mut named = BTreeSet::from([keys.result()]);
        for object in result.objects() {
            let stored =
                self.object(&object.key).await.unwrap_or_else(|| panic!("{} is named and missing", object.key));
            assert_eq!(Sha256::of(&stored), object.sha256, "{}", object.key);
            named.insert(object.key.clone());
        }
        // The broker's numbers of jobs that are settled come late: an end may still be sweeping.
        let swept_by = Instant::now() + Duration::from_secs(20);
        loop {
            let stored = self.store.list(keys.folder()).await.expect("the store answers");
            let stored: BTreeSet<String> = stored.into_iter().collect();
            if stored == named {
                break;
            }
            assert!(Instant::now() < swept_by, "stored: {stored:?}, named: {named:?}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Opens a connection of the test's own, to the first address that answers.
    pub async fn connection(&self) -> Connection {
        let mut refusals = Vec::new();
        for address in self.amqp_url.split(',') {
            match Connection::connect(address, ConnectionProperties::default()).await {
                Ok(connection) => return connection,
                Err(error) => refusals.push(error),
            }
        }
        panic!("no broker answers: {refusals:?}")
    }

    /// Opens a channel on a connection of the test's own.
    pub async fn channel(&self) -> Channel {
        self.connection().await.create_channel().await.expect("a channel")
    }

    /// Counts the ready messages of a queue.
    pub async fn ready(&self, queue: &str) -> u32 {
        look_at(&self.channel().await, queue).await.message_count()
    }

    /// Counts the consumers of a queue.
    pub async fn consumers(&self, queue: &str) -> u32 {
        look_at(&self.channel().await, queue).await.consumer_count()
    }

    /// Counts the messages that wait in any job queue or retry tier. What a worker has in hand is
    /// not among them.
    pub async fn waiting(&self) -> u32 {
        let (channel, mut waiting) = (self.channel().await, 0);
        for queue in Lane::ALL.map(Lane::queue).into_iter().chain(Tier::ALL.map(Tier::queue)) {
            waiting += look_at(&channel, &queue).await.message_count();
        }
        waiting
    }

    /// Looks at every dead letter and puts it back.
    pub async fn dead_letters(&self) -> Vec<DeadLetter> {
        let channel = self.channel().await;
        let mut letters = Vec::new();
        while let Some(message) =
            channel.basic_get(DEAD_QUEUE.into(), BasicGetOptions::default()).await.expect("the dead queue")
        {
            let delivery = message.delivery;
            letters.push(DeadLetter {
                routing_key: delivery.routing_key.to_string(),
                headers: delivery.properties.headers().as_ref().map(text_headers).unwrap_or_default(),
                message_id: delivery.properties.message_id().as_ref().map(|id| id.as_str().to_owned()),
                body: delivery.data,
            });
        }
        // Closing gives back what was not acknowledged.
        channel.close(200, "looked".into()).await.expect("the channel closes");
        letters
    }

    /// Waits for exactly so many dead letters.
    pub async fn await_dead_letters(&self, count: usize) -> Vec<DeadLetter> {
        eventually("dead letters", || async {
            Some(self.dead_letters().await).filter(|letters| letters.len() == count)
        })
        .await
    }
}

async fn look_at(channel: &Channel, queue: &str) -> Queue {
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let declared = channel.queue_declare(queue.into(), options, FieldTable::default()).await;
    declared.expect("the queue is there")
}

fn text_headers(table: &FieldTable) -> BTreeMap<String, String> {
    let text = |value: &AMQPValue| match value {
        AMQPValue::LongString(text) => text.to_string(),
        AMQPValue::LongLongInt(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    table.inner().iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

impl Drop for World {
    fn drop(&mut self) {
        vhost::delete(&self.management_url, &self.vhost);
    }
}

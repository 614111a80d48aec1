//! Messages that are no jobs, or ask for what cannot be: buried with the right code, and nothing
//! else happens.

use std::collections::BTreeSet;

use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};
use quire_producer::schemas::{
    job::{ImageOptions, Job, JobId},
    result::JobStatus,
};
use quire_tests::{
    World, eventually,
    expect::{assert_failed, assert_settled},
    samples,
};
use serde_json::{Value, json};

/// A part of every hostile id that would show in a key that was built from it.
const MARK: &str = "quire-escaped";

struct BadMessage {
    name: &'static str,
    body: Vec<u8>,
    kind: &'static str,
    job_id: Option<JobId>,
    code: &'static str,
}

impl BadMessage {
    fn new(name: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { name, body: body.into(), kind: "quire.job.v1", job_id: None, code: "invalid_job" }
    }

    fn json(name: &'static str, body: &Value) -> Self {
        Self::new(name, body.to_string())
    }

    /// The same with a valid id in the property, so that it gets a result.
    fn known(self) -> Self {
        Self { job_id: Some(JobId::generate()), ..self }
    }

    fn properties(&self) -> BasicProperties {
        let mut headers = FieldTable::default();
        headers.insert("case".into(), AMQPValue::LongString(self.name.into()));
        let properties = BasicProperties::default().with_type(self.kind.into()).with_headers(headers);
        match &self.job_id {
            Some(id) => properties.with_message_id(id.to_string().into()),
            None => properties,
        }
    }
}

fn source() -> Value {
    json!({ "kind": "s3", "bucket": "inbox", "key": "a.pdf" })
}

fn with_id(id: &str) -> Value {
    json!({ "job_id": id, "source": source() })
}

fn bad_messages() -> Vec<BadMessage> {
    let mut oversized = with_id("0192f0c1-7e5a-7000-8000-000000000001").to_string().into_bytes();
    oversized.resize(2 * 1024 * 1024 + 1, b' ');
    let mut newer = BadMessage::json("newer version", &json!({ "source": source() })).known();
    (newer.kind, newer.code) = ("quire.job.v2", "unsupported_version");
    let mut stranger = BadMessage::json("another type", &json!({ "source": source() })).known();
    stranger.kind = "somebody.else";
    let images = json!({ "source": source(), "images": null, "require": ["images"] });
    let engine = json!({ "source": source(), "parse": { "engine": "magic" } });
    vec![
        newer,
        stranger,
        BadMessage::new("not text", b"\xff\xfe\x00".as_slice()).known(),
        BadMessage::new("nothing at all", ""),
        BadMessage::new("oversized", oversized),
        BadMessage::json("wrong types", &json!({ "source": 7, "images": "all" })).known(),
        BadMessage::json("a list", &json!([1, 2, 3])).known(),
        BadMessage::json("no id", &json!({ "source": source() })),
        BadMessage::json("id with a path", &with_id(&format!("../../{MARK}"))),
        BadMessage::json("absolute id", &with_id(&format!("/{MARK}"))),
        BadMessage::json("long id", &with_id(&MARK.repeat(10_000 / MARK.len()))),
        BadMessage::json("id with NUL", &with_id(&format!("{MARK}\0.json"))),
        BadMessage::json("two ids", &with_id("0192f0c1-7e5a-7000-8000-000000000001")).known(),
        BadMessage::json("requires what it does not request", &images).known(),
        BadMessage::json("unknown engine", &engine).known(),
    ]
}

/// Bodies whose values would take a hundred times their bytes.
fn bombs() -> Vec<Vec<u8>> {
    let (id, source) = ("0192f0c1-7e5a-7000-8000-000000000001", source());
    let many = "{\"a\":0},".repeat(230_000);
    let filled = |field: &str| format!("{{\"job_id\":\"{id}\",\"source\":{source},{field}:[{many}0]}}").into_bytes();
    let options = format!("{{\"job_id\":\"{id}\",\"source\":{source},\"parse\":{{\"options\":{{\"x\":[{many}0]}}}}}}");
    let metadata = format!("{{\"job_id\":\"{id}\",\"source\":{source},\"metadata\":{{\"x\":[{many}0]}}}}");
    vec![options.into_bytes(), metadata.into_bytes(), filled("\"images\""), format!("[{many}0]").into_bytes()]
}

/// Returns the most memory that a process has had resident, in MB.
fn peak_megabytes(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("every process has it");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

#[tokio::test]
async fn messages_that_would_take_a_hundred_times_their_bytes_take_little_more_than_them() {
    const MEGABYTES: u64 = 300;
    let world = World::new().await;
    let worker = world.worker().with("QUIRE_LANES", "normal:16").start().await;
    let bombs = bombs();
    assert!(bombs.iter().all(|bomb| bomb.len() <= 2 * 1024 * 1024));
    let send = async |body: &[u8], case: usize| {
        let mut headers = FieldTable::default();
        headers.insert("case".into(), AMQPValue::LongString(case.to_string().into()));
        world.publish_raw(body, BasicProperties::default().with_headers(headers)).await;
    };
    for case in 0..16 {
        send(&bombs[case % bombs.len()], case).await;
    }
    world.await_dead_letters(16).await;
    let after_sixteen = peak_megabytes(worker.id());
    // The largest that RabbitMQ 4 takes.
    let large = [b"{\"x\":[".as_slice(), &b"{\"a\":0},".repeat((16 << 20) / 8 - 16), b"0]}"].concat();
    send(&large, 16).await;
    let letters = world.await_dead_letters(17).await;
    let peak = peak_megabytes(worker.id());
    assert!(peak <= MEGABYTES, "{after_sixteen} MB after sixteen, {peak} MB after the large one");
    let kept = letters.iter().find(|letter| letter.headers["case"] == "16").expect("the large one");
    let told = ["quire-redacted", "quire-body-bytes"].map(|name| kept.headers.get(name).map(String::as_str));
    assert_eq!((kept.body.len(), told[0]), (64 * 1024, Some("body")), "{told:?}");
    for letter in &letters {
        assert_eq!(letter.code(), "invalid_job");
        let error = letter.headers["quire-error-message"].as_str();
        let names_a_field = ["parse.options", "metadata", "more than", "a value that does not fit"];
        assert!(names_a_field.iter().any(|part| error.contains(part)), "{error}");
    }
    assert_eq!(worker.ask("/livez").await.0, 200);
    let job_id = world.submit_document(samples::rotated()).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Succeeded);
}

#[tokio::test]
async fn a_message_that_is_no_job_is_buried_with_its_code_and_the_worker_goes_on() {
    let world = World::new().await;
    let worker = world.worker().start().await;
    let messages = bad_messages();
    for message in &messages {
        world.publish_raw(&message.body, message.properties()).await;
    }
    let letters = world.await_dead_letters(messages.len()).await;
    let buried: BTreeSet<_> = letters.iter().map(|letter| (letter.headers["case"].as_str(), letter.code())).collect();
    let expected: BTreeSet<_> = messages.iter().map(|message| (message.name, message.code)).collect();
    assert_eq!(buried, expected);
    for (letter, case) in letters.iter().map(|letter| (letter, &letter.headers["case"])) {
        let sent = messages.iter().find(|message| message.name == case).expect("one of ours");
        // Of what is too large to be a job, the beginning is kept.
        let kept = if case == "oversized" { &sent.body[..64 * 1024] } else { &sent.body };
        assert_eq!(letter.routing_key, "invalid.normal", "{case}");
        assert!(letter.body == kept, "{case}: {} bytes are kept of {}", letter.body.len(), sent.body.len());
    }
    assert_eq!(worker.ask("/livez").await.0, 200);
    let job_id = world.submit_document(samples::rotated()).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Succeeded);
}

#[tokio::test]
async fn a_message_that_is_no_job_writes_nothing_but_the_result_of_the_id_it_came_with() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let messages = bad_messages();
    for message in &messages {
        world.publish_raw(&message.body, message.properties()).await;
    }
    let known: Vec<JobId> = messages.iter().filter_map(|message| message.job_id).collect();
    let expected: BTreeSet<String> = known.iter().map(|id| world.keys(id).result()).collect();
    world.await_dead_letters(messages.len()).await;
    let stored = eventually("every known job has its result", || async {
        let stored = world.store.list(&world.prefix).await.expect("the store answers");
        (stored.len() >= expected.len()).then(|| stored.into_iter().collect::<BTreeSet<_>>())
    })
    .await;
    assert_eq!(stored, expected);
    assert_eq!(world.store.list(MARK).await.expect("the store answers"), Vec::<String>::new());
    for (id, code) in messages.iter().filter_map(|message| Some((message.job_id?, message.code))) {
        let result = world.await_result(&id).await;
        assert_failed(&result, &[code]);
    }
}

#[tokio::test]
async fn a_page_range_beyond_the_end_is_an_invalid_job_with_a_failed_result() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let pages = Some("9-".parse().expect("a page range"));
    let images = Some(ImageOptions { pages, ..ImageOptions::default() });
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(Job { images, ..Job::new(source) }).await;
    let result = world.await_result(&job_id).await;
    assert_failed(&result, &["invalid_job"]);
    let letters = world.await_dead_letters(1).await;
    assert_eq!(letters[0].routing_key, "invalid.normal");
    assert_eq!(letters[0].code(), "invalid_job");
}

#[tokio::test]
async fn a_message_with_more_headers_than_can_go_on_is_buried_without_them() {
    let world = World::new().await;
    let mut worker = world.worker().start().await;
    let mut headers = FieldTable::default();
    headers.insert("caller-note".into(), AMQPValue::LongString("x".repeat(100 << 10).into()));
    let body = serde_json::to_vec(&json!({ "source": source() })).expect("plain data");
    world.publish_raw(&body, BasicProperties::default().with_headers(headers)).await;
    let letters = world.await_dead_letters(1).await;
    let headers = &letters[0].headers;
    assert_eq!((headers["quire-error-code"].as_str(), headers.get("caller-note")), ("invalid_job", None));
    assert_settled(&world, &mut worker).await;
}

//! `quire dead`: letters looked at, replayed and dropped, as a shell sees it.

mod drop;
mod look;
mod replay;

use std::{collections::BTreeSet, process::Output, time::Duration};

use quire_producer::{
    amqp::{BasicProperties, FieldTable, Outgoing, Value as Header},
    schemas::{job::JobId, names::DEAD_EXCHANGE},
};
use quire_tests::{
    World, eventually, quire,
    quire_cli::{json_lines, stdout, succeeds},
};
use serde_json::{Value, json};

const CONFIRM_WITHIN: Duration = Duration::from_secs(30);

fn assert_says_nothing_of(secret: &str, output: &Output) {
    for stream in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(stream).contains(secret), "{secret} is shown");
    }
}

/// Runs a command until it finds a letter: the broker requeues only some time later what was looked
/// at.
async fn found(world: &World, arguments: &[&str]) -> Output {
    eventually("the letter is back", || async {
        let output = quire(world, arguments).await;
        let about_letters = stdout(&output).lines().any(|line| !line.contains(r#""event":"summary""#));
        about_letters.then_some(output)
    })
    .await
}

/// Waits until `quire dead list` tells of so many.
async fn listed(world: &World, arguments: &[&str], count: usize) -> Vec<Value> {
    let arguments = [&["dead", "list", "--json"][..], arguments].concat();
    eventually("the letters are listed", || async {
        let output = succeeds(world, &arguments).await;
        Some(json_lines(&output)).filter(|lines| lines.len() == count)
    })
    .await
}

fn ids(letters: &[Value]) -> BTreeSet<JobId> {
    let texts = letters.iter().filter_map(|letter| letter["job_id"].as_str());
    texts.map(|id| id.parse().expect("a job id")).collect()
}

/// Waits for so many letters; returns the id and the body of each, and how many headers it has.
async fn letters(world: &World, count: usize) -> Vec<(Option<String>, Vec<u8>, usize)> {
    let mut letters: Vec<_> = world
        .await_dead_letters(count)
        .await
        .into_iter()
        // The queue counts how often a letter was looked at.
        .map(|mut letter| {
            letter.headers.retain(|name, _| !name.starts_with("x-"));
            (letter.message_id, letter.body, letter.headers.len())
        })
        .collect();
    letters.sort();
    letters
}

/// Writes a letter as a worker does, where it does not matter how the job came to it.
async fn bury(world: &World, routing_key: &str, headers: &[(&str, &str)]) -> JobId {
    let job_id = JobId::generate();
    let mut table = FieldTable::default();
    for (name, value) in headers {
        table.insert((*name).into(), Header::LongString((*value).into()));
    }
    let properties = BasicProperties::default()
        .with_headers(table)
        .with_message_id(job_id.to_string().into())
        .with_correlation_id("order-17".into())
        .with_reply_to("answers".into())
        .with_type("quire.job.v1".into());
    let body = json!({ "source": { "kind": "s3", "bucket": "inbox", "key": "a.pdf" }, "unknown": true });
    let letter = Outgoing {
        exchange: DEAD_EXCHANGE.to_owned(),
        routing_key: routing_key.to_owned(),
        properties,
        body: body.to_string().into_bytes(),
        mandatory: true,
    };
    world.quire.publisher().publish(&letter, CONFIRM_WITHIN).await.expect("the dead queue takes it");
    job_id
}

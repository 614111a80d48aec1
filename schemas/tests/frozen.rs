//! What version 0.1.0 writes is read by every later version: workers of two versions run side by side.
//!
//! `examples/0.1.0/` holds what that version wrote to a broker and to storage. Nothing in it changes. The carried
//! pages are read by a test of the worker (`pipeline/carry`), the headers of messages and letters by tests of the
//! worker (`consume/message`) and the producer (`dead/letter`), which know their types.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use quire_schemas::{
    event::{Control, Event},
    job::Job,
    result::ParseResult,
    sha256::Sha256,
    state::JobState,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/0.1.0")
}

fn read(name: &str) -> Value {
    let text = fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Lists the files whose name begins with a word.
fn files_of(kind: &str) -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the frozen files are part of the repository");
    let names = entries.map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(kind)).collect();
    names.sort();
    assert!(!names.is_empty(), "there is no frozen {kind}");
    names
}

/// Asserts that everything that was written is still there after it was read and written again.
fn assert_kept(old: &Value, new: &Value, path: &str) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in old {
                let kept = new.get(name).unwrap_or_else(|| panic!("{path}/{name} is lost"));
                assert_kept(value, kept, &format!("{path}/{name}"));
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            assert_eq!(old.len(), new.len(), "{path}");
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                assert_kept(old, new, &format!("{path}/{index}"));
            }
        }
        _ => assert_eq!(old, new, "{path}"),
    }
}

fn assert_readable<T: Serialize + DeserializeOwned>(name: &str, wire: &Value) {
    let decoded: T = serde_json::from_value(wire.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_kept(wire, &serde_json::to_value(decoded).expect("keys are strings or numbers"), name);
}

#[test]
fn a_frozen_job_keeps_its_digest() {
    let digests: BTreeMap<String, Sha256> = serde_json::from_value(read("digests.json")).expect("names and digests");
    for name in files_of("job") {
        let body = serde_json::to_vec(&read(&name)).expect("it was JSON before");
        let decoded = Job::decode(&body, None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(Some(&decoded.job.digest()), digests.get(&name), "{name}");
    }
    assert_eq!(digests.keys().cloned().collect::<Vec<_>>(), files_of("job"));
}

#[test]
fn the_body_of_a_frozen_message_has_the_digest_that_its_result_states() {
    let message = read("message-published.json");
    let body = serde_json::to_vec(&message["body"]).expect("it was JSON before");
    let decoded = Job::decode(&body, message["properties"]["message_id"].as_str()).expect("it was a job");
    // The result is of another publish of that job; the id is no part of the digest.
    let result = read("result-succeeded.json");
    assert_eq!(Some(decoded.job.digest().to_string().as_str()), result["request_sha256"].as_str());
}

#[test]
fn what_was_stored_and_announced_is_read_and_nothing_of_it_is_lost() {
    for name in files_of("result") {
        assert_readable::<ParseResult>(&name, &read(&name));
    }
    for name in files_of("state") {
        assert_readable::<JobState>(&name, &read(&name));
    }
    for name in files_of("event") {
        assert_readable::<Event>(&name, &read(&name));
    }
    for name in files_of("control") {
        assert_readable::<Control>(&name, &read(&name));
    }
}

#[test]
fn every_frozen_file_is_of_a_kind_that_a_test_reads() {
    let known = ["carried", "control", "digests", "event", "job", "letter", "message", "result", "state"];
    let kinds: BTreeSet<String> =
        files_of("").iter().map(|name| name.split(['-', '.']).next().unwrap_or_default().to_owned()).collect();
    assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), known);
}

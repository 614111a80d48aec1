//! The two programs as a shell sees them: what they print, and the codes they exit with.

use std::process::{Output, Stdio};

use quire_producer::schemas::{job::JobId, result::ParseResult, sha256::Sha256};
use quire_tests::{World, processed::program, samples};
use serde_json::Value;
use tokio::process::Command;

/// `quire-worker` with these variables and no others.
async fn quire_worker(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(program("quire-worker"));
    command.args(arguments).env_clear().envs(variables.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
    command.output().await.expect("`cargo build --workspace` came before the tests")
}

/// `quire` in a world; where storage and its credentials are is inherited.
async fn quire(world: &World, arguments: &[&str]) -> Output {
    let mut command = Command::new(program("quire"));
    command.env("QUIRE_AMQP_URL", &world.amqp_url).env("QUIRE_S3_PREFIX", &world.prefix);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command.output().await.expect("`cargo build --workspace` came before the tests")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("commands print text")
}

fn json_lines(output: &Output) -> Vec<Value> {
    let text = stdout(output);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

fn assert_says_nothing_of(secret: &str, output: &Output) {
    for stream in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(stream).contains(secret), "{secret} is shown");
    }
}

#[tokio::test]
async fn every_error_of_a_configuration_is_told_at_once_and_no_secret() {
    let wrong = [
        ("QUIRE_AMQP_URL", "http://user:canary@host"),
        ("QUIRE_S3_BUCKET", "results"),
        ("QUIRE_LANES", "fast:1"),
        ("LLAMA_CLOUD_API_KEY", "llx canary"),
    ];
    let output = quire_worker(&["check-config", "--json"], &wrong).await;
    assert_eq!(output.status.code(), Some(78));
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let errors = told["errors"].as_array().expect("a list");
    let keys: Vec<_> = errors.iter().map(|error| error["key"].as_str().unwrap_or_default()).collect();
    assert_eq!(keys, ["QUIRE_AMQP_URL", "QUIRE_LANES", "LLAMA_CLOUD_API_KEY"]);
    assert_says_nothing_of("canary", &output);

    let output = quire_worker(&["check-config"], &wrong).await;
    assert_eq!(output.status.code(), Some(78));
    assert!(keys.iter().all(|key| stdout(&output).contains(key)), "{}", stdout(&output));
    assert_says_nothing_of("canary", &output);

    let output = quire_worker(&["run"], &wrong).await;
    assert_eq!(output.status.code(), Some(78));
    assert_says_nothing_of("canary", &output);
}

#[tokio::test]
async fn a_command_line_that_makes_no_sense_exits_with_2() {
    for arguments in [&["--what"][..], &["process"], &["process", "a.pdf"], &["process", "a.pdf", "--dpi", "5"], &[]] {
        let output = quire_worker(arguments, &[]).await;
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
    }
    let world = World::bare().await;
    let job_id = JobId::generate().to_string();
    for arguments in [
        &["submit"][..],
        &["submit", "a.pdf", "--lane", "fast"],
        &["submit", "a.pdf", "--parse-option", "chunks=true", "--parse-option", "chunks=false"],
        &["submit", "a.pdf", "--parse-option", "min_recall=2"],
        &["result", "not-a-uuid"],
        &["result", &job_id, "--report"],
        &["result", &job_id, "--out", "a", "--embed"],
    ] {
        assert_eq!(quire(&world, arguments).await.status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn settings_are_shown_without_what_opens_anything() {
    let variables = [
        ("QUIRE_AMQP_URL", "amqp://user:canary@broker:5672/%2f"),
        ("QUIRE_MANAGEMENT_URL", "http://user:canary@broker:15672"),
        ("QUIRE_S3_BUCKET", "results"),
        ("LLAMA_CLOUD_API_KEY", "llx-canary"),
    ];
    for arguments in [&["config", "show"][..], &["config", "show", "--json"], &["check-config"]] {
        let output = quire_worker(arguments, &variables).await;
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_says_nothing_of("canary", &output);
    }
    let output = quire_worker(&["config", "show", "--json"], &variables).await;
    let shown: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let settings = shown["settings"].as_array().expect("a list");
    let value = |key: &str| settings.iter().find(|setting| setting["key"] == key).map(|setting| &setting["value"]);
    assert_eq!(value("QUIRE_AMQP_URL").and_then(Value::as_str), Some("amqp://broker:5672/%2f"));
    assert_eq!(value("LLAMA_CLOUD_API_KEY").and_then(Value::as_str), Some("***"));
    assert_eq!(value("QUIRE_S3_BUCKET").and_then(Value::as_str), Some("results"));
}

#[tokio::test]
async fn a_file_is_submitted_awaited_and_its_result_downloaded_whole() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let file = samples::path("report.pdf").display().to_string();
    let output = quire(&world, &["submit", &file, "--wait", "--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let lines = json_lines(&output);
    let told: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap_or_default()).collect();
    assert_eq!(told, ["submitted", "ended"]);
    assert_eq!((lines[1]["status"].as_str(), lines[1]["pages"].as_u64()), (Some("succeeded"), Some(4)));
    let job_id = lines[0]["job_id"].as_str().expect("an id");
    assert_eq!(lines[1]["job_id"], lines[0]["job_id"]);

    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    let target = out.display().to_string();
    let output = quire(&world, &["result", job_id, "--json", "--out", &target, "--report", "--embed"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let result: ParseResult = serde_json::from_slice(&output.stdout).expect("`--json` prints the result");
    let keys = world.keys(&job_id.parse().expect("a job id"));
    let saved = std::fs::read(out.join("result.json")).expect("saved");
    assert_eq!(serde_json::from_slice::<ParseResult>(&saved).expect("a result"), result);
    let images = result.page_images.values().map(|image| &image.object);
    let named: Vec<_> = images.chain(result.artifacts.iter().map(|artifact| &artifact.object)).collect();
    assert_eq!(named.len(), 5, "four pages and the Markdown");
    for object in named {
        let below = object.key.strip_prefix(keys.folder()).expect("in the job's own folder");
        let bytes = std::fs::read(out.join(below)).unwrap_or_else(|error| panic!("{below}: {error}"));
        assert_eq!(Sha256::of(&bytes), object.sha256, "{below}");
    }
    let report = std::fs::read_to_string(out.join("report.html")).expect("the report is beside the result");
    assert!(report.contains(r#"id="quire-data">{"title":"Notes on Bookbinding","#), "an upload has lost its name");
    assert_eq!(report.matches(">data:image/").count(), 4, "one image a page");
}

#[tokio::test]
async fn waiting_for_a_job_that_fails_exits_with_1_and_tells_the_code() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let file = samples::path("encrypted.pdf").display().to_string();
    let output = quire(&world, &["submit", &file, "--wait", "--json"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let lines = json_lines(&output);
    let ended = lines.last().expect("it tells how it ended");
    assert_eq!((ended["status"].as_str(), ended["code"].as_str()), (Some("failed"), Some("password_required")));
}

#[tokio::test]
async fn the_queues_are_listed_with_their_depths() {
    let world = World::new().await;
    let output = quire(&world, &["queues", "--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let queues = told["queues"].as_array().expect("a list");
    let names: Vec<_> = queues.iter().map(|queue| queue["queue"].as_str().unwrap_or_default()).collect();
    let lanes = ["quire.jobs.high", "quire.jobs.normal", "quire.jobs.bulk"];
    let tiers = ["quire.retry.5s", "quire.retry.30s", "quire.retry.2m", "quire.retry.10m", "quire.retry.1h"];
    assert_eq!(names, [lanes.as_slice(), &tiers, &["quire.dead"]].concat());
    assert!(queues.iter().all(|queue| queue["exists"] == true), "{told}");
}

#[tokio::test]
async fn asking_for_a_job_that_has_not_ended_exits_with_75() {
    let world = World::new().await;
    let output = quire(&world, &["result", &JobId::generate().to_string()]).await;
    assert_eq!((output.status.code(), output.stdout.len()), (Some(75), 0), "{output:?}");
}

#[tokio::test]
async fn a_broker_that_is_out_of_reach_exits_with_69() {
    let variables = [("QUIRE_AMQP_URL", "amqp://user:canary@127.0.0.1:1/%2f"), ("QUIRE_S3_BUCKET", "results")];
    let output = quire_worker(&["run"], &variables).await;
    assert_eq!(output.status.code(), Some(69), "{output:?}");
    assert_says_nothing_of("canary", &output);
}

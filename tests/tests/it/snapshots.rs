//! What people read, whole: help texts, tables, reports, error lists and a result. The snapshots lie in
//! `snapshots/`; `INSTA_UPDATE=always` writes them anew.

use std::process::Output;

use insta::{assert_snapshot, with_settings};
use quire_tests::{
    World,
    processed::{Processed, program},
    samples,
};
use serde_json::Value;
use tokio::process::Command;

/// Fields of a result that differ between two runs, or between two machines.
const VOLATILE: [&str; 11] = [
    "completed_at",
    "created_at",
    "duration_ms",
    "finished_at",
    "job_id",
    "memory_bytes",
    "sha256",
    "size_bytes",
    "started_at",
    "timings",
    "worker",
];

/// Checks of `doctor` whose outcome depends on the machine.
const OF_THE_MACHINE: [&str; 3] = ["temp_dir", "memory", "open_files"];

#[tokio::test]
async fn every_help_text_is_as_it_was_read() {
    for name in ["quire", "quire-worker"] {
        let mut text = String::new();
        let mut open = vec![vec![]];
        while let Some(command) = open.pop() {
            let help = said(name, &[&command[..], &["--help".to_owned()]].concat(), &[]).await;
            open.extend(subcommands(&help).into_iter().rev().map(|word| [&command[..], &[word]].concat()));
            text += &help;
        }
        assert_snapshot!(format!("help_of_{name}"), text);
    }
}

#[tokio::test]
async fn settings_and_the_errors_of_settings_are_as_they_were_read() {
    let right = [
        ("QUIRE_AMQP_URL", "amqp://user:password@broker:5672/%2f"),
        ("QUIRE_S3_BUCKET", "results"),
        ("QUIRE_INSTANCE", "worker-1"),
        ("QUIRE_RENDERERS", "2"),
        ("LLAMA_CLOUD_API_KEY", "llx-key"),
    ];
    assert_snapshot!("config_show", said("quire-worker", &["config", "show"].map(str::to_owned), &right).await);
    assert_snapshot!("check_config_of_nothing", said("quire-worker", &["check-config".to_owned()], &[]).await);
    let wrong = [
        ("QUIRE_AMQP_URL", "http://user:password@host"),
        ("QUIRE_S3_BUCKET", "Not A Bucket"),
        ("QUIRE_LANES", "fast:1"),
        ("QUIRE_RENDERERS", "many"),
        ("QUIRE_LEASE", "soon"),
        ("QUIRE_RENDERER_MEMORRY", "1GiB"),
        ("LLAMA_CLOUD_API_KEY", "llx key"),
    ];
    assert_snapshot!("check_config_of_errors", said("quire-worker", &["check-config".to_owned()], &wrong).await);
}

#[tokio::test]
async fn what_doctor_finds_is_as_it_was_read() {
    let (sound, bare) = (World::new().await, World::bare().await);
    for (name, world) in [("doctor", &sound), ("doctor_without_queues", &bare)] {
        let output = world.worker().with("QUIRE_TOPOLOGY", "passive").output(&["doctor"]).await;
        with_settings!({ filters => vec![
            (r"127\.0\.0\.1:\d+", "[address]"),
            (r"test-[0-9a-f]{32}", "[name]"),
            (r"t-[0-9a-f]{12}", "[prefix]"),
            (r"/\S*libpdfium\S*", "[library]"),
            (r"build \d+", "build [number]"),
            (r"RabbitMQ [0-9.]+", "RabbitMQ [version]"),
            (r"\d+ settings", "[number] settings"),
            (r"\d+ checks: .*", "[number] checks: [outcomes]"),
        ] }, {
            assert_snapshot!(name, without_the_machine(&printed("quire-worker doctor", &output)));
        });
    }
}

#[test]
fn the_table_of_process_is_as_it_was_read() {
    let files = ["report.pdf", "rotated.pdf", "encrypted.pdf", "missing.pdf"].map(samples::path);
    let processed = Processed::run(&files);
    with_settings!({ filters => vec![
        (r"(file://)?/\S*/", "[folder]/"),
        (r"\d+\.\d+", "[number]"),
        // The widths of columns follow the paths.
        (r" +", " "),
    ] }, {
        assert_snapshot!("process", printed("quire-worker process", &processed.output));
    });
}

#[test]
fn a_result_is_as_it_was_read() {
    let processed = Processed::sample("rotated.pdf");
    let mut result: Value = serde_json::from_slice(&processed.read("rotated/result.json")).expect("a result is JSON");
    redact(&mut result);
    let text = serde_json::to_string_pretty(&result).expect("keys are strings");
    with_settings!({ filters => vec![
        (r#""version": "[^"]*""#, r#""version": "[version]""#),
        (r"file://\S*/rotated/", "file://[folder]/rotated/"),
        (r"pdfium \d+", "pdfium [build]"),
    ] }, {
        assert_snapshot!("result_of_rotated", text);
    });
}

/// Runs a program with these variables and no others; returns its command line, its exit code and what it printed.
async fn said(name: &str, arguments: &[String], variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(program(name));
    command.args(arguments).env_clear().envs(variables.iter().copied()).kill_on_drop(true);
    // Help is wrapped to the width of a terminal, also if only the input is one.
    command.stdin(std::process::Stdio::null());
    let output = command.output().await.expect("`cargo build --workspace` came before the tests");
    printed(&format!("{name} {}", arguments.join(" ")), &output)
}

fn printed(command: &str, output: &Output) -> String {
    let code = output.status.code().expect("it ends by itself");
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    format!("$ {command} # {code}\n{out}{err}\n")
}

/// Reads the names of commands from a help text.
fn subcommands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A description that is wrapped goes on further to the right.
    let names = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Leaves out the checks of the machine, with the lines that explain them.
fn without_the_machine(report: &str) -> String {
    let (mut kept, mut is_left_out) = (String::new(), false);
    for line in report.lines() {
        let mut words = line.split_whitespace();
        if !line.starts_with(' ') {
            is_left_out = words.nth(1).is_some_and(|check| OF_THE_MACHINE.contains(&check));
        }
        if !is_left_out {
            kept += line;
            kept += "\n";
        }
    }
    kept
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if VOLATILE.contains(&name.as_str()) && !field.is_null() {
                    *field = Value::from("[volatile]");
                } else {
                    redact(field);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

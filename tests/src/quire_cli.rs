//! The `quire` command as a shell sees it.

use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::process::Command;

use crate::{World, process::programs};

/// Runs the `quire` command in a world. It knows of nothing but this world's broker and bucket.
pub async fn quire(world: &World, arguments: &[&str]) -> Output {
    let mut command = Command::new(programs().join("quire"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(world.settings())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command.output().await.expect("`cargo build --workspace` came before the tests")
}

/// Runs a command that has to succeed.
///
/// # Panics
/// If it does not.
pub async fn succeeds(world: &World, arguments: &[&str]) -> Output {
    let output = quire(world, arguments).await;
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    output
}

/// Returns what a command printed.
#[must_use]
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("commands print text")
}

/// Reads what a command printed as JSON, one document a line.
///
/// # Panics
/// If a line is something else.
#[must_use]
pub fn json_lines(output: &Output) -> Vec<Value> {
    let text = stdout(output);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

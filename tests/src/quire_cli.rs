use std::process::{Output, Stdio};

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

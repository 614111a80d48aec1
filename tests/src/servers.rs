//! Servers that belong to one test, which may stop, kill and start them again without touching
//! those of other tests. The scripts behind `make up` do the work, with the RabbitMQ that the
//! environment asks for (`RABBITMQ`).

use std::{
    collections::BTreeMap,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Stdio,
};

use tempfile::TempDir;
use tokio::process::Command;

/// A RabbitMQ node of a test's own; its ports and its data outlive a stop. Stopped when dropped.
#[derive(Debug)]
pub struct PrivateBroker {
    /// Where it listens, with the default virtual host.
    pub amqp_url: String,
    /// Its management API.
    pub management_url: String,
    server: Server,
}

/// An S3 server of a test's own; its port and its objects outlive a stop. Stopped when dropped.
#[derive(Debug)]
pub struct PrivateStore {
    /// What a client of it needs to know, by the names of the environment.
    pub variables: BTreeMap<String, String>,
    server: Server,
}

impl PrivateBroker {
    /// Starts a node without data and waits until it takes connections.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a node with more lines in its `rabbitmq.conf`, such as `consumer_timeout = 5000`
    /// (milliseconds); they outlive a stop too.
    pub async fn start_with(conf_lines: &[&str]) -> Self {
        let server = Server::new("broker.sh");
        let options: Vec<&str> = conf_lines.iter().flat_map(|line| ["--conf", *line]).collect();
        let variables = server.run("start", &options).await;
        let told = |name: &str| variables.get(name).expect("the script tells where the node is").clone();
        Self { amqp_url: told("QUIRE_AMQP_URL"), management_url: told("QUIRE_MANAGEMENT_URL"), server }
    }

    /// Stops it as an operator does.
    pub async fn stop(&self) {
        self.server.run("stop", &[]).await;
    }

    /// Kills it as a node that loses power does.
    pub async fn kill(&self) {
        self.server.run("kill", &[]).await;
    }

    /// Starts it on the same ports with the same data.
    pub async fn start_again(&self) {
        self.server.run("start", &[]).await;
    }

    /// Freezes it: connections stay open, new ones are accepted, and nothing is answered.
    pub async fn pause(&self) {
        self.server.run("pause", &[]).await;
    }

    /// Lets a frozen node go on.
    pub async fn resume(&self) {
        self.server.run("resume", &[]).await;
    }

    /// Runs `rabbitmqctl` on it; returns what that prints.
    pub async fn rabbitmqctl(&self, arguments: &[&str]) -> String {
        self.server.said("ctl", &[&["--"][..], arguments].concat()).await
    }
}

impl PrivateStore {
    /// Starts a server with an empty bucket.
    pub async fn start() -> Self {
        Self::start_in(Server::new("store.sh")).await
    }

    /// Starts one that keeps its objects in this folder, such as one with little room.
    pub async fn start_on(folder: &Path) -> Self {
        let server = Server::new("store.sh");
        symlink(folder, server.folder.path().join("data")).expect("a fresh folder");
        Self::start_in(server).await
    }

    async fn start_in(server: Server) -> Self {
        Self { variables: server.run("start", &[]).await, server }
    }

    /// Stops it as an operator does.
    pub async fn stop(&self) {
        self.server.run("stop", &[]).await;
    }

    /// Kills it as a node that loses power does.
    pub async fn kill(&self) {
        self.server.run("kill", &[]).await;
    }

    /// Starts it on the same port with the same objects.
    pub async fn start_again(&self) {
        self.server.run("start", &[]).await;
    }
}

#[derive(Debug)]
pub(crate) struct Server {
    script: PathBuf,
    folder: TempDir,
}

impl Server {
    pub(crate) fn new(script: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/dev").join(script);
        Self { script, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Runs a command of the script; returns the variables that it tells.
    pub(crate) async fn run(&self, command: &str, options: &[&str]) -> BTreeMap<String, String> {
        let told = self.said(command, options).await;
        let variables = told.lines().filter_map(|line| line.split_once('='));
        variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Runs a command of the script, which may be of two words; returns what it prints.
    pub(crate) async fn said(&self, command: &str, options: &[&str]) -> String {
        let mut script = Command::new("bash");
        script.arg(&self.script).args(command.split(' ')).arg("--dir").arg(self.folder.path()).args(options);
        let output = script.stdin(Stdio::null()).output().await.expect("bash is there");
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} {command} failed:\n{complaints}", self.script.display());
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killed first, because the data is not needed and an orderly end takes seconds; then
        // stopped, which ends what a killed node leaves behind. Best effort: a panic in here would
        // hide why the test failed.
        for command in ["kill", "stop"] {
            let mut script = std::process::Command::new("bash");
            script.arg(&self.script).args([command, "--dir"]).arg(self.folder.path());
            let _ = script.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}

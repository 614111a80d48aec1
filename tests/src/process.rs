use std::{
    fs::File,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{process::Command, time::timeout};

use crate::{World, eventually};

/// A worker about to start, with settings small and quick enough for tests.
#[derive(Debug)]
pub struct WorkerBuilder {
    settings: Vec<(String, String)>,
    folder: tempfile::TempDir,
}

/// A worker process. Killed when dropped.
#[derive(Debug)]
pub struct Worker {
    process: tokio::process::Child,
    id: Pid,
    folder: tempfile::TempDir,
    /// Its name.
    pub instance: String,
}

/// Returns the folder that holds the built programs: tests run from its `deps`, tools from itself.
#[must_use]
pub fn programs() -> PathBuf {
    let this = std::env::current_exe().expect("a running program has a path");
    let folder = this.parent().expect("a program lies in a folder");
    if folder.ends_with("deps") {
        folder.parent().expect("deps lies in a folder").to_owned()
    } else {
        folder.to_owned()
    }
}

impl WorkerBuilder {
    pub(crate) fn new(world: &World) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let temp = folder.path().join("tmp");
        std::fs::create_dir(&temp).expect("a fresh folder");
        let instance = format!("test-{}", uuid::Uuid::new_v4().simple());
        let mut settings = world.settings();
        settings.extend([
            ("QUIRE_INSTANCE".to_owned(), instance),
            ("QUIRE_HTTP_ADDR".to_owned(), "127.0.0.1:0".to_owned()),
            ("QUIRE_TEMP_DIR".to_owned(), temp.display().to_string()),
            ("QUIRE_LANES".to_owned(), "normal:4".to_owned()),
            ("QUIRE_RENDERERS".to_owned(), "2".to_owned()),
            ("QUIRE_SHUTDOWN_GRACE".to_owned(), "20s".to_owned()),
            ("QUIRE_LOG".to_owned(), "info,quire_worker=debug".to_owned()),
        ]);
        Self { settings, folder }
    }

    /// Sets a setting, over what the tests set themselves.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(programs().join("quire-worker"));
        let log = File::create(self.folder.path().join("log")).expect("a fresh folder");
        command
            .arg("run")
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs(self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        command
    }

    /// Starts it and waits until it consumes.
    pub async fn start(self) -> Worker {
        let worker = self.launch();
        eventually("the worker consumes", || async { worker.log().contains("consuming").then_some(()) }).await;
        worker
    }

    /// Starts it and waits for nothing.
    #[must_use]
    pub fn launch(self) -> Worker {
        let process = self.command().spawn().expect("`cargo build --workspace` came before the tests");
        let id = process.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw).expect("it runs");
        let instance = self.settings.iter().find(|(name, _)| name == "QUIRE_INSTANCE").map(|(_, value)| value.clone());
        Worker { process, id, folder: self.folder, instance: instance.expect("always set") }
    }
}

impl Worker {
    /// Returns what it has logged so far, one JSON object a line.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Returns the process id.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.id.as_raw()
    }

    /// Lists its temporary files.
    #[must_use]
    pub fn temporary_files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("tmp")).expect("made with the worker");
        entries.flatten().map(|entry| entry.path()).collect()
    }

    /// Lists the process ids of its renderers.
    #[must_use]
    pub fn renderers(&self) -> Vec<i32> {
        let tasks = format!("/proc/{}/task", self.id);
        let threads = std::fs::read_dir(tasks).into_iter().flatten().flatten();
        let children = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
        children.flat_map(|ids| ids.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<i32>>()).collect()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.id, signal).expect("it is our child and not waited for");
    }

    /// Kills it as a node that loses power does.
    pub async fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.exit().await;
    }

    /// Waits for it to end.
    pub async fn exit(&mut self) -> ExitStatus {
        let waited = timeout(Duration::from_secs(60), self.process.wait()).await;
        waited.unwrap_or_else(|_| panic!("the worker does not end:\n{}", self.log())).expect("it is our child")
    }

    /// Asks its HTTP server; returns status and body.
    pub async fn ask(&self, path: &str) -> (u16, String) {
        let log = self.log();
        let line = log.lines().find(|line| line.contains("health and metrics")).expect("it serves HTTP");
        let line: serde_json::Value = serde_json::from_str(line).expect("logs are JSON");
        let address = line["address"].as_str().expect("it tells the address");
        let response = reqwest::get(format!("http://{address}{path}")).await.expect("it answers");
        (response.status().as_u16(), response.text().await.expect("it answers text"))
    }
}

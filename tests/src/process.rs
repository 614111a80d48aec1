//! The real worker as a process: started with the settings of a world, signalled, asked, and killed when dropped.

use std::{
    fs::File,
    io::{self, Write as _},
    path::PathBuf,
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{process::Command, time::timeout};

use crate::{World, eventually};

/// Of a failed test's workers, so many lines of the log are shown.
const LAST_WORDS: usize = 25;

/// A worker about to start, with settings small and quick enough for tests.
#[derive(Debug)]
pub struct WorkerBuilder {
    settings: Vec<(String, String)>,
    arguments: Vec<String>,
    folder: tempfile::TempDir,
}

/// A worker process. Killed when dropped; what it has logged can be read until then, whether it
/// still lives or not.
#[derive(Debug)]
pub struct Worker {
    process: tokio::process::Child,
    id: Pid,
    folder: tempfile::TempDir,
    temp_dir: PathBuf,
    /// Its name.
    pub instance: String,
}

/// Returns the folder that holds the built programs: tests run from its `deps`, tools from itself.
#[must_use]
pub(crate) fn programs() -> PathBuf {
    let this = std::env::current_exe().expect("a running program has a path");
    let folder = this.parent().expect("a program lies in a folder");
    if folder.ends_with("deps") {
        folder.parent().expect("deps lies in a folder").to_owned()
    } else {
        folder.to_owned()
    }
}

/// Says whether a process runs. A zombie does not run any more.
#[must_use]
pub fn is_running(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
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
        Self { settings, arguments: Vec::new(), folder }
    }

    /// Sets a setting, over what the tests set themselves.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds arguments to `quire-worker run`.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    fn setting(&self, name: &str) -> &str {
        let found = self.settings.iter().rfind(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).expect("set for every worker")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(programs().join("quire-worker"));
        let log = File::create(self.folder.path().join("log")).expect("a fresh folder");
        command
            .arg("run")
            .args(&self.arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs(self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        command
    }

    /// Runs another command of `quire-worker` with the same settings.
    pub async fn output(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(programs().join("quire-worker"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs(self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command.output().await.expect("`cargo build --workspace` came before the tests")
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
        let temp_dir = PathBuf::from(self.setting("QUIRE_TEMP_DIR"));
        let instance = self.setting("QUIRE_INSTANCE").to_owned();
        Worker { process, id, folder: self.folder, temp_dir, instance }
    }
}

impl Worker {
    /// Returns what it has logged so far, one JSON object a line.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Returns the lines of its log that say this, oldest first.
    #[must_use]
    pub fn logged(&self, message: &str) -> Vec<serde_json::Value> {
        let log = self.log();
        // A line that it died over is no JSON.
        let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines.filter(|line| line["message"] == message).collect()
    }

    /// Returns the lines of its log that are warnings or errors, oldest first.
    #[must_use]
    pub fn logged_above_info(&self) -> Vec<serde_json::Value> {
        let log = self.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines.filter(|line| line["level"] == "WARN" || line["level"] == "ERROR").collect()
    }

    /// Returns the process id.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.id.as_raw()
    }

    /// Lists its temporary files.
    #[must_use]
    pub fn temporary_files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.temp_dir).expect("made with the worker");
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

    /// Reads a metric of whole numbers by its name and labels, as `/metrics` writes them.
    pub async fn metric(&self, name: &str) -> Option<u64> {
        let (_, metrics) = self.ask("/metrics").await;
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok())
    }
}

impl Drop for Worker {
    /// The log goes with the folder, and with it what explains why a test failed.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n");
            // Best effort: a panic in here would hide the one that it explains.
            let _ = writeln!(io::stderr(), "the end of the log of {}:\n{last}", self.instance);
        }
    }
}

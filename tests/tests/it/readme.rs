//! README.md, run as it is printed: the first hour, and the Python example in the servers of that hour.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, symlink},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use quire_producer::schemas::result::{JobStatus, ParseResult};
use quire_tests::{
    processed::program,
    readme::{checkout, fenced},
};
use tempfile::TempDir;
use tokio::time::timeout;

/// How long one step may take. Servers start within a minute; what is fetched once is there already. The
/// limit of nextest is longer than all steps together, so that the servers are stopped in every case.
const STEP_TIMEOUT: Duration = Duration::from_secs(240);

/// Variables that name the servers and programs of the test run; the first hour has its own.
const LEFT_OUT: [&str; 13] = [
    "QUIRE_AMQP_URL",
    "QUIRE_MANAGEMENT_URL",
    "QUIRE_S3_BUCKET",
    "QUIRE_S3_ENDPOINT",
    "QUIRE_S3_PREFIX",
    "QUIRE_DEV_DIR",
    "QUIRE_BIN_DIR",
    "QUIRE_PDFIUM_LIBRARY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "CARGO_TARGET_DIR",
    "MAKEFLAGS",
    "MAKELEVEL",
];

#[tokio::test]
async fn the_first_hour_and_the_python_example_work_as_printed() {
    let copy = Copy::of_the_checkout().await;
    let readme = fs::read_to_string(copy.path().join("README.md")).expect("the repository has a README");
    let lines = fenced(&readme, "<!-- first-hour -->", "sh");
    let first_hour = copy.run(&lines).await;
    let python = match &first_hour {
        Ok(_) => copy.run_python(&fenced(&readme, "From Python", "python")).await,
        Err(_) => Ok(String::new()),
    };
    let result = saved_result(copy.path(), &lines);
    let down = copy.run("make down").await;
    first_hour.unwrap_or_else(|told| panic!("the first hour fails: {told}"));
    python.unwrap_or_else(|told| panic!("the Python example fails: {told}"));
    down.unwrap_or_else(|told| panic!("`make down` fails: {told}"));
    let result = result.expect("`quire result --out` downloads the result");
    assert_eq!((result.status, result.pages.len()), (JobStatus::Succeeded, 4));
}

/// A copy of the checkout, in which the first hour leaves its servers and its files. When it is dropped, it stops
/// the servers that still run.
struct Copy {
    folder: TempDir,
}

impl Copy {
    async fn of_the_checkout() -> Self {
        let copy = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        let files = format!(
            "git -C {from} ls-files -z --cached --others --exclude-standard |\n\
             tar -C {from} --null --ignore-failed-read -T - -c | tar -x",
            from = checkout().display()
        );
        copy.run(&files).await.unwrap_or_else(|told| panic!("no copy of the checkout: {told}"));
        // What it would build is built already, and in use by other tests.
        let built = program("quire").parent().and_then(Path::parent).expect("target/debug").to_owned();
        symlink(built, copy.path().join("target")).expect("a fresh folder");
        let cargo = copy.path().join("built/cargo");
        fs::create_dir(copy.path().join("built")).expect("a fresh folder");
        fs::write(&cargo, "#!/bin/sh\n").expect("a fresh folder");
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("our own file");
        copy
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns a shell that will run lines in the root of the copy, in a process group of its own.
    fn shell(&self, lines: &str) -> Command {
        let mut command = Command::new("bash");
        let lines = format!("set -euo pipefail\nPATH=\"$PWD/built:$PATH\"\n{lines}");
        command.args(["-c", &lines]).current_dir(self.path()).stdin(Stdio::null()).process_group(0);
        for name in LEFT_OUT {
            command.env_remove(name);
        }
        command
    }

    /// Runs lines in the root of the copy; returns what they print, or what went wrong. At the deadline it kills
    /// everything that the lines have started, except servers, which have sessions of their own.
    async fn run(&self, lines: &str) -> Result<String, String> {
        let mut command = tokio::process::Command::from(self.shell(lines));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let shell = command.spawn().map_err(|error| error.to_string())?;
        let group = shell.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        let Ok(ended) = timeout(STEP_TIMEOUT, shell.wait_with_output()).await else {
            let _ = group.map(|group| killpg(group, Signal::SIGKILL));
            return Err(format!("not within {STEP_TIMEOUT:?}"));
        };
        let output = ended.map_err(|error| error.to_string())?;
        let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        if output.status.success() { Ok(out) } else { Err(format!("{}\n{out}{err}", output.status)) }
    }

    /// Runs a program beside the servers of the copy, and waits for the result of the job that it prints.
    async fn run_python(&self, lines: &str) -> Result<String, String> {
        fs::write(self.path().join("example.py"), lines).expect("a writable folder");
        let venv = "deploy/dev/venv.sh readme tests/readme-requirements.txt";
        let printed = self.run(&format!(". .dev/env\n\"$({venv})\" example.py")).await?;
        let job_id = printed.trim();
        // 75 says that it has not ended yet.
        let wait = format!("until quire result {job_id}; do test $? = 75; sleep 0.2; done");
        self.run(&format!(". .dev/env\n{wait}")).await
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // Best effort: a panic in here would hide why the test failed.
        let _ = self.shell("deploy/dev/down.sh").stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Reads the result from the folder that the printed lines download it to.
fn saved_result(copy: &Path, lines: &str) -> Option<ParseResult> {
    let mut words = lines.split_whitespace().skip_while(|word| *word != "--out").skip(1);
    let json = fs::read(copy.join(words.next()?).join("result.json")).ok()?;
    serde_json::from_slice(&json).ok()
}

//! No document leaves its renderer: the sandbox closes, says how far, and is seen to hold.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    process::{Command, Output},
};

use nix::sys::signal::Signal;
use quire_producer::schemas::{
    job::{ImageFormat, ImageOptions, Job},
    result::{JobStatus, ParseResult},
};
use quire_tests::{
    World, eventually, is_running,
    processed::{libpdfium, program},
    samples,
};

/// The user of the image and of the restricted profile of Pod Security.
const UNPRIVILEGED: u32 = 65532;

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs `quire-worker process` on a kernel without these calls, and returns its end with the result.
fn process_without(calls: &str, sandbox: &str) -> (Output, Option<ParseResult>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(program("without_calls"));
    command.arg(calls).arg(program("quire-worker")).arg("process").arg(samples::path("rotated.pdf"));
    let output = command.arg("--out").arg(folder.path()).env("QUIRE_SANDBOX", sandbox).output().expect("it is built");
    let result = fs::read(folder.path().join("rotated/result.json")).ok();
    (output, result.map(|json| serde_json::from_slice(&json).expect("a result is a result")))
}

#[test]
fn a_kernel_that_closes_less_is_told_and_refused_where_all_is_required() {
    for (calls, level, answer) in [
        ("landlock", "partial", "Landlock: not implemented by the kernel (ENOSYS)"),
        ("seccomp", "none", "os error 38"),
    ] {
        let (output, result) = process_without(calls, "best-effort");
        assert!(output.status.success(), "{calls}: {}", text(&output));
        let result = result.expect("it is stored");
        let reduced: Vec<_> = result.warnings.iter().filter(|warning| warning.code == "sandbox_reduced").collect();
        let [warning] = reduced[..] else { panic!("{calls}: {:?}", result.warnings) };
        assert!(warning.message.contains(level) && warning.message.contains(answer), "{calls}: {warning:?}");

        let (output, result) = process_without(calls, "required");
        assert_eq!(output.status.code(), Some(78), "{calls}: {}", text(&output));
        assert!(result.is_none() && text(&output).contains(answer), "{calls}: {}", text(&output));
    }
    let (output, result) = process_without("landlock,seccomp", "off");
    assert!(output.status.success(), "{}", text(&output));
    assert!(result.expect("it is stored").warnings.iter().any(|warning| warning.code == "sandbox_reduced"));
}

/// Lets every user read a file or folder, as an image does.
fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
}

#[test]
fn the_whole_cell_closes_in_a_pod_of_the_restricted_profile() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let library = libpdfium().expect("the tests are told of one");
    for (from, to) in [
        (program("quire-worker"), "quire-worker"),
        (library, "libpdfium.so"),
        (samples::path("report.pdf"), "report.pdf"),
    ] {
        fs::copy(from, folder.path().join(to)).expect("a fresh folder");
        open_to_all(&folder.path().join(to), 0o755);
    }
    open_to_all(folder.path(), 0o755);
    let writable = folder.path().join("out");
    fs::create_dir(&writable).expect("a fresh folder");
    chown(&writable, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).expect("the tests run as root");
    // The root becomes read-only but for the folder for results, which is also that of temporary files.
    let script = format!(
        "set -e; cd {0}; mount --bind {1} {1}; mount -o remount,ro,bind /; \
         exec setpriv --reuid {UNPRIVILEGED} --regid {UNPRIVILEGED} --clear-groups --inh-caps=-all --bounding-set=-all \
         --no-new-privs env -i QUIRE_SANDBOX=required QUIRE_TEMP_DIR={1} ./quire-worker process report.pdf --out {1}",
        folder.path().display(),
        writable.display(),
    );
    let output = Command::new("unshare").args(["--mount", "sh", "-c", &script]).output().expect("util-linux is there");
    assert!(output.status.success(), "{}", text(&output));
    let json = fs::read(writable.join("report/result.json")).expect("it is stored");
    let result: ParseResult = serde_json::from_slice(&json).expect("a result is a result");
    assert_eq!((result.status, result.warnings.len()), (JobStatus::Succeeded, 0), "{:?}", result.warnings);
}

#[tokio::test]
async fn a_renderer_is_locked_in_from_its_first_document_and_ends_with_its_worker() {
    let world = World::new().await;
    let builder = world.worker().with("QUIRE_SANDBOX", "required");
    let doctor = builder.output(&["doctor", "--json"]).await;
    let findings: serde_json::Value = serde_json::from_slice(&doctor.stdout).expect("`--json` prints JSON");
    let sandbox = findings.to_string();
    assert!(sandbox.contains("every attempt to leave the sandbox was refused"), "{sandbox}");

    let mut worker = builder.start().await;
    assert_eq!(worker.metric("quire_sandbox{level=\"full\"}").await, Some(1));
    let source = world.upload(samples::large(20)).await;
    let images = Some(ImageOptions { format: ImageFormat::Webp, dpi: 200, ..ImageOptions::default() });
    world.submit(Job { images, ..Job::new(source) }).await;
    let locked = eventually("a renderer has a document", || async {
        worker.renderers().into_iter().find(|pid| status(*pid, "Seccomp") == "2")
    })
    .await;
    assert_eq!(status(locked, "NoNewPrivs"), "1");
    assert_eq!(fs::read(format!("/proc/{locked}/environ")).expect("the tests run as root"), b"");
    let open = fs::read_dir(format!("/proc/{locked}/fd")).expect("the tests run as root");
    let mut open: Vec<_> = open.flatten().map(|entry| entry.file_name()).collect();
    open.sort();
    assert_eq!(open, ["0", "1", "2"], "the document is mapped, and nothing else is open");
    let limits = fs::read_to_string(format!("/proc/{locked}/limits")).expect("readable");
    for forbidden in ["Max processes", "Max core file size", "Max file size"] {
        let line = limits.lines().find(|line| line.starts_with(forbidden)).expect("every process has it");
        assert_eq!(line[forbidden.len()..].split_whitespace().next(), Some("0"), "{line}");
    }
    let all = worker.renderers();
    worker.signal(Signal::SIGKILL);
    worker.exit().await;
    eventually("no renderer outlives its worker", || async { (!all.iter().any(|pid| is_running(*pid))).then_some(()) })
        .await;
}

/// Reads a line of a process's status.
fn status(pid: i32, name: &str) -> String {
    let all = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = all.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

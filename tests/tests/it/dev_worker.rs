//! `deploy/dev/worker.sh`, which starts a worker for the servers of a developer.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path, process::Command};

use quire_tests::readme::checkout;
use tempfile::TempDir;

/// A worker that is ready at once and, as the real one, not dumpable. /proc does not tell that it is
/// this file which runs: here it is an interpreter, and of the real one it tells only root.
const READY: &str = r#"
import ctypes, http.server, os
PR_SET_DUMPABLE = 4
ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)

class Probes(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

host, port = os.environ["QUIRE_HTTP_ADDR"].split(":")
http.server.HTTPServer((host, int(port)), Probes).serve_forever()
"#;

/// The folder of a developer: the addresses of the servers, the program, and the state of the script.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("env"), "").expect("a fresh folder");
        Self { folder }
    }

    /// Builds the program: writes a new file and puts it in the place of the old one.
    fn build(&self) {
        let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        let python = String::from_utf8(asked.expect("python3 is there").stdout).expect("a path");
        let (built, program) = (self.folder.path().join("built"), self.folder.path().join("quire-worker"));
        fs::write(&built, format!("#!{}\n{READY}", python.trim())).expect("a fresh folder");
        fs::set_permissions(&built, PermissionsExt::from_mode(0o755)).expect("our own file");
        fs::rename(built, program).expect("both are in one folder");
    }

    fn script(&self, command: &str) -> Command {
        let mut script = Command::new(checkout().join("deploy/dev/worker.sh"));
        script.arg(command).env("QUIRE_DEV_DIR", self.path()).env("QUIRE_BIN_DIR", self.path());
        script
    }

    fn run(&self, command: &str, options: &[&str]) {
        let told = self.script(command).args(options).output().expect("the script starts");
        assert!(told.status.success(), "{command}: {}", String::from_utf8_lossy(&told.stderr));
    }

    fn pid(&self) -> String {
        let state = fs::read_to_string(self.path().join("worker/state.env")).expect("the script keeps its state");
        let pid = state.lines().find_map(|line| line.strip_prefix("PID="));
        pid.expect("it keeps the process").to_owned()
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = self.script("stop").output();
    }
}

#[test]
fn a_worker_is_restarted_only_if_its_program_has_been_built_again() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let folder = Folder::new();
    folder.build();
    folder.run("start", &["--port", &port.to_string()]);
    let first = folder.pid();
    folder.run("start", &[]);
    assert_eq!(folder.pid(), first, "a healthy worker is restarted");
    folder.build();
    folder.run("start", &[]);
    assert_ne!(folder.pid(), first, "a worker of an older build is left");
}

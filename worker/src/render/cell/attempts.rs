//! What a program in the cell would try in order to leave it. `doctor` and every start of a worker let a renderer try
//! all of it, so that the level that is told is one that was seen.

use std::{
    fs::{self, File},
    io,
    net::{TcpListener, TcpStream},
    os::{
        fd::AsFd,
        unix::{net::UnixStream, process::CommandExt},
    },
    process::Command,
    thread,
};

use memmap2::MmapMut;
use nix::{
    libc,
    sys::{ptrace, signal::kill, uio},
    unistd::{Pid, ftruncate, getpgid, setpgid, setsid},
};
use serde::{Deserialize, Serialize};

/// Something that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// What, as words behind "to".
    pub(crate) what: String,
    /// Whether the kernel refused it.
    pub(crate) denied: bool,
    /// What came of it.
    pub(crate) answer: String,
}

/// Tries everything. `parent` is the process that has started this one, and `document`
/// stands for the document that a renderer has. Does no harm where an attempt succeeds.
pub(in crate::render) fn attempt_all(parent: Pid, document: impl AsFd) -> Vec<Attempt> {
    let of_parent = |name: &str| format!("/proc/{parent}/{name}");
    let nowhere = || Command::new("/nonexistent");
    vec![
        attempt("open a file", File::open("/proc/self/exe")),
        attempt(
            "create a file",
            File::create("/tmp/quire-attempt").map(drop).map(|()| fs::remove_file("/tmp/quire-attempt")),
        ),
        attempt("remove a file", fs::remove_file("/nonexistent")),
        attempt("list a folder", fs::read_dir("/")),
        attempt("connect over TCP", TcpStream::connect(("127.0.0.1", 9))),
        attempt("listen over TCP", TcpListener::bind(("127.0.0.1", 0))),
        attempt("connect to a local socket", UnixStream::connect("/nonexistent")),
        attempt("run a program", Err::<(), _>(nowhere().exec())),
        attempt("start a process", nowhere().spawn()),
        attempt("start a thread", thread::Builder::new().spawn(|| ()).map(|thread| thread.join().is_ok())),
        attempt("make memory a program", MmapMut::map_anon(4096).and_then(MmapMut::make_exec)),
        attempt("trace its parent", ptrace::getevent(parent).map_err(io::Error::from)),
        attempt("signal its parent", kill(parent, None).map_err(io::Error::from)),
        attempt("read its parent's memory", read_memory(parent)),
        attempt("read its parent's environment", fs::read(of_parent("environ"))),
        attempt("open its parent's files", fs::read_dir(of_parent("fd"))),
        attempt("cut its document", ftruncate(document, 0).map_err(io::Error::from)),
        attempt("open its document for writing", File::options().write(true).open("/proc/self/fd/3")),
        attempt("join its parent's process group", join_group(parent)),
        attempt("leave its session", setsid().map_err(io::Error::from)),
    ]
}

fn attempt<T>(what: &str, done: io::Result<T>) -> Attempt {
    // What the cell answers, and what the kernel answers to a process that may not be read.
    let refusals = [libc::EPERM, libc::EACCES];
    let denied = done.as_ref().is_err_and(|error| error.raw_os_error().is_some_and(|code| refusals.contains(&code)));
    let answer = done.map_or_else(|error| error.to_string(), |_| "done".to_owned());
    Attempt { what: what.to_owned(), denied, answer }
}

fn read_memory(process: Pid) -> io::Result<usize> {
    let mut byte = [0];
    let address = uio::RemoteIoVec { base: 4096, len: 1 };
    uio::process_vm_readv(process, &mut [io::IoSliceMut::new(&mut byte)], &[address]).map_err(io::Error::from)
}

fn join_group(parent: Pid) -> io::Result<()> {
    // A process group that does not exist, where the parent's is not to be found out.
    let group = getpgid(Some(parent)).unwrap_or(parent);
    setpgid(Pid::from_raw(0), group).map_err(io::Error::from)
}

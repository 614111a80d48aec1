//! Limits that a renderer puts on itself before it sees a document. The system-call filter and
//! the file-system lock belong here too, at the place that [`lock`] marks.

use std::os::fd::AsFd;

use nix::{
    fcntl::{FcntlArg, fcntl},
    sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit},
    sys::time::TimeValLike,
};

/// What a renderer may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Address space in bytes.
    pub memory_bytes: u64,
    /// CPU time for one page, in seconds.
    pub page_cpu_seconds: u64,
}

/// Bounds memory, and forbids core dumps and files. Then makes this process the first to be
/// killed when the machine runs out of memory.
///
/// # Errors
/// The limit that the system refuses.
pub fn limit(limits: Limits) -> nix::Result<()> {
    setrlimit(Resource::RLIMIT_AS, limits.memory_bytes, limits.memory_bytes)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0)?;
    // Raising one's own score is always allowed; where /proc is missing there is nothing to raise.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

/// Widens the pipe to the parent: an image crosses it in a few large pieces instead of many small
/// ones, each of which costs a switch between two processes. Where the system grants less, the pipe
/// stays as it is.
pub fn widen_pipe(pipe: impl AsFd) {
    const WIDE: i32 = 1 << 20;
    let _ = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(WIDE));
}

/// Closes the cell once the document is open: nothing more is needed from outside.
pub fn lock() -> nix::Result<()> {
    setrlimit(Resource::RLIMIT_NOFILE, 16, 16)
}

/// Grants CPU time for one more page: what was used so far plus the page's share. The kernel ends
/// the process when it is used up, even if the parent is gone.
pub fn grant_page_cpu(limits: Limits) -> nix::Result<()> {
    let used = cpu_micros() / 1_000_000;
    let (_, hard) = getrlimit(Resource::RLIMIT_CPU)?;
    setrlimit(Resource::RLIMIT_CPU, (used + limits.page_cpu_seconds + 1).min(hard), hard)
}

/// Returns the CPU time that this process has used, in microseconds.
#[must_use]
pub fn cpu_micros() -> u64 {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return 0 };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    u64::try_from(micros).unwrap_or_default()
}

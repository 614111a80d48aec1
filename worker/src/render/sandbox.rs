//! What a process forbids itself: limits that a renderer sets before it sees a document, and memory
//! that other processes may not read. A system-call filter and a file-system lock belong here too,
//! where [`lock`] is called.

use std::os::fd::AsFd;

use nix::{
    fcntl::{FcntlArg, fcntl},
    sys::{
        prctl,
        resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit},
        time::TimeValLike,
    },
};

/// What a renderer may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChildLimits {
    /// Address space in bytes.
    pub(crate) memory_bytes: u64,
    /// CPU time for one page, in seconds.
    pub(crate) page_cpu_seconds: u64,
}

/// Bounds memory, forbids core dumps, writing files and being read by other processes, and makes this
/// process the first to be killed when the machine runs out of memory.
pub(super) fn limit(limits: ChildLimits) -> nix::Result<()> {
    setrlimit(Resource::RLIMIT_AS, limits.memory_bytes, limits.memory_bytes)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0)?;
    // Raising one's own score is always allowed; where /proc is missing there is nothing to raise.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    // Last: afterwards the files of this process in /proc, also that of the score, belong to root.
    forbid_dumping()
}

/// Forbids core dumps of this process, and other processes of its user to trace it or to read its
/// memory and environment, which hold the passwords of documents and the keys of services. Signals
/// and what everybody may read in /proc stay as they are. Ends with `exec`: each process calls it for
/// itself.
pub(crate) fn forbid_dumping() -> nix::Result<()> {
    prctl::set_dumpable(false)
}

/// Widens the pipe to the parent: an image crosses it in a few large pieces instead of many small
/// ones, each of which costs a switch between two processes. Where the system grants less, the pipe
/// stays as it is.
pub(super) fn widen_pipe(pipe: impl AsFd) {
    const WIDE: i32 = 1 << 20;
    let _ = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(WIDE));
}

/// Forbids opening more files once the document is open: nothing more is needed from outside.
pub(super) fn lock() -> nix::Result<()> {
    setrlimit(Resource::RLIMIT_NOFILE, 16, 16)
}

/// Grants CPU time for one more page: what was used so far plus the page's share. The kernel ends
/// the process when it is used up, even if the parent is gone.
pub(super) fn grant_page_cpu(limits: ChildLimits) -> nix::Result<()> {
    grant_cpu(limits.page_cpu_seconds)
}

/// Does a piece of work that may have this CPU time, and no more than was granted before. The kernel ends the process
/// when it is used up.
pub(super) fn within_cpu<T>(seconds: u64, work: impl FnOnce() -> T) -> T {
    // A limit below the hard one is never refused. Without it the parent's deadline would end the work.
    let before = getrlimit(Resource::RLIMIT_CPU);
    let set = |soft: u64| before.and_then(|(_, hard)| setrlimit(Resource::RLIMIT_CPU, soft.min(hard), hard));
    let granted = before.map_or(u64::MAX, |(soft, _)| soft);
    let _ = set(granted.min(cpu_limit(seconds)));
    let done = work();
    let _ = set(granted);
    done
}

fn grant_cpu(seconds: u64) -> nix::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_CPU)?;
    setrlimit(Resource::RLIMIT_CPU, cpu_limit(seconds).min(hard), hard)
}

/// Returns the limit that leaves at least so much CPU time: the kernel counts whole seconds.
fn cpu_limit(seconds: u64) -> u64 {
    (cpu_micros() / 1_000_000).saturating_add(seconds).saturating_add(1)
}

/// Returns the CPU time that this process has used, in microseconds.
pub(super) fn cpu_micros() -> u64 {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return 0 };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    u64::try_from(micros).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_forbids_dumping_can_still_read_its_own_metrics() {
        forbid_dumping().expect("always allowed");
        assert_eq!(prctl::get_dumpable(), Ok(false));
        let status = std::fs::read_to_string("/proc/self/status").expect("readable by everybody");
        assert!(status.contains("VmRSS:"));
        assert!(std::fs::read_link("/proc/self/exe").is_ok(), "children are started from it");
    }
}

//! What a renderer sets at its start, before there is a document: limits, its end with that of its parent, and no
//! descriptor but its three. Works on every kernel.

use std::os::fd::{AsFd, RawFd};

use nix::{
    fcntl::{FcntlArg, fcntl},
    sys::{
        prctl,
        resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit},
        signal::Signal,
        time::TimeValLike,
    },
    unistd::{Pid, getppid},
};

/// Descriptors that a renderer may have open: its three, a document, and those of a moment.
const MAX_DESCRIPTORS: u64 = 16;

/// What a renderer may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChildLimits {
    /// Address space in bytes, beside the fonts of the machine.
    pub(crate) memory_bytes: u64,
    /// CPU time for one page, in seconds.
    pub(crate) page_cpu_seconds: u64,
}

/// Ends this process with its parent; bounds memory and descriptors; forbids core dumps, writing files, new processes,
/// new privileges, and being read by other processes; makes this process the first to be killed when the machine runs
/// out of memory. `fonts_bytes` are mapped already and are the machine's.
pub(in crate::render) fn settle_in(limits: ChildLimits, fonts_bytes: u64) -> nix::Result<()> {
    let memory_bytes = limits.memory_bytes.saturating_add(fonts_bytes);
    setrlimit(Resource::RLIMIT_AS, memory_bytes, memory_bytes)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0)?;
    setrlimit(Resource::RLIMIT_NPROC, 0, 0)?;
    setrlimit(Resource::RLIMIT_NOFILE, MAX_DESCRIPTORS, MAX_DESCRIPTORS)?;
    // Raising one's own score is always allowed; where /proc is missing there is nothing to raise.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    prctl::set_no_new_privs()?;
    // Last: afterwards the files of this process in /proc, also that of the score, belong to root.
    forbid_dumping()
}

/// Makes the kernel end this process with its parent, which may have ended already.
pub(in crate::render) fn end_with(parent: Pid) -> nix::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if getppid() == parent { Ok(()) } else { Err(nix::errno::Errno::ESRCH) }
}

/// Closes every descriptor but standard input, output and error. The parent's own are closed by its `exec`; this is for
/// those that it has inherited itself from whoever started it.
pub(in crate::render) fn close_other_descriptors() {
    let open: Vec<RawFd> = std::fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    for descriptor in open {
        // One of them was that of the folder itself, which is closed already.
        let _ = nix::unistd::close(descriptor);
    }
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
pub(in crate::render) fn widen_pipe(pipe: impl AsFd) {
    const WIDE: i32 = 1 << 20;
    let _ = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(WIDE));
}

/// Grants CPU time for one more page: what was used so far plus the page's share. The kernel ends
/// the process when it is used up, even if the parent is gone.
pub(in crate::render) fn grant_page_cpu(limits: ChildLimits) -> nix::Result<()> {
    grant_cpu(limits.page_cpu_seconds)
}

/// Does a piece of work that may have this CPU time, and no more than was granted before. The kernel ends the process
/// when it is used up.
pub(in crate::render) fn within_cpu<T>(seconds: u64, work: impl FnOnce() -> T) -> T {
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

/// Returns the limit that leaves so much CPU time, to half a second: the kernel counts whole ones.
fn cpu_limit(seconds: u64) -> u64 {
    let used = cpu_micros();
    let rounded = used.saturating_add(500_000) / 1_000_000;
    rounded.saturating_add(seconds).max(used / 1_000_000 + 1)
}

/// Returns the CPU time that this process has used, in microseconds.
pub(in crate::render) fn cpu_micros() -> u64 {
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

//! The filter of system calls: what a renderer needs in order to read a document, and nothing else. Every other call
//! answers EPERM.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

/// Calls that need no look at what they are asked for: memory, the clock, chance, the own end, and descriptors that are
/// open already.
const PLAIN: [i64; 26] = [
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_read,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    libc::SYS_sysinfo,
];

const STDIN: u64 = libc::STDIN_FILENO as u64;
const STDOUT: u64 = libc::STDOUT_FILENO as u64;
const STDERR: u64 = libc::STDERR_FILENO as u64;

/// Installs the filter for this process.
///
/// # Errors
/// What is missing, with the kernel's answer.
pub(super) fn close() -> Result<(), String> {
    let program = program().map_err(|error| format!("seccomp: {error}"))?;
    seccompiler::apply_filter(&program).map_err(|error| match error {
        seccompiler::Error::Prctl(answer) => format!("no_new_privs: {answer}"),
        seccompiler::Error::Seccomp(answer) => format!("seccomp: {answer}"),
        other => format!("seccomp: {other}"),
    })
}

fn program() -> Result<BpfProgram, seccompiler::BackendError> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    SeccompFilter::new(rules()?, refused, SeccompAction::Allow, architecture)?.try_into()
}

fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::BackendError> {
    let any = |conditions: Vec<SeccompCondition>| SeccompRule::new(conditions);
    let word = |at, value| SeccompCondition::new(at, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value);
    let never = |at, bits| SeccompCondition::new(at, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(bits), 0);
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = PLAIN.into_iter().map(|call| (call, Vec::new())).collect();
    // The next document of a renderer that serves several comes as a descriptor with its request.
    rules.insert(libc::SYS_recvmsg, vec![any(vec![word(0, STDIN)?])?]);
    for call in [libc::SYS_write, libc::SYS_writev] {
        rules.insert(call, vec![any(vec![word(0, STDOUT)?])?, any(vec![word(0, STDERR)?])?]);
    }
    // No memory becomes a program: libpdfium without JavaScript makes none.
    let executable = libc::PROT_EXEC as u64;
    rules.insert(libc::SYS_mmap, vec![any(vec![never(2, executable)?])?]);
    rules.insert(libc::SYS_mprotect, vec![any(vec![never(2, executable)?])?]);
    // The limits of this process itself: the CPU time of the next page, below the hard limit.
    rules.insert(libc::SYS_prlimit64, vec![any(vec![word(0, 0)?])?]);
    // An abort says that it is one. No other signal: a process that kills itself looks as if the system had.
    let own_id = u64::from(std::process::id());
    rules.insert(libc::SYS_tgkill, vec![any(vec![word(0, own_id)?, word(2, libc::SIGABRT as u64)?])?]);
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_compiles_and_knows_no_call_that_leaves_the_process() {
        assert!(program().is_ok());
        let rules = rules().expect("the conditions are valid");
        for call in [
            libc::SYS_openat,
            libc::SYS_socket,
            libc::SYS_connect,
            libc::SYS_execve,
            libc::SYS_clone,
            libc::SYS_ptrace,
            libc::SYS_kill,
            libc::SYS_ftruncate,
            libc::SYS_setsid,
            libc::SYS_sendmsg,
        ] {
            assert!(!rules.contains_key(&call), "call {call}");
        }
    }
}

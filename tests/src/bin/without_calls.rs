//! Runs a program on a kernel that lacks system calls: `without_calls landlock,seccomp PROGRAM ARGUMENT...`. Each call
//! answers ENOSYS, as that of an older kernel does.

use std::{collections::BTreeMap, os::unix::process::CommandExt, process::Command};

use anyhow::{Context, bail};
use nix::libc;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let names = arguments.next().context("which calls?")?;
    let program = arguments.next().context("which program?")?;
    let calls: Vec<i64> = names.split(',').map(calls_of).collect::<anyhow::Result<Vec<_>>>()?.concat();
    let rules: BTreeMap<_, _> = calls.into_iter().map(|call| (call, Vec::new())).collect();
    let missing = SeccompAction::Errno(libc::ENOSYS as u32);
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    let filter: BpfProgram = SeccompFilter::new(rules, SeccompAction::Allow, missing, architecture)?.try_into()?;
    seccompiler::apply_filter(&filter)?;
    bail!(Command::new(program).args(arguments).exec())
}

fn calls_of(name: &str) -> anyhow::Result<Vec<i64>> {
    Ok(match name {
        "landlock" => {
            vec![libc::SYS_landlock_create_ruleset, libc::SYS_landlock_add_rule, libc::SYS_landlock_restrict_self]
        }
        "seccomp" => vec![libc::SYS_seccomp],
        other => bail!("no calls are known under {other:?}"),
    })
}

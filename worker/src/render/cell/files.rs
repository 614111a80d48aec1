//! Rules of files, networks and signals: Landlock without a single path or port.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, Ruleset, RulesetAttr, RulesetError,
    RulesetStatus, Scope,
};

/// The newest rules that are asked for; a kernel with older ones closes what it knows. Without its rules of TCP the
/// filter of system calls is still there, which knows no socket at all.
const NEWEST: ABI = ABI::V6;

/// Forbids every access to files, TCP, abstract sockets, and signals to other processes.
///
/// # Errors
/// What is missing, with the kernel's answer.
pub(super) fn close() -> Result<(), String> {
    let status = restrict().map_err(|error| format!("Landlock: {error}"))?;
    if status.ruleset != RulesetStatus::NotEnforced {
        return Ok(());
    }
    Err(match status.landlock {
        LandlockStatus::NotEnabled => "Landlock: built into the kernel and not enabled (EOPNOTSUPP)".to_owned(),
        LandlockStatus::NotImplemented => "Landlock: not implemented by the kernel (ENOSYS)".to_owned(),
        LandlockStatus::Available { .. } => "Landlock: the kernel enforces no rule".to_owned(),
    })
}

fn restrict() -> Result<landlock::RestrictionStatus, RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .restrict_self()
}

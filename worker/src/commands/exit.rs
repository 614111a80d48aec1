//! The exit codes of `quire-worker` beside 0 (done), and which error ends a command with which.

use super::services::NoCell;

/// Something failed.
const FAILED: u8 = 1;
/// The command line does not make sense.
const USAGE: u8 = 2;
/// The broker or object storage is out of reach at start (`EX_UNAVAILABLE` of sysexits.h).
pub(crate) const UNAVAILABLE: u8 = 69;
/// The configuration has errors (`EX_CONFIG` of sysexits.h).
pub(crate) const CONFIGURATION: u8 = 78;

/// The command line does not make sense, in a way that its parser cannot see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUsage(pub(crate) String);

/// Returns the exit code of a command that has failed.
pub(crate) fn code_of(error: &anyhow::Error) -> u8 {
    match error {
        wrong if wrong.is::<WrongUsage>() => USAGE,
        open if open.is::<NoCell>() => CONFIGURATION,
        _ => FAILED,
    }
}

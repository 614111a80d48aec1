//! The exit codes of `quire-worker` beside 0 (done), 1 (failed) and 2 (wrong usage).

/// The broker or object storage is out of reach at start (`EX_UNAVAILABLE` of sysexits.h).
pub(crate) const UNAVAILABLE: u8 = 69;
/// The configuration has errors (`EX_CONFIG` of sysexits.h).
pub(crate) const CONFIGURATION: u8 = 78;

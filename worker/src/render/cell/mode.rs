//! How much of the cell an operator asks for, and how much of it there is.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What `QUIRE_SANDBOX` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxMode {
    /// Nothing starts where the kernel does not close the whole cell.
    Required,
    /// As much as the kernel closes.
    BestEffort,
    /// Limits and an empty environment only.
    Off,
}

impl SandboxMode {
    pub(crate) const WORDS: [&str; 3] = ["required", "best-effort", "off"];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Required => Self::WORDS[0],
            Self::BestEffort => Self::WORDS[1],
            Self::Off => Self::WORDS[2],
        }
    }
}

impl FromStr for SandboxMode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        let all = [Self::Required, Self::BestEffort, Self::Off];
        all.into_iter().find(|mode| mode.as_str() == text).ok_or(UnknownMode)
    }
}

/// No word for how much of the cell must close.
#[derive(Debug, thiserror::Error)]
#[error("expected one of {}", SandboxMode::WORDS.join(", "))]
pub struct UnknownMode;

/// How much of the cell is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellLevel {
    /// No filter of system calls.
    None,
    /// The filter of system calls without the rules of files.
    Partial,
    /// Both.
    Full,
}

impl fmt::Display for CellLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Partial => "partial",
            Self::Full => "full",
        })
    }
}

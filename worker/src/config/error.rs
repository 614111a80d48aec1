use std::{error::Error, fmt, path::PathBuf};

use serde::{Serialize, Serializer};

use super::key::Key;

/// Everything that is wrong with a configuration, found in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub(super) Vec<ConfigError>);

/// One thing that is wrong. Never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigError {
    /// The setting, by its name in the environment; for an unknown one the name as it came.
    pub key: String,
    /// Where the value came from.
    pub origin: Origin,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub remedy: String,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag(&'static str),
    /// A variable, by its name.
    Environment(String),
    /// The configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// Section and name in it; empty where the file as a whole is meant.
        place: String,
    },
    /// The default.
    Default,
    /// Found out at start.
    Computed,
    /// Nowhere: nothing is given and nothing is assumed.
    Unset,
}

/// A setting as it was read, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name in the environment.
    pub key: &'static str,
    /// Its section and name in the file.
    pub place: String,
    /// What may be shown of its value; `None` if it is unset.
    pub value: Option<String>,
    /// Where the value came from.
    pub origin: Origin,
}

impl ConfigErrors {
    /// Returns the errors: what is unknown first, then in the order of the settings.
    #[must_use]
    pub fn all(&self) -> &[ConfigError] {
        &self.0
    }
}

impl Setting {
    pub(super) fn new(key: &Key, value: Option<String>, origin: Origin) -> Self {
        Self { key: key.variable, place: key.place(), value, origin }
    }

    /// Says whether somebody chose the value.
    #[must_use]
    pub const fn was_given(&self) -> bool {
        match self.origin {
            Origin::Flag(_) | Origin::Environment(_) | Origin::File { .. } => true,
            Origin::Default | Origin::Computed | Origin::Unset => false,
        }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = if self.0.len() == 1 { "problem" } else { "problems" };
        write!(f, "the configuration has {} {problems}:", self.0.len())?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl Error for ConfigErrors {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}; {}", self.key, self.origin, self.problem, self.remedy)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::File { path, place } if place.is_empty() => write!(f, "file {}", path.display()),
            Self::File { path, place } => write!(f, "file {} {place}", path.display()),
            Self::Default => f.write_str("default"),
            Self::Computed => f.write_str("computed"),
            Self::Unset => f.write_str("not set"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

//! What is wrong with a configuration, and where each value comes from.

use std::{error::Error, fmt, path::PathBuf};

use serde::{Serialize, Serializer};

use super::key::Key;

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigErrors(pub(super) Vec<ConfigError>);

/// One thing that is wrong. Never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ConfigError {
    /// The setting, by its name in the environment; an unknown one by the name that was given.
    pub(crate) key: String,
    pub(crate) origin: Origin,
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(&'static str),
    /// A variable, by its name.
    Environment(String),
    /// The configuration file.
    File {
        path: PathBuf,
        /// Section and name in it; empty where the file as a whole is meant.
        place: String,
    },
    Default,
    /// The worker computed it at start.
    Computed,
    /// Nothing is given and there is no default.
    Unset,
}

/// A setting as it was read, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Setting {
    /// Its name in the environment.
    pub(crate) key: &'static str,
    /// Its section and name in the file.
    pub(crate) place: String,
    /// What may be shown of its value; `None` if it is unset.
    pub(crate) value: Option<String>,
    pub(crate) origin: Origin,
}

impl ConfigErrors {
    /// Returns unknown names first, then the errors in the order of the settings.
    pub(crate) fn all(&self) -> &[ConfigError] {
        &self.0
    }
}

impl Setting {
    pub(super) fn new(key: &Key, value: Option<String>, origin: Origin) -> Self {
        Self { key: key.variable, place: key.place(), value, origin }
    }

    /// Names where to change the value: where it was given, else its name in the environment.
    pub(crate) fn where_to_change(&self) -> String {
        match &self.origin {
            Origin::Flag(flag) => (*flag).to_owned(),
            Origin::File { path, place } => format!("{place} in {}", path.display()),
            Origin::Environment(_) | Origin::Default | Origin::Computed | Origin::Unset => self.key.to_owned(),
        }
    }

    /// Says whether a flag, the environment or the file gave the value.
    pub(crate) const fn was_given(&self) -> bool {
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

//! The id of a job.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::names::InvalidName;

/// The idempotency key of a job: a UUID in its hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "Uuid")]
pub struct JobId(Uuid);

impl JobId {
    /// Makes a new id that sorts by time (UUID version 7).
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for JobId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        // Uuid also reads braces, URNs and bare hex; one spelling keeps one key per job.
        let hyphenated = text.len() == 36;
        let parsed = hyphenated.then(|| Uuid::try_parse(text).ok()).flatten();
        parsed
            .map(Self)
            .ok_or_else(|| InvalidName::new("job id", text, "a UUID such as 0192f0c1-7e5a-7000-8000-000000000001"))
    }
}

impl TryFrom<String> for JobId {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.to_string()
    }
}

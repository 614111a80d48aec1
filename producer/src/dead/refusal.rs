//! Why a letter is not replayed and stays in the dead queue.

use quire_schemas::{job::InvalidJob, result::JobStatus};

use crate::{chain::chain, storage::StorageError};

/// Why a letter stays. Others are not affected.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("its body was taken out at the burial, because a password could not be told from the rest")]
    BodyTakenOut,
    #[error("its password was taken out at the burial and has to be given again")]
    PasswordTakenOut,
    #[error("its body is not a JSON object")]
    NotAnObject,
    #[error("it is no job: {0}")]
    NotAJob(InvalidJob),
    #[error("it came under routing key {routing_key}, which names no usable tenant: say whose job it is")]
    NoTenant { routing_key: String },
    #[error("another letter of this job was replayed just now")]
    ReplayedJustNow,
    #[error("its result cannot be read: {}", chain(.0))]
    UnreadableResult(StorageError),
    /// A run of the next generation could not replace the stored result.
    #[error("{}", describe(.0))]
    ResultStays(JobStatus),
}

fn describe(status: &JobStatus) -> String {
    match status {
        JobStatus::Succeeded => "it has succeeded, which only a forced replay supersedes".to_owned(),
        other => format!("its result ({other}) stays"),
    }
}

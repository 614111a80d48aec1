//! Exit codes, and which error ends a command with which.

use std::{borrow::Cow, error::Error, io, process::ExitCode};

use tokio::time::error::Elapsed;

use super::text::{Unwritten, note};
use crate::{
    amqp::{ConnectError, PublishError, management::ManagementError, topology::TopologyError},
    dead::{PileError, WrongChange},
    download::TransferError,
    follow::FollowError,
    store::StoreError,
};

/// Something failed.
pub(crate) const FAILED: u8 = 1;
/// The command line does not make sense.
const USAGE: u8 = 2;
/// The broker, its management API or storage is out of reach.
const UNREACHABLE: u8 = 69;
/// The job has not ended, or the command did not get to the end of its work.
pub(crate) const UNFINISHED: u8 = 75;
/// A setting that the command needs is missing or unusable.
const NOT_CONFIGURED: u8 = 78;
/// What a shell reports of a command whose reader closed the pipe.
const CLOSED_PIPE: u8 = 141;

/// A setting that the command needs is missing.
#[derive(Debug, thiserror::Error)]
#[error("{what} is not known: give {option} or set {variable}")]
pub(crate) struct NotConfigured {
    pub(crate) what: &'static str,
    pub(crate) option: &'static str,
    pub(crate) variable: &'static str,
}

/// The command line does not make sense, in a way that its parser cannot see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUsage(pub(crate) Cow<'static, str>);

/// Prints on stderr why a command failed, and returns its exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    // `quire watch | head` ends when `head` has read enough, which is no error.
    if error.chain().any(is_closed_pipe) {
        return ExitCode::from(CLOSED_PIPE);
    }
    note(&format!("{error:#}"));
    ExitCode::from(exit_code(error))
}

fn is_closed_pipe(cause: &(dyn Error + 'static)) -> bool {
    matches!(cause.downcast_ref::<Unwritten>(), Some(Unwritten(error)) if error.kind() == io::ErrorKind::BrokenPipe)
}

/// Returns the exit code of the outermost cause that has one of its own.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    error.chain().find_map(own_exit_code).unwrap_or(FAILED)
}

fn own_exit_code(cause: &(dyn Error + 'static)) -> Option<u8> {
    if cause.is::<NotConfigured>() || is_unusable_address(cause) {
        return Some(NOT_CONFIGURED);
    }
    if cause.is::<WrongUsage>() || cause.is::<WrongChange>() {
        return Some(USAGE);
    }
    is_unreachable(cause).then_some(UNREACHABLE)
}

fn is_unusable_address(cause: &(dyn Error + 'static)) -> bool {
    matches!(cause.downcast_ref::<ConnectError>(), Some(ConnectError::Address { .. }))
        || matches!(cause.downcast_ref::<ManagementError>(), Some(ManagementError::Address { .. }))
}

fn is_unreachable(cause: &(dyn Error + 'static)) -> bool {
    cause.is::<ConnectError>()
        || cause.is::<Elapsed>()
        || matches!(cause.downcast_ref::<PublishError>(), Some(PublishError::Unconfirmed { .. }))
        || matches!(cause.downcast_ref::<TopologyError>(), Some(TopologyError::Broker { .. }))
        || matches!(cause.downcast_ref::<FollowError>(), Some(FollowError::Lost(_)))
        || matches!(cause.downcast_ref::<ManagementError>(), Some(ManagementError::Unreachable { .. }))
        || cause.downcast_ref::<StoreError>().is_some_and(StoreError::is_outage)
        || matches!(cause.downcast_ref::<PileError>(), Some(PileError::Silent))
        || matches!(cause.downcast_ref::<TransferError>(), Some(TransferError::Stalled))
        || cause.downcast_ref::<lapin::Error>().is_some_and(|error| !error.is_amqp_soft_error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dead::ReplayError, storage::StorageError, wait::WaitError};

    #[test]
    fn the_exit_code_tells_what_to_do() {
        let missing = NotConfigured { what: "the bucket", option: "--s3-bucket", variable: "QUIRE_S3_BUCKET" };
        let silent = ConnectError::Silent { address: "amqp://host".to_owned() };
        let unread = Unwritten(io::ErrorKind::BrokenPipe.into());
        let lost = lapin::Error::from(io::Error::from(io::ErrorKind::BrokenPipe));
        let refused = StoreError::NotFound { what: "get s3://bucket/key".to_owned() };
        assert_eq!(exit_code(&anyhow::Error::from(missing)), NOT_CONFIGURED);
        assert_eq!(exit_code(&anyhow::Error::from(silent).context("submitting a.pdf")), UNREACHABLE);
        assert_eq!(exit_code(&anyhow::Error::from(refused)), FAILED);
        assert!(anyhow::Error::from(unread).chain().any(is_closed_pipe));
        assert!(!anyhow::Error::from(lost).chain().any(is_closed_pipe));
    }

    #[test]
    fn an_error_of_the_library_has_the_exit_code_of_its_cause() {
        let job = "0192f0c1-7e5a-7000-8000-000000000001".parse().expect("a uuid");
        let down = || StoreError::Unavailable { what: "get s3://b/k".to_owned(), detail: "refused".to_owned() };
        let waiting = WaitError::Storage { job, cause: StorageError::from(down()) };
        assert_eq!(exit_code(&anyhow::Error::from(waiting)), UNREACHABLE);
        assert_eq!(exit_code(&anyhow::Error::from(ReplayError::from(PileError::Silent))), UNREACHABLE);
        assert_eq!(exit_code(&anyhow::Error::from(ReplayError::from(PileError::PutBack))), FAILED);
        assert_eq!(exit_code(&anyhow::Error::from(ReplayError::from(WrongChange::JobId))), USAGE);
    }
}

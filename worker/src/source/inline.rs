//! Documents that stand in the job itself, as base64.

use quire_schemas::{failure::ErrorCode, job::Source};

use super::{Sink, fault};
use crate::job::Fault;

pub(super) async fn fetch(source: &Source, sink: &mut Sink) -> Result<(), Fault> {
    let bytes = source.inline_bytes().ok_or_else(|| fault(ErrorCode::InvalidJob, "the inline data is not base64"))?;
    sink.write(&bytes).await
}

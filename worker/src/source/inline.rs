use quire_schemas::{failure::ErrorCode, job::Source};

use super::{Sink, fault};
use crate::job::Fault;

/// Writes a document down that came with the message.
pub(super) async fn fetch(source: &Source, sink: &mut Sink) -> Result<(), Fault> {
    let bytes = source.inline_bytes().ok_or_else(|| fault(ErrorCode::InvalidJob, "the inline data is not base64"))?;
    sink.write(&bytes).await
}

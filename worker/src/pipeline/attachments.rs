//! Stores the files that a document carries, one after the other. Files that an earlier run has stored are not read
//! again.

use bytes::Bytes;
use quire_producer::store::Metadata;
use quire_schemas::{
    result::{ObjectRef, Phase},
    sha256::Sha256,
};
use tokio::time::Instant;

use super::{
    attachment_list::AttachmentList,
    context::Context,
    page::of_page,
    reuse::{Stored, identity_as_read},
    run::Run,
};
use crate::{fail_point, job::Fault, render::OpenedDocument, store::StoredObject, telemetry::Stage};

/// The type of every stored file, whatever the document states: a browser that opens the bucket must not run what a
/// stranger has sent.
const MEDIA_TYPE: &str = "application/octet-stream";

/// The files of one document on their way to storage.
struct Storing<'a> {
    context: &'a Context,
    run: &'a Run,
    document: &'a OpenedDocument,
    /// Identifies the document as this run reads it.
    as_read: Sha256,
}

/// Stores the files that a document carries. May be dropped at any point: the next run finds those that are stored.
///
/// # Errors
/// A fault of storage, or of the worker; a file that cannot be read is noted in the list.
pub(super) async fn store(
    context: &Context,
    run: &Run,
    document: &OpenedDocument,
    source_sha256: Sha256,
) -> Result<AttachmentList, Fault> {
    let as_read = identity_as_read(source_sha256, document.info().facts_left_out);
    let storing = Storing { context, run, document, as_read };
    let earlier = Stored::in_folder(&context.store, run, &run.identity.keys.attachments());
    let mut list = AttachmentList::default();
    for (number, _) in (1..).zip(&document.info().attachments) {
        let (key, fingerprint) = (run.identity.keys.attachment(number), storing.fingerprint(number));
        let found = earlier.object(&key, MEDIA_TYPE, &fingerprint).await?;
        match found.filter(|(object, _)| list.has_room(object.size_bytes)) {
            Some((object, _)) => list.store(number, object),
            None => storing.one(number, &mut list).await?,
        }
    }
    Ok(list)
}

impl Storing<'_> {
    async fn one(&self, number: u32, list: &mut AttachmentList) -> Result<(), Fault> {
        let Some(most) = list.room_for(number) else { return Ok(()) };
        match self.document.attachment(number as usize - 1, most).await {
            Ok(Ok(bytes)) => list.store(number, self.upload(number, bytes).await?),
            Ok(Err(refused)) => list.refuse(number, refused),
            Err(fault) => {
                let fault = of_page(fault)?;
                tracing::warn!(
                    attachment = number,
                    "a file that the document carries is not stored: {}",
                    fault.chain()
                );
                list.give_up(number);
            }
        }
        Ok(())
    }

    async fn upload(&self, number: u32, bytes: Bytes) -> Result<ObjectRef, Fault> {
        let object = StoredObject::hashed(self.run.identity.keys.attachment(number), bytes, MEDIA_TYPE).await;
        let metadata = Metadata::from([("fingerprint".to_owned(), self.fingerprint(number))]);
        let began = Instant::now();
        let stored = self.context.store.put(&StoredObject { metadata, ..object }, Phase::Upload).await?;
        self.context.metrics.stage_took(Stage::Upload, began.elapsed());
        fail_point::reach("attachment_stored");
        Ok(stored)
    }

    /// Identifies a file by its document, and by the version that counts the files of a document.
    fn fingerprint(&self, number: u32) -> String {
        let version = env!("CARGO_PKG_VERSION");
        Sha256::of(format!("attachment\n{}\n{number}\n{version}", self.as_read).as_bytes()).to_string()
    }
}

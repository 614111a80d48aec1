//! A fixed number of slots, each with at most one child, that documents share.

use std::{
    fs::File,
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use quire_schemas::{failure::ErrorCode, job::Password, names::Lane, result::Phase};
use tokio::sync::oneshot;

use super::{
    child::Child,
    protocol::{AttachmentWork, DocumentInfo, PageWork, RefusedAttachment},
    shared::{DocumentFile, PageOutcome, PageTask, PoolSettings, PoolState, Task, TaskKind, permitted},
    slot,
};
use crate::{
    job::{self, Fault},
    lifecycle,
};

/// Renderers that documents share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pool {
    state: Arc<PoolState>,
}

impl Pool {
    /// Starts the slots and begins to warm spare children.
    #[must_use]
    pub fn start(settings: PoolSettings) -> Self {
        let slots = settings.renderers;
        let state = Arc::new(PoolState::new(settings));
        for _ in 0..slots {
            lifecycle::spawn(slot::run(Arc::clone(&state)));
        }
        lifecycle::spawn(keep_spares(Arc::clone(&state), slots));
        Self { state }
    }

    /// Opens a document and reads what it says of itself. The file is open for reading, and must stay as it is until
    /// the returned document is dropped.
    ///
    /// # Errors
    /// A fault with `password_required`, `password_wrong`, `invalid_document`, `too_many_pages`,
    /// `resource_limit`, `renderer_crashed`, `renderer_timeout`, or `internal` if no renderer can
    /// be started.
    pub async fn open(&self, file: Arc<File>, password: Option<Password>, lane: Lane) -> Result<OpenedDocument, Fault> {
        self.open_again(file, password, lane, 0).await
    }

    /// Opens a document that has cost so many renderers in earlier runs. One that has cost three is not tried any more.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_again(
        &self,
        file: Arc<File>,
        password: Option<Password>,
        lane: Lane,
        renderers_lost: u32,
    ) -> Result<OpenedDocument, Fault> {
        let id = self.state.new_id();
        self.state.schedule().open(id, lane);
        let file = Arc::new(DocumentFile::new(id, file, password, renderers_lost));
        // From here on a drop, also of this future, closes the document.
        let mut document = OpenedDocument { file, info: DocumentInfo::default(), state: Arc::clone(&self.state) };
        let (sender, receiver) = oneshot::channel();
        document.enqueue(TaskKind::Describe(sender));
        document.info = receiver.await.unwrap_or_else(|_| Err(pool_stopped()))?;
        Ok(document)
    }

    /// Returns how many children had to be replaced since the start.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.state.replaced.load(Ordering::Relaxed)
    }

    /// Returns how many pages were done since the start.
    #[must_use]
    pub fn pages_done(&self) -> u64 {
        self.state.pages_done.load(Ordering::Relaxed)
    }

    /// Returns how many slots there are.
    #[must_use]
    pub fn renderers(&self) -> usize {
        self.state.settings.renderers
    }

    /// Stops the slots and kills every child.
    pub fn stop(&self) {
        self.state.stop.cancel();
        self.state.spares().clear();
    }
}

/// A document that pages can be asked of. Dropped, it is closed, and its waiting pages are forgotten.
#[derive(Debug)]
pub struct OpenedDocument {
    file: Arc<DocumentFile>,
    info: DocumentInfo,
    state: Arc<PoolState>,
}

impl OpenedDocument {
    /// Returns what the document says of itself.
    #[must_use]
    pub const fn info(&self) -> &DocumentInfo {
        &self.info
    }

    /// Returns how many renderers the document has cost, in earlier runs as well.
    #[must_use]
    pub fn renderers_lost(&self) -> u32 {
        self.file.renderers_lost()
    }

    /// Does one page. Any number may be asked for at once; they wait in order. Dropping the future
    /// kills the child that works on it.
    pub async fn page(&self, work: PageWork) -> PageOutcome {
        let (sender, receiver) = oneshot::channel();
        let asked = work.clone();
        self.enqueue(TaskKind::Page(Box::new(PageTask::new(work)), sender));
        receiver.await.unwrap_or_else(|_| PageOutcome::failed(&asked, pool_stopped))
    }

    /// Reads a file that the document carries, by its place in [`DocumentInfo::attachments`], from 0. All documents
    /// together hold a bounded number of them: ask for one at a time, and drop the last clone of its bytes soon.
    /// Dropping the future kills the child that works on it.
    ///
    /// # Errors
    /// A fault with `resource_limit`, `renderer_crashed`, `renderer_timeout`, or `internal` if no renderer can be
    /// started.
    pub async fn attachment(&self, index: usize, max_bytes: usize) -> Result<Result<Bytes, RefusedAttachment>, Fault> {
        // Before the work is asked for, and not in the slot: while storage is slow, no renderer waits.
        let permit = self.state.attachment_permit().await;
        let (sender, receiver) = oneshot::channel();
        self.enqueue(TaskKind::Attachment(AttachmentWork { index, max_bytes }, sender));
        let read = receiver.await.unwrap_or_else(|_| Err(pool_stopped()))?;
        Ok(read.map(|bytes| permitted(bytes, permit)))
    }

    fn enqueue(&self, kind: TaskKind) {
        self.state.schedule().push(self.file.id, Task { document: Arc::clone(&self.file), kind });
        self.state.work_arrived.notify_one();
    }
}

impl Drop for OpenedDocument {
    fn drop(&mut self) {
        self.state.schedule().close(self.file.id);
        // A slot may hold a child with this document and nothing to do.
        self.state.work_arrived.notify_waiters();
    }
}

fn pool_stopped() -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Render, "the renderers were stopped")
}

/// Keeps this many children warm: a document finds one that has loaded pdfium.
async fn keep_spares(state: Arc<PoolState>, wanted: usize) {
    loop {
        while state.spares().len() < wanted {
            // Cancel safe: a child that is dropped while it starts is killed.
            let started = tokio::select! {
                started = Child::spawn(&state.settings.child) => started,
                () = state.stop.cancelled() => return,
            };
            match started {
                Ok(child) => state.spares().push(child),
                Err(fault) => {
                    // The next document that needs a child gets the fault. To try again at once would only spin.
                    tracing::warn!("{}", job::chain(&fault));
                    break;
                }
            }
        }
        // Cancel safe: both only wait.
        tokio::select! {
            () = state.spare_taken.notified() => {}
            () = state.stop.cancelled() => return,
        }
    }
}

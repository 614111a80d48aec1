//! Renderers at work: a fixed number of slots, each with at most one child that has a document.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use quire_schemas::{failure::ErrorCode, job::Password, names::Lane, result::Phase};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    child::{Child, ChildFault, ChildSettings},
    protocol::{DocumentInfo, PageWork, RenderedImage},
    schedule::{DocumentId, Schedule},
    slot,
};
use crate::{job::Fault, lifecycle, parse::local::PageText, telemetry::Metrics};

/// Images that are being made or are on their way to storage, for each renderer.
const IMAGES_PER_RENDERER: usize = 4;

/// How many renderers there are and what they may do.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// Children at work at once.
    pub renderers: usize,
    /// How each is started.
    pub child: ChildSettings,
    /// Documents one child may see before it is replaced; 1 isolates documents from each other.
    pub documents_per_child: u32,
    /// Most pages a document may have.
    pub max_pages: u32,
    /// What is counted.
    pub metrics: Metrics,
}

/// Renderers that documents share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: PoolSettings,
    pub(super) schedule: Mutex<Schedule<Task>>,
    pub(super) work_arrived: Notify,
    pub(super) spares: Mutex<Vec<Child>>,
    pub(super) spare_taken: Notify,
    pub(super) next_id: AtomicU64,
    pub(super) replaced: AtomicU64,
    pub(super) pages_done: AtomicU64,
    pub(super) image_slots: Arc<Semaphore>,
    pub(super) stop: CancellationToken,
}

/// A document that pages can be asked of. Dropped, what waits of it is forgotten.
#[derive(Debug)]
pub struct Document {
    id: DocumentId,
    info: DocumentInfo,
    shared: Arc<Shared>,
}

/// What became of a page. A part that was not asked for is `None`.
#[derive(Debug)]
pub struct PageOutcome {
    /// Its text.
    pub text: Option<Result<Box<PageText>, Fault>>,
    /// Its image.
    pub image: Option<Result<RenderedImage, Fault>>,
    /// CPU time of the text.
    pub text_time: Duration,
    /// CPU time of the image.
    pub image_time: Duration,
    /// Whether the image could be made only without form fields.
    pub forms_left_out: bool,
    /// Held until the image is stored, so that all jobs together hold a bounded number of images
    /// while storage is slow.
    pub image_slot: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) path: PathBuf,
    pub(super) password: Option<Password>,
}

#[derive(Debug)]
pub(super) struct Task {
    pub(super) origin: Arc<Origin>,
    pub(super) order: Order,
}

#[derive(Debug)]
pub(super) enum Order {
    Describe(oneshot::Sender<Result<DocumentInfo, Fault>>),
    Page(PageWork, oneshot::Sender<PageOutcome>),
}

impl Pool {
    /// Starts the slots and begins to warm spare children.
    #[must_use]
    pub fn start(settings: PoolSettings) -> Self {
        let slots = settings.renderers;
        let shared = Arc::new(Shared {
            settings,
            schedule: Mutex::default(),
            work_arrived: Notify::new(),
            spares: Mutex::default(),
            spare_taken: Notify::new(),
            next_id: AtomicU64::new(1),
            replaced: AtomicU64::new(0),
            pages_done: AtomicU64::new(0),
            image_slots: Arc::new(Semaphore::new(slots * IMAGES_PER_RENDERER)),
            stop: CancellationToken::new(),
        });
        for _ in 0..slots {
            lifecycle::spawn(slot::run(Arc::clone(&shared)));
        }
        lifecycle::spawn(keep_spares(Arc::clone(&shared), slots));
        Self { shared }
    }

    /// Opens a document and reads what it says of itself. The file must stay as it is until the
    /// returned document is dropped.
    ///
    /// # Errors
    /// A fault with `password_required`, `password_wrong`, `invalid_document`, `too_many_pages`,
    /// `resource_limit`, `renderer_crashed`, `renderer_timeout`, or `internal` if no renderer can
    /// be started.
    pub async fn open(&self, path: PathBuf, password: Option<Password>, lane: Lane) -> Result<OpenedDocument, Fault> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        self.shared.schedule().open(id, lane);
        // From here on a drop, also of this future, forgets the document.
        let mut document = Document { id, info: DocumentInfo::default(), shared: Arc::clone(&self.shared) };
        let origin = Arc::new(Origin { path, password });
        let (sender, receiver) = oneshot::channel();
        document.enqueue(&origin, Order::Describe(sender));
        document.info = receiver.await.unwrap_or_else(|_| Err(pool_stopped()))?;
        Ok(OpenedDocument { document, origin })
    }

    /// Returns how many children had to be replaced since the start.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.shared.replaced.load(Ordering::Relaxed)
    }

    /// Returns how many pages were done since the start.
    #[must_use]
    pub fn pages_done(&self) -> u64 {
        self.shared.pages_done.load(Ordering::Relaxed)
    }

    /// Returns how many slots there are.
    #[must_use]
    pub fn renderers(&self) -> usize {
        self.shared.settings.renderers
    }

    /// Stops the slots and kills every child.
    pub fn stop(&self) {
        self.shared.stop.cancel();
        self.shared.spares.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A document together with what is needed to open it again in another child.
#[derive(Debug)]
pub struct OpenedDocument {
    document: Document,
    origin: Arc<Origin>,
}

impl OpenedDocument {
    /// Returns what the document says of itself.
    #[must_use]
    pub const fn info(&self) -> &DocumentInfo {
        &self.document.info
    }

    /// Does one page. Any number may be asked for at once; they wait in order. Dropping the future
    /// kills the child that works on it.
    pub async fn page(&self, work: PageWork) -> PageOutcome {
        let (sender, receiver) = oneshot::channel();
        let asked = work.clone();
        self.document.enqueue(&self.origin, Order::Page(work, sender));
        receiver.await.unwrap_or_else(|_| PageOutcome::failed(&asked, pool_stopped))
    }
}

fn pool_stopped() -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Render, "the renderers were stopped")
}

impl PageOutcome {
    fn failed(work: &PageWork, fault: impl Fn() -> Fault) -> Self {
        Self {
            text: work.text.then(|| Err(fault().on_page(work.page))),
            image: work.image.is_some().then(|| Err(fault().on_page(work.page))),
            text_time: Duration::ZERO,
            image_time: Duration::ZERO,
            forms_left_out: false,
            image_slot: None,
        }
    }
}

impl Document {
    fn enqueue(&self, origin: &Arc<Origin>, order: Order) {
        self.shared.schedule().push(self.id, Task { origin: Arc::clone(origin), order });
        self.shared.work_arrived.notify_one();
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        self.shared.schedule().close(self.id);
        // A slot may hold a child with this document and nothing to do.
        self.shared.work_arrived.notify_waiters();
    }
}

impl Shared {
    pub(super) fn schedule(&self) -> MutexGuard<'_, Schedule<Task>> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn image_slot(&self) -> OwnedSemaphorePermit {
        let slots = Arc::clone(&self.image_slots);
        slots.acquire_owned().await.expect("the semaphore is never closed")
    }

    pub(super) async fn fresh_child(&self) -> Result<Child, ChildFault> {
        let spare = {
            let mut spares = self.spares.lock().unwrap_or_else(PoisonError::into_inner);
            // The first to be killed when the machine runs short of memory, even while idle.
            spares.retain_mut(Child::is_alive);
            spares.pop()
        };
        self.spare_taken.notify_one();
        match spare {
            Some(child) => Ok(child),
            None => Child::spawn(&self.settings.child).await,
        }
    }
}

/// Keeps as many children warm as there are slots: a document finds one that has loaded pdfium.
async fn keep_spares(shared: Arc<Shared>, wanted: usize) {
    loop {
        while shared.spares.lock().unwrap_or_else(PoisonError::into_inner).len() < wanted {
            match tokio::select! { child = Child::spawn(&shared.settings.child) => child, () = shared.stop.cancelled() => return }
            {
                Ok(child) => shared.spares.lock().unwrap_or_else(PoisonError::into_inner).push(child),
                Err(fault) => {
                    // Whoever needs a child now finds out by itself; this only must not spin.
                    tracing::warn!("{fault}");
                    break;
                }
            }
        }
        // Cancel safe: both only wait.
        tokio::select! {
            () = shared.spare_taken.notified() => {}
            () = shared.stop.cancelled() => return,
        }
    }
}

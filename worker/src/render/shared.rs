//! The state that the pool shares with its slots, the tasks that it hands them, and what they return.

use std::{
    collections::VecDeque,
    fs::File,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use quire_schemas::{failure::ErrorCode, job::Password, result::Phase};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    child::{Child, ChildFault, ChildSettings},
    protocol::{AttachmentWork, DocumentInfo, ImageHead, PageWork, RefusedAttachment, Request},
    recovery::Answered,
    schedule::{DocumentId, Schedule},
};
use crate::{job::Fault, lock::lock, parse::local::Findings, telemetry::Metrics};

/// CPU time in which a renderer may at first read what libpdfium does not tell of a document. Real ones take
/// milliseconds.
const FACTS_CPU_SECONDS: u64 = 3;
/// Renderers that one document may cost, by a crash, a limit or the deadline, in all its runs.
const MAX_RENDERERS_LOST: u32 = 3;
/// Images that are being made or are on their way to storage, for each renderer.
const IMAGES_PER_RENDERER: usize = 4;
/// Pages that go on beside the slots. Each may take the memory of a renderer more.
const SLOW_PAGES_AT_ONCE: usize = 1;
/// Attachments of all documents that are read or are on their way to storage. One may be as large as all that a
/// document may have stored.
const ATTACHMENTS_AT_ONCE: usize = 2;

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
    /// Where replaced and busy renderers are counted.
    pub metrics: Metrics,
}

/// The state of a pool.
#[derive(Debug)]
pub(super) struct PoolState {
    pub(super) settings: PoolSettings,
    schedule: Mutex<Schedule<Task>>,
    /// Woken when a task arrives or a document is closed.
    pub(super) work_arrived: Notify,
    spares: Mutex<Vec<Child>>,
    pub(super) spare_taken: Notify,
    next_id: AtomicU64,
    pub(super) replaced: AtomicU64,
    pub(super) pages_done: AtomicU64,
    image_permits: Arc<Semaphore>,
    attachment_permits: Arc<Semaphore>,
    /// Renderers beside the slots: each finishes a page that takes long, so that its slot can go on.
    slow_permits: Arc<Semaphore>,
    pub(super) stop: CancellationToken,
}

/// A document as a renderer opens it.
#[derive(Debug)]
pub(super) struct DocumentFile {
    pub(super) id: DocumentId,
    /// Open for reading. Renderers map it, and none moves its position.
    pub(super) file: Arc<File>,
    pub(super) password: Option<Password>,
    /// CPU time in which a renderer may read what libpdfium does not tell of the document; 0 leaves it out.
    facts_cpu_seconds: AtomicU64,
    losses: Mutex<Losses>,
}

/// Renderers that a document has cost.
#[derive(Debug, Clone, Copy, Default)]
struct Losses {
    renderers: u32,
    /// Of the last one.
    code: Option<ErrorCode>,
}

impl DocumentFile {
    /// `renderers_lost` is what earlier runs have noted of it.
    pub(super) fn new(id: DocumentId, file: Arc<File>, password: Option<Password>, renderers_lost: u32) -> Self {
        let losses = Mutex::new(Losses { renderers: renderers_lost, code: None });
        Self { id, file, password, facts_cpu_seconds: AtomicU64::new(FACTS_CPU_SECONDS), losses }
    }

    /// Notes that it has cost a renderer.
    pub(super) fn lost_a_renderer(&self, code: ErrorCode) {
        let mut losses = lock(&self.losses);
        *losses = Losses { renderers: losses.renderers.saturating_add(1), code: Some(code) };
    }

    /// Returns how many renderers it has cost, in earlier runs as well.
    pub(super) fn renderers_lost(&self) -> u32 {
        lock(&self.losses).renderers
    }

    /// Returns the fault of everything that is still asked of a document which has cost all the renderers that it may.
    pub(super) fn spent(&self) -> Option<Fault> {
        let Losses { renderers, code } = *lock(&self.losses);
        let message = || format!("the document has cost {renderers} renderers; nothing more of it is tried");
        let code = code.unwrap_or(ErrorCode::RendererCrashed);
        (renderers >= MAX_RENDERERS_LOST).then(|| Fault::new(code, Phase::Render, message()))
    }

    /// Returns what the next renderer that opens it is to be asked.
    pub(super) fn request(&self) -> Request {
        let seconds = self.facts_cpu_seconds.load(Ordering::Relaxed);
        let facts_cpu_seconds = Some(seconds).filter(|seconds| *seconds > 0);
        let size_bytes = self.file.metadata().map(|data| data.len()).unwrap_or_default();
        Request::Open { size_bytes, password: self.password.clone(), facts_cpu_seconds }
    }

    /// From here on every renderer opens it without reading what libpdfium does not tell.
    pub(super) fn leave_facts_out(&self) {
        self.facts_cpu_seconds.store(0, Ordering::Relaxed);
    }

    /// From here on a renderer that opens it has ample time: one has read it within the first limit, and pages must not
    /// be read by other rules than the document was described by.
    pub(super) fn facts_were_read(&self) {
        self.facts_cpu_seconds.store(FACTS_CPU_SECONDS * 4, Ordering::Relaxed);
    }
}

/// Work that waits for a slot.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) document: Arc<DocumentFile>,
    pub(super) kind: TaskKind,
}

/// What a slot is to do, and where the answer goes.
#[derive(Debug)]
pub(super) enum TaskKind {
    Describe(oneshot::Sender<Result<DocumentInfo, Fault>>),
    Page(Box<PageTask>, oneshot::Sender<PageOutcome>),
    Attachment(AttachmentWork, oneshot::Sender<Result<AttachmentBytes, Fault>>),
}

/// A page that is done in one try or several, each of which waits for its turn.
#[derive(Debug)]
pub(super) struct PageTask {
    /// What the next try asks for.
    pub(super) work: PageWork,
    /// What the tries after that ask for.
    pub(super) rest: VecDeque<PageWork>,
    /// What came of the tries so far; `None` before the first.
    pub(super) outcome: Option<PageOutcome>,
}

impl PageTask {
    pub(super) fn new(work: PageWork) -> Self {
        Self { work, rest: VecDeque::new(), outcome: None }
    }
}

/// A file that a document carries, or why it is not sent.
pub(super) type AttachmentBytes = Result<Bytes, RefusedAttachment>;

/// What became of a page. A part that was not asked for is `None`.
#[derive(Debug, Default)]
pub struct PageOutcome {
    /// Its text.
    pub text: Option<Result<PageJson, Fault>>,
    /// Its image.
    pub image: Option<Result<RenderedImage, Fault>>,
    /// CPU time of the text.
    pub text_time: Duration,
    /// CPU time of the image.
    pub image_time: Duration,
    /// Whether the image could be made only without form fields.
    pub forms_left_out: bool,
    /// Whether the text could be read only without what libpdfium does not tell.
    pub facts_left_out: bool,
    /// Taken before the image is asked for; passes into the image when it arrives.
    image_permit: Option<OwnedSemaphorePermit>,
}

/// A page's text, as the spool stores it.
#[derive(Debug, Clone, PartialEq)]
pub struct PageJson {
    pub(crate) findings: Findings,
    /// A `ParsedPage` as JSON on one line; its shape and its page number are checked.
    pub json: Bytes,
}

/// An encoded page image. All jobs together hold a bounded number of images, also while storage is
/// slow: the permit for this one belongs to its bytes and is returned when their last clone is dropped.
#[derive(Debug, Clone)]
pub struct RenderedImage {
    /// Size and scale.
    pub head: ImageHead,
    /// The encoded image.
    pub bytes: Bytes,
}

/// Bytes that hold the permit to hold them.
struct Permitted {
    bytes: Bytes,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Permitted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl RenderedImage {
    fn new(head: ImageHead, bytes: Bytes, permit: OwnedSemaphorePermit) -> Self {
        Self { head, bytes: permitted(bytes, permit) }
    }
}

/// Gives bytes the permit to hold them: it is returned when their last clone is dropped.
pub(super) fn permitted(bytes: Bytes, permit: OwnedSemaphorePermit) -> Bytes {
    Bytes::from_owner(Permitted { bytes, _permit: permit })
}

impl PageOutcome {
    /// Begins a page whose image, if one is asked for, has this permit.
    pub(super) fn begin(image_permit: Option<OwnedSemaphorePermit>) -> Self {
        Self { image_permit, ..Self::default() }
    }

    /// Makes the outcome of a page of which nothing could be done.
    pub(super) fn failed(work: &PageWork, fault: impl Fn() -> Fault) -> Self {
        let fault = || fault().on_page(work.page);
        let text = work.text.then(|| Err(fault()));
        let image = work.image.is_some().then(|| Err(fault()));
        Self { text, image, ..Self::default() }
    }

    /// Gives a fault to every part that this work asks for, unless it was answered before the child failed.
    pub(super) fn fail_all(&mut self, work: &PageWork, fault: Fault) {
        let fault = fault.on_page(work.page);
        let text = work.text && self.text.is_none();
        let image = work.image.is_some() && self.image.is_none();
        if text && image {
            self.text = Some(Err(fault.of_branch().on_page(work.page)));
            self.image = Some(Err(fault));
        } else if text {
            self.text = Some(Err(fault));
        } else if image {
            self.image = Some(Err(fault));
        }
    }

    /// Takes an image in; it is the first one of this page.
    pub(super) fn take_image(&mut self, head: ImageHead, bytes: Bytes) {
        let permit = self.image_permit.take().expect("taken before the image was asked for, and used once");
        self.image = Some(Ok(RenderedImage::new(head, bytes, permit)));
    }

    /// Returns a permit that no image has used.
    pub(super) fn finish(self) -> Self {
        Self { image_permit: None, ..self }
    }

    pub(super) const fn answered(&self) -> Answered {
        Answered { text: self.text.is_some(), image: self.image.is_some() }
    }
}

impl PoolState {
    pub(super) fn new(settings: PoolSettings) -> Self {
        Self {
            image_permits: Arc::new(Semaphore::new(settings.renderers * IMAGES_PER_RENDERER)),
            attachment_permits: Arc::new(Semaphore::new(ATTACHMENTS_AT_ONCE)),
            slow_permits: Arc::new(Semaphore::new(SLOW_PAGES_AT_ONCE)),
            settings,
            schedule: Mutex::default(),
            work_arrived: Notify::new(),
            spares: Mutex::default(),
            spare_taken: Notify::new(),
            next_id: AtomicU64::new(1),
            replaced: AtomicU64::new(0),
            pages_done: AtomicU64::new(0),
            stop: CancellationToken::new(),
        }
    }

    pub(super) fn new_id(&self) -> DocumentId {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn schedule(&self) -> MutexGuard<'_, Schedule<Task>> {
        lock(&self.schedule)
    }

    /// Children that have loaded pdfium and seen no document.
    pub(super) fn spares(&self) -> MutexGuard<'_, Vec<Child>> {
        lock(&self.spares)
    }

    /// Waits until one more image may be in memory.
    pub(super) async fn image_permit(&self) -> OwnedSemaphorePermit {
        let permits = Arc::clone(&self.image_permits);
        permits.acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Waits until one more attachment may be in memory.
    pub(super) async fn attachment_permit(&self) -> OwnedSemaphorePermit {
        let permits = Arc::clone(&self.attachment_permits);
        permits.acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Returns the permit to go on beside the slots, if there is one.
    pub(super) fn slow_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slow_permits).try_acquire_owned().ok()
    }

    /// Takes a spare, or starts a child if there is none.
    pub(super) async fn fresh_child(&self) -> Result<Child, ChildFault> {
        let spare = {
            let mut spares = self.spares();
            // Idle spares may have been killed for memory; drop the dead ones.
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

#[cfg(test)]
mod tests {
    use quire_schemas::{failure::ErrorCode, job::ImageFormat, result::Phase};

    use super::{
        super::protocol::{ImageSpec, TextDetail},
        *,
    };

    fn work() -> PageWork {
        let image =
            ImageSpec { format: ImageFormat::Png, dpi: 72, quality: 85, max_side_px: None, max_pixels: 1_000_000 };
        let detail = TextDetail::default();
        PageWork { page: 4, text: true, detail, image: Some(image), draw_forms: true, read_facts: true }
    }

    const HEAD: ImageHead = ImageHead { width_px: 1, height_px: 1, scale: 1.0, scaled_down: false };

    #[tokio::test]
    async fn the_permit_of_an_image_is_returned_with_its_last_byte() {
        let permits = Arc::new(Semaphore::new(1));
        let permit = Arc::clone(&permits).acquire_owned().await.expect("never closed");
        let mut outcome = PageOutcome::begin(Some(permit));
        outcome.take_image(HEAD, Bytes::from_static(b"pixels"));
        let PageOutcome { image: Some(Ok(image)), .. } = outcome else { panic!("there is an image") };
        let upload = image.bytes.clone();
        drop(image);
        assert_eq!((&upload[..], permits.available_permits()), (&b"pixels"[..], 0));
        drop(upload);
        assert_eq!(permits.available_permits(), 1);
    }

    #[tokio::test]
    async fn an_unused_permit_is_returned_with_the_end_of_the_page() {
        let permits = Arc::new(Semaphore::new(1));
        let permit = Arc::clone(&permits).acquire_owned().await.expect("never closed");
        let outcome = PageOutcome::begin(Some(permit)).finish();
        assert_eq!((permits.available_permits(), outcome.answered()), (1, Answered { text: false, image: false }));
    }

    #[test]
    fn a_fault_goes_to_the_part_that_is_asked_for_and_missing() {
        let fault = |code| Fault::new(code, Phase::Render, "gone");
        let text_only = PageWork { image: None, ..work() };
        let image_only = PageWork { text: false, ..work() };
        let mut outcome = PageOutcome::failed(&text_only, || fault(ErrorCode::RendererCrashed));
        assert_eq!(outcome.answered(), Answered { text: true, image: false });
        outcome.fail_all(&text_only, fault(ErrorCode::RendererTimeout));
        outcome.fail_all(&image_only, fault(ErrorCode::RendererTimeout));
        let text = outcome.text.and_then(Result::err).map(|fault| (fault.code, fault.page));
        let image = outcome.image.and_then(Result::err).map(|fault| (fault.code, fault.page));
        assert_eq!(text, Some((ErrorCode::RendererCrashed, Some(4))));
        assert_eq!(image, Some((ErrorCode::RendererTimeout, Some(4))));
    }
}

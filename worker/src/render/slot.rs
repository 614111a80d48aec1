//! One slot: takes the next task that is due, holds the child that does it, and replaces a child that
//! fails.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use quire_schemas::{failure::ErrorCode, result::Phase};
use tokio::time::{Instant, sleep};

use super::{
    bounds,
    child::{Child, ChildFault, Deadline},
    protocol::{AttachmentWork, DocumentInfo, LARGE_JSON_BYTES, MAX_HEADER_BYTES, PageWork, Request, Response},
    recovery,
    schedule::DocumentId,
    shared::{AttachmentBytes, DocumentFile, PageJson, PageOutcome, PageTask, PoolState, Task, TaskKind},
    verify::{self, Violation},
};
use crate::{job::Fault, lifecycle};

/// A slot stays with a document at least this long while it has pages, so that little time goes into
/// opening documents again.
const SHORTEST_STAY: Duration = Duration::from_millis(250);
/// A slot stays with a document at least this many times as long as opening it took.
const STAY_PER_OPENING: u32 = 10;
/// Time to open a document, and to read what it says of itself.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

/// After this time a page that burns its core gives it away: other documents go on, and it goes on beside them.
const SLOW_AFTER: Duration = Duration::from_secs(1);

/// Works until the pool is stopped.
pub(super) async fn run(pool: Arc<PoolState>) {
    let mut slot = Slot::new(Arc::clone(&pool));
    while let Some(task) = slot.next_task().await {
        let document = task.document.id;
        let pid = slot.pid.clone();
        let mut work = Box::pin(slot.work_on(task));
        slot = loop {
            // Cancel safe: the work goes on while it is polled by reference.
            tokio::select! {
                slot = &mut work => break slot,
                () = sleep(SLOW_AFTER) => {}
            }
            let others_wait = pool.schedule().others_wait(document);
            let burning = pid.get().filter(|pid| others_wait && cpu_time(*pid) >= SLOW_AFTER.mul_f64(0.9));
            let Some((pid, permit)) = burning.zip(pool.slow_permit()) else { continue };
            lower_priority(pid);
            tracing::debug!(pid, "a page takes long and goes on beside the others");
            lifecycle::spawn(async move {
                // Its child ends with the page: the document goes on in slots.
                drop(work.await);
                drop(permit);
            });
            break Slot::new(Arc::clone(&pool));
        };
    }
}

/// The process id of the child that a slot works with, for whoever watches the slot.
#[derive(Debug, Clone, Default)]
struct ChildId(Arc<AtomicI32>);

impl ChildId {
    fn set(&self, pid: i32) {
        self.0.store(pid, Ordering::Relaxed);
    }

    fn get(&self) -> Option<i32> {
        Some(self.0.load(Ordering::Relaxed)).filter(|pid| *pid > 0)
    }
}

/// Returns the CPU time that a process has used, as everybody may read it.
fn cpu_time(pid: i32) -> Duration {
    /// Of every Linux that shows times in /proc.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default().split(' ');
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND)
}

/// Lets every other process come first.
fn lower_priority(pid: i32) {
    let Ok(process) = u32::try_from(pid) else { return };
    // SAFETY: the call takes numbers only. Where it fails, the page keeps its share of the core.
    let _ = unsafe { nix::libc::setpriority(nix::libc::PRIO_PROCESS, process, 19) };
}

struct Slot {
    pool: Arc<PoolState>,
    held: Option<OpenChild>,
    pid: ChildId,
    /// Whether the last child that failed may have done so without a fault of its document.
    lost_from_outside: bool,
}

/// A child with a document open in it.
struct OpenChild {
    child: Child,
    document: DocumentId,
    documents_seen: u32,
    page_count: u32,
    leave_after: Instant,
}

/// Why a document is not open in a child.
enum OpenError {
    /// The document is to blame.
    Document(Fault),
    /// The child is to blame.
    Child(ChildFault),
}

impl Slot {
    fn new(pool: Arc<PoolState>) -> Self {
        Self { pool, held: None, pid: ChildId::default(), lost_from_outside: false }
    }

    /// Does a task and charges its document.
    async fn work_on(mut self, task: Task) -> Self {
        let (document, started) = (task.document.id, Instant::now());
        let busy = self.pool.settings.metrics.renderer_busy();
        self.perform(task).await;
        drop(busy);
        self.pool.schedule().charge(document, started.elapsed());
        self
    }

    /// Waits for a task. `None` once the pool is stopped.
    async fn next_task(&mut self) -> Option<Task> {
        loop {
            // Registered before looking: work that arrives in between wakes us.
            let pool = Arc::clone(&self.pool);
            let arrived = pool.work_arrived.notified();
            if pool.stop.is_cancelled() {
                return None;
            }
            if let Some(task) = self.look_for_task() {
                // One wake-up may stand for several tasks: pass it on.
                pool.work_arrived.notify_one();
                return Some(task);
            }
            // Cancel safe: both only wait.
            tokio::select! {
                () = arrived => {}
                () = pool.stop.cancelled() => return None,
            }
        }
    }

    fn look_for_task(&mut self) -> Option<Task> {
        let mut schedule = self.pool.schedule();
        let reusable = self.pool.settings.documents_per_child > 1;
        self.held.take_if(|held| !reusable && !schedule.is_open(held.document));
        if let Some(held) = self.held.as_ref().filter(|held| Instant::now() < held.leave_after)
            && let Some(task) = schedule.next_of(held.document)
        {
            return Some(task);
        }
        schedule.next().map(|(_, task)| task)
    }

    async fn perform(&mut self, task: Task) {
        match task.kind {
            TaskKind::Describe(mut reply) => {
                // Cancel safe: a child that is left half way is killed.
                let described = tokio::select! {
                    described = self.describe(&task.document) => described,
                    () = reply.closed() => { self.held = None; return }
                };
                let _ = reply.send(described);
            }
            TaskKind::Page(mut page, mut reply) => {
                // Cancel safe: a child that is left half way is killed.
                tokio::select! {
                    () = self.next_try(&task.document, &mut page) => {}
                    () = reply.closed() => { self.held = None; return }
                }
                match page.rest.pop_front() {
                    Some(work) => {
                        page.work = work;
                        let (id, document) = (task.document.id, task.document);
                        let task = Task { document, kind: TaskKind::Page(page, reply) };
                        self.pool.schedule().push_behind(id, task);
                        self.pool.work_arrived.notify_one();
                    }
                    None => {
                        self.pool.pages_done.fetch_add(1, Ordering::Relaxed);
                        let _ = reply.send(page.outcome.unwrap_or_default().finish());
                    }
                }
            }
            TaskKind::Attachment(work, mut reply) => {
                // Cancel safe: a child that is left half way is killed.
                let read = tokio::select! {
                    read = self.attachment(&task.document, work) => read,
                    () = reply.closed() => { self.held = None; return }
                };
                let _ = reply.send(read);
            }
        }
    }

    /// Describes a document. If a child fails while it opens or describes it, another one does so with less; before
    /// that another one tries with all, if the first one may have been killed from outside.
    async fn describe(&mut self, document: &DocumentFile) -> Result<DocumentInfo, Fault> {
        let mut described = self.try_describe(document).await;
        if described.as_ref().is_err_and(recovery::is_asked_again) && self.lost_from_outside {
            described = self.try_describe(document).await;
        }
        match described {
            Err(fault) if recovery::is_asked_again(&fault) => {
                document.leave_facts_out();
                let info = self.try_describe(document).await?;
                Ok(DocumentInfo { facts_left_out: true, ..info })
            }
            Ok(info) => {
                document.facts_were_read();
                Ok(info)
            }
            refused => refused,
        }
    }

    async fn try_describe(&mut self, document: &DocumentFile) -> Result<DocumentInfo, Fault> {
        if let Some(fault) = document.spent() {
            return Err(fault);
        }
        let max_pages = self.pool.settings.max_pages;
        let held = self.hold(document).await?;
        recovery::within_page_limit(held.page_count, max_pages)?;
        let described = held.describe().await;
        described.map_err(|fault| self.lose(document, fault))
    }

    /// Does the next try of a page. A child that fails takes down only the parts that it had not answered: they are
    /// tried once more, each as a task of its own.
    async fn next_try(&mut self, document: &DocumentFile, page: &mut PageTask) {
        let (work, is_first) = (page.work.clone(), page.outcome.is_none());
        let mut outcome = match page.outcome.take() {
            Some(outcome) => outcome,
            // Before the page: while storage is slow, renderers wait instead of filling the memory.
            None if work.image.is_some() => PageOutcome::begin(Some(self.pool.image_permit().await)),
            None => PageOutcome::begin(None),
        };
        let tried = self.try_page(document, &work, &mut outcome).await;
        match tried {
            Ok(()) if is_first => {}
            Ok(()) => {
                outcome.forms_left_out |= work.image.is_some() && matches!(outcome.image, Some(Ok(_)));
                outcome.facts_left_out |= work.text && matches!(outcome.text, Some(Ok(_)));
            }
            Err(fault) if is_first && document.spent().is_none() => {
                page.rest = recovery::second_tries(&work, outcome.answered()).into();
                drop(fault);
            }
            Err(fault) => outcome.fail_all(&work, fault),
        }
        page.outcome = Some(outcome);
    }

    /// Asks a child for a page until it is done. On an error the child is gone; its answers so far count.
    async fn try_page(
        &mut self,
        document: &DocumentFile,
        work: &PageWork,
        outcome: &mut PageOutcome,
    ) -> Result<(), Fault> {
        if let Some(fault) = document.spent() {
            return Err(fault);
        }
        let within = self.pool.settings.child.page_timeout;
        let held = self.hold(document).await?;
        let done = held.page(work, within, outcome).await;
        done.map_err(|fault| self.lose(document, fault))
    }

    async fn attachment(&mut self, document: &DocumentFile, work: AttachmentWork) -> Result<AttachmentBytes, Fault> {
        match self.try_attachment(document, work).await {
            Err(fault) if recovery::is_asked_again(&fault) => {
                self.held = None;
                self.try_attachment(document, work).await
            }
            other => other,
        }
    }

    async fn try_attachment(
        &mut self,
        document: &DocumentFile,
        work: AttachmentWork,
    ) -> Result<AttachmentBytes, Fault> {
        if let Some(fault) = document.spent() {
            return Err(fault);
        }
        let within = self.pool.settings.child.page_timeout;
        let held = self.hold(document).await?;
        let read = held.attachment(work, within).await;
        read.map_err(|fault| self.lose(document, fault))
    }

    /// Makes sure that the slot holds a child with this document open.
    async fn hold(&mut self, document: &DocumentFile) -> Result<&mut OpenChild, Fault> {
        if self.held.as_ref().is_none_or(|held| held.document != document.id) {
            let started = Instant::now();
            let max_documents = self.pool.settings.documents_per_child;
            let (mut child, seen) = match self.held.take() {
                Some(old) if old.documents_seen < max_documents => (old.child, old.documents_seen),
                _ => (self.pool.fresh_child().await.map_err(|fault| self.count_failure(fault))?, 0),
            };
            let page_count = open(&mut child, document).await.map_err(|error| match error {
                OpenError::Document(fault) => fault,
                OpenError::Child(fault) => self.count_loss(document, fault),
            })?;
            self.pid.set(child.id());
            let leave_after = Instant::now() + SHORTEST_STAY.max(started.elapsed() * STAY_PER_OPENING);
            let (document, documents_seen) = (document.id, seen + 1);
            self.held = Some(OpenChild { child, document, documents_seen, page_count, leave_after });
        }
        Ok(self.held.as_mut().expect("set above"))
    }

    /// Kills the slot's child, which has failed, and returns what that means for the page or document.
    fn lose(&mut self, document: &DocumentFile, fault: ChildFault) -> Fault {
        self.held = None;
        self.count_loss(document, fault)
    }

    /// Counts a child that a document has cost.
    fn count_loss(&mut self, document: &DocumentFile, fault: ChildFault) -> Fault {
        let fault = self.count_failure(fault);
        document.lost_a_renderer(fault.code);
        fault.by_loss_of_a_renderer()
    }

    /// Counts a child that has failed, and returns what that means for the page or document.
    fn count_failure(&mut self, fault: ChildFault) -> Fault {
        self.lost_from_outside = recovery::may_be_from_outside(&fault);
        self.pool.replaced.fetch_add(1, Ordering::Relaxed);
        self.pool.settings.metrics.renderer_restarted(recovery::restart_reason(&fault));
        recovery::fault_of(fault)
    }
}

/// Opens a document and returns how many pages the child says it has.
async fn open(child: &mut Child, document: &DocumentFile) -> Result<u32, OpenError> {
    let deadline = Deadline::after(OPEN_TIMEOUT);
    let opened = async {
        child.send_document(&document.request(), &document.file, deadline).await?;
        Ok(child.receive(MAX_HEADER_BYTES, deadline).await?.0)
    };
    match opened.await.map_err(OpenError::Child)? {
        Response::Opened { page_count } => match verify::page_count(page_count) {
            Ok(()) => Ok(page_count),
            Err(violation) => Err(OpenError::Child(violation.into())),
        },
        Response::Refused { reason } => {
            Err(OpenError::Document(recovery::refusal(reason, document.password.is_some())))
        }
        _ => Err(OpenError::Child(Violation::OutOfTurn.into())),
    }
}

/// Asks for an answer that has no body. The caller refuses any other, and its body stays unread.
async fn ask(child: &mut Child, request: &Request, header_limit: usize) -> Result<Response, ChildFault> {
    let deadline = Deadline::after(OPEN_TIMEOUT);
    child.send(request, deadline).await?;
    Ok(child.receive(header_limit, deadline).await?.0)
}

impl OpenChild {
    async fn describe(&mut self) -> Result<DocumentInfo, ChildFault> {
        let header_limit = bounds::description_header_bytes(self.page_count);
        let Response::Described(info) = ask(&mut self.child, &Request::Describe, header_limit).await? else {
            return Err(Violation::OutOfTurn.into());
        };
        verify::description(&info, self.page_count)?;
        Ok(*info)
    }

    /// Asks for a file that the document carries.
    async fn attachment(&mut self, work: AttachmentWork, within: Duration) -> Result<AttachmentBytes, ChildFault> {
        let deadline = Deadline::after(within);
        self.child.send(&Request::Attachment(work), deadline).await?;
        match self.child.receive(MAX_HEADER_BYTES, deadline).await? {
            (Response::Attachment, body_bytes) => {
                verify::attachment(body_bytes, work)?;
                Ok(Ok(self.child.body(body_bytes, deadline).await?))
            }
            (Response::AttachmentRefused(refused), _) => Ok(Err(refused)),
            _ => Err(Violation::OutOfTurn.into()),
        }
    }

    /// Asks for a page and takes in its answers until it is done.
    async fn page(&mut self, work: &PageWork, within: Duration, outcome: &mut PageOutcome) -> Result<(), ChildFault> {
        verify::page_exists(work.page, self.page_count)?;
        let deadline = Deadline::after(within);
        self.child.send(&Request::Page(work.clone()), deadline).await?;
        let failed = |code, phase, message: String| {
            verify::message(&message).map(|()| Fault::new(code, phase, message).on_page(work.page))
        };
        loop {
            let (response, body_bytes) = self.child.receive(MAX_HEADER_BYTES, deadline).await?;
            let wants_text = work.text && outcome.text.is_none();
            let wanted_image = work.image.as_ref().filter(|_| outcome.image.is_none());
            match (response, wanted_image) {
                (Response::Text(findings), _) if wants_text => {
                    verify::text(&findings, body_bytes)?;
                    let body = self.child.body(body_bytes, deadline).await?;
                    let json = checked_page(body, work.page).await?;
                    outcome.text = Some(Ok(PageJson { findings, json }));
                }
                (Response::TextFailed { too_large, message }, _) if wants_text => {
                    let code = if too_large { ErrorCode::ResourceLimit } else { ErrorCode::PageFailed };
                    outcome.text = Some(Err(failed(code, Phase::Parse, message)?));
                }
                (Response::Image(head), Some(spec)) => {
                    verify::image(&head, body_bytes, spec)?;
                    outcome.take_image(head, self.child.body(body_bytes, deadline).await?);
                }
                (Response::ImageFailed { too_large, message }, Some(_)) => {
                    let code = if too_large { ErrorCode::PageTooLarge } else { ErrorCode::PageFailed };
                    outcome.image = Some(Err(failed(code, Phase::Render, message)?));
                }
                (Response::PageDone { text_micros, image_micros }, None) if !wants_text => {
                    // The child tells its own times. None is longer than a page may take.
                    outcome.text_time += Duration::from_micros(text_micros).min(within);
                    outcome.image_time += Duration::from_micros(image_micros).min(within);
                    return Ok(());
                }
                _ => return Err(Violation::OutOfTurn.into()),
            }
        }
    }
}

/// Checks the JSON of a page, and a large one off the runtime.
async fn checked_page(json: Bytes, page: u32) -> Result<Bytes, Violation> {
    if json.len() <= LARGE_JSON_BYTES {
        return verify::parsed_page(&json, page).map(|()| json);
    }
    let checking = tokio::task::spawn_blocking(move || verify::parsed_page(&json, page).map(|()| json));
    checking.await.expect("checking a page does not panic")
}

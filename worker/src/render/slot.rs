//! One slot: takes the next page that is due, holds the child that does it, and copes with a child
//! that fails.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use quire_schemas::{
    failure::{Disposition, ErrorCode},
    result::Phase,
};
use tokio::time::Instant;

use super::{
    child::{Child, ChildFault},
    pool::{Order, Origin, PageOutcome, Shared, Task},
    protocol::{DocumentInfo, PageWork, Refusal, RenderedImage, Request, Response},
    schedule::DocumentId,
};
use crate::{job::Fault, parse::local::PageText, telemetry::RestartReason};

/// A slot stays with a document at least this long while it has pages, so that opening it again
/// and again costs little.
const SHORTEST_STAY: Duration = Duration::from_millis(250);
/// And at least this many times as long as opening the document took.
const STAY_PER_OPENING: u32 = 10;
/// Time to open a document and to read what it says of itself.
const OPENING: Duration = Duration::from_secs(30);

/// A child with a document open in it.
struct Held {
    child: Child,
    document: DocumentId,
    documents_seen: u32,
    page_count: u32,
    leave_after: Instant,
}

/// Works until the pool is stopped.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut held: Option<Held> = None;
    loop {
        let Some((id, task)) = next_task(&shared, &mut held).await else { return };
        let started = Instant::now();
        let busy = shared.settings.metrics.renderer_busy();
        do_task(&shared, &mut held, id, task).await;
        drop(busy);
        shared.schedule().charge(id, started.elapsed());
    }
}

async fn next_task(shared: &Shared, held: &mut Option<Held>) -> Option<(DocumentId, Task)> {
    loop {
        // Registered before looking: work that arrives in between wakes us.
        let arrived = shared.work_arrived.notified();
        if shared.stop.is_cancelled() {
            return None;
        }
        if let Some(found) = look_for_task(shared, held) {
            // One wake-up may stand for several tasks: pass it on.
            shared.work_arrived.notify_one();
            return Some(found);
        }
        // Cancel safe: both only wait.
        tokio::select! {
            () = arrived => {}
            () = shared.stop.cancelled() => return None,
        }
    }
}

fn look_for_task(shared: &Shared, held: &mut Option<Held>) -> Option<(DocumentId, Task)> {
    let mut schedule = shared.schedule();
    let reusable = shared.settings.documents_per_child > 1;
    held.take_if(|held| !reusable && !schedule.is_open(held.document));
    if let Some(held) = held.as_ref().filter(|held| Instant::now() < held.leave_after)
        && let Some(task) = schedule.next_of(held.document)
    {
        return Some((held.document, task));
    }
    schedule.next()
}

async fn do_task(shared: &Shared, held: &mut Option<Held>, id: DocumentId, task: Task) {
    match task.order {
        Order::Describe(mut reply) => {
            // Cancel safe: a child that is dropped half way is killed.
            let described = tokio::select! {
                described = describe_twice(shared, held, id, &task.origin) => described,
                () = reply.closed() => { *held = None; return }
            };
            let _ = reply.send(described);
        }
        Order::Page(work, mut reply) => {
            let wants_image = work.image.is_some();
            let paged = async {
                // Before the page: a renderer waits for storage, not a heap of images.
                let slot = if wants_image { Some(shared.image_slot().await) } else { None };
                PageOutcome { image_slot: slot, ..do_page(shared, held, id, &task.origin, work).await }
            };
            let outcome = tokio::select! {
                outcome = paged => outcome,
                () = reply.closed() => { *held = None; return }
            };
            shared.pages_done.fetch_add(1, Ordering::Relaxed);
            let _ = reply.send(outcome);
        }
    }
}

/// A child may fail a document for reasons of its own; a document that fails two is to blame.
async fn describe_twice(
    shared: &Shared,
    held: &mut Option<Held>,
    id: DocumentId,
    origin: &Origin,
) -> Result<DocumentInfo, Fault> {
    match describe(shared, held, id, origin).await {
        Err(fault) if fault.disposition() == Disposition::Page => {
            *held = None;
            describe(shared, held, id, origin).await
        }
        other => other,
    }
}

async fn describe(
    shared: &Shared,
    held: &mut Option<Held>,
    id: DocumentId,
    origin: &Origin,
) -> Result<DocumentInfo, Fault> {
    let holder = hold(shared, held, id, origin).await?;
    let (page_count, limit) = (holder.page_count, shared.settings.max_pages);
    if page_count == 0 {
        return Err(Fault::new(ErrorCode::InvalidDocument, Phase::Fetch, "the document has no pages"));
    }
    if page_count > limit {
        let message = format!("the document claims {page_count} pages, more than {limit}");
        return Err(Fault::new(ErrorCode::TooManyPages, Phase::Fetch, message));
    }
    let answer = ask(&mut holder.child, &Request::Describe, OPENING).await;
    match answer {
        Ok(Response::Described(info)) => Ok(*info),
        Ok(_) => Err(lose(shared, held, ChildFault::OutOfTurn)),
        Err(fault) => Err(lose(shared, held, fault)),
    }
}

/// Makes sure that the slot holds a child with this document open.
async fn hold<'a>(
    shared: &Shared,
    held: &'a mut Option<Held>,
    id: DocumentId,
    origin: &Origin,
) -> Result<&'a mut Held, Fault> {
    if held.as_ref().is_none_or(|held| held.document != id) {
        let started = Instant::now();
        let (mut child, documents_seen) = match held.take() {
            Some(old) if old.documents_seen < shared.settings.documents_per_child => (old.child, old.documents_seen),
            _ => (shared.fresh_child().await.map_err(|fault| to_fault(shared, fault))?, 0),
        };
        let page_count = open(&mut child, origin).await.map_err(|refused| match refused {
            Refused::Document(fault) => fault,
            Refused::Child(fault) => to_fault(shared, fault),
        })?;
        let stay = SHORTEST_STAY.max(started.elapsed() * STAY_PER_OPENING);
        let leave_after = Instant::now() + stay;
        *held = Some(Held { child, document: id, documents_seen: documents_seen + 1, page_count, leave_after });
    }
    Ok(held.as_mut().expect("set above"))
}

enum Refused {
    Document(Fault),
    Child(ChildFault),
}

async fn open(child: &mut Child, origin: &Origin) -> Result<u32, Refused> {
    let request = Request::Open { path: origin.path.clone(), password: origin.password.clone() };
    let refuse = |code, message: &str| Err(Refused::Document(Fault::new(code, Phase::Fetch, message)));
    match ask(child, &request, OPENING).await.map_err(Refused::Child)? {
        Response::Opened { page_count } => Ok(page_count),
        Response::Refused { reason: Refusal::Password } if origin.password.is_none() => {
            refuse(ErrorCode::PasswordRequired, "the document is encrypted and no password was given")
        }
        Response::Refused { reason: Refusal::Password } => {
            refuse(ErrorCode::PasswordWrong, "the given password does not open the document")
        }
        Response::Refused { reason: Refusal::Security } => {
            refuse(ErrorCode::InvalidDocument, "the document is encrypted in an unknown way")
        }
        Response::Refused { reason: Refusal::Damaged } => {
            refuse(ErrorCode::InvalidDocument, "the document is too damaged to open")
        }
        Response::Refused { reason: Refusal::Unreadable } => {
            refuse(ErrorCode::Internal, "the temporary file cannot be read")
        }
        _ => Err(Refused::Child(ChildFault::OutOfTurn)),
    }
}

async fn ask(child: &mut Child, request: &Request, within: Duration) -> Result<Response, ChildFault> {
    child.send(request).await?;
    Ok(child.receive(within).await?.0)
}

/// Does a page. A child that fails takes down only what it had not answered: each missing part
/// is tried once more in a child of its own, the image without form fields, which is what most
/// pages that hang hang on.
async fn do_page(
    shared: &Shared,
    held: &mut Option<Held>,
    id: DocumentId,
    origin: &Origin,
    work: PageWork,
) -> PageOutcome {
    let mut answers = Answers::default();
    let first = try_page(shared, held, id, origin, &work, &mut answers).await;
    if first.is_ok() {
        return answers.into_outcome(&work, || unanswered(&work));
    }
    if work.text && answers.text.is_none() {
        let alone = PageWork { image: None, ..work.clone() };
        if let Err(fault) = try_page(shared, held, id, origin, &alone, &mut answers).await {
            answers.text = Some(Err(fault.on_page(work.page)));
        }
    }
    if work.image.is_some() && answers.image.is_none() {
        let alone = PageWork { text: false, draw_forms: false, ..work.clone() };
        match try_page(shared, held, id, origin, &alone, &mut answers).await {
            Ok(()) => answers.forms_left_out = matches!(answers.image, Some(Ok(_))),
            Err(fault) => answers.image = Some(Err(fault.on_page(work.page))),
        }
    }
    answers.into_outcome(&work, || unanswered(&work))
}

fn unanswered(work: &PageWork) -> Fault {
    Fault::new(ErrorCode::RendererCrashed, Phase::Render, "the renderer left the page unanswered").on_page(work.page)
}

#[derive(Default)]
struct Answers {
    text: Option<Result<Box<PageText>, Fault>>,
    image: Option<Result<RenderedImage, Fault>>,
    text_time: Duration,
    image_time: Duration,
    forms_left_out: bool,
}

impl Answers {
    fn into_outcome(self, work: &PageWork, missing: impl Fn() -> Fault) -> PageOutcome {
        PageOutcome {
            text: work.text.then(|| self.text.unwrap_or_else(|| Err(missing()))),
            image: work.image.is_some().then(|| self.image.unwrap_or_else(|| Err(missing()))),
            text_time: self.text_time,
            image_time: self.image_time,
            forms_left_out: self.forms_left_out,
            image_slot: None,
        }
    }
}

/// Asks a child for a page and collects its answers until it is done. On an error the child is
/// gone; what it answered before counts.
async fn try_page(
    shared: &Shared,
    held: &mut Option<Held>,
    id: DocumentId,
    origin: &Origin,
    work: &PageWork,
    answers: &mut Answers,
) -> Result<(), Fault> {
    let holder = hold(shared, held, id, origin).await?;
    match collect(&mut holder.child, work, shared.settings.child.page_timeout, answers).await {
        Ok(()) => Ok(()),
        Err(fault) => Err(lose(shared, held, fault)),
    }
}

async fn collect(
    child: &mut Child,
    work: &PageWork,
    within: Duration,
    answers: &mut Answers,
) -> Result<(), ChildFault> {
    let deadline = Instant::now() + within;
    child.send(&Request::Page(work.clone())).await?;
    let failed = |code, message| Fault::new(code, Phase::Render, message).on_page(work.page);
    loop {
        let remaining = deadline.saturating_duration_since(Instant::now());
        let (response, body) = child.receive(remaining).await.map_err(|fault| match fault {
            ChildFault::TimedOut { .. } => ChildFault::TimedOut { within },
            other => other,
        })?;
        match response {
            Response::Text(text) => answers.text = Some(Ok(text)),
            Response::TextFailed { message } => {
                let fault = Fault::new(ErrorCode::PageFailed, Phase::Parse, message).on_page(work.page);
                answers.text = Some(Err(fault));
            }
            Response::Image(head) => answers.image = Some(Ok(RenderedImage { head, bytes: body })),
            Response::ImageFailed { too_large: true, message } => {
                answers.image = Some(Err(failed(ErrorCode::PageTooLarge, message)));
            }
            Response::ImageFailed { too_large: false, message } => {
                answers.image = Some(Err(failed(ErrorCode::PageFailed, message)));
            }
            Response::PageDone { text_micros, image_micros } => {
                answers.text_time += Duration::from_micros(text_micros);
                answers.image_time += Duration::from_micros(image_micros);
                return Ok(());
            }
            Response::Ready(_) | Response::Opened { .. } | Response::Refused { .. } | Response::Described(_) => {
                return Err(ChildFault::OutOfTurn);
            }
        }
    }
}

/// Kills the slot's child and says what it means for the page.
fn lose(shared: &Shared, held: &mut Option<Held>, fault: ChildFault) -> Fault {
    *held = None;
    to_fault(shared, fault)
}

fn to_fault(shared: &Shared, fault: ChildFault) -> Fault {
    shared.replaced.fetch_add(1, Ordering::Relaxed);
    shared.settings.metrics.renderer_restarted(match &fault {
        ChildFault::NotStarted { .. } | ChildFault::Died { .. } => RestartReason::Crashed,
        ChildFault::TimedOut { .. } => RestartReason::TimedOut,
        ChildFault::LimitReached { .. } => RestartReason::ResourceLimit,
        ChildFault::Babbled(_) | ChildFault::OutOfTurn => RestartReason::Protocol,
    });
    let (code, message) = match &fault {
        ChildFault::NotStarted { .. } => (ErrorCode::Internal, "no renderer could be started"),
        ChildFault::TimedOut { .. } => (ErrorCode::RendererTimeout, "the renderer took too long"),
        ChildFault::LimitReached { .. } => (ErrorCode::ResourceLimit, "the renderer ran into a limit"),
        ChildFault::Died { .. } | ChildFault::Babbled(_) | ChildFault::OutOfTurn => {
            (ErrorCode::RendererCrashed, "the renderer had to be replaced")
        }
    };
    Fault::new(code, Phase::Render, message).because(fault)
}

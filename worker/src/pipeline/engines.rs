//! Gathers both branches: parse and images at the same time, whichever engine parses. The clients of the engines
//! behind HTTP are in `parse/engines`.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use quire_schemas::{job::Engine, result::EngineReport};
use tokio::{task::spawn_blocking, time::Instant};

use super::{
    carry::{Carried, CarriedFolder},
    context::Context,
    elsewhere::{Parsed, Question},
    fallback::{Conclusion, Walk},
    page::Pages,
    pages::{PageJob, TextUse},
    plan::Plan,
    reuse::identity_as_read,
    run::{Halt, RawAnswer, Run},
    spool::Spool,
};
use crate::{job::Fault, lock::into_inner, parse::EngineOutput, render::OpenedDocument, source::Fetched};

/// Elements with more than this many times the bytes of a result are not the text of a document.
const SPOOL_PER_RESULT: u64 = 8;

async fn new_spool(context: &Context) -> Result<Arc<Mutex<Spool>>, Fault> {
    let (folder, max_bytes) = (context.temp_dir.clone(), context.max_result_bytes.saturating_mul(SPOOL_PER_RESULT));
    let created = spawn_blocking(move || Spool::create(&folder, max_bytes)).await;
    Ok(Arc::new(Mutex::new(created.expect("making a file does not panic")?)))
}

/// What the two branches came to.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) pages: Pages,
    pub(super) parse: Parse,
    pub(super) spool: Spool,
    pub(super) parse_span: Span,
    pub(super) images_span: Span,
    pub(super) gather_time: Duration,
}

/// What the parse came to.
#[derive(Debug, Default)]
pub(super) struct Parse {
    pub(super) engine: Option<EngineReport>,
    /// The engine that the job names first, if another one is `engine`.
    pub(super) fallback_from: Option<Engine>,
    /// Why there is no parse.
    pub(super) fault: Option<Fault>,
    /// Pages without a parse, ascending.
    pub(super) failed_pages: Vec<u32>,
    /// What an engine behind HTTP returned beside its pages and its answer.
    pub(super) external: Option<EngineOutput>,
    /// The answer of that engine as it came, to be stored.
    pub(super) raw: Option<RawAnswer>,
}

/// When a branch worked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) started_at: DateTime<Utc>,
    pub(super) finished_at: DateTime<Utc>,
    /// What the branch claims of that time: less than all of it where both branches share the renderers.
    pub(super) took: Duration,
}

impl Span {
    /// Ends a branch with its last page. Without one, it ends when the work does that both branches share.
    fn until(self, finished_at: Option<DateTime<Utc>>) -> Self {
        Self { finished_at: finished_at.unwrap_or(self.finished_at), ..self }
    }
}

/// When gathering began.
#[derive(Debug, Clone, Copy)]
struct Start {
    at: DateTime<Utc>,
    instant: Instant,
}

impl Start {
    fn now() -> Self {
        Self { at: Utc::now(), instant: Instant::now() }
    }

    /// Returns the time of a branch that ends now.
    fn span(self) -> Span {
        Span { started_at: self.at, finished_at: Utc::now(), took: self.instant.elapsed() }
    }
}

/// Runs both branches.
///
/// # Errors
/// A fault that ends both branches: of storage, or of the temporary folder, while an engine's pages are kept too. A
/// failed parse is part of what is returned.
pub(super) async fn gather(
    context: &Context,
    run: &Run,
    fetched: &Fetched,
    document: &OpenedDocument,
    plan: &Plan,
) -> Result<Gathered, Halt> {
    let start = Start::now();
    let spool = new_spool(context).await?;
    let text_use = match plan.engine {
        Engine::Pdfium => TextUse::Parse,
        Engine::None => TextUse::Ignore,
        _ => TextUse::Count,
    };
    let as_read = identity_as_read(fetched.sha256, document.info().facts_left_out);
    let folder = CarriedFolder::new(&context.store, &run.identity.keys, &run.existing, as_read);
    let carried = match text_use {
        TextUse::Parse => folder.load(&plan.parse_pages, &spool).await?,
        TextUse::Count | TextUse::Ignore => Carried::default(),
    };
    let page_job = PageJob { context, run, document, plan, as_read, text_use, spool: &spool, carried: &carried };
    let images = async {
        let pages = page_job.all().await?;
        let span = start.span().until(pages.images_finished_at);
        Ok::<_, Fault>((pages, span))
    };
    let wanted = plan.parse_pages.iter().copied().collect();
    let question = Question { context, run, fetched, document, pages: wanted, spool: &spool };
    let parse = async {
        // The next run resumes the parse that is dropped here. Pages that were begun are finished.
        tokio::select! {
            asked = question.ask() => asked.map(|asked| Some((asked, start.span()))),
            () = run.pause.cancelled() => Ok(None),
        }
    };
    // A fault of the worker or of storage ends the run at once; dropping the other branch is safe, because paid work
    // is recorded before it is waited for.
    let ((mut pages, mut images_span), asked) = tokio::try_join!(images, parse)?;
    let Some(((walk, parsed), mut parse_span)) = asked.filter(|_| !pages.unfinished) else {
        if text_use == TextUse::Parse {
            folder.save(&carried, &pages, &spool).await?;
        }
        return Err(Halt::Paused);
    };
    match text_use {
        TextUse::Parse | TextUse::Ignore => (parse_span, images_span) = shared(start.span(), &pages, plan),
        TextUse::Count => {
            // The text was only counted, to check the engine's work against: a page that cannot be
            // counted is not a page that the engine failed.
            pages.text_faults.clear();
            if walk.current() == Some(Engine::Pdfium) {
                read_texts(&page_job, &mut pages).await?;
                parse_span = start.span().until(pages.texts_finished_at);
            }
        }
    }
    let mut conclusion = conclude(walk, &pages, plan);
    if plan.engine != Engine::None {
        context.metrics.parse_took(conclusion.engine, parse_span.took);
    }
    pages.warnings.append(&mut conclusion.warnings);
    let parse = match parsed {
        Some(parsed) => Parse::elsewhere(parsed, conclusion, &mut pages),
        None => Parse::here(conclusion, &pages),
    };
    let spool = Arc::into_inner(spool).expect("every page task has ended");
    let spool = into_inner(spool);
    Ok(Gathered { pages, parse, spool, parse_span, images_span, gather_time: start.instant.elapsed() })
}

/// Reads the text of the pages after the engines behind HTTP have failed; a pass over the pages is cheap.
async fn read_texts(page_job: &PageJob<'_>, pages: &mut Pages) -> Result<(), Halt> {
    let text_only = Plan {
        image_pages: BTreeSet::new(),
        parse_pages: page_job.plan.parse_pages.clone(),
        image: None,
        engine: Engine::Pdfium,
        ..*page_job.plan
    };
    let mut texts = PageJob { plan: &text_only, text_use: TextUse::Parse, ..*page_job }.all().await?;
    if texts.unfinished {
        return Err(Halt::Paused);
    }
    pages.texts = texts.texts;
    pages.natives = texts.natives;
    pages.texts_finished_at = texts.texts_finished_at;
    pages.text_faults = texts.text_faults;
    pages.warnings.append(&mut texts.warnings);
    Ok(())
}

/// The local parse shares the renderers with the images: each claims its share of the time, and ends with its last
/// page.
fn shared(span: Span, pages: &Pages, plan: &Plan) -> (Span, Span) {
    let (text, image) = (pages.text_time.as_secs_f64(), pages.image_time.as_secs_f64());
    let share = if text + image > 0.0 { text / (text + image) } else { 0.0 };
    let parse = if plan.image.is_none() { span.took } else { span.took.mul_f64(share) };
    let images = if plan.engine == Engine::None { span.took } else { span.took.saturating_sub(parse) };
    let (texts_end, images_end) = (span.until(pages.texts_finished_at), span.until(pages.images_finished_at));
    (Span { took: parse, ..texts_end }, Span { took: images, ..images_end })
}

impl Parse {
    fn elsewhere(parsed: Parsed, conclusion: Conclusion, pages: &mut Pages) -> Self {
        let Parsed { mut output, raw, kept } = parsed;
        pages.warnings.append(&mut output.warnings);
        Self {
            engine: Some(output.engine.clone()),
            fallback_from: conclusion.fallback_from,
            fault: kept.fault,
            failed_pages: kept.failed_pages,
            external: Some(output),
            raw: Some(raw),
        }
    }

    /// The parse of the local engine, or of none.
    fn here(conclusion: Conclusion, pages: &Pages) -> Self {
        let Conclusion { engine, fallback_from, fault, .. } = conclusion;
        match engine {
            Engine::None => Self::default(),
            Engine::Pdfium => Self {
                engine: Some(local_engine()),
                fallback_from,
                fault,
                failed_pages: pages.text_faults.iter().filter_map(|fault| fault.page).collect(),
                ..Self::default()
            },
            other => Self { engine: Some(EngineReport::of(other.as_str())), fallback_from, fault, ..Self::default() },
        }
    }
}

fn local_engine() -> EngineReport {
    EngineReport {
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        mode: Some("native_text".to_owned()),
        ..EngineReport::of(Engine::Pdfium.as_str())
    }
}

/// Ends a walk. The local engine has failed if it could not read a page.
fn conclude(mut walk: Walk, pages: &Pages, plan: &Plan) -> Conclusion {
    if walk.current() == Some(Engine::Pdfium)
        && let Some(fault) = nothing_parsed(pages, plan)
    {
        walk.failed(fault);
    }
    walk.conclude()
}

/// If not one page could be read, the first page's fault is the branch's.
fn nothing_parsed(pages: &Pages, plan: &Plan) -> Option<Fault> {
    (pages.texts == 0 && !plan.parse_pages.is_empty() && !pages.text_faults.is_empty())
        .then(|| pages.text_faults[0].of_branch())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use quire_schemas::{
        failure::ErrorCode,
        job::{LocalOptions, OwnOptions, ParseOptions},
        result::Phase,
    };

    use super::{super::page_sink::Kept, *};

    fn plan(engine: Engine) -> Plan {
        Plan {
            image_pages: BTreeSet::new(),
            parse_pages: BTreeSet::from([1]),
            image: None,
            engine,
            own: OwnOptions::default(),
            local: LocalOptions::default(),
        }
    }

    #[test]
    fn a_branch_that_is_alone_claims_all_of_the_time() {
        let span = Span { took: Duration::from_secs(8), ..Start::now().span() };
        let pages = Pages { text_time: Duration::from_secs(1), ..Pages::default() };
        let (parse, images) = shared(span, &pages, &plan(Engine::Pdfium));
        assert_eq!((parse.took, images.took), (Duration::from_secs(8), Duration::ZERO));
        let (_, images) = shared(span, &pages, &plan(Engine::None));
        assert_eq!(images.took, Duration::from_secs(8));
        assert_eq!((parse.started_at, parse.finished_at), (span.started_at, span.finished_at));
    }

    #[test]
    fn pages_of_an_engine_that_are_beyond_a_limit_have_failed_and_all_of_them_are_the_branchs_fault() {
        let refused = || Fault::new(ErrorCode::ResourceLimit, Phase::Parse, "too large");
        for fault in [None, Some(refused())] {
            let expected = fault.as_ref().map(|fault| fault.code);
            let output = EngineOutput {
                engine: EngineReport::of(Engine::Docling.as_str()),
                raw: Bytes::new(),
                external_job_id: None,
                cache_hit: None,
                usage: None,
                warnings: Vec::new(),
            };
            let raw = RawAnswer { key: "raw".to_owned(), body: Bytes::new() };
            let parsed = Parsed { output, raw, kept: Kept { failed_pages: vec![1], fault } };
            let conclusion = Walk::new(&ParseOptions::default(), None).conclude();
            let parse = Parse::elsewhere(parsed, conclusion, &mut Pages::default());
            assert_eq!((parse.failed_pages, parse.fault.map(|fault| fault.code)), (vec![1], expected));
        }
    }

    #[test]
    fn each_branch_of_a_local_parse_ends_with_its_own_last_page() {
        let span = Start::now().span();
        let after = |seconds| Some(span.started_at + Duration::from_secs(seconds));
        let (texts_finished_at, images_finished_at) = (after(3), after(5));
        let pages = Pages { texts_finished_at, images_finished_at, ..Pages::default() };
        let (parse, images) = shared(span, &pages, &plan(Engine::Pdfium));
        assert_eq!((Some(parse.finished_at), Some(images.finished_at)), (texts_finished_at, images_finished_at));
        assert_eq!((parse.started_at, images.started_at), (span.started_at, span.started_at));
    }

    #[test]
    fn a_local_parse_without_a_single_page_has_the_fault_of_its_first_page() {
        let options = ParseOptions::default();
        let mut pages = unreadable_pages();
        let parse =
            |pages: &Pages| Parse::here(conclude(Walk::new(&options, None), pages, &plan(Engine::Pdfium)), pages);
        let nothing = parse(&pages);
        assert_eq!(nothing.failed_pages, [1, 2]);
        assert_eq!(nothing.fault.map(|fault| (fault.code, fault.page)), Some((ErrorCode::RendererCrashed, None)));
        pages.texts = 1;
        assert!(parse(&pages).fault.is_none());
    }

    #[test]
    fn a_local_engine_that_reads_no_page_did_not_do_the_work_of_another() {
        let fallback = vec![Engine::Pdfium];
        let options = ParseOptions { engine: Engine::Docling, fallback, ..ParseOptions::default() };
        let concluded = |pages: &Pages| {
            let mut walk = Walk::new(&options, None);
            walk.failed(Fault::new(ErrorCode::ParserRejected, Phase::Parse, "asking"));
            conclude(walk, pages, &plan(Engine::Docling))
        };
        let conclusion = concluded(&unreadable_pages());
        let error = conclusion.fault.expect("no engine parsed").to_job_error(None);
        assert_eq!((error.code.as_str(), conclusion.warnings.len()), ("renderer_crashed", 0));
        assert_eq!(error.details["other_engines"][0]["code"], "parser_rejected");
        assert_eq!(concluded(&Pages { texts: 1, ..unreadable_pages() }).warnings.len(), 1);
    }

    fn unreadable_pages() -> Pages {
        let fault = |page| Fault::new(ErrorCode::RendererCrashed, Phase::Render, "reading").on_page(page);
        Pages { text_faults: vec![fault(1), fault(2)], ..Pages::default() }
    }
}

//! Parse and images at the same time, whichever engine parses.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::Utc;
use quire_schemas::{
    failure::{ErrorCode, WarningCode},
    job::Engine,
    result::{self, BranchName, Phase, Warning},
    state::ExternalParse,
};
use tokio::time::Instant;

use super::{
    Context, Halt, Run,
    carry::Carried,
    pages::{PageJob, Pages, TextUse},
    plan::Plan,
    spool::Spool,
};
use crate::{
    breaker::Trial,
    fail_point,
    job::{Budget, Fault},
    parse::{EngineOutput, ParseRequest, RecordExternal},
    render::OpenedDocument,
    source::Fetched,
    telemetry::Stage,
};

/// Elements beyond this many times the size of a result are no text that anybody wrote.
const SPOOL_PER_RESULT: u64 = 8;

fn new_spool(context: &Context) -> Result<Spool, Fault> {
    Spool::create(&context.fetcher.limits.temp_dir, context.max_result_bytes.saturating_mul(SPOOL_PER_RESULT))
}

/// What the two branches came to.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) pages: Pages,
    pub(super) parse: Parse,
    pub(super) spool: Spool,
    pub(super) parse_time: Duration,
    pub(super) images_time: Duration,
    pub(super) gather_time: Duration,
}

/// What the parse came to.
#[derive(Debug, Default)]
pub(super) struct Parse {
    pub(super) engine: Option<result::Engine>,
    pub(super) fallback_from: Option<Engine>,
    /// Why there is no parse.
    pub(super) fault: Option<Fault>,
    /// What an engine elsewhere gave, without its pages, which are in the spool.
    pub(super) external: Option<EngineOutput>,
}

/// Runs both branches.
///
/// # Errors
/// A fault that no branch can do without: storage, or the temporary folder. A failed parse is
/// part of what is returned.
pub(super) async fn gather(
    context: &Context,
    run: &Run,
    fetched: &Fetched,
    document: &OpenedDocument,
    plan: &Plan,
) -> Result<Gathered, Halt> {
    let started = Instant::now();
    let spool = Arc::new(Mutex::new(new_spool(context)?));
    let text_use = match plan.engine {
        Engine::Pdfium => TextUse::Parse,
        Engine::None => TextUse::Ignore,
        Engine::Llamaparse | Engine::Docling | Engine::Unstructured => TextUse::Count,
    };
    let carried = match text_use {
        TextUse::Parse => Carried::load(context, run, &fetched.sha256, plan, &spool).await?,
        TextUse::Count | TextUse::Ignore => Carried::default(),
    };
    let source_sha256 = &fetched.sha256;
    let page_job = PageJob { context, run, document, plan, source_sha256, text_use, spool: &spool, carried: &carried };
    let images = async {
        let pages = page_job.all().await?;
        Ok::<_, Fault>((pages, started.elapsed()))
    };
    let parse = async {
        // What is dropped here is resumed by its id. The pages come to their own end.
        tokio::select! {
            parsed = parse_elsewhere(context, run, fetched, document, plan) => Some((parsed, started.elapsed())),
            () = run.pause.cancelled() => None,
        }
    };
    // The images' fault ends the run at once; dropping the other branch is safe, because what is
    // paid for is recorded before it is waited for.
    let ((pages, images_time), parsed) = tokio::try_join!(images, async { Ok(parse.await) })?;
    let Some((parsed, parse_time)) = parsed.filter(|_| !pages.unfinished) else {
        carried.save(context, run, source_sha256, &pages, &spool).await?;
        return Err(Halt::Paused);
    };
    let mut gathered = Gathered {
        pages,
        parse: Parse::default(),
        spool: new_spool(context)?,
        parse_time,
        images_time,
        gather_time: started.elapsed(),
    };
    if text_use == TextUse::Count {
        // Only counted, to check the engine's work against: a page that cannot be counted is not
        // a page that the engine failed.
        gathered.pages.text_faults.clear();
    }
    match parsed {
        None => gathered.local(plan),
        Some(Ok(output)) => keep(&spool, &mut gathered, output)?,
        Some(Err(fault)) => fall_back(&page_job, &mut gathered, fault, started).await?,
    }
    if plan.engine != Engine::None {
        context.metrics.stage_took(Stage::Parse, gathered.parse_time);
    }
    let spool = Arc::into_inner(spool).expect("every page task has ended");
    gathered.spool = spool.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(gathered)
}

impl Gathered {
    /// The local parse shares the renderers with the images, so it claims its share of their time
    /// and no saving.
    fn local(&mut self, plan: &Plan) {
        let (text, image) = (self.pages.text_time.as_secs_f64(), self.pages.image_time.as_secs_f64());
        let share = if text + image > 0.0 { text / (text + image) } else { 0.0 };
        let wall = self.gather_time;
        self.parse_time = if plan.image.is_none() { wall } else { wall.mul_f64(share) };
        self.images_time = if plan.engine == Engine::None { wall } else { wall.saturating_sub(self.parse_time) };
        if plan.engine == Engine::Pdfium {
            self.parse.engine = Some(local_engine());
            self.parse.fault = nothing_parsed(&self.pages, plan);
        }
    }
}

fn local_engine() -> result::Engine {
    result::Engine {
        name: Engine::Pdfium.to_string(),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        mode: Some("native_text".to_owned()),
        config_sha256: None,
    }
}

/// If not one page could be read, the first page's fault is the branch's.
fn nothing_parsed(pages: &Pages, plan: &Plan) -> Option<Fault> {
    (pages.texts == 0 && !plan.parse_pages.is_empty() && !pages.text_faults.is_empty())
        .then(|| pages.text_faults[0].of_branch())
}

/// Asks the engine, if it is one that is not in this process. `None`: it is not.
async fn parse_elsewhere(
    context: &Context,
    run: &Run,
    fetched: &Fetched,
    document: &OpenedDocument,
    plan: &Plan,
) -> Option<Result<EngineOutput, Fault>> {
    let engine = match (plan.engine, &context.llamaparse) {
        (Engine::Pdfium | Engine::None, _) => return None,
        (Engine::Llamaparse, Some(engine)) => engine,
        (other, _) => return Some(Err(not_configured(other))),
    };
    let pages: Vec<u32> = plan.parse_pages.iter().copied().collect();
    let filename = run.job.source.filename().unwrap_or_else(|| "document.pdf".to_owned());
    let job_key = format!("{}/{}", run.identity.tenant, run.identity.job_id);
    let request = ParseRequest {
        path: fetched.path(),
        filename: &filename,
        size_bytes: fetched.size_bytes,
        sha256: &fetched.sha256,
        page_sizes: &document.info().page_sizes,
        pages: &pages,
        options: &run.job.parse.options,
        job_key: &job_key,
    };
    let is_of_this = |external: &&ExternalParse| {
        let of_other_bytes = external.source_sha256.as_ref().is_some_and(|sha256| *sha256 != fetched.sha256);
        external.engine == plan.engine && !of_other_bytes
    };
    let resume = run.external.as_ref().filter(is_of_this);
    let trial = match context.llamaparse_breaker.admit() {
        Ok(trial) => trial,
        Err(wait) => return Some(Err(known_to_be_down(plan.engine, wait))),
    };
    let recorder = Recorder { context, run, on_trial: AtomicBool::new(trial.is_alone()) };
    let parsed = engine.parse(request, resume, &recorder, &with_reserve(&run.budget)).await;
    Some(match parsed {
        Ok(output) => {
            trial.succeeded();
            Ok(output)
        }
        Err(fault) => Err(judged(trial, fault)),
    })
}

/// Tells the breaker what a fault says about the engine, and the fault what the breaker knows.
fn judged(trial: Trial, fault: Fault) -> Fault {
    match fault.code {
        _ if fault.is_answer() => trial.succeeded(),
        // Whoever finds out that it is down is spared like those who come after.
        ErrorCode::ParserUnavailable | ErrorCode::ParserAuth => {
            let down = trial.failed();
            return if down { fault.in_outage() } else { fault };
        }
        ErrorCode::ParserRejected | ErrorCode::ParserJobLost | ErrorCode::ParserThrottled => trial.succeeded(),
        // Of this document: says nothing about the engine.
        _ => {}
    }
    fault
}

fn known_to_be_down(engine: Engine, wait: Duration) -> Fault {
    let message = format!("{engine} does not answer anybody; it is not asked for now");
    Fault::new(ErrorCode::ParserUnavailable, Phase::Parse, message).after(Some(wait)).in_outage()
}

/// Keeps some of the job's time from an engine that may hang: for a fallback, and for the images
/// to be committed whatever the engine does.
fn with_reserve(budget: &Budget) -> Budget {
    let left = budget.remaining();
    let reserve = (left / 10).clamp(Duration::from_secs(5), Duration::from_secs(60)).min(left / 2);
    Budget::lasting(left - reserve)
}

fn not_configured(engine: Engine) -> Fault {
    let message = format!("this worker has no key or address for {engine}");
    Fault::new(ErrorCode::ParserNotConfigured, Phase::Parse, message)
}

/// Writes the external id into `state.json`.
struct Recorder<'a> {
    context: &'a Context,
    run: &'a Run,
    /// Until the service is seen at work, if this parse is to find out whether it is there.
    on_trial: AtomicBool,
}

impl RecordExternal for Recorder<'_> {
    async fn record(&self, external: ExternalParse) -> Result<(), Fault> {
        self.run.state.record(self.context, external).await?;
        fail_point::reach("external_recorded");
        Ok(())
    }

    fn is_at_work(&self) {
        // Parses that were under way when it was found to be down say nothing of new ones.
        if self.on_trial.swap(false, Ordering::Relaxed) {
            self.context.llamaparse_breaker.takes_work();
        }
    }
}

fn keep(spool: &Mutex<Spool>, gathered: &mut Gathered, mut output: EngineOutput) -> Result<(), Fault> {
    let mut spool = spool.lock().unwrap_or_else(PoisonError::into_inner);
    for page in std::mem::take(&mut output.pages) {
        gathered.pages.warnings.extend(reconcile(&page, &gathered.pages));
        spool.push(&page)?;
    }
    gathered.pages.warnings.append(&mut output.warnings);
    gathered.parse.engine = Some(output.engine.clone());
    gathered.parse.external = Some(output);
    Ok(())
}

/// Compares what an engine found on a page with what the PDF itself holds.
fn reconcile(page: &crate::parse::ParsedPage, pages: &Pages) -> Option<Warning> {
    const ENOUGH_TO_JUDGE: u32 = 40;
    const LOW_RECALL: f64 = 0.5;
    let number = page.page.page_number;
    let native = *pages.characters.get(&number)?;
    if native < ENOUGH_TO_JUDGE || page.page.status == result::PageStatus::Failed {
        return None;
    }
    let visible = |text: &str| text.chars().filter(|character| !character.is_whitespace()).count();
    let found: usize = page.elements.iter().map(|element| visible(&element.text)).sum();
    let (code, message) = match found {
        0 => (WarningCode::EmptyPage, "the engine found nothing on a page that has text".to_owned()),
        _ if (found as f64) < f64::from(native) * LOW_RECALL => {
            (WarningCode::LowTextRecall, format!("the engine found {found} of {native} characters"))
        }
        _ => return None,
    };
    Some(warning(code, message, Some(number)))
}

fn warning(code: WarningCode, message: String, page_number: Option<u32>) -> Warning {
    Warning {
        code: code.as_str().to_owned(),
        message,
        retryable: None,
        phase: Some(Phase::Parse),
        branch: Some(BranchName::Parse),
        page_number,
        provider: None,
        details: serde_json::Map::new(),
    }
}

/// Tries the engines that the job names as fallback. The local one is the only other engine so
/// far; its pass over the pages is cheap.
async fn fall_back(
    page_job: &PageJob<'_>,
    gathered: &mut Gathered,
    fault: Fault,
    started: Instant,
) -> Result<(), Halt> {
    let plan = page_job.plan;
    let local = page_job.run.job.parse.fallback.contains(&Engine::Pdfium);
    // Somebody who waits for a busy engine on purpose would get less than asked for.
    let may_fall_back = fault.code.as_str().starts_with("parser_");
    if !local || !may_fall_back {
        gathered.parse.fault = Some(fault);
        return Ok(());
    }
    let text_only = Plan {
        image_pages: std::collections::BTreeSet::new(),
        parse_pages: plan.parse_pages.clone(),
        image: None,
        engine: Engine::Pdfium,
    };
    let job = PageJob { plan: &text_only, text_use: TextUse::Parse, ..*page_job };
    let mut texts = job.all().await?;
    if texts.unfinished {
        return Err(Halt::Paused);
    }
    gathered.parse.fault = nothing_parsed(&texts, &text_only);
    gathered.parse.engine = Some(local_engine());
    gathered.parse.fallback_from = Some(plan.engine);
    gathered.pages.texts = texts.texts;
    gathered.pages.text_faults = texts.text_faults;
    gathered.pages.warnings.append(&mut texts.warnings);
    let message = format!("{} failed ({}), pdfium parsed instead", plan.engine, fault.chain());
    gathered.pages.warnings.push(warning(WarningCode::FallbackUsed, message, None));
    gathered.parse_time = started.elapsed();
    gathered.gather_time = started.elapsed();
    Ok(())
}

/// When a branch began and ended, from how long it took.
pub(super) fn times(duration: Duration) -> (chrono::DateTime<Utc>, chrono::DateTime<Utc>) {
    let now = Utc::now();
    (now - duration, now)
}

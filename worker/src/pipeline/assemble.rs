//! Puts the result of a run together out of both branches. Pure: decides, and does no I/O.

use std::{collections::BTreeMap, time::Duration};

use quire_schemas::{
    failure::{Disposition, ErrorCode},
    job::{Branch, Engine, Job},
    result::{
        BranchReport, BranchStatus, Branches, Document, EngineReport, JobError, JobStatus, Page, PageStatus,
        ParseResult, Phase, Provenance, SCHEMA_VERSION, SourceReport, Timings,
    },
};

use super::{
    attachment_list::AttachmentList,
    document_pass::{ParsedDocument, PassOptions},
    engines::Gathered,
    plan::Plan,
    run::{Identity, Run, RunOutput, Terms},
    text_warnings,
};
use crate::{
    job::Fault,
    render::{Cell, DocumentInfo},
    source::Fetched,
};

/// What a result is made of beside the branches.
pub(super) struct Facts<'a> {
    pub(super) run: &'a Run,
    pub(super) fetched: &'a Fetched,
    pub(super) info: &'a DocumentInfo,
    /// The sandbox in which the document was read.
    pub(super) cell: &'a Cell,
    pub(super) attachments: &'a AttachmentList,
    pub(super) plan: &'a Plan,
    pub(super) fetch_time: Duration,
    /// Engines of this worker that read pictures of text.
    pub(super) readers: &'a [Engine],
}

/// Puts a run's result together, but for what the parse says of its pages: they wait in the spool.
pub(super) fn outcome(worker: &str, facts: &Facts<'_>, mut gathered: Gathered, total: Duration) -> RunOutput {
    let run = facts.run;
    let mut result = skeleton(worker, &run.identity, run.terms, Some(&run.job));
    result.source = source(&run.job, Some(facts));
    result.document = Some(document(facts.info, facts.attachments));
    let (parse, parse_fault) = parse_branch(facts, &mut gathered);
    let (images, images_fault) = images_branch(facts, &gathered);
    result.errors = errors(&gathered, parse_fault.as_ref(), images_fault.as_ref());
    let lacks_texts = parse.status == BranchStatus::Failed;
    result.pages = pages(facts, &gathered, lacks_texts);
    result.branches = Branches { parse, images };
    result.timings = timings(facts, &gathered, total);
    let fault = decisive(
        parse_fault.filter(|_| run.requires(Branch::Parse)),
        images_fault.filter(|_| run.requires(Branch::Images)),
    );
    result.status = status(&result.branches, fault.is_some());
    result.page_images = gathered.pages.images;
    result.warnings = gathered.pages.warnings;
    result.warnings.extend(text_warnings::of_cell(facts.cell));
    result.warnings.extend(facts.info.cuts.iter().map(|cut| text_warnings::of_cut(*cut)));
    result.warnings.extend(text_warnings::of_left_out_facts(facts.info.facts_left_out));
    if facts.plan.engine == Engine::Pdfium {
        let (count, stored) = (facts.info.attachment_count, facts.attachments.stored());
        result.warnings.extend(text_warnings::of_attachments(count, facts.info.portfolio, stored));
        result.warnings.extend(facts.attachments.warnings(&facts.info.attachments));
    }
    result.warnings.extend(text_warnings::of_document(&result.warnings, facts.readers));
    result.warnings.sort_by_key(|warning| warning.page_number);
    let options = PassOptions::new(facts.plan.own, facts.plan.local);
    let parsed = ParsedDocument { spool: gathered.spool, natives: gathered.pages.natives, options };
    RunOutput {
        result: Box::new(result),
        parsed: Some(parsed).filter(|parsed| !parsed.spool.is_empty()),
        raw: gathered.parse.raw,
        fault,
    }
}

/// Of two failed branches the one that can never succeed decides: another attempt would be in vain.
fn decisive(parse: Option<Fault>, images: Option<Fault>) -> Option<Fault> {
    let hopeless = |fault: &Fault| !matches!(fault.disposition(), Disposition::Retry | Disposition::Park);
    match (parse, images) {
        (Some(parse), Some(images)) => Some(if hopeless(&images) { images } else { parse }),
        (parse, images) => parse.or(images),
    }
}

/// Lowers a result whose parse found less text than the job asks for.
pub(super) fn make_parse_partial(result: &mut ParseResult) {
    let parse = &mut result.branches.parse;
    if parse.status == BranchStatus::Succeeded {
        parse.status = BranchStatus::PartialSuccess;
    }
    if result.status == JobStatus::Succeeded {
        result.status = JobStatus::PartialSuccess;
    }
}

fn status(branches: &Branches, failed: bool) -> JobStatus {
    let whole = |branch: &BranchReport| matches!(branch.status, BranchStatus::Succeeded | BranchStatus::Skipped);
    match failed {
        true => JobStatus::Failed,
        false if whole(&branches.parse) && whole(&branches.images) => JobStatus::Succeeded,
        false => JobStatus::PartialSuccess,
    }
}

fn skeleton(worker: &str, identity: &Identity, terms: Terms, job: Option<&Job>) -> ParseResult {
    ParseResult {
        schema_version: SCHEMA_VERSION.to_owned(),
        job_id: identity.job_id.to_string(),
        tenant: Some(identity.tenant.to_string()),
        lane: Some(identity.lane.to_string()),
        generation: identity.generation,
        request_sha256: job.map(Job::digest),
        status: JobStatus::Failed,
        created_at: Some(terms.started_at),
        // The commit knows.
        completed_at: None,
        source: SourceReport::default(),
        document: None,
        requested: job.map(Job::to_public_json).unwrap_or_default(),
        branches: Branches {
            parse: BranchReport::of(BranchStatus::Skipped),
            images: BranchReport::of(BranchStatus::Skipped),
        },
        pages: Vec::new(),
        elements: Vec::new(),
        page_images: BTreeMap::new(),
        thumbnails: BTreeMap::new(),
        markdown: None,
        chunks: Vec::new(),
        artifacts: Vec::new(),
        errors: Vec::new(),
        warnings: Vec::new(),
        timings: Timings { queue_wait: terms.queue_wait.map(milliseconds), ..Timings::default() },
        provenance: Provenance {
            worker: worker.to_owned(),
            worker_version: env!("CARGO_PKG_VERSION").to_owned(),
            trace_id: None,
            attempt: Some(identity.attempt),
            delivery: None,
        },
        metadata: job.map(|job| job.metadata.read()).unwrap_or_default(),
    }
}

/// Makes the result of a job that has no output at all.
pub(crate) fn failed_result(
    worker: &str,
    identity: &Identity,
    terms: Terms,
    job: Option<&Job>,
    fault: &Fault,
) -> ParseResult {
    let skeleton = skeleton(worker, identity, terms, job);
    ended_result(ParseResult { status: JobStatus::Failed, ..skeleton }, job, BranchStatus::Failed, fault)
}

/// Makes the result of a cancelled job.
pub(crate) fn cancelled_result(worker: &str, identity: &Identity, terms: Terms, job: Option<&Job>) -> ParseResult {
    let fault = Fault::new(ErrorCode::Cancelled, Phase::Admission, "the job was cancelled");
    let skeleton = skeleton(worker, identity, terms, job);
    ended_result(ParseResult { status: JobStatus::Cancelled, ..skeleton }, job, BranchStatus::Cancelled, &fault)
}

fn ended_result(skeleton: ParseResult, job: Option<&Job>, branch: BranchStatus, fault: &Fault) -> ParseResult {
    let requested = |kind| job.is_some_and(|job| job.requests(kind));
    let of = |kind| BranchReport::of(if requested(kind) { branch.clone() } else { BranchStatus::Skipped });
    let source = job.map(|job| source(job, None)).unwrap_or_default();
    let branches = Branches { parse: of(Branch::Parse), images: of(Branch::Images) };
    ParseResult { source, branches, errors: vec![fault.to_job_error(None)], ..skeleton }
}

fn source(job: &Job, facts: Option<&Facts<'_>>) -> SourceReport {
    SourceReport {
        uri: Some(job.source.display_uri()),
        filename: job.source.filename(),
        media_type: Some("application/pdf".to_owned()),
        size_bytes: facts.map(|facts| facts.fetched.size_bytes),
        sha256: facts.map(|facts| facts.fetched.sha256.to_string()),
        page_count: facts.map(|facts| facts.info.page_count),
    }
}

fn document(info: &DocumentInfo, attachments: &AttachmentList) -> Document {
    let text = |value: &String| serde_json::Value::String(value.clone());
    Document {
        title: info.title.clone(),
        author: info.author.clone(),
        languages: info.language.iter().cloned().collect(),
        pdf_version: info.pdf_version.clone(),
        tagged: Some(info.tagged),
        encrypted: Some(info.encrypted),
        form_type: info.form_type.clone(),
        metadata: info.metadata.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        outline: info.outline.clone(),
        attachments: attachments.name_in(&info.attachments),
        portfolio: info.portfolio.then_some(true),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn parse_branch(facts: &Facts<'_>, gathered: &mut Gathered) -> (BranchReport, Option<Fault>) {
    let plan = facts.plan;
    if plan.engine == Engine::None {
        return (BranchReport::of(BranchStatus::Skipped), None);
    }
    let fault = gathered.parse.fault.take();
    let failed = gathered.parse.failed_pages.clone();
    let total = count(plan.parse_pages.len());
    let status = match (&fault, failed.len()) {
        (Some(_), _) => BranchStatus::Failed,
        (None, 0) => BranchStatus::Succeeded,
        (None, _) => BranchStatus::PartialSuccess,
    };
    let succeeded = if fault.is_some() { 0 } else { total.saturating_sub(count(failed.len())) };
    let external = gathered.parse.external.as_ref();
    let span = gathered.parse_span;
    let branch = BranchReport {
        engine: Some(gathered.parse.engine.clone().unwrap_or_else(|| EngineReport::of(plan.engine.as_str()))),
        attempts: facts.run.identity.attempt,
        started_at: Some(span.started_at),
        finished_at: Some(span.finished_at),
        duration_ms: Some(milliseconds(span.took) as u64),
        pages_total: Some(total),
        pages_succeeded: Some(succeeded),
        pages_failed: failed,
        external_job_id: external.and_then(|output| output.external_job_id.clone()),
        cache_hit: external.and_then(|output| output.cache_hit),
        fallback_from: gathered.parse.fallback_from.map(|engine| engine.to_string()),
        usage: external.and_then(|output| output.usage.clone()),
        error: fault.as_ref().map(|fault| fault.to_job_error(Some(Branch::Parse))),
        ..BranchReport::of(status)
    };
    (branch, fault)
}

fn images_branch(facts: &Facts<'_>, gathered: &Gathered) -> (BranchReport, Option<Fault>) {
    let plan = facts.plan;
    if plan.image.is_none() {
        return (BranchReport::of(BranchStatus::Skipped), None);
    }
    let total = count(plan.image_pages.len());
    let made = count(gathered.pages.images.len());
    let failed: Vec<u32> = gathered.pages.image_faults.iter().filter_map(|fault| fault.page).collect();
    let fault = (made == 0 && total > 0 && !failed.is_empty()).then(|| gathered.pages.image_faults[0].of_branch());
    let status = match (&fault, failed.len()) {
        (Some(_), _) => BranchStatus::Failed,
        (None, 0) => BranchStatus::Succeeded,
        (None, _) => BranchStatus::PartialSuccess,
    };
    let span = gathered.images_span;
    let branch = BranchReport {
        attempts: facts.run.identity.attempt,
        started_at: Some(span.started_at),
        finished_at: Some(span.finished_at),
        duration_ms: Some(milliseconds(span.took) as u64),
        pages_total: Some(total),
        pages_succeeded: Some(made),
        pages_failed: failed,
        cache_hit: (gathered.pages.reused > 0).then_some(true),
        error: fault.as_ref().map(|fault| fault.to_job_error(Some(Branch::Images))),
        ..BranchReport::of(status)
    };
    (branch, fault)
}

fn errors(gathered: &Gathered, parse: Option<&Fault>, images: Option<&Fault>) -> Vec<JobError> {
    let texts =
        parse.into_iter().chain(&gathered.pages.text_faults).map(|fault| fault.to_job_error(Some(Branch::Parse)));
    let drawn =
        images.into_iter().chain(&gathered.pages.image_faults).map(|fault| fault.to_job_error(Some(Branch::Images)));
    texts.chain(drawn).collect()
}

/// Makes a row for every page of the plan without its parse, which the document-level pass adds.
/// `lacks_texts`: the parse has failed as a whole.
fn pages(facts: &Facts<'_>, gathered: &Gathered, lacks_texts: bool) -> Vec<Page> {
    let mut errors = errors_by_page(gathered);
    let page = |number: u32| {
        let size = facts.info.page_sizes.get(number as usize - 1);
        let has_image = gathered.pages.images.contains_key(&number);
        let errors = errors.remove(&number).unwrap_or_default();
        let lacks_text = lacks_texts && facts.plan.parse_pages.contains(&number);
        let has_output = has_image || (!lacks_text && gathered.pages.characters.contains_key(&number));
        Page {
            width: size.map(|size| size.0),
            height: size.map(|size| size.1),
            status: match (errors.is_empty() && !lacks_text, has_output) {
                (true, _) => PageStatus::Succeeded,
                (false, true) => PageStatus::PartialSuccess,
                (false, false) => PageStatus::Failed,
            },
            images: has_image.then(|| number.to_string()).into_iter().collect(),
            errors,
            ..Page::new(number)
        }
    };
    facts.plan.pages().into_iter().map(page).collect()
}

/// Lists the faults of each page, those of its text first.
fn errors_by_page(gathered: &Gathered) -> BTreeMap<u32, Vec<JobError>> {
    let texts = gathered.pages.text_faults.iter().map(|fault| (fault, Branch::Parse));
    let drawn = gathered.pages.image_faults.iter().map(|fault| (fault, Branch::Images));
    let mut errors: BTreeMap<u32, Vec<JobError>> = BTreeMap::new();
    for (fault, branch) in texts.chain(drawn) {
        if let Some(page) = fault.page {
            errors.entry(page).or_default().push(fault.to_job_error(Some(branch)));
        }
    }
    errors
}

fn timings(facts: &Facts<'_>, gathered: &Gathered, total: Duration) -> Timings {
    let parse = (facts.plan.engine != Engine::None).then_some(gathered.parse_span.took);
    let images = facts.plan.image.is_some().then_some(gathered.images_span.took);
    let one_after_the_other = parse.unwrap_or_default() + images.unwrap_or_default();
    Timings {
        queue_wait: facts.run.terms.queue_wait.map(milliseconds),
        fetch: Some(milliseconds(facts.fetch_time)),
        parse: parse.map(milliseconds),
        images: images.map(milliseconds),
        gather: Some(milliseconds(gathered.gather_time)),
        overlap_saved: Some(milliseconds(one_after_the_other.saturating_sub(gathered.gather_time))),
        commit: None,
        total: Some(milliseconds(total)),
    }
}

pub(super) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use std::{fs::File, sync::Arc};

    use chrono::Utc;
    use quire_schemas::{
        failure::WarningCode,
        job::{ImageOptions, JobId, ParseOptions, Source},
        keys::JobKeys,
        names::{Lane, Tenant},
        result::{BranchName, PageImage, Warning},
        sha256::Sha256,
    };

    use super::*;
    use crate::{
        job::Budget,
        parse::local::Placement,
        pipeline::{
            document_pass::NativeText,
            engines::{Parse, Span},
            page::Pages,
            testing::{parsed_page, result_with_every_object, spool},
        },
        render::CellLevel,
    };

    /// A run over a document of three pages, and what both branches gave.
    struct Scene {
        run: Run,
        plan: Plan,
        gathered: Gathered,
    }

    fn span(milliseconds: u64) -> Span {
        let (took, started_at) = (Duration::from_millis(milliseconds), Utc::now());
        Span { started_at, finished_at: started_at + took, took }
    }

    fn scene(job: Job) -> Scene {
        let tenant = Tenant::default();
        let job_id = JobId::generate();
        let keys = JobKeys::new("quire", &tenant, &job_id);
        let identity = Identity { job_id, tenant, lane: Lane::default(), keys, attempt: 2, generation: 1 };
        let terms = Terms { started_at: Utc::now(), queue_wait: None, supersedes_success: false };
        let plan = Plan::new(&job, 3, 1_000_000).expect("three pages");
        let run = Run::first(Arc::new(identity), terms, Arc::new(job), Budget::lasting(Duration::from_secs(1)));
        let gathered = Gathered {
            pages: Pages::default(),
            parse: Parse::default(),
            spool: spool([]),
            parse_span: span(30),
            images_span: span(40),
            gather_time: Duration::from_millis(50),
        };
        Scene { run, plan, gathered }
    }

    fn job(engine: Engine, has_images: bool) -> Job {
        let images =
            has_images.then(|| serde_json::from_str::<ImageOptions>("{}").expect("every option has a default"));
        let parse = ParseOptions { engine, ..ParseOptions::default() };
        Job { parse, images, ..Job::new(Source::Inline { data: String::new(), filename: None }) }
    }

    impl Scene {
        fn with_images(mut self, numbers: &[u32]) -> Self {
            let (result, _) = result_with_every_object("folder/");
            let image = |number: u32| PageImage { page_number: number, ..result.page_images[&1].clone() };
            self.gathered.pages.images = numbers.iter().map(|number| (*number, image(*number))).collect();
            self
        }

        fn outcome(self) -> RunOutput {
            let Self { run, plan, gathered } = self;
            let fetched = Fetched {
                file: Arc::new(File::open("/dev/null").expect("every Linux has it")),
                size_bytes: 9,
                sha256: Sha256::of(b"a.pdf"),
            };
            let page_sizes = vec![(595.0, 842.0); 3];
            let info = DocumentInfo { page_count: 3, page_sizes, ..DocumentInfo::default() };
            let facts = Facts {
                run: &run,
                fetched: &fetched,
                info: &info,
                cell: &Cell { level: CellLevel::Full, missing: Vec::new() },
                attachments: &AttachmentList::default(),
                plan: &plan,
                fetch_time: Duration::ZERO,
                readers: &[Engine::Llamaparse],
            };
            outcome("worker", &facts, gathered, Duration::from_millis(60))
        }
    }

    fn fault(code: ErrorCode, page: u32) -> Fault {
        Fault::new(code, Phase::Render, "it failed").on_page(page)
    }

    #[test]
    fn a_document_whose_pages_are_all_done_succeeds() {
        let mut scene = scene(job(Engine::Pdfium, true)).with_images(&[1, 2, 3]);
        scene.gathered.pages.characters = BTreeMap::from([(1, 9), (2, 9), (3, 9)]);
        scene.gathered.pages.natives = BTreeMap::from([(1, NativeText::Placed(Placement::default()))]);
        scene.gathered.spool = spool([parsed_page(1, &["a"])]);
        let output = scene.outcome();
        assert_eq!(output.result.status, JobStatus::Succeeded);
        assert_eq!(output.result.branches.parse.pages_succeeded, Some(3));
        assert_eq!(output.result.branches.images.pages_succeeded, Some(3));
        assert_eq!(output.result.pages.len(), 3);
        assert_eq!(
            (output.result.pages[0].width, &output.result.pages[2].images),
            (Some(595.0), &vec!["3".to_owned()])
        );
        assert_eq!(output.result.timings.overlap_saved, Some(20.0));
        let parsed = output.parsed.expect("one page is parsed");
        assert_eq!((parsed.natives.len(), parsed.options), (1, PassOptions::default()));
        assert!(output.fault.is_none() && output.raw.is_none());
    }

    #[test]
    fn a_page_that_failed_makes_the_job_a_partial_success_and_is_named_once() {
        let mut scene = scene(job(Engine::Pdfium, true)).with_images(&[1, 3]);
        scene.gathered.pages.image_faults = vec![fault(ErrorCode::RendererTimeout, 2)];
        scene.gathered.pages.text_faults = vec![fault(ErrorCode::RendererTimeout, 2)];
        scene.gathered.parse.failed_pages = vec![2];
        let RunOutput { result, fault, .. } = scene.outcome();
        assert_eq!(result.status, JobStatus::PartialSuccess);
        assert_eq!((result.branches.parse.pages_failed, result.branches.images.pages_failed), (vec![2], vec![2]));
        assert_eq!((result.pages[1].status.clone(), result.pages[1].errors.len()), (PageStatus::Failed, 2));
        let branches: Vec<_> = result.pages[1].errors.iter().map(|error| error.branch.clone()).collect();
        assert_eq!(branches, [Some(BranchName::Parse), Some(BranchName::Images)]);
        assert!(fault.is_none());
    }

    #[test]
    fn pages_that_an_engine_reports_as_failed_are_known_without_the_spool() {
        let mut scene = scene(job(Engine::Llamaparse, false));
        scene.gathered.parse.failed_pages = vec![1, 3];
        let result = scene.outcome().result;
        assert_eq!(result.branches.parse.status, BranchStatus::PartialSuccess);
        assert_eq!((result.branches.parse.pages_failed, result.branches.parse.pages_succeeded), (vec![1, 3], Some(1)));
    }

    #[test]
    fn a_required_branch_without_output_fails_the_job_and_the_hopeless_fault_decides() {
        let mut scene = scene(job(Engine::Llamaparse, true));
        scene.gathered.parse.fault = Some(Fault::new(ErrorCode::ParserUnavailable, Phase::Parse, "it is down"));
        scene.gathered.pages.image_faults = [1, 2, 3].map(|page| fault(ErrorCode::RendererCrashed, page)).into();
        let RunOutput { result, fault, .. } = scene.outcome();
        assert_eq!(result.status, JobStatus::Failed);
        assert_eq!(result.branches.parse.pages_succeeded, Some(0));
        assert_eq!(fault.map(|fault| (fault.code, fault.page)), Some((ErrorCode::RendererCrashed, None)));
    }

    #[test]
    fn a_branch_that_is_off_is_skipped_and_takes_no_time() {
        let result = scene(job(Engine::None, true)).with_images(&[1, 2, 3]).outcome().result;
        assert_eq!(result.status, JobStatus::Succeeded);
        assert_eq!(result.branches.parse.status, BranchStatus::Skipped);
        assert_eq!((result.timings.parse, result.timings.images), (None, Some(40.0)));
    }

    #[test]
    fn a_parse_that_found_too_little_is_partial_and_one_that_failed_stays_failed() {
        let mut result = scene(job(Engine::Pdfium, false)).outcome().result;
        make_parse_partial(&mut result);
        let statuses = (&result.status, &result.branches.parse.status);
        assert_eq!(statuses, (&JobStatus::PartialSuccess, &BranchStatus::PartialSuccess));
        assert!(result.branches.parse.pages_failed.is_empty());
        (result.status, result.branches.parse.status) = (JobStatus::Failed, BranchStatus::Failed);
        make_parse_partial(&mut result);
        assert_eq!((&result.status, &result.branches.parse.status), (&JobStatus::Failed, &BranchStatus::Failed));
    }

    #[test]
    fn warnings_stand_in_page_order_with_those_of_the_document_first() {
        let mut scene = scene(job(Engine::Pdfium, false));
        let of = |page| Warning::of(WarningCode::OcrRequired, "a picture").on_page(page);
        let of_document = Warning::of(WarningCode::FallbackUsed, "pdfium parsed instead");
        scene.gathered.pages.warnings = vec![of(3), of(1), of_document];
        let pages: Vec<_> = scene.outcome().result.warnings.iter().map(|warning| warning.page_number).collect();
        // The second one names the two pages for the whole document.
        assert_eq!(pages, [None, None, Some(1), Some(3)]);
    }

    #[test]
    fn a_job_without_output_says_why_in_every_branch_that_it_asked_for() {
        let Scene { run, .. } = scene(job(Engine::Pdfium, false));
        let fault = Fault::new(ErrorCode::NotAPdf, Phase::Fetch, "it is a picture");
        let failed = failed_result("worker", &run.identity, run.terms, Some(&run.job), &fault);
        assert_eq!((failed.status, failed.errors[0].code.as_str()), (JobStatus::Failed, "not_a_pdf"));
        assert_eq!(failed.branches.parse.status, BranchStatus::Failed);
        assert_eq!(failed.branches.images.status, BranchStatus::Skipped);
        assert_eq!((failed.generation, failed.provenance.attempt), (1, Some(2)));
        let cancelled = cancelled_result("worker", &run.identity, run.terms, None);
        assert_eq!((cancelled.status, cancelled.errors[0].code.as_str()), (JobStatus::Cancelled, "cancelled"));
        assert_eq!(cancelled.branches.parse.status, BranchStatus::Skipped);
    }
}

//! From what the branches came to, to a result. Synchronous; decides, and does no I/O.

use std::{collections::BTreeMap, time::Duration};

use chrono::Utc;
use quire_schemas::{
    failure::{Disposition, ErrorCode},
    job::{Branch as BranchKind, Engine, Job},
    result::{
        self, Branch, BranchStatus, Branches, Document, JobError, JobStatus, Page, PageStatus, ParseResult, Provenance,
        SCHEMA_VERSION, Source, Timings, Unit,
    },
};

use super::{
    Context, Identity, Outcome, Run,
    engines::{self, Gathered},
    plan::Plan,
};
use crate::{job::Fault, render::DocumentInfo, source::Fetched, store::Object};

/// What a result is made of beside the branches.
pub(super) struct Facts<'a> {
    pub(super) run: &'a Run,
    pub(super) fetched: &'a Fetched,
    pub(super) info: &'a DocumentInfo,
    pub(super) plan: &'a Plan,
    pub(super) fetch_time: Duration,
}

/// Puts a run's result together.
pub(super) fn outcome(context: &Context, facts: &Facts<'_>, mut gathered: Gathered, total: Duration) -> Outcome {
    let run = facts.run;
    let mut result = skeleton(&context.worker, &run.identity, Some(&run.job));
    result.source = source(&run.job, Some(facts));
    result.document = Some(document(facts.info));
    let (parse, parse_fault) = parse_branch(facts, &mut gathered);
    let (images, images_fault) = images_branch(facts, &mut gathered);
    result.errors = errors(&gathered, parse_fault.as_ref(), images_fault.as_ref());
    result.pages = pages(facts, &gathered);
    result.branches = Branches { parse, images };
    result.page_images = std::mem::take(&mut gathered.pages.images);
    result.warnings = std::mem::take(&mut gathered.pages.warnings);
    result.warnings.sort_by_key(|warning| warning.page_number);
    result.timings = timings(facts, &gathered, total);
    let fault = decisive(
        parse_fault.filter(|_| run.requires(BranchKind::Parse)),
        images_fault.filter(|_| run.requires(BranchKind::Images)),
    );
    result.status = status(&result.branches, fault.is_some());
    let raw = gathered.parse.external.as_ref().map(|output| {
        Object::new(run.identity.keys.raw_parse(facts.plan.engine), output.raw.clone(), "application/json")
    });
    Outcome {
        result: Box::new(result),
        spool: Some(gathered.spool).filter(|spool| !spool.page_numbers().is_empty()),
        raw,
        fault,
    }
}

/// Of two failed branches the one that will never succeed decides: trying again is then in vain.
fn decisive(parse: Option<Fault>, images: Option<Fault>) -> Option<Fault> {
    let hopeless = |fault: &Fault| !matches!(fault.disposition(), Disposition::Retry | Disposition::Park);
    match (parse, images) {
        (Some(parse), Some(images)) => Some(if hopeless(&images) { images } else { parse }),
        (parse, images) => parse.or(images),
    }
}

fn status(branches: &Branches, failed: bool) -> JobStatus {
    let whole = |branch: &Branch| matches!(branch.status, BranchStatus::Succeeded | BranchStatus::Skipped);
    match failed {
        true => JobStatus::Failed,
        false if whole(&branches.parse) && whole(&branches.images) => JobStatus::Succeeded,
        false => JobStatus::PartialSuccess,
    }
}

fn skeleton(worker: &str, identity: &Identity, job: Option<&Job>) -> ParseResult {
    ParseResult {
        schema_version: SCHEMA_VERSION.to_owned(),
        job_id: identity.job_id.to_string(),
        tenant: Some(identity.tenant.to_string()),
        lane: Some(identity.lane.to_string()),
        generation: identity.generation,
        request_sha256: job.map(Job::digest),
        status: JobStatus::Failed,
        created_at: Some(identity.started_at),
        completed_at: Some(Utc::now()),
        source: Source::default(),
        document: None,
        requested: job.map(Job::to_public_json).unwrap_or_default(),
        branches: Branches { parse: blank_branch(BranchStatus::Skipped), images: blank_branch(BranchStatus::Skipped) },
        pages: Vec::new(),
        elements: Vec::new(),
        page_images: BTreeMap::new(),
        thumbnails: BTreeMap::new(),
        markdown: None,
        chunks: Vec::new(),
        artifacts: Vec::new(),
        errors: Vec::new(),
        warnings: Vec::new(),
        timings: Timings { queue_wait: identity.queue_wait.map(milliseconds), ..Timings::default() },
        provenance: Provenance {
            worker: worker.to_owned(),
            worker_version: env!("CARGO_PKG_VERSION").to_owned(),
            trace_id: None,
            attempt: Some(identity.attempt),
            delivery: None,
        },
        metadata: job.map(|job| job.metadata.clone()).unwrap_or_default(),
    }
}

/// Makes the result of a job that has no output at all.
#[must_use]
pub fn failed_result(worker: &str, identity: &Identity, job: Option<&Job>, fault: &Fault) -> ParseResult {
    ended_result(worker, identity, job, JobStatus::Failed, BranchStatus::Failed, fault)
}

/// Makes the result of a job that somebody stopped.
#[must_use]
pub fn cancelled_result(worker: &str, identity: &Identity, job: Option<&Job>) -> ParseResult {
    let fault = Fault::new(ErrorCode::Cancelled, result::Phase::Admission, "the job was cancelled");
    ended_result(worker, identity, job, JobStatus::Cancelled, BranchStatus::Cancelled, &fault)
}

fn ended_result(
    worker: &str,
    identity: &Identity,
    job: Option<&Job>,
    status: JobStatus,
    branch: BranchStatus,
    fault: &Fault,
) -> ParseResult {
    let requested = |kind| job.is_some_and(|job| job.requests(kind));
    let of = |kind| blank_branch(if requested(kind) { branch.clone() } else { BranchStatus::Skipped });
    let source = job.map(|job| source(job, None)).unwrap_or_default();
    let branches = Branches { parse: of(BranchKind::Parse), images: of(BranchKind::Images) };
    ParseResult { status, source, branches, errors: vec![fault.to_job_error(None)], ..skeleton(worker, identity, job) }
}

fn blank_branch(status: BranchStatus) -> Branch {
    Branch {
        status,
        engine: None,
        attempts: 0,
        started_at: None,
        finished_at: None,
        duration_ms: None,
        pages_total: None,
        pages_succeeded: None,
        pages_failed: Vec::new(),
        external_job_id: None,
        cache_hit: None,
        fallback_from: None,
        usage: None,
        error: None,
    }
}

fn source(job: &Job, facts: Option<&Facts<'_>>) -> Source {
    Source {
        uri: Some(job.source.display_uri()),
        filename: job.source.filename(),
        media_type: Some("application/pdf".to_owned()),
        size_bytes: facts.map(|facts| facts.fetched.size_bytes),
        sha256: facts.map(|facts| facts.fetched.sha256.clone()),
        page_count: facts.map(|facts| facts.info.page_count),
    }
}

fn document(info: &DocumentInfo) -> Document {
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
        attachments: Vec::new(),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn parse_branch(facts: &Facts<'_>, gathered: &mut Gathered) -> (Branch, Option<Fault>) {
    let plan = facts.plan;
    if plan.engine == Engine::None {
        return (blank_branch(BranchStatus::Skipped), None);
    }
    let fault = gathered.parse.fault.take();
    let failed: Vec<u32> = match &gathered.parse.external {
        Some(_) => failed_in_spool(gathered),
        None => gathered.pages.text_faults.iter().filter_map(|fault| fault.page).collect(),
    };
    let total = count(plan.parse_pages.len());
    let status = match (&fault, failed.len()) {
        (Some(_), _) => BranchStatus::Failed,
        (None, 0) => BranchStatus::Succeeded,
        (None, _) => BranchStatus::PartialSuccess,
    };
    let succeeded = if fault.is_some() { 0 } else { total.saturating_sub(count(failed.len())) };
    let external = gathered.parse.external.as_ref();
    let (started_at, finished_at) = engines::times(gathered.parse_time);
    let name =
        |engine: Engine| result::Engine { name: engine.to_string(), version: None, mode: None, config_sha256: None };
    let branch = Branch {
        engine: Some(gathered.parse.engine.clone().unwrap_or_else(|| name(plan.engine))),
        attempts: facts.run.identity.attempt,
        started_at: Some(started_at),
        finished_at: Some(finished_at),
        duration_ms: Some(milliseconds(gathered.parse_time) as u64),
        pages_total: Some(total),
        pages_succeeded: Some(succeeded),
        pages_failed: failed,
        external_job_id: external.and_then(|output| output.external_job_id.clone()),
        cache_hit: external.and_then(|output| output.cache_hit),
        fallback_from: gathered.parse.fallback_from.map(|engine| engine.to_string()),
        usage: external.and_then(|output| output.usage.clone()),
        error: fault.as_ref().map(|fault| fault.to_job_error(Some(BranchKind::Parse))),
        ..blank_branch(status)
    };
    (branch, fault)
}

fn failed_in_spool(gathered: &mut Gathered) -> Vec<u32> {
    let numbers = gathered.spool.page_numbers();
    let failed = |spool: &mut super::Spool, number: u32| matches!(spool.read(number), Ok(Some(page)) if page.page.status == PageStatus::Failed);
    numbers.into_iter().filter(|number| failed(&mut gathered.spool, *number)).collect()
}

fn images_branch(facts: &Facts<'_>, gathered: &mut Gathered) -> (Branch, Option<Fault>) {
    let plan = facts.plan;
    if plan.image.is_none() {
        return (blank_branch(BranchStatus::Skipped), None);
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
    let (started_at, finished_at) = engines::times(gathered.images_time);
    let branch = Branch {
        attempts: facts.run.identity.attempt,
        started_at: Some(started_at),
        finished_at: Some(finished_at),
        duration_ms: Some(milliseconds(gathered.images_time) as u64),
        pages_total: Some(total),
        pages_succeeded: Some(made),
        pages_failed: failed,
        cache_hit: (gathered.pages.reused > 0).then_some(true),
        error: fault.as_ref().map(|fault| fault.to_job_error(Some(BranchKind::Images))),
        ..blank_branch(status)
    };
    (branch, fault)
}

fn errors(gathered: &Gathered, parse: Option<&Fault>, images: Option<&Fault>) -> Vec<JobError> {
    let texts =
        parse.into_iter().chain(&gathered.pages.text_faults).map(|fault| fault.to_job_error(Some(BranchKind::Parse)));
    let drawn = images
        .into_iter()
        .chain(&gathered.pages.image_faults)
        .map(|fault| fault.to_job_error(Some(BranchKind::Images)));
    texts.chain(drawn).collect()
}

/// Lists every page that something was done with. What a parse says of a page comes from the
/// spool when the result is written; here is what is known without it.
fn pages(facts: &Facts<'_>, gathered: &Gathered) -> Vec<Page> {
    let errors_of = |number: u32| -> Vec<JobError> {
        let on = |fault: &&Fault| fault.page == Some(number);
        let texts =
            gathered.pages.text_faults.iter().filter(on).map(|fault| fault.to_job_error(Some(BranchKind::Parse)));
        let drawn =
            gathered.pages.image_faults.iter().filter(on).map(|fault| fault.to_job_error(Some(BranchKind::Images)));
        texts.chain(drawn).collect()
    };
    let page = |number: u32| {
        let size = facts.info.page_sizes.get(number as usize - 1);
        let has_image = gathered.pages.images.contains_key(&number);
        let errors = errors_of(number);
        let something = has_image || gathered.pages.characters.contains_key(&number);
        Page {
            page_number: number,
            page_label: None,
            width: size.map(|size| size.0),
            height: size.map(|size| size.1),
            unit: Unit::Point,
            rotation: None,
            media_box: None,
            crop_box: None,
            status: match (errors.is_empty(), something) {
                (true, _) => PageStatus::Succeeded,
                (false, true) => PageStatus::PartialSuccess,
                (false, false) => PageStatus::Failed,
            },
            text_source: None,
            language: None,
            confidence: None,
            text: None,
            markdown: None,
            images: has_image.then(|| number.to_string()).into_iter().collect(),
            element_ids: Vec::new(),
            errors,
            extra: result::Object::new(),
        }
    };
    facts.plan.pages().into_iter().map(page).collect()
}

fn timings(facts: &Facts<'_>, gathered: &Gathered, total: Duration) -> Timings {
    let parse = (facts.plan.engine != Engine::None).then_some(gathered.parse_time);
    let images = facts.plan.image.is_some().then_some(gathered.images_time);
    let one_after_the_other = parse.unwrap_or_default() + images.unwrap_or_default();
    Timings {
        queue_wait: facts.run.identity.queue_wait.map(milliseconds),
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

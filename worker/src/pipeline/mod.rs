//! One run of a job: fetch, then parse and images at the same time, then assemble; the commit adds the
//! document-level pass. Nothing here talks to the broker; the caller settles the output.

mod assemble;
mod attachment_list;
mod attachments;
mod byte_budget;
mod carry;
mod chunks;
mod commit;
mod committed;
mod context;
pub(crate) mod document_pass;
mod elsewhere;
mod end_summary;
mod engines;
mod escape;
pub(crate) mod existing;
mod fallback;
mod image_place;
mod page;
mod page_sink;
mod pages;
mod plan;
mod reuse;
mod run;
pub(crate) mod spool;
mod state;
mod sweep;
#[cfg(test)]
pub(crate) mod testing;
mod text_warnings;
mod without_parse;
mod write_down;

use std::sync::Arc;

use quire_schemas::{
    failure::ErrorCode,
    job::{Branch, Job},
    result::{Branches, JobError, Phase},
};
use tokio::time::Instant;

pub(crate) use assemble::{cancelled_result, failed_result};
pub(crate) use byte_budget::ByteBudget;
pub(crate) use commit::Committer;
pub(crate) use committed::Committed;
pub(crate) use context::Context;
pub(crate) use reuse::RendererBuild;
pub(crate) use run::{Halt, Identity, Progress, Run, RunOutput, Terms, panicked};
pub(crate) use state::{StateKeeper, stored_state};
pub(crate) use sweep::{Marker, sweep};
pub(crate) use without_parse::WithoutParse;

use self::{attachment_list::AttachmentList, plan::Plan};
use crate::{
    fail_point,
    job::Fault,
    render::OpenedDocument,
    source::{self, Fetched},
    telemetry::Stage,
};

/// Runs a job. May be dropped at any point: the next run finds the objects that are stored by then.
///
/// # Errors
/// [`Halt::Fault`] with what kept the job from having any output; [`RunOutput::fault`] is for jobs
/// that have some. [`Halt::Paused`]: the next run continues from the stored pages.
pub(crate) async fn run(context: &Context, run: &Run) -> Result<RunOutput, Halt> {
    let started = Instant::now();
    run.tell(Phase::Fetch, 0, 0);
    let fetched = run.unless_paused(fetch(context, run)).await??;
    fail_point::reach("fetched");
    let fetch_time = started.elapsed();
    context.metrics.stage_took(Stage::Fetch, fetch_time);
    let (file, password) = (Arc::clone(&fetched.file), run.job.password.clone());
    let opening = context.pool.open_again(file, password, run.identity.lane, run.renderers_lost);
    let document = match run.unless_paused(tokio::time::timeout(run.budget.remaining(), opening)).await? {
        Ok(opened) => opened?,
        Err(_) => return Err(out_of_time().into()),
    };
    let plan = Plan::new(&run.job, document.info().page_count, context.max_page_pixels)?;
    run.tell(Phase::Render, 0, plan.total());
    run.state.enter(&context.store, Phase::Render).await?;
    let work = async {
        let attachments = store_attachments(context, run, &fetched, &document, &plan).await?;
        let gathered = engines::gather(context, run, &fetched, &document, &plan).await?;
        Ok::<_, Halt>((attachments, gathered))
    };
    let (attachments, gathered) = match tokio::time::timeout(run.budget.remaining(), work).await {
        Ok(done) => done?,
        Err(_) => return Err(out_of_time().into()),
    };
    run.tell(Phase::Assemble, plan.total(), plan.total());
    run.state.enter(&context.store, Phase::Assemble).await?;
    let (info, readers) = (document.info(), &context.engines.names());
    let attachments = &attachments;
    let (fetched, cell, plan) = (&fetched, &context.cell, &plan);
    let facts = assemble::Facts { run, fetched, info, cell, attachments, plan, fetch_time, readers };
    let output = assemble::outcome(&context.worker, &facts, gathered, started.elapsed());
    warn_of_optional_faults(&run.job, &output.result.branches);
    Ok(output)
}

/// Stores the files that the document carries, if they are asked for. They come before the pages: a run that is paused
/// among them has no text to carry yet.
async fn store_attachments(
    context: &Context,
    run: &Run,
    fetched: &Fetched,
    document: &OpenedDocument,
    plan: &Plan,
) -> Result<AttachmentList, Halt> {
    if !plan.local.attachments {
        return Ok(AttachmentList::default());
    }
    Ok(run.unless_paused(attachments::store(context, run, document, fetched.sha256)).await??)
}

/// Logs the faults of branches that the job does not require. That of a required one decides about the job, and is
/// logged with what follows from it.
fn warn_of_optional_faults(job: &Job, branches: &Branches) {
    for (kind, branch) in [(Branch::Parse, &branches.parse), (Branch::Images, &branches.images)] {
        let Some(error) = branch.error.as_ref().filter(|_| !job.requires(kind)) else { continue };
        let engine = branch.engine.as_ref().map(|engine| engine.name.as_str());
        let JobError { code, message, .. } = error;
        tracing::warn!(branch = %kind, engine, code, "a branch that is not required failed: {message}");
    }
}

fn out_of_time() -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Render, "the job's time is used up")
}

async fn fetch(context: &Context, run: &Run) -> Result<Fetched, Fault> {
    let Some(path) = &run.local_file else {
        return context.fetcher.fetch(&run.job.source, &run.identity.tenant, &run.budget).await;
    };
    source::open_local_file(path, context.fetcher.limits.max_bytes).await
}

#[cfg(test)]
mod tests {
    use quire_schemas::{
        job::Source,
        result::{self, BranchStatus},
    };

    use super::*;

    #[test]
    fn the_fault_of_a_branch_is_logged_here_only_if_the_job_does_not_require_the_branch() {
        let failed = |code, kind| {
            let error = Fault::new(code, Phase::Parse, "asking").to_job_error(Some(kind));
            result::BranchReport { error: Some(error), ..result::BranchReport::of(BranchStatus::Failed) }
        };
        let parse = failed(ErrorCode::ParserRejected, Branch::Parse);
        let branches = Branches { parse, images: failed(ErrorCode::RendererCrashed, Branch::Images) };
        let job = Job::new(Source::Inline { data: String::new(), filename: None });
        let job = Job { require: Some([Branch::Images].into()), ..job };

        let log = tempfile::NamedTempFile::new().expect("a temporary file");
        let writer = log.reopen().expect("the file is there");
        let writer = move || writer.try_clone().expect("an open file");
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish();
        tracing::subscriber::with_default(subscriber, || warn_of_optional_faults(&job, &branches));

        let text = std::fs::read_to_string(log.path()).expect("the log is text");
        let [line] = text.lines().collect::<Vec<_>>()[..] else { panic!("not one line: {text}") };
        for part in ["WARN", "a branch that is not required failed: asking", "branch=parse", "parser_rejected"] {
            assert!(line.contains(part), "{part} is missing in {line}");
        }
    }
}

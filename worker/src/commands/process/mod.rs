//! `process`: the pipeline with a folder as store and no broker.
#![expect(clippy::print_stdout, reason = "what this command prints is what it is for")]

mod folders;
mod report;
mod summary;

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use chrono::Utc;
use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use quire_producer::{parse_option, password, report::PageImages};
use quire_schemas::{
    job::{Engine, ImageFormat, ImageOptions, Job, JobId, ParseOptions, Password, Source},
    keys::JobKeys,
    names::{Lane, Tenant},
    page_ranges::PageRanges,
};
use serde_json::Value;
use tokio::{task::spawn_blocking, time::Instant};
use tracing::Instrument;

use super::{exit::WrongUsage, services, text::OutputFormat};
use crate::{
    config::Config,
    job::{Budget, Fault},
    lifecycle,
    pipeline::{self, Committed, Committer, Context, Halt, Identity, Run, Terms},
    render,
    store::{DirectoryStore, Store},
    telemetry::Metrics,
};
use summary::{Done, Issues, summary, summary_json};

/// Elements of any document stay in one file.
const MAX_RESULT_BYTES: u64 = 1 << 32;

/// Which files to process, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct ProcessArgs {
    /// PDF files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder for the results: DIR/STEM/result.json, DIR/STEM/pages/0001.png, …
    ///
    /// Each document gets a folder of its own directly below DIR. STEM is the name of the file
    /// without its extension. A second file with the same stem gets STEM-2. Control characters,
    /// backslashes and bytes that are not UTF-8 become `_`. A stem that is no name, such as `..`,
    /// becomes `document`.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Pixels per inch
    #[arg(long, default_value_t = 150, value_parser = clap::value_parser!(u32).range(10..=1200))]
    dpi: u32,
    /// png, webp or jpeg
    #[arg(long, default_value = "png")]
    format: ImageFormat,
    /// Quality of JPEG, 1 to 100
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// No page images
    #[arg(long)]
    no_images: bool,
    /// pdfium, llamaparse or none
    #[arg(long, default_value = "pdfium")]
    engine: Engine,
    /// Pages, such as 1-5,8
    #[arg(long)]
    pages: Option<PageRanges>,
    /// An option of the parse, such as chunks=true; may be repeated
    #[arg(long, value_name = "KEY=JSON", value_parser = parse_option::read)]
    parse_option: Vec<(String, Value)>,
    /// File whose first line is the password of encrypted documents
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Write DIR/STEM/report.html: pages, elements, text and chunks to look at in a browser
    #[arg(long)]
    report: bool,
    /// Put page images of at most 1000 pixels across into the report, which then is one file to send
    #[arg(long, requires = "report")]
    embed: bool,
    /// Count a partial result as failed
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Processes every file and prints a summary. Exits with 1 if a document failed or has not got its report; the error
/// says what keeps all of them from being processed.
pub(crate) async fn run(config: &Config, arguments: ProcessArgs) -> anyhow::Result<ExitCode> {
    check(&arguments)?;
    render::forbid_dumping().context("the memory of this process cannot be closed to other processes")?;
    let password = match arguments.password_file.clone() {
        Some(file) => Some(spawn_blocking(move || password::read(&file)).await??),
        None => None,
    };
    let store = Store::Directory(DirectoryStore::new(arguments.out.clone()));
    let context = Arc::new(services::context(config, store, None, MAX_RESULT_BYTES, Metrics::new()).await?);
    let started = Instant::now();
    let done = process_all(&context, config.job.timeout, &arguments, password.as_ref()).await;
    context.pool.stop();
    let wall = started.elapsed();
    let images = if arguments.embed { PageImages::Embedded } else { PageImages::Linked };
    let has_reports = !arguments.report || report::write_all(&arguments.out, &done, images).await?;
    match OutputFormat::of_flag(arguments.json) {
        OutputFormat::Json => println!("{}", summary_json(&done, wall)),
        OutputFormat::Human => print!("{}", summary(&done, wall)),
    }
    let failed = done.iter().any(|done| done.has_failed(arguments.strict));
    Ok(if failed || !has_reports { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Refuses what a message of the queue could not ask for, before any document.
fn check(arguments: &ProcessArgs) -> Result<(), WrongUsage> {
    parse_option::each_once(&arguments.parse_option).map_err(WrongUsage)?;
    job(arguments, None, Path::new("")).validate().map_err(|error| WrongUsage(error.to_string()))
}

/// Returns what became of each file, in the order of the command line.
async fn process_all(
    context: &Arc<Context>,
    timeout: Duration,
    arguments: &ProcessArgs,
    password: Option<&Password>,
) -> Vec<Done> {
    let bar = progress_bar(arguments.files.len());
    // One more than there are renderers: the next document is read while the last ones finish.
    let at_once = context.pool.renderers() + 1;
    let named = arguments.files.iter().cloned().zip(folders::name_folders(&arguments.files));
    let work = named.enumerate().map(|(index, (file, folder))| {
        let (context, job, bar) = (Arc::clone(context), job(arguments, password.cloned(), &file), bar.clone());
        async move {
            let done = process_one(context, timeout, job, file, folder).await;
            bar.inc(1);
            (index, done)
        }
    });
    // Unordered: a long document must not keep the ones behind it from being begun.
    let mut done: Vec<(usize, Done)> = stream::iter(work).buffer_unordered(at_once).collect().await;
    bar.finish_and_clear();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, done)| done).collect()
}

fn progress_bar(documents: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} documents  {elapsed}").expect("a valid template");
    ProgressBar::new(documents as u64).with_style(style)
}

fn job(arguments: &ProcessArgs, password: Option<Password>, file: &Path) -> Job {
    let images = ImageOptions {
        format: arguments.format,
        dpi: arguments.dpi,
        quality: arguments.quality,
        pages: arguments.pages.clone(),
        max_side_px: None,
    };
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let options = arguments.parse_option.iter().cloned().collect();
    let (engine, pages) = (arguments.engine, arguments.pages.clone());
    Job {
        password,
        parse: ParseOptions { engine, pages, options, ..ParseOptions::default() },
        images: (!arguments.no_images).then_some(images),
        ..Job::new(Source::Inline { data: String::new(), filename: name })
    }
}

async fn process_one(context: Arc<Context>, timeout: Duration, job: Job, file: PathBuf, folder: String) -> Done {
    let started = Instant::now();
    let identity = Arc::new(Identity {
        job_id: JobId::generate(),
        tenant: Tenant::default(),
        lane: Lane::default(),
        keys: JobKeys::in_folder(&folder),
        attempt: 1,
        generation: 0,
    });
    let terms = Terms { started_at: Utc::now(), queue_wait: None, supersedes_success: false };
    let first = Run::first(identity, terms, Arc::new(job), Budget::lasting(timeout));
    let run = Run { local_file: Some(file.clone()), ..first };
    // A task of its own, so that a panic ends one document only.
    let span = tracing::info_span!("document", folder);
    let task = lifecycle::spawn(async move { run_and_commit(&context, &run).await }.instrument(span));
    let (issues, committed) = task.await.unwrap_or_else(|error| (Issues::default(), Err(pipeline::panicked(error))));
    Done { file, folder, seconds: started.elapsed().as_secs_f64(), issues, committed }
}

async fn run_and_commit(context: &Context, run: &Run) -> (Issues, Result<Committed, Fault>) {
    let mut output = match pipeline::run(context, run).await {
        Ok(output) => output,
        Err(Halt::Fault(fault)) => {
            pipeline::failed_result(&context.worker, &run.identity, run.terms, Some(&run.job), &fault).into()
        }
        Err(Halt::Paused) => unreachable!("no part of this command pauses a run"),
    };
    output.result.warnings.splice(0..0, run.job.warnings());
    let (errors, warnings) = (output.result.errors.clone(), output.result.warnings.clone());
    // The commit adds what it notices of the document as a whole.
    match Committer::of(context).commit(&run.identity, run.terms, output).await {
        Ok(committed) => (Issues::of(&committed), Ok(committed)),
        Err(fault) => (Issues { errors, warnings }, Err(fault)),
    }
}

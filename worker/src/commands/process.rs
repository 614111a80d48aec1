//! `process`: the same pipeline with a folder as store and no broker.
#![expect(clippy::print_stdout, reason = "what this command prints is what it is for")]

use std::{
    collections::BTreeSet,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail};
use chrono::Utc;
use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use quire_schemas::{
    job::{Engine, ImageFormat, ImageOptions, Job, JobId, ParseOptions, Password, Source},
    keys::JobKeys,
    names::{Lane, Tenant},
    page_ranges::PageRanges,
    result::JobStatus,
};
use serde_json::json;
use tokio::time::Instant;

use super::{
    output::{OutputFormat, table},
    services,
};
use crate::{
    config::Config,
    job::{Budget, Fault},
    lifecycle,
    pipeline::{self, Committed, Context, Halt, Identity, Run},
    store::{DirectoryStore, Store},
    telemetry::Metrics,
};

/// Elements stay in one file, however many there are.
const MOST_BYTES: u64 = 1 << 32;

/// What to do with which files.
#[derive(Debug, clap::Args)]
pub struct ProcessArgs {
    /// PDF files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Folder for the results: OUT/STEM/result.json, OUT/STEM/pages/0001.png, …
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Pixels per inch
    #[arg(long, default_value_t = 150, value_parser = clap::value_parser!(u32).range(10..=1200))]
    pub dpi: u32,
    /// png, webp or jpeg
    #[arg(long, default_value = "png")]
    pub format: ImageFormat,
    /// Quality of JPEG, 1 to 100
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub quality: Option<u8>,
    /// No page images
    #[arg(long)]
    pub no_images: bool,
    /// pdfium, llamaparse or none
    #[arg(long, default_value = "pdfium")]
    pub engine: Engine,
    /// Pages, such as 1-5,8
    #[arg(long)]
    pub pages: Option<PageRanges>,
    /// File whose first line opens encrypted documents
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Also print what went wrong with each document and page
    #[arg(long)]
    pub report: bool,
    /// Count a partial result as failed
    #[arg(long)]
    pub strict: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

struct Done {
    file: PathBuf,
    folder: String,
    seconds: f64,
    end: Result<Committed, Fault>,
}

/// Processes every file and prints a summary.
///
/// # Errors
/// What keeps all of them from being processed.
pub async fn run(config: Config, arguments: ProcessArgs) -> anyhow::Result<ExitCode> {
    let password = arguments.password_file.as_deref().map(read_password).transpose()?;
    let store = Store::Directory(DirectoryStore::new(arguments.out.clone()));
    let context = Arc::new(services::context(&config, store, None, MOST_BYTES, Metrics::new()).await?);
    let bar = progress_bar(arguments.files.len());
    let started = Instant::now();
    // One more than there are renderers: the next document is read while the last ones finish.
    let at_once = context.pool.renderers() + 1;
    let named = name_folders(&arguments.files);
    let mut work = stream::iter(named.into_iter().enumerate())
        .map(|(index, (file, folder))| {
            let job = job(&arguments, password.clone(), &file);
            let one = process_one(Arc::clone(&context), config.job.timeout, job, file, folder);
            let bar = bar.clone();
            async move {
                let done = one.await;
                bar.inc(1);
                (index, done)
            }
        })
        .buffer_unordered(at_once);
    let mut finished = Vec::new();
    while let Some(one) = work.next().await {
        finished.push(one);
    }
    finished.sort_by_key(|(index, _)| *index);
    bar.finish_and_clear();
    let done: Vec<Done> = finished.into_iter().map(|(_, done)| done).collect();
    drop(work);
    context.pool.stop();
    let wall = started.elapsed();
    match OutputFormat::of_flag(arguments.json) {
        OutputFormat::Json => println!("{}", summary_json(&done, wall)),
        OutputFormat::Human => print!("{}", summary(&done, wall, arguments.report)),
    }
    let failed = done.iter().any(|done| has_failed(&done.end, arguments.strict));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read_password(path: &Path) -> anyhow::Result<Password> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Password::new(line)),
        _ => bail!("{} has no password in its first line", path.display()),
    }
}

fn progress_bar(documents: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} documents  {elapsed}").expect("a valid template");
    ProgressBar::new(documents as u64).with_style(style)
}

/// Gives every file a folder of its own: its stem, numbered if two files share it.
fn name_folders(files: &[PathBuf]) -> Vec<(PathBuf, String)> {
    let mut taken = BTreeSet::new();
    let name = |file: &PathBuf| {
        let stem = file.file_stem().map_or_else(|| "document".to_owned(), |stem| stem.to_string_lossy().into_owned());
        let names = std::iter::once(stem.clone()).chain((2..).map(|number| format!("{stem}-{number}")));
        let folder = names.into_iter().find(|name| taken.insert(name.clone())).expect("there is always another number");
        (file.clone(), folder)
    };
    files.iter().map(name).collect()
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
    Job {
        password,
        parse: ParseOptions { engine: arguments.engine, pages: arguments.pages.clone(), ..ParseOptions::default() },
        images: (!arguments.no_images).then_some(images),
        ..Job::new(Source::Inline { data: String::new(), filename: name })
    }
}

async fn process_one(context: Arc<Context>, timeout: Duration, job: Job, file: PathBuf, folder: String) -> Done {
    let started = Instant::now();
    let identity = Identity {
        job_id: JobId::generate(),
        tenant: Tenant::default(),
        lane: Lane::default(),
        attempt: 1,
        generation: 0,
        begun: true,
        supersedes_success: false,
        keys: JobKeys::in_folder(&folder),
        started_at: Utc::now(),
        queue_wait: None,
    };
    let first = Run::first(identity.clone(), job.clone(), Budget::lasting(timeout));
    let run = Run { local_file: Some(file.clone()), ..first };
    let task = lifecycle::spawn(async move {
        match pipeline::run(&context, &run).await {
            Ok(outcome) => pipeline::commit(&context, &identity, outcome).await,
            Err(Halt::Fault(fault)) => {
                let result = pipeline::failed_result(&context.worker, &identity, Some(&job), &fault);
                pipeline::commit(&context, &identity, result.into()).await
            }
            Err(Halt::Paused) => unreachable!("nobody tells it to pause"),
        }
    });
    let end = task.await.unwrap_or_else(|error| {
        let code = quire_schemas::failure::ErrorCode::Internal;
        Err(Fault::new(code, quire_schemas::result::Phase::Render, "the document met a defect").because(error))
    });
    Done { file, folder, seconds: started.elapsed().as_secs_f64(), end }
}

fn has_failed(end: &Result<Committed, Fault>, strict: bool) -> bool {
    match end {
        Ok(committed) => match committed.status {
            JobStatus::Succeeded => false,
            JobStatus::PartialSuccess => strict,
            _ => true,
        },
        Err(_) => true,
    }
}

fn status(done: &Done) -> String {
    match &done.end {
        Ok(committed) => match &committed.code {
            Some(code) if committed.status != JobStatus::Succeeded => format!("{} ({code})", committed.status),
            _ => committed.status.to_string(),
        },
        Err(fault) => format!("failed ({})", fault.code),
    }
}

fn pages(done: &Done) -> usize {
    done.end.as_ref().map_or(0, |committed| committed.pages)
}

fn summary(done: &[Done], wall: Duration, report: bool) -> String {
    let head = ["document", "status", "pages", "elements", "images", "seconds"].map(str::to_owned);
    let rows = done.iter().map(|one| {
        let (elements, images) = one.end.as_ref().map_or((0, 0), |committed| (committed.elements, committed.images));
        [
            one.file.display().to_string(),
            status(one),
            pages(one).to_string(),
            elements.to_string(),
            images.to_string(),
            format!("{:.2}", one.seconds),
        ]
    });
    let mut text = table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    if report {
        for one in done {
            if let Err(fault) = &one.end {
                text.push_str(&format!("{}: {}\n", one.file.display(), fault.chain()));
            }
            if let Ok(committed) = &one.end {
                text.push_str(&format!("{}: {}\n", one.file.display(), committed.uri));
            }
        }
    }
    let total: usize = done.iter().map(pages).sum();
    let seconds = wall.as_secs_f64();
    let rate = total as f64 / seconds.max(0.001);
    text.push_str(&format!("{} documents, {total} pages, {seconds:.2} s, {rate:.1} pages/s\n", done.len()));
    text
}

fn summary_json(done: &[Done], wall: Duration) -> serde_json::Value {
    let document = |one: &Done| {
        json!({
            "file": one.file.display().to_string(),
            "folder": one.folder,
            "status": one.end.as_ref().map_or("failed", |committed| committed.status.as_str()),
            "code": one.end.as_ref().map_or_else(|fault| Some(fault.code.as_str().to_owned()), |committed| committed.code.clone()),
            "pages": pages(one),
            "elements": one.end.as_ref().map_or(0, |committed| committed.elements),
            "images": one.end.as_ref().map_or(0, |committed| committed.images),
            "seconds": one.seconds,
        })
    };
    let total: usize = done.iter().map(pages).sum();
    let seconds = wall.as_secs_f64();
    json!({
        "documents": done.iter().map(document).collect::<Vec<_>>(),
        "pages": total,
        "seconds": seconds,
        "pages_per_second": total as f64 / seconds.max(0.001),
    })
}

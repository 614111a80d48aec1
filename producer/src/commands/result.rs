//! `quire result`: prints the result of a job, or downloads it with everything it names.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::Args;
use quire_schemas::{
    job::JobId,
    names::Tenant,
    result::{JobError, ParseResult, Warning},
};
use tokio::task::spawn_blocking;

use super::{
    endpoints::Endpoints,
    ends::to_json,
    exit::{FAILED, UNFINISHED},
    text::{note, one_line, or_unknown, say, table},
};
use crate::{
    dead::{self, Burial},
    download::Downloader,
    report::{self, PageImages},
    storage::{Storage, StoredResult},
    summary::{JobEnd, Summary},
};

#[derive(Debug, Args)]
pub(crate) struct ResultArgs {
    /// The job
    job: JobId,
    /// The job's tenant
    #[arg(long, default_value = "default")]
    tenant: Tenant,
    /// Download the result and everything it names into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write DIR/report.html: pages, elements, text and chunks to look at in a browser
    #[arg(long, requires = "out")]
    report: bool,
    /// Put page images of at most 1000 pixels across into the report, which then is one file to send
    #[arg(long, requires = "report")]
    embed: bool,
    /// Print result.json as it is stored
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(endpoints: &Endpoints, arguments: &ResultArgs) -> anyhow::Result<ExitCode> {
    let storage = endpoints.storage().await?;
    if let Some(stored) = storage.result(&arguments.tenant, &arguments.job).await? {
        return show(&storage, arguments, &stored).await;
    }
    let letter = letter_of(endpoints, arguments.job).await.unwrap_or_else(|error| {
        note(&format!("cannot look for a dead letter: {error:#}"));
        None
    });
    // Again, because a worker that buries a job writes the letter before the result.
    if let Some(stored) = storage.result(&arguments.tenant, &arguments.job).await? {
        return show(&storage, arguments, &stored).await;
    }
    show_missing(arguments, letter)
}

async fn show(storage: &Storage, arguments: &ResultArgs, stored: &StoredResult) -> anyhow::Result<ExitCode> {
    if let Some(directory) = &arguments.out {
        save(storage, arguments, stored, directory).await?;
        if arguments.report {
            write_report(arguments, &stored.result, directory).await?;
        }
    }
    if arguments.json {
        say(str::from_utf8(&stored.bytes).context("the result is not text")?)?;
    } else {
        let summary = Summary::of(&stored.result, &stored.uri);
        say(&table(["job", stored.result.job_id.as_str()], &describe(stored, &summary)))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn save(
    storage: &Storage,
    arguments: &ResultArgs,
    stored: &StoredResult,
    directory: &Path,
) -> anyhow::Result<()> {
    let keys = storage.keys(&arguments.tenant, &arguments.job);
    let downloader = Downloader { storage, job_folder: keys.folder(), directory };
    downloader.check_directory()?;
    let count = downloader.objects(&stored.result).await?;
    downloader.result(&stored.bytes).await?;
    note(&format!("{} has result.json and {count} objects that it names", directory.display()));
    Ok(())
}

/// Writes the report beside what was downloaded.
async fn write_report(arguments: &ResultArgs, result: &ParseResult, directory: &Path) -> anyhow::Result<()> {
    let images = if arguments.embed { PageImages::Embedded } else { PageImages::Linked };
    let (folder, title) = (directory.to_owned(), title_of(result));
    let written = spawn_blocking(move || report::write(&folder, &title, images)).await??;
    note(&format!("{} shows the result in a browser", written.display()));
    Ok(())
}

/// Returns what a person calls the document: its file name, else its title, else the job.
fn title_of(result: &ParseResult) -> String {
    let source = &result.source;
    // An upload is named by its digest, which nobody knows the document by.
    let is_digest = |name: &str| source.sha256.as_deref().is_some_and(|digest| name.starts_with(digest));
    let file_name = source.filename.clone().filter(|name| !name.is_empty() && !is_digest(name));
    let title = || result.document.as_ref().and_then(|document| document.title.clone());
    file_name.or_else(title).unwrap_or_else(|| result.job_id.clone())
}

fn describe(stored: &StoredResult, summary: &Summary) -> Vec<[String; 2]> {
    let seconds = |seconds: Option<f64>| or_unknown(seconds.map(|seconds| format!("{seconds:.2} s")));
    let result = &stored.result;
    let mut rows = vec![
        ["status".to_owned(), summary.status.to_string()],
        ["source".to_owned(), or_unknown(result.source.uri.as_deref())],
        ["pages".to_owned(), summary.pages.to_string()],
        ["elements".to_owned(), summary.elements.to_string()],
        ["page images".to_owned(), summary.images.to_string()],
        ["parse".to_owned(), format!("{}, {}", result.branches.parse.status, seconds(summary.parse_seconds))],
        ["images".to_owned(), format!("{}, {}", result.branches.images.status, seconds(summary.images_seconds))],
        ["saved by overlap".to_owned(), seconds(summary.saved_seconds)],
        ["errors".to_owned(), summary.errors.to_string()],
        ["warnings".to_owned(), summary.warnings.to_string()],
        ["worker".to_owned(), format!("{} {}", result.provenance.worker, result.provenance.worker_version)],
        ["result".to_owned(), summary.result_uri.clone()],
    ];
    rows.extend(result.errors.iter().map(error_row));
    rows.extend(result.warnings.iter().map(warning_row));
    rows
}

fn error_row(error: &JobError) -> [String; 2] {
    [format!("error {}", error.code), one_line(&format!("{}{}", on_page(error.page_number), error.message))]
}

fn warning_row(warning: &Warning) -> [String; 2] {
    [format!("warning {}", warning.code), one_line(&format!("{}{}", on_page(warning.page_number), warning.message))]
}

fn on_page(page: Option<u32>) -> String {
    page.map(|page| format!("page {page}: ")).unwrap_or_default()
}

/// Looks for a letter of the job, whenever it was published.
async fn letter_of(endpoints: &Endpoints, job: JobId) -> anyhow::Result<Option<Burial>> {
    if !endpoints.knows_broker() {
        return Ok(None);
    }
    let publisher = endpoints.publisher()?;
    let ever = HashMap::from([(job, DateTime::<Utc>::MIN_UTC)]);
    let found = dead::find(&publisher, &ever).await;
    publisher.close().await;
    Ok(found?.remove(&job))
}

fn show_missing(arguments: &ResultArgs, letter: Option<Burial>) -> anyhow::Result<ExitCode> {
    let job = &arguments.job;
    let Some(letter) = letter else {
        note(&format!(
            "job {job} has no result: it has not ended, or belongs to another tenant than {}",
            arguments.tenant
        ));
        return Ok(ExitCode::from(UNFINISHED));
    };
    note(&format!("job {job} is dead: {}", one_line(&letter.to_string())));
    if arguments.json {
        say(&to_json(job, &JobEnd::Dead(letter)).to_string())?;
    }
    Ok(ExitCode::from(FAILED))
}

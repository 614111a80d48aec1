//! `quire result`: the result of a job, and everything it names.

use std::{collections::HashMap, path::Path, process::ExitCode};

use anyhow::Context;
use chrono::{DateTime, Utc};
use quire_schemas::job::JobId;

use super::{
    Storage, StoredResult,
    dead::{self, DeadLetter},
    download, note, or_unknown, say,
    summary::{End, Summary},
    table,
};
use crate::cli::{Endpoints, FAILED, ResultArgs, UNFINISHED};

pub(crate) async fn run(endpoints: &Endpoints, arguments: &ResultArgs) -> anyhow::Result<ExitCode> {
    let storage = endpoints.storage().await?;
    if let Some(stored) = storage.result(&arguments.tenant, &arguments.job).await? {
        return show(&storage, arguments, &stored).await;
    }
    let letter = letter_of(endpoints, arguments.job).await.unwrap_or_else(|error| {
        note(&format!("the dead queue is not known: {error:#}"));
        None
    });
    // Asked again: a worker that buries a job writes its letter first, and the result after it.
    if let Some(stored) = storage.result(&arguments.tenant, &arguments.job).await? {
        return show(&storage, arguments, &stored).await;
    }
    show_missing(arguments, letter)
}

async fn show(storage: &Storage, arguments: &ResultArgs, stored: &StoredResult) -> anyhow::Result<ExitCode> {
    if let Some(directory) = &arguments.out {
        save(storage, arguments, stored, directory).await?;
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
    download::check_directory(directory)?;
    let keys = storage.keys(&arguments.tenant, &arguments.job);
    let count = download::objects(storage, keys.folder(), &stored.result, directory).await?;
    download::result(&stored.bytes, directory).await?;
    note(&format!("{} has result.json and {count} objects that it names", directory.display()));
    Ok(())
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
        ["worker".to_owned(), format!("{} {}", result.provenance.worker, result.provenance.worker_version)],
        ["result".to_owned(), summary.result_uri.clone()],
    ];
    rows.extend(result.errors.iter().map(|error| {
        let page = error.page_number.map(|page| format!("page {page}: ")).unwrap_or_default();
        [format!("error {}", error.code), format!("{page}{}", error.message)]
    }));
    rows.extend(result.warnings.iter().map(|warning| {
        let page = warning.page_number.map(|page| format!("page {page}: ")).unwrap_or_default();
        [format!("warning {}", warning.code), format!("{page}{}", warning.message)]
    }));
    rows
}

/// Looks for the job in the dead queue, whenever it was published.
async fn letter_of(endpoints: &Endpoints, job: JobId) -> anyhow::Result<Option<DeadLetter>> {
    if !endpoints.knows_broker() {
        return Ok(None);
    }
    let publisher = endpoints.publisher()?;
    let ever = HashMap::from([(job, DateTime::<Utc>::MIN_UTC)]);
    let found = dead::find(&publisher, &ever).await;
    publisher.close().await;
    Ok(found?.remove(&job))
}

fn show_missing(arguments: &ResultArgs, letter: Option<DeadLetter>) -> anyhow::Result<ExitCode> {
    let job = &arguments.job;
    let Some(letter) = letter else {
        note(&format!("job {job} has no result: it has not ended, or is not a job of tenant {}", arguments.tenant));
        return Ok(ExitCode::from(UNFINISHED));
    };
    note(&format!("job {job} is dead: {}", letter.explain()));
    if arguments.json {
        say(&End::Dead(letter).to_json(job).to_string())?;
    }
    Ok(ExitCode::from(FAILED))
}

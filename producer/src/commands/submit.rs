//! `quire submit`: uploads what is local, publishes, and waits if asked to.

use std::{
    cell::Cell, collections::HashMap, future::ready, io, path::PathBuf, pin::pin, process::ExitCode, time::Duration,
};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, value_parser};
use futures_util::StreamExt;
use quire_schemas::{
    job::{Engine, ImageFormat, ImageOptions, Job, JobId, ParseOptions, Password, Source},
    names::{Lane, Tenant},
    page_ranges::PageRanges,
    result::JsonObject,
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{
    endpoints::{Endpoints, read_password},
    ends::say_ends,
    exit::{FAILED, WrongUsage, exit_code},
    progress::Bars,
    source::{self, DocumentArgument},
    text::{Unwritten, note, say},
};
use crate::{
    Quire, Submission, parse_option,
    storage::Storage,
    summary::{Completeness, JobEnd},
    upload::upload,
    wait::Waiting,
};

/// Uploads are held in memory whole.
const AT_ONCE: usize = 8;

#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    /// A local file (uploaded first), s3://bucket/key, https://…, or - for one source per line on stdin
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<String>,
    /// File with the password of encrypted documents: its whole first line
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// What parses: pdfium, llamaparse or none
    #[arg(long, default_value = "pdfium")]
    engine: Engine,
    /// Pixels per inch of page images, 10 to 1200
    #[arg(long, default_value_t = 150, value_parser = value_parser!(u32).range(10..=1200))]
    dpi: u32,
    /// Format of page images: png, webp or jpeg
    #[arg(long, default_value = "png")]
    format: ImageFormat,
    /// Quality of jpeg page images, 1 to 100 [default: 85]
    #[arg(long, value_parser = value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// Pages to parse and to draw, such as 1-5,8,12- [default: all]
    #[arg(long)]
    pages: Option<PageRanges>,
    /// An option of the parse, such as chunks=true; may be repeated
    #[arg(long, value_name = "KEY=JSON", value_parser = parse_option::read)]
    parse_option: Vec<(String, Value)>,
    /// Do not draw pages
    #[arg(long)]
    no_images: bool,
    /// The lane: high, normal or bulk
    #[arg(long, default_value = "normal")]
    lane: Lane,
    /// The tenant of the jobs
    #[arg(long, default_value = "default")]
    tenant: Tenant,
    /// How long from now the result is of use, such as 30m
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    deadline: Option<Duration>,
    /// Passed through to the result as a text; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = metadata_entry)]
    meta: Vec<(String, String)>,
    /// Wait until every job has ended, and show how
    #[arg(long)]
    wait: bool,
    /// Fail if a result is only partial
    #[arg(long, requires = "wait")]
    strict: bool,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
    /// The job's id, for one source: a job that is published twice under one id is done once
    #[arg(long, value_name = "UUID")]
    id: Option<JobId>,
}

pub(crate) async fn run(endpoints: &Endpoints, arguments: &SubmitArgs) -> anyhow::Result<ExitCode> {
    if arguments.id.is_some() && !is_one_document(&arguments.sources) {
        return Err(WrongUsage("--id names one job: give one source".into()).into());
    }
    check_options(arguments)?;
    let quire = Quire::with_publisher(endpoints.publisher()?);
    // A broker that is out of reach is told once, here, instead of once per source after a long time each.
    quire.publisher().connection().await?;
    let waiting = match arguments.wait {
        true => {
            let (storage, publisher) = (endpoints.storage().await?, endpoints.publisher()?);
            Some(Waiting::subscribe(storage, publisher, &arguments.tenant, Utc::now()).await?)
        }
        false => None,
    };
    let batch = Batch::new(endpoints, arguments, quire.clone()).await?;
    let submitted = batch.submit_all().await?;
    quire.publisher().close().await;
    let waited = match waiting {
        Some(waiting) => show_ends(arguments, &submitted.jobs, waiting).await?,
        None => None,
    };
    Ok(ExitCode::from(submitted.failure.or(waited).unwrap_or(0)))
}

/// Refuses options that a worker would refuse, before anything is uploaded.
fn check_options(arguments: &SubmitArgs) -> Result<(), WrongUsage> {
    let told = |error: String| WrongUsage(error.into());
    parse_option::each_once(&arguments.parse_option).map_err(told)?;
    let parse = parse_options(arguments);
    let read = parse.own().and_then(|_| parse.local());
    read.map(drop).map_err(|error| told(error.to_string()))
}

fn parse_options(arguments: &SubmitArgs) -> ParseOptions {
    let options = arguments.parse_option.iter().cloned().collect();
    ParseOptions { engine: arguments.engine, pages: arguments.pages.clone(), options, ..ParseOptions::default() }
}

fn is_one_document(sources: &[String]) -> bool {
    matches!(sources, [source] if source != "-")
}

/// What the submissions of one command share.
struct Batch<'a> {
    endpoints: &'a Endpoints,
    arguments: &'a SubmitArgs,
    quire: Quire,
    /// Made for the first local file: publishing remote documents needs no bucket.
    storage: OnceCell<Storage>,
    password: Option<Password>,
    deadline: Option<DateTime<Utc>>,
}

struct Submitted {
    jobs: Vec<JobId>,
    /// Exit code of the first source that failed.
    failure: Option<u8>,
}

impl<'a> Batch<'a> {
    async fn new(endpoints: &'a Endpoints, arguments: &'a SubmitArgs, quire: Quire) -> anyhow::Result<Self> {
        let password = read_password(arguments.password_file.as_deref()).await?;
        let deadline = arguments.deadline.map(|wanted_for| deadline(Utc::now(), wanted_for)).transpose()?;
        Ok(Self { endpoints, arguments, quire, storage: OnceCell::new(), password, deadline })
    }

    async fn submit_all(&self) -> anyhow::Result<Submitted> {
        let failure: Cell<Option<u8>> = Cell::new(None);
        // An outage for one source is an outage for the next one. Sources under way are still waited for,
        // because their jobs may have been published.
        let goes_on = |_: &io::Result<String>| ready(failure.get().is_none_or(|code| code == FAILED));
        let mut outcomes = pin!(
            source::feed(self.arguments.sources.clone())
                .take_while(goes_on)
                .map(|source| self.submit(source))
                .buffer_unordered(AT_ONCE)
        );
        let mut jobs = Vec::new();
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Ok((job, shown)) => {
                    self.announce(&job, &shown)?;
                    jobs.push(job);
                }
                Err(error) => {
                    note(&format!("{error:#}"));
                    failure.set(failure.get().or_else(|| Some(exit_code(&error))));
                }
            }
        }
        Ok(Submitted { jobs, failure: failure.get() })
    }

    /// Returns the job, and the name of its source without secrets.
    async fn submit(&self, source: io::Result<String>) -> anyhow::Result<(JobId, String)> {
        let document = DocumentArgument::parse(&source.context("cannot read standard input")?)?;
        let shown = document.display();
        let job = self.submit_document(document).await.with_context(|| shown.clone())?;
        Ok((job, shown))
    }

    async fn submit_document(&self, document: DocumentArgument) -> anyhow::Result<JobId> {
        let source = match document {
            DocumentArgument::Remote(source) => source,
            DocumentArgument::Local(path) => {
                let storage = self.storage.get_or_try_init(|| self.endpoints.storage()).await?;
                upload(storage, &self.arguments.tenant, &path).await?
            }
        };
        let submission = Submission {
            job: self.job(source),
            lane: self.arguments.lane,
            tenant: self.arguments.tenant.clone(),
            reply_to: None,
            correlation_id: None,
        };
        Ok(self.quire.submit(&submission).await?)
    }

    fn job(&self, source: Source) -> Job {
        let SubmitArgs { dpi, format, quality, pages, .. } = self.arguments;
        let images =
            ImageOptions { format: *format, dpi: *dpi, quality: *quality, pages: pages.clone(), max_side_px: None };
        Job {
            job_id: self.arguments.id,
            password: self.password.clone(),
            parse: parse_options(self.arguments),
            images: (!self.arguments.no_images).then_some(images),
            deadline: self.deadline,
            metadata: metadata(&self.arguments.meta).into(),
            ..Job::new(source)
        }
    }

    fn announce(&self, job: &JobId, shown: &str) -> Result<(), Unwritten> {
        if self.arguments.json {
            return say(&json!({ "event": "submitted", "job_id": job, "source": shown }).to_string());
        }
        say(&format!("{job}\t{shown}"))
    }
}

fn metadata_entry(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected key=value".to_owned()),
    }
}

fn deadline(now: DateTime<Utc>, wanted_for: Duration) -> anyhow::Result<DateTime<Utc>> {
    let wanted_for = TimeDelta::from_std(wanted_for).ok();
    wanted_for.and_then(|wanted_for| now.checked_add_signed(wanted_for)).context("the deadline is too far away")
}

fn metadata(entries: &[(String, String)]) -> JsonObject {
    entries.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect()
}

/// Waits for the jobs and prints how they ended; returns the exit code if they did not end well.
async fn show_ends(arguments: &SubmitArgs, jobs: &[JobId], waiting: Waiting) -> anyhow::Result<Option<u8>> {
    let ends = waiting.until_ended(jobs, &mut Bars::new()).await?;
    say_ends(jobs, &ends, arguments.json)?;
    let partial = ends.values().filter(|end| end.completeness() == Completeness::Partial).count();
    if partial > 0 {
        note(&format!("{partial} of {} results are only partial", ends.len()));
    }
    Ok(failure_of(&ends, arguments.strict.then_some(Completeness::Partial)))
}

/// `also_failed` counts as a failure too.
fn failure_of(ends: &HashMap<JobId, JobEnd>, also_failed: Option<Completeness>) -> Option<u8> {
    let failed = |end: &JobEnd| end.completeness() == Completeness::Failed || Some(end.completeness()) == also_failed;
    ends.values().any(failed).then_some(FAILED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::tests::dead;

    #[test]
    fn metadata_is_cut_at_the_first_equals_sign() {
        assert_eq!(metadata_entry("query=a=b"), Ok(("query".to_owned(), "a=b".to_owned())));
        assert_eq!(metadata_entry("empty="), Ok(("empty".to_owned(), String::new())));
        assert!(metadata_entry("=value").is_err());
        assert!(metadata_entry("no value").is_err());
    }

    #[test]
    fn an_id_is_for_one_document_and_not_for_the_lines_of_standard_input() {
        let sources = |sources: &[&str]| sources.iter().map(|source| (*source).to_owned()).collect::<Vec<_>>();
        assert!(is_one_document(&sources(&["a.pdf"])));
        assert!(!is_one_document(&sources(&["-"])));
        assert!(!is_one_document(&sources(&["a.pdf", "b.pdf"])));
    }

    #[test]
    fn a_deadline_counts_from_now() {
        let now = DateTime::from_timestamp(1_000, 0).expect("in range");
        assert_eq!(deadline(now, Duration::from_secs(60)).expect("in range").timestamp(), 1_060);
        assert!(deadline(now, Duration::MAX).is_err());
    }

    #[test]
    fn metadata_values_stay_texts() {
        let entries = [("page".to_owned(), "3".to_owned())];
        assert_eq!(Value::Object(metadata(&entries)), json!({ "page": "3" }));
    }

    #[test]
    fn one_dead_job_fails_the_wait() {
        let ends = HashMap::from([(JobId::generate(), dead())]);
        assert_eq!(failure_of(&ends, None), Some(FAILED));
        assert_eq!(failure_of(&HashMap::new(), Some(Completeness::Partial)), None);
    }
}

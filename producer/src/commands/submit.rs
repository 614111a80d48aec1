//! `quire submit`: uploads what is local, publishes, and waits if asked to.

use std::{cell::Cell, collections::HashMap, future::ready, io, pin::pin, process::ExitCode, time::Duration};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use quire_schemas::{
    job::{ImageOptions, Job, JobId, ParseOptions, Password, Source},
    result::Object,
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{
    Storage, Unwritten, WrongUsage, note, read_password, say,
    source::{self, Document},
    summary::{End, Verdict},
    table,
    wait::Waiting,
};
use crate::{
    Quire, Submission,
    cli::{self, Endpoints, SubmitArgs},
};

/// Uploads are held in memory whole.
const AT_ONCE: usize = 8;

pub(crate) async fn run(endpoints: &Endpoints, arguments: &SubmitArgs) -> anyhow::Result<ExitCode> {
    if arguments.id.is_some() && !is_one_document(&arguments.sources) {
        return Err(WrongUsage("--id names one job: give one source".into()).into());
    }
    let quire = Quire::with_publisher(endpoints.publisher()?);
    // Said once, here, instead of once per source after a long time each.
    quire.publisher().connection().await?;
    let waiting = match arguments.wait {
        true => Some(Waiting::subscribe(endpoints, &arguments.tenant, Utc::now()).await?),
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

fn is_one_document(sources: &[String]) -> bool {
    matches!(sources, [source] if source != "-")
}

/// Everything that the submissions of one command share.
struct Batch<'a> {
    endpoints: &'a Endpoints,
    arguments: &'a SubmitArgs,
    quire: Quire,
    /// Only made for a local file: publishing what lies elsewhere needs no bucket.
    storage: OnceCell<Storage>,
    password: Option<Password>,
    deadline: Option<DateTime<Utc>>,
}

struct Submitted {
    jobs: Vec<JobId>,
    /// Exit code of the first that failed.
    failure: Option<u8>,
}

impl<'a> Batch<'a> {
    async fn new(endpoints: &'a Endpoints, arguments: &'a SubmitArgs, quire: Quire) -> anyhow::Result<Self> {
        let password = match &arguments.password_file {
            Some(path) => Some(read_password(path).await?),
            None => None,
        };
        let deadline = arguments.deadline.map(|wanted_for| deadline(Utc::now(), wanted_for)).transpose()?;
        Ok(Self { endpoints, arguments, quire, storage: OnceCell::new(), password, deadline })
    }

    async fn submit_all(&self) -> anyhow::Result<Submitted> {
        let failure: Cell<Option<u8>> = Cell::new(None);
        // What is missing or out of reach for one source is so for the next one; those that are
        // under way are still told about, because they may have been published.
        let goes_on = |_: &io::Result<String>| ready(failure.get().is_none_or(|code| code == cli::FAILED));
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
                    failure.set(failure.get().or_else(|| Some(cli::exit_code(&error))));
                }
            }
        }
        Ok(Submitted { jobs, failure: failure.get() })
    }

    /// Returns the job and what its source may be shown as.
    async fn submit(&self, source: io::Result<String>) -> anyhow::Result<(JobId, String)> {
        let document = Document::parse(&source.context("cannot read standard input")?)?;
        let shown = document.display();
        let job = self.submit_document(document).await.with_context(|| shown.clone())?;
        Ok((job, shown))
    }

    async fn submit_document(&self, document: Document) -> anyhow::Result<JobId> {
        let source = match document {
            Document::Remote(source) => source,
            Document::Local(path) => {
                let storage = self.storage.get_or_try_init(|| self.endpoints.storage()).await?;
                source::upload(storage, &self.arguments.tenant, &path).await?
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
        let SubmitArgs { engine, dpi, format, quality, pages, .. } = self.arguments;
        let images =
            ImageOptions { format: *format, dpi: *dpi, quality: *quality, pages: pages.clone(), max_side_px: None };
        Job {
            job_id: self.arguments.id,
            password: self.password.clone(),
            parse: ParseOptions { engine: *engine, pages: pages.clone(), ..ParseOptions::default() },
            images: (!self.arguments.no_images).then_some(images),
            deadline: self.deadline,
            metadata: metadata(&self.arguments.meta),
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

fn deadline(now: DateTime<Utc>, wanted_for: Duration) -> anyhow::Result<DateTime<Utc>> {
    let wanted_for = TimeDelta::from_std(wanted_for).ok();
    wanted_for.and_then(|wanted_for| now.checked_add_signed(wanted_for)).context("the deadline is too far away")
}

fn metadata(entries: &[(String, String)]) -> Object {
    entries.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect()
}

/// Waits for the jobs and shows how they ended; returns the exit code if they did not end well.
async fn show_ends(arguments: &SubmitArgs, jobs: &[JobId], waiting: Waiting) -> anyhow::Result<Option<u8>> {
    let ends = waiting.until_ended(jobs).await?;
    let in_order: Vec<(&JobId, &End)> = jobs.iter().filter_map(|job| ends.get_key_value(job)).collect();
    if arguments.json {
        in_order.iter().try_for_each(|(job, end)| say(&end.to_json(job).to_string()))?;
    } else if !in_order.is_empty() {
        let rows: Vec<_> = in_order.iter().map(|(job, end)| end.row(job)).collect();
        say(&table(End::HEADINGS, &rows))?;
    }
    let partial = ends.values().filter(|end| end.verdict() == Verdict::Partial).count();
    if partial > 0 {
        note(&format!("{partial} of {} results are only partial", ends.len()));
    }
    Ok(failure_of(&ends, arguments.strict.then_some(Verdict::Partial)))
}

/// `also_failed` is a verdict that counts as a failure beside the one that always does.
fn failure_of(ends: &HashMap<JobId, End>, also_failed: Option<Verdict>) -> Option<u8> {
    let failed = |end: &End| end.verdict() == Verdict::Failed || Some(end.verdict()) == also_failed;
    ends.values().any(failed).then_some(cli::FAILED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::dead::DeadLetter;

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
        let letter = DeadLetter { routing_key: "crash.normal".to_owned(), code: None, message: None };
        let ends = HashMap::from([(JobId::generate(), End::Dead(letter))]);
        assert_eq!(failure_of(&ends, None), Some(cli::FAILED));
        assert_eq!(failure_of(&HashMap::new(), Some(Verdict::Partial)), None);
    }
}

//! The last lines that were logged about each job in flight. A dead letter carries them to operators
//! who no longer have the log of its pod.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::{self, Write},
    sync::{Arc, LazyLock, Mutex},
};

use chrono::{SecondsFormat, Utc};
use quire_schemas::{job::JobId, names::Tenant};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use crate::lock::lock;

const MAX_LINES: usize = 20;
const MAX_LINE_BYTES: usize = 400;
const MAX_BYTES: usize = 4096;
/// The span of a job's work, and its fields that name the job.
const SPAN: &str = "job";
const FIELD: &str = "job.id";
const TENANT: &str = "tenant";

static JOBS: LazyLock<Mutex<BTreeMap<Key, Lines>>> = LazyLock::new(Mutex::default);

/// Tenant and id.
type Key = (String, String);

type Lines = Arc<Mutex<VecDeque<String>>>;

/// Returns the last lines about a job that is in flight, at most 4 KiB, oldest first; empty if
/// nothing was logged. Two tenants may have jobs with one id.
pub(crate) fn last_lines(tenant: &Tenant, job_id: &JobId) -> String {
    let lines = lock(&JOBS).get(&(tenant.to_string(), job_id.to_string())).cloned();
    let Some(lines) = lines else { return String::new() };
    let lines = lock(&lines);
    let mut room = MAX_BYTES;
    let kept: Vec<&str> = lines
        .iter()
        .rev()
        .map(String::as_str)
        .take_while(|line| {
            let fits = line.len() < room;
            room = room.saturating_sub(line.len() + 1);
            fits
        })
        .collect();
    kept.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// Keeps the lines that pass the log filter.
#[derive(Debug)]
pub(super) struct Recent;

/// The job of a span.
struct About {
    job: Key,
    lines: Lines,
}

impl<S> Layer<S> for Recent
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() != SPAN {
            return;
        }
        let mut named = JobName::default();
        attributes.record(&mut named);
        let (Some(job), Some(span)) = (named.tenant.zip(named.job_id), context.span(id)) else { return };
        let lines = Lines::default();
        lock(&JOBS).insert(job.clone(), Arc::clone(&lines));
        span.extensions_mut().insert(About { job, lines });
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // Lines of libraries may hold addresses and tokens; lines of this project do not.
        if !event.metadata().target().starts_with("quire") {
            return;
        }
        let Some(scope) = context.event_scope(event) else { return };
        for span in scope {
            if let Some(about) = span.extensions().get::<About>() {
                let mut lines = lock(&about.lines);
                if lines.len() == MAX_LINES {
                    lines.pop_front();
                }
                lines.push_back(line(event));
                return;
            }
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let extensions = span.extensions();
        let Some(about) = extensions.get::<About>() else { return };
        let mut jobs = lock(&JOBS);
        // A later delivery of the same job may have lines of its own by now.
        if jobs.get(&about.job).is_some_and(|lines| Arc::ptr_eq(lines, &about.lines)) {
            jobs.remove(&about.job);
        }
    }
}

fn line(event: &Event<'_>) -> String {
    let mut text = Text::default();
    event.record(&mut text);
    let at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut line = format!("{at} {} {}{}", event.metadata().level(), text.message, text.fields).replace('\n', " ");
    line.truncate(line.floor_char_boundary(MAX_LINE_BYTES));
    line
}

#[derive(Default)]
struct JobName {
    tenant: Option<String>,
    job_id: Option<String>,
}

impl Visit for JobName {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            FIELD => self.job_id = Some(format!("{value:?}")),
            TENANT => self.tenant = Some(format!("{value:?}")),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn the_last_lines_of_a_job_are_kept_while_it_is_in_flight() {
        let (job_id, tenant) = (JobId::generate(), Tenant::default());
        let other: Tenant = "other".parse().expect("a tenant");
        tracing::subscriber::with_default(tracing_subscriber::registry().with(Recent), || {
            let span = tracing::info_span!("job", job.id = %job_id, tenant = %tenant);
            span.in_scope(|| {
                (1..=MAX_LINES).for_each(|number| tracing::info!(number, "rendered"));
                tracing::info_span!("inner").in_scope(|| tracing::warn!(code = "x", "went\nwrong"));
            });
            tracing::info!("of no job");
            let lines = last_lines(&tenant, &job_id);
            let lines: Vec<&str> = lines.lines().collect();
            assert_eq!(lines.len(), MAX_LINES);
            assert!(lines[0].ends_with("INFO rendered number=2"), "{}", lines[0]);
            assert!(lines[MAX_LINES - 1].ends_with("WARN went wrong code=x"), "{}", lines[MAX_LINES - 1]);
            assert_eq!(last_lines(&other, &job_id), "");
            drop(span);
            assert_eq!(last_lines(&tenant, &job_id), "");
        });
    }

    #[test]
    fn a_talkative_job_does_not_swell_its_letter() {
        let job_id = JobId::generate();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(Recent), || {
            let tenant = Tenant::default();
            let span = tracing::info_span!("job", job.id = %job_id, tenant = %tenant);
            span.in_scope(|| (0..MAX_LINES).for_each(|_| tracing::info!("{}", "é".repeat(1000))));
            let lines = last_lines(&tenant, &job_id);
            assert!((3000..=MAX_BYTES).contains(&lines.len()), "{} bytes", lines.len());
        });
    }
}

//! Events of jobs, as progress bars on a terminal and as lines of text elsewhere.

use std::collections::{HashMap, hash_map::Entry};

use chrono::SecondsFormat;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use quire_schemas::{
    event::{Event, Subject},
    job::JobId,
};

use super::text::{Unwritten, note, one_line, say};
use crate::{chain::chain, storage::StorageError, summary::JobEnd, wait::Observer};

/// More would scroll the terminal.
const MOST_BARS: usize = 10;

/// One bar per job that is being worked on, drawn on stderr if that is a terminal.
pub(crate) struct Bars {
    screen: MultiProgress,
    style: ProgressStyle,
    bars: HashMap<JobId, ProgressBar>,
}

impl Bars {
    pub(crate) fn new() -> Self {
        let style =
            ProgressStyle::with_template("{prefix} [{bar:30}] {pos:>4}/{len:<4} {msg}").expect("a valid template");
        Self { screen: MultiProgress::new(), style: style.progress_chars("=> "), bars: HashMap::new() }
    }

    /// Draws an event into the bar of its job.
    pub(crate) fn show(&mut self, event: &Event) {
        let Some(subject) = event.subject() else { return };
        match event {
            Event::Finished { .. } => self.remove(&subject.job_id),
            _ => {
                if let Some(bar) = self.bar(subject.job_id) {
                    draw(bar, event);
                }
            }
        }
    }

    /// Removes a job's bar.
    pub(crate) fn remove(&mut self, job: &JobId) {
        if let Some(bar) = self.bars.remove(job) {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
    }

    /// Writes a line of data between two drawings of the bars.
    pub(crate) fn say(&self, text: &str) -> Result<(), Unwritten> {
        self.screen.suspend(|| say(text))
    }

    fn bar(&mut self, job: JobId) -> Option<&ProgressBar> {
        let full = self.bars.len() >= MOST_BARS;
        match self.bars.entry(job) {
            Entry::Occupied(bar) => Some(bar.into_mut()),
            Entry::Vacant(_) if full => None,
            Entry::Vacant(place) => {
                let bar = ProgressBar::no_length().with_style(self.style.clone()).with_prefix(job.to_string());
                Some(place.insert(self.screen.add(bar)))
            }
        }
    }
}

impl Observer for Bars {
    fn event(&mut self, event: &Event) {
        self.show(event);
    }

    fn ended(&mut self, job: &JobId, _end: &JobEnd) {
        self.remove(job);
    }

    fn storage_unavailable(&mut self, error: &StorageError) {
        self.screen.suspend(|| note(&format!("still waiting: {}", chain(error))));
    }
}

fn draw(bar: &ProgressBar, event: &Event) {
    match event {
        Event::Started { worker, .. } => bar.set_message(format!("started by {worker}")),
        Event::Progress { phase, pages_done, pages_total, .. } => {
            bar.set_length(u64::from(*pages_total));
            bar.set_position(u64::from(*pages_done));
            bar.set_message(phase.to_string());
        }
        Event::Retrying { code, not_before, .. } => {
            bar.set_message(format!("{code}, again at {}", not_before.format("%H:%M:%S UTC")));
        }
        Event::Finished { .. } | Event::Heartbeat(_) | Event::Stopped { .. } => {}
    }
}

/// Describes an event in one line; `None` for one that is about no job.
pub(crate) fn describe(event: &Event) -> Option<String> {
    let what = match event {
        Event::Started { worker, subject } => format!("started by {worker}, attempt {}", subject.attempt),
        Event::Progress { phase, pages_done, pages_total, .. } => format!("{phase} {pages_done}/{pages_total}"),
        Event::Retrying { not_before, code, message, .. } => {
            let at = not_before.to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("retrying at {at}: {code}: {}", one_line(message))
        }
        Event::Finished { status, result, code, message, .. } => {
            let code = code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
            let message = message.as_ref().map(|message| format!(": {}", one_line(message))).unwrap_or_default();
            let place = result.as_ref().map(|result| format!(" {}", result.uri)).unwrap_or_default();
            format!("{status}{code}{place}{message}")
        }
        Event::Heartbeat(_) | Event::Stopped { .. } => return None,
    };
    let Subject { at, job_id, tenant, lane, .. } = event.subject()?;
    Some(format!("{}  {job_id}  {lane}  {tenant}  {what}", at.to_rfc3339_opts(SecondsFormat::Secs, true)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(fields: serde_json::Value) -> Event {
        let mut event = json!({
            "job_id": "0192f0c1-7e5a-7000-8000-000000000001", "tenant": "acme", "lane": "bulk",
            "attempt": 2, "generation": 0, "at": "2026-11-20T12:00:00Z",
        });
        let object = event.as_object_mut().expect("an object");
        object.extend(fields.as_object().cloned().expect("an object"));
        serde_json::from_value(event).expect("an event")
    }

    #[test]
    fn an_event_is_one_line_that_names_its_job() {
        let start = "2026-11-20T12:00:00Z  0192f0c1-7e5a-7000-8000-000000000001  bulk  acme  ";
        let line = |fields| describe(&event(fields)).expect("about a job").replace(start, "");
        assert_eq!(line(json!({ "event": "started", "worker": "w1" })), "started by w1, attempt 2");
        let progress = json!({ "event": "progress", "phase": "render", "pages_done": 3, "pages_total": 10 });
        assert_eq!(line(progress), "render 3/10");
        let finished = json!({ "event": "finished", "status": "failed", "code": "not_a_pdf" });
        assert_eq!(line(finished.clone()), "failed (not_a_pdf)");
        let mut finished = finished;
        finished["message"] = json!("it begins\nwith GIF89a");
        assert_eq!(line(finished), "failed (not_a_pdf): it begins with GIF89a");
    }

    #[test]
    fn there_are_no_more_bars_than_fit_a_terminal_and_an_ended_job_makes_room() {
        let mut bars = Bars::new();
        let jobs: Vec<JobId> = (0..=MOST_BARS).map(|_| JobId::generate()).collect();
        for job in &jobs {
            bars.bar(*job);
        }
        assert_eq!(bars.bars.len(), MOST_BARS);
        bars.remove(&jobs[0]);
        assert!(bars.bar(jobs[MOST_BARS]).is_some());
    }
}

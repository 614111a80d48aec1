//! What became of single pages, by what workers logged before they ended: a worker that is killed
//! takes its metrics with it, but not its log.

use std::collections::{BTreeMap, BTreeSet};

use quire_producer::schemas::job::JobId;
use serde_json::Value;

/// A page image of one job in one generation.
type Page = (JobId, u32, u32);

/// Pages that were handed to a renderer, and pages that were stored.
#[derive(Debug, Default)]
pub(super) struct PageCount {
    begun: BTreeMap<Page, usize>,
    stored: BTreeMap<Page, usize>,
    in_flight: BTreeMap<Page, usize>,
}

/// The same in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pages {
    /// Page images that were stored at least once.
    pub stored: usize,
    /// How often a page was handed to a renderer although one had been given it before.
    pub rendered_again: usize,
    /// How often a page was stored although it had been before.
    pub stored_again: usize,
    /// Pages that a killed worker had handed to a renderer and not stored.
    pub in_flight_at_kills: usize,
}

impl PageCount {
    /// Reads the log of a worker that was killed.
    pub(super) fn add_killed(&mut self, log: &str) {
        let (begun, stored) = self.add(log);
        for (page, times) in begun {
            if times > stored.get(&page).copied().unwrap_or_default() {
                *self.in_flight.entry(page).or_default() += 1;
            }
        }
    }

    /// Reads the log of a worker that ended in order: it had nothing in flight.
    pub(super) fn add_ended(&mut self, log: &str) {
        self.add(log);
    }

    fn add(&mut self, log: &str) -> (BTreeMap<Page, usize>, BTreeMap<Page, usize>) {
        let (mut begun, mut stored) = (BTreeMap::new(), BTreeMap::new());
        for line in log.lines() {
            match told(line) {
                Some((true, page)) => *begun.entry(page).or_default() += 1,
                Some((false, page)) => *stored.entry(page).or_default() += 1,
                None => {}
            }
        }
        merge(&mut self.begun, &begun);
        merge(&mut self.stored, &stored);
        (begun, stored)
    }

    /// Returns the jobs with a page that was rendered again and had been in flight at no kill.
    pub(super) fn wasteful(&self) -> BTreeSet<JobId> {
        let in_flight = |page: &Page| self.in_flight.get(page).copied().unwrap_or_default();
        let wasted = self.begun.iter().filter(|(page, begun)| **begun > 1 + in_flight(page));
        wasted.map(|((job_id, ..), _)| *job_id).collect()
    }

    /// Counts, but for jobs of which more than one message was published: two workers may have
    /// worked on those at once.
    pub(super) fn without(&self, jobs: &BTreeSet<JobId>) -> Pages {
        let counts = |pages: &BTreeMap<Page, usize>| -> Vec<usize> {
            pages.iter().filter(|((job_id, ..), _)| !jobs.contains(job_id)).map(|(_, times)| *times).collect()
        };
        let again = |times: Vec<usize>| -> usize { times.into_iter().map(|times| times - 1).sum() };
        Pages {
            stored: counts(&self.stored).len(),
            rendered_again: again(counts(&self.begun)),
            stored_again: again(counts(&self.stored)),
            in_flight_at_kills: counts(&self.in_flight).into_iter().sum(),
        }
    }
}

impl Pages {
    /// Adds those of another run.
    pub fn add(&mut self, other: Self) {
        self.stored += other.stored;
        self.rendered_again += other.rendered_again;
        self.stored_again += other.stored_again;
        self.in_flight_at_kills += other.in_flight_at_kills;
    }
}

fn merge(into: &mut BTreeMap<Page, usize>, from: &BTreeMap<Page, usize>) {
    for (page, times) in from {
        *into.entry(*page).or_default() += times;
    }
}

/// Reads one line: whether the page was begun (else it was stored), and which.
fn told(line: &str) -> Option<(bool, Page)> {
    // Most lines are about something else, and reading JSON takes time.
    if !line.contains("page begun") && !line.contains("page stored") {
        return None;
    }
    // A line that the worker died over is no JSON.
    let line: Value = serde_json::from_str(line).ok()?;
    let is_begun = match line["message"].as_str()? {
        "page begun" => true,
        "page stored" => false,
        _ => return None,
    };
    let page = u32::try_from(line["page"].as_u64()?).ok()?;
    let span = line["spans"].as_array()?.iter().find(|span| span["name"] == "job")?;
    let job_id = span["job.id"].as_str()?.parse().ok()?;
    let generation = span["generation"].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
    Some((is_begun, (job_id, generation, page)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const JOB: &str = "0192f0c1-7e5a-7000-8000-000000000001";

    fn line(message: &str, page: u32) -> String {
        let span = json!({ "name": "job", "job.id": JOB, "generation": 0 });
        json!({ "level": "DEBUG", "message": message, "page": page, "spans": [{ "name": "outer" }, span] }).to_string()
    }

    fn log(lines: &[(&str, u32)]) -> String {
        lines.iter().map(|(message, page)| line(message, *page) + "\n").collect()
    }

    #[test]
    fn a_page_that_was_in_flight_at_a_kill_may_be_rendered_again_and_one_that_was_stored_may_not() {
        let mut pages = PageCount::default();
        let until_the_kill = log(&[("page begun", 1), ("page begun", 2), ("page stored", 1), ("page begun", 3)]);
        pages.add_killed(&(until_the_kill + "{\"level\":\"DEBUG\",\"message\":\"page stored\",\"pa"));
        pages.add_ended(&log(&[("page begun", 2), ("page begun", 3), ("page stored", 2), ("page stored", 3)]));
        let expected = Pages { stored: 3, rendered_again: 2, stored_again: 0, in_flight_at_kills: 2 };
        assert_eq!(pages.without(&BTreeSet::new()), expected);
        assert!(pages.wasteful().is_empty());

        pages.add_ended(&log(&[("page begun", 1), ("page stored", 1)]));
        let wasteful = Pages { rendered_again: 3, stored_again: 1, ..expected };
        assert_eq!(pages.without(&BTreeSet::new()), wasteful);
        let jobs = BTreeSet::from([JOB.parse().expect("a uuid")]);
        assert_eq!((pages.without(&jobs), pages.wasteful()), (Pages::default(), jobs));
    }

    #[test]
    fn lines_about_something_else_do_not_count() {
        let mut pages = PageCount::default();
        let outside = json!({ "message": "page begun", "page": 1 }).to_string();
        let other = line("why a page begun is not a page stored", 1);
        pages.add_killed(&format!("not JSON\n{outside}\n{other}\n"));
        assert_eq!(pages.without(&BTreeSet::new()), Pages::default());
    }
}

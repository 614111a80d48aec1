use std::fmt::Write as _;

use super::{Outcome, Pages};
use crate::auditor::Report;

/// What several plans came to.
#[derive(Debug, Default)]
pub struct Total {
    /// How many plans there were.
    pub rounds: usize,
    /// Operations of all of them.
    pub operations: usize,
    /// Workers that were killed.
    pub kills: usize,
    /// What was found.
    pub report: Report,
    /// Page images, and how often they were made in vain.
    pub pages: Pages,
}

impl Total {
    /// Adds what a plan came to.
    pub fn add(&mut self, outcome: Outcome) {
        self.rounds += 1;
        self.operations += outcome.operations;
        self.kills += outcome.kills;
        self.report.add(outcome.report);
        self.pages.add(outcome.pages);
    }

    /// Writes it for people: a line a number, then what was found.
    #[must_use]
    pub fn text(&self) -> String {
        let report = &self.report;
        let mut text = String::new();
        let mut line = |name: &str, number: usize| {
            let _ = writeln!(text, "{name:<32}{number:>10}");
        };
        line("rounds", self.rounds);
        line("operations", self.operations);
        line("kills", self.kills);
        line("jobs", report.jobs);
        for (status, jobs) in &report.results {
            line(&format!("  {status}"), *jobs);
        }
        for (code, letters) in &report.letters {
            line(&format!("  dead letters: {code}"), *letters);
        }
        line("losses", report.losses);
        line("duplicates", report.duplicates);
        line("two workers on one job at once", report.races);
        line("orphans", report.orphans);
        line("byte differences", report.byte_differences);
        line("pages stored", self.pages.stored);
        line("pages in flight at kills", self.pages.in_flight_at_kills);
        line("pages rendered again", self.pages.rendered_again);
        line("pages stored again", self.pages.stored_again);
        line("findings", report.findings.len());
        for finding in &report.findings {
            let _ = writeln!(text, "  {finding}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_add_up_and_every_finding_is_shown() {
        let report = Report { jobs: 10, losses: 1, findings: vec!["a job was lost".to_owned()], ..Report::default() };
        let pages = Pages { stored: 9, rendered_again: 2, stored_again: 0, in_flight_at_kills: 3 };
        let outcome = Outcome { report, operations: 4, kills: 1, pages };
        let mut total = Total::default();
        total.add(outcome.clone());
        total.add(outcome);
        let text = total.text();
        let numbers: Vec<(&str, &str)> = text.lines().filter_map(|line| line.rsplit_once(' ')).collect();
        let number = |name: &str| numbers.iter().find(|(known, _)| known.trim_end() == name).map(|(_, number)| *number);
        let shown = ["rounds", "operations", "kills", "jobs", "losses", "pages stored", "findings"].map(number);
        assert_eq!(shown, ["2", "8", "2", "20", "2", "18", "2"].map(Some));
        assert_eq!(text.matches("a job was lost").count(), 2);
    }
}

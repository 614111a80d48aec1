//! The sum of several soak runs.

use std::fmt::Write as _;

use super::{Pages, SoakOutcome};
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
    /// Those of them that had a job in hand.
    pub kills_in_hand: usize,
    /// What was found.
    pub report: Report,
    /// Page images of plans that only kill workers.
    pub pages: Pages,
    /// Page images of all others: there a worker may also be cut off from what it renders.
    pub disturbed_pages: Pages,
}

impl Total {
    /// Adds what a plan came to.
    pub fn add(&mut self, outcome: SoakOutcome) {
        self.rounds += 1;
        self.operations += outcome.operations;
        self.kills += outcome.kills;
        self.kills_in_hand += outcome.kills_in_hand;
        self.report.add(outcome.report);
        let pages = if outcome.is_kills_only { &mut self.pages } else { &mut self.disturbed_pages };
        pages.add(outcome.pages);
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
        line("kills with a job in hand", self.kills_in_hand);
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
        line("notes that landed late", report.late_notes);
        line("orphans", report.orphans);
        line("byte differences", report.byte_differences);
        for (rounds, pages) in [("kills only", &self.pages), ("all faults", &self.disturbed_pages)] {
            line(&format!("{rounds}: pages stored"), pages.stored);
            line(&format!("{rounds}: in flight at kills"), pages.in_flight_at_kills);
            line(&format!("{rounds}: rendered again"), pages.rendered_again);
            line(&format!("{rounds}: stored again"), pages.stored_again);
        }
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
        let outcome = SoakOutcome {
            report,
            operations: 4,
            kills: 2,
            kills_in_hand: 1,
            is_kills_only: true,
            pages,
            logged: Vec::new(),
        };
        let mut total = Total::default();
        total.add(outcome.clone());
        total.add(outcome.clone());
        let pages = Pages { rendered_again: 70, ..pages };
        total.add(SoakOutcome { is_kills_only: false, pages, ..outcome });
        let text = total.text();
        let numbers: Vec<(&str, &str)> = text.lines().filter_map(|line| line.rsplit_once(' ')).collect();
        let number = |name: &str| numbers.iter().find(|(known, _)| known.trim_end() == name).map(|(_, number)| *number);
        let counts = ["rounds", "operations", "kills", "kills with a job in hand", "jobs", "losses", "findings"];
        assert_eq!(counts.map(number), ["3", "12", "6", "3", "30", "3", "3"].map(Some));
        let pages = ["pages stored", "in flight at kills", "rendered again", "stored again"];
        let of = |rounds: &str| pages.map(|what| number(&format!("{rounds}: {what}")));
        assert_eq!(of("kills only"), ["18", "6", "4", "0"].map(Some));
        assert_eq!(of("all faults"), ["9", "3", "70", "0"].map(Some));
        assert_eq!(text.matches("a job was lost").count(), 3);
    }
}

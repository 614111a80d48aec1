//! What an audit found, and its printed form.

use std::collections::BTreeMap;

/// What an audit came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Jobs that the broker had taken.
    pub jobs: usize,
    /// Results by status; `letter only` counts jobs that ended in the broker's own fuse.
    pub results: BTreeMap<String, usize>,
    /// Dead letters by code; `crash` counts those that only the broker wrote.
    pub letters: BTreeMap<String, usize>,
    /// Jobs that were taken and ended nowhere.
    pub losses: usize,
    /// Jobs that were done, or ended, twice without need.
    pub duplicates: usize,
    /// Jobs with two announced ends where the contract allows it: two workers had the job at once.
    pub races: usize,
    /// Notes for the next run that landed after the job had ended, where a worker had lost the broker or the
    /// store over them.
    pub late_notes: usize,
    /// Objects under a job that its result does not name, and unfinished uploads.
    pub orphans: usize,
    /// Page images that differ from those of the same page in another job.
    pub byte_differences: usize,
    /// Everything that is not as promised, a sentence each; what is counted above stands here too.
    pub findings: Vec<String>,
}

impl Report {
    /// Says whether every promise was kept.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Adds what another audit came to.
    pub fn add(&mut self, other: Self) {
        self.jobs += other.jobs;
        for (status, count) in other.results {
            *self.results.entry(status).or_default() += count;
        }
        for (code, count) in other.letters {
            *self.letters.entry(code).or_default() += count;
        }
        self.losses += other.losses;
        self.duplicates += other.duplicates;
        self.races += other.races;
        self.late_notes += other.late_notes;
        self.orphans += other.orphans;
        self.byte_differences += other.byte_differences;
        self.findings.extend(other.findings);
    }

    pub(super) fn find(&mut self, sentence: impl Into<String>) {
        self.findings.push(sentence.into());
    }
}

//! Lists of operations on disk: the first line says how they are carried out, each other line is one of
//! them.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Faults, Plan, Setting};

/// A list of operations with everything that it takes to carry it out again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The seed that it was drawn from, if it was.
    pub seed: Option<u64>,
    /// Which faults it was drawn from.
    pub faults: Faults,
    /// How it was carried out.
    pub setting: Setting,
    /// The operations.
    pub plan: Plan,
}

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    faults: Faults,
    workers: u32,
    max_attempts: u32,
    patience_seconds: u64,
}

impl Kept {
    /// Reads every list that is run with every test, by name: those that failed once, and a short one of
    /// every kind of operation.
    ///
    /// # Panics
    /// If one of them cannot be read.
    #[must_use]
    pub fn all() -> Vec<(String, Self)> {
        let files = fs::read_dir(folder()).expect("the folder is part of the repository").flatten();
        let lists = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|kind| kind == "jsonl"));
        let mut kept: Vec<(String, Self)> = lists.map(|path| (path.display().to_string(), read(&path))).collect();
        kept.sort_by(|(left, _), (right, _)| left.cmp(right));
        kept
    }

    /// Writes it among those lists; returns where it lies.
    ///
    /// # Panics
    /// If it cannot be written.
    #[must_use]
    pub fn write(&self) -> PathBuf {
        let name = self.seed.map_or_else(|| "drawn-by-hand".to_owned(), |seed| seed.to_string());
        let path = folder().join(name + ".jsonl");
        fs::write(&path, self.to_lines()).expect("the repository can be written to");
        path
    }

    fn to_lines(&self) -> String {
        let Setting { workers, max_attempts, patience } = self.setting;
        let (seed, faults, patience_seconds) = (self.seed, self.faults, patience.as_secs());
        let head = Head { seed, faults, workers, max_attempts, patience_seconds };
        serde_json::to_string(&head).expect("plain data") + "\n" + &self.plan.to_lines()
    }

    fn from_lines(text: &str) -> Result<Self, serde_json::Error> {
        let (head, operations) = text.split_once('\n').unwrap_or((text, ""));
        let Head { seed, faults, workers, max_attempts, patience_seconds } = serde_json::from_str(head)?;
        let setting = Setting { workers, max_attempts, patience: Duration::from_secs(patience_seconds) };
        Ok(Self { seed, faults, setting, plan: Plan::from_lines(operations)? })
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions")
}

fn read(path: &Path) -> Kept {
    let text = fs::read_to_string(path).expect("just listed");
    Kept::from_lines(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::soak::{GivenPassword, Operation, Poison};

    const KINDS: [&str; 18] = [
        "publish_batch",
        "publish_duplicate",
        "not_a_pdf",
        "damaged",
        "no_password",
        "wrong_password",
        "publish_blocked",
        "kill_worker",
        "stop_worker",
        "cut_broker",
        "black_hole_broker",
        "restart_broker",
        "stop_store",
        "slow_store",
        "reset_store",
        "cancel",
        "replay",
        "wait",
    ];

    /// Does not compile with a kind that is not listed above, and so leads here the author of a new kind.
    const fn kind(operation: &Operation) -> &'static str {
        match operation {
            Operation::PublishBatch { .. } => "publish_batch",
            Operation::PublishDuplicate { .. } => "publish_duplicate",
            Operation::PublishPoison { poison: Poison::NotAPdf } => "not_a_pdf",
            Operation::PublishPoison { poison: Poison::Damaged } => "damaged",
            Operation::PublishEncrypted { password: GivenPassword::None } => "no_password",
            Operation::PublishEncrypted { password: GivenPassword::Wrong } => "wrong_password",
            Operation::PublishBlocked => "publish_blocked",
            Operation::KillWorker { .. } => "kill_worker",
            Operation::StopWorker { .. } => "stop_worker",
            Operation::CutBroker { .. } => "cut_broker",
            Operation::BlackHoleBroker { .. } => "black_hole_broker",
            Operation::RestartBroker => "restart_broker",
            Operation::StopStore { .. } => "stop_store",
            Operation::SlowStore { .. } => "slow_store",
            Operation::ResetStore { .. } => "reset_store",
            Operation::Cancel { .. } => "cancel",
            Operation::Replay => "replay",
            Operation::Wait { .. } => "wait",
        }
    }

    #[test]
    fn the_lists_that_are_kept_can_be_read_and_one_has_every_kind_of_operation() {
        let kept = Kept::all();
        assert!(kept.iter().all(|(_, kept)| !kept.plan.operations.is_empty()), "{kept:?}");
        let every = kept.iter().find(|(name, _)| name.ends_with("/every-kind.jsonl")).expect("it is kept");
        let kinds: BTreeSet<&str> = every.1.plan.operations.iter().map(kind).collect();
        assert_eq!(kinds, BTreeSet::from(KINDS));
    }

    #[test]
    fn a_list_reads_back_with_the_setting_that_it_was_carried_out_with() {
        let setting = Setting { workers: 2, max_attempts: 6, patience: Duration::from_secs(720) };
        let plan = Plan { operations: vec![Operation::PublishBatch { jobs: 2 }, Operation::Replay] };
        let kept = Kept { seed: Some(7), faults: Faults::AllAndBroker, setting, plan };
        assert_eq!(Kept::from_lines(&kept.to_lines()).expect("just written"), kept);
        assert!(Kept::from_lines("{\"operation\":\"replay\"}\n").is_err(), "without a first line");
    }
}

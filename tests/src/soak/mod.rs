//! Random faults: workers that are killed, connections that are cut, servers that go away, documents
//! that are none, all in an order that a seed decides, and an outside auditor at the end.

mod corpus;
mod fleet;
mod operation;
mod pages;
mod plan;
mod run;
mod total;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

pub use operation::{GivenPassword, Operation, Poison};
pub use pages::Pages;
pub use plan::{Faults, Plan, Size};
pub use total::Total;

use crate::{
    World,
    auditor::{Auditor, Report},
    servers::{PrivateBroker, PrivateStore},
};
use run::Run;

/// A password that opens nothing, and that nobody may be shown.
const WRONG_PASSWORD: &str = "canary-password-4d1f";
/// A part of an address that nobody may be shown.
const QUERY_SECRET: &str = "canary-query-9b20";
/// A key that every worker has and never needs.
const API_KEY: &str = "llx-canary-key-77ce";

/// How a plan is carried out.
#[derive(Debug, Clone)]
pub struct Setting {
    /// How many workers there are.
    pub workers: u32,
    /// Counted attempts that they may make.
    pub max_attempts: u32,
    /// How long everything may take to come to rest after the last operation.
    pub patience: Duration,
}

/// What a plan came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What the auditor found, and what workers did that they should not.
    pub report: Report,
    /// Operations that were carried out.
    pub operations: usize,
    /// Workers that were killed.
    pub kills: usize,
    /// Page images, and how often they were made in vain.
    pub pages: Pages,
}

/// Carries out a plan in a world and a store of its own, waits until everything has come to rest,
/// and audits. A plan that restarts the broker needs one of its own.
pub async fn run(plan: &Plan, setting: &Setting, broker: Option<&PrivateBroker>) -> Outcome {
    let store = PrivateStore::start().await;
    let world = World::on(broker, Some(&store)).await;
    let auditor = Auditor::begin(&world).await;
    let mut run = Run::begin(&world, broker, &store, setting, !plan.is_kills_only()).await;
    for operation in &plan.operations {
        run.carry_out(*operation).await;
    }
    let ended = run.end(setting.patience).await;
    let mut report = auditor.audit(&world, &ended.ledger).await;
    report.findings.extend(ended.findings);
    let pages = ended.pages;
    if plan.is_kills_only() && pages.rendered_again > pages.in_flight_at_kills {
        let Pages { rendered_again, in_flight_at_kills, .. } = pages;
        report.findings.push(format!("{rendered_again} pages rendered again, {in_flight_at_kills} in flight at kills"));
    }
    Outcome { report, operations: plan.operations.len(), kills: ended.kills, pages }
}

/// Returns the lists of operations that are run with every test, by name: those that failed once, and a
/// short one of every kind.
///
/// # Panics
/// If one of them cannot be read.
#[must_use]
pub fn kept() -> Vec<(String, Plan)> {
    let files = fs::read_dir(folder()).expect("the folder is part of the repository").flatten();
    let lists = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|kind| kind == "json"));
    let mut kept: Vec<(String, Plan)> = lists.map(|path| (path.display().to_string(), read(&path))).collect();
    kept.sort_by(|(left, _), (right, _)| left.cmp(right));
    kept
}

/// Keeps a list that failed; returns where it lies.
///
/// # Panics
/// If it cannot be written.
#[must_use]
pub fn keep(seed: u64, plan: &Plan) -> PathBuf {
    let path = folder().join(format!("{seed}.json"));
    fs::write(&path, plan.to_lines()).expect("the repository can be written to");
    path
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions")
}

fn read(path: &Path) -> Plan {
    let text = fs::read_to_string(path).expect("just listed");
    Plan::from_lines(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_list_that_was_kept_can_still_be_read() {
        let kept = super::kept();
        assert!(kept.iter().all(|(_, plan)| !plan.operations.is_empty()), "{kept:?}");
        assert!(!kept.is_empty());
    }
}

//! Random faults: workers that are killed, connections that are cut, servers that go away, documents
//! that are none, all in an order that a seed decides, and an outside auditor at the end.

mod corpus;
mod fleet;
mod kept;
mod metrics;
mod operation;
mod pages;
mod plan;
mod run;
mod total;

use std::time::Duration;

pub use kept::Kept;
pub use operation::{GivenPassword, Operation, Poison};
pub use pages::Pages;
pub use plan::{Faults, Plan, Size};
pub use total::Total;

use crate::{
    World,
    auditor::{Auditor, Report},
    servers::{PrivateBroker, PrivateStore},
};
use run::{Ended, SoakRun};

/// A password that opens nothing, and may be shown nowhere.
const WRONG_PASSWORD: &str = "canary-password-4d1f";
/// A part of an address that may be shown nowhere.
const QUERY_SECRET: &str = "canary-query-9b20";
/// A key that every worker has and never needs.
const API_KEY: &str = "llx-canary-key-77ce";

/// How a plan is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
pub struct SoakOutcome {
    /// What the auditor found, and what workers did that they should not.
    pub report: Report,
    /// Operations that were carried out.
    pub operations: usize,
    /// Workers that were killed.
    pub kills: usize,
    /// Those of them that had a job in hand.
    pub kills_in_hand: usize,
    /// Whether nothing else was done to the system: what was done twice has no excuse then.
    pub is_kills_only: bool,
    /// Page images, and how often they were made in vain.
    pub pages: Pages,
    /// What workers logged about the jobs that findings are about, in the order of time.
    pub logged: Vec<String>,
}

/// Carries out a plan in a world and a store of its own, waits until everything has come to rest,
/// and audits. A plan that restarts the broker needs one of its own.
pub async fn run(plan: &Plan, setting: &Setting, broker: Option<&PrivateBroker>) -> SoakOutcome {
    let store = PrivateStore::start().await;
    let world = World::on(broker, Some(&store)).await;
    let auditor = Auditor::begin(&world).await;
    let mut run = SoakRun::begin(&world, broker, &store, setting, !plan.is_kills_only()).await;
    for operation in &plan.operations {
        run.carry_out(*operation).await;
    }
    let ended = run.end(setting.patience).await;
    let mut report = auditor.audit(&world, &ended.ledger).await;
    report.findings.extend_from_slice(&ended.traces.findings);
    let (pages, is_kills_only) = (ended.pages, plan.is_kills_only());
    if is_kills_only {
        let wasteful = ended.wasteful.iter();
        report.findings.extend(wasteful.map(|job_id| format!("job {job_id}: a page was rendered again without need")));
    }
    let logged = if report.is_clean() { Vec::new() } else { explanation(&ended, &report) };
    let (operations, kills, kills_in_hand) = (plan.operations.len(), ended.kills, ended.kills_in_hand);
    SoakOutcome { report, operations, kills, kills_in_hand, is_kills_only, pages, logged }
}

/// Returns what workers logged about every job that a finding names: it is gone when the run is over.
fn explanation(ended: &Ended, report: &Report) -> Vec<String> {
    let accepted = ended.ledger.accepted.iter().map(|job| job.job_id);
    let is_named = |job_id: &String| report.findings.iter().any(|finding| finding.contains(job_id));
    ended.traces.about(&accepted.map(|job_id| job_id.to_string()).filter(is_named).collect())
}

//! Faults in random order, and an auditor that reads only the broker, the bucket and the events.

use std::time::Duration;

use quire_tests::{
    servers::PrivateBroker,
    soak::{self, Faults, Outcome, Plan, Setting, Size},
};

/// Another one is another test: whoever changes it looks at what it draws.
const SEED: u64 = 20_261_120;
/// Parked jobs wait thirty seconds, and a fault may find them twice.
const PATIENCE: Duration = Duration::from_secs(150);

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_and_cut_every_job_ends_once_and_everything_it_names_is_there() {
    let plan = Plan::from_seed(SEED, &Size { jobs: 150, jobs_per_kill: 10, workers: 3, faults: Faults::All });
    let outcome = carry_out(&plan).await;
    let is_clean = outcome.report.is_clean();
    let kept = (!is_clean).then(|| soak::keep(SEED, &plan));
    assert!(is_clean, "seed {SEED}, kept in {kept:?}: {outcome:#?}");
    assert!(outcome.report.jobs >= 150 && outcome.kills == 15, "{outcome:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_operations_that_are_kept_pass() {
    for (name, plan) in soak::kept() {
        let outcome = carry_out(&plan).await;
        assert!(outcome.report.is_clean(), "{name}: {outcome:#?}");
    }
}

async fn carry_out(plan: &Plan) -> Outcome {
    let setting = Setting { workers: 3, max_attempts: 3, patience: PATIENCE };
    let broker = if plan.restarts_broker() { Some(PrivateBroker::start().await) } else { None };
    soak::run(plan, &setting, broker.as_ref()).await
}

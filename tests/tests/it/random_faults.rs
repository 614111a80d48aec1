//! Faults in random order, and an auditor that reads only the broker, the bucket and the events.

use std::time::Duration;

use quire_tests::{
    servers::PrivateBroker,
    soak::{self, Faults, Kept, Plan, Setting, Size, SoakOutcome},
};

/// Another seed is another test: look at what it draws before changing it.
const SEED: u64 = 20_261_120;
const SEED_OF_KILLS: u64 = 20_261_121;
/// Parked jobs wait thirty seconds, and a fault may find them twice.
const SETTING: Setting = Setting { workers: 3, max_attempts: 3, patience: Duration::from_secs(150) };

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_and_cut_every_job_ends_once_and_everything_it_names_is_there() {
    let outcome = draw_and_carry_out(SEED, 150, Faults::All).await;
    assert!(outcome.report.jobs >= 150 && outcome.kills == 15 && outcome.kills_in_hand > 0, "{outcome:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_workers_are_only_killed_no_more_pages_are_rendered_again_than_were_in_flight() {
    let outcome = draw_and_carry_out(SEED_OF_KILLS, 60, Faults::Kills).await;
    let pages = outcome.pages;
    assert!(outcome.is_kills_only && pages.rendered_again <= pages.in_flight_at_kills, "{outcome:#?}");
    // Else nothing was at stake.
    assert!(outcome.kills == 12 && outcome.kills_in_hand > 0, "{outcome:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_operations_that_are_kept_pass() {
    for (name, kept) in Kept::all() {
        let outcome = carry_out(&kept.plan, &kept.setting).await;
        assert!(outcome.report.is_clean(), "{name}: {outcome:#?}");
    }
}

/// Draws a plan with a kill to every ten jobs, or to every five where nothing else happens, and keeps
/// its list if anything is found.
async fn draw_and_carry_out(seed: u64, jobs: u32, faults: Faults) -> SoakOutcome {
    let jobs_per_kill = if faults == Faults::Kills { 5 } else { 10 };
    let plan = Plan::from_seed(seed, &Size { jobs, jobs_per_kill, workers: SETTING.workers, faults });
    let outcome = carry_out(&plan, &SETTING).await;
    if !outcome.report.is_clean() {
        let kept = Kept { seed: Some(seed), faults, setting: SETTING, plan }.write();
        panic!("seed {seed}, kept in {}: {outcome:#?}", kept.display());
    }
    outcome
}

async fn carry_out(plan: &Plan, setting: &Setting) -> SoakOutcome {
    let broker = if plan.restarts_broker() { Some(PrivateBroker::start().await) } else { None };
    soak::run(plan, setting, broker.as_ref()).await
}

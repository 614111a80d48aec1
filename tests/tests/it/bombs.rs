//! Documents that cost far more than their bytes: each ends with its own code, within its limits, and costs nobody else
//! anything.

use std::fs;

use quire_producer::schemas::{
    job::{Job, JobId},
    result::{JobStatus, ParseResult},
};
use quire_tests::{World, bombs, expect::codes, samples};

/// Returns the CPU time of a process and of the children that it has waited for, in seconds.
fn cpu_seconds(pid: i32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields: Vec<&str> = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect()).expect("fields");
    fields[11..15].iter().filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() / 100
}

#[tokio::test]
async fn every_kind_of_bomb_ends_with_its_own_code_while_other_jobs_go_on() {
    let world = World::new().await;
    let worker = world.worker().with("QUIRE_PAGE_TIMEOUT", "3s").with("QUIRE_LANES", "normal:8").start().await;
    let began = cpu_seconds(worker.id());
    let mut jobs: Vec<(bombs::BombFile, JobId)> = Vec::new();
    for bomb in bombs::all() {
        let source = world.upload(bomb.file.clone()).await;
        jobs.push((bomb, world.submit(Job::new(source)).await));
    }
    let mut good = Vec::new();
    for _ in 0..4 {
        good.push(world.submit_document(samples::report()).await);
    }
    for job_id in &good {
        assert_eq!(world.await_result(job_id).await.status, JobStatus::Succeeded);
    }
    let count = jobs.len() as u64;
    let mut wrong = Vec::new();
    for (bomb, job_id) in jobs {
        let result = world.await_result(&job_id).await;
        if !is_as_expected(&bomb, &result) {
            wrong.push(format!("{}: {:?} {:?}", bomb.name, result.status, codes(&result.errors)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.await_idle().await;
    let cost = cpu_seconds(worker.id()) - began;
    assert!(cost <= 10 * count + 30, "{cost} s of CPU for {count} bombs");
    assert_eq!(worker.ask("/livez").await.0, 200);
}

/// Says whether a bomb has ended with its codes only, or was done in spite of it all.
fn is_as_expected(bomb: &bombs::BombFile, result: &ParseResult) -> bool {
    let all = codes(&result.errors);
    let is_done = result.status == JobStatus::Succeeded && all.is_empty();
    is_done || (!bomb.codes.is_empty() && !all.is_empty() && all.iter().all(|code| bomb.codes.contains(code)))
}

#[tokio::test]
async fn a_document_that_has_cost_three_renderers_is_not_tried_any_more_and_its_other_jobs_go_on() {
    let world = World::new().await;
    let worker = world.worker().with("QUIRE_PAGE_TIMEOUT", "1s").with("QUIRE_RENDERERS", "1").start().await;
    let job_id = world.submit_document(bombs::many_slow_pages(12)).await;
    let next = world.submit_document(samples::report()).await;
    assert_eq!(world.await_result(&next).await.status, JobStatus::Succeeded);
    let result = world.await_result(&job_id).await;
    assert_eq!(result.status, JobStatus::Failed, "{:?}", codes(&result.errors));
    let restarted = ["timed_out", "resource_limit", "crashed", "protocol"];
    let mut replaced = 0;
    for reason in restarted {
        let name = format!("quire_renderers_restarted_total{{reason=\"{reason}\"}}");
        replaced += worker.metric(&name).await.unwrap_or_default();
    }
    assert_eq!(replaced, 3, "renderers were replaced");
    assert!(result.errors.iter().any(|error| error.message.contains("the document has cost 3 renderers")));
}

//! `quire dead list` and `quire dead show`: what is told of letters, and that it costs none.

use std::collections::BTreeSet;

use chrono::{TimeDelta, Utc};
use quire_producer::schemas::{
    job::{Job, JobId, Password, Source},
    names::{DEAD_QUEUE, header},
    result::JobStatus,
};
use quire_tests::{
    World, eventually, quire,
    quire_cli::{json_lines, stdout, succeeds},
};
use serde_json::json;

use super::{assert_says_nothing_of, bury, found, ids, listed};

#[tokio::test]
async fn a_letter_is_listed_and_shown_with_all_that_is_known_and_no_secret() {
    let world = World::new().await;
    let worker = world.worker().start().await;
    let url = "https://127.0.0.1:1/a.pdf?signature=canary".to_owned();
    let job = Job { password: Some(Password::new("canary")), ..Job::new(Source::Url { url }) };
    let job_id = world.submit(job).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Failed);

    let id = job_id.to_string();
    let letter = listed(&world, &[], 1).await.remove(0);
    let told = |name: &str| letter[name].as_str().unwrap_or_default().to_owned();
    assert_eq!((told("job_id"), told("code")), (id.clone(), "source_blocked".to_owned()));
    assert_eq!((told("kind"), told("lane"), told("tenant")), ("failed".into(), "normal".into(), "default".into()));
    assert_eq!((told("worker"), told("redacted")), (worker.instance.clone(), "password".to_owned()));

    let shown = json_lines(&found(&world, &["dead", "show", &id, "--json"]).await).remove(0);
    assert_eq!(shown["version"], env!("CARGO_PKG_VERSION"));
    assert!(shown["memory_peak_bytes"].as_u64().is_some_and(|peak| peak > 0), "{shown}");
    assert_eq!(shown["body"]["source"]["url"], "https://127.0.0.1:1/a.pdf");
    assert_eq!((&shown["result"]["status"], &shown["result"]["generation"]), (&json!("failed"), &json!(0)));

    for arguments in [
        &["dead", "list"][..],
        &["dead", "list", "--json"],
        &["dead", "list", "--group"],
        &["dead", "list", "--group", "--json"],
        &["dead", "show", &id],
        &["dead", "show", &id, "--json"],
        &["dead", "replay", "--all", "--dry-run"],
        &["dead", "drop", "--all", "--dry-run"],
    ] {
        let output = eventually("the letter is back", || async {
            Some(quire(&world, arguments).await).filter(|output| stdout(output).contains("source_blocked"))
        })
        .await;
        assert_says_nothing_of("canary", &output);
    }
}

#[tokio::test]
async fn letters_are_chosen_by_what_they_say_and_counted_by_code() {
    let world = World::new().await;
    let hours_ago = |hours| (Utc::now() - TimeDelta::hours(hours)).to_rfc3339();
    let [old, new, crashed] = [
        bury(&world, "failed.normal", &[(header::ERROR_CODE, "not_a_pdf"), (header::FIRST_SEEN, &hours_ago(5))]).await,
        bury(&world, "failed.bulk", &[(header::ERROR_CODE, "not_a_pdf"), (header::FIRST_SEEN, &hours_ago(1))]).await,
        bury(&world, "crash.bulk", &[(header::TENANT, "acme"), (header::FIRST_SEEN, &hours_ago(3))]).await,
    ];
    let named = new.to_string();
    let cases: [(&[&str], Vec<JobId>); 9] = [
        (&[], vec![old, new, crashed]),
        (&["--code", "not_a_pdf"], vec![old, new]),
        (&["--code", "not_a_pdf", "--code", "expired", "--lane", "bulk"], vec![new]),
        (&["--lane", "bulk"], vec![new, crashed]),
        (&["--tenant", "acme"], vec![crashed]),
        (&["--kind", "crash"], vec![crashed]),
        (&["--older-than", "2h"], vec![old, crashed]),
        (&["--newer-than", "4h", "--older-than", "2h"], vec![crashed]),
        (&[named.as_str()], vec![new]),
    ];
    for (arguments, expected) in cases {
        let letters = listed(&world, arguments, expected.len()).await;
        assert_eq!(ids(&letters), expected.into_iter().collect::<BTreeSet<_>>(), "{arguments:?}");
    }
    // Once: letters that are not back yet would be a limit of their own.
    eventually("the letters are back", || async { (world.ready(DEAD_QUEUE).await == 3).then_some(()) }).await;
    let limited = json_lines(&succeeds(&world, &["dead", "list", "--limit", "2", "--json"]).await);
    assert_eq!(limited.len(), 2, "{limited:?}");

    let groups = eventually("every letter is counted", || async {
        let groups = listed(&world, &["--group"], 2).await;
        let counted: u64 = groups.iter().filter_map(|group| group["count"].as_u64()).sum();
        (counted == 3).then_some(groups)
    })
    .await;
    let told: Vec<_> = groups.iter().map(|group| (group["code"].as_str(), group["count"].as_u64())).collect();
    assert_eq!(told, [(Some("not_a_pdf"), Some(2)), (None, Some(1))]);
    assert_eq!(groups[1]["example"], crashed.to_string());
    assert!(groups[0]["oldest"].as_str() < groups[0]["newest"].as_str(), "{groups:?}");
}

#[tokio::test]
async fn listing_thirty_times_loses_no_letter() {
    let world = World::new().await;
    for _ in 0..3 {
        bury(&world, "failed.normal", &[]).await;
    }
    for _ in 0..30 {
        listed(&world, &[], 3).await;
    }
    assert_eq!(world.await_dead_letters(3).await.len(), 3);
}

//! `quire dead drop`, and what every command that changes the dead queue has to be told.

use std::collections::BTreeSet;

use quire_producer::schemas::{
    job::JobId,
    names::{Lane, header},
};
use quire_tests::{
    World, quire,
    quire_cli::{json_lines, stdout, succeeds},
};
use serde_json::Value;

use super::{bury, found, ids, letters, listed};

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let world = World::new().await;
    let job_id = bury(&world, "failed.normal", &[(header::ERROR_CODE, "not_a_pdf")]).await;
    world.put(&world.keys(&job_id).cancel(), b"{}".to_vec()).await;
    let letters = letters(&world, 1).await;
    let stored = world.store.list(&world.prefix).await.expect("the store answers");
    let cases: [(&[&str], &str); 2] = [
        (&["dead", "replay", "--all", "--dry-run", "--skip-page", "1"], "would be replayed as generation 1"),
        (&["dead", "drop", "--all", "--dry-run"], "would be dropped"),
    ];
    for (arguments, told) in cases {
        let output = found(&world, arguments).await;
        assert!(stdout(&output).contains(told), "{output:?}");
        assert_eq!(self::letters(&world, 1).await, letters, "{arguments:?}");
    }
    assert_eq!(world.store.list(&world.prefix).await.expect("the store answers"), stored);
    assert_eq!(world.ready(&Lane::Normal.queue()).await, 0);
}

#[tokio::test]
async fn nothing_is_replayed_or_dropped_without_a_choice_or_without_storage_to_ask() {
    let world = World::new().await;
    bury(&world, "failed.normal", &[]).await;
    for arguments in [
        &["dead", "replay"][..],
        &["dead", "replay", "--limit", "1"],
        &["dead", "drop"],
        &["dead", "replay", "--all", "--rate", "fast"],
        &["dead", "replay", "--all", "--skip-page", "0"],
    ] {
        assert_eq!(quire(&world, arguments).await.status.code(), Some(2), "{arguments:?}");
    }
    let world = world.with_setting("QUIRE_S3_BUCKET", "");
    let output = quire(&world, &["dead", "replay", "--all"]).await;
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    world.await_dead_letters(1).await;
}

#[tokio::test]
async fn a_job_that_is_named_and_has_no_letter_is_a_failure() {
    let world = World::new().await;
    let unknown = JobId::generate().to_string();
    for command in ["show", "replay", "drop"] {
        let output = quire(&world, &["dead", command, &unknown]).await;
        assert_eq!(output.status.code(), Some(1), "{command}: {output:?}");
    }
    let output = succeeds(&world, &["dead", "list", &unknown, "--json"]).await;
    assert_eq!(json_lines(&output), Vec::<Value>::new());
}

#[tokio::test]
async fn only_the_letters_asked_for_are_dropped() {
    let world = World::new().await;
    let kept = bury(&world, "failed.normal", &[(header::ERROR_CODE, "not_a_pdf")]).await;
    let dropped = bury(&world, "expired.normal", &[(header::ERROR_CODE, "expired")]).await;
    let lines = json_lines(&succeeds(&world, &["dead", "drop", "--code", "expired", "--json"]).await);
    let told: Vec<_> = lines.iter().map(|line| (line["event"].as_str(), line["job_id"].as_str())).collect();
    assert_eq!(told, [(Some("dropped"), Some(dropped.to_string().as_str())), (Some("summary"), None)]);
    let left = listed(&world, &[], 1).await;
    assert_eq!(ids(&left), BTreeSet::from([kept]));
    assert_eq!(world.ready(&Lane::Normal.queue()).await, 0);
}

//! The invariants that can be read off the sources, checked as text.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a member of the workspace").to_owned()
}

/// Lists every Rust file below these folders, with its path from the root and its lines of code:
/// what stands in comments binds nobody.
fn sources(folders: &[&str]) -> Vec<(String, String)> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a readable folder");
            open.extend(entries.map(|entry| entry.expect("a readable folder").path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).expect("it was found there").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("sources are text");
            let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            found.push((name, code.join("\n")));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "there are no sources in {folders:?}");
    found
}

const SHIPPED: [&str; 3] = ["schemas/src", "producer/src", "worker/src"];

/// Asserts that these words stand in these files only, and in at least one of them. A place that
/// ends in a slash is a folder.
fn assert_only(places: &[&str], words: &[&str]) {
    let names = sources(&SHIPPED).into_iter().filter(|(_, code)| words.iter().any(|word| code.contains(word)));
    let names: Vec<String> = names.map(|(name, _)| name).collect();
    let allowed =
        |name: &String| places.iter().any(|place| name == place || (place.ends_with('/') && name.starts_with(place)));
    let strangers: Vec<_> = names.iter().filter(|name| !allowed(name)).collect();
    assert!(strangers.is_empty(), "{words:?} stand in {strangers:?}, and belong into {places:?} only");
    assert!(!names.is_empty(), "{words:?} stand nowhere: this rule checks nothing");
}

/// Returns the members of the workspace that a member depends on, those for its tests included.
fn depends_on(member: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).expect("every member has a manifest");
    let names = manifest.lines().filter_map(|line| line.strip_prefix("quire-"));
    names.map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect()).collect()
}

#[test]
fn members_depend_on_what_is_below_them_only() {
    let order = ["schemas", "producer", "worker", "tests"];
    for (index, member) in order.into_iter().enumerate() {
        let below: BTreeSet<String> = order[..index].iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(depends_on(member), below, "{member}");
    }
}

#[test]
fn sources_name_only_the_members_that_are_below_theirs() {
    for (folder, above) in [
        ("schemas/src", ["quire_producer", "quire_worker", "quire_tests"].as_slice()),
        ("producer/src", ["quire_worker", "quire_tests"].as_slice()),
        ("worker/src", ["quire_tests"].as_slice()),
    ] {
        for (name, code) in sources(&[folder]) {
            let named: Vec<_> = above.iter().filter(|member| code.contains(**member)).collect();
            assert!(named.is_empty(), "{name} names {named:?}");
        }
    }
}

#[test]
fn the_contract_needs_no_broker_and_no_runtime() {
    let manifest = fs::read_to_string(root().join("schemas/Cargo.toml")).expect("every member has a manifest");
    for heavy in ["lapin", "tokio", "reqwest", "aws-", "futures", "axum", "tracing"] {
        assert!(!manifest.lines().any(|line| line.starts_with(heavy)), "schemas depends on {heavy}");
    }
}

#[test]
fn only_the_renderer_names_pdfium() {
    assert_only(&["worker/src/render/renderer.rs"], &["pdfium_render"]);
}

#[test]
fn only_the_store_names_aws() {
    assert_only(&["producer/src/store/s3.rs"], &["aws_config", "aws_sdk_s3", "aws_smithy"]);
}

/// `services` makes the client that the parse engine is given.
#[test]
fn only_who_speaks_http_names_reqwest() {
    let places = [
        "producer/src/amqp/management.rs",
        "worker/src/commands/healthcheck.rs",
        "worker/src/commands/services.rs",
        "worker/src/parse/",
        "worker/src/retry_after.rs",
        "worker/src/source/url.rs",
    ];
    assert_only(&places, &["reqwest::"]);
}

#[test]
fn only_one_file_names_the_backoff_crate() {
    assert_only(&["worker/src/in_call.rs"], &["backoff::"]);
}

/// What `clap` and the AWS client read by themselves is declared where they are set up.
#[test]
fn only_the_configuration_reads_the_environment() {
    assert_only(&["worker/src/config/"], &["env::var"]);
}

/// The broker's half of the seam holds the client's handle; `settle` decides when it is used. The
/// loop's own tests have a seam of theirs.
#[test]
fn only_settle_acknowledges() {
    // An operator's commands acknowledge letters of the dead queue, after what follows is confirmed.
    assert_only(&["worker/src/consume/broker.rs", "producer/src/commands/dead/pile.rs"], &[".ack("]);
    assert_only(&["worker/src/consume/settle.rs", "worker/src/consume/lane.rs"], &[".acknowledge()"]);
    let lane = fs::read_to_string(root().join("worker/src/consume/lane.rs")).expect("the loop is there");
    let (code, _) = lane.split_once("#[cfg(test)]").expect("the loop has tests");
    assert!(!code.contains(".acknowledge()"), "the loop acknowledges by itself");
}

#[test]
fn nothing_is_retried_or_buried_by_refusing_a_delivery() {
    for (name, code) in sources(&SHIPPED) {
        assert!(!code.contains(".nack(") && !code.contains(".reject("), "{name} refuses deliveries");
    }
}

#[test]
fn what_decides_is_synchronous() {
    let pure = [
        "schemas/src",
        "worker/src/job",
        "worker/src/parse/local",
        "worker/src/pipeline/assemble.rs",
        "worker/src/pipeline/plan.rs",
        "worker/src/render/geometry.rs",
        "worker/src/render/protocol.rs",
    ];
    for place in pure {
        for (name, code) in sources(&[place]) {
            assert!(!code.contains("async fn") && !code.contains(".await"), "{name} is not pure");
        }
    }
}

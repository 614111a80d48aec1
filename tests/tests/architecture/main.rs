//! The invariants that can be read off the sources.

mod imports;
mod manual;
mod names;
mod sources;

use std::{collections::BTreeSet, fs};

use self::{
    imports::Imports,
    sources::{SHIPPED, read, root, sources, texts},
};

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
    let manifest = read(&format!("{member}/Cargo.toml"));
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
    let manifest = read("schemas/Cargo.toml");
    for heavy in ["lapin", "tokio", "reqwest", "aws-", "futures", "axum", "tracing"] {
        assert!(!manifest.lines().any(|line| line.starts_with(heavy)), "schemas depends on {heavy}");
    }
}

#[test]
fn only_the_renderer_names_pdfium() {
    assert_only(&["worker/src/render/renderer/"], &["pdfium_render"]);
}

#[test]
fn only_the_reader_of_facts_names_the_reader_of_pdf_files() {
    assert_only(&["worker/src/render/file_facts/"], &["hayro_syntax"]);
}

#[test]
fn only_the_store_names_aws() {
    assert_only(&["producer/src/store/s3.rs"], &["aws_config", "aws_sdk_s3", "aws_smithy"]);
}

#[test]
fn only_who_speaks_http_names_reqwest() {
    let places = [
        "producer/src/amqp/management.rs",
        "worker/src/commands/healthcheck.rs",
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
    assert_only(&["worker/src/consume/broker.rs", "producer/src/dead/pile.rs"], &[".ack("]);
    assert_only(&["worker/src/consume/settle.rs", "worker/src/consume/lane.rs"], &[".acknowledge()"]);
    let lane = read("worker/src/consume/lane.rs");
    let (code, _) = lane.split_once("#[cfg(test)]").expect("the loop has tests");
    assert!(!code.contains(".acknowledge()"), "the loop acknowledges by itself");
}

#[test]
fn nothing_is_retried_or_buried_by_refusing_a_delivery() {
    for (name, code) in sources(&SHIPPED) {
        assert!(!code.contains(".nack(") && !code.contains(".reject("), "{name} refuses deliveries");
    }
}

/// Looks for the string `llamaparse` only: another engine's name is not checked until it is added here with its places.
/// "Adding an engine" in ARCHITECTURE.md has every step.
#[test]
fn an_engine_is_named_only_in_its_folder_the_enums_and_its_section() {
    let places = [
        "schemas/src/job/options.rs",
        "worker/src/config/llamaparse.rs",
        "worker/src/config/mod.rs",
        "worker/src/parse/engines.rs",
        "worker/src/parse/llamaparse/",
        "worker/src/parse/mod.rs",
    ];
    let names = |code: &str| {
        code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_lowercase().contains("llamaparse")
    };
    for (name, code) in sources(&SHIPPED) {
        let is_allowed = places.iter().any(|place| name.starts_with(place));
        assert!(is_allowed || name.ends_with("/tests.rs") || !names(&code), "{name} names an engine");
    }
    for place in places {
        let named = sources(&[place.trim_end_matches('/')]).iter().any(|(_, code)| names(code));
        assert!(named, "{place} names no engine: the list is too long");
    }
}

/// What decides, as invariant 10 of ARCHITECTURE.md names it.
const PURE: &[&str] = &[
    "schemas",
    "job/",
    "parse/llamaparse/map",
    "parse/local/",
    "pipeline/assemble",
    "pipeline/attachment_list",
    "pipeline/chunks/",
    "pipeline/document_pass/course",
    "pipeline/document_pass/hyphens/",
    "pipeline/document_pass/joined",
    "pipeline/document_pass/json_fields",
    "pipeline/document_pass/languages",
    "pipeline/document_pass/markdown",
    "pipeline/document_pass/of_document",
    "pipeline/document_pass/reconcile/",
    "pipeline/document_pass/rewrite",
    "pipeline/document_pass/spooled_page",
    "pipeline/document_pass/statistics",
    "pipeline/document_pass/structure/",
    "pipeline/document_pass/table_markdown",
    "pipeline/end_summary",
    "pipeline/escape",
    "pipeline/fallback",
    "pipeline/plan",
    "pipeline/text_warnings",
    "pipeline/without_parse",
    "render/bounds",
    "render/file_facts",
    "render/geometry",
    "render/protocol",
    "render/recovery",
    "render/renderer/font_names",
    "render/renderer/placement",
    "render/renderer/shapes",
    "render/schedule",
    "render/verify",
];

/// Its places by the folder of their crate.
const ROOMS: [(&str, &[&str]); 2] = [("schemas/src", PURE.split_at(1).0), ("worker/src", PURE.split_at(1).1)];

/// Everything that waits, or reaches beyond the process.
const IMPURE: [&str; 29] = [
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os::fd",
    "std::os::unix::fs",
    "std::os::unix::net",
    "std::os::unix::process",
    "std::process",
    "std::sync",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "aws_sdk_s3",
    "axum",
    "backoff",
    "chrono::Utc::now",
    "crate::fail_point",
    "crate::in_call",
    "crate::lifecycle",
    "crate::pipeline::spool",
    "crate::store",
    "futures_util",
    "lapin",
    "nix",
    "reqwest",
    "tempfile",
    "tokio",
    "uuid::Uuid::now_v7",
];

/// What a pure file may name nevertheless: the time that is left is read off the clock that tests can pause, a new id
/// sorts by time, and the reader of PDF files shares the bytes that it reads.
const EXCEPTIONS: [(&str, &str); 3] = [
    ("worker/src/job/budget.rs", "tokio::time::Instant"),
    ("worker/src/render/file_facts/mod.rs", "std::sync::Arc"),
    ("schemas/src/job/id.rs", "uuid::Uuid::now_v7"),
];

#[test]
fn what_decides_is_synchronous_and_does_no_io() {
    for (folder, places) in ROOMS {
        let imports = Imports::of(folder);
        for place in places {
            for file in pure_files(folder, place) {
                assert!(!imports.is_async(&file), "{file} is not synchronous");
                let impure: Vec<_> = imports.used_by(&file).into_iter().filter(|path| is_impure(&file, path)).collect();
                assert!(impure.is_empty(), "{file} decides, and names {impure:?}");
            }
        }
    }
}

#[test]
fn the_rule_about_what_decides_can_fail() {
    let imports = Imports::of("worker/src");
    for (file, path) in [("worker/src/pipeline/spool.rs", "std::io::"), ("worker/src/consume/lane.rs", "tokio::")] {
        let used = imports.used_by(file);
        assert!(used.iter().any(|used| used.starts_with(path) && is_impure(file, used)), "{file}: {used:?}");
    }
    assert!(imports.is_async("worker/src/consume/lane.rs") && !imports.is_async("worker/src/render/schedule.rs"));
}

#[test]
fn the_list_of_what_decides_is_that_of_the_architecture() {
    let text = read("ARCHITECTURE.md");
    let line = text.lines().find(|line| line.starts_with("10. **")).expect("there is an invariant 10");
    let (bold, _) = line["10. **".len()..].split_once("**").expect("its first sentence is bold");
    let named: BTreeSet<&str> = bold.split('`').skip(1).step_by(2).collect();
    assert_eq!(named, PURE.iter().copied().collect());
}

#[test]
fn a_file_that_calls_itself_pure_is_one_of_those_that_decide() {
    let checked: Vec<String> = ROOMS
        .into_iter()
        .flat_map(|(folder, places)| places.iter().flat_map(move |place| pure_files(folder, place)))
        .collect();
    let claims = |text: &str| {
        let header: Vec<_> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        ["Pure.", "Pure;", "Pure:"].iter().any(|claim| header.join(" ").contains(claim))
    };
    let claiming: Vec<_> = texts(&SHIPPED).into_iter().filter(|(_, text)| claims(text)).map(|(file, _)| file).collect();
    assert!(claiming.len() >= 10, "{claiming:?}: this rule reads something else");
    let unchecked: Vec<_> = claiming.iter().filter(|file| !checked.contains(file)).collect();
    assert!(unchecked.is_empty(), "{unchecked:?} say that they are pure, and PURE does not list them");
}

/// Lists the files of a place, which is a file of that name, a folder, or both.
fn pure_files(folder: &str, place: &str) -> Vec<String> {
    let path = if place == "schemas" { folder.to_owned() } else { format!("{folder}/{}", place.trim_end_matches('/')) };
    let (file, below) = (format!("{path}.rs"), format!("{path}/"));
    let is_of_place = |name: &String| *name == file || name.starts_with(&below);
    let names = texts(&[folder]).into_iter().map(|(name, _)| name);
    let found: Vec<_> = names.filter(|name| is_of_place(name) && !name.ends_with("/tests.rs")).collect();
    assert!(!found.is_empty(), "{place} has no files: the list is too long");
    found
}

fn is_impure(file: &str, path: &str) -> bool {
    let leads_into =
        |place: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    let is_excepted = EXCEPTIONS.iter().any(|(excepted, place)| file == *excepted && leads_into(place));
    // Errors of I/O are values.
    let is_error = leads_into("std::io::Error") || leads_into("std::io::ErrorKind");
    // A constant that is computed at its first use.
    let is_constant = leads_into("std::sync::LazyLock");
    IMPURE.iter().any(|place| leads_into(place)) && !is_excepted && !is_error && !is_constant
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    for folder in SHIPPED {
        let circles = Imports::of(folder).circles();
        assert!(circles.is_empty(), "{folder}: {circles:#?}");
    }
}

#[test]
fn every_file_says_first_what_may_stand_in_it() {
    let folders = [&SHIPPED[..], &["tests/src", "tests/tests", "schemas/tests", "schemas/examples"]].concat();
    let silent: Vec<String> = texts(&folders)
        .into_iter()
        .filter(|(_, text)| text.strip_prefix("//! ").is_none_or(|text| text.trim().is_empty()))
        .map(|(file, _)| file)
        .collect();
    assert!(silent.is_empty(), "no `//!` line opens {silent:#?}");
}

#[test]
fn a_folder_of_modules_has_its_own_module_in_it() {
    let folders = [&SHIPPED[..], &["tests/src", "tests/tests"]].concat();
    for (file, _) in texts(&folders) {
        let folder = root().join(file.trim_end_matches(".rs"));
        let holds_more = folder.is_dir()
            && fs::read_dir(&folder).expect("a readable folder").flatten().any(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                name.ends_with(".rs") && name != "tests.rs"
            });
        assert!(!holds_more, "{file} belongs into its folder, as mod.rs");
    }
}

#[test]
fn the_documents_name_tests_that_exist() {
    let document = read("docs/reliability.md");
    let names = document.split('`').skip(1).step_by(2).filter_map(|name| name.rsplit_once("::"));
    // Names of tests are sentences.
    let names: Vec<_> = names.filter(|(_, test)| test.matches('_').count() >= 3).collect();
    let tests: Vec<(String, String)> = sources(&["tests/tests/it", "tests/src"]);
    for (module, test) in &names {
        let declared = format!("fn {test}(");
        let is_there = tests.iter().any(|(file, code)| {
            let file = file.trim_end_matches(".rs").trim_end_matches("/mod");
            file.ends_with(&module.replace("::", "/")) && code.contains(&declared)
        });
        assert!(is_there, "docs/reliability.md names {module}::{test}, and there is no such test");
    }
    assert!(names.len() >= 100, "{} tests are named: this rule reads something else", names.len());
}

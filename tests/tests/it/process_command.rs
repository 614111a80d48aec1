//! `quire-worker process`: the pipeline with a folder as store, and no broker.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use quire_producer::schemas::{
    result::{BranchStatus, JobStatus},
    sha256::Sha256,
};
use quire_tests::{expect::assert_failed, processed::Processed, samples};

fn sample(name: &str) -> String {
    samples::path(name).display().to_string()
}

#[test]
fn a_document_becomes_a_folder_of_its_stem() {
    let processed = Processed::run(&[sample("report.pdf")]);
    assert_eq!(processed.code(), 0);
    let expected =
        ["document.md", "pages/0001.png", "pages/0002.png", "pages/0003.png", "pages/0004.png", "result.json"];
    assert_eq!(processed.files(), expected.map(|name| format!("report/{name}")));
    let result = processed.result("report");
    assert_eq!(result.status, JobStatus::Succeeded);
    for image in result.page_images.values() {
        let bytes = processed.read(&image.object.key);
        assert_eq!(Sha256::of(&bytes), image.object.sha256);
        assert_eq!(bytes.len() as u64, image.object.size_bytes);
    }
}

#[test]
fn the_exit_code_tells_whether_any_document_failed() {
    let passwords = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, text: &str| {
        let path = passwords.path().join(name);
        std::fs::write(&path, text).expect("a fresh folder");
        path.display().to_string()
    };
    let (right, wrong) = (file("right", "quire\nnot this line\n"), file("wrong", "canary\n"));
    let (good, encrypted) = (sample("report.pdf"), sample("encrypted.pdf"));
    let (good, encrypted, right, wrong) = (good.as_str(), encrypted.as_str(), right.as_str(), wrong.as_str());
    for (arguments, code, codes) in [
        (vec![good], 0, vec![None]),
        (vec![encrypted], 1, vec![Some("password_required")]),
        (vec![encrypted, "--password-file", right], 0, vec![None]),
        (vec![encrypted, "--password-file", wrong], 1, vec![Some("password_wrong")]),
        (vec!["/nowhere/missing.pdf"], 1, vec![Some("source_not_found")]),
        (
            vec![good, "/nowhere/missing.pdf", encrypted],
            1,
            vec![None, Some("source_not_found"), Some("password_required")],
        ),
    ] {
        let processed = Processed::run(&[arguments.clone(), vec!["--json"]].concat());
        let json = processed.json();
        let documents = json["documents"].as_array().expect("a list");
        let told: Vec<_> = documents.iter().map(|document| document["code"].as_str()).collect();
        assert_eq!((processed.code(), told), (code, codes), "{arguments:?}");
        assert!(!String::from_utf8_lossy(&processed.output.stderr).contains("canary"), "the password is shown");
    }
}

#[test]
fn an_option_that_is_out_of_its_range_or_given_twice_is_wrong_usage() {
    let sample = sample("report.pdf");
    for (options, told) in [
        (&["chunks=5"][..], "parse.options.chunks: true, false or an object"),
        (&["chunks=true", "chunks=false"][..], "--parse-option chunks is given twice"),
    ] {
        let options = options.iter().flat_map(|option| ["--parse-option", *option]);
        let processed = Processed::run(&[sample.as_str()].into_iter().chain(options).collect::<Vec<_>>());
        let error = String::from_utf8_lossy(&processed.output.stderr);
        assert_eq!((processed.code(), processed.files().len()), (2, 0), "{error}");
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn a_document_that_fails_leaves_a_result_that_says_why() {
    let processed = Processed::run(&[sample("encrypted.pdf"), sample("rotated.pdf")]);
    assert_eq!(processed.code(), 1);
    let failed = processed.result("encrypted");
    assert_failed(&failed, &["password_required"]);
    assert_eq!(processed.result("rotated").status, JobStatus::Succeeded);
}

#[test]
fn what_the_json_says_is_what_the_folder_holds() {
    let processed = Processed::run(&[sample("rotated.pdf"), "--json".to_owned()]);
    let (json, result) = (processed.json(), processed.result("rotated"));
    let document = &json["documents"][0];
    assert_eq!(json["documents"].as_array().map(Vec::len), Some(1));
    assert_eq!((document["folder"].as_str(), document["status"].as_str()), (Some("rotated"), Some("succeeded")));
    assert_eq!((document["pages"].as_u64(), document["images"].as_u64()), (Some(3), Some(3)));
    assert_eq!(document["elements"].as_u64(), Some(result.elements.len() as u64));
    assert!(json["pages_per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{json}");
}

#[test]
fn images_come_in_the_format_asked_for() {
    for (format, extension, media_type, begins) in [
        ("png", "png", "image/png", b"\x89PNG".as_slice()),
        ("webp", "webp", "image/webp", b"RIFF".as_slice()),
        ("jpeg", "jpg", "image/jpeg", b"\xff\xd8\xff".as_slice()),
    ] {
        let processed = Processed::run(&["--format", format, "--dpi", "72", &sample("scanned.pdf")]);
        let result = processed.result("scanned");
        for (number, image) in &result.page_images {
            assert_eq!(image.object.key, format!("scanned/pages/{number:04}.{extension}"));
            assert_eq!(image.object.media_type, media_type);
            assert_eq!((image.width_px, image.height_px), (595, 842));
            assert!(processed.read(&image.object.key).starts_with(begins), "{format}");
        }
        assert_eq!(result.page_images.len(), 2, "{format}");
    }
}

#[test]
fn only_the_pages_asked_for_are_done() {
    let processed = Processed::run(&["--pages", "2-3,9", &sample("report.pdf")]);
    assert_eq!(processed.code(), 0);
    let result = processed.result("report");
    let pages: Vec<_> = result.pages.iter().map(|page| page.page_number).collect();
    let images: Vec<_> = result.page_images.keys().copied().collect();
    assert_eq!((pages, images), (vec![2, 3], vec![2, 3]));
    assert!(result.elements.iter().all(|element| (2..=3).contains(&element.page_number)));
    let beyond = Processed::run(&["--pages", "9-", &sample("report.pdf")]);
    assert_eq!((beyond.code(), beyond.result("report").errors[0].code.as_str()), (1, "invalid_job"));
}

#[test]
fn a_branch_that_is_off_is_skipped_and_leaves_nothing() {
    let text = Processed::run(&["--no-images", &sample("report.pdf")]);
    assert_eq!(text.files(), ["report/document.md", "report/result.json"]);
    let result = text.result("report");
    let branches = (result.branches.parse.status, result.branches.images.status);
    assert_eq!(branches, (BranchStatus::Succeeded, BranchStatus::Skipped));

    let images = Processed::run(&["--engine", "none", &sample("scanned.pdf")]);
    assert_eq!(images.files(), ["scanned/pages/0001.png", "scanned/pages/0002.png", "scanned/result.json"]);
    let result = images.result("scanned");
    let branches = (result.branches.parse.status, result.branches.images.status);
    assert_eq!((result.status, branches), (JobStatus::Succeeded, (BranchStatus::Skipped, BranchStatus::Succeeded)));
}

#[test]
fn two_files_of_one_stem_get_a_folder_each() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = |name: &str, below: &str| {
        let path = folder.path().join(below).join("same.pdf");
        std::fs::create_dir(folder.path().join(below)).expect("a fresh folder");
        std::fs::copy(samples::path(name), &path).expect("a fresh folder");
        path
    };
    let processed = Processed::run(&[copy("report.pdf", "a"), copy("rotated.pdf", "b")]);
    assert_eq!(processed.code(), 0);
    assert_eq!((processed.result("same").pages.len(), processed.result("same-2").pages.len()), (4, 3));
}

#[test]
fn file_names_that_are_no_text_or_lead_elsewhere_get_a_folder_below_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let names = [b"\xff\xfe.pdf".as_slice(), b"..pdf", b"...pdf"];
    let files = names.map(|name| {
        let path = folder.path().join(OsStr::from_bytes(name));
        std::fs::copy(samples::path("scanned.pdf"), &path).expect("a fresh folder");
        path
    });
    let processed = Processed::run(&files);
    assert_eq!(processed.code(), 0, "{:?}", processed.output);
    let results = processed.files().into_iter().filter(|file| file.ends_with("/result.json"));
    assert_eq!(results.count(), files.len(), "{:?}", processed.files());
}

//! Every check finds the fault it is for, and nothing else.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use quire_producer::schemas::{
    event::{Event, ResultLocation, Subject},
    failure::ErrorCode,
    job::{ImageFormat, JobId},
    keys::JobKeys,
    names::{Lane, Tenant, header},
    result::JobStatus,
    sha256::Sha256,
};
use serde_json::{Value, json};

use super::{
    Accepted, CutOff, Expected, Ledger, Report,
    evidence::{Evidence, Stored},
    judge,
    secrets::shown_by,
};
use crate::DeadLetter;

const PREFIX: &str = "t";
const IMAGE: &[u8] = b"an image";

/// What an audit would see, to be built and then spoiled.
#[derive(Default)]
struct Scene {
    ledger: Ledger,
    evidence: Evidence,
}

fn id(number: u8) -> JobId {
    format!("0192f0c1-7e5a-7000-8000-0000000000{number:02}").parse().expect("a uuid")
}

fn keys(job_id: JobId) -> JobKeys {
    JobKeys::new(PREFIX, &Tenant::default(), &job_id)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::of(bytes).to_string()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn cut_off(worker: &str, seconds: i64) -> CutOff {
    CutOff { worker: worker.to_owned(), at: at(seconds) }
}

fn subject(job_id: JobId, seconds: i64) -> Subject {
    let (tenant, lane) = (Tenant::default(), Lane::Normal);
    Subject { job_id, tenant, lane, attempt: 1, generation: 0, at: at(seconds) }
}

impl Scene {
    /// Two jobs that succeeded with the same image, and one that failed as it should.
    fn clean() -> Self {
        let mut scene = Self::default();
        scene.evidence.prefix = PREFIX.to_owned();
        scene.evidence.waiting = BTreeMap::from([("quire.jobs.normal".to_owned(), 0)]);
        scene.ledger.max_attempts = 3;
        scene.ledger.secrets = vec!["canary".to_owned(), String::new()];
        scene.ledger.passwords = vec!["canary".to_owned()];
        for job_id in [id(1), id(2)] {
            scene.accept(job_id, Expected::Success);
            scene.begin(job_id, 1);
            scene.store_page(job_id, IMAGE);
            scene.store_result(job_id, with_page(result(job_id, "succeeded"), job_id, IMAGE));
            scene.announce(job_id, JobStatus::Succeeded, 2);
        }
        scene.accept(id(3), Expected::Failure(ErrorCode::NotAPdf));
        scene.begin(id(3), 1);
        scene.store_result(id(3), failed(id(3), "not_a_pdf"));
        scene.bury(id(3), "failed.normal", "not_a_pdf");
        scene.announce(id(3), JobStatus::Failed, 2);
        scene
    }

    fn accept(&mut self, job_id: JobId, expected: Expected) {
        self.ledger.accepted.push(Accepted { job_id, expected, messages: 1, cancelled: false });
    }

    fn hear(&mut self, event: &Event) {
        self.evidence.events.push(serde_json::to_vec(event).expect("plain data"));
    }

    fn begin(&mut self, job_id: JobId, seconds: i64) {
        self.hear(&Event::Started { subject: subject(job_id, seconds), worker: "w".to_owned() });
    }

    fn store_page(&mut self, job_id: JobId, body: &[u8]) {
        let key = keys(job_id).page(1, ImageFormat::Png);
        let stored = Stored { sha256: Sha256::of(body), size_bytes: body.len() as u64, shows: Vec::new() };
        self.evidence.objects.insert(key.clone(), stored);
        self.evidence.keys.insert(key);
    }

    fn store_result(&mut self, job_id: JobId, result: Value) {
        self.evidence.results.insert(job_id, Bytes::from(result.to_string()));
        self.evidence.keys.insert(keys(job_id).result());
    }

    /// Lets a job end at a time, unheard.
    fn end_at(&mut self, job_id: JobId, seconds: i64) {
        let mut told = result(job_id, "succeeded");
        told["completed_at"] = json!(at(seconds));
        self.forget(job_id);
        self.begin(job_id, 1);
        self.store_page(job_id, IMAGE);
        self.store_result(job_id, with_page(told, job_id, IMAGE));
    }

    /// Announces what is stored.
    fn announce(&mut self, job_id: JobId, status: JobStatus, seconds: i64) {
        let sha256 = sha256(&self.evidence.results[&job_id]);
        self.announce_as(job_id, status, &sha256, seconds);
    }

    fn announce_as(&mut self, job_id: JobId, status: JobStatus, sha256: &str, seconds: i64) {
        let location = ResultLocation { uri: String::new(), sha256: sha256.to_owned() };
        let subject = subject(job_id, seconds);
        self.hear(&Event::Finished { subject, status, result: Some(location), code: None, message: None });
    }

    fn bury(&mut self, job_id: JobId, routing_key: &str, code: &str) {
        let headers = BTreeMap::from([(header::ERROR_CODE.to_owned(), code.to_owned())]);
        let message_id = Some(job_id.to_string());
        let letter = DeadLetter { routing_key: routing_key.to_owned(), headers, message_id, body: b"{}".to_vec() };
        self.evidence.letters.push(letter);
    }

    /// Takes away what became of a job, but not that it was accepted.
    fn forget(&mut self, job_id: JobId) {
        self.evidence.results.remove(&job_id);
        self.evidence.keys.retain(|key| !key.starts_with(keys(job_id).folder()));
        self.evidence.letters.retain(|letter| letter.message_id != Some(job_id.to_string()));
        let name = job_id.to_string();
        self.evidence.events.retain(|event| !String::from_utf8_lossy(event).contains(&name));
    }

    fn job(&mut self, job_id: JobId) -> &mut Accepted {
        self.ledger.accepted.iter_mut().find(|job| job.job_id == job_id).expect("accepted above")
    }

    fn report(&self) -> Report {
        judge(&self.ledger, &self.evidence)
    }

    /// Asserts that exactly these sentences are found, by a part of each.
    #[track_caller]
    fn assert_found(&self, parts: &[&str]) -> Report {
        let report = self.report();
        let as_told = report.findings.len() == parts.len();
        let each_found = parts.iter().all(|part| report.findings.iter().any(|finding| finding.contains(*part)));
        assert!(as_told && each_found, "{parts:?} are not {:?}", report.findings);
        report
    }
}

fn result(job_id: JobId, status: &str) -> Value {
    json!({
        "schema_version": "1.0", "job_id": job_id, "status": status, "source": { "sha256": "of the document" },
        "branches": { "parse": { "status": status }, "images": { "status": status } },
        "pages": [], "elements": [], "page_images": {}, "errors": [],
        "provenance": { "worker": "w", "worker_version": "0", "attempt": 1 },
    })
}

fn failed(job_id: JobId, code: &str) -> Value {
    let mut result = result(job_id, "failed");
    result["errors"] = json!([{ "code": code, "message": "", "retryable": false, "phase": "fetch" }]);
    result
}

fn with_page(mut result: Value, job_id: JobId, body: &[u8]) -> Value {
    let key = keys(job_id).page(1, ImageFormat::Png);
    let object = json!({ "key": key, "media_type": "image/png", "size_bytes": body.len(), "sha256": sha256(body) });
    let image = json!({ "page_number": 1, "object": object, "width_px": 1, "height_px": 1, "scale": 1.0, "dpi": 72.0 });
    result["page_images"] = json!({ "1": image });
    result
}

#[test]
fn where_every_promise_was_kept_there_is_nothing_to_find() {
    let expected = Report {
        jobs: 3,
        results: BTreeMap::from([("failed".to_owned(), 1), ("succeeded".to_owned(), 2)]),
        letters: BTreeMap::from([("not_a_pdf".to_owned(), 1)]),
        ..Report::default()
    };
    assert_eq!(Scene::clean().report(), expected);
}

#[test]
fn a_job_that_ended_nowhere_is_a_loss() {
    let mut scene = Scene::clean();
    scene.forget(id(1));
    assert_eq!(scene.assert_found(&["ended nowhere"]).losses, 1);
}

#[test]
fn an_object_that_is_missing_or_another_one_is_found() {
    let (mut missing, mut changed) = (Scene::clean(), Scene::clean());
    missing.evidence.objects.remove(&keys(id(1)).page(1, ImageFormat::Png));
    missing.assert_found(&["which is not there"]);
    changed.store_page(id(1), b"something else");
    changed.assert_found(&["is not what its result says it is"]);
}

#[test]
fn whatever_no_result_names_is_an_orphan() {
    let mut scene = Scene::clean();
    let stranger = keys(id(9)).state();
    scene.evidence.keys.extend([keys(id(1)).state(), keys(id(2)).cancel(), stranger.clone()]);
    scene.evidence.uploads.push(keys(id(1)).page(2, ImageFormat::Png));
    let parts = ["state.json", "/cancel", stranger.as_str(), "neither finished nor given up"];
    assert_eq!(scene.assert_found(&parts).orphans, 4);
}

#[test]
fn a_note_may_land_late_where_its_worker_had_lost_the_broker_or_the_store_over_it() {
    let lost = [(vec![cut_off("w", 10)], vec![]), (vec![], vec![cut_off("w", 10)])];
    for (cut_off, cut_off_from_store) in lost {
        let mut scene = Scene::clean();
        scene.end_at(id(1), 20);
        scene.announce(id(1), JobStatus::Succeeded, 20);
        scene.evidence.keys.extend([keys(id(1)).state(), keys(id(1)).page(2, ImageFormat::Png)]);
        scene.assert_found(&["state.json", "0002.png"]);
        (scene.ledger.cut_off, scene.ledger.cut_off_from_store) = (cut_off, cut_off_from_store);
        let report = scene.assert_found(&["0002.png"]);
        assert_eq!((report.orphans, report.late_notes), (1, 1));
    }
}

#[test]
fn a_marker_of_a_job_that_was_to_stop_is_no_orphan() {
    let mut scene = Scene::clean();
    scene.evidence.keys.insert(keys(id(2)).cancel());
    scene.job(id(2)).cancelled = true;
    scene.assert_found(&[]);
}

#[test]
fn a_letter_goes_with_a_failed_result_and_with_no_other() {
    let mut scene = Scene::clean();
    scene.bury(id(1), "failed.normal", "internal");
    scene.assert_found(&["succeeded and has a dead letter (internal)"]);
    let mut scene = Scene::clean();
    scene.evidence.letters.clear();
    scene.assert_found(&["no dead letter says why"]);
    let mut scene = Scene::clean();
    scene.evidence.letters.clear();
    scene.bury(id(3), "failed.normal", "internal");
    scene.assert_found(&["its result says not_a_pdf, its dead letter internal"]);
}

#[test]
fn only_the_brokers_own_letter_may_stand_alone() {
    let mut scene = Scene::clean();
    scene.forget(id(3));
    scene.bury(id(3), "failed.normal", "not_a_pdf");
    scene.assert_found(&["a dead letter (not_a_pdf) and no result"]);
    let mut scene = Scene::clean();
    scene.forget(id(3));
    scene.bury(id(3), "crash.normal", "");
    let report = scene.assert_found(&[]);
    assert_eq!((report.results["letter only"], report.letters["crash"]), (1, 1));
}

#[test]
fn a_letter_of_a_job_that_was_not_published_is_found() {
    let mut scene = Scene::clean();
    scene.bury(id(9), "failed.normal", "internal");
    scene.assert_found(&["a job that was not published"]);
}

#[test]
fn a_job_ends_as_its_document_deserves() {
    let mut scene = Scene::clean();
    scene.job(id(1)).expected = Expected::Failure(ErrorCode::InvalidDocument);
    scene.job(id(3)).expected = Expected::Success;
    scene.assert_found(&["succeeded () and not failed (invalid_document)", "failed (not_a_pdf) and not succeeded"]);
}

#[test]
fn a_partial_result_needs_as_many_deaths_as_leaving_a_page_out_takes() {
    let mut scene = Scene::clean();
    scene.forget(id(1));
    scene.store_result(id(1), result(id(1), "partial_success"));
    scene.announce(id(1), JobStatus::PartialSuccess, 9);
    (1..=3).for_each(|second| scene.begin(id(1), second));
    scene.assert_found(&["partial_success () and not succeeded; it was begun 3 times"]);
    scene.begin(id(1), 4);
    scene.assert_found(&[]);
}

#[test]
fn a_job_is_cancelled_only_after_a_request() {
    let mut scene = Scene::clean();
    scene.forget(id(1));
    scene.store_result(id(1), result(id(1), "cancelled"));
    scene.announce(id(1), JobStatus::Cancelled, 2);
    scene.assert_found(&["cancelled () and not succeeded"]);
    scene.job(id(1)).cancelled = true;
    scene.assert_found(&[]);
}

#[test]
fn a_job_may_be_cancelled_behind_the_letter_that_it_deserves_and_behind_no_other() {
    let cancelled_with = |code: &str| {
        let mut scene = Scene::clean();
        scene.forget(id(3));
        scene.job(id(3)).cancelled = true;
        scene.store_result(id(3), result(id(3), "cancelled"));
        scene.announce(id(3), JobStatus::Cancelled, 2);
        scene.bury(id(3), "failed.normal", code);
        scene
    };
    cancelled_with("not_a_pdf").assert_found(&[]);
    cancelled_with("internal").assert_found(&["cancelled and has a dead letter (internal)"]);
    let mut unasked = cancelled_with("not_a_pdf");
    unasked.job(id(3)).cancelled = false;
    unasked.assert_found(&["cancelled and has a dead letter (not_a_pdf)", "cancelled () and not failed (not_a_pdf)"]);
}

#[test]
fn an_end_is_announced_and_as_it_is_stored() {
    let mut scene = Scene::clean();
    scene.evidence.events.clear();
    scene.assert_found(&["never announced"; 3]);
    let mut scene = Scene::clean();
    scene.store_result(id(1), with_page(result(id(1), "succeeded"), id(1), b"of another run"));
    scene.store_page(id(1), b"of another run");
    // The image differs from the other job's, too.
    scene.assert_found(&["announced was", "its image of page 1"]);
}

#[test]
fn an_end_that_replaced_the_announced_one_is_a_race_where_two_workers_had_the_job_at_once() {
    let mut scene = Scene::clean();
    // Announced is what was stored before.
    scene.end_at(id(1), 20);
    scene.announce_as(id(1), JobStatus::Succeeded, "of another result", 19);
    scene.assert_found(&["announced was"]);
    scene.ledger.cut_off = vec![cut_off("w", 10)];
    assert_eq!(scene.assert_found(&[]).races, 1);
}

#[test]
fn a_second_end_is_a_duplicate_unless_two_workers_had_the_job_at_once() {
    let mut scene = Scene::clean();
    scene.announce_as(id(1), JobStatus::Succeeded, "of another result", 30);
    assert_eq!(scene.assert_found(&["it ended in different ways"]).duplicates, 1);
    scene.ledger.cut_off = vec![cut_off("w", 10)];
    let report = scene.assert_found(&[]);
    assert_eq!((report.duplicates, report.races), (0, 1));
    scene.ledger.cut_off = vec![cut_off("w", 31), cut_off("w", -600), cut_off("of another job", 10)];
    scene.assert_found(&["it ended in different ways"]);
    scene.job(id(1)).messages = 2;
    assert_eq!(scene.assert_found(&[]).races, 1);
}

#[test]
fn a_worker_that_began_unheard_is_known_by_the_result_that_it_left() {
    let mut scene = Scene::clean();
    let mut told = result(id(1), "succeeded");
    told["provenance"]["worker"] = json!("unheard");
    scene.forget(id(1));
    scene.begin(id(1), 1);
    scene.store_page(id(1), IMAGE);
    scene.store_result(id(1), with_page(told, id(1), IMAGE));
    scene.announce(id(1), JobStatus::Succeeded, 2);
    scene.announce_as(id(1), JobStatus::Succeeded, "of another result", 30);
    scene.ledger.cut_off = vec![cut_off("unheard", 10)];
    assert_eq!(scene.assert_found(&[]).races, 1);
}

#[test]
fn the_same_end_may_be_announced_twice_but_nothing_is_begun_after_it() {
    let mut scene = Scene::clean();
    scene.announce(id(1), JobStatus::Succeeded, 40);
    scene.assert_found(&[]);
    scene.begin(id(1), 3);
    assert_eq!(scene.assert_found(&["it was begun again 1000 ms after"]).duplicates, 1);
}

#[test]
fn an_attempt_too_many_is_found_wherever_it_is_told() {
    let mut scene = Scene::clean();
    let mut told = subject(id(1), 1);
    told.attempt = 4;
    scene.hear(&Event::Started { subject: told, worker: "w".to_owned() });
    scene.evidence.letters[0].headers.insert(header::ATTEMPT.to_owned(), "5".to_owned());
    scene.assert_found(&["attempt 4, with 3 allowed", "attempt 5, with 3 allowed"]);
}

#[test]
fn an_image_that_differs_between_two_jobs_is_found() {
    let mut scene = Scene::clean();
    scene.forget(id(2));
    scene.store_page(id(2), b"another image");
    scene.store_result(id(2), with_page(result(id(2), "succeeded"), id(2), b"another image"));
    scene.announce(id(2), JobStatus::Succeeded, 2);
    assert_eq!(scene.assert_found(&["its image of page 1 is not that of job"]).byte_differences, 1);
}

#[test]
fn a_secret_is_found_in_results_events_and_letters() {
    let mut scene = Scene::clean();
    let mut telling = failed(id(3), "not_a_pdf");
    telling["errors"][0]["message"] = json!("canary");
    scene.store_result(id(3), telling);
    scene.announce(id(3), JobStatus::Failed, 2);
    scene.job(id(3)).messages = 2;
    scene.hear(&Event::Started { subject: subject(id(1), 1), worker: "canary".to_owned() });
    scene.evidence.letters[0].headers.insert("quire-error-message".to_owned(), "a canary".to_owned());
    scene.evidence.letters[0].body = br#"{"password":"canary"}"#.to_vec();
    let name = id(3).to_string();
    let parts = [
        format!("the result of job {name} shows secret number 0"),
        "an event shows secret number 0".to_owned(),
        format!("header quire-error-message of dead letter {name} shows secret number 0"),
        format!("the body of dead letter {name} shows secret number 0"),
    ];
    scene.assert_found(&parts.each_ref().map(String::as_str));
}

#[test]
fn a_secret_is_found_in_an_object_that_a_result_names() {
    let mut scene = Scene::clean();
    let key = keys(id(1)).page(1, ImageFormat::Png);
    scene.ledger.secrets.push("another".to_owned());
    let shows = shown_by(b"\xff\xfe an image with another text in it", &scene.ledger.secrets);
    scene.evidence.objects.get_mut(&key).expect("stored above").shows = shows;
    scene.assert_found(&[&format!("{key} shows secret number 2")]);
}

#[test]
fn a_message_that_is_left_in_a_queue_is_found() {
    let mut scene = Scene::clean();
    scene.evidence.waiting.insert("quire.retry.30s".to_owned(), 2);
    scene.assert_found(&["2 messages are left in quire.retry.30s"]);
}

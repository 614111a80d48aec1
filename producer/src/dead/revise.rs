//! The body that a dead letter is replayed with: the old one, with what the operator changed.

use chrono::{DateTime, SecondsFormat, Utc};
use quire_schemas::{
    failure::ErrorCode,
    job::{Decoded, InvalidJob, Job, JobId, Password},
    page_ranges::PageRanges,
    sha256::Sha256,
};
use serde_json::{Map, Value};

use super::{assignment::Assignment, letter::Letter, refusal::Refusal};

/// What a replay changes about every job.
#[derive(Debug, Default)]
pub struct Revision {
    assignments: Vec<Assignment>,
    skipped_pages: Vec<u32>,
    password: Option<Password>,
}

/// Changes that a replay must not make. Nothing is replayed.
#[derive(Debug, thiserror::Error)]
pub enum WrongChange {
    /// Other users of the machine can read a command line.
    #[error("a password is not set by an assignment: give it in a file")]
    Password,
    #[error("a replay keeps the job's id: submit the document again instead")]
    JobId,
    /// The changes make no job of a letter that was one.
    #[error("{letter}: {reason}")]
    Letter { letter: String, reason: String },
}

/// A body that was changed.
#[derive(Debug)]
pub(super) enum Revised {
    /// A job that can be published.
    Job(RevisedJob),
    /// The letter stays.
    Refused(Refusal),
}

#[derive(Debug, PartialEq)]
pub(super) struct RevisedJob {
    pub(super) job_id: JobId,
    pub(super) body: Vec<u8>,
    /// Digest of the request.
    pub(super) request_sha256: Sha256,
    /// Differences from the old body, in words; empty if there are none.
    pub(super) changes: Vec<String>,
}

impl Revision {
    /// Checks changes that no letter allows. The password goes only into letters whose own was taken out,
    /// missing or wrong.
    pub fn new(
        assignments: Vec<Assignment>,
        skipped_pages: Vec<u32>,
        password: Option<Password>,
    ) -> Result<Self, WrongChange> {
        let is_about = |field| assignments.iter().any(|assignment: &Assignment| assignment.is_about(field));
        if is_about("password") {
            return Err(WrongChange::Password);
        }
        if is_about("job_id") {
            return Err(WrongChange::JobId);
        }
        Ok(Self { assignments, skipped_pages, password })
    }

    /// Makes the new body of a letter. An error means that the changes are wrong, so that no letter may
    /// be replayed.
    pub(super) fn apply(
        &self,
        letter: &Letter,
        message_id: Option<&str>,
        old: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Revised, WrongChange> {
        let refused = |refusal| Ok(Revised::Refused(refusal));
        let before = Job::decode(old, message_id);
        if letter.redacted.as_deref().is_some_and(|what| what != "password") {
            return refused(Refusal::BodyTakenOut);
        }
        if letter.redacted.is_some() && self.password.is_none() {
            return refused(Refusal::PasswordTakenOut);
        }
        let Ok(Value::Object(mut fields)) = serde_json::from_slice(old) else { return refused(Refusal::NotAnObject) };
        let wrong = |reason: String| WrongChange::Letter { letter: name(letter), reason };
        let mut changes = self.change(letter, &mut fields).map_err(wrong)?;
        let job = match (decode(&fields, message_id), before) {
            (Ok(decoded), _) => decoded.job,
            (Err(error), Ok(_)) => return Err(wrong(format!("with these changes it is no job any more: {error}"))),
            (Err(error), Err(_)) => return refused(Refusal::NotAJob(error)),
        };
        self.check_understood(&job).map_err(wrong)?;
        if let Some(deadline) = job.deadline.filter(|deadline| *deadline <= now) {
            fields.remove("deadline");
            let passed = deadline.to_rfc3339_opts(SecondsFormat::Secs, true);
            changes.push(format!("without the deadline that passed at {passed}"));
        }
        let Decoded { job_id, job, .. } = decode(&fields, message_id).map_err(|error| wrong(error.to_string()))?;
        // An unchanged body keeps its bytes.
        let body = if changes.is_empty() { old.to_vec() } else { to_bytes(&fields) };
        Ok(Revised::Job(RevisedJob { job_id, body, request_sha256: job.digest(), changes }))
    }

    /// Returns what was changed, in words. Names fields without their values, which may be secrets.
    fn change(&self, letter: &Letter, fields: &mut Map<String, Value>) -> Result<Vec<String>, String> {
        let mut changes = Vec::new();
        for assignment in &self.assignments {
            assignment.apply(fields)?;
            changes.push(format!("with another {}", assignment.path()));
        }
        if !self.skipped_pages.is_empty() {
            for branch in ["parse", "images"] {
                skip_pages(fields, branch, &self.skipped_pages)?;
            }
            let pages: Vec<String> = self.skipped_pages.iter().map(u32::to_string).collect();
            changes.push(format!("without page {}", pages.join(", ")));
        }
        if let Some(password) = self.password.as_ref().filter(|_| needs_password(letter)) {
            fields.insert("password".to_owned(), Value::String(password.reveal().to_owned()));
            changes.push("with a password".to_owned());
        }
        Ok(changes)
    }

    fn check_understood(&self, job: &Job) -> Result<(), String> {
        let job = serde_json::to_value(job).expect("a job has string keys only");
        match self.assignments.iter().find(|assignment| !assignment.is_understood(&job)) {
            Some(unknown) => Err(format!("{} is not a field of a job", unknown.path())),
            None => Ok(()),
        }
    }
}

/// Says whether the given password is for this letter: others have their own in the body, or none.
fn needs_password(letter: &Letter) -> bool {
    let codes = [ErrorCode::PasswordRequired, ErrorCode::PasswordWrong];
    let is_told = letter.code.as_deref().is_some_and(|code| codes.iter().any(|told| told.as_str() == code));
    is_told || letter.redacted.is_some()
}

/// Leaves pages out of what a branch selects. Absent or null selects every page; null images are off.
fn skip_pages(fields: &mut Map<String, Value>, branch: &str, pages: &[u32]) -> Result<(), String> {
    let is_off = branch == "images" && fields.get(branch).is_some_and(Value::is_null);
    if is_off {
        return Ok(());
    }
    let options = fields.entry(branch).or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(options) = options else { return Err(format!("{branch} is not an object")) };
    let selected = match options.get("pages") {
        None | Some(Value::Null) => PageRanges::all(),
        Some(Value::String(text)) => text.parse::<PageRanges>().map_err(|error| format!("{branch}.pages: {error}"))?,
        Some(_) => return Err(format!("{branch}.pages is not a text")),
    };
    let left = selected.without(pages).ok_or_else(|| format!("that leaves no page in {branch}.pages"))?;
    options.insert("pages".to_owned(), Value::String(left.into()));
    Ok(())
}

fn decode(fields: &Map<String, Value>, message_id: Option<&str>) -> Result<Decoded, InvalidJob> {
    Job::decode(&to_bytes(fields), message_id)
}

fn to_bytes(fields: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(fields).expect("fields of a JSON object are JSON")
}

fn name(letter: &Letter) -> String {
    letter.job.map_or_else(|| "a letter without an id".to_owned(), |job| format!("job {job}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dead::letter::tests::{ID, letter};

    fn revision(assignments: &[&str], skipped_pages: &[u32]) -> Revision {
        let assignments = assignments.iter().map(|text| text.parse::<Assignment>().expect("valid")).collect();
        Revision { assignments, skipped_pages: skipped_pages.to_vec(), password: None }
    }

    fn with_password() -> Revision {
        Revision { password: Some(Password::new("quire")), ..Revision::default() }
    }

    fn noon() -> DateTime<Utc> {
        "2026-11-20T12:00:00Z".parse().expect("a time")
    }

    fn apply(revision: &Revision, headers: &[(&str, &str)], body: &[u8]) -> Result<Revised, WrongChange> {
        revision.apply(&letter("failed.normal", headers), Some(ID), body, noon())
    }

    /// Applies a revision that has to give a job; returns its body and what was changed.
    fn revised(revision: &Revision, body: &Value) -> (Value, Vec<String>) {
        revised_letter(revision, &[], body)
    }

    fn revised_letter(revision: &Revision, headers: &[(&str, &str)], body: &Value) -> (Value, Vec<String>) {
        match apply(revision, headers, body.to_string().as_bytes()) {
            Ok(Revised::Job(RevisedJob { body, changes, .. })) => {
                (serde_json::from_slice(&body).expect("JSON"), changes)
            }
            other => panic!("no job: {other:?}"),
        }
    }

    fn refusal(revision: &Revision, headers: &[(&str, &str)], body: &[u8]) -> String {
        match apply(revision, headers, body) {
            Ok(Revised::Refused(refusal)) => refusal.to_string(),
            other => panic!("not refused: {other:?}"),
        }
    }

    fn wrong(revision: &Revision, body: &Value) -> String {
        apply(revision, &[], body.to_string().as_bytes()).expect_err("the changes are wrong").to_string()
    }

    fn job() -> Value {
        json!({ "source": { "kind": "s3", "bucket": "inbox", "key": "a.pdf" } })
    }

    fn job_with(field: &str, value: Value) -> Value {
        let mut job = job();
        job[field] = value;
        job
    }

    #[test]
    fn without_changes_a_body_stays_the_same_to_the_byte() {
        let body = br#"{ "unknown": 1,  "source": {"kind":"s3","bucket":"b","key":"k"} }"#;
        let request_sha256 = Job::decode(body, Some(ID)).expect("a job").job.digest();
        let job_id = ID.parse().expect("a uuid");
        let expected = RevisedJob { job_id, body: body.to_vec(), request_sha256, changes: Vec::new() };
        match apply(&Revision::default(), &[], body) {
            Ok(Revised::Job(job)) => assert_eq!(job, expected),
            other => panic!("no job: {other:?}"),
        }
    }

    #[test]
    fn what_is_set_is_different_and_the_rest_is_not() {
        let (body, changes) = revised(&revision(&["parse.engine=none"], &[]), &job_with("metadata", json!({ "a": 1 })));
        assert_eq!(body, {
            let mut expected = job_with("metadata", json!({ "a": 1 }));
            expected["parse"] = json!({ "engine": "none" });
            expected
        });
        assert_eq!(changes, ["with another parse.engine"]);
    }

    #[test]
    fn pages_are_left_out_of_both_branches() {
        let skip = revision(&[], &[37, 2]);
        let (body, changes) = revised(&skip, &job());
        let pages = (&body["parse"]["pages"], &body["images"]["pages"]);
        assert_eq!(pages, (&json!("1,3-36,38-"), &json!("1,3-36,38-")));
        assert_eq!(changes, ["without page 37, 2"]);
        let selected = json!({ "source": job()["source"], "parse": { "pages": "1-4" }, "images": null });
        let (body, _) = revised(&skip, &selected);
        assert_eq!((&body["parse"]["pages"], &body["images"]), (&json!("1,3-4"), &Value::Null));
        let nothing_left = wrong(&skip, &job_with("images", json!({ "pages": "2" })));
        assert!(nothing_left.contains("no page in images.pages"), "{nothing_left}");
    }

    #[test]
    fn a_deadline_that_has_passed_is_taken_out_and_told() {
        let (body, changes) = revised(&Revision::default(), &job_with("deadline", json!("2026-11-20T12:00:00+00:00")));
        let told = "without the deadline that passed at 2026-11-20T12:00:00Z".to_owned();
        assert_eq!((body, changes), (job(), vec![told]));
        let later = job_with("deadline", json!("2026-11-20T12:00:01Z"));
        assert_eq!(revised(&Revision::default(), &later), (later, Vec::new()));
    }

    #[test]
    fn a_password_that_was_taken_out_has_to_be_given_again() {
        let (redacted, body) = ([("quire-redacted", "password")], job_with("password", Value::Null).to_string());
        assert!(refusal(&Revision::default(), &redacted, body.as_bytes()).contains("has to be given again"));
        for headers in [redacted, [("quire-error-code", "password_required")], [("quire-error-code", "password_wrong")]]
        {
            let (body, changes) = revised_letter(&with_password(), &headers, &job());
            assert_eq!((body, changes), (job_with("password", json!("quire")), vec!["with a password".to_owned()]));
        }
        let of_its_own = job_with("password", json!("of its own"));
        let unlocked = [("quire-error-code", "source_unavailable")];
        assert_eq!(revised_letter(&with_password(), &unlocked, &of_its_own), (of_its_own, Vec::new()));
        let whole = [("quire-redacted", "body")];
        assert!(refusal(&with_password(), &whole, b"").contains("its body was taken out"));
    }

    #[test]
    fn what_is_no_job_is_refused_unless_the_changes_make_it_one() {
        assert!(refusal(&Revision::default(), &[], b"\xff").contains("not a JSON object"));
        assert!(refusal(&Revision::default(), &[], b"[1]").contains("not a JSON object"));
        let broken = job_with("images", json!({ "dpi": 5 }));
        assert!(refusal(&Revision::default(), &[], broken.to_string().as_bytes()).contains("images.dpi"));
        let (body, _) = revised(&revision(&["images.dpi=72"], &[]), &broken);
        assert_eq!(body, job_with("images", json!({ "dpi": 72 })));
    }

    #[test]
    fn changes_that_make_no_job_of_a_job_are_wrong() {
        for (assignment, expected) in [
            ("parse.engine=magic", "no job any more"),
            ("parse.engin=none", "parse.engin is not a field"),
            ("source.key.x=1", "source.key is not an object"),
        ] {
            let error = wrong(&revision(&[assignment], &[]), &job());
            assert!(error.contains(expected) && error.contains(ID), "{error}");
        }
    }

    #[test]
    fn neither_the_id_nor_a_password_is_set_by_an_assignment() {
        for (assignment, expected) in [("password=canary", "in a file"), ("job_id=7", "keeps the job's id")] {
            let assignments = vec![assignment.parse::<Assignment>().expect("valid")];
            let error = Revision::new(assignments, Vec::new(), None).expect_err("refused").to_string();
            assert!(error.contains(expected) && !error.contains("canary"), "{error}");
        }
    }
}

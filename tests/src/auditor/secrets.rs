//! Looks for secrets in everything that was stored, published and logged.

use super::{Report, case::Case};

pub(super) fn check(case: &Case<'_>, report: &mut Report) {
    for (job_id, json) in &case.evidence.results {
        look_into(json, &case.ledger.secrets, &format!("the result of job {job_id}"), report);
    }
    for event in &case.evidence.events {
        look_into(event, &case.ledger.secrets, "an event", report);
    }
    for (key, stored) in &case.evidence.objects {
        for number in &stored.shows {
            report.find(format!("{key} shows secret number {number}"));
        }
    }
    for letter in &case.evidence.letters {
        let name = letter.message_id.as_deref().unwrap_or("without an id");
        for (header, value) in &letter.headers {
            let place = format!("header {header} of dead letter {name}");
            look_into(value.as_bytes(), &case.ledger.secrets, &place, report);
        }
        look_into(&letter.body, &case.ledger.passwords, &format!("the body of dead letter {name}"), report);
    }
}

/// Tells which secret by its number: a report is shown too.
fn look_into(text: &[u8], secrets: &[String], place: &str, report: &mut Report) {
    for number in shown_by(text, secrets) {
        report.find(format!("{place} shows secret number {number}"));
    }
}

/// Returns the numbers of the secrets that stand in some bytes. An empty one, such as a key that was not
/// set, stands nowhere.
pub(crate) fn shown_by(bytes: &[u8], secrets: &[String]) -> Vec<usize> {
    let text = String::from_utf8_lossy(bytes);
    let shown = secrets.iter().enumerate().filter(|(_, secret)| !secret.is_empty() && text.contains(secret.as_str()));
    shown.map(|(number, _)| number).collect()
}

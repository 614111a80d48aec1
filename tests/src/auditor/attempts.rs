//! No job has more attempts than it is allowed.

use quire_producer::schemas::names::header;

use super::{Report, case::Case};

pub(super) fn check(case: &Case<'_>, report: &mut Report) {
    for job in &case.ledger.accepted {
        let of_result = case.results.get(&job.job_id).and_then(|result| result.provenance.attempt);
        let of_events = case.told.get(&job.job_id).map(|told| told.attempt);
        let of_letters = case
            .letters(&job.job_id)
            .iter()
            .filter_map(|letter| letter.headers.get(header::ATTEMPT)?.parse::<u32>().ok());
        let most = of_letters.chain(of_result).chain(of_events).max().unwrap_or_default();
        if most > case.ledger.max_attempts {
            report.find(format!("job {}: attempt {most}, with {} allowed", job.job_id, case.ledger.max_attempts));
        }
    }
}

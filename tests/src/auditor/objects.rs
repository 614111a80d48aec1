//! What lies in storage is what the results name, no less and no more.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use quire_producer::schemas::{result::ParseResult, sha256::Sha256};

use super::{Accepted, Report, case::Case};

/// Which image of which document: sha256, page, media type and dpi.
type Drawing = (String, u32, String, String);

pub(super) fn check(case: &Case<'_>, report: &mut Report) {
    let mut first_seen = BTreeMap::new();
    for (job, result) in case.ended() {
        check_named(case, job, result, report);
        check_orphans(case, job, result, report);
        compare_images(result, &mut first_seen, report);
    }
    check_strangers(case, report);
    for upload in &case.evidence.uploads {
        report.orphans += 1;
        report.find(format!("an upload of {upload} was begun and neither finished nor given up"));
    }
}

fn check_named(case: &Case<'_>, job: &Accepted, result: &ParseResult, report: &mut Report) {
    for object in result.objects() {
        match case.evidence.objects.get(&object.key) {
            None => report.find(format!("job {}: its result names {}, which is not there", job.job_id, object.key)),
            Some(stored) if (stored.sha256, stored.size_bytes) != (object.sha256, object.size_bytes) => {
                report.find(format!("job {}: {} is not what its result says it is", job.job_id, object.key));
            }
            Some(_) => {}
        }
    }
}

fn check_orphans(case: &Case<'_>, job: &Accepted, result: &ParseResult, report: &mut Report) {
    let keys = case.keys(&job.job_id);
    let named: BTreeSet<&str> = result.objects().map(|object| object.key.as_str()).collect();
    for key in below(&case.evidence.keys, keys.folder()) {
        // A marker that was set after the job had ended is its setter's.
        let belongs = named.contains(key) || key == keys.result() || (job.cancelled && key == keys.cancel());
        if belongs {
            continue;
        }
        let until = result.completed_at.unwrap_or_default();
        if key == keys.state() && case.may_write_late(job, result.generation, until) {
            report.late_notes += 1;
        } else {
            report.orphans += 1;
            report.find(format!("job {}: its result does not name {key}", job.job_id));
        }
    }
}

fn check_strangers(case: &Case<'_>, report: &mut Report) {
    let folders: BTreeSet<String> =
        case.ledger.accepted.iter().map(|job| case.keys(&job.job_id).folder().to_owned()).collect();
    let is_known = |key: &&String| {
        // Folders end in a slash and do not contain each other: the last one before the key is it.
        let before = folders.range::<str, _>((Bound::Unbounded, Bound::Included(key.as_str()))).next_back();
        before.is_some_and(|folder| key.starts_with(folder.as_str()))
    };
    for key in case.evidence.keys.iter().filter(|key| !is_known(key)) {
        report.orphans += 1;
        report.find(format!("{key} belongs to a job that was not published"));
    }
}

fn compare_images(result: &ParseResult, first_seen: &mut BTreeMap<Drawing, (Sha256, String)>, report: &mut Report) {
    let Some(document) = &result.source.sha256 else { return };
    for (page, image) in &result.page_images {
        let dpi = format!("{:.3}", image.dpi.unwrap_or_default());
        let drawing = (document.clone(), *page, image.object.media_type.clone(), dpi);
        let ours = (image.object.sha256, result.job_id.clone());
        let (sha256, job_id) = first_seen.entry(drawing).or_insert_with(|| ours.clone());
        if *sha256 != ours.0 {
            report.byte_differences += 1;
            report.find(format!("job {}: its image of page {page} is not that of job {job_id}", result.job_id));
        }
    }
}

fn below<'a>(keys: &'a BTreeSet<String>, folder: &'a str) -> impl Iterator<Item = &'a str> {
    let from_here = (Bound::Included(folder), Bound::Unbounded);
    keys.range::<str, _>(from_here).map(String::as_str).take_while(move |key| key.starts_with(folder))
}

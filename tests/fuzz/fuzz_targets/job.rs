//! Decodes the body of a job; what was decoded is written and decodes to the same job.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quire_schemas::job::Job;

fuzz_target!(|input: (Option<String>, &[u8])| {
    let (message_id, body) = input;
    let Ok(decoded) = Job::decode(body, message_id.as_deref()) else { return };
    let written = serde_json::to_vec(&decoded.job).expect("a job is plain data");
    let id = decoded.job_id.to_string();
    let again = Job::decode(&written, Some(&id)).expect("what was decoded is a job");
    assert_eq!((again.job, again.job_id), (decoded.job, decoded.job_id));
});

//! Twenty poisoned documents among two thousand: what becomes of them, of the others and of the worker.

use std::collections::BTreeMap;

use chrono::Utc;
use futures_util::{StreamExt, stream};
use nix::sys::signal::Signal;
use quire_producer::schemas::{
    job::{ImageOptions, Job, JobId, Source},
    names::header,
    result::JobStatus,
};

use super::{Figure, probe::between, shown};
use crate::{World, documents::Poison, samples};

const JOBS: usize = 2000;
const POISONED: usize = 20;
/// Jobs on their way to the broker at once.
const AT_ONCE: usize = 16;

pub(super) async fn measure() -> Figure {
    let world = World::new().await;
    let settings = world.worker().with("QUIRE_LANES", "normal:8").with("QUIRE_RENDERER_MEMORY", "268435456");
    let settings = settings.with("QUIRE_PAGE_TIMEOUT", "5s").with("QUIRE_LOG", "warn,quire_worker=info");
    let mut worker = settings.start().await;
    let documents = upload(&world).await;
    let began = Utc::now();
    let jobs = submit(&world, documents).await;
    let (mut succeeded, mut told, mut ended) = (0, Vec::new(), began);
    for (job_id, poison) in &jobs {
        let result = world.await_result(job_id).await;
        ended = ended.max(result.completed_at.unwrap_or(began));
        match poison {
            None => succeeded += usize::from(result.status == JobStatus::Succeeded),
            Some(poison) if poison.is_told_by(&result) => told.push((job_id, poison.buries_with())),
            Some(_) => {}
        }
    }
    // It is never started again: a worker that exits in order now is the one that was started.
    worker.signal(Signal::SIGTERM);
    let restarts = usize::from(worker.exit().await.code() != Some(0));
    let (waiting, letters) = (world.waiting().await, letters(&world).await);
    let with_letter = told.iter().filter(|(job_id, code)| {
        letters.get(&job_id.to_string()).map(String::as_str) == code.map(|code| code.as_str())
    });
    let (took, own_code, good) = (between(began, ended), with_letter.count(), JOBS - POISONED);
    let a_second = JOBS as f64 / took.as_secs_f64();
    Figure {
        name: format!("{POISONED} poisoned documents in {JOBS} jobs"),
        measured: format!(
            "{succeeded} of {good} good ones succeeded; {own_code} of {POISONED} poisoned ones ended with their own \
             code; worker restarts {restarts}; {} ({a_second:.0} jobs/s)",
            shown(took)
        ),
        bar: format!("{good}; {POISONED}; 0"),
        is_met: (succeeded, own_code, restarts, waiting) == (good, POISONED, 0, 0),
    }
}

/// Uploads what is to be published: a poisoned document before as many good ones each time.
async fn upload(world: &World) -> Vec<(Option<Poison>, Source)> {
    let sound = world.upload(samples::report()).await;
    let doses = Poison::DOSES.into_iter().flat_map(|(poison, count)| std::iter::repeat_n(poison, count));
    let mut documents: Vec<(Option<Poison>, Source)> = vec![(None, sound); JOBS - POISONED];
    for (place, poison) in doses.enumerate() {
        documents.insert(place * (JOBS / POISONED), (Some(poison), world.upload(poison.document()).await));
    }
    assert_eq!(documents.len(), JOBS, "the doses are not as many as is told");
    documents
}

async fn submit(world: &World, documents: Vec<(Option<Poison>, Source)>) -> Vec<(JobId, Option<Poison>)> {
    let submitted = stream::iter(documents).map(|(poison, source)| async move {
        let images = Some(ImageOptions { dpi: 36, ..ImageOptions::default() });
        (world.submit(Job { images, ..Job::new(source) }).await, poison)
    });
    submitted.buffered(AT_ONCE).collect().await
}

/// Returns the code of every dead letter, by its job.
async fn letters(world: &World) -> BTreeMap<String, String> {
    let letters = world.dead_letters().await.into_iter();
    letters.filter_map(|mut letter| Some((letter.message_id?, letter.headers.remove(header::ERROR_CODE)?))).collect()
}

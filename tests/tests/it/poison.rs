//! Documents that nothing can be done with, among many that are fine.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use quire_producer::schemas::{
    job::{ImageOptions, Job, JobId, Source},
    names::header,
};
use quire_tests::{
    World,
    documents::Poison,
    expect::{assert_settled, assert_succeeded},
    samples,
};

const GOOD: usize = 200;
/// A poisoned document stands before every so many good ones.
const EVERY: usize = 10;
/// Jobs on their way to the broker at once.
const AT_ONCE: usize = 16;

#[tokio::test]
async fn poisoned_documents_end_with_their_own_codes_and_all_others_succeed() {
    let world = World::new().await;
    let worker = world.worker().with("QUIRE_LANES", "normal:8").with("QUIRE_RENDERER_MEMORY", "268435456");
    let mut worker = worker.with("QUIRE_PAGE_TIMEOUT", "5s").start().await;
    let (good, poisoned) = submit_everything(&world).await;
    assert_eq!((good.len(), poisoned.len()), (GOOD, GOOD / EVERY));

    for job_id in &good {
        let result = world.await_result(job_id).await;
        assert_succeeded(&result, 4);
    }
    let mut buried = BTreeMap::new();
    for (job_id, poison) in &poisoned {
        let result = world.await_result(job_id).await;
        assert!(poison.is_told_by(&result), "{poison:?}: {} {:?}", result.status, result.errors);
        buried.extend(poison.buries_with().map(|code| (job_id.to_string(), code.as_str().to_owned())));
    }
    assert_settled(&world, &mut worker).await;
    let letters = world.await_dead_letters(buried.len()).await.into_iter();
    let told: BTreeMap<String, String> = letters
        .map(|mut letter| {
            let code = letter.headers.remove(header::ERROR_CODE);
            (letter.message_id.expect("the job's id"), code.expect("every dead letter has a code"))
        })
        .collect();
    assert_eq!(told, buried);
}

/// Publishes the good and the poisoned mixed; returns their ids.
async fn submit_everything(world: &World) -> (Vec<JobId>, Vec<(JobId, Poison)>) {
    let sound = world.upload(samples::report()).await;
    let doses = Poison::DOSES.into_iter().flat_map(|(poison, count)| std::iter::repeat_n(poison, count));
    let mut jobs: Vec<(Option<Poison>, Source)> = vec![(None, sound); GOOD];
    for (place, poison) in doses.enumerate() {
        jobs.insert(place * (EVERY + 1), (Some(poison), world.upload(poison.document()).await));
    }
    let submitted = stream::iter(jobs).map(|(poison, source)| async move {
        let images = Some(ImageOptions { dpi: 36, ..ImageOptions::default() });
        (poison, world.submit(Job { images, ..Job::new(source) }).await)
    });
    let mut submitted = submitted.buffered(AT_ONCE);
    let (mut good, mut poisoned) = (Vec::new(), Vec::new());
    while let Some((poison, job_id)) = submitted.next().await {
        match poison {
            Some(poison) => poisoned.push((job_id, poison)),
            None => good.push(job_id),
        }
    }
    (good, poisoned)
}

//! Documents that nothing can be done with, among many that are fine.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use quire_producer::schemas::{
    failure::ErrorCode,
    job::{ImageOptions, Job, JobId, Source},
    names::header,
    result::{JobStatus, ParseResult},
};
use quire_tests::{World, samples};

use crate::{
    children::{FAULTS_OF_A_CHILD, bomb, pdf},
    fail_points::assert_settled,
};

const GOOD: usize = 200;
/// A poisoned document stands before every so many good ones.
const EVERY: usize = 10;
/// Jobs on their way to the broker at once.
const AT_ONCE: usize = 16;

#[derive(Debug, Clone, Copy)]
enum Poison {
    NotAPdf,
    CutOff,
    Pageless,
    Encrypted,
    /// Its first page never ends; the second is fine.
    Bomb,
}

impl Poison {
    /// Twenty of them; a bomb takes seconds of a renderer's time.
    const DOSES: [(Self, usize); 5] =
        [(Self::Bomb, 2), (Self::NotAPdf, 5), (Self::CutOff, 5), (Self::Pageless, 4), (Self::Encrypted, 4)];

    fn document(self) -> Vec<u8> {
        match self {
            Self::NotAPdf => b"GIF89a and so on".to_vec(),
            Self::CutOff => {
                let whole = samples::report();
                whole[..whole.len() / 2].to_vec()
            }
            Self::Pageless => {
                let objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>"];
                pdf(&objects.map(str::to_owned))
            }
            Self::Encrypted => samples::encrypted(),
            Self::Bomb => bomb(),
        }
    }

    /// What ends a job that has nothing to show.
    const fn buries_with(self) -> Option<ErrorCode> {
        match self {
            Self::NotAPdf => Some(ErrorCode::NotAPdf),
            Self::CutOff | Self::Pageless => Some(ErrorCode::InvalidDocument),
            Self::Encrypted => Some(ErrorCode::PasswordRequired),
            Self::Bomb => None,
        }
    }
}

#[tokio::test]
async fn poisoned_documents_end_with_their_own_codes_and_all_others_succeed() {
    let world = World::new().await;
    let worker = world.worker().with("QUIRE_LANES", "normal:8").with("QUIRE_RENDERER_MEMORY", "268435456");
    let mut worker = worker.with("QUIRE_PAGE_TIMEOUT", "5s").start().await;
    let (good, poisoned) = submit_everything(&world).await;
    assert_eq!((good.len(), poisoned.len()), (GOOD, GOOD / EVERY));

    for job_id in &good {
        let result = world.await_result(job_id).await;
        let came_to = (result.status, result.provenance.attempt, result.page_images.len());
        assert_eq!(came_to, (JobStatus::Succeeded, Some(1), 4), "{:?}", result.errors);
    }
    let mut buried = BTreeMap::new();
    for (job_id, poison) in &poisoned {
        let result = world.await_result(job_id).await;
        match poison.buries_with() {
            Some(code) => {
                assert_eq!((&result.status, codes(&result)), (&JobStatus::Failed, vec![code.as_str()]), "{poison:?}");
                buried.insert(job_id.to_string(), code.as_str().to_owned());
            }
            None => assert_only_the_first_page_is_lost(&result),
        }
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

fn assert_only_the_first_page_is_lost(result: &ParseResult) {
    assert_eq!(result.status, JobStatus::PartialSuccess, "{:?}", result.errors);
    assert!(result.page_images.contains_key(&2), "{:?}", result.errors);
    for error in &result.errors {
        assert_eq!(error.page_number, Some(1));
        assert!(FAULTS_OF_A_CHILD.contains(&error.code.as_str()), "{error:?}");
    }
}

fn codes(result: &ParseResult) -> Vec<&str> {
    result.errors.iter().map(|error| error.code.as_str()).collect()
}

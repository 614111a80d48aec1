//! A document goes in, and what was promised comes out.

use quire_producer::schemas::{
    job::{Job, Source},
    result::{BranchStatus, JobStatus},
    sha256::Sha256,
};
use quire_tests::{World, samples};

#[tokio::test]
async fn a_document_in_the_bucket_becomes_elements_and_page_images() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let job_id = world.submit_document(samples::report()).await;
    let result = world.await_result(&job_id).await;
    assert_eq!(result.status, JobStatus::Succeeded, "{:?}", result.errors);
    assert_eq!((result.pages.len(), result.page_images.len()), (4, 4));
    assert_eq!(result.branches.parse.status, BranchStatus::Succeeded);
    assert_eq!(result.branches.images.status, BranchStatus::Succeeded);
    assert_eq!(result.document.as_ref().and_then(|document| document.title.as_deref()), Some("Notes on Bookbinding"));
    let labels: Vec<_> = result.pages.iter().map(|page| page.page_label.as_deref()).collect();
    assert_eq!(labels, [Some("i"), Some("ii"), Some("1"), Some("2")]);
    assert!(result.elements.iter().any(|element| element.text == "Folding the sheet" && element.page_number == 3));
    for image in result.page_images.values() {
        let stored = world.object(&image.object.key).await.expect("named, so stored");
        assert_eq!(Sha256::of(&stored), image.object.sha256);
        assert_eq!((image.width_px, image.height_px), (1275, 1650));
    }
    world.await_idle().await;
}

#[tokio::test]
async fn an_inline_document_needs_no_bucket_to_come_from() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let data = base64(&samples::rotated());
    let job_id = world.submit(Job::new(Source::Inline { data, filename: Some("r.pdf".to_owned()) })).await;
    let result = world.await_result(&job_id).await;
    assert_eq!(result.status, JobStatus::Succeeded);
    assert_eq!(result.source.uri.as_deref(), Some("inline:r.pdf"));
    assert!(result.requested["source"]["data"].as_str().is_some_and(str::is_empty), "the bytes are not repeated");
    world.await_idle().await;
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

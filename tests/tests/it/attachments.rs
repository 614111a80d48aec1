//! The files that a document carries: stored when they are asked for, named by the result, and read only once.

use quire_producer::schemas::{
    job::{Job, JobId, Source},
    result::{Attachment, ParseResult},
    sha256::Sha256,
};
use quire_tests::{
    World,
    documents::carrying,
    expect::{assert_settled, assert_succeeded},
    jobs::assert_killed,
};
use serde_json::json;

const PAGE: &str = "<script>alert(1)</script>";

/// Three files: a page of the web, one that stands in hexadecimal digits, and one whose filter nobody knows.
fn document() -> Vec<u8> {
    carrying(&[
        ("/Subtype /text#2Fhtml /Params << /Size 25 >>", PAGE),
        ("/Filter /ASCIIHexDecode", "686578>"),
        ("/Filter /NoSuchFilter", "?"),
    ])
}

fn with_attachments(source: Source) -> Job {
    let mut job = Job { images: None, ..Job::new(source) };
    job.parse.options = [("attachments".to_owned(), json!(true))].into_iter().collect();
    job
}

fn attachments(result: &ParseResult) -> &[Attachment] {
    &result.document.as_ref().expect("it opens").attachments
}

/// Asserts that the first two files of the document are stored, and that the result names them.
async fn assert_stored(world: &World, job_id: &JobId, result: &ParseResult, contents: [&str; 2]) {
    let named: Vec<_> = attachments(result).iter().map(|attachment| attachment.object.as_ref()).collect();
    let [Some(first), Some(second), None] = named[..] else { panic!("{named:?}") };
    for (number, object, content) in [(1, first, contents[0]), (2, second, contents[1])] {
        assert_eq!(object.key, world.keys(job_id).attachment(number));
        assert_eq!(object.media_type, "application/octet-stream");
        assert_eq!((object.size_bytes, object.sha256), (content.len() as u64, Sha256::of(content.as_bytes())));
        assert_eq!(world.object(&object.key).await.as_deref(), Some(content.as_bytes()));
    }
    world.assert_nothing_astray(job_id).await;
}

#[tokio::test]
async fn files_that_a_document_carries_are_stored_when_they_are_asked_for() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let job_id = world.submit(with_attachments(world.upload(document()).await)).await;
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, 0);
    assert_stored(&world, &job_id, &result, [PAGE, "hex"]).await;
    assert_eq!(attachments(&result)[0].media_type.as_deref(), Some("text/html"));
    let told: Vec<_> =
        result.warnings.iter().map(|warning| (warning.code.as_str(), warning.message.as_str())).collect();
    let expected = [
        ("attachments_not_read", "the document carries 3 files, whose content is not read; 2 of them are stored"),
        (
            "attachments_not_stored",
            "attachments that are not stored: 3; damaged, or encoded in a way that is not known",
        ),
    ];
    assert_eq!(told, expected);

    let job_id = world.submit(Job { images: None, ..Job::new(world.upload(document()).await) }).await;
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, 0);
    assert!(attachments(&result).iter().all(|attachment| attachment.object.is_none()));
    world.assert_nothing_astray(&job_id).await;
}

#[tokio::test]
async fn after_a_death_between_two_files_the_stored_one_is_not_read_again() {
    let world = World::new().await;
    let job_id = world.submit(with_attachments(world.upload(document()).await)).await;
    let mut first = world.worker().with("QUIRE_FAIL_POINT", "attachment_stored").launch();
    assert_killed(&mut first, "attachment_stored").await;
    let key = world.keys(&job_id).attachment(1);
    assert_eq!(
        world.store.list(&world.keys(&job_id).attachments()).await.expect("the store answers"),
        std::slice::from_ref(&key)
    );

    // Another content tells whether the next worker writes the object again.
    let mut metadata = world.store.head(&key).await.expect("the store answers").expect("it is stored").metadata;
    metadata.insert("sha256".to_owned(), Sha256::of(b"kept").to_string());
    world.store.put(&key, "kept".into(), "application/octet-stream", &metadata).await.expect("the store answers");
    let mut second = world.worker().start().await;
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, 0);
    assert_stored(&world, &job_id, &result, ["kept", "hex"]).await;
    assert_settled(&world, &mut second).await;
}

//! Sources of documents: which are allowed, and how a job ends whose source is not.

use chrono::TimeDelta;
use quire_producer::schemas::{
    event::Event,
    job::{Job, Password, Source},
    result::{JobStatus, ParseResult},
    sha256::Sha256,
};
use quire_tests::{
    DeadLetter, World,
    events::{await_event, listen, retrying},
    eventually,
    jobs::late_source,
    samples,
    web::{Answer, Web},
};

/// Submits a job that has to be buried; returns its letter and its result.
async fn bury(world: &World, job: Job) -> (DeadLetter, ParseResult) {
    let job_id = world.submit(job).await;
    let result = world.await_result(&job_id).await;
    assert_eq!(result.status, JobStatus::Failed);
    let id = job_id.to_string();
    let letter = eventually("the dead letter of the job", || async {
        world.dead_letters().await.into_iter().find(|letter| letter.message_id.as_deref() == Some(id.as_str()))
    })
    .await;
    (letter, result)
}

/// Submits a source that has to be refused; returns the letter's key and code and the result's
/// codes.
async fn refuse(world: &World, source: Source) -> (String, String, Vec<String>) {
    let (letter, result) = bury(world, Job::new(source)).await;
    let codes = result.errors.into_iter().map(|error| error.code).collect();
    (letter.routing_key.clone(), letter.code().to_owned(), codes)
}

fn failed(code: &str, codes: &[&str]) -> (String, String, Vec<String>) {
    ("failed.normal".to_owned(), code.to_owned(), codes.iter().map(|code| (*code).to_owned()).collect())
}

fn url(url: String) -> Source {
    Source::Url { url }
}

#[tokio::test]
async fn what_is_missing_too_large_or_no_document_is_buried_with_its_code() {
    let world = World::new().await;
    let _worker = world.worker().with("QUIRE_MAX_ATTEMPTS", "1").with("QUIRE_MAX_SOURCE_BYTES", "2048").start().await;
    let (_, missing) = late_source(&world);
    let exhausted = ["source_not_found", "attempts_exhausted"];
    assert_eq!(refuse(&world, missing).await, failed("source_not_found", &exhausted));
    for (document, code) in [
        (samples::report(), "source_too_large"),
        (b"GIF89a".to_vec(), "not_a_pdf"),
        (Vec::new(), "not_a_pdf"),
        (b"%PDF-1.7 garbage".to_vec(), "invalid_document"),
    ] {
        let source = world.upload(document).await;
        assert_eq!(refuse(&world, source).await, failed(code, &[code]));
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_listed_is_blocked() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let source = Source::S3 { bucket: "somebody-elses".to_owned(), key: "a.pdf".to_owned() };
    assert_eq!(refuse(&world, source).await, failed("source_blocked", &["source_blocked"]));
}

#[tokio::test]
async fn in_the_own_bucket_a_tenant_reads_only_below_its_own_prefix() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let of_another = format!("{}/acme/uploads/a.pdf", world.prefix);
    world.put(&of_another, samples::report()).await;
    let around = format!("{}/default/../acme/uploads/a.pdf", world.prefix);
    for key in [of_another, around] {
        let source = Source::S3 { bucket: world.store.bucket().to_owned(), key };
        assert_eq!(refuse(&world, source).await, failed("source_blocked", &["source_blocked"]));
    }
}

#[tokio::test]
async fn an_address_that_is_not_listed_is_blocked_before_a_byte_is_sent() {
    let world = World::new().await;
    let web = Web::start([("/a.pdf", Answer::Document(samples::report()))]).await;
    let _worker = world.worker().with("QUIRE_SOURCE_HOSTS", "example.com").start().await;
    assert_eq!(refuse(&world, url(web.url("/a.pdf"))).await, failed("source_blocked", &["source_blocked"]));
    assert_eq!(web.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_listed_address_is_fetched_and_shown_without_its_query() {
    let world = World::new().await;
    let web = Web::start([("/a.pdf", Answer::Document(samples::report()))]).await;
    let worker = world.worker().with("QUIRE_SOURCE_HOSTS", &web.address.to_string()).start().await;
    let job_id = world.submit(Job::new(url(web.url("/a.pdf?signature=canary")))).await;
    let result = world.await_result(&job_id).await;
    assert_eq!((result.status.clone(), result.pages.len()), (JobStatus::Succeeded, 4));
    assert_eq!(result.source.uri, Some(web.url("/a.pdf")));
    assert_eq!(result.source.sha256, Some(Sha256::of(&samples::report()).to_string()));
    assert_eq!(web.requests(), ["/a.pdf"]);
    let json = serde_json::to_string(&result).expect("a result is JSON");
    assert!(!json.contains("canary") && !worker.log().contains("canary"));
}

#[tokio::test]
async fn a_redirect_to_an_address_that_is_not_listed_is_blocked() {
    let world = World::new().await;
    let elsewhere = Web::start([("/a.pdf", Answer::Document(samples::report()))]).await;
    let web = Web::start([("/a.pdf", Answer::Redirect(elsewhere.url("/a.pdf")))]).await;
    let _worker = world.worker().with("QUIRE_SOURCE_HOSTS", &web.address.to_string()).start().await;
    assert_eq!(refuse(&world, url(web.url("/a.pdf"))).await, failed("source_blocked", &["source_blocked"]));
    assert_eq!((web.requests().len(), elsewhere.requests().len()), (1, 0));
}

#[tokio::test]
async fn a_redirect_to_a_listed_address_is_followed() {
    let world = World::new().await;
    let elsewhere = Web::start([("/a.pdf", Answer::Document(samples::rotated()))]).await;
    let web = Web::start([("/a.pdf", Answer::Redirect(elsewhere.url("/a.pdf")))]).await;
    let hosts = format!("{},{}", web.address, elsewhere.address);
    let _worker = world.worker().with("QUIRE_SOURCE_HOSTS", &hosts).start().await;
    let job_id = world.submit(Job::new(url(web.url("/a.pdf")))).await;
    let result = world.await_result(&job_id).await;
    assert_eq!((result.status, result.pages.len()), (JobStatus::Succeeded, 3));
}

#[tokio::test]
async fn a_web_server_that_refuses_is_told_by_its_code() {
    let world = World::new().await;
    let web = Web::start([
        ("/denied.pdf", Answer::Status(403)),
        ("/announced.pdf", Answer::Document([b"%PDF-1.7".as_slice(), &[b' '; 100_000]].concat())),
        ("/unannounced.pdf", Answer::Unannounced { chunks: 64 }),
    ])
    .await;
    let _worker = world
        .worker()
        .with("QUIRE_SOURCE_HOSTS", &web.address.to_string())
        .with("QUIRE_MAX_ATTEMPTS", "1")
        .with("QUIRE_MAX_SOURCE_BYTES", "65536")
        .start()
        .await;
    let exhausted = ["source_not_found", "attempts_exhausted"];
    assert_eq!(refuse(&world, url(web.url("/gone.pdf"))).await, failed("source_not_found", &exhausted));
    for (path, code) in [
        ("/denied.pdf", "source_denied"),
        ("/announced.pdf", "source_too_large"),
        ("/unannounced.pdf", "source_too_large"),
    ] {
        assert_eq!(refuse(&world, url(web.url(path))).await, failed(code, &[code]), "{path}");
    }
}

#[tokio::test]
async fn a_web_server_that_asks_for_twenty_seconds_puts_the_job_off_for_thirty() {
    let world = World::new().await;
    let later = |status| Answer::Later { status, retry_after: "20".to_owned() };
    let web = Web::start([("/down.pdf", later(503)), ("/throttled.pdf", later(429))]).await;
    let mut events = listen(&world).await;
    let _worker = world.worker().with("QUIRE_SOURCE_HOSTS", &web.address.to_string()).start().await;
    for path in ["/down.pdf", "/throttled.pdf"] {
        let job_id = world.submit(Job::new(url(web.url(path)))).await;
        let of_this_job = |event: Event| retrying(event).filter(|retry| retry.job_id == job_id);
        let retry = await_event(&mut events, "the job is retried", of_this_job).await;
        assert_eq!(retry.terms(), ("source_unavailable", true, 1), "{path}");
        // The event is written a little later than the message: the shorter tier never shows more
        // than its five seconds, this one somewhat less than its thirty.
        assert!(retry.wait > TimeDelta::seconds(5) && retry.wait <= TimeDelta::seconds(30), "{path}: {}", retry.wait);
    }
}

#[tokio::test]
async fn an_encrypted_document_opens_with_its_password_alone() {
    let world = World::new().await;
    let worker = world.worker().start().await;
    let source = world.upload(samples::encrypted()).await;
    assert_eq!(refuse(&world, source.clone()).await, failed("password_required", &["password_required"]));

    let wrong = Job { password: Some(Password::new("canary-wrong")), ..Job::new(source.clone()) };
    let (letter, result) = bury(&world, wrong).await;
    assert_eq!(result.errors[0].code, "password_wrong");
    assert_eq!(letter.headers["quire-redacted"], "password");
    assert!(!String::from_utf8_lossy(&letter.body).contains("canary"), "the password lies in the dead queue");

    let job_id = world.submit(Job { password: Some(Password::new("quire")), ..Job::new(source) }).await;
    let opened = world.await_result(&job_id).await;
    assert_eq!((opened.status, opened.page_images.len()), (JobStatus::Succeeded, 1));
    assert_eq!(opened.document.and_then(|document| document.encrypted), Some(true));
    let said = "This page was enciphered with RC4 and a key of 128 bits.";
    assert!(opened.elements.iter().any(|element| element.text.contains(said)), "{:?}", opened.elements);
    assert!(!worker.log().contains("canary"), "the password lies in the log");
}

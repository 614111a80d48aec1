//! A job that takes longer than a lease: how many deliveries it travels in, and what is done twice.

use quire_producer::{
    follow::Follower,
    schemas::{
        event::Event,
        job::{Job, JobId},
        result::JobStatus,
    },
};
use tokio::time::Instant;

use super::{
    Figure,
    probe::{listen, next_event},
    shown,
};
use crate::{
    World,
    amqp::{Copies, is_uncounted},
    samples,
};

const LEASE: &str = "5s";
const PAGES: u32 = 200;

pub(super) async fn measure() -> Figure {
    let world = World::new().await;
    let copies = Copies::of(&world).await;
    let mut events = listen(&world).await;
    let worker = world.worker().with("QUIRE_LEASE", LEASE).with("QUIRE_RENDERERS", "1").start().await;
    let source = world.upload(samples::large(PAGES)).await;
    let began = Instant::now();
    let job_id = world.submit(Job::new(source)).await;
    let deliveries = count_deliveries(&mut events, job_id).await;
    let took = shown(began.elapsed());

    let result = world.await_result(&job_id).await;
    let rendered = worker.metric("quire_pages_rendered_total").await.unwrap_or_default();
    let (messages, attempt) = (copies.take().await, result.provenance.attempt.unwrap_or_default());
    // What a queue delivers a second time, it counts as failed once. As many messages as deliveries:
    // none was.
    let counted = deliveries.abs_diff(messages.len());
    let is_whole = result.status == JobStatus::Succeeded && result.page_images.len() == PAGES as usize;
    Figure {
        name: format!("{PAGES} pages with a lease of {LEASE}"),
        measured: format!(
            "{deliveries} deliveries, {rendered} pages rendered, {} in the result, attempt {attempt}, \
             x-delivery-count {counted}, {took}",
            result.page_images.len()
        ),
        bar: format!("≥ 2; {PAGES}; {PAGES}; 1; 0"),
        is_met: is_whole
            && is_uncounted(&messages)
            && deliveries >= 2
            && (rendered, attempt, counted) == (u64::from(PAGES), 1, 0),
    }
}

/// Counts how often a job is begun until it ends.
async fn count_deliveries(events: &mut Follower, job_id: JobId) -> usize {
    let mut deliveries = 0;
    loop {
        match next_event(events).await {
            Event::Started { subject, .. } if subject.job_id == job_id => deliveries += 1,
            Event::Finished { subject, .. } if subject.job_id == job_id => return deliveries,
            _ => {}
        }
    }
}

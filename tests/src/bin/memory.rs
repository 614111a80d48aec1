//! `memory JOBS`: resident memory of the worker process, without its renderers, while sixteen
//! documents are in flight, over so many jobs.

#![expect(clippy::print_stdout, reason = "the figures are what this is for")]

use std::{process::ExitCode, sync::Arc};

use futures_util::{StreamExt, stream};
use quire_producer::schemas::job::{ImageOptions, Job};
use quire_tests::{World, samples};

const AT_ONCE: u32 = 16;
/// The bar: 100 MB and 2 MB for each job in flight.
const BAR_BYTES: u64 = (100 + 2 * AT_ONCE as u64) * 1_000_000;

#[tokio::main]
async fn main() -> ExitCode {
    let jobs: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1000);
    let world = Arc::new(World::new().await);
    let worker = world
        .worker()
        .with("QUIRE_LANES", &format!("normal:{AT_ONCE}"))
        .with("QUIRE_LOG", "warn,quire_worker=info")
        .start()
        .await;
    let sources = [world.upload(samples::large(30)).await, world.upload(samples::report()).await];
    let mut done = stream::iter(0..jobs)
        .map(|number| {
            let (world, source) = (Arc::clone(&world), sources[usize::from(number % 8 != 0)].clone());
            async move {
                let images = ImageOptions { dpi: 72, ..ImageOptions::default() };
                let job_id = world.submit(Job { images: Some(images), ..Job::new(source) }).await;
                world.await_result(&job_id).await.status
            }
        })
        .buffer_unordered(AT_ONCE as usize * 2);
    let (mut peak, mut ended) = (0, 0);
    let mut quarters = Vec::new();
    while let Some(status) = done.next().await {
        assert_eq!(status.as_str(), "succeeded");
        ended += 1;
        let now = resident_bytes(worker.id());
        peak = peak.max(now);
        if ended % (jobs / 4).max(1) == 0 {
            quarters.push(format!("{:.1}", now as f64 / 1e6));
        }
    }
    let (peak_mb, bar_mb) = (peak as f64 / 1e6, BAR_BYTES as f64 / 1e6);
    println!(
        "{ended} jobs, {AT_ONCE} in flight: peak {peak_mb:.1} MB (bar {bar_mb:.0} MB); after each quarter {} MB",
        quarters.join(", ")
    );
    if peak <= BAR_BYTES { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn resident_bytes(process: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the worker lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

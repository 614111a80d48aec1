//! A broker that is silent while its connections stay open: how soon the worker notices.

use std::time::Duration;

use chrono::Utc;
use futures_util::future::join_all;
use tokio::time::sleep;
use url::Url;

use super::{
    Figure, Times,
    probe::{between, lines},
    shown,
};
use crate::{World, eventually};

const RUNS: u32 = 5;
const BROKER: &str = "QUIRE_AMQP_URL";
/// What the producer's connector asks for when an address does not say.
const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(10);
const SHORT_HEARTBEAT: Duration = Duration::from_secs(4);
const BAR_HEARTBEATS: f64 = 2.5;
const NOTICED: &str = "the session is lost";

pub(super) async fn measure(runs: Option<u32>) -> Vec<Figure> {
    let runs = runs.unwrap_or(RUNS);
    let mut figures = Vec::new();
    for (heartbeat, asked_for, note) in
        [(DEFAULT_HEARTBEAT, None, " (the default)"), (SHORT_HEARTBEAT, Some("heartbeat=4"), "")]
    {
        // Side by side: they only wait.
        let times = join_all((0..runs).map(|_| until_noticed(heartbeat, asked_for))).await;
        figures.push(figure(heartbeat, note, times));
    }
    figures
}

fn figure(heartbeat: Duration, note: &str, times: Vec<Duration>) -> Figure {
    let (times, bar) = (Times::of(times), heartbeat.mul_f64(BAR_HEARTBEATS));
    let (max, min, runs) = (shown(times.max()), shown(times.min()), times.runs());
    let heartbeats = times.max().as_secs_f64() / heartbeat.as_secs_f64();
    Figure {
        name: format!("half-open connection, heartbeat {} s{note}", heartbeat.as_secs()),
        measured: format!("noticed after {max}, {heartbeats:.2} heartbeats (max of {runs} runs, min {min})"),
        bar: format!("≤ {} s, {BAR_HEARTBEATS} heartbeats", bar.as_secs()),
        is_met: times.max() <= bar,
    }
}

async fn until_noticed(heartbeat: Duration, asked_for: Option<&str>) -> Duration {
    let (world, proxy) = World::new().await.through_proxy(BROKER).await;
    let mut address: Url = world.setting(BROKER).parse().expect("a URL");
    address.set_query(asked_for);
    let worker = world.worker().with(BROKER, address.as_str()).with("QUIRE_RENDERERS", "1").start().await;
    // Waits for nothing: the fault comes at any moment between two heartbeats.
    sleep(heartbeat.mul_f64(rand::random_range(0.0..1.0))).await;
    let silent = Utc::now();
    proxy.black_hole();
    let noticed = eventually("the worker notices", || async {
        let said = lines(&worker, &[NOTICED]);
        said.into_iter().map(|line| line.at).find(|at| *at >= silent)
    });
    between(silent, noticed.await)
}

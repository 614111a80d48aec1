//! A broker that is gone and comes back: how soon a job is consumed that is published right then.

use std::time::Duration;

use chrono::Utc;
use lapin::{Connection, ConnectionProperties};
use quire_producer::schemas::job::{Job, Source};
use tokio::time::{sleep, timeout};

use super::{Figure, Times, probe::between, shown};
use crate::{World, samples, servers::PrivateBroker};

const RUNS: u32 = 3;
const GONE: Duration = Duration::from_secs(60);
const BAR: Duration = Duration::from_secs(10);
/// A broker that is starting may take a connection and say nothing yet.
const LOGIN: Duration = Duration::from_secs(1);
const GLANCE: Duration = Duration::from_millis(20);

pub(super) async fn measure(runs: Option<u32>) -> Vec<Figure> {
    let broker = PrivateBroker::start().await;
    let world = World::on(Some(&broker), None).await;
    // The same worker all along: between two runs it has forgotten nothing of the outage before.
    let _worker = world.worker().start().await;
    let source = world.upload(samples::report()).await;
    let (mut killed, mut restarted) = (Vec::new(), Vec::new());
    for _ in 0..runs.unwrap_or(RUNS) {
        broker.kill().await;
        // Waits for nothing: the length of the outage decides how long the worker pauses by then.
        sleep(GONE).await;
        killed.push(until_consumed(&broker, &world, &source).await);
    }
    for _ in 0..runs.unwrap_or(RUNS) {
        broker.stop().await;
        restarted.push(until_consumed(&broker, &world, &source).await);
    }
    let gone = format!("broker killed, back after {} s", GONE.as_secs());
    vec![figure(gone, killed), figure("broker stopped and started".to_owned(), restarted)]
}

fn figure(name: String, times: Vec<Duration>) -> Figure {
    let times = Times::of(times);
    let (max, min, runs) = (shown(times.max()), shown(times.min()), times.runs());
    let measured = format!("first job consumed {max} after the broker takes logins (max of {runs} runs, min {min})");
    Figure { name, measured, bar: format!("≤ {} s", BAR.as_secs()), is_met: times.max() <= BAR }
}

/// Starts the broker again. The clock runs from its first login to the moment at which a worker has
/// taken a job that was published behind that login.
async fn until_consumed(broker: &PrivateBroker, world: &World, source: &Source) -> Duration {
    let consumed = async {
        await_login(&world.amqp_url).await;
        let back = Utc::now();
        let job_id = world.submit(Job::new(source.clone())).await;
        let result = world.await_result(&job_id).await;
        between(back, result.created_at.expect("a worker notes when it took the delivery"))
    };
    let ((), took) = tokio::join!(broker.start_again(), consumed);
    world.await_idle().await;
    took
}

/// Waits for the first login. Ends at the latest when the broker's start is given up, which panics.
async fn await_login(amqp_url: &str) {
    loop {
        let login = Connection::connect(amqp_url, ConnectionProperties::default());
        if let Ok(Ok(_)) = timeout(LOGIN, login).await {
            return;
        }
        sleep(GLANCE).await;
    }
}

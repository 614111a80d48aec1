//! The metrics that a worker of a soak run served shortly before its end.

use std::time::Duration;

use reqwest::Client;
use serde_json::Value;
use tokio::time::timeout;

use crate::Worker;

/// A worker that takes longer is too busy to tell, and a kill does not wait for it.
const ANSWER: Duration = Duration::from_millis(500);
const IN_FLIGHT: &str = "quire_jobs_in_flight{";

/// What a worker told of itself shortly before its end; nothing if it did not serve HTTP by then.
pub(super) struct Metrics(String);

impl Metrics {
    pub(super) async fn of(worker: &Worker) -> Self {
        let told = timeout(ANSWER, ask(&worker.log())).await;
        Self(told.ok().flatten().unwrap_or_default())
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Says whether it held a delivery, of any lane.
    pub(super) fn has_job_in_hand(&self) -> bool {
        let lanes = self.0.lines().filter(|line| line.starts_with(IN_FLIGHT));
        lanes.filter_map(|line| line.rsplit_once(' ')).any(|(_, jobs)| jobs != "0")
    }
}

async fn ask(log: &str) -> Option<String> {
    let served = log.lines().find(|line| line.contains("health and metrics"))?;
    let served: Value = serde_json::from_str(served).ok()?;
    let client = Client::builder().no_proxy().build().ok()?;
    let answer = client.get(format!("http://{}/metrics", served["address"].as_str()?)).send().await.ok()?;
    answer.text().await.ok()
}

#[cfg(test)]
mod tests {
    use super::Metrics;

    #[test]
    fn a_job_is_in_hand_if_any_lane_says_so() {
        let lanes = |high: u32, normal: u32| {
            let line = |lane: &str, jobs: u32| format!("quire_jobs_in_flight{{lane=\"{lane}\"}} {jobs}\n");
            Metrics(format!("quire_pages_rendered_total 7\n{}{}", line("high", high), line("normal", normal)))
        };
        assert_eq!([lanes(0, 0), lanes(0, 2), lanes(1, 0)].map(|told| told.has_job_in_hand()), [false, true, true]);
        assert!(!Metrics(String::new()).has_job_in_hand());
    }
}

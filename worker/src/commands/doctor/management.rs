//! The broker as only its management API shows it: version, arguments of queues, statistics.

use std::time::Duration;

use quire_producer::amqp::{
    management::{Management, ManagementError, Overview, QueueInfo, vhost_of},
    topology,
};
use serde_json::Value;

use super::finding::Finding;
use crate::{config::Amqp, job::chain};

/// The oldest release that the project has been run against.
const OLDEST_RELEASE: (u32, u32) = (3, 10);
/// RabbitMQ's default. AMQP does not show the real timeout, the management API only that of a queue
/// with an argument or a policy for it.
const ASSUMED_CONSUMER_TIMEOUT: Duration = Duration::from_secs(30 * 60);

pub(super) async fn examine(amqp: &Amqp, lease: Duration) -> Vec<Finding> {
    let Some(url) = &amqp.management_url else {
        let unknown = Finding::warning(
            "management",
            "QUIRE_MANAGEMENT_URL is not set",
            "the broker's version, statistics and the arguments of its queues were not checked",
            "set it, at least for `doctor`; a user with the tag `management` is enough",
        );
        return vec![unknown, consumer_timeout(lease, None)];
    };
    match ask(url.reveal(), &vhost_of(amqp.url.reveal())).await {
        Ok((overview, queues)) => vec![
            release(&overview),
            statistics(&overview, &queues),
            arguments(&queues),
            consumer_timeout(lease, shortest_timeout(&queues)),
        ],
        Err(error) => vec![unanswered(error), consumer_timeout(lease, None)],
    }
}

async fn ask(url: &str, vhost: &str) -> Result<(Overview, Vec<QueueInfo>), ManagementError> {
    let management = Management::new(url, vhost)?;
    Ok((management.overview().await?, management.queues().await?))
}

fn unanswered(error: ManagementError) -> Finding {
    let remedy = match &error {
        ManagementError::Address { .. } => "correct QUIRE_MANAGEMENT_URL",
        ManagementError::Unreachable { .. } => "check QUIRE_MANAGEMENT_URL and that the management plugin is enabled",
        ManagementError::Denied { .. } => "give the user the tag `management` and an entry in the virtual host",
        ManagementError::NotFound { .. } => {
            "check the virtual host in QUIRE_AMQP_URL, and any path in QUIRE_MANAGEMENT_URL"
        }
        ManagementError::Unexpected { .. } => "check that QUIRE_MANAGEMENT_URL is the broker's management API",
    };
    let why = "the broker's version, statistics and the arguments of its queues were not checked";
    Finding::warning("management", chain(&error), why, remedy)
}

fn release(overview: &Overview) -> Finding {
    let version = &overview.rabbitmq_version;
    let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST_RELEASE => {
            Finding::ok("management", format!("RabbitMQ {version}"))
        }
        _ => Finding::warning(
            "management",
            format!("RabbitMQ {version}"),
            "the worker is tested with 3.10 and later; quorum queues of older releases behave differently",
            "upgrade the broker",
        ),
    }
}

/// Without statistics the API leaves out how many messages a queue holds, and a scaler sees empty queues.
fn statistics(overview: &Overview, queues: &[QueueInfo]) -> Finding {
    let blind = queues.iter().find(|queue| queue.name.starts_with("quire.jobs.") && queue.messages.is_none());
    if !overview.disable_stats && blind.is_none() {
        return Finding::ok("statistics", "the broker counts messages");
    }
    let what = match blind {
        Some(queue) => format!("the management API does not say how many messages {} holds", queue.name),
        None => "the broker collects no statistics".to_owned(),
    };
    Finding::warning(
        "statistics",
        what,
        "a scaler such as KEDA reads a missing number as 0 and stops every worker while jobs wait",
        "enable them (management_agent.disable_metrics_collector, management.disable_stats); a queue has none in its \
         first seconds",
    )
}

fn arguments(queues: &[QueueInfo]) -> Finding {
    let differences: Vec<String> = topology::queues()
        .iter()
        .filter_map(|expected| Some((expected, queues.iter().find(|queue| queue.name == expected.name)?)))
        .flat_map(|(expected, found)| expected.differences(&found.arguments))
        .collect();
    if differences.is_empty() {
        return Finding::ok("arguments", "every queue that exists has the right arguments");
    }
    Finding::failed(
        "arguments",
        differences.join("; "),
        "a queue with other arguments drops, keeps or delays messages in ways that the worker does not expect",
        "drain the queue, delete it and declare it again: arguments cannot be changed",
    )
}

/// Of an argument and a policy for the same queue the broker too takes the smaller timeout.
fn shortest_timeout(queues: &[QueueInfo]) -> Option<Duration> {
    let jobs = queues.iter().filter(|queue| queue.name.starts_with("quire.jobs."));
    jobs.flat_map(|queue| [queue.arguments.get("x-consumer-timeout"), queue.policy.get("consumer-timeout")])
        .flatten()
        .filter_map(Value::as_u64)
        .min()
        .map(Duration::from_millis)
}

fn consumer_timeout(lease: Duration, known: Option<Duration>) -> Finding {
    let check = "consumer_timeout";
    let limit = known.unwrap_or(ASSUMED_CONSUMER_TIMEOUT);
    let shown = humantime::format_duration;
    let source = if known.is_some() { "" } else { " (its default; the real timeout cannot be read)" };
    let what = format!("the worker keeps a delivery for {}, the broker waits {}{source}", shown(lease), shown(limit));
    if lease * 2 <= limit {
        return Finding::ok(check, what);
    }
    // The other half is for the last pages, for the result, and for slow storage.
    let why = "the broker takes a delivery away that is kept longer, and gives it to another worker while this worker \
               still stores the result";
    match known {
        Some(_) => Finding::failed(check, what, why, "lower QUIRE_LEASE to at most half of the broker's timeout"),
        // Not a failure: the operator may have raised the timeout where it cannot be read.
        None => Finding::warning(
            check,
            what,
            why,
            "lower QUIRE_LEASE to at most half of that, or check that the broker's timeout is higher",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::finding::CheckStatus, *};

    fn queue(name: &str, arguments: Value) -> QueueInfo {
        under_policy(name, arguments, json!([]))
    }

    fn under_policy(name: &str, arguments: Value, policy: Value) -> QueueInfo {
        let mut queue = json!({ "name": name, "messages": 0, "arguments": arguments });
        queue["effective_policy_definition"] = policy;
        serde_json::from_value(queue).expect("a queue")
    }

    fn overview(version: &str) -> Overview {
        Overview { rabbitmq_version: version.to_owned(), cluster_name: None, disable_stats: false }
    }

    fn job_queue() -> topology::Queue {
        topology::queues().into_iter().find(|queue| queue.name == "quire.jobs.high").expect("a queue of the topology")
    }

    fn declared(queue: &topology::Queue) -> Value {
        Value::Object(topology::arguments_to_json(&queue.arguments))
    }

    #[test]
    fn releases_are_compared_as_numbers() {
        let status = |version| release(&overview(version)).status;
        assert_eq!(
            (status("3.10.8"), status("4.0.5"), status("4.3.6")),
            (CheckStatus::Ok, CheckStatus::Ok, CheckStatus::Ok)
        );
        assert_eq!((status("3.9.29"), status("?")), (CheckStatus::Warning, CheckStatus::Warning));
    }

    #[test]
    fn a_queue_as_the_topology_declares_it_is_fine_whatever_a_policy_adds() {
        for expected in topology::queues() {
            let policy = json!({ "consumer-timeout": 600_000 });
            let finding = arguments(&[under_policy(&expected.name, declared(&expected), policy)]);
            assert_eq!(finding.status, CheckStatus::Ok, "{finding:?}");
        }
    }

    #[test]
    fn every_difference_of_a_queue_is_named() {
        let mut found = declared(&job_queue());
        found["x-delivery-limit"] = json!(3);
        found["x-consumer-timeout"] = json!(600_000);
        found["x-max-length"] = json!(10);
        let finding = arguments(&[queue("quire.jobs.high", found)]);
        assert_eq!(finding.status, CheckStatus::Failed);
        for difference in ["x-delivery-limit is 3", "x-consumer-timeout is 600000", "x-max-length is 10"] {
            assert!(finding.what.contains("quire.jobs.high") && finding.what.contains(difference), "{finding:?}");
        }
    }

    #[test]
    fn a_missing_number_of_messages_is_not_taken_for_an_empty_queue() {
        let counted = queue("quire.jobs.high", json!({}));
        assert_eq!(statistics(&overview("4.0.5"), std::slice::from_ref(&counted)).status, CheckStatus::Ok);
        let blind = QueueInfo { messages: None, ..counted };
        assert_eq!(statistics(&overview("4.0.5"), &[blind]).status, CheckStatus::Warning);
        let disabled = Overview { disable_stats: true, ..overview("4.0.5") };
        assert_eq!(statistics(&disabled, &[]).status, CheckStatus::Warning);
    }

    #[test]
    fn a_delivery_is_kept_for_half_of_what_the_broker_allows() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let status = |lease, known| consumer_timeout(minutes(lease), known).status;
        assert_eq!((status(15, None), status(16, None)), (CheckStatus::Ok, CheckStatus::Warning));
        assert_eq!(
            (status(11, Some(minutes(20))), status(60, Some(minutes(120)))),
            (CheckStatus::Failed, CheckStatus::Ok)
        );
    }

    #[test]
    fn the_shortest_timeout_of_the_job_queues_counts() {
        let with = |name, milliseconds: u64| queue(name, json!({ "x-consumer-timeout": milliseconds }));
        let queues = [with("quire.jobs.high", 900_000), with("quire.jobs.bulk", 600_000), with("other", 1)];
        assert_eq!(shortest_timeout(&queues), Some(Duration::from_secs(600)));
        assert_eq!(shortest_timeout(&[queue("quire.jobs.high", json!({}))]), None);
    }

    #[test]
    fn a_timeout_by_policy_counts_and_the_smaller_one_where_there_are_both() {
        let timeout = |argument: Value, policy: Value| {
            let arguments = json!({ "x-consumer-timeout": argument });
            let policy = json!({ "consumer-timeout": policy });
            shortest_timeout(&[under_policy("quire.jobs.high", arguments, policy)])
        };
        let ten_minutes = Some(Duration::from_secs(600));
        assert_eq!(timeout(Value::Null, json!(600_000)), ten_minutes);
        assert_eq!(timeout(json!(1_200_000), json!(600_000)), ten_minutes);
        assert_eq!(timeout(json!(600_000), json!(1_200_000)), ten_minutes);
        assert_eq!(timeout(Value::Null, Value::Null), None);
    }

    #[test]
    fn a_policy_that_allows_less_than_the_lease_fails_and_an_unknown_timeout_is_assumed() {
        let finding = |lease_minutes: u64, policy: Value| {
            let timeout = shortest_timeout(&[under_policy("quire.jobs.high", json!({}), policy)]);
            consumer_timeout(Duration::from_secs(60 * lease_minutes), timeout).status
        };
        assert_eq!(finding(15, json!({ "consumer-timeout": 600_000 })), CheckStatus::Failed);
        assert_eq!(finding(60, json!({ "consumer-timeout": 7_200_000 })), CheckStatus::Ok);
        assert_eq!((finding(15, json!([])), finding(16, json!({}))), (CheckStatus::Ok, CheckStatus::Warning));
    }
}

//! A client of the broker's management HTTP API, which tells more than AMQP: unacknowledged
//! messages, and the arguments that a queue was declared with.

use std::{fmt, time::Duration};

use lapin::uri::AMQPUri;
use quire_schemas::address::redacted;
use reqwest::{Client, StatusCode, redirect::Policy};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A client of the management API for one virtual host. Cheap to clone.
#[derive(Clone)]
pub struct Management {
    client: Client,
    base: Url,
    vhost: String,
}

/// What the broker tells about itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Overview {
    /// Such as `4.0.5`.
    pub rabbitmq_version: String,
    #[serde(default)]
    pub cluster_name: Option<String>,
    /// Whether the broker collects no statistics, without which no depth is known.
    #[serde(default)]
    pub disable_stats: bool,
}

/// A queue. A number is `None` where the broker has no statistics of it: disabled, or the queue is
/// only seconds old. Reading that as 0 would call a busy queue idle.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct QueueInfo {
    pub name: String,
    /// Ready and unacknowledged together.
    #[serde(default)]
    pub messages: Option<u64>,
    /// Messages that no consumer has.
    #[serde(default, rename = "messages_ready")]
    pub ready: Option<u64>,
    /// Messages that a consumer has and has not settled.
    #[serde(default, rename = "messages_unacknowledged")]
    pub unacknowledged: Option<u64>,
    #[serde(default)]
    pub consumers: Option<u64>,
    /// What the queue was declared with.
    #[serde(default, deserialize_with = "lenient_object")]
    pub arguments: Map<String, Value>,
    /// The merged policies of users and operators. Also empty where the broker does not tell them:
    /// releases before 4.2.5 without statistics.
    #[serde(default, rename = "effective_policy_definition", deserialize_with = "lenient_object")]
    pub policy: Map<String, Value>,
}

/// Why the management API did not do what was asked, by what a caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum ManagementError {
    /// The configured address cannot be used.
    #[error("not the http address of a management API: {reason}")]
    Address { reason: String },
    /// Nothing answers in time; trying again may help.
    #[error("no management API at {address}")]
    Unreachable {
        /// Redacted.
        address: String,
        #[source]
        cause: reqwest::Error,
    },
    /// The user or its password is wrong, or the user lacks a permission.
    #[error("{what}: the management API refuses this user")]
    Denied {
        /// The request, as in every variant.
        what: String,
    },
    #[error("{what}: not found")]
    NotFound { what: String },
    /// The answer is not one of a management API.
    #[error("{what}: unexpected answer ({detail})")]
    Unexpected { what: String, detail: String },
}

impl Management {
    /// Makes a client. `base_url` may carry user and password; `vhost` is the plain name, such as
    /// `/`. Does not connect.
    pub fn new(base_url: &str, vhost: &str) -> Result<Self, ManagementError> {
        let base = parse(base_url)?;
        let client = Client::builder()
            .timeout(TIMEOUT)
            // A redirect or a proxy would be given the credentials.
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| unexpected("making an http client", &error))?;
        Ok(Self { client, base, vhost: vhost.to_owned() })
    }

    pub async fn overview(&self) -> Result<Overview, ManagementError> {
        self.get(&["overview"]).await
    }

    /// Lists every queue of the virtual host; [`ManagementError::NotFound`] if that does not exist.
    pub async fn queues(&self) -> Result<Vec<QueueInfo>, ManagementError> {
        self.get(&["queues", &self.vhost]).await
    }

    /// Asks for one queue; `None` if it does not exist.
    pub async fn queue(&self, name: &str) -> Result<Option<QueueInfo>, ManagementError> {
        match self.get(&["queues", &self.vhost, name]).await {
            Ok(queue) => Ok(Some(queue)),
            Err(ManagementError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, ManagementError> {
        let what = format!("GET {}", path.join(" "));
        let request = self.client.get(endpoint(&self.base, path));
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        match response.status() {
            status if status.is_success() => response.json().await.map_err(|error| match error.is_decode() {
                true => unexpected(&what, &error),
                false => self.unreachable(error),
            }),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(ManagementError::Denied { what }),
            StatusCode::NOT_FOUND => Err(ManagementError::NotFound { what }),
            status => Err(ManagementError::Unexpected { what, detail: status.to_string() }),
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> ManagementError {
        ManagementError::Unreachable { address: redacted(self.base.as_str()), cause: error.without_url() }
    }
}

impl fmt::Debug for Management {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Management")
            .field("base", &redacted(self.base.as_str()))
            .field("vhost", &self.vhost)
            .finish_non_exhaustive()
    }
}

/// Reads the virtual host out of an AMQP URL, or out of the first of several, as the broker's
/// client does; `/` if it names none.
#[must_use]
pub fn vhost_of(amqp_url: &str) -> String {
    let first = amqp_url.split(',').map(str::trim).find(|url| !url.is_empty()).unwrap_or_default();
    match first.parse::<AMQPUri>() {
        Ok(uri) if !uri.vhost.is_empty() => uri.vhost,
        _ => "/".to_owned(),
    }
}

fn parse(base_url: &str) -> Result<Url, ManagementError> {
    let invalid = |reason: &str| ManagementError::Address { reason: reason.to_owned() };
    let base = Url::parse(base_url.trim()).map_err(|error| invalid(&error.to_string()))?;
    match base.scheme() {
        "http" | "https" => Ok(base),
        _ => Err(invalid("the scheme must be http or https")),
    }
}

/// Each part is one segment, whatever it holds: the virtual host `/` becomes `%2F`.
fn endpoint(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    url.path_segments_mut().expect("an http address has a path").pop_if_empty().push("api").extend(path);
    url
}

fn unexpected(what: &str, error: &reqwest::Error) -> ManagementError {
    ManagementError::Unexpected { what: what.to_owned(), detail: innermost(error) }
}

/// The outer layers of the HTTP client's error tell only that the request failed.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// An empty table of Erlang may arrive as an empty list.
fn lenient_object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Object(object) => object,
        _ => Map::new(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_with_slashes_stay_one_segment() {
        let base = parse("http://guest:guest@127.0.0.1:15672/").expect("valid");
        let url = endpoint(&base, &["queues", "/", "quire.jobs.high"]);
        assert_eq!(url.path(), "/api/queues/%2F/quire.jobs.high");
        let behind_a_proxy = parse("https://broker.example/rabbit").expect("valid");
        assert_eq!(endpoint(&behind_a_proxy, &["overview"]).path(), "/rabbit/api/overview");
    }

    #[test]
    fn no_secret_of_the_address_is_shown() {
        let management = Management::new("http://canary:canary@host:15672/?token=canary", "/").expect("valid");
        assert!(!format!("{management:?}").contains("canary"), "{management:?}");
        let error = parse("amqp://user:canary@host").expect_err("not http").to_string();
        assert!(!error.contains("canary"), "{error}");
    }

    #[test]
    fn a_queue_without_statistics_has_no_depth_rather_than_none_in_it() {
        let queue: QueueInfo =
            serde_json::from_value(json!({ "name": "q", "arguments": [], "durable": true })).expect("a queue");
        let expected = QueueInfo {
            name: "q".to_owned(),
            messages: None,
            ready: None,
            unacknowledged: None,
            consumers: None,
            arguments: Map::new(),
            policy: Map::new(),
        };
        assert_eq!(queue, expected);
    }

    #[test]
    fn a_queue_without_a_policy_is_read_however_its_broker_writes_nothing() {
        let policy = |written: Value| {
            let queue = json!({ "name": "q", "effective_policy_definition": written });
            serde_json::from_value::<QueueInfo>(queue).expect("a queue").policy
        };
        for nothing in [json!({}), json!([]), json!(""), Value::Null] {
            assert_eq!(policy(nothing.clone()), Map::new(), "{nothing}");
        }
        let definition = json!({ "consumer-timeout": 600_000 });
        assert_eq!(Value::Object(policy(definition.clone())), definition);
    }

    #[test]
    fn the_virtual_host_is_the_first_address_decoded() {
        assert_eq!(vhost_of("amqp://a:5672"), "/");
        assert_eq!(vhost_of("amqp://a:5672/%2f?heartbeat=5"), "/");
        assert_eq!(vhost_of(" amqps://u:p@a/team%2Fone , amqp://b/other"), "team/one");
    }
}

//! The broker's management HTTP API: what AMQP itself does not tell, such as messages that are
//! being worked on and the arguments that a queue was declared with.

use std::{fmt, time::Duration};

use lapin::uri::AMQPUri;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect::Policy};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A client of the management API for one virtual host. Cheap to clone.
#[derive(Clone)]
pub struct Management {
    client: Client,
    base: Url,
    vhost: String,
}

/// What the broker says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Overview {
    /// Such as `4.0.5`.
    pub rabbitmq_version: String,
    /// The cluster's name.
    #[serde(default)]
    pub cluster_name: Option<String>,
    /// Whether the broker was told to collect no statistics, without which no depth is known.
    #[serde(default)]
    pub disable_stats: bool,
}

/// A queue. A number is `None` where the broker has no statistics of it: disabled, or the queue is
/// only seconds old. Reading that as 0 would call a busy queue idle.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct QueueInfo {
    /// Its name.
    pub name: String,
    /// Ready and unacknowledged together.
    #[serde(default)]
    pub messages: Option<u64>,
    /// Messages that nobody has.
    #[serde(default, rename = "messages_ready")]
    pub ready: Option<u64>,
    /// Messages that a consumer has and has not settled.
    #[serde(default, rename = "messages_unacknowledged")]
    pub unacknowledged: Option<u64>,
    /// How many consumers there are.
    #[serde(default)]
    pub consumers: Option<u64>,
    /// What it was declared with.
    #[serde(default, deserialize_with = "lenient_object")]
    pub arguments: Map<String, Value>,
    /// What policies say of it, those of operators merged in. Empty too where the broker does not
    /// tell: before 4.2.5 it does not once statistics are disabled.
    #[serde(default, rename = "effective_policy_definition", deserialize_with = "lenient_object")]
    pub policy: Map<String, Value>,
}

/// Why the management API did not do what was asked, by what a caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum ManagementError {
    /// The configured address cannot be used.
    #[error("not the http address of a management API: {reason}")]
    Address {
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answered, or not in time; may pass.
    #[error("no management API at {address}")]
    Unreachable {
        /// The address, without its password.
        address: String,
        /// What happened.
        #[source]
        cause: reqwest::Error,
    },
    /// This user may not do this.
    #[error("{what}: the management API refuses this user")]
    Denied {
        /// What was attempted.
        what: String,
    },
    /// There is no such thing.
    #[error("{what}: not found")]
    NotFound {
        /// What was attempted.
        what: String,
    },
    /// Something answered, and not as a management API does.
    #[error("{what}: unexpected answer ({detail})")]
    Unexpected {
        /// What was attempted.
        what: String,
        /// What came.
        detail: String,
    },
}

impl Management {
    /// Makes a client. `base_url` may carry user and password; `vhost` is the plain name, such as
    /// `/`. Does not connect.
    ///
    /// # Errors
    /// [`ManagementError::Address`] if it is not an http or https address.
    pub fn new(base_url: &str, vhost: &str) -> Result<Self, ManagementError> {
        let base = parse(base_url)?;
        let client = Client::builder()
            .timeout(TIMEOUT)
            // A redirect would carry the credentials to whoever it names, and a proxy of the web is
            // not where a broker's back door is.
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| unexpected("making an http client", &error))?;
        Ok(Self { client, base, vhost: vhost.to_owned() })
    }

    /// Asks what the broker is.
    ///
    /// # Errors
    /// [`ManagementError`]
    pub async fn overview(&self) -> Result<Overview, ManagementError> {
        self.get(&["overview"]).await
    }

    /// Lists every queue of the virtual host.
    ///
    /// # Errors
    /// [`ManagementError`]; [`ManagementError::NotFound`] if there is no such virtual host.
    pub async fn queues(&self) -> Result<Vec<QueueInfo>, ManagementError> {
        self.get(&["queues", &self.vhost]).await
    }

    /// Asks for one queue; `None` if there is none of that name.
    ///
    /// # Errors
    /// [`ManagementError`]
    pub async fn queue(&self, name: &str) -> Result<Option<QueueInfo>, ManagementError> {
        match self.get(&["queues", &self.vhost, name]).await {
            Ok(queue) => Ok(Some(queue)),
            Err(ManagementError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates a virtual host, with every permission for this user; one that is there is kept.
    ///
    /// # Errors
    /// [`ManagementError`]
    pub async fn create_vhost(&self, name: &str) -> Result<(), ManagementError> {
        self.call(Method::PUT, &["vhosts", name], |request| request.json(&json!({}))).await.map(drop)
    }

    /// Deletes a virtual host and everything in it.
    ///
    /// # Errors
    /// [`ManagementError`]; [`ManagementError::NotFound`] if there is none of that name.
    pub async fn delete_vhost(&self, name: &str) -> Result<(), ManagementError> {
        self.call(Method::DELETE, &["vhosts", name], |request| request).await.map(drop)
    }

    async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, ManagementError> {
        let response = self.call(Method::GET, path, |request| request).await?;
        response.json().await.map_err(|error| match error.is_decode() {
            true => unexpected(&describe(&Method::GET, path), &error),
            false => self.unreachable(error),
        })
    }

    async fn call(
        &self,
        method: Method,
        path: &[&str],
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, ManagementError> {
        let what = describe(&method, path);
        let request = with(self.client.request(method, endpoint(&self.base, path)));
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(ManagementError::Denied { what }),
            StatusCode::NOT_FOUND => Err(ManagementError::NotFound { what }),
            status => Err(ManagementError::Unexpected { what, detail: status.to_string() }),
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> ManagementError {
        ManagementError::Unreachable { address: redact(&self.base), cause: error.without_url() }
    }
}

impl fmt::Debug for Management {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Management")
            .field("base", &redact(&self.base))
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

fn describe(method: &Method, path: &[&str]) -> String {
    format!("{method} {}", path.join(" "))
}

fn unexpected(what: &str, error: &reqwest::Error) -> ManagementError {
    ManagementError::Unexpected { what: what.to_owned(), detail: innermost(error) }
}

/// The outer layers of a client's error say little more than that it failed.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn redact(base: &Url) -> String {
    let mut shown = base.clone();
    // Fails only for addresses that cannot carry one.
    let _ = shown.set_password(None);
    shown.to_string()
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
    fn the_password_is_not_shown() {
        let base = parse("http://user:canary@host:15672").expect("valid");
        assert_eq!(redact(&base), "http://user@host:15672/");
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

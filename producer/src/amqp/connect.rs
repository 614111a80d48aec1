use std::{fmt, sync::Arc, time::Duration};

use lapin::{Connection, ConnectionProperties};
use rand::seq::SliceRandom;

/// A server that accepts TCP and stays silent would otherwise be waited for without end: the
/// client has no deadline for the handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Seconds between heartbeats; a silent peer is noticed after twice that.
const HEARTBEAT_SECONDS: u16 = 10;

/// Connects to one of several broker addresses, without the client's automatic recovery: a lost
/// connection must fail what was under way at once and visibly, not resume it behind our back.
#[derive(Clone)]
pub struct Connector {
    addresses: Arc<[String]>,
    name: Arc<str>,
}

/// Why no broker could be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// An address is not an AMQP URL.
    #[error("not an AMQP address: {address}: {reason}")]
    Address {
        /// The address, without its password.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The broker refuses these credentials or this virtual host.
    #[error("the broker at {address} refuses the login")]
    Refused {
        /// The address, without its password.
        address: String,
        /// What the broker said.
        #[source]
        cause: lapin::Error,
    },
    /// Nobody answered.
    #[error("no broker at {address}")]
    Unreachable {
        /// The address, without its password.
        address: String,
        /// What happened.
        #[source]
        cause: lapin::Error,
    },
    /// Somebody accepted the connection and did not speak.
    #[error("the broker at {address} did not finish the handshake within {} s", HANDSHAKE.as_secs())]
    Silent {
        /// The address, without its password.
        address: String,
    },
}

impl Connector {
    /// Reads one or more AMQP URLs, separated by commas. `name` is what the broker shows.
    ///
    /// # Errors
    /// [`ConnectError::Address`] for the first that is not an AMQP URL.
    pub fn new(urls: &str, name: &str) -> Result<Self, ConnectError> {
        let addresses = urls
            .split(',')
            .map(str::trim)
            .filter(|url| !url.is_empty())
            .map(with_heartbeat)
            .collect::<Result<Vec<_>, _>>()?;
        if addresses.is_empty() {
            return Err(ConnectError::Address { address: String::new(), reason: "no address given".to_owned() });
        }
        Ok(Self { addresses: addresses.into(), name: name.into() })
    }

    /// Connects to the first address that answers, beginning with a random one so that replicas
    /// spread over the cluster. Every address is tried once.
    ///
    /// # Errors
    /// The error of the last address tried. Retrying is up to the caller.
    pub async fn connect(&self) -> Result<Connection, ConnectError> {
        let mut addresses: Vec<&String> = self.addresses.iter().collect();
        addresses.shuffle(&mut rand::rng());
        let mut last = None;
        for address in addresses {
            match self.connect_to(address).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = Some(error),
            }
        }
        Err(last.expect("a connector has at least one address"))
    }

    async fn connect_to(&self, address: &str) -> Result<Connection, ConnectError> {
        let properties = ConnectionProperties::default().with_connection_name(self.name.as_ref().into());
        let shown = || redact(address);
        match tokio::time::timeout(HANDSHAKE, Connection::connect(address, properties)).await {
            Err(_) => Err(ConnectError::Silent { address: shown() }),
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(cause)) if cause.is_amqp_error() => Err(ConnectError::Refused { address: shown(), cause }),
            Ok(Err(cause)) => Err(ConnectError::Unreachable { address: shown(), cause }),
        }
    }

    /// Returns the addresses as they may be shown.
    #[must_use]
    pub fn display_addresses(&self) -> String {
        self.addresses.iter().map(|address| redact(address)).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("addresses", &self.display_addresses()).finish_non_exhaustive()
    }
}

fn with_heartbeat(address: &str) -> Result<String, ConnectError> {
    let invalid = |reason: String| ConnectError::Address { address: redact(address), reason };
    let mut url = url::Url::parse(address).map_err(|error| invalid(error.to_string()))?;
    if !matches!(url.scheme(), "amqp" | "amqps") {
        return Err(invalid("the scheme must be amqp or amqps".to_owned()));
    }
    if !url.query_pairs().any(|(key, _)| key == "heartbeat") {
        url.query_pairs_mut().append_pair("heartbeat", &HEARTBEAT_SECONDS.to_string());
    }
    if url.path().is_empty() {
        url.set_path("/%2f");
    }
    Ok(url.to_string())
}

fn redact(address: &str) -> String {
    // Without a host `user:password@x` reads as scheme and path.
    let Ok(mut url) = url::Url::parse(address) else { return "(not a URL)".to_owned() };
    if !url.has_host() {
        return "(not a URL)".to_owned();
    }
    url.set_query(None);
    // Fails only for addresses that cannot carry one.
    let _ = url.set_password(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let connector = Connector::new("amqp://user:canary@a:5672/%2f,amqps://user:canary@b/v", "test").expect("valid");
        assert_eq!(connector.display_addresses(), "amqp://user@a:5672/%2f, amqps://user@b/v");
        assert!(!format!("{connector:?}").contains("canary"));
    }

    #[test]
    fn an_address_that_is_not_amqp_is_refused_without_showing_it() {
        let error = Connector::new("http://user:canary@a/", "test").expect_err("not AMQP").to_string();
        assert!(error.contains("amqp") && !error.contains("canary"), "{error}");
    }
}

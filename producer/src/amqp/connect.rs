//! Connects to one of several broker addresses.

use std::{fmt, sync::Arc, time::Duration};

use lapin::{Connection, ConnectionProperties};
use quire_schemas::address::redacted;
use rand::seq::SliceRandom;

/// The client itself waits without limit for a server that accepts TCP and stays silent.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Seconds between heartbeats; the connection is lost after twice that without one.
const HEARTBEAT_SECONDS: u16 = 10;

/// Connects to one of several broker addresses, without the client's automatic recovery: a lost
/// connection fails at once what was under way, so that the caller decides how to go on.
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
        /// Redacted, as in every variant.
        address: String,
        reason: String,
    },
    /// The broker refuses these credentials or this virtual host.
    #[error("the broker at {address} refuses the login")]
    Refused {
        address: String,
        #[source]
        cause: lapin::Error,
    },
    /// Nothing at the address accepts the connection.
    #[error("no broker at {address}")]
    Unreachable {
        address: String,
        #[source]
        cause: lapin::Error,
    },
    /// A server accepted the connection and did not finish the AMQP handshake.
    #[error("the broker at {address} did not finish the handshake within {} s", HANDSHAKE_TIMEOUT.as_secs())]
    Silent { address: String },
}

impl Connector {
    /// Reads one or more AMQP URLs, separated by commas. `name` is what the broker shows for the connection.
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

    /// Connects to the first address that answers, in random order so that replicas spread over the
    /// cluster. Tries every address once; the error is that of the last one.
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
        let shown = || redacted(address);
        match tokio::time::timeout(HANDSHAKE_TIMEOUT, Connection::connect(address, properties)).await {
            Err(_) => Err(ConnectError::Silent { address: shown() }),
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(cause)) if cause.is_amqp_error() => Err(ConnectError::Refused { address: shown(), cause }),
            Ok(Err(cause)) => Err(ConnectError::Unreachable { address: shown(), cause }),
        }
    }

    /// Returns the addresses without user, password and query.
    #[must_use]
    pub fn display_addresses(&self) -> String {
        self.addresses.iter().map(|address| redacted(address)).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("addresses", &self.display_addresses()).finish_non_exhaustive()
    }
}

fn with_heartbeat(address: &str) -> Result<String, ConnectError> {
    let invalid = |reason: String| ConnectError::Address { address: redacted(address), reason };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_user_nor_password_is_shown() {
        let connector = Connector::new("amqp://user:canary@a:5672/%2f,amqps://user:canary@b/v", "test").expect("valid");
        assert_eq!(connector.display_addresses(), "amqp://a:5672/%2f, amqps://b/v");
        assert!(!format!("{connector:?}").contains("canary"));
    }

    #[test]
    fn an_address_that_is_not_amqp_is_refused_without_showing_it() {
        let error = Connector::new("http://user:canary@a/", "test").expect_err("not AMQP").to_string();
        assert!(error.contains("amqp") && !error.contains("canary"), "{error}");
    }
}

//! Serves `/livez`, `/readyz` and `/metrics`, without authentication.

use std::{io, net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Health, bounded::Bounded};
use crate::telemetry::Metrics;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// How long a request may still be answered after the shutdown: a client that keeps its connection
/// busy must not keep the process alive.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Why health and metrics cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BindError {
    #[error(
        "another process listens on {address}: set QUIRE_HTTP_ADDR to another address, to :0 for any free port, or to \
         off"
    )]
    Taken { address: SocketAddr },
    #[error("cannot listen on {address}: correct QUIRE_HTTP_ADDR")]
    Refused {
        address: SocketAddr,
        #[source]
        cause: io::Error,
    },
}

/// A socket that listens, and does not answer yet.
#[derive(Debug)]
pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens on the address: the worker finds out that it is taken before any work begins.
    pub(crate) async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let refused = |cause: io::Error| match cause.kind() {
            io::ErrorKind::AddrInUse => BindError::Taken { address },
            _ => BindError::Refused { address, cause },
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address })
    }

    /// Returns the address that it listens on, with the real port where port 0 was asked for.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the token is cancelled, and at most two seconds longer. Cancel it after
    /// everything else has ended: probes keep asking during a drain.
    pub(crate) async fn serve(self, health: Health, metrics: Metrics, shutdown: CancellationToken) {
        let answering = axum::serve(Bounded::new(self.listener), router(health, metrics))
            .with_graceful_shutdown(shutdown.clone().cancelled_owned())
            .into_future();
        let too_late = async {
            shutdown.cancelled().await;
            tokio::time::sleep(CLOSE_TIMEOUT).await;
        };
        // Cancel safe: answers hold nothing but the connection.
        tokio::select! {
            _ = answering => {}
            () = too_late => {}
        }
    }
}

fn router(health: Health, metrics: Metrics) -> Router {
    let probes: Router = Router::new().route("/livez", get(live)).route("/readyz", get(ready)).with_state(health);
    let metrics: Router = Router::new().route("/metrics", get(scrape)).with_state(metrics);
    probes.merge(metrics)
}

async fn live(State(health): State<Health>) -> Response {
    match health.live() {
        Ok(()) => StatusCode::OK.into_response(),
        Err(reason) => unavailable(&[reason]),
    }
}

async fn ready(State(health): State<Health>) -> Response {
    match health.ready() {
        Ok(()) => StatusCode::OK.into_response(),
        Err(reasons) => unavailable(&reasons),
    }
}

async fn scrape(State(metrics): State<Metrics>) -> Response {
    ([(CONTENT_TYPE, OPEN_METRICS)], metrics.encode()).into_response()
}

fn unavailable(reasons: &[String]) -> Response {
    let body = json!({ "reasons": reasons }).to_string();
    (StatusCode::SERVICE_UNAVAILABLE, [(CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn ask(address: SocketAddr, path: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nhost: worker\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers");
        answer
    }

    #[tokio::test]
    async fn probes_and_scrapers_are_answered_until_the_end() {
        let server = Server::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
        let (address, health, shutdown) = (server.address(), Health::fit(), CancellationToken::new());
        let client = async {
            assert!(ask(address, "/livez").await.starts_with("HTTP/1.1 200"));
            assert!(ask(address, "/readyz").await.starts_with("HTTP/1.1 200"));
            health.store_is(Err("denied".to_owned()));
            let unready = ask(address, "/readyz").await;
            assert!(unready.starts_with("HTTP/1.1 503") && unready.ends_with(r#"{"reasons":["storage: denied"]}"#));
            health.beyond_repair("stuck");
            assert!(ask(address, "/livez").await.starts_with("HTTP/1.1 503"));
            let metrics = ask(address, "/metrics").await;
            assert!(metrics.contains(OPEN_METRICS) && metrics.ends_with("# EOF\n"), "{metrics}");
            shutdown.cancel();
        };
        tokio::join!(server.serve(health.clone(), Metrics::new(), shutdown.clone()), client);
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_named_with_what_to_do() {
        let first = Server::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
        let error = Server::bind(first.address()).await.expect_err("it is taken").to_string();
        let expected = format!("another process listens on {}: set QUIRE_HTTP_ADDR to another", first.address());
        assert!(error.starts_with(&expected), "{error}");
    }
}

//! What probes and scrapers ask for: `/livez`, `/readyz` and `/metrics`, without authentication.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use quire_schemas::names::Lane;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{BrokerConnection, Metrics};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// A client that keeps its connection busy must not keep the process alive.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is known of the process's fitness to work. Cheap to clone; everybody writes their part.
#[derive(Debug, Clone)]
pub struct Health {
    shared: Arc<Mutex<Fitness>>,
    metrics: Metrics,
}

#[derive(Debug)]
struct Fitness {
    consuming: BTreeMap<Lane, bool>,
    connected: BTreeMap<BrokerConnection, bool>,
    store: Result<(), String>,
    blocked: bool,
    draining: bool,
    beyond_repair: Option<String>,
}

impl Health {
    /// Makes the health of a worker that is to serve these lanes and has not begun to.
    pub fn new(lanes: impl IntoIterator<Item = Lane>) -> Self {
        let fitness = Fitness {
            consuming: lanes.into_iter().map(|lane| (lane, false)).collect(),
            connected: BrokerConnection::ALL.iter().map(|connection| (*connection, false)).collect(),
            store: Err("not checked yet".to_owned()),
            blocked: false,
            draining: false,
            beyond_repair: None,
        };
        Self { shared: Arc::new(Mutex::new(fitness)), metrics: Metrics::new() }
    }

    /// Also tells these metrics what it is told.
    #[must_use]
    pub fn counted_by(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// Notes whether a lane is being consumed.
    pub fn lane_is(&self, lane: Lane, consuming: bool) {
        self.fitness().consuming.insert(lane, consuming);
    }

    /// Notes whether a connection to the broker is up.
    pub fn broker_is(&self, connection: BrokerConnection, connected: bool) {
        self.metrics.broker_is(connection, connected);
        self.fitness().connected.insert(connection, connected);
    }

    /// Notes what the last request to object storage said.
    pub fn store_is(&self, state: Result<(), String>) {
        self.fitness().store = state;
    }

    /// Notes whether the broker takes messages: one that is short of memory or disk does not.
    pub fn publishing_is_blocked(&self, blocked: bool) {
        self.fitness().blocked = blocked;
    }

    /// Notes that the worker takes no more jobs and will end.
    pub fn start_draining(&self) {
        self.fitness().draining = true;
    }

    /// Notes that only a restart helps.
    pub fn beyond_repair(&self, reason: impl Into<String>) {
        self.fitness().beyond_repair = Some(reason.into());
    }

    /// Says whether the process makes sense to keep. An outage of broker or storage is no reason
    /// to restart it: every replica would, at once, and none would be the better for it.
    ///
    /// # Errors
    /// Why only a restart helps.
    pub fn live(&self) -> Result<(), String> {
        match &self.fitness().beyond_repair {
            Some(reason) => Err(reason.clone()),
            None => Ok(()),
        }
    }

    /// Says whether the process does its work.
    ///
    /// # Errors
    /// Everything that keeps it from it.
    pub fn ready(&self) -> Result<(), Vec<String>> {
        let fitness = self.fitness();
        let mut reasons = Vec::new();
        reasons.extend(fitness.beyond_repair.clone());
        if fitness.draining {
            reasons.push("draining".to_owned());
        }
        let down = fitness.connected.iter().filter(|(_, connected)| !**connected);
        reasons.extend(down.map(|(connection, _)| format!("broker: no connection to {}", connection.as_str())));
        if fitness.blocked {
            reasons.push("broker: publishing is blocked, it is short of memory or disk".to_owned());
        }
        let idle = fitness.consuming.iter().filter(|(_, consuming)| !**consuming);
        reasons.extend(idle.map(|(lane, _)| format!("lane {lane}: not consumed")));
        if let Err(reason) = &fitness.store {
            reasons.push(format!("storage: {reason}"));
        }
        if reasons.is_empty() { Ok(()) } else { Err(reasons) }
    }

    fn fitness(&self) -> MutexGuard<'_, Fitness> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why health and metrics cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} (QUIRE_HTTP_ADDR)")]
pub struct BindError {
    /// The configured address.
    pub address: SocketAddr,
    /// What the system said.
    #[source]
    pub cause: io::Error,
}

/// A socket that listens, and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the address, so that a failure to is told before any work begins.
    ///
    /// # Errors
    /// [`BindError`]
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let refused = |cause| BindError { address, cause };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address })
    }

    /// Returns the address that is listened on, with the port that was free.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the token is cancelled, and at most two seconds longer. Cancel last: during
    /// a drain probes still want to know.
    pub async fn serve(self, health: Health, metrics: Metrics, shutdown: CancellationToken) {
        let answering = axum::serve(self.listener, router(health, metrics))
            .with_graceful_shutdown(shutdown.clone().cancelled_owned())
            .into_future();
        let patience = async {
            shutdown.cancelled().await;
            tokio::time::sleep(FAREWELL).await;
        };
        // Both may be dropped at any point: answers hold nothing but the connection.
        tokio::select! {
            _ = answering => {}
            () = patience => {}
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
        Err(reason) => unfit(&[reason]),
    }
}

async fn ready(State(health): State<Health>) -> Response {
    match health.ready() {
        Ok(()) => StatusCode::OK.into_response(),
        Err(reasons) => unfit(&reasons),
    }
}

async fn scrape(State(metrics): State<Metrics>) -> Response {
    ([(CONTENT_TYPE, OPEN_METRICS)], metrics.encode()).into_response()
}

fn unfit(reasons: &[String]) -> Response {
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

    fn fit() -> Health {
        let health = Health::new([Lane::High]);
        health.lane_is(Lane::High, true);
        health.store_is(Ok(()));
        for connection in BrokerConnection::ALL {
            health.broker_is(*connection, true);
        }
        health
    }

    #[test]
    fn a_worker_that_has_not_begun_is_alive_and_says_what_it_lacks() {
        let health = Health::new([Lane::Bulk, Lane::High]);
        assert_eq!(health.live(), Ok(()));
        let reasons = [
            "broker: no connection to consume",
            "broker: no connection to publish",
            "lane high: not consumed",
            "lane bulk: not consumed",
            "storage: not checked yet",
        ];
        assert_eq!(health.ready(), Err(reasons.map(str::to_owned).to_vec()));
    }

    #[test]
    fn a_worker_that_drains_is_alive_and_not_ready() {
        let health = fit();
        assert_eq!(health.ready(), Ok(()));
        health.start_draining();
        assert_eq!((health.live(), health.ready()), (Ok(()), Err(vec!["draining".to_owned()])));
    }

    #[tokio::test]
    async fn probes_and_scrapers_are_answered_until_the_end() {
        let server = Server::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
        let (address, health, shutdown) = (server.address(), fit(), CancellationToken::new());
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
    async fn an_address_that_is_taken_is_named() {
        let first = Server::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
        let error = Server::bind(first.address()).await.expect_err("it is taken");
        assert_eq!(error.address, first.address());
    }
}

//! A double of the LlamaParse API, version 2: speaks the documented contract over real sockets on
//! loopback, keeps its parses in memory, misbehaves as told, and remembers every request.
//!
//! It is strict where the service is: an upload that is not built as the vendor's client builds it,
//! an unknown section, or a missing key is refused.

mod answer;
mod customer;
mod multipart;
mod scenario;
mod service;

use std::{
    future, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::HeaderMap,
    response::Response,
};
use futures_util::stream::{self, StreamExt};
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{Instant, sleep},
};
use url::form_urlencoded;

pub use self::{
    customer::{KEY, llamaparse_job},
    scenario::{RetryAfter, Scenario, Step},
    service::ParseJob,
};
use self::{
    scenario::Plan,
    service::{Reply, Service},
};

/// A running double; it stops when this is dropped.
#[derive(Debug)]
pub struct ParseApi {
    /// Where it listens, without `/api/v2`.
    pub base_url: String,
    double: Arc<Mutex<Double>>,
    _server: JoinSet<()>,
}

#[derive(Debug)]
struct Double {
    service: Service,
    requests: Vec<RecordedRequest>,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Keys and values in their order, decoded.
    pub query: Vec<(String, String)>,
    /// All of them, the key included: a test may check that it was sent.
    pub headers: HeaderMap,
    /// When its head had arrived.
    pub at: Instant,
    /// Size of its body.
    pub body_bytes: usize,
}

impl RecordedRequest {
    /// Returns a header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the sections it asks for.
    #[must_use]
    pub fn expand(&self) -> Vec<&str> {
        self.query.iter().filter(|(key, _)| key == "expand").map(|(_, value)| value.as_str()).collect()
    }

    fn is_about_a_job(&self) -> bool {
        self.method == "GET" && self.path.starts_with("/api/v2/parse/")
    }
}

impl ParseApi {
    /// Starts a double that treats every document as one of `pages` pages.
    pub async fn start(pages: u32, scenario: Scenario) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let plan = Plan { pages, scenario, step: Step::Upload };
        let double = Arc::new(Mutex::new(Double { service: Service::new(plan), requests: Vec::new() }));
        let router: Router = Router::new().fallback(receive).with_state(Arc::clone(&double));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("accepting goes on for ever") });
        Self { base_url: format!("http://{address}"), double, _server: server }
    }

    /// Treats the documents of one name in another way. Counts from uploads of this name on.
    pub fn plan(&self, filename: &str, pages: u32, scenario: Scenario) {
        self.lock().service.set_plan(filename, Plan { pages, scenario, step: Step::Upload });
    }

    /// Lets the faults of a scenario that come a number of times come at this step, for documents
    /// without a plan of their own; otherwise they come at the upload.
    pub fn strike_at(&self, step: Step) {
        self.lock().service.plan.step = step;
    }

    /// Changes the scenario of documents without a plan of their own that are uploaded from now on.
    pub fn change(&self, scenario: Scenario) {
        self.lock().service.change(scenario);
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.lock().requests.clone()
    }

    /// The uploads, refused ones included.
    #[must_use]
    pub fn uploads(&self) -> Vec<RecordedRequest> {
        self.requests_that(|request| request.method == "POST" && request.path == "/api/v2/parse/upload")
    }

    /// The questions for a status.
    #[must_use]
    pub fn polls(&self) -> Vec<RecordedRequest> {
        self.requests_that(|request| request.is_about_a_job() && request.expand().is_empty())
    }

    /// The questions for a result.
    #[must_use]
    pub fn results(&self) -> Vec<RecordedRequest> {
        self.requests_that(|request| request.is_about_a_job() && !request.expand().is_empty())
    }

    /// The questions for the list of parses.
    #[must_use]
    pub fn lists(&self) -> Vec<RecordedRequest> {
        self.requests_that(|request| request.method == "GET" && request.path == "/api/v2/parse")
    }

    /// The ids of the parses that were to be cancelled, in the order they came in.
    #[must_use]
    pub fn cancellations(&self) -> Vec<String> {
        let posts = self.requests_that(|request| request.method == "POST");
        let named = |request: &RecordedRequest| {
            let id = request.path.strip_prefix("/api/v2/parse/")?.strip_suffix("/cancel")?;
            Some(id.to_owned())
        };
        posts.iter().filter_map(named).collect()
    }

    /// The parses that were started: what a customer would have paid for.
    #[must_use]
    pub fn jobs(&self) -> Vec<ParseJob> {
        self.lock().service.jobs.clone()
    }

    fn requests_that(&self, wanted: impl Fn(&RecordedRequest) -> bool) -> Vec<RecordedRequest> {
        self.lock().requests.iter().filter(|request| wanted(request)).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Double> {
        lock(&self.double)
    }
}

fn lock(double: &Mutex<Double>) -> MutexGuard<'_, Double> {
    double.lock().unwrap_or_else(PoisonError::into_inner)
}

fn record<'a>(double: &'a Mutex<Double>, request: &RecordedRequest) -> MutexGuard<'a, Double> {
    let mut double = lock(double);
    double.requests.push(request.clone());
    double
}

async fn receive(State(double): State<Arc<Mutex<Double>>>, request: Request) -> Response {
    let at = Instant::now();
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await;
    let request = RecordedRequest {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
        headers: head.headers,
        at,
        body_bytes: body.as_ref().map_or(0, Bytes::len),
    };
    let reply = match body {
        Ok(body) => {
            let upload = multipart::read(request.header("content-type").unwrap_or_default(), body).await;
            record(&double, &request).service.answer(&request, upload)
        }
        Err(_) => {
            drop(record(&double, &request));
            Reply::refuse(400, "the body broke off")
        }
    };
    match reply {
        Reply::Whole(response) => response,
        // An error in the body makes the server close the socket; nothing was flushed by then.
        Reply::HangUp => Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(cut())]))),
        Reply::CutShort(body) => {
            let half = body.slice(..body.len() / 2);
            // Without the pause, the half would be thrown away with the connection.
            let end = stream::once(async {
                sleep(Duration::from_millis(50)).await;
                Err(cut())
            });
            let stream = stream::iter([Ok::<Bytes, io::Error>(half)]).chain(end);
            let response = Response::builder()
                .header("content-type", "application/json")
                .header("content-length", body.len())
                .body(Body::from_stream(stream));
            response.expect("constant headers")
        }
        Reply::Silence => future::pending().await,
    }
}

fn cut() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionAborted)
}

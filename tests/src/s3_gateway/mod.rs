//! A gateway in front of the S3 server that stands for one role: what the role's policy does not
//! allow is refused as S3 refuses it, and everything else reaches the server untouched. While it
//! runs, it may be told to refuse more than that.
//!
//! The server cannot do this itself: the one that tests run knows a single key that may do
//! everything.

mod call;
mod policy;
mod refusal;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode,
        header::{CONNECTION, TRANSFER_ENCODING},
        request::Parts,
    },
    response::Response,
};
use reqwest::{Client, redirect::Policy as Redirects};
use tokio::{net::TcpListener, task::JoinSet};

use self::{call::Call, refusal::Orders};
pub use self::{
    policy::Policy,
    refusal::{Calls, Refusal},
};
use crate::World;

/// More than any object of a test.
const MAX_BODY_BYTES: usize = 256 << 20;
const ENDPOINT: &str = "QUIRE_S3_ENDPOINT";
/// Every action that a role needs.
const FULL_ACCESS: &str = r#"{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"], "Resource": ["*"] }] }"#;

/// A running gateway; it stops when this is dropped.
#[derive(Debug)]
pub struct S3Gateway {
    address: SocketAddr,
    gate: Arc<Gate>,
    _server: JoinSet<()>,
}

#[derive(Debug)]
struct Gate {
    upstream: String,
    policy: Policy,
    orders: Orders,
    client: Client,
    refusals: Mutex<Vec<String>>,
}

impl S3Gateway {
    /// Starts a gateway to a server, such as `http://127.0.0.1:9000`.
    pub async fn start(upstream: &str, policy: Policy) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        // What the server answers is passed on as it is: a body that was unpacked here would no
        // longer have the length and the checksum that its headers tell.
        let client = Client::builder().no_gzip().no_proxy().redirect(Redirects::none()).build();
        let gate = Arc::new(Gate {
            upstream: upstream.trim_end_matches('/').to_owned(),
            policy,
            orders: Orders::default(),
            client: client.expect("a client without special wishes"),
            refusals: Mutex::default(),
        });
        let router: Router = Router::new().fallback(receive).with_state(Arc::clone(&gate));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("accepting goes on for ever") });
        Self { address, gate, _server: server }
    }

    /// Returns the address to use as the store's endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Refuses these calls from now on, whatever its policy allows.
    pub fn refuse(&self, calls: Calls, refusal: Refusal) {
        self.gate.orders.give(calls, refusal, None);
    }

    /// Refuses so many of these calls, those that come next, and then no more.
    pub fn refuse_next(&self, times: u32, calls: Calls, refusal: Refusal) {
        self.gate.orders.give(calls, refusal, Some(times));
    }

    /// Refuses again only what its policy does not allow.
    pub fn heal(&self) {
        self.gate.orders.take_back();
    }

    /// Lists what was refused so far, in its order.
    #[must_use]
    pub fn refusals(&self) -> Vec<String> {
        self.gate.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn receive(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    // Read whole before anything is answered: a connection that is closed over an unread body may
    // reach the client as a reset instead of an answer.
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else { return status(StatusCode::BAD_REQUEST) };
    let call = Call::of(&head.method, &head.uri, &head.headers);
    let is_allowed = || call.of_each_object(&body).iter().all(|call| gate.policy.allows(call));
    let denied = || (!is_allowed()).then_some(Refusal::AccessDenied);
    if let Some(refusal) = gate.orders.refusal_of(&call).or_else(denied) {
        return gate.refuse(&call, refusal);
    }
    let answer = gate.forward(head, body).await;
    // As S3 does: a user who may not list a bucket does not learn which keys are missing.
    if answer.status() == StatusCode::NOT_FOUND && call.reads_object() && !gate.policy.allows(&call.listing()) {
        return gate.refuse(&call, Refusal::AccessDenied);
    }
    answer
}

impl Gate {
    fn refuse(&self, call: &Call, refusal: Refusal) -> Response {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).push(call.to_string());
        refusal.answer()
    }

    /// Sends a request on under the headers it came with. Host among them: it is signed.
    async fn forward(&self, head: Parts, body: Bytes) -> Response {
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut request = self.client.request(head.method, format!("{}{target}", self.upstream));
        request = request.headers(end_to_end(head.headers));
        if !body.is_empty() {
            request = request.body(body);
        }
        let Ok(answer) = request.send().await else { return status(StatusCode::SERVICE_UNAVAILABLE) };
        let (code, headers) = (answer.status(), answer.headers().clone());
        let Ok(body) = answer.bytes().await else { return status(StatusCode::SERVICE_UNAVAILABLE) };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = code;
        *response.headers_mut() = end_to_end(headers);
        response
    }
}

/// Leaves out what speaks of one connection only: bodies pass through here whole.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    headers.remove(CONNECTION);
    headers.remove(TRANSFER_ENCODING);
    headers
}

fn status(code: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}

impl World {
    /// Lets this world's workers reach the store through a gateway only, which allows everything
    /// until it is told otherwise. The test itself goes on reaching it directly.
    pub async fn through_gateway(self) -> (Self, S3Gateway) {
        let gateway = S3Gateway::start(&self.setting(ENDPOINT), Policy::parse(FULL_ACCESS)).await;
        let world = self.with_setting(ENDPOINT, &gateway.url());
        (world, gateway)
    }
}

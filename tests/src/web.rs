//! A web server on loopback that serves documents, refuses, redirects, and remembers what it was
//! asked.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
};
use futures_util::stream;
use tokio::{net::TcpListener, task::JoinSet};

const CHUNK_BYTES: usize = 64 * 1024;

/// What is answered at a path.
#[derive(Debug, Clone)]
pub enum Answer {
    /// 200 with these bytes and their length.
    Document(Vec<u8>),
    /// 200 with a PDF of this many chunks of 64 KiB and no word about its length.
    Unannounced {
        /// How many chunks.
        chunks: u32,
    },
    /// This status and an empty body.
    Status(u16),
    /// This status and an empty body, with this as its `Retry-After`.
    Later {
        /// The status.
        status: u16,
        /// Seconds or an HTTP date.
        retry_after: String,
    },
    /// 302 to this address.
    Redirect(String),
}

/// A running server; it stops when this is dropped.
#[derive(Debug)]
pub struct Web {
    /// Where it listens.
    pub address: SocketAddr,
    site: Arc<Site>,
    _server: JoinSet<()>,
}

#[derive(Debug)]
struct Site {
    answers: BTreeMap<&'static str, Answer>,
    requests: Mutex<Vec<String>>,
}

impl Web {
    /// Starts a server with these paths; every other path is a 404.
    pub async fn start(answers: impl IntoIterator<Item = (&'static str, Answer)>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let site = Arc::new(Site { answers: answers.into_iter().collect(), requests: Mutex::default() });
        let router: Router = Router::new().fallback(receive).with_state(Arc::clone(&site));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("accepting goes on for ever") });
        Self { address, site, _server: server }
    }

    /// Returns the address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Lists the paths it was asked for, in their order.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.site.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn receive(State(site): State<Arc<Site>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let answer = site.answers.get(path.as_str()).cloned().unwrap_or(Answer::Status(404));
    site.requests.lock().unwrap_or_else(PoisonError::into_inner).push(path);
    let response = Response::builder();
    let response = match answer {
        Answer::Document(bytes) => response.header("content-type", "application/pdf").body(Body::from(bytes)),
        Answer::Unannounced { chunks } => response.body(unannounced(chunks)),
        Answer::Status(status) => response.status(status).body(Body::empty()),
        Answer::Later { status, retry_after } => {
            response.status(status).header("retry-after", retry_after).body(Body::empty())
        }
        Answer::Redirect(target) => response.status(302).header("location", target).body(Body::empty()),
    };
    response.expect("constant headers, and addresses that a test made")
}

fn unannounced(chunks: u32) -> Body {
    let mut first = b"%PDF-1.7\n".to_vec();
    first.resize(CHUNK_BYTES, b' ');
    let first = Bytes::from(first);
    Body::from_stream(stream::iter((0..chunks).map(move |_| Ok::<Bytes, io::Error>(first.clone()))))
}

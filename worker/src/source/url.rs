//! Documents on the web: fetched from listed hosts only, redirect by redirect.

use std::time::Duration;

use chrono::Utc;
use quire_schemas::failure::ErrorCode;
use reqwest::{Client, Response, StatusCode, header, redirect::Policy};
use url::Url;

use super::{Sink, fault};
use crate::{job::Fault, retry_after::retry_after};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two parts of the body, and before the first.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_REDIRECTS: usize = 5;

/// Fetches documents from web hosts that the operator lists by name; checks every redirect like the first
/// address.
#[derive(Debug, Clone)]
pub(crate) struct WebSource {
    client: Client,
    hosts: Vec<String>,
}

impl WebSource {
    /// Makes a client. `hosts` lists `host` (standard ports) or `host:port`, lower case.
    ///
    /// # Errors
    /// The error of the TLS library if it finds no certificates.
    pub(crate) fn new(hosts: Vec<String>) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            // By hand, so that each hop is checked before a byte is sent to it.
            .redirect(Policy::none())
            // A proxy of the environment would connect to addresses that were not checked.
            .no_proxy()
            .user_agent(concat!("quire/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, hosts })
    }

    pub(super) async fn fetch(&self, address: &str, sink: &mut Sink) -> Result<(), Fault> {
        let mut response = self.follow(address).await?;
        sink.expect(response.content_length())?;
        while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
            sink.write(&chunk).await?;
        }
        // As with 202 and 204: a document that is still being made.
        if sink.is_empty() { Err(not_ready(&response, "an empty body")) } else { Ok(()) }
    }

    async fn follow(&self, address: &str) -> Result<Response, Fault> {
        let mut url = Url::parse(address)
            .map_err(|error| fault(ErrorCode::InvalidJob, "the source is not a URL").because(error))?;
        for _ in 0..=MAX_REDIRECTS {
            self.check(&url)?;
            let response = self.client.get(url.clone()).send().await.map_err(unavailable)?;
            if !response.status().is_redirection() {
                return accept(response);
            }
            let location = response.headers().get(header::LOCATION);
            let next = location.and_then(|location| url.join(&as_ascii(location.as_bytes())).ok());
            url = next.ok_or_else(|| fault(ErrorCode::SourceUnavailable, "the source redirects to no address"))?;
        }
        Err(fault(ErrorCode::SourceUnavailable, format!("the source redirects more than {MAX_REDIRECTS} times")))
    }

    /// Lets only listed hosts pass, compared as text: no name is resolved to decide. `*` is not
    /// honoured yet, because without a guard on resolved addresses it would open the cluster.
    fn check(&self, url: &Url) -> Result<(), Fault> {
        let host = url.host_str().unwrap_or_default().to_lowercase();
        let host = host.trim_end_matches('.');
        let named = match url.port() {
            None => host.to_owned(),
            Some(port) => format!("{host}:{port}"),
        };
        let bare = url.username().is_empty() && url.password().is_none();
        let web = matches!(url.scheme(), "http" | "https");
        if web && bare && self.hosts.contains(&named) {
            return Ok(());
        }
        Err(fault(ErrorCode::SourceBlocked, format!("host {named} is not among QUIRE_SOURCE_HOSTS")))
    }
}

/// Spells bytes beyond ASCII as an address does. Servers send them as they are, and browsers follow.
fn as_ascii(location: &[u8]) -> String {
    let spelled = |byte: &u8| if byte.is_ascii() { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    location.iter().map(spelled).collect()
}

/// Makes the fault of a document that is not there yet.
fn not_ready(response: &Response, what: &str) -> Fault {
    let delay = retry_after(response.headers(), Utc::now());
    fault(ErrorCode::SourceUnavailable, format!("the source answers with {what}: no document yet")).after(delay)
}

fn accept(response: Response) -> Result<Response, Fault> {
    let status = response.status();
    let code = match status {
        StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION => return Ok(response),
        status if status.is_success() => return Err(not_ready(&response, &status.to_string())),
        StatusCode::NOT_FOUND | StatusCode::GONE => ErrorCode::SourceNotFound,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED => ErrorCode::SourceDenied,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::TOO_EARLY => {
            ErrorCode::SourceUnavailable
        }
        status if status.is_client_error() => ErrorCode::SourceDenied,
        _ => ErrorCode::SourceUnavailable,
    };
    // Not for a missing document: a wrong address should be reported soon.
    let headers = (code == ErrorCode::SourceUnavailable).then(|| response.headers());
    let delay = headers.and_then(|headers| retry_after(headers, Utc::now()));
    Err(fault(code, format!("the source answers {status}")).after(delay))
}

/// The error's own text has the address in it, with its query.
fn unavailable(error: reqwest::Error) -> Fault {
    fault(ErrorCode::SourceUnavailable, "the source does not answer").because(error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(address: &str) -> Option<ErrorCode> {
        let web = WebSource::new(vec!["example.com".into(), "127.0.0.1:8080".into()]).expect("a client");
        web.check(&Url::parse(address).expect("a URL")).err().map(|fault| fault.code)
    }

    #[test]
    fn a_location_of_raw_bytes_is_an_address() {
        assert_eq!(as_ascii("/r\u{e9}sum\u{e9}?a=1".as_bytes()), "/r%C3%A9sum%C3%A9?a=1");
        assert_eq!(as_ascii(b"/caf\xe9"), "/caf%E9");
    }

    #[test]
    fn only_listed_hosts_pass() {
        assert_eq!(verdict("https://example.com/a.pdf"), None);
        assert_eq!(verdict("https://EXAMPLE.com./a.pdf"), None);
        assert_eq!(verdict("http://127.0.0.1:8080/a.pdf"), None);
        for blocked in [
            "https://example.com:8443/",
            "https://user@example.com/",
            "http://127.0.0.1/",
            "http://2130706433:8081/",
            "http://169.254.169.254/latest",
            "https://example.com.evil.org/",
            "ftp://example.com/",
        ] {
            assert_eq!(verdict(blocked), Some(ErrorCode::SourceBlocked), "{blocked}");
        }
    }
}

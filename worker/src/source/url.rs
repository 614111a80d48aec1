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
        Ok(())
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
            let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let next = location.and_then(|location| url.join(location).ok());
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

fn accept(response: Response) -> Result<Response, Fault> {
    let status = response.status();
    let code = match status {
        status if status.is_success() => return Ok(response),
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

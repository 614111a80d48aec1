//! Section `[source]`: which documents jobs may name.

use super::{
    key::{
        Fallback::{Unset, Value},
        Form::{Choice, Size, Text},
    },
    read::Reader,
    table::settings,
    text,
};
use crate::source::OwnBucket;

settings! {
    [source] "Which documents may be fetched"

    OWN_BUCKET(own_bucket, QUIRE_SOURCE_OWN_BUCKET): Choice(&["tenant", "any"]), Value("tenant"),
        "Which objects of QUIRE_S3_BUCKET a job may name as a source: `tenant` allows those below the prefix and the \
         job's own tenant, `any` the whole bucket, other tenants' documents and results included.";

    BUCKETS(buckets, QUIRE_SOURCE_BUCKETS): Text("names of buckets separated by commas, or * for any"),
        Unset("documents lie in QUIRE_S3_BUCKET or in the job itself"),
        "Buckets, besides the worker's own, that jobs may name as a source. The worker reads them with its own \
         credentials: everyone who may publish a job can read every bucket listed here.";

    HOSTS(hosts, QUIRE_SOURCE_HOSTS): Text("host or host:port separated by commas; * matches no host yet"),
        Unset("no URLs"),
        "Web servers that jobs may name as a source. A private or loopback address is asked only if it is listed with \
         its port.";

    MAX_BYTES(max_bytes, QUIRE_MAX_SOURCE_BYTES): Size { least: 1 << 10, most: 2 << 30 }, Value("256MiB"),
        "The largest document. A larger one is buried as `source_too_large`.",
        too_low "Documents that people do send are refused.",
        too_high "Every job in flight may hold this much of QUIRE_TEMP_DIR, and of memory where that is a tmpfs; each \
                  renderer maps it within QUIRE_RENDERER_MEMORY.";
}

/// Which documents may be fetched.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    pub(crate) own_bucket: OwnBucket,
    /// Buckets besides the worker's own; `*` stands for any.
    pub(crate) buckets: Vec<String>,
    /// `host` or `host:port` in lower case; `*` is accepted and matches no host yet.
    pub(crate) hosts: Vec<String>,
    /// Of the largest document.
    pub(crate) max_bytes: u64,
}

impl Sources {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let own_bucket = reader.parsed(&OWN_BUCKET, text::word::<OwnBucket>);
        let buckets = reader.parsed(&BUCKETS, |text| text::list(text, bucket));
        let hosts = reader.parsed(&HOSTS, |text| text::list(text, host));
        let max_bytes = reader.number(&MAX_BYTES);
        Some(Self {
            own_bucket: own_bucket?,
            buckets: buckets.unwrap_or_default(),
            hosts: hosts.unwrap_or_default(),
            max_bytes: max_bytes?,
        })
    }
}

fn bucket(text: &str) -> Result<String, String> {
    if text == "*" { Ok(text.to_owned()) } else { text::name(text, 255) }
}

fn host(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    let refused = || format!("{text:?} is not a host or host:port");
    // A part of a name is not matched: `*.example.com` would never let anything through.
    if text.contains(['*', '/', '@']) {
        return Err(refused());
    }
    // A scheme without a default port, so that the port is kept as it is given.
    let url = url::Url::parse(&format!("tcp://{text}")).map_err(|_| refused())?;
    let host = url::Host::parse(url.host_str().unwrap_or_default()).map_err(|_| refused())?;
    Ok(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_no_scheme_and_no_path() {
        for (given, read) in [
            ("Example.COM", "example.com"),
            ("example.com:80", "example.com:80"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:443", "[::1]:443"),
            ("*", "*"),
        ] {
            assert_eq!(host(given), Ok(read.to_owned()));
        }
        for wrong in ["https://example.com", "example.com/", "*.example.com", "user@host", "host:port", "a b", ":80"] {
            assert!(host(wrong).is_err(), "{wrong:?} was accepted");
        }
    }
}

use super::{
    key::{Extremes, Fallback, Form, Key, Secrecy, Section},
    read::Reader,
    text,
};

pub(super) const SECTION: Section =
    Section { name: "source", about: "Which documents may be fetched", keys: &[BUCKETS, HOSTS, MAX_BYTES] };

const BUCKETS: Key = Key {
    section: "source",
    name: "buckets",
    variable: "QUIRE_SOURCE_BUCKETS",
    form: Form::Text("names of buckets separated by commas, or * for any"),
    fallback: Fallback::Unset("documents lie in QUIRE_S3_BUCKET or in the job itself"),
    secrecy: Secrecy::Public,
    meaning: "Buckets, besides the worker's own, that jobs may name as a source. They are read with the worker's \
              credentials, so that whoever may publish a job may read whatever is listed here.",
    extremes: None,
};

const HOSTS: Key = Key {
    section: "source",
    name: "hosts",
    variable: "QUIRE_SOURCE_HOSTS",
    form: Form::Text("host or host:port separated by commas, or * for any public address"),
    fallback: Fallback::Unset("no URLs"),
    secrecy: Secrecy::Public,
    meaning: "Web servers that jobs may name as a source. A private or loopback address is asked only if it is listed \
              with its port.",
    extremes: None,
};

const MAX_BYTES: Key = Key {
    section: "source",
    name: "max_bytes",
    variable: "QUIRE_MAX_SOURCE_BYTES",
    form: Form::Size { least: 1 << 10, most: 2 << 30 },
    fallback: Fallback::Value("256MiB"),
    secrecy: Secrecy::Public,
    meaning: "The largest document. A larger one is buried as `source_too_large`.",
    extremes: Some(Extremes {
        too_low: "Documents that people do send are refused.",
        too_high: "Every job in flight may hold this much of QUIRE_TEMP_DIR, and of memory where that is a tmpfs; each \
                   renderer maps it within QUIRE_RENDERER_MEMORY.",
    }),
};

/// Which documents may be fetched.
#[derive(Debug, Clone)]
pub struct SourceLimits {
    /// Buckets besides the worker's own; `*` stands for any.
    pub buckets: Vec<String>,
    /// `host` or `host:port` in lower case; `*` stands for any public address.
    pub hosts: Vec<String>,
    /// Largest document, in bytes.
    pub max_bytes: u64,
}

impl SourceLimits {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let buckets = reader.parsed(&BUCKETS, |text| text::list(text, bucket));
        let hosts = reader.parsed(&HOSTS, |text| text::list(text, host));
        let max_bytes = reader.number(&MAX_BYTES);
        Some(Self { buckets: buckets.unwrap_or_default(), hosts: hosts.unwrap_or_default(), max_bytes: max_bytes? })
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

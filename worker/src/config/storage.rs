use quire_producer::store::S3Settings;

use super::{
    key::{Extremes, Fallback, Form, Key, Secrecy, Section},
    read::Reader,
    text,
};

pub(super) const SECTION: Section = Section {
    name: "storage",
    about: "Where results go",
    keys: &[BUCKET, PREFIX, ENDPOINT, PATH_STYLE, MAX_RESULT_BYTES],
};

const BUCKET: Key = Key {
    section: "storage",
    name: "bucket",
    variable: "QUIRE_S3_BUCKET",
    form: Form::Text("the name of a bucket: letters, digits, `.`, `_` and `-`"),
    fallback: Fallback::Required,
    secrecy: Secrecy::Public,
    meaning: "Results and page images go here, and jobs may name documents in it. The worker does not create it. \
              Region and keys come from the usual AWS_* variables, profiles and roles.",
    extremes: None,
};

const LONGEST_PREFIX: usize = 200;

const PREFIX: Key = Key {
    section: "storage",
    name: "prefix",
    variable: "QUIRE_S3_PREFIX",
    form: Form::Text("a path of letters, digits, `.`, `_` and `-`, without a slash at either end, at most 200 bytes"),
    fallback: Fallback::Unset("keys begin with the tenant"),
    secrecy: Secrecy::Public,
    meaning: "What every key in the bucket begins with. Publishers that upload documents or look for results need the \
              same one.",
    extremes: None,
};

const ENDPOINT: Key = Key {
    section: "storage",
    name: "endpoint",
    variable: "QUIRE_S3_ENDPOINT",
    form: Form::Text("an http or https URL such as http://127.0.0.1:9000"),
    fallback: Fallback::Unset("AWS, in the region that AWS_REGION names"),
    secrecy: Secrecy::Public,
    meaning: "Another S3-compatible server than AWS.",
    extremes: None,
};

const PATH_STYLE: Key = Key {
    section: "storage",
    name: "path_style",
    variable: "QUIRE_S3_PATH_STYLE",
    form: Form::Choice(&["true", "false"]),
    fallback: Fallback::Computed("true with QUIRE_S3_ENDPOINT, false without"),
    secrecy: Secrecy::Public,
    meaning: "Whether the bucket stands in the path of a request (`true`) or in the host name (`false`).",
    extremes: None,
};

const MAX_RESULT_BYTES: Key = Key {
    section: "storage",
    name: "max_result_bytes",
    variable: "QUIRE_MAX_RESULT_BYTES",
    form: Form::Size { least: 64 << 10, most: 1 << 30 },
    fallback: Fallback::Value("32MiB"),
    secrecy: Secrecy::Public,
    meaning: "How large result.json may become. Past it the elements go to objects of their own, which it names.",
    extremes: Some(Extremes {
        too_low: "Results of ordinary documents fall into parts, and readers fetch several objects.",
        too_high: "Readers hold the whole result in memory, and so does the worker while it writes it.",
    }),
};

/// Where results go.
#[derive(Debug, Clone)]
pub struct Storage {
    /// The bucket and its server.
    pub s3: S3Settings,
    /// What every key begins with, without slashes at either end; empty for nothing.
    pub prefix: String,
    /// Largest result.json, in bytes.
    pub max_result_bytes: u64,
}

impl Storage {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let bucket = reader.parsed(&BUCKET, |text| text::name(text, 255));
        let prefix = reader.parsed(&PREFIX, prefix).unwrap_or_default();
        let endpoint = reader.parsed(&ENDPOINT, |text| text::http_address(text).map(|_| text.to_owned()));
        let path_style = reader.parsed(&PATH_STYLE, text::word::<bool>);
        if path_style.is_none() {
            reader.computed(&PATH_STYLE, &endpoint.is_some());
        }
        let max_result_bytes = reader.number(&MAX_RESULT_BYTES);
        let s3 = S3Settings { bucket: bucket?, endpoint, path_style };
        Some(Self { s3, prefix, max_result_bytes: max_result_bytes? })
    }
}

fn prefix(text: &str) -> Result<String, String> {
    let plain = |segment: &str| !matches!(segment, "." | "..") && text::name(segment, LONGEST_PREFIX).is_ok();
    if text.is_empty() || (text.len() <= LONGEST_PREFIX && text.split('/').all(plain)) {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} is too long, holds other characters, or has a slash at an end"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_cannot_leave_or_split_the_bucket() {
        assert_eq!(prefix("team/quire-1"), Ok("team/quire-1".to_owned()));
        assert_eq!(prefix(""), Ok(String::new()));
        for wrong in ["/a", "a/", "a//b", "..", "a/../b", ".", "a b", &"x".repeat(201)] {
            assert!(prefix(wrong).is_err(), "{wrong:?} was accepted");
        }
    }
}

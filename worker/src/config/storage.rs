//! Section `[storage]`: the bucket that results go to.

use quire_producer::store::S3Settings;
use quire_schemas::result::MAX_RESULT_BYTES as LARGEST_READABLE;

use super::{
    key::{
        Fallback::{Computed, Required, Unset, Value},
        Form::{Choice, Size, Text},
    },
    read::Reader,
    table::settings,
    text,
};

settings! {
    [storage] "Where results go"

    BUCKET(bucket, QUIRE_S3_BUCKET): Text("the name of a bucket: letters, digits, `.`, `_` and `-`"), Required,
        "Results and page images go here, and jobs may name documents in it. The worker does not create it. Region and \
         keys come from the usual AWS_* variables, profiles and roles.";

    PREFIX(prefix, QUIRE_S3_PREFIX):
        Text("a path of letters, digits, `.`, `_` and `-`, without a slash at either end, at most 200 bytes"),
        Unset("keys begin with the tenant"),
        "What every key in the bucket begins with. Publishers that upload documents or look for results need the same \
         prefix.";

    ENDPOINT(endpoint, QUIRE_S3_ENDPOINT): Text("an http or https URL such as http://127.0.0.1:9000"),
        Unset("AWS, in the region that AWS_REGION names"),
        "Another S3-compatible server than AWS.";

    PATH_STYLE(path_style, QUIRE_S3_PATH_STYLE): Choice(&["true", "false"]),
        Computed("true with QUIRE_S3_ENDPOINT, false without"),
        "Whether the bucket stands in the path of a request (`true`) or in the host name (`false`).";

    MAX_RESULT_BYTES(max_result_bytes, QUIRE_MAX_RESULT_BYTES):
        Size { least: 64 << 10, most: LARGEST_READABLE as u64 }, Value("32MiB"),
        "How large result.json may become. Beyond it the elements go to objects of their own, which result.json names.",
        too_low "Results of ordinary documents fall into parts, and readers fetch several objects.",
        too_high "Readers hold the whole result in memory, and so does the worker while it writes it.";
}

const MAX_PREFIX_BYTES: usize = 200;

/// Where results go.
#[derive(Debug, Clone)]
pub(crate) struct StorageConfig {
    pub(crate) s3: S3Settings,
    /// What every key begins with, without slashes at either end; empty for nothing.
    pub(crate) prefix: String,
    pub(crate) max_result_bytes: u64,
}

impl StorageConfig {
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
    let plain = |segment: &str| !matches!(segment, "." | "..") && text::name(segment, MAX_PREFIX_BYTES).is_ok();
    if text.is_empty() || (text.len() <= MAX_PREFIX_BYTES && text.split('/').all(plain)) {
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

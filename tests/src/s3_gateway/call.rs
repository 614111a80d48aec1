//! A request to S3, as its permissions see it.

use std::fmt;

use axum::http::{HeaderMap, Method, Uri};
use url::form_urlencoded;

/// Parameters that do not change which action a request is.
const PLAIN: [&str; 10] = [
    "x-id",
    "list-type",
    "prefix",
    "delimiter",
    "max-keys",
    "continuation-token",
    "start-after",
    "encoding-type",
    "fetch-owner",
    "marker",
];

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// The IAM action; `None` for calls that no role needs and no policy allows.
    pub(super) action: Option<&'static str>,
    /// The ARN of the bucket or object.
    pub(super) resource: String,
    /// The value of the condition key `s3:prefix`.
    pub(super) prefix: Option<String>,
    request: String,
}

impl Call {
    pub(super) fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let path = decode(uri.path());
        let (bucket, key) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
        let parameters: Vec<(String, String)> =
            form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let mut special: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        special.retain(|name| !PLAIN.contains(name));
        special.sort_unstable();
        // A copy reads another object, too.
        let action = match headers.contains_key("x-amz-copy-source") || bucket.is_empty() {
            true => None,
            false if key.is_empty() => bucket_action(method, &special),
            false => object_action(method, &special),
        };
        let slash = if key.is_empty() { "" } else { "/" };
        Self {
            action,
            resource: format!("arn:aws:s3:::{bucket}{slash}{key}"),
            prefix: parameters.into_iter().find_map(|(name, value)| (name == "prefix").then_some(value)),
            request: format!("{method} {uri}"),
        }
    }

    /// Returns one call for each object that a deletion of many names in its body; the call itself for any other.
    pub(super) fn of_each_object(&self, body: &[u8]) -> Vec<Self> {
        let is_of_many = self.action == Some("s3:DeleteObject") && !self.resource.contains('/');
        if !is_of_many {
            return vec![self.clone()];
        }
        let text = String::from_utf8_lossy(body);
        let keys = text.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>")).map(|(key, _)| key);
        keys.map(|key| Self { resource: format!("{}/{key}", self.resource), ..self.clone() }).collect()
    }

    pub(super) fn reads_object(&self) -> bool {
        self.action == Some("s3:GetObject")
    }

    /// Returns the call whose permission decides whether a missing object is told from a forbidden
    /// one: it has no prefix.
    pub(super) fn listing(&self) -> Self {
        let bucket = self.resource.split_once('/').map_or(self.resource.as_str(), |(bucket, _)| bucket).to_owned();
        Self { action: Some("s3:ListBucket"), resource: bucket, prefix: None, request: self.request.clone() }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.action.unwrap_or("unknown action"), self.request)
    }
}

fn bucket_action(method: &Method, special: &[&str]) -> Option<&'static str> {
    match (method.as_str(), special) {
        ("GET" | "HEAD", []) => Some("s3:ListBucket"),
        ("GET", ["uploads"]) => Some("s3:ListBucketMultipartUploads"),
        // Allowed key by key, which its body names.
        ("POST", ["delete"]) => Some("s3:DeleteObject"),
        _ => None,
    }
}

fn object_action(method: &Method, special: &[&str]) -> Option<&'static str> {
    match (method.as_str(), special) {
        ("GET" | "HEAD", []) => Some("s3:GetObject"),
        ("PUT", [] | ["partNumber", "uploadId"]) | ("POST", ["uploadId"] | ["uploads"]) => Some("s3:PutObject"),
        ("DELETE", []) => Some("s3:DeleteObject"),
        ("DELETE", ["uploadId"]) => Some("s3:AbortMultipartUpload"),
        ("GET", ["uploadId"]) => Some("s3:ListMultipartUploadParts"),
        _ => None,
    }
}

/// Undoes percent-encoding, so that no spelling of a key passes that its plain form would not.
fn decode(path: &str) -> String {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let byte = after.get(..2).filter(|_| *first == b'%').and_then(|digits| hex::decode(digits).ok());
        decoded.push(byte.as_ref().map_or(*first, |byte| byte[0]));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, uri: &str) -> Call {
        let method: Method = method.parse().expect("a method");
        Call::of(&method, &uri.parse().expect("a path"), &HeaderMap::new())
    }

    #[test]
    fn a_request_is_the_action_that_s3_takes_it_for() {
        for (method, uri, action) in [
            ("GET", "/b/k?x-id=GetObject", Some("s3:GetObject")),
            ("HEAD", "/b/k", Some("s3:GetObject")),
            ("PUT", "/b/k?x-id=PutObject", Some("s3:PutObject")),
            ("PUT", "/b/k?partNumber=1&uploadId=u", Some("s3:PutObject")),
            ("POST", "/b/k?uploads", Some("s3:PutObject")),
            ("DELETE", "/b/k?x-id=DeleteObject", Some("s3:DeleteObject")),
            ("DELETE", "/b/k?uploadId=u", Some("s3:AbortMultipartUpload")),
            ("HEAD", "/b/", Some("s3:ListBucket")),
            ("GET", "/b/?list-type=2&prefix=p%2F", Some("s3:ListBucket")),
            ("GET", "/b/k?acl", None),
            ("PUT", "/b", None),
            ("POST", "/b?delete", Some("s3:DeleteObject")),
            ("GET", "/", None),
        ] {
            assert_eq!(call(method, uri).action, action, "{method} {uri}");
        }
        let mut copy = HeaderMap::new();
        copy.insert("x-amz-copy-source", "b/other".parse().expect("a header"));
        assert_eq!(Call::of(&Method::PUT, &"/b/k".parse().expect("a path"), &copy).action, None);
    }

    #[test]
    fn a_resource_is_named_as_policies_name_it() {
        assert_eq!(call("GET", "/b/p/%61%20b?x-id=GetObject").resource, "arn:aws:s3:::b/p/a b");
        assert_eq!(call("GET", "/b/k%zz%").resource, "arn:aws:s3:::b/k%zz%");
        assert_eq!(call("HEAD", "/b/").resource, "arn:aws:s3:::b");
        assert_eq!(call("GET", "/b/p/k").listing().resource, "arn:aws:s3:::b");
        assert_eq!(call("GET", "/b/?prefix=p%2Fq").prefix.as_deref(), Some("p/q"));
        assert_eq!(call("GET", "/b/?prefix=").prefix.as_deref(), Some(""));
        assert_eq!(call("HEAD", "/b/").prefix, None);
    }
}

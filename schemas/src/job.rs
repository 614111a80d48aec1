//! The job message: what a publisher asks for.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    names::{InvalidName, MAX_MESSAGE_BYTES},
    page_ranges::PageRanges,
    result::BranchName,
};

/// Largest inline document after decoding, in bytes.
pub const MAX_INLINE_BYTES: usize = 1024 * 1024;
/// Largest metadata of a job, as compact JSON, in bytes.
pub const MAX_METADATA_BYTES: usize = 16 * 1024;

/// A document job.
///
/// The id is either here or in the message's `message_id` property; [`Job::decode`] reconciles
/// the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Job {
    /// The idempotency key, a UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// Where the document lies.
    pub source: Source,
    /// Opens an encrypted document. Never logged, never in a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    /// How to parse it.
    #[serde(default)]
    pub parse: ParseOptions,
    /// How to draw its pages; `null` for no images.
    #[serde(default = "default_images")]
    pub images: Option<ImageOptions>,
    /// Branches without which the job has failed; absent: those that are requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<Vec<Branch>>,
    /// When the result is no longer wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DateTime<Utc>>,
    /// Passed through to the result; at most 16 KiB of JSON.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
fn default_images() -> Option<ImageOptions> {
    Some(ImageOptions::default())
}

/// Why a message is not a job.
#[derive(Debug, thiserror::Error)]
pub enum InvalidJob {
    /// Larger than [`MAX_MESSAGE_BYTES`].
    #[error("the message has {0} bytes, more than {MAX_MESSAGE_BYTES}")]
    TooLarge(usize),
    /// Not JSON of this shape. The parser's own words quote values, which may be secrets; only
    /// where and what kind of fault it is is told.
    #[error("the body is not a job: {kind} at line {line}, column {column}")]
    Body {
        /// `syntax error`, `wrong type or value` or `cut off`.
        kind: &'static str,
        /// From 1.
        line: usize,
        /// From 1; 0 at the start of a line.
        column: usize,
    },
    /// No usable id.
    #[error("{0}")]
    Id(String),
    /// A field holds a value that is out of its range.
    #[error("{field}: {reason}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl From<serde_json::Error> for InvalidJob {
    fn from(error: serde_json::Error) -> Self {
        let kind = match error.classify() {
            serde_json::error::Category::Data => "wrong type or value",
            serde_json::error::Category::Eof => "cut off",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => "syntax error",
        };
        Self::Body { kind, line: error.line(), column: error.column() }
    }
}

fn refuse(field: &'static str, reason: impl Into<String>) -> InvalidJob {
    InvalidJob::Field { field, reason: reason.into() }
}

impl Job {
    /// Makes a job with every default: local parse, PNG images at 150 dpi.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self {
            job_id: None,
            source,
            password: None,
            parse: ParseOptions::default(),
            images: default_images(),
            require: None,
            deadline: None,
            metadata: Map::new(),
        }
    }

    /// Reads a job out of a message body and its `message_id` property.
    ///
    /// # Errors
    /// [`InvalidJob`] if it is too large, not JSON of this shape, without an id or with two, or if
    /// a value is out of its range. None of them can succeed later.
    pub fn decode(body: &[u8], message_id: Option<&str>) -> Result<(JobId, Self), InvalidJob> {
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(InvalidJob::TooLarge(body.len()));
        }
        let job: Self = serde_json::from_slice(body)?;
        let id = job.identify(message_id)?;
        job.validate()?;
        Ok((id, job))
    }

    fn identify(&self, message_id: Option<&str>) -> Result<JobId, InvalidJob> {
        let property = message_id
            .map(|text| text.parse::<JobId>().map_err(|error| InvalidJob::Id(format!("message_id: {error}"))))
            .transpose()?;
        match (self.job_id, property) {
            (Some(body), Some(property)) if body != property => {
                Err(InvalidJob::Id(format!("job_id {body} is not message_id {property}")))
            }
            (Some(id), _) | (None, Some(id)) => Ok(id),
            (None, None) => Err(InvalidJob::Id("neither job_id nor message_id is set".to_owned())),
        }
    }

    /// Checks every range that the types cannot express.
    ///
    /// # Errors
    /// [`InvalidJob::Field`] for the first field that is out of its range.
    pub fn validate(&self) -> Result<(), InvalidJob> {
        self.source.validate()?;
        if let Some(images) = &self.images {
            images.validate()?;
        }
        if self.parse.fallback.contains(&Engine::None) {
            return Err(refuse("parse.fallback", "`none` is not an engine to fall back to"));
        }
        for branch in self.require.iter().flatten() {
            if !self.requests(*branch) {
                return Err(refuse("require", format!("{branch} is required and not requested")));
            }
        }
        let metadata = serde_json::to_vec(&self.metadata)?.len();
        if metadata > MAX_METADATA_BYTES {
            return Err(refuse("metadata", format!("{metadata} bytes, more than {MAX_METADATA_BYTES}")));
        }
        Ok(())
    }

    /// Says whether a branch is asked for.
    #[must_use]
    pub fn requests(&self, branch: Branch) -> bool {
        match branch {
            Branch::Parse => self.parse.engine != Engine::None,
            Branch::Images => self.images.is_some(),
        }
    }

    /// Says whether the job has failed if this branch produces nothing.
    #[must_use]
    pub fn requires(&self, branch: Branch) -> bool {
        match &self.require {
            Some(required) => required.contains(&branch),
            None => self.requests(branch),
        }
    }

    /// Returns the hex sha256 of what is asked for, without the password: two messages with one
    /// id and different digests are not the same job.
    #[must_use]
    pub fn digest(&self) -> String {
        let canonical = Self { job_id: None, password: None, ..self.clone() };
        let json = serde_json::to_vec(&canonical).expect("a job has string keys only");
        hex::encode(Sha256::digest(json))
    }

    /// Returns what was asked for as it may be shown: no password, no inline bytes, no URL query.
    #[must_use]
    pub fn to_public_json(&self) -> Map<String, Value> {
        let public = Self { password: None, source: self.source.redacted(), metadata: Map::new(), ..self.clone() };
        match serde_json::to_value(public) {
            Ok(Value::Object(object)) => object,
            _ => Map::new(),
        }
    }
}

/// The idempotency key of a job: a UUID in its hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "Uuid")]
pub struct JobId(Uuid);

impl JobId {
    /// Makes a new id that sorts by time (UUID version 7).
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for JobId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        // Uuid also reads braces, URNs and bare hex; one spelling keeps one key per job.
        let hyphenated = text.len() == 36;
        let parsed = hyphenated.then(|| Uuid::try_parse(text).ok()).flatten();
        parsed
            .map(Self)
            .ok_or_else(|| InvalidName::new("job id", text, "a UUID such as 0192f0c1-7e5a-7000-8000-000000000001"))
    }
}

impl TryFrom<String> for JobId {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.to_string()
    }
}

/// A secret that does not show itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Wraps a secret.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// Returns the secret, for the one call that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Where a document lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// An object in S3-compatible storage.
    S3 {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// A page on the web; only hosts that the operator lists are asked.
    Url {
        /// An http or https address.
        url: String,
    },
    /// The document itself, for small ones.
    Inline {
        /// Base64 of at most 1 MiB.
        data: String,
        /// What to call it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
    },
}

impl Source {
    fn validate(&self) -> Result<(), InvalidJob> {
        match self {
            Self::S3 { bucket, key } => {
                let bucket_ok = (1..=255).contains(&bucket.len())
                    && bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
                if !bucket_ok {
                    return Err(refuse("source.bucket", "not the name of a bucket"));
                }
                if key.is_empty() || key.len() > 1024 || key.contains('\0') {
                    return Err(refuse("source.key", "1 to 1024 bytes without NUL"));
                }
                Ok(())
            }
            Self::Url { url } => match url::Url::parse(url) {
                Ok(parsed) if matches!(parsed.scheme(), "http" | "https") && parsed.has_host() => Ok(()),
                Ok(_) => Err(refuse("source.url", "only http and https addresses")),
                Err(error) => Err(refuse("source.url", error.to_string())),
            },
            Self::Inline { data, .. } => {
                // Refused by length first: decoding allocates three quarters of it.
                let too_large = || refuse("source.data", format!("more than {MAX_INLINE_BYTES} bytes"));
                if data.len() > MAX_INLINE_BYTES / 3 * 4 + 8 {
                    return Err(too_large());
                }
                match STANDARD.decode(data) {
                    Ok(bytes) if bytes.len() > MAX_INLINE_BYTES => Err(too_large()),
                    Ok(_) => Ok(()),
                    Err(error) => Err(refuse("source.data", format!("not base64: {error}"))),
                }
            }
        }
    }

    /// Decodes an inline document; `None` for the other kinds and for data that does not decode.
    #[must_use]
    pub fn inline_bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Inline { data, .. } => STANDARD.decode(data).ok(),
            Self::S3 { .. } | Self::Url { .. } => None,
        }
    }

    /// Returns an address that may be shown: without user, password, query and fragment.
    #[must_use]
    pub fn display_uri(&self) -> String {
        match self {
            Self::S3 { bucket, key } => format!("s3://{bucket}/{key}"),
            Self::Url { url } => redact_url(url),
            Self::Inline { filename, .. } => format!("inline:{}", filename.as_deref().unwrap_or("document.pdf")),
        }
    }

    /// Returns the last part of the name, without a path.
    #[must_use]
    pub fn filename(&self) -> Option<String> {
        let name = match self {
            Self::S3 { key, .. } => key.clone(),
            Self::Url { url } => url::Url::parse(url).ok()?.path().to_owned(),
            Self::Inline { filename, .. } => filename.clone()?,
        };
        let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
        (!last.is_empty()).then(|| last.chars().take(255).collect())
    }

    fn redacted(&self) -> Self {
        match self {
            Self::S3 { .. } => self.clone(),
            Self::Url { url } => Self::Url { url: redact_url(url) },
            Self::Inline { filename, .. } => Self::Inline { data: String::new(), filename: filename.clone() },
        }
    }
}

fn redact_url(url: &str) -> String {
    let Ok(mut parsed) = url::Url::parse(url) else { return "(not a URL)".to_owned() };
    parsed.set_query(None);
    parsed.set_fragment(None);
    // Fails only for addresses that cannot carry a user, which then carry none.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.to_string()
}

/// One of the two things done to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Branch {
    /// Elements with page numbers.
    Parse,
    /// An image of every page.
    Images,
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parse => "parse",
            Self::Images => "images",
        })
    }
}

impl From<Branch> for BranchName {
    fn from(branch: Branch) -> Self {
        match branch {
            Branch::Parse => Self::Parse,
            Branch::Images => Self::Images,
        }
    }
}

/// What turns a document into elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// The PDF's own text, read locally. Free, fast, no OCR.
    #[default]
    Pdfium,
    /// LlamaParse, a paid service.
    Llamaparse,
    /// A docling-serve.
    Docling,
    /// An unstructured API.
    Unstructured,
    /// No parse.
    None,
}

impl Engine {
    /// Every engine.
    pub const ALL: [Self; 5] = [Self::Pdfium, Self::Llamaparse, Self::Docling, Self::Unstructured, Self::None];

    /// Returns the name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pdfium => "pdfium",
            Self::Llamaparse => "llamaparse",
            Self::Docling => "docling",
            Self::Unstructured => "unstructured",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Engine {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::ALL
            .into_iter()
            .find(|engine| engine.as_str() == text)
            .ok_or_else(|| InvalidName::new("engine", text, "one of pdfium, llamaparse, docling, unstructured, none"))
    }
}

/// How a document is parsed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
pub struct ParseOptions {
    /// What parses it.
    #[serde(default)]
    pub engine: Engine,
    /// Engines to try, in order, when the first one fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<Engine>,
    /// Which pages; absent or `null` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<PageRanges>,
    /// Options of the engine, passed to it as they are.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub options: Map<String, Value>,
}

/// Format of page images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
pub enum ImageFormat {
    /// Lossless, fast; grey pages are stored as grey.
    #[default]
    Png,
    /// Lossless; smaller than PNG and slower to make.
    Webp,
    /// Lossy.
    Jpeg,
}

impl ImageFormat {
    /// Returns the file extension, without a dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Jpeg => "jpg",
        }
    }

    /// Returns the media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Jpeg => "image/jpeg",
        }
    }
}

impl FromStr for ImageFormat {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        match text {
            "png" => Ok(Self::Png),
            "webp" => Ok(Self::Webp),
            "jpeg" | "jpg" => Ok(Self::Jpeg),
            _ => Err(InvalidName::new("image format", text, "one of png, webp, jpeg")),
        }
    }
}

/// How pages are drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageOptions {
    /// PNG, WebP or JPEG.
    #[serde(default)]
    pub format: ImageFormat,
    /// Pixels per inch, 10 to 1200; a point is 1/72 inch.
    #[serde(default = "default_dpi")]
    #[schemars(range(min = 10, max = 1200))]
    pub dpi: u32,
    /// Quality of JPEG, 1 to 100; absent: 85.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub quality: Option<u8>,
    /// Which pages; absent or `null` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<PageRanges>,
    /// Scales a page down until neither side has more pixels than this, 16 to 32768.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 16, max = 32768))]
    pub max_side_px: Option<u32>,
}

const fn default_dpi() -> u32 {
    150
}

impl Default for ImageOptions {
    fn default() -> Self {
        Self { format: ImageFormat::default(), dpi: default_dpi(), quality: None, pages: None, max_side_px: None }
    }
}

impl ImageOptions {
    fn validate(&self) -> Result<(), InvalidJob> {
        if !(10..=1200).contains(&self.dpi) {
            return Err(refuse("images.dpi", "10 to 1200"));
        }
        if self.quality.is_some_and(|quality| !(1..=100).contains(&quality)) {
            return Err(refuse("images.quality", "1 to 100"));
        }
        if self.max_side_px.is_some_and(|side| !(16..=32768).contains(&side)) {
            return Err(refuse("images.max_side_px", "16 to 32768"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "0192f0c1-7e5a-7000-8000-000000000001";

    fn decode(body: &Value) -> Result<(JobId, Job), InvalidJob> {
        Job::decode(&serde_json::to_vec(body).expect("json"), None)
    }

    fn job_with(field: &str, value: Value) -> Value {
        let mut body = json!({ "job_id": ID, "source": { "kind": "s3", "bucket": "inbox", "key": "a.pdf" } });
        body[field] = value;
        body
    }

    #[test]
    fn a_job_needs_no_more_than_an_id_and_a_source() {
        let (id, job) = decode(&job_with("unknown_field", json!(1))).expect("a valid job");
        assert_eq!(id.to_string(), ID);
        assert_eq!(job, Job { job_id: Some(id), ..Job::new(job.source.clone()) });
        assert!(job.requires(Branch::Parse) && job.requires(Branch::Images));
    }

    #[test]
    fn null_images_means_none_and_absent_means_default() {
        let (_, job) = decode(&job_with("images", Value::Null)).expect("a valid job");
        assert_eq!(job.images, None);
        assert!(!job.requires(Branch::Images));
    }

    #[test]
    fn values_out_of_range_are_refused_by_field() {
        for (field, value, expected) in [
            ("images", json!({ "dpi": 5 }), "images.dpi"),
            ("images", json!({ "quality": 0 }), "images.quality"),
            ("images", json!({ "pages": "0" }), "wrong type or value"),
            ("parse", json!({ "engine": "magic" }), "wrong type or value"),
            ("parse", json!({ "fallback": ["none"] }), "parse.fallback"),
            ("source", json!({ "kind": "url", "url": "file:///etc/passwd" }), "source.url"),
            ("source", json!({ "kind": "inline", "data": "%%%" }), "source.data"),
            ("source", json!({ "kind": "inline", "data": "A".repeat(1_400_004) }), "source.data"),
            ("metadata", json!({ "big": "x".repeat(17_000) }), "metadata"),
            ("job_id", json!("../../etc"), "wrong type or value"),
            ("deadline", json!("tomorrow"), "not a job"),
        ] {
            let error = decode(&job_with(field, value)).expect_err("out of range").to_string();
            assert!(error.contains(expected), "{field}: {error}");
        }
    }

    #[test]
    fn requiring_what_is_not_requested_is_refused() {
        let mut body = job_with("require", json!(["images"]));
        body["images"] = Value::Null;
        assert!(decode(&body).expect_err("contradiction").to_string().contains("require"));
    }

    #[test]
    fn the_id_comes_from_body_or_property_and_they_must_agree() {
        let body = serde_json::to_vec(&json!({ "source": { "kind": "s3", "bucket": "b", "key": "k" } })).expect("json");
        assert!(matches!(Job::decode(&body, None), Err(InvalidJob::Id(_))));
        assert!(Job::decode(&body, Some(ID)).is_ok());
        assert!(matches!(Job::decode(&body, Some("x")), Err(InvalidJob::Id(_))));
        let both = serde_json::to_vec(&job_with("x", json!(0))).expect("json");
        let other = "0192f0c1-7e5a-7000-8000-00000000000f";
        assert!(matches!(Job::decode(&both, Some(other)), Err(InvalidJob::Id(_))));
    }

    #[test]
    fn the_digest_tells_bodies_apart_and_ignores_the_password() {
        let job = Job::new(Source::S3 { bucket: "b".into(), key: "k".into() });
        let with_password = Job { password: Some(Password::new("secret")), ..job.clone() };
        let other = Job::new(Source::S3 { bucket: "b".into(), key: "other".into() });
        assert_eq!(job.digest(), with_password.digest());
        assert_ne!(job.digest(), other.digest());
        assert!(!format!("{with_password:?}").contains("secret"));
    }

    #[test]
    fn a_shown_address_carries_no_credentials() {
        let source = Source::Url { url: "https://me:pw@example.com/a.pdf?sig=1#x".into() };
        assert_eq!(source.display_uri(), "https://example.com/a.pdf");
        assert_eq!(source.filename().as_deref(), Some("a.pdf"));
    }
}

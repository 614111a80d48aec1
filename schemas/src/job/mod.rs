//! The job message: what a publisher asks for.

mod explain;
mod id;
mod invalid;
mod known_options;
mod options;
mod own_options;
mod source;

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use id::JobId;
pub use invalid::InvalidJob;
pub use options::{Branch, Engine, ImageFormat, ImageOptions, MAX_OPTIONS_BYTES, ParseOptions};
pub use own_options::{ChunkOptions, LocalOptions, MarkdownOptions, OwnOptions};
pub use source::{MAX_INLINE_BYTES, Source};

use self::{explain::Explainer, invalid::refuse, options::null_as_default};
use crate::{
    failure::WarningCode,
    names::MAX_MESSAGE_BYTES,
    object_text::ObjectText,
    redact,
    result::{Phase, Warning},
    sha256::Sha256,
};

/// The password of an encrypted document.
pub type Password = crate::secret::Secret;

/// Largest metadata of a job, as compact JSON, in bytes.
pub const MAX_METADATA_BYTES: usize = 16 * 1024;

/// A body that is refused is read once more to say which field is wrong, if it has no more fields and items.
const MAX_EXPLAINED_PARTS: usize = 20_000;

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
    #[serde(default, deserialize_with = "null_as_default")]
    #[schemars(with = "Option<ParseOptions>")]
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
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectText::is_empty")]
    #[schemars(with = "Option<Map<String, Value>>")]
    pub metadata: ObjectText<MAX_METADATA_BYTES>,
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
fn default_images() -> Option<ImageOptions> {
    Some(ImageOptions::default())
}

/// A job as it is read out of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The id, from the body or from the `message_id` property.
    pub job_id: JobId,
    /// What is asked for.
    pub job: Job,
    /// What the publisher should know of the message though the job is accepted.
    pub warnings: Vec<Warning>,
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
            metadata: ObjectText::default(),
        }
    }

    /// Reads a job out of a message body and its `message_id` property.
    ///
    /// # Errors
    /// [`InvalidJob`] if it is too large, not JSON of this shape, without an id or with two, or if
    /// a value is out of its range. None of them can succeed later.
    pub fn decode(body: &[u8], message_id: Option<&str>) -> Result<Decoded, InvalidJob> {
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(InvalidJob::TooLarge(body.len()));
        }
        let job: Self = serde_json::from_slice(body).map_err(|error| refused(body, error))?;
        let (job_id, mut warnings) = job.identify(message_id)?;
        job.validate()?;
        warnings.extend(job.warnings());
        Ok(Decoded { job_id, job, warnings })
    }

    fn identify(&self, message_id: Option<&str>) -> Result<(JobId, Vec<Warning>), InvalidJob> {
        match (self.job_id, message_id.map(str::parse::<JobId>)) {
            (Some(body), Some(Ok(property))) if body != property => Err(InvalidJob::Id(format!(
                "job_id {body} is not message_id {property}: set one of them, or both alike"
            ))),
            (Some(body), Some(Err(_))) => {
                let message = "message_id is not a UUID and was ignored: the body's job_id names the job";
                let warning = Warning::of(WarningCode::MessageIdIgnored, message).in_phase(Phase::Admission);
                Ok((body, vec![warning]))
            }
            (Some(id), _) | (None, Some(Ok(id))) => Ok((id, Vec::new())),
            (None, Some(Err(error))) => Err(InvalidJob::Id(format!("message_id: {error}"))),
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
        self.parse.validate()?;
        for branch in self.require.iter().flatten() {
            if !self.requests(*branch) {
                return Err(refuse("require", format!("{branch} is required and not requested")));
            }
        }
        if let Some(bytes) = self.metadata.excess() {
            return Err(refuse("metadata", format!("{bytes} bytes, more than {MAX_METADATA_BYTES}")));
        }
        Ok(())
    }

    /// Tells what a publisher should know of a job that is valid: keys of its options that are not known.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.parse.unknown_keys()
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

    /// Returns the digest of what is asked for, without the password: two messages with one
    /// id and different digests are not the same job.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        let canonical = Self {
            source: self.source.clone(),
            parse: self.parse.clone(),
            metadata: self.metadata.clone(),
            ..self.without_texts()
        };
        Sha256::of(&serde_json::to_vec(&canonical).expect("a job has string keys only"))
    }

    /// Returns what is small of it, without its id.
    fn without_texts(&self) -> Self {
        let source = Source::Inline { data: String::new(), filename: None };
        let (images, require, deadline) = (self.images.clone(), self.require.clone(), self.deadline);
        Self { images, require, deadline, ..Self::new(source) }
    }

    /// Returns what was asked for as it may be shown: no password, no inline bytes, no URL query, no secrets of an
    /// engine's options.
    #[must_use]
    pub fn to_public_json(&self) -> Map<String, Value> {
        let mut parse = self.parse.clone();
        parse.options.update(redact::fields);
        let (source, metadata) = (self.source.redacted(), ObjectText::default());
        let public = Self { job_id: self.job_id, source, password: None, parse, metadata, ..self.without_texts() };
        match serde_json::to_value(public) {
            Ok(Value::Object(object)) => object,
            _ => Map::new(),
        }
    }
}

/// Says why the deserializer refuses a body, without its own words, which quote values.
fn refused(body: &[u8], error: serde_json::Error) -> InvalidJob {
    // As values, small objects in a list take a hundred times their bytes.
    let parts = body.iter().filter(|byte| b",{[".contains(byte)).count();
    let value = if parts > MAX_EXPLAINED_PARTS { None } else { serde_json::from_slice(body).ok() };
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Job).to_value());
    let wrong = value.and_then(|value: Value| Explainer { root: &SCHEMA }.wrong_field(&value));
    wrong.unwrap_or_else(|| error.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "0192f0c1-7e5a-7000-8000-000000000001";

    fn decode(body: &Value) -> Result<Job, InvalidJob> {
        Job::decode(&serde_json::to_vec(body).expect("json"), None).map(|decoded| decoded.job)
    }

    fn job_with(field: &str, value: Value) -> Value {
        let mut body = json!({ "job_id": ID, "source": { "kind": "s3", "bucket": "inbox", "key": "a.pdf" } });
        body[field] = value;
        body
    }

    #[test]
    fn a_job_needs_no_more_than_an_id_and_a_source() {
        let job = decode(&job_with("unknown_field", json!(1))).expect("a valid job");
        let expected = Job { job_id: Some(ID.parse().expect("a UUID")), ..Job::new(job.source.clone()) };
        assert_eq!(job, expected);
        assert!(job.requires(Branch::Parse) && job.requires(Branch::Images));
    }

    #[test]
    fn null_images_means_none_and_absent_means_default() {
        let job = decode(&job_with("images", Value::Null)).expect("a valid job");
        assert_eq!(job.images, None);
        assert!(!job.requires(Branch::Images));
    }

    #[test]
    fn null_for_an_optional_field_is_as_absent() {
        let absent = decode(&job_with("images", json!({}))).expect("a valid job");
        let mut body = job_with("images", json!({ "format": null, "dpi": null, "quality": null, "pages": null }));
        for field in ["password", "require", "deadline", "metadata", "parse"] {
            body[field] = Value::Null;
        }
        assert_eq!(decode(&body).expect("a valid job"), absent);
        body["parse"] = json!({ "engine": null, "fallback": null, "pages": null, "options": null });
        assert_eq!(decode(&body).expect("a valid job"), absent);
    }

    #[test]
    fn values_out_of_range_are_refused_by_field() {
        for (field, value, expected) in [
            ("images", json!({ "dpi": 5 }), "images.dpi"),
            ("images", json!({ "quality": 0 }), "images.quality"),
            ("images", json!({ "pages": "0" }), "images.pages: 1-based pages"),
            ("parse", json!({ "engine": "magic" }), "parse.engine: one of pdfium"),
            ("parse", json!({ "fallback": ["none"] }), "parse.fallback"),
            ("parse", json!({ "options": { "min_recall": 2 } }), "parse.options.min_recall: a number from 0 to 1"),
            ("parse", json!({ "options": { "words": "all" } }), "parse.options.words: true or false"),
            ("source", json!({ "kind": "url", "url": "file:///etc/passwd" }), "source.url"),
            ("source", json!({ "kind": "inline", "data": "%%%" }), "source.data"),
            ("source", json!({ "kind": "inline", "data": "A".repeat(1_400_004) }), "source.data"),
            ("metadata", json!({ "big": "x".repeat(17_000) }), "metadata: 17010 bytes, more than 16384"),
            (
                "parse",
                json!({ "options": { "big": "x".repeat(66_000) } }),
                "parse.options: 66010 bytes, more than 65536",
            ),
            ("job_id", json!("../../etc"), "job_id: a UUID"),
            ("deadline", json!("tomorrow"), "deadline: a time such as"),
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
    fn a_message_id_that_is_no_uuid_is_ignored_with_a_warning_where_the_body_names_the_job() {
        let body = serde_json::to_vec(&job_with("x", json!(0))).expect("json");
        let decoded = Job::decode(&body, Some("order 17")).expect("the body has an id");
        let codes: Vec<&str> = decoded.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!((decoded.job_id.to_string().as_str(), codes), (ID, vec!["message_id_ignored"]));
        assert_eq!(Job::decode(&body, Some(ID)).expect("both agree").warnings, []);
    }

    #[test]
    fn an_option_that_is_not_known_is_a_warning() {
        let body = serde_json::to_vec(&job_with("parse", json!({ "options": { "word": true } }))).expect("json");
        let decoded = Job::decode(&body, None).expect("unknown keys are legal");
        let codes: Vec<&str> = decoded.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(codes, ["unknown_field"]);
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
    fn the_digest_is_that_of_the_sorted_compact_body() {
        let body = r#"{ "source": {"kind":"s3","key":"k","bucket":"b"}, "job_id": "0192f0c1-7e5a-7000-8000-000000000001",
            "metadata": {"b": [1, 2.50], "a": "\u00e9"}, "parse": {"options": {"z": 1, "words": true}} }"#;
        let canonical = concat!(
            r#"{"source":{"kind":"s3","bucket":"b","key":"k"},"#,
            r#""parse":{"engine":"pdfium","options":{"words":true,"z":1}},"#,
            r#""images":{"format":"png","dpi":150},"metadata":{"a":"é","b":[1,2.5]}}"#,
        );
        let job = Job::decode(body.as_bytes(), None).expect("a valid job").job;
        assert_eq!(job.digest(), Sha256::of(canonical.as_bytes()));
    }

    #[test]
    fn what_is_shown_has_no_secrets_of_an_engine() {
        let options =
            json!({ "options": { "webhook_headers": { "Authorization": "canary" }, "api_key": "canary", "n": 1 } });
        let shown = Value::Object(decode(&job_with("parse", options)).expect("a valid job").to_public_json());
        assert!(!shown.to_string().contains("canary"), "{shown}");
        assert_eq!(shown["parse"]["options"]["n"], 1);
    }

    #[test]
    fn a_body_of_many_small_things_is_refused_without_a_value_of_it() {
        let bomb = format!("[{}0]", "{\"a\":0},".repeat(200_000));
        let error = Job::decode(bomb.as_bytes(), None).expect_err("no job").to_string();
        assert!(error.contains("a value that does not fit"), "{error}");
    }

    #[test]
    fn a_shown_address_carries_no_credentials() {
        let source = Source::Url { url: "https://me:pw@example.com/a.pdf?sig=1#x".into() };
        assert_eq!(source.display_uri(), "https://example.com/a.pdf");
        assert_eq!(source.filename().as_deref(), Some("a.pdf"));
    }
}

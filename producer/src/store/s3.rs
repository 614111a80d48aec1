//! The S3 client, its timeouts and retries, and what its errors mean. The only file that names the AWS crates.

use std::{collections::BTreeMap, error::Error, iter::successors, time::Duration};

use aws_config::{
    BehaviorVersion, Region, meta::region::RegionProviderChain, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::{
    Client,
    config::{
        Builder, StalledStreamProtectionConfig,
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction},
    },
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
    types::{Delete, ObjectIdentifier},
};
use aws_smithy_checksums::body::validate::Error as ChecksumError;
use aws_smithy_http_client::tls;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};

use super::StoreError;

/// User metadata of an object; keys are lower case.
pub type Metadata = BTreeMap<String, String>;

/// For a body of at most [`SMALL_BYTES`], beside the client's timeouts, which cover everything but the body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Keys that one request may delete.
const KEYS_OF_A_DELETION: usize = 1_000;
/// Single deletions at once, where a store has none of many.
const DELETIONS_AT_ONCE: usize = 16;
/// Until the first byte of the answer, from the beginning of the request.
const READ_TIMEOUT: Duration = Duration::from_secs(15);
/// Bodies up to this size have the timeouts of every other request.
const SMALL_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3Settings {
    pub bucket: String,
    /// Address of the server; AWS if absent.
    pub endpoint: Option<String>,
    /// Bucket in the path instead of the host name; if absent, true with an endpoint.
    pub path_style: Option<bool>,
}

/// An object without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub size_bytes: u64,
    pub metadata: Metadata,
    /// Names this version of the object, for [`Condition::Unchanged`].
    pub etag: Option<String>,
}

/// When an object is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// In any case.
    Always,
    /// Only if there is no object. Stores that do not know conditions write all the same.
    Absent,
    /// Only if the object is still this version, by its etag.
    Unchanged(String),
}

/// An object being read.
#[derive(Debug)]
pub struct Download {
    /// As the server claims.
    pub size_bytes: Option<u64>,
    /// How the bytes are encoded, if they are; `identity` and `aws-chunked`, which says nothing of them, are left out.
    pub encoding: Option<String>,
    stream: ByteStream,
}

impl Download {
    /// Returns the next part of the body, `None` at its end. A body that is whole and wrong is
    /// [`StoreError::Damaged`].
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, StoreError> {
        self.stream.next().await.transpose().map_err(|error| {
            let what = "reading the body".to_owned();
            match mismatch(&error) {
                Some(mismatch) => StoreError::Damaged { what, detail: mismatch.to_string() },
                None => StoreError::Unavailable { what, detail: innermost(&error) },
            }
        })
    }
}

/// A client for one bucket. Requests are boxed, because callers nest these futures so deeply that the compiler
/// reaches its recursion limit. Cheap to clone; one per process keeps one pool of connections.
#[derive(Debug, Clone)]
pub struct S3Store {
    client: Client,
    bucket: String,
}

impl S3Store {
    /// Makes a client from the settings and the standard AWS chain (environment, profile, web
    /// identity, container, instance). Does not connect.
    pub async fn new(settings: &S3Settings) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            // S3 closes idle connections after about 20 s; a request on one of those hangs.
            .pool_idle_timeout(Duration::from_secs(15))
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .build_https();
        let retries = RetryConfig::standard()
            .with_max_attempts(4)
            .with_initial_backoff(Duration::from_millis(200))
            .with_max_backoff(Duration::from_secs(5));
        let stalled = StalledStreamProtectionConfig::enabled().grace_period(Duration::from_secs(10)).build();
        let shared = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http)
            .region(RegionProviderChain::default_provider().or_else(Region::new("us-east-1")))
            .retry_config(retries)
            .timeout_config(timeouts(1))
            .stalled_stream_protection(stalled)
            .load()
            .boxed()
            .await;
        let mut builder = Builder::from(&shared).retry_classifier(RetryThrottled);
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        let path_style = settings.path_style.unwrap_or(settings.endpoint.is_some());
        let client = Client::from_conf(builder.force_path_style(path_style).build());
        Self { client, bucket: settings.bucket.clone() }
    }

    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Returns the address of a key in the bucket.
    #[must_use]
    pub fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    /// Writes an object, overwriting what is there. After an error the object may be written or not. The body
    /// comes from memory: streamed bodies use a framing that several compatible servers store as content.
    pub async fn put(&self, key: &str, body: Bytes, media_type: &str, metadata: &Metadata) -> Result<(), StoreError> {
        self.put_if(&Condition::Always, (key, media_type), body, metadata).await
    }

    /// Writes an object under a condition. [`StoreError::Conflict`] if it does not hold. After another error, and where
    /// the store does not know conditions, the object may be written or not.
    pub async fn put_if(
        &self,
        condition: &Condition,
        (key, media_type): (&str, &str),
        body: Bytes,
        metadata: &Metadata,
    ) -> Result<(), StoreError> {
        let metadata = metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let factor = size_factor(body.len() as u64);
        let (if_none_match, if_match) = match condition {
            Condition::Always => (None, None),
            Condition::Absent => (Some("*".to_owned()), None),
            Condition::Unchanged(etag) => (None, Some(etag.clone())),
        };
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(media_type)
            .set_metadata(Some(metadata))
            .set_if_none_match(if_none_match)
            .set_if_match(if_match)
            .body(ByteStream::from(body));
        let sent = match factor {
            1 => request.send().boxed().await,
            factor => {
                let longer = Builder::new().timeout_config(timeouts(factor));
                request.customize().config_override(longer).send().boxed().await
            }
        };
        sent.map(drop).map_err(|error| match classify(&format!("put {}", self.uri(key)), &error) {
            // A version that is gone is a version that has changed.
            StoreError::NotFound { what } if *condition != Condition::Always => StoreError::Conflict { what },
            other => other,
        })
    }

    /// Says whether the store honours conditions: writes an object that no job has, in four ways, and deletes it.
    pub async fn honours_conditions(&self, key: &str) -> Result<bool, StoreError> {
        let write = async |condition: &Condition| {
            let body = Bytes::from_static(b"quire asks whether this store honours conditional writes\n");
            match self.put_if(condition, (key, "text/plain"), body, &Metadata::new()).await {
                Ok(()) => Ok(true),
                Err(StoreError::Conflict { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        };
        self.delete(key).await?;
        let first = write(&Condition::Absent).await?;
        let second = write(&Condition::Absent).await?;
        let etag = self.head(key).await?.and_then(|head| head.etag);
        let honoured = match etag {
            Some(etag) => {
                let same = write(&Condition::Unchanged(etag)).await?;
                same && !write(&Condition::Unchanged("\"00000000000000000000000000000000\"".to_owned())).await?
            }
            None => false,
        };
        self.delete(key).await?;
        Ok(first && !second && honoured)
    }

    /// Reads a whole object of at most `limit` bytes; `None` if there is none.
    pub async fn get(&self, key: &str, limit: usize) -> Result<Option<Bytes>, StoreError> {
        let what = format!("get {}", self.uri(key));
        let mut download = match self.open(&self.bucket, key).await {
            Ok(download) => download,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let factor = size_factor(download.size_bytes.unwrap_or_default().min(limit as u64));
        let read = async {
            let mut body = Vec::new();
            while let Some(chunk) = download.next_chunk().await? {
                if body.len() + chunk.len() > limit {
                    return Err(StoreError::TooLarge { what: what.clone(), limit });
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Some(Bytes::from(body)))
        };
        tokio::time::timeout(BODY_TIMEOUT.saturating_mul(factor), read)
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable { what: what.clone(), detail: "too slow".to_owned() }))
    }

    /// Begins to read an object of any bucket. The caller bounds how long reading may take.
    pub async fn open(&self, bucket: &str, key: &str) -> Result<Download, StoreError> {
        let sent = self.client.get_object().bucket(bucket).key(key).send().boxed().await;
        let object = sent.map_err(|error| classify(&format!("get s3://{bucket}/{key}"), &error))?;
        let size_bytes = object.content_length().and_then(|length| u64::try_from(length).ok());
        let encoding = object.content_encoding().map(str::trim).filter(|encoding| says_something(encoding));
        Ok(Download { size_bytes, encoding: encoding.map(str::to_owned), stream: object.body })
    }

    /// Asks for an object's size and metadata; `None` if there is none.
    pub async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().boxed().await {
            Ok(head) => Ok(Some(Head {
                size_bytes: head.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or_default(),
                metadata: head.metadata().map(|found| found.clone().into_iter().collect()).unwrap_or_default(),
                etag: head.e_tag().map(str::to_owned),
            })),
            Err(error) => match classify(&format!("head {}", self.uri(key)), &error) {
                StoreError::NotFound { .. } => Ok(None),
                other => Err(other),
            },
        }
    }

    /// Lists every key that starts with `prefix`.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut keys = Vec::new();
        let mut pages = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify(&format!("list {}", self.uri(prefix)), &error))?;
            keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
        }
        Ok(keys)
    }

    /// Deletes an object; one that does not exist is no error.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let sent = self.client.delete_object().bucket(&self.bucket).key(key).send().boxed().await;
        sent.map(drop).map_err(|error| classify(&format!("delete {}", self.uri(key)), &error))
    }

    /// Deletes objects, a thousand with one request, or one by one where the store knows no such request. Returns the
    /// keys that are not deleted, with the last reason; one that does not exist is deleted.
    pub async fn delete_all(&self, keys: &[String]) -> (Vec<String>, Option<StoreError>) {
        let (mut left, mut reason) = (Vec::new(), None);
        for keys in keys.chunks(KEYS_OF_A_DELETION) {
            let failed = match self.delete_together(keys).await {
                Ok(failed) => failed,
                // Too old a store, or one that wants another checksum of such a request: an outage would meet both ways.
                Err(_) => self.delete_one_by_one(keys).await,
            };
            for (key, error) in failed {
                left.push(key);
                reason = Some(error);
            }
        }
        (left, reason)
    }

    async fn delete_together(&self, keys: &[String]) -> Result<Vec<(String, StoreError)>, StoreError> {
        let what = || format!("delete {} objects of {}", keys.len(), self.bucket);
        let named = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build());
        let unusable = |error: &dyn Error| StoreError::Unavailable { what: what(), detail: error.to_string() };
        let named = named.collect::<Result<Vec<_>, _>>().map_err(|error| unusable(&error))?;
        let all = Delete::builder().set_objects(Some(named)).quiet(true).build().map_err(|error| unusable(&error))?;
        let sent = self.client.delete_objects().bucket(&self.bucket).delete(all).send().boxed().await;
        let answer = sent.map_err(|error| classify(&what(), &error))?;
        let failed = answer.errors().iter().filter_map(|error| {
            let detail = error.code().unwrap_or("no code").to_owned();
            let what = format!("delete {}", self.uri(error.key()?));
            Some((error.key()?.to_owned(), StoreError::Unavailable { what, detail }))
        });
        Ok(failed.collect())
    }

    async fn delete_one_by_one(&self, keys: &[String]) -> Vec<(String, StoreError)> {
        let deleting = stream::iter(keys.to_vec()).map(|key| {
            let store = self.clone();
            async move {
                let failed = store.delete(&key).await.err();
                failed.map(|error| (key, error))
            }
        });
        let failed: Vec<Option<(String, StoreError)>> = deleting.buffer_unordered(DELETIONS_AT_ONCE).collect().await;
        failed.into_iter().flatten().collect()
    }

    /// Asks whether the bucket exists and may be used.
    pub async fn check(&self) -> Result<(), StoreError> {
        let sent = self.client.head_bucket().bucket(&self.bucket).send().boxed().await;
        sent.map(drop).map_err(|error| classify(&format!("bucket {}", self.bucket), &error))
    }
}

/// Returns the checksum error of a body that came whole and does not match its checksum.
fn mismatch<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a ChecksumError> {
    successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// Codes of a refused request that are gone at a later one: it arrived damaged or late, or by a clock that is wrong. The
/// credentials are not refused. Whatever their status, which differs between stores.
const TRANSIENT_CODES: [&str; 6] =
    ["RequestTimeout", "ExpiredToken", "IncompleteBody", "BadDigest", "RequestTimeTooSkewed", "RequestExpired"];
/// The answer of a condition that does not hold, and of two conditional writes at once.
const CONFLICTS: [&str; 2] = ["PreconditionFailed", "ConditionalRequestConflict"];

/// Decides by the status, because servers disagree about error codes and a HEAD has none.
fn classify<E>(what: &str, error: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let what = what.to_owned();
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    let detail = || detail(error, status, code);
    match status {
        Some(412) => StoreError::Conflict { what },
        Some(_) if code.is_some_and(|code| CONFLICTS.contains(&code)) => StoreError::Conflict { what },
        Some(_) if code.is_some_and(|code| TRANSIENT_CODES.contains(&code)) => {
            StoreError::Unavailable { what, detail: detail() }
        }
        Some(404) => StoreError::NotFound { what },
        Some(301 | 307 | 400 | 401 | 403 | 405 | 411) => StoreError::Denied { what, detail: detail() },
        None if credentials_error(error).is_some() => StoreError::NoCredentials { what, detail: detail() },
        _ => StoreError::Unavailable { what, detail: detail() },
    }
}

/// Says in a few words what came back: a code, a status, or the kind of failure with its innermost cause. Never the
/// client's own dump, which has addresses and headers: that goes to the debug log.
fn detail<E>(error: &SdkError<E>, status: Option<u16>, code: Option<&str>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    tracing::debug!("{}", DisplayErrorContext(error));
    let region = error.raw_response().and_then(|response| response.headers().get("x-amz-bucket-region"));
    let said = match (code, status, error) {
        (Some(code), ..) => code.to_owned(),
        (None, Some(status), _) => format!("HTTP status {status}"),
        (None, None, SdkError::TimeoutError(_)) => "no answer in time".to_owned(),
        (None, None, _) => match credentials_error(error) {
            Some(credentials) => credentials.to_string(),
            None => innermost(error),
        },
    };
    match region {
        Some(region) => format!("{said}; the bucket is in region {region}"),
        None => said,
    }
}

/// Finds the failure to get credentials among the causes of an error.
fn credentials_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a CredentialsError> {
    successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// Returns the innermost cause, which is the operating system's or the server's own word.
fn innermost(error: &(dyn Error + 'static)) -> String {
    successors(Some(error), |&error| error.source()).last().map(ToString::to_string).unwrap_or_default()
}

fn says_something(encoding: &str) -> bool {
    !encoding.is_empty() && !["identity", "aws-chunked"].iter().any(|none| encoding.eq_ignore_ascii_case(none))
}

/// Returns the timeouts of a request, a multiple of the usual ones. The client has no default for any of them
/// but connect, and would wait without limit.
fn timeouts(factor: u32) -> TimeoutConfig {
    let read = READ_TIMEOUT.saturating_mul(factor);
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(read)
        .operation_attempt_timeout(read.saturating_mul(2))
        .operation_timeout(read.saturating_mul(6))
        .build()
}

/// Returns how many times the usual timeouts a body of this size has. A power of two, because the client keeps one pool
/// of connections for each read timeout.
///
/// The slowest transfer that is in time has about 2.5 Mbit/s; one that stands still ends earlier, as stalled.
fn size_factor(size_bytes: u64) -> u32 {
    let factor = size_bytes.div_ceil(SMALL_BYTES).max(1).next_power_of_two();
    u32::try_from(factor).unwrap_or(u32::MAX)
}

/// Retries 408 and 429, which the client's own rules leave out.
#[derive(Debug)]
struct RetryThrottled;

impl ClassifyRetry for RetryThrottled {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response().map(|response| response.status().as_u16()) {
            Some(408 | 429) => RetryAction::throttling_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "retry throttled requests"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timeouts_of_a_body_follow_its_size_in_few_steps() {
        let factor = |mebibytes: u64| size_factor(mebibytes * 1024 * 1024);
        assert_eq!([0, 1, 4, 5, 8, 9, 256].map(factor), [1, 1, 1, 2, 2, 4, 64]);
        let seconds = |factor| {
            let of = timeouts(factor);
            let all = [of.read_timeout(), of.operation_attempt_timeout(), of.operation_timeout()];
            all.map(|timeout| timeout.map(|timeout| timeout.as_secs()))
        };
        assert_eq!((seconds(1), seconds(2)), ([15, 30, 90].map(Some), [30, 60, 180].map(Some)));
    }
}

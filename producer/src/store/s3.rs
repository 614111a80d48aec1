use std::{collections::BTreeMap, error::Error, iter::successors, time::Duration};

use aws_config::{
    BehaviorVersion, Region, meta::region::RegionProviderChain, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_s3::{
    Client,
    config::{
        Builder, StalledStreamProtectionConfig,
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction},
    },
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
};
use aws_smithy_checksums::body::validate::Error as ChecksumError;
use aws_smithy_http_client::tls;
use bytes::Bytes;

/// User metadata of an object; keys are lower case.
pub type Metadata = BTreeMap<String, String>;

/// A body may trickle without end: the client's timeouts cover everything but the body.
const BODY: Duration = Duration::from_secs(120);

/// Where objects go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3Settings {
    /// The bucket.
    pub bucket: String,
    /// Another address than AWS.
    pub endpoint: Option<String>,
    /// Bucket in the path instead of the host name; default: yes with an endpoint.
    pub path_style: Option<bool>,
}

/// Why storage did not do what was asked, by what a caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such object or bucket.
    #[error("{what}: not found")]
    NotFound {
        /// What was attempted.
        what: String,
    },
    /// These credentials may not do this; waiting does not help.
    #[error("{what}: denied ({detail})")]
    Denied {
        /// What was attempted.
        what: String,
        /// What the server said.
        detail: String,
    },
    /// Out of reach, overloaded or broken; may pass.
    #[error("{what}: unavailable ({detail})")]
    Unavailable {
        /// What was attempted.
        what: String,
        /// What happened.
        detail: String,
    },
    /// What is stored is not what was once written, by the checksum that was stored with it; reading it
    /// again gives the same.
    #[error("{what}: damaged ({detail})")]
    Damaged {
        /// What was attempted.
        what: String,
        /// Which checksums differ.
        detail: String,
    },
    /// The object is larger than the caller can hold.
    #[error("{what}: larger than {limit} bytes")]
    TooLarge {
        /// What was attempted.
        what: String,
        /// The caller's limit.
        limit: usize,
    },
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Size in bytes.
    pub size_bytes: u64,
    /// User metadata.
    pub metadata: Metadata,
}

/// An object being read.
#[derive(Debug)]
pub struct Download {
    /// Size in bytes, as the server claims.
    pub size_bytes: Option<u64>,
    stream: ByteStream,
}

impl Download {
    /// Returns the next part of the body, `None` at its end.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the transfer breaks off, [`StoreError::Damaged`] if it is whole and wrong.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, StoreError> {
        self.stream.next().await.transpose().map_err(|error| {
            let what = "reading the body".to_owned();
            match mismatch(&error) {
                Some(mismatch) => StoreError::Damaged { what, detail: mismatch.to_string() },
                None => StoreError::Unavailable { what, detail: error.to_string() },
            }
        })
    }
}

/// A client for one bucket. Cheap to clone; one per process keeps one pool of connections.
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
        // The client has no default for any of these but connect, and would wait for ever.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .read_timeout(Duration::from_secs(15))
            .operation_attempt_timeout(Duration::from_secs(30))
            .operation_timeout(Duration::from_secs(90))
            .build();
        let stalled = StalledStreamProtectionConfig::enabled().grace_period(Duration::from_secs(10)).build();
        let shared = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http)
            .region(RegionProviderChain::default_provider().or_else(Region::new("us-east-1")))
            .retry_config(retries)
            .timeout_config(timeouts)
            .stalled_stream_protection(stalled)
            .load()
            .await;
        let mut builder = Builder::from(&shared).retry_classifier(RetryThrottled);
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        let path_style = settings.path_style.unwrap_or(settings.endpoint.is_some());
        let client = Client::from_conf(builder.force_path_style(path_style).build());
        Self { client, bucket: settings.bucket.clone() }
    }

    /// Returns the bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Returns the address of a key in the bucket.
    #[must_use]
    pub fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    /// Writes an object, overwriting what is there. The body comes from memory: streamed bodies
    /// use a framing that several compatible servers store as content.
    ///
    /// # Errors
    /// [`StoreError`]; whether the object was written is not known then.
    pub async fn put(&self, key: &str, body: Bytes, media_type: &str, metadata: &Metadata) -> Result<(), StoreError> {
        let metadata = metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(media_type)
            .set_metadata(Some(metadata))
            .body(ByteStream::from(body));
        request.send().await.map(drop).map_err(|error| classify(&format!("put {}", self.uri(key)), &error))
    }

    /// Reads a whole object of at most `limit` bytes; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn get(&self, key: &str, limit: usize) -> Result<Option<Bytes>, StoreError> {
        let what = format!("get {}", self.uri(key));
        let mut download = match self.open(&self.bucket, key).await {
            Ok(download) => download,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
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
        tokio::time::timeout(BODY, read)
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable { what: what.clone(), detail: "too slow".to_owned() }))
    }

    /// Begins to read an object of any bucket. The caller bounds how long reading may take.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn open(&self, bucket: &str, key: &str) -> Result<Download, StoreError> {
        let sent = self.client.get_object().bucket(bucket).key(key).send().await;
        let object = sent.map_err(|error| classify(&format!("get s3://{bucket}/{key}"), &error))?;
        let size_bytes = object.content_length().and_then(|length| u64::try_from(length).ok());
        Ok(Download { size_bytes, stream: object.body })
    }

    /// Asks for an object's size and metadata; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(head) => Ok(Some(Head {
                size_bytes: head.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or_default(),
                metadata: head.metadata().map(|found| found.clone().into_iter().collect()).unwrap_or_default(),
            })),
            Err(error) => match classify(&format!("head {}", self.uri(key)), &error) {
                StoreError::NotFound { .. } => Ok(None),
                other => Err(other),
            },
        }
    }

    /// Lists every key that starts with `prefix`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut keys = Vec::new();
        let mut pages = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify(&format!("list {}", self.uri(prefix)), &error))?;
            keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
        }
        Ok(keys)
    }

    /// Deletes an object; one that is not there is no error.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let sent = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        sent.map(drop).map_err(|error| classify(&format!("delete {}", self.uri(key)), &error))
    }

    /// Asks whether the bucket is there and may be used.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn check(&self) -> Result<(), StoreError> {
        let sent = self.client.head_bucket().bucket(&self.bucket).send().await;
        sent.map(drop).map_err(|error| classify(&format!("bucket {}", self.bucket), &error))
    }
}

/// Finds out whether a body ended and was not what its checksum says.
fn mismatch<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a ChecksumError> {
    successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// Codes that come with 400 and may pass.
const PASSING: [&str; 5] = ["RequestTimeout", "ExpiredToken", "IncompleteBody", "BadDigest", "RequestTimeTooSkewed"];

/// Sorts by the raw status first: servers disagree about error codes, and a HEAD has none.
fn classify<E>(what: &str, error: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let what = what.to_owned();
    let detail = || match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some(code) => code.to_owned(),
        None => DisplayErrorContext(error).to_string(),
    };
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    match status {
        // Refused for how this one request arrived, not for who sent it.
        Some(400) if code.is_some_and(|code| PASSING.contains(&code)) => {
            StoreError::Unavailable { what, detail: detail() }
        }
        Some(404) => StoreError::NotFound { what },
        Some(301 | 400 | 401 | 403 | 405 | 411 | 412) => StoreError::Denied { what, detail: detail() },
        // No credentials at all is a failure to dispatch that no retry mends.
        None if detail().contains("credentials") => {
            StoreError::Denied { what, detail: "no credentials found".to_owned() }
        }
        _ => StoreError::Unavailable { what, detail: detail() },
    }
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

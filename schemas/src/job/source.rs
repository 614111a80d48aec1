//! Where the document of a job lies.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::{InvalidJob, refuse};
use crate::address;

/// Largest inline document after decoding, in bytes.
pub const MAX_INLINE_BYTES: usize = 1024 * 1024;

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
    pub(super) fn validate(&self) -> Result<(), InvalidJob> {
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
            Self::Url { url } => address::redacted(url),
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

    pub(super) fn redacted(&self) -> Self {
        match self {
            Self::S3 { .. } => self.clone(),
            Self::Url { url } => Self::Url { url: address::redacted(url) },
            Self::Inline { filename, .. } => Self::Inline { data: String::new(), filename: filename.clone() },
        }
    }
}

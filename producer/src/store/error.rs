//! Why storage did not do what it was asked.

/// What a caller can do about it is one variant each; `what` is the request.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The object or the bucket does not exist.
    #[error("{what}: not found")]
    NotFound { what: String },
    /// These credentials may not do this; trying again does not help.
    #[error("{what}: denied ({detail})")]
    Denied { what: String, detail: String },
    /// No credentials could be fetched: the server that hands them out is down, or there is none. These look
    /// alike, so this counts as an outage.
    #[error("{what}: no credentials ({detail})")]
    NoCredentials { what: String, detail: String },
    /// No answer, an overload or a fault of the server; trying again may help.
    #[error("{what}: unavailable ({detail})")]
    Unavailable { what: String, detail: String },
    /// The body does not match the checksum that is stored with it; reading it again gives the same.
    #[error("{what}: damaged ({detail})")]
    Damaged { what: String, detail: String },
    /// The object is not what the condition of a write asks for: another has been written meanwhile.
    #[error("{what}: another has been written meanwhile")]
    Conflict { what: String },
    /// The object has more bytes than the caller's limit.
    #[error("{what}: larger than {limit} bytes")]
    TooLarge { what: String, limit: usize },
}

impl StoreError {
    /// Says whether there are no credentials to sign a request with. A service that has had some waits for new ones;
    /// a command that never had any waits in vain.
    #[must_use]
    pub const fn is_without_credentials(&self) -> bool {
        matches!(self, Self::NoCredentials { .. })
    }

    /// Says whether every request may fail now and a later one may succeed.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::NoCredentials { .. })
    }
}

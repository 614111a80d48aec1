//! Stable codes of what can go wrong, and what is done about each.

use crate::closed_enum::closed_enum;

/// What is done with a job that meets a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Try again from the next retry tier; counts as an attempt.
    Retry,
    /// Wait without counting: the fault is not the job's.
    Park,
    /// Report the page; the rest of the document goes on.
    Page,
    /// End the job as cancelled, with a result and no dead letter.
    Cancelled,
    /// Give up at once.
    Bury,
}

closed_enum! {
    /// Why a job, a branch or a page failed. Codes are added, never renamed.
    pub enum ErrorCode: "error code" {
        /// The message is not a job this contract allows.
        InvalidJob => "invalid_job",
        /// The message's `type` names a major version this worker does not speak.
        UnsupportedVersion => "unsupported_version",
        /// There is no such object or page at the source.
        SourceNotFound => "source_not_found",
        /// The source did not answer, or answered with a fault of its own.
        SourceUnavailable => "source_unavailable",
        /// The source refuses this worker's credentials.
        SourceDenied => "source_denied",
        /// The document is larger than `QUIRE_MAX_SOURCE_BYTES`.
        SourceTooLarge => "source_too_large",
        /// The operator has not allowed this bucket or host.
        SourceBlocked => "source_blocked",
        /// The bytes do not start as a PDF does.
        NotAPdf => "not_a_pdf",
        /// The PDF is too damaged to open.
        InvalidDocument => "invalid_document",
        /// The document is encrypted and no password was given.
        PasswordRequired => "password_required",
        /// The given password does not open the document.
        PasswordWrong => "password_wrong",
        /// The page could not be rendered or read.
        PageFailed => "page_failed",
        /// The page would have more pixels than `QUIRE_MAX_PAGE_PIXELS`.
        PageTooLarge => "page_too_large",
        /// The document has more pages than `QUIRE_MAX_PAGES`.
        TooManyPages => "too_many_pages",
        /// A renderer ran into its memory or CPU limit.
        ResourceLimit => "resource_limit",
        /// A renderer died.
        RendererCrashed => "renderer_crashed",
        /// A renderer did not answer in time.
        RendererTimeout => "renderer_timeout",
        /// The engine will not parse this document.
        ParserRejected => "parser_rejected",
        /// The engine asks us to slow down.
        ParserThrottled => "parser_throttled",
        /// The engine is out of reach or answers with faults of its own.
        ParserUnavailable => "parser_unavailable",
        /// The engine did not finish in time.
        ParserTimeout => "parser_timeout",
        /// The engine no longer knows the job it accepted.
        ParserJobLost => "parser_job_lost",
        /// The engine refuses our key, or the account is out of credit.
        ParserAuth => "parser_auth",
        /// This worker has no key or address for the engine.
        ParserNotConfigured => "parser_not_configured",
        /// Object storage is out of reach.
        StorageUnavailable => "storage_unavailable",
        /// Object storage refuses this worker's credentials.
        StorageDenied => "storage_denied",
        /// The deadline passed, or the next attempt would come after it.
        Expired => "expired",
        /// An operator or the publisher cancelled the job.
        Cancelled => "cancelled",
        /// Every attempt was used; the last fault's code stands beside this one.
        AttemptsExhausted => "attempts_exhausted",
        /// A defect or an unforeseen state of the worker.
        Internal => "internal",
    }
}

impl ErrorCode {
    /// Returns what is done with a job that meets this fault. For a parser's faults a fallback
    /// engine, if the job names one, is tried first.
    #[must_use]
    pub const fn disposition(self) -> Disposition {
        match self {
            Self::SourceUnavailable
            | Self::SourceNotFound
            | Self::ParserUnavailable
            | Self::ParserTimeout
            | Self::ParserJobLost
            | Self::Internal => Disposition::Retry,
            Self::ParserThrottled | Self::StorageUnavailable => Disposition::Park,
            Self::PageFailed
            | Self::PageTooLarge
            | Self::RendererCrashed
            | Self::RendererTimeout
            | Self::ResourceLimit => Disposition::Page,
            Self::Cancelled => Disposition::Cancelled,
            Self::InvalidJob
            | Self::UnsupportedVersion
            | Self::SourceDenied
            | Self::SourceTooLarge
            | Self::SourceBlocked
            | Self::NotAPdf
            | Self::InvalidDocument
            | Self::PasswordRequired
            | Self::PasswordWrong
            | Self::TooManyPages
            | Self::ParserRejected
            | Self::ParserAuth
            | Self::ParserNotConfigured
            | Self::StorageDenied
            | Self::Expired
            | Self::AttemptsExhausted => Disposition::Bury,
        }
    }

    /// Says whether another engine may take over where this one failed. A fault of the document, of storage or
    /// of the worker stays the same whichever engine parses.
    #[must_use]
    pub const fn allows_fallback(self) -> bool {
        matches!(
            self,
            Self::ParserRejected
                | Self::ParserThrottled
                | Self::ParserUnavailable
                | Self::ParserTimeout
                | Self::ParserJobLost
                | Self::ParserAuth
                | Self::ParserNotConfigured
        )
    }

    /// Says whether the same job may succeed later although neither the job nor a setting changes.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self.disposition(), Disposition::Retry | Disposition::Park)
    }
}

closed_enum! {
    /// What a result should be read with care for.
    pub enum WarningCode: "warning code" {
        /// A page has next to no text and a picture that covers it.
        OcrRequired => "ocr_required",
        /// Characters of a page have no Unicode value that can be trusted.
        TextUnmapped => "text_unmapped",
        /// A page has text that cannot be what its reader sees.
        SuspiciousText => "suspicious_text",
        /// A page has text that its image does not show.
        HiddenText => "hidden_text",
        /// A page has text that could be read in columns as well as a table or row by row.
        AmbiguousLayout => "ambiguous_layout",
        /// A page has rows and columns that are nearly a table, and are read as text.
        TableDropped => "table_dropped",
        /// A file has text outside the displayed page.
        OutsidePage => "outside_page",
        /// The document carries files, and what they hold is not part of the result.
        AttachmentsNotRead => "attachments_not_read",
        /// Files that the document carries were to be stored, and cannot be read. Those that would exceed the limit
        /// have `limit_reached`.
        AttachmentsNotStored => "attachments_not_stored",
        /// The engine saw another number of pages than the PDF has.
        PageCountMismatch => "page_count_mismatch",
        /// The engine lost text that the PDF holds.
        LowTextRecall => "low_text_recall",
        /// The engine found nothing on a page that has text.
        EmptyPage => "empty_page",
        /// The engine wrote text that the PDF does not hold.
        InventedText => "invented_text",
        /// Another engine than the first one asked for did the work.
        FallbackUsed => "fallback_used",
        /// Renderers ran with less isolation than configured for.
        SandboxReduced => "sandbox_reduced",
        /// The page tree, layers, units and attachments of the document could not be read: libpdfium's word counts.
        FileFactsLeftOut => "file_facts_left_out",
        /// A page could be drawn only without its form fields.
        FormsLeftOut => "forms_left_out",
        /// A page image has fewer pixels than asked for, to stay within the limit.
        ImageScaledDown => "image_scaled_down",
        /// The message's `message_id` is not a UUID and was ignored: the body names the job.
        MessageIdIgnored => "message_id_ignored",
        /// The message has a key that is not known, and it was ignored.
        UnknownField => "unknown_field",
        /// Something of the document was left out to stay within a limit, which the message names.
        LimitReached => "limit_reached",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_from_its_text() {
        for code in ErrorCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(code));
        }
        assert!("renamed_code".parse::<ErrorCode>().is_err());
    }

    #[test]
    fn every_fault_of_an_engine_and_no_other_allows_a_fallback() {
        for code in ErrorCode::ALL {
            assert_eq!(code.allows_fallback(), code.as_str().starts_with("parser_"), "{code}");
        }
    }
}

//! Decides what follows when a child fails: which work a fresh child gets once more, and which fault
//! the page or the document gets. Pure.

use quire_schemas::{
    failure::{Disposition, ErrorCode},
    result::Phase,
};

use super::{
    bounds::cut,
    child::ChildFault,
    protocol::{OpenRefusal, PageWork},
};
use crate::{
    job::{self, Fault},
    telemetry::RestartReason,
};

/// Most bytes of the causes that a fault carries. They may quote the child, and go into logs and results.
const MAX_CAUSE_BYTES: usize = 4096;

/// The parts of a page that a child has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) text: bool,
    pub(super) image: bool,
}

/// Returns what a fresh child is asked for after a child has failed a page: each missing part by
/// itself. The image is asked for without form fields, because they are why most pages hang, and the text without what
/// libpdfium does not tell, because a hostile file can make that as slow as it likes.
pub(super) fn second_tries(work: &PageWork, answered: Answered) -> Vec<PageWork> {
    let text = (work.text && !answered.text).then(|| PageWork { image: None, read_facts: false, ..work.clone() });
    let image =
        (work.image.is_some() && !answered.image).then(|| PageWork { text: false, draw_forms: false, ..work.clone() });
    text.into_iter().chain(image).collect()
}

/// Says whether another child describes a document, or reads a file that it carries, after one has failed: the first
/// failure may be the child's own, or, of a description, that of reading what libpdfium does not tell, which is left
/// out then. The second is the document's.
pub(super) fn is_asked_again(fault: &Fault) -> bool {
    fault.disposition() == Disposition::Page
}

/// Says whether a child may have failed without a fault of the document: killed by an operator, or by a machine that is
/// short of memory. Another one then describes the document with all: what is left out is lost to the whole document.
pub(super) const fn may_be_from_outside(fault: &ChildFault) -> bool {
    matches!(fault, ChildFault::Killed | ChildFault::Died { .. })
}

/// Returns why a document did not open.
pub(super) fn refusal(reason: OpenRefusal, password_given: bool) -> Fault {
    let (code, message) = match reason {
        OpenRefusal::Password if password_given => {
            (ErrorCode::PasswordWrong, "the given password does not open the document")
        }
        OpenRefusal::Password => (ErrorCode::PasswordRequired, "the document is encrypted and no password was given"),
        OpenRefusal::Security => (ErrorCode::InvalidDocument, "the document is encrypted in an unknown way"),
        OpenRefusal::Damaged => (ErrorCode::InvalidDocument, "the document is too damaged to open"),
        OpenRefusal::Unreadable => (ErrorCode::Internal, "the temporary file cannot be read"),
    };
    Fault::new(code, Phase::Fetch, message)
}

/// Checks how many pages a document claims against the limit.
pub(super) fn within_page_limit(claimed: u32, limit: u32) -> Result<(), Fault> {
    if claimed == 0 {
        return Err(Fault::new(ErrorCode::InvalidDocument, Phase::Fetch, "the document has no pages"));
    }
    if claimed > limit {
        let message = format!("the document claims {claimed} pages, more than {limit}");
        return Err(Fault::new(ErrorCode::TooManyPages, Phase::Fetch, message));
    }
    Ok(())
}

/// Returns what a failed child means for the page or document that it worked on.
pub(super) fn fault_of(fault: ChildFault) -> Fault {
    let (code, message) = match &fault {
        ChildFault::NotStarted(_) => (ErrorCode::Internal, "no renderer could be started"),
        ChildFault::TimedOut { .. } => (ErrorCode::RendererTimeout, "the renderer took too long"),
        ChildFault::LimitReached { .. } | ChildFault::Killed => {
            (ErrorCode::ResourceLimit, "the renderer ran into a limit")
        }
        ChildFault::Died { .. } | ChildFault::Protocol(_) | ChildFault::Violation(_) => {
            (ErrorCode::RendererCrashed, "the renderer had to be replaced")
        }
    };
    Fault::new(code, Phase::Render, message).because(cut(job::chain(&fault), MAX_CAUSE_BYTES))
}

/// Returns the reason under which a replaced child is counted.
pub(super) const fn restart_reason(fault: &ChildFault) -> RestartReason {
    match fault {
        ChildFault::NotStarted(_) | ChildFault::Died { .. } => RestartReason::Crashed,
        ChildFault::TimedOut { .. } => RestartReason::TimedOut,
        ChildFault::LimitReached { .. } | ChildFault::Killed => RestartReason::ResourceLimit,
        ChildFault::Protocol(_) | ChildFault::Violation(_) => RestartReason::Protocol,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quire_schemas::job::ImageFormat;

    use super::{
        super::{
            child::StartError,
            protocol::{ImageSpec, ProtocolError, TextDetail},
            verify::Violation,
        },
        *,
    };

    fn work() -> PageWork {
        let image =
            ImageSpec { format: ImageFormat::Png, dpi: 72, quality: 85, max_side_px: None, max_pixels: 1_000_000 };
        let detail = TextDetail::default();
        PageWork { page: 4, text: true, detail, image: Some(image), draw_forms: true, read_facts: true }
    }

    #[test]
    fn each_missing_part_is_asked_once_more_alone_and_with_less() {
        let text = PageWork { image: None, read_facts: false, ..work() };
        let image = PageWork { text: false, draw_forms: false, ..work() };
        let tries = |text, image| second_tries(&work(), Answered { text, image });
        assert_eq!(tries(false, false), [text.clone(), image.clone()]);
        assert_eq!(tries(true, false), [image]);
        assert_eq!(tries(false, true), [text]);
        assert!(tries(true, true).is_empty());
    }

    #[test]
    fn a_part_that_was_not_asked_for_is_not_asked_again() {
        let none = Answered { text: false, image: false };
        let text_only = PageWork { image: None, ..work() };
        assert_eq!(second_tries(&text_only, none), [PageWork { read_facts: false, ..text_only.clone() }]);
        let image_only = PageWork { text: false, ..work() };
        assert_eq!(second_tries(&image_only, none), [PageWork { draw_forms: false, ..image_only.clone() }]);
    }

    #[test]
    fn a_document_is_asked_again_if_the_child_may_be_to_blame() {
        assert!(is_asked_again(&fault_of(ChildFault::Died { how: "SIGSEGV".to_owned() })));
        assert!(is_asked_again(&fault_of(ChildFault::Violation(Violation::OutOfTurn))));
        assert!(is_asked_again(&fault_of(ChildFault::LimitReached { limit: "CPU" })));
        assert!(is_asked_again(&fault_of(ChildFault::Killed)));
    }

    #[test]
    fn a_limit_that_a_document_has_reached_is_its_own() {
        assert!(may_be_from_outside(&ChildFault::Killed));
        assert!(may_be_from_outside(&ChildFault::Died { how: "SIGSEGV".to_owned() }));
        assert!(!may_be_from_outside(&ChildFault::LimitReached { limit: "CPU" }));
        assert!(!may_be_from_outside(&ChildFault::TimedOut { within: Duration::from_secs(1) }));
        assert!(!is_asked_again(&refusal(OpenRefusal::Damaged, false)));
        assert!(!is_asked_again(&fault_of(ChildFault::NotStarted(StartError::NoPipes))));
    }

    #[test]
    fn a_failed_child_has_one_code_and_one_reason() {
        let died = |how: &str| ChildFault::Died { how: how.to_owned() };
        for (fault, code, reason) in [
            (ChildFault::NotStarted(StartError::NoPipes), ErrorCode::Internal, RestartReason::Crashed),
            (
                ChildFault::TimedOut { within: Duration::from_secs(1) },
                ErrorCode::RendererTimeout,
                RestartReason::TimedOut,
            ),
            (ChildFault::LimitReached { limit: "CPU" }, ErrorCode::ResourceLimit, RestartReason::ResourceLimit),
            (died("SIGSEGV"), ErrorCode::RendererCrashed, RestartReason::Crashed),
            (ChildFault::Protocol(ProtocolError::NotAFrame), ErrorCode::RendererCrashed, RestartReason::Protocol),
            (ChildFault::Violation(Violation::OutOfTurn), ErrorCode::RendererCrashed, RestartReason::Protocol),
        ] {
            let text = fault.to_string();
            assert_eq!(restart_reason(&fault).as_str(), reason.as_str(), "{text}");
            assert_eq!(fault_of(fault).code, code, "{text}");
        }
    }

    #[test]
    fn a_fault_does_not_repeat_all_that_a_child_has_written() {
        let header = format!("{:?}", "x".repeat(1 << 20));
        let error = serde_json::from_str::<u32>(&header).expect_err("a text is no number");
        let fault = fault_of(ChildFault::Protocol(ProtocolError::Header(error)));
        let chain = fault.chain();
        assert!(chain.contains("the renderer does not speak the protocol: the header does not decode: "), "{chain}");
        assert!(chain.len() < MAX_CAUSE_BYTES + 100, "{} bytes", chain.len());
    }

    #[test]
    fn a_refused_document_has_the_code_that_tells_what_to_do() {
        let code = |reason, given| refusal(reason, given).code;
        assert_eq!(code(OpenRefusal::Password, false), ErrorCode::PasswordRequired);
        assert_eq!(code(OpenRefusal::Password, true), ErrorCode::PasswordWrong);
        assert_eq!(code(OpenRefusal::Security, true), ErrorCode::InvalidDocument);
        assert_eq!(code(OpenRefusal::Damaged, false), ErrorCode::InvalidDocument);
        assert_eq!(code(OpenRefusal::Unreadable, false), ErrorCode::Internal);
    }

    #[test]
    fn a_document_has_a_page_and_no_more_than_the_limit() {
        assert!(within_page_limit(1, 10).is_ok() && within_page_limit(10, 10).is_ok());
        assert_eq!(within_page_limit(0, 10).expect_err("none").code, ErrorCode::InvalidDocument);
        assert_eq!(within_page_limit(11, 10).expect_err("too many").code, ErrorCode::TooManyPages);
    }
}

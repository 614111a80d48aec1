//! What is stored of a run whose parsed pages cannot be stored. Pure.

use quire_schemas::{
    job::Branch,
    result::{BranchStatus, PageStatus, ParseResult},
};

use super::run::{RawAnswer, RunOutput};
use crate::job::Fault;

/// The part of an output that takes no temporary files to be stored: the result of the images, and the answer of the
/// engine as it came.
#[derive(Debug)]
pub(crate) struct WithoutParse {
    result: Box<ParseResult>,
    raw: Option<RawAnswer>,
    /// Numbers of the parsed pages.
    pages: Vec<u32>,
}

impl WithoutParse {
    /// Copies what is needed of an output; `None` if it has no parsed pages.
    pub(crate) fn of(output: &RunOutput) -> Option<Self> {
        let parsed = output.parsed.as_ref()?;
        Some(Self { result: output.result.clone(), raw: output.raw.clone(), pages: parsed.spool.page_numbers() })
    }

    /// Makes the output that says why the parsed pages are missing.
    pub(crate) fn because(self, fault: &Fault) -> RunOutput {
        let Self { mut result, raw, pages } = self;
        let error = fault.to_job_error(Some(Branch::Parse));
        let parse = &mut result.branches.parse;
        parse.status = BranchStatus::Failed;
        parse.pages_succeeded = Some(0);
        parse.error = Some(error.clone());
        for row in result.pages.iter_mut().filter(|row| pages.binary_search(&row.page_number).is_ok()) {
            row.status = if row.images.is_empty() { PageStatus::Failed } else { PageStatus::PartialSuccess };
        }
        result.errors.push(error);
        RunOutput { result, parsed: None, raw, fault: None }
    }
}

#[cfg(test)]
mod tests {
    use quire_schemas::{
        failure::ErrorCode,
        result::{Page, Phase},
    };

    use super::*;
    use crate::pipeline::testing::{parsed_document, parsed_page, result_with_every_object};

    #[test]
    fn pages_without_their_parse_are_not_called_succeeded() {
        let (mut result, _) = result_with_every_object("job/");
        let with_image = |number| Page { images: vec![format!("{number}")], ..Page::new(number) };
        result.pages = vec![with_image(1), Page::new(2), with_image(3)];
        let output = RunOutput {
            parsed: Some(parsed_document([parsed_page(1, &["a"]), parsed_page(2, &["b"])])),
            raw: Some(RawAnswer { key: "raw".to_owned(), body: "{}".into() }),
            ..result.into()
        };
        let fault = Fault::new(ErrorCode::Internal, Phase::Assemble, "the disk is full");
        let output = WithoutParse::of(&output).expect("there is a parse").because(&fault);
        let statuses: Vec<_> = output.result.pages.iter().map(|page| page.status.as_str()).collect();
        assert_eq!(statuses, ["partial_success", "failed", "succeeded"]);
        let parse = &output.result.branches.parse;
        assert_eq!((&parse.status, parse.pages_succeeded), (&BranchStatus::Failed, Some(0)));
        assert_eq!(parse.error.as_ref().map(|error| error.code.as_str()), Some("internal"));
        assert_eq!(output.result.errors.last(), parse.error.as_ref());
        assert!(output.parsed.is_none() && output.raw.is_some() && output.result.page_images.contains_key(&1));
    }

    #[test]
    fn an_output_without_a_parse_is_not_stored_in_another_way() {
        let (result, _) = result_with_every_object("job/");
        assert!(WithoutParse::of(&RunOutput::from(result)).is_none());
    }
}

//! A page of the spool as the pass reads it: the fields of its row, and its elements one by one. Pure.

use quire_schemas::{
    failure::ErrorCode,
    result::{PageStatus, Phase},
};
use serde::{Deserialize, de::Error as _};
use serde_json::value::RawValue;

use super::json_fields::{JsonFields, ObjectList};
use crate::job::Fault;

/// A page of the spool. Borrows its JSON; nothing of it is in memory a second time.
#[derive(Debug)]
pub(super) struct SpooledPage<'a> {
    /// From 1.
    pub(super) number: u32,
    /// What the parse says of the page itself.
    pub(super) row: JsonFields<'a>,
    elements: ObjectList<'a>,
}

#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow)]
    page: JsonFields<'a>,
    #[serde(borrow)]
    elements: &'a RawValue,
}

impl<'a> SpooledPage<'a> {
    /// Reads the JSON of this page.
    pub(super) fn read(json: &'a str, number: u32) -> serde_json::Result<Self> {
        let Parts { page: row, elements } = serde_json::from_str(json)?;
        let found: u32 = row.require("page_number")?;
        if found != number {
            return Err(serde_json::Error::custom(format!("it is the JSON of page {found}")));
        }
        Ok(Self { number, row, elements: ObjectList::of(elements)? })
    }

    pub(super) fn has_failed(&self) -> serde_json::Result<bool> {
        Ok(self.row.require::<PageStatus>("status")? == PageStatus::Failed)
    }

    /// Returns its elements in reading order.
    pub(super) fn elements(&self) -> ObjectList<'a> {
        self.elements.clone()
    }
}

/// Makes the fault of a page that is not what was put into the spool.
pub(super) fn unreadable(page: u32, error: serde_json::Error) -> Fault {
    let message = "the temporary folder does not hold the parsed pages";
    Fault::new(ErrorCode::Internal, Phase::Assemble, message).on_page(page).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(elements: &str) -> Vec<Result<u32, ()>> {
        let json = format!(r#"{{"page":{{"page_number":1}},"elements":{elements}}}"#);
        let page = SpooledPage::read(&json, 1).expect("a page");
        page.elements().map(|element| element.and_then(|fields| fields.require("id")).map_err(drop)).collect()
    }

    #[test]
    fn elements_come_one_by_one_whatever_stands_between_them() {
        assert_eq!(ids("[]"), []);
        assert_eq!(ids(" [ ] "), []);
        assert_eq!(ids(r#"[{"id":1,"a":["]","}"]},{"id":2}]"#), [Ok(1), Ok(2)]);
        assert_eq!(ids(r#"[ {"id" : 1} , {"id" : 2} ]"#), [Ok(1), Ok(2)]);
    }

    #[test]
    fn what_is_not_an_object_is_the_last_and_an_error() {
        assert_eq!(ids(r#"[{"id":1},[{"id":2}],{"id":3}]"#), [Ok(1), Err(())]);
        assert_eq!(ids(r#"["text"]"#), [Err(())]);
    }

    #[test]
    fn another_page_is_not_the_one_that_is_asked_for() {
        let json = r#"{"page":{"page_number":2,"status":"failed"},"elements":[]}"#;
        assert!(SpooledPage::read(json, 2).expect("page 2").has_failed().expect("a status"));
        let error = SpooledPage::read(json, 1).expect_err("it is page 2");
        assert!(unreadable(1, error).chain().contains("page 2"));
        assert!(SpooledPage::read(r#"{"page":{"page_number":1},"elements":{}}"#, 1).is_err());
    }
}

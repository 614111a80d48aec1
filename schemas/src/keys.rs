//! Where a job's objects lie. Keys are built from validated parts only, so that no message can
//! name a key outside its own folder.

use crate::{
    job::{Engine, ImageFormat, JobId},
    names::Tenant,
    sha256::Sha256,
};

/// The keys of one job's objects: `<prefix>/<tenant>/<job_id>/…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobKeys {
    folder: String,
}

impl JobKeys {
    /// Builds the keys of a job. `prefix` is the operator's, without slashes at either end; empty
    /// for none.
    #[must_use]
    pub fn new(prefix: &str, tenant: &Tenant, job_id: &JobId) -> Self {
        Self { folder: format!("{}{job_id}/", tenant_folder(prefix, tenant)) }
    }

    /// Builds keys under a folder that the caller names, for results that go to a local disk.
    #[must_use]
    pub fn in_folder(folder: &str) -> Self {
        Self { folder: format!("{folder}/") }
    }

    /// Returns the folder that holds everything of this job, with a trailing slash.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Returns the key of the terminal result.
    #[must_use]
    pub fn result(&self) -> String {
        self.key("result.json")
    }

    /// Returns the folder of page images, with a trailing slash.
    #[must_use]
    pub fn pages(&self) -> String {
        self.key("pages/")
    }

    /// Returns the key of a page image; pages count from 1.
    #[must_use]
    pub fn page(&self, page: u32, format: ImageFormat) -> String {
        self.key(&format!("pages/{page:04}.{}", format.extension()))
    }

    /// Returns the folder of the files that the document carries, with a trailing slash.
    #[must_use]
    pub fn attachments(&self) -> String {
        self.key("attachments/")
    }

    /// Returns the key of such a file by its place in the list of them, from 1. No name that the document states is
    /// part of it.
    #[must_use]
    pub fn attachment(&self, number: u32) -> String {
        self.key(&format!("attachments/{number:04}"))
    }

    /// Returns the key of the whole document as markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        self.key("document.md")
    }

    /// Returns the key of the whole document as chunks.
    #[must_use]
    pub fn chunks(&self) -> String {
        self.key("chunks.jsonl")
    }

    /// Returns the key of an engine's untouched answer.
    #[must_use]
    pub fn raw_parse(&self, engine: Engine) -> String {
        self.key(&format!("parse/{engine}.json"))
    }

    /// Returns the key of a part of the elements, counted from 1, when they do not fit the result.
    #[must_use]
    pub fn elements(&self, part: u32) -> String {
        self.key(&format!("elements/{part:04}.jsonl"))
    }

    /// Returns the key of what a later run needs to know of an earlier one.
    #[must_use]
    pub fn state(&self) -> String {
        self.key("state.json")
    }

    /// Returns the folder of what a run that was interrupted in order had read, with a trailing
    /// slash.
    #[must_use]
    pub fn carried(&self) -> String {
        self.key("carried/")
    }

    /// Returns the key of a part of it, counted from 1.
    #[must_use]
    pub fn carried_part(&self, part: u32) -> String {
        self.key(&format!("carried/{part:04}.jsonl"))
    }

    /// Returns the key of the cancellation marker.
    #[must_use]
    pub fn cancel(&self) -> String {
        self.key("cancel")
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.folder)
    }
}

/// Returns the folder of everything that belongs to a tenant, with a trailing slash.
#[must_use]
pub fn tenant_folder(prefix: &str, tenant: &Tenant) -> String {
    format!("{}{tenant}/", root(prefix))
}

/// Returns the key that a publisher's document is uploaded to, named by its content.
#[must_use]
pub fn upload(prefix: &str, tenant: &Tenant, sha256: Sha256) -> String {
    format!("{}uploads/{sha256}.pdf", tenant_folder(prefix, tenant))
}

fn root(prefix: &str) -> String {
    if prefix.is_empty() { String::new() } else { format!("{prefix}/") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_job_can_name_a_key_outside_its_folder(tenant in ".{0,70}", id in ".{0,50}", page in 1u32..) {
            let (Ok(tenant), Ok(id)) = (tenant.parse::<Tenant>(), id.parse::<JobId>()) else { return Ok(()) };
            let keys = JobKeys::new("quire", &tenant, &id);
            let expected = format!("quire/{}/{}/", tenant.as_str(), id);
            for key in [keys.page(page, ImageFormat::Png), keys.attachment(page)] {
                prop_assert!(key.starts_with(&expected));
                prop_assert!(key.len() <= 128 + 64);
            }
        }
    }

    #[test]
    fn pages_are_padded_so_that_they_sort() {
        let id: JobId = "01920000-0000-7000-8000-000000000001".parse().expect("a uuid");
        let keys = JobKeys::new("", &Tenant::default(), &id);
        assert_eq!(keys.page(7, ImageFormat::Webp), format!("default/{id}/pages/0007.webp"));
        assert_eq!(keys.page(12345, ImageFormat::Jpeg), format!("default/{id}/pages/12345.jpg"));
        assert_eq!(keys.attachment(7), format!("{}0007", keys.attachments()));
    }
}

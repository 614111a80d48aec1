//! Which folder below `--out` each document gets.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// The folder of a file whose name has no usable stem.
const UNNAMED: &str = "document";
/// A file name has at most 255 bytes; the number of a second folder needs some of them.
const MAX_STEM_BYTES: usize = 200;

/// Gives every file a folder of its own: the file's name without its extension, numbered if an
/// earlier file has it. Each is one plain component of a path.
pub(super) fn name_folders(files: &[PathBuf]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let name = |file: &PathBuf| {
        let stem = stem(file);
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let mut names = std::iter::once(stem.clone()).chain(numbered);
        names.find(|name| taken.insert(name.clone())).expect("there is always another number")
    };
    files.iter().map(name).collect()
}

fn stem(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let unsafe_in_a_name =
        |character: char| character.is_control() || matches!(character, '/' | '\\' | char::REPLACEMENT_CHARACTER);
    let mut name: String = stem.chars().map(|found| if unsafe_in_a_name(found) { '_' } else { found }).collect();
    name.truncate(name.floor_char_boundary(MAX_STEM_BYTES));
    // The stem of `..pdf` is `.`, that of `...pdf` is `..`.
    if matches!(name.as_str(), "" | "." | "..") { UNNAMED.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt, path::Component};

    use proptest::prelude::*;

    use super::*;

    fn folders(files: &[&[u8]]) -> Vec<String> {
        name_folders(&files.iter().map(|file| PathBuf::from(OsString::from_vec(file.to_vec()))).collect::<Vec<_>>())
    }

    #[test]
    fn a_folder_is_called_like_its_file_without_the_extension() {
        let named =
            folders(&[b"a/report.pdf", b"Report 2.v1.PDF", b"notes", b".hidden.pdf", b"b\xc3\xa9b\xc3\xa9.pdf"]);
        assert_eq!(named, ["report", "Report 2.v1", "notes", ".hidden", "bébé"]);
    }

    #[test]
    fn files_of_one_stem_get_numbers_that_no_other_file_has() {
        let named = folders(&[b"a/x.pdf", b"b/x.pdf", b"x-2.pdf", b"c/x.pdf"]);
        assert_eq!(named, ["x", "x-2", "x-2-2", "x-3"]);
    }

    #[test]
    fn a_stem_that_leads_out_of_its_folder_is_not_used() {
        let named = folders(&[b"..pdf", b"...pdf", b"..", b"a/..", b"/", b"....pdf"]);
        assert_eq!(named, ["document", "document-2", "document-3", "document-4", "document-5", "..."]);
    }

    #[test]
    fn what_is_no_text_becomes_an_underscore() {
        let named = folders(&[b"a\xffb.pdf", b"a\xfeb.pdf", b"line\nbreak.pdf", b"back\\slash.pdf"]);
        assert_eq!(named, ["a_b", "a_b-2", "line_break", "back_slash"]);
    }

    #[test]
    fn a_long_name_leaves_room_for_a_number() {
        let long = ["é".repeat(120).into_bytes(), b".pdf".to_vec()].concat();
        let named = folders(&[&long, &long]);
        assert!(named.iter().all(|name| name.len() <= 210), "{named:?}");
        assert_ne!(named[0], named[1]);
    }

    proptest! {
        #[test]
        fn every_document_has_one_folder_directly_below_out(
            files in prop::collection::vec(prop::collection::vec(1u8.., 1..20), 0..10),
        ) {
            let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
            let named = folders(&files);
            prop_assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), files.len());
            for name in &named {
                let components: Vec<_> = Path::new(name).components().collect();
                prop_assert!(matches!(components.as_slice(), [Component::Normal(_)]), "{:?}", name);
            }
        }
    }
}

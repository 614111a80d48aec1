//! What is read of a job's folder: `result.json`, and the files of JSON lines beside it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    path::Path,
};

use quire_schemas::result::MAX_RESULT_BYTES;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::ReportError;

/// A line of JSON that is longer is read in pieces, none of which is JSON.
const MAX_LINE_BYTES: u64 = 64 << 20;
/// What a report does not show: the text of the document, which the elements have; what the job asked for; its data.
const NOT_SHOWN: [&str; 3] = ["markdown", "requested", "metadata"];
const NOT_SHOWN_OF_PAGES: [&str; 2] = ["text", "markdown"];

/// JSON as it stands in a file, under names.
pub(super) type Fields<'t> = BTreeMap<String, &'t RawValue>;

/// A result, taken apart. Values that are not what they should be count as absent: the report shows what is there.
#[derive(Debug, Default)]
pub(super) struct Stored<'t> {
    /// The result without what stands in the other fields here.
    pub(super) result: Fields<'t>,
    pub(super) pages: Vec<Fields<'t>>,
    pub(super) elements: Vec<&'t RawValue>,
    pub(super) chunks: Vec<&'t RawValue>,
    /// By page number.
    pub(super) images: BTreeMap<u32, Image>,
    /// Names of the files in `elements/`, in their order.
    pub(super) element_parts: Vec<String>,
    /// Names of the files of chunks.
    pub(super) chunk_files: Vec<String>,
}

/// A page image of the folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Image {
    /// The file's name in `pages/`.
    pub(super) name: String,
    pub(super) width_px: Option<u32>,
    pub(super) height_px: Option<u32>,
}

#[derive(Deserialize)]
struct StoredImage {
    object: Object,
    width_px: Option<u32>,
    height_px: Option<u32>,
}

#[derive(Deserialize)]
struct StoredArtifact {
    kind: String,
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

impl<'t> Stored<'t> {
    /// Takes a result apart without making values of its elements, which would need many times the memory.
    pub(super) fn of(text: &'t str) -> serde_json::Result<Self> {
        let mut result: Fields<'t> = serde_json::from_str(text)?;
        for name in NOT_SHOWN {
            result.remove(name);
        }
        let mut pages: Vec<Fields<'t>> = taken(&mut result, "pages");
        for page in &mut pages {
            for name in NOT_SHOWN_OF_PAGES {
                page.remove(name);
            }
        }
        let images: BTreeMap<u32, StoredImage> = seen(&result, "page_images");
        let artifacts: Vec<StoredArtifact> = seen(&result, "artifacts");
        Ok(Self {
            element_parts: names_of(&artifacts, "elements"),
            chunk_files: names_of(&artifacts, "chunks"),
            images: images.into_iter().filter_map(|(number, image)| Some((number, Image::of(&image)?))).collect(),
            elements: taken(&mut result, "elements"),
            chunks: taken(&mut result, "chunks"),
            pages,
            result,
        })
    }
}

impl Image {
    fn of(stored: &StoredImage) -> Option<Self> {
        let name = plain_name(&stored.object.key)?.to_owned();
        Some(Self { name, width_px: stored.width_px, height_px: stored.height_px })
    }
}

/// Reads a result whole.
pub(super) fn read(path: &Path) -> Result<String, ReportError> {
    let unread = |cause| ReportError::Unread { path: path.to_owned(), cause };
    let size_bytes = fs::metadata(path).map_err(unread)?.len();
    if size_bytes > MAX_RESULT_BYTES as u64 {
        return Err(ReportError::TooLarge { path: path.to_owned(), size_bytes });
    }
    fs::read_to_string(path).map_err(unread)
}

/// Hands on each line of a file that is JSON, and returns how many others there are.
pub(super) fn each_line(
    path: &Path,
    mut act: impl FnMut(&str) -> Result<(), ReportError>,
) -> Result<usize, ReportError> {
    let unread = |cause| ReportError::Unread { path: path.to_owned(), cause };
    let mut file = BufReader::new(File::open(path).map_err(unread)?);
    let (mut line, mut others) = (Vec::new(), 0);
    loop {
        line.clear();
        let length = file.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line).map_err(unread)?;
        if length == 0 {
            return Ok(others);
        }
        match serde_json::from_slice::<&RawValue>(&line) {
            Ok(json) => act(json.get())?,
            Err(_) if line.trim_ascii().is_empty() => {}
            Err(_) => others += 1,
        }
    }
}

fn taken<'t, T: Default + Deserialize<'t>>(fields: &mut Fields<'t>, name: &str) -> T {
    let field = fields.remove(name);
    field.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default()
}

fn seen<'t, T: Default + Deserialize<'t>>(fields: &Fields<'t>, name: &str) -> T {
    let field = fields.get(name);
    field.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default()
}

fn names_of(artifacts: &[StoredArtifact], kind: &str) -> Vec<String> {
    let named = artifacts.iter().filter(|artifact| artifact.kind == kind);
    named.filter_map(|artifact| plain_name(&artifact.object.key)).map(str::to_owned).collect()
}

/// Returns the last part of a key if it can be the name of a file in a folder, and in no other one.
fn plain_name(key: &str) -> Option<&str> {
    let (_, name) = key.rsplit_once('/')?;
    let is_plain =
        name.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_'));
    (is_plain && !name.is_empty() && !name.starts_with('.')).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn files_are_those_in_the_folder_beside_the_report() {
        let object = |key: &str| json!({ "object": { "key": key }, "width_px": 10, "height_px": 20 });
        let artifact = |kind: &str, key: &str| json!({ "kind": kind, "object": { "key": key } });
        let text = json!({
            "page_images": { "1": object("job/pages/0001.png"), "2": object("job/pages/.."), "3": object("a/\"x") },
            "artifacts": [
                artifact("elements", "job/elements/0001.jsonl"),
                artifact("markdown", "job/document.md"),
                artifact("chunks", "job/chunks.jsonl"),
                artifact("chunks", "job/../"),
            ],
        })
        .to_string();
        let stored = Stored::of(&text).expect("an object");
        let image = Image { name: "0001.png".to_owned(), width_px: Some(10), height_px: Some(20) };
        assert_eq!(stored.images, BTreeMap::from([(1, image)]));
        assert_eq!(
            (stored.element_parts, stored.chunk_files),
            (vec!["0001.jsonl".to_owned()], vec!["chunks.jsonl".to_owned()])
        );
    }

    #[test]
    fn fields_that_are_not_what_they_should_be_count_as_absent() {
        let stored = Stored::of(r#"{"elements": 7, "pages": {}, "page_images": [], "artifacts": "x", "status": 1}"#);
        let stored = stored.expect("an object");
        assert!(stored.elements.is_empty() && stored.pages.is_empty() && stored.images.is_empty());
        assert_eq!(stored.result["status"].get(), "1");
        assert!(Stored::of("[]").is_err());
    }

    #[test]
    fn lines_that_are_no_json_are_counted_and_empty_ones_are_not() {
        let folder = std::env::temp_dir().join(format!("quire-report-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        let path = folder.join("lines.jsonl");
        fs::write(&path, b"{\"a\":1}\n\n{\n\xff\n [2] ").expect("a fresh folder");
        let mut lines = Vec::new();
        let others = each_line(&path, |line| {
            lines.push(line.to_owned());
            Ok(())
        });
        assert_eq!((lines, others.expect("a readable file")), (vec!["{\"a\":1}".to_owned(), "[2]".to_owned()], 2));
        fs::remove_dir_all(&folder).expect("it is ours");
    }
}

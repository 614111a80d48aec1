//! The data of a report: blocks of text in elements that browsers do not run.

use std::{collections::BTreeMap, io::Write, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    embed::{self, Embedded},
    error::ReportError,
    page::PageImages,
    sink::Sink,
    stored::{self, Fields, Image, Stored},
};

/// Browsers hold at most half a gigabyte in one text.
const MAX_LIST_BYTES: usize = 256 << 20;

/// Writes the blocks of one report.
pub(super) struct Blocks<'a, W> {
    pub(super) sink: &'a mut Sink<W>,
    pub(super) stored: &'a Stored<'a>,
    /// Where the files lie that the result names.
    pub(super) folder: &'a Path,
}

/// What the page needs of everything but elements and chunks.
#[derive(Serialize)]
struct Head<'a> {
    title: &'a str,
    result: &'a Fields<'a>,
    pages: &'a [Fields<'a>],
    images: BTreeMap<u32, Placed>,
}

/// Where an image is beside the report, and its size.
#[derive(Serialize)]
struct Placed {
    /// Absent for an embedded image, which has a block of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    src: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
}

/// How many of a list the report leaves out.
#[derive(Serialize)]
struct LeftOut {
    elements: usize,
    chunks: usize,
}

impl<W: Write> Blocks<'_, W> {
    pub(super) fn write(mut self, title: &str, images: PageImages) -> Result<(), ReportError> {
        let stored = self.stored;
        let listed = stored.images.iter().map(|(number, image)| (*number, placed(image, images)));
        let head = Head { title, result: &stored.result, pages: &stored.pages, images: listed.collect() };
        self.json("quire-data", &head)?;
        let left_out = LeftOut {
            elements: self.list("quire-elements", &stored.elements, &stored.element_parts, "elements")?,
            chunks: self.list("quire-chunks", &stored.chunks, &stored.chunk_files, "")?,
        };
        self.json("quire-left-out", &left_out)?;
        if images == PageImages::Embedded {
            for (number, image) in &stored.images {
                self.image(*number, image)?;
            }
        }
        Ok(())
    }

    fn json(&mut self, id: &str, value: &impl Serialize) -> Result<(), ReportError> {
        let json = serde_json::to_string(value).expect("names and JSON can be written as JSON");
        self.open("application/json", id)?;
        self.sink.put(&inert(&json))?;
        self.close()
    }

    /// Writes what stands in the result, then the lines of files; returns how many found no room or are no JSON.
    fn list(&mut self, id: &str, inline: &[&RawValue], files: &[String], below: &str) -> Result<usize, ReportError> {
        self.open("application/json", id)?;
        self.sink.put("[")?;
        let mut list = List { sink: &mut *self.sink, bytes: 0, left_out: 0 };
        for json in inline {
            list.add(json.get())?;
        }
        for name in files {
            let path = self.folder.join(below).join(name);
            list.left_out += stored::each_line(&path, |line| list.add(line))?;
        }
        let left_out = list.left_out;
        self.sink.put("]")?;
        self.close()?;
        Ok(left_out)
    }

    fn image(&mut self, number: u32, image: &Image) -> Result<(), ReportError> {
        self.open("text/plain", &format!("quire-image-{number}"))?;
        match embed::embedded(&self.folder.join("pages").join(&image.name)) {
            Ok(Embedded { media_type, bytes }) => {
                self.sink.put(&format!("data:{media_type};base64,{}", STANDARD.encode(bytes)))?;
            }
            Err(reason) => self.sink.put(reason.sentence())?,
        }
        self.close()
    }

    fn open(&mut self, media_type: &str, id: &str) -> Result<(), ReportError> {
        self.sink.put(&format!("<script type=\"{media_type}\" id=\"{id}\">"))
    }

    fn close(&mut self) -> Result<(), ReportError> {
        self.sink.put("</script>\n")
    }
}

/// A list of JSON that is being written.
struct List<'a, W> {
    sink: &'a mut Sink<W>,
    bytes: usize,
    left_out: usize,
}

impl<W: Write> List<'_, W> {
    fn add(&mut self, json: &str) -> Result<(), ReportError> {
        let json = inert(json);
        if self.bytes + json.len() > MAX_LIST_BYTES {
            self.left_out += 1;
            return Ok(());
        }
        if self.bytes > 0 {
            self.sink.put(",\n")?;
        }
        self.bytes += json.len();
        self.sink.put(&json)
    }
}

fn placed(image: &Image, images: PageImages) -> Placed {
    let src = (images == PageImages::Linked).then(|| format!("pages/{}", image.name));
    Placed { src, width: image.width_px, height: image.height_px }
}

/// Writes JSON so that nothing in it ends the element that holds it. `<` stands in strings only.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use serde_json::{Value, json};

    use super::*;

    /// Returns the JSON of a block.
    fn block(page: &str, id: &str) -> Value {
        let (_, behind) = page.split_once(&format!("id=\"{id}\">")).expect("the block begins");
        serde_json::from_str(behind.split_once("</script>").expect("the block ends").0).expect("the block is JSON")
    }

    #[test]
    fn elements_and_chunks_in_files_stand_behind_those_of_the_result() {
        let folder = std::env::temp_dir().join(format!("quire-report-blocks-{}", std::process::id()));
        fs::create_dir_all(folder.join("elements")).expect("a temporary folder");
        fs::write(folder.join("elements/0001.jsonl"), "{\"id\":\"b\"}\n{\"id\":\"c\"}\n").expect("a fresh folder");
        fs::write(folder.join("chunks.jsonl"), "{\"text\":\"</script>\"}\n{\"cut").expect("a fresh folder");
        let artifact = |kind: &str, key: &str| json!({ "kind": kind, "object": { "key": key } });
        let text = json!({
            "elements": [{ "id": "a" }],
            "artifacts": [artifact("elements", "job/elements/0001.jsonl"), artifact("chunks", "job/chunks.jsonl")],
        })
        .to_string();
        let stored = Stored::of(&text).expect("an object");
        let mut sink = Sink::new(Vec::new(), PathBuf::from("report.html"));
        let blocks = Blocks { sink: &mut sink, stored: &stored, folder: &folder };
        blocks.write("a", PageImages::Linked).expect("readable files");
        let page = String::from_utf8(sink.finish().expect("a Vec takes all")).expect("blocks are text");
        assert_eq!(block(&page, "quire-elements"), json!([{ "id": "a" }, { "id": "b" }, { "id": "c" }]));
        assert_eq!(block(&page, "quire-chunks"), json!([{ "text": "</script>" }]));
        assert_eq!(block(&page, "quire-left-out"), json!({ "elements": 0, "chunks": 1 }));
        fs::remove_dir_all(&folder).expect("it is ours");
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let mut sink = Sink::new(Vec::new(), PathBuf::from("report.html"));
        let mut list = List { sink: &mut sink, bytes: MAX_LIST_BYTES - 3, left_out: 0 };
        for json in ["12345", "1", "[]"] {
            list.add(json).expect("a Vec takes all");
        }
        assert_eq!(list.left_out, 1);
        assert_eq!(sink.finish().expect("a Vec takes all"), b",\n1,\n[]");
    }
}

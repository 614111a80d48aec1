//! Documents that nothing can be done with, and files that are written object by object.

use quire_producer::schemas::{
    failure::ErrorCode,
    result::{JobStatus, ParseResult},
};

use crate::samples;

/// What may become of the child that draws a page without end.
pub const FAULTS_OF_A_CHILD: [&str; 3] = ["renderer_crashed", "renderer_timeout", "resource_limit"];

/// What is wrong with a document.
#[derive(Debug, Clone, Copy)]
pub enum Poison {
    /// Another kind of file.
    NotAPdf,
    /// Half of one.
    CutOff,
    /// One without pages.
    Pageless,
    /// One that needs a password, which the job does not give.
    Encrypted,
    /// Its first page never ends; the second is fine.
    Bomb,
}

impl Poison {
    /// Twenty of them; a bomb takes seconds of a renderer's time.
    pub const DOSES: [(Self, usize); 5] =
        [(Self::Bomb, 2), (Self::NotAPdf, 5), (Self::CutOff, 5), (Self::Pageless, 4), (Self::Encrypted, 4)];

    /// Returns such a document.
    #[must_use]
    pub fn document(self) -> Vec<u8> {
        match self {
            Self::NotAPdf => b"GIF89a and so on".to_vec(),
            Self::CutOff => {
                let whole = samples::report();
                whole[..whole.len() / 2].to_vec()
            }
            Self::Pageless => {
                let objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>"];
                pdf(&objects.map(str::to_owned))
            }
            Self::Encrypted => samples::encrypted(),
            Self::Bomb => bomb(),
        }
    }

    /// Returns what ends a job that has nothing to show, and is written on its dead letter.
    #[must_use]
    pub const fn buries_with(self) -> Option<ErrorCode> {
        match self {
            Self::NotAPdf => Some(ErrorCode::NotAPdf),
            Self::CutOff | Self::Pageless => Some(ErrorCode::InvalidDocument),
            Self::Encrypted => Some(ErrorCode::PasswordRequired),
            Self::Bomb => None,
        }
    }

    /// Says whether a result tells what was wrong, and nothing else.
    #[must_use]
    pub fn is_told_by(self, result: &ParseResult) -> bool {
        let codes: Vec<&str> = result.errors.iter().map(|error| error.code.as_str()).collect();
        match self.buries_with() {
            Some(code) => result.status == JobStatus::Failed && codes == [code.as_str()],
            None => {
                let mut pages = result.errors.iter().map(|error| error.page_number);
                result.status == JobStatus::PartialSuccess
                    && result.page_images.contains_key(&2)
                    && !codes.is_empty()
                    && codes.iter().all(|code| FAULTS_OF_A_CHILD.contains(code))
                    && pages.all(|page| page == Some(1))
            }
        }
    }
}

/// Builds a PDF of these objects; the first is the catalog.
#[must_use]
pub fn pdf(objects: &[String]) -> Vec<u8> {
    let (mut file, mut offsets) = ("%PDF-1.7\n".to_owned(), String::new());
    for (number, object) in (1..).zip(objects) {
        offsets += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let (table, size) = (file.len(), objects.len() + 1);
    file += &format!("xref\n0 {size}\n0000000000 65535 f \n{offsets}");
    file += &format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    file.into_bytes()
}

/// Builds a PDF of one page that carries files, each a stream of these entries and this content.
#[must_use]
pub fn carrying(files: &[(&str, &str)]) -> Vec<u8> {
    const FIRST: usize = 4;
    let named: Vec<String> =
        (0..files.len()).map(|index| format!("(file {index}) {} 0 R", FIRST + 2 * index)).collect();
    let mut objects = vec![
        format!("<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [{}] >> >> >>", named.join(" ")),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>".to_owned(),
    ];
    for (index, (entries, content)) in files.iter().enumerate() {
        let name = format!("../../result.json {index}");
        objects.push(format!("<< /Type /Filespec /F ({name}) /EF << /F {} 0 R >> >>", FIRST + 2 * index + 1));
        objects.push(stream(entries, content));
    }
    pdf(&objects)
}

pub(crate) fn stream(entries: &str, content: &str) -> String {
    format!("<< {entries} /Length {} >>\nstream\n{content}\nendstream", content.len())
}

/// Builds a PDF of two pages: the first draws a form that draws itself, and the next one twice, and so on.
#[must_use]
pub fn bomb() -> Vec<u8> {
    const FORMS: usize = 24;
    const FIRST: usize = 7;
    let page = |contents: usize, resources: &str| {
        let boxes = "/MediaBox [0 0 200 200]";
        format!("<< /Type /Page /Parent 2 0 R {boxes} /Contents {contents} 0 R /Resources << {resources} >> >>")
    };
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>".to_owned(),
        page(5, &format!("/XObject << /Next {FIRST} 0 R >>")),
        page(6, ""),
        stream("", "/Next Do"),
        stream("", "10 10 50 50 re f"),
    ];
    objects.extend((FIRST..FIRST + FORMS).map(|number| {
        let next = (number + 1).min(FIRST + FORMS - 1);
        let forms = format!("/XObject << /Self {number} 0 R /Next {next} 0 R >>");
        let entries = format!("/Type /XObject /Subtype /Form /BBox [0 0 200 200] /Resources << {forms} >>");
        stream(&entries, "/Self Do /Next Do /Next Do 0 0 9 9 re f")
    }));
    pdf(&objects)
}

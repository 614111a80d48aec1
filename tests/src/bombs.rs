//! Documents that cost far more than their bytes, each in its own way.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};

/// A document that costs more than it should.
#[derive(Debug)]
pub struct BombFile {
    pub name: &'static str,
    pub file: Vec<u8>,
    /// Error codes that its job or its first page may end with; empty if it must simply be done, within limits.
    pub codes: &'static [&'static str],
}

const COSTS_A_CHILD: &[&str] = &["renderer_crashed", "renderer_timeout", "resource_limit"];

/// Returns one of each kind.
#[must_use]
pub fn all() -> Vec<BombFile> {
    let bomb = |name, file, codes| BombFile { name, file, codes };
    vec![
        bomb("deflated content", deflated_content(), COSTS_A_CHILD),
        bomb("a form that draws itself", crate::documents::bomb(), COSTS_A_CHILD),
        bomb("forms that double", doubling_forms(), COSTS_A_CHILD),
        bomb("strokes without end", strokes(), COSTS_A_CHILD),
        bomb("a lie about its pages", page_count_lie(), &["too_many_pages", "invalid_document", "page_failed"]),
        bomb("a giant page", giant_page(), &["page_too_large", "page_failed"]),
        bomb("a giant unit", giant_unit(), &["page_too_large", "page_failed"]),
        bomb("an image of gigabytes", giant_image("FlateDecode"), COSTS_A_CHILD),
        bomb("a JBIG2 image", giant_image("JBIG2Decode"), COSTS_A_CHILD),
        bomb("a JPX image", giant_image("JPXDecode"), COSTS_A_CHILD),
        bomb("a font of loops", looping_font(), COSTS_A_CHILD),
        bomb("an outline without end", outline(), &[]),
        bomb("links and texts", links_and_texts(), COSTS_A_CHILD),
        bomb("a page of 400,000 paragraphs", paragraphs(400_000), COSTS_A_CHILD),
        bomb("form fields that refer to each other", form_fields(), COSTS_A_CHILD),
    ]
}

/// Writes objects of bytes; the first is the catalog.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let (mut file, mut offsets) = (b"%PDF-1.7\n".to_vec(), String::new());
    for (number, object) in (1..).zip(objects) {
        offsets += &format!("{:010} 00000 n \n", file.len());
        file.extend(format!("{number} 0 obj\n").into_bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let (table, size) = (file.len(), objects.len() + 1);
    file.extend(format!("xref\n0 {size}\n0000000000 65535 f \n{offsets}").into_bytes());
    file.extend(format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").into_bytes());
    file
}

fn text(object: impl Into<String>) -> Vec<u8> {
    object.into().into_bytes()
}

fn stream(entries: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("<< {entries} /Length {} >>\nstream\n", content.len());
    [head.as_bytes(), content, b"\nendstream"].concat()
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// A page with this content, these entries of the page and of its resources, and these objects from number 5 on. A second
/// page is plain.
fn page_of(content: Vec<u8>, page: &str, resources: &str, more: Vec<Vec<u8>>) -> Vec<u8> {
    let head = [
        text("<< /Type /Catalog /Pages 2 0 R >>"),
        text("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
        text(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << {resources} >> {page} >>"
        )),
        content,
    ];
    pdf(&head.into_iter().chain(more).collect::<Vec<_>>())
}

const FONT: &str = "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>";

/// Four kilobytes that become gigabytes: deflated twice.
fn deflated_content() -> Vec<u8> {
    let once = deflated(&b"0 0 m 9 9 l S \n".repeat(24 << 20 >> 4));
    let twice = deflated(&once.repeat(64));
    page_of(stream("/Filter [/FlateDecode /FlateDecode]", &twice), "", "", Vec::new())
}

fn doubling_forms() -> Vec<u8> {
    const FORMS: usize = 40;
    let forms = (0..FORMS).map(|form| {
        let next = 5 + (form + 1) % FORMS;
        let resources = if form + 1 < FORMS { format!("/XObject << /N {next} 0 R >>") } else { String::new() };
        let content: &[u8] = if form + 1 < FORMS { b"/N Do /N Do" } else { b"0 0 9 9 re f" };
        stream(&format!("/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << {resources} >>"), content)
    });
    page_of(stream("", b"/N Do"), "", "/XObject << /N 5 0 R >>", forms.collect())
}

/// Curves across the whole page, dashed and wide.
fn strokes() -> Vec<u8> {
    let mut content = b"40 w [1 1] 0 d 1 J\n".to_vec();
    for _ in 0..40_000 {
        content.extend(b"0 0 m 612 0 0 792 612 792 c S 612 0 m 0 0 612 792 0 792 c S\n");
    }
    page_of(stream("/Filter /FlateDecode", &deflated(&content)), "", "", Vec::new())
}

fn page_count_lie() -> Vec<u8> {
    pdf(&[
        text("<< /Type /Catalog /Pages 2 0 R >>"),
        text("<< /Type /Pages /Kids [3 0 R] /Count 1000000 >>"),
        text("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"),
    ])
}

fn giant_page() -> Vec<u8> {
    pdf(&[
        text("<< /Type /Catalog /Pages 2 0 R >>"),
        text("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
        text("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 2147483647] >>"),
    ])
}

fn giant_unit() -> Vec<u8> {
    page_of(stream("", b"0 0 612 792 re f"), "/UserUnit 1e30", "", Vec::new())
}

/// An image that claims 100,000 by 100,000 pixels.
fn giant_image(filter: &str) -> Vec<u8> {
    let data = match filter {
        "FlateDecode" => deflated(&vec![0; 64 << 20]),
        // The head of a page of JBIG2 of that size, and a generic region of it.
        "JBIG2Decode" => {
            let size = 100_000_u32.to_be_bytes();
            let page = [&[0, 0, 0, 0, 0x30, 0, 1, 0, 0, 0, 19][..], &size, &size, &[0; 8], &[0, 0, 0]].concat();
            let region = [&[0, 0, 0, 1, 38, 0, 1, 0xff, 0xff, 0xff, 0xff][..], &size, &size, &[0; 9], &[1]].concat();
            [page, region, vec![0x55; 4096]].concat()
        }
        // The head of a code stream of that size.
        _ => {
            let size = 100_000_u32.to_be_bytes();
            let mut head = vec![0xff, 0x4f, 0xff, 0x51, 0, 47, 0, 0];
            head.extend([&size[..], &size, &[0; 8], &size, &size, &[0; 8]].concat());
            head.extend([0, 3, 7, 1, 1, 7, 1, 1, 7, 1, 1]);
            head.extend([0xff, 0x90, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0x93]);
            head.extend([0x55; 4096]);
            head
        }
    };
    let space =
        if filter == "JBIG2Decode" { "/DeviceGray /BitsPerComponent 1" } else { "/DeviceRGB /BitsPerComponent 8" };
    let entries =
        format!("/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /ColorSpace {space} /Filter /{filter}");
    page_of(stream("", b"612 0 0 792 0 0 cm /I Do"), "", "/XObject << /I 5 0 R >>", vec![stream(&entries, &data)])
}

/// A font of Type 3 whose glyph draws itself.
fn looping_font() -> Vec<u8> {
    let font = "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /CharProcs << /a 6 0 R >> \
                /Encoding << /Type /Encoding /Differences [97 /a] >> /FirstChar 97 /LastChar 97 /Widths [9] \
                /Resources << /Font << /F 5 0 R >> >> >>";
    let glyph = stream("", &b"9 0 d0 BT /F 9 Tf (aaaaaaaa) Tj ET ".repeat(64));
    let content = stream("", &b"BT /F 9 Tf (aaaaaaaaaaaaaaaa) Tj ET ".repeat(2000));
    page_of(content, "", "/Font << /F 5 0 R >>", vec![text(font), glyph])
}

/// Bookmarks that lead back to the first one.
fn outline() -> Vec<u8> {
    pdf(&[
        text("<< /Type /Catalog /Pages 2 0 R /Outlines 4 0 R >>"),
        text("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
        text("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>"),
        text("<< /Type /Outlines /First 5 0 R /Last 6 0 R /Count 2 >>"),
        text(format!("<< /Title ({}) /Parent 4 0 R /Next 6 0 R /First 5 0 R /Last 6 0 R >>", "x".repeat(60_000))),
        text("<< /Title (b) /Parent 4 0 R /Next 5 0 R /First 5 0 R /Last 5 0 R >>"),
    ])
}

/// Twenty thousand links over twenty thousand words.
fn links_and_texts() -> Vec<u8> {
    let link = |at: usize| {
        let (x, y) = (at % 100 * 6, at / 100 * 3);
        format!(
            "<< /Type /Annot /Subtype /Link /Rect [{x} {y} {} {}] /A << /S /URI /URI (http://a/{at}) >> >>",
            x + 5,
            y + 2
        )
    };
    let links: Vec<String> = (0..20_000).map(link).collect();
    let mut content = b"BT /F 2 Tf ".to_vec();
    for at in 0..20_000_usize {
        content.extend(format!("1 0 0 1 {} {} Tm (word) Tj ", at % 100 * 6, at / 100 * 3).into_bytes());
    }
    content.extend(b"ET");
    let content = stream("/Filter /FlateDecode", &deflated(&content));
    page_of(content, &format!("/Annots [{}]", links.join(" ")), FONT, Vec::new())
}

/// Single letters, each far from every other.
fn paragraphs(count: usize) -> Vec<u8> {
    let mut content = b"BT /F 1 Tf ".to_vec();
    for at in 0..count {
        content.extend(format!("1 0 0 1 {} {} Tm (a) Tj ", at % 600 * 7, at / 600 * 11).into_bytes());
    }
    content.extend(b"ET");
    let content = stream("/Filter /FlateDecode", &deflated(&content));
    page_of(content, "", FONT, Vec::new())
}

/// Pages that never end, all with one content.
#[must_use]
pub fn many_slow_pages(count: usize) -> Vec<u8> {
    let kids: Vec<String> = (0..count).map(|page| format!("{} 0 R", 45 + page)).collect();
    let mut objects = vec![
        text("<< /Type /Catalog /Pages 2 0 R >>"),
        text(format!("<< /Type /Pages /Kids [{}] /Count {count} >>", kids.join(" "))),
        stream("", b"/N Do"),
    ];
    for form in 4..45 {
        let (resources, content): (String, &[u8]) = match form {
            44 => (String::new(), b"0 0 9 9 re f"),
            _ => (format!("/XObject << /N {} 0 R >>", form + 1), b"/N Do /N Do"),
        };
        let entries = format!("/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << {resources} >>");
        objects.push(stream(&entries, content));
    }
    for _ in 0..count {
        let boxes = "/MediaBox [0 0 612 792] /Contents 3 0 R /Resources << /XObject << /N 4 0 R >> >>";
        objects.push(text(format!("<< /Type /Page /Parent 2 0 R {boxes} >>")));
    }
    pdf(&objects)
}

/// Fields whose kids and parents are a circle, with a calculation order of all of them.
fn form_fields() -> Vec<u8> {
    let mut objects = vec![
        text(
            "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] /NeedAppearances true /CO [4 0 R 5 0 R] >> >>",
        ),
        text("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
        text("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Annots [4 0 R 5 0 R] >>"),
    ];
    for (own, other) in [(4, 5), (5, 4)] {
        objects.push(text(format!(
            "<< /Type /Annot /Subtype /Widget /FT /Tx /T ({own}) /Rect [0 0 600 700] /Parent {other} 0 R \
             /Kids [{other} 0 R {own} 0 R] /V ({}) /DA (/Helv 1 Tf) /Ff 4096 >>",
            "word ".repeat(20_000)
        )));
    }
    pdf(&objects)
}

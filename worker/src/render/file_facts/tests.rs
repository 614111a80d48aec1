//! Whole documents, built here, read and corrected.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

use hayro_syntax::{
    Pdf,
    object::{Dict, ObjectIdentifier},
};
use proptest::{collection::vec, prelude::*};
use quire_schemas::result::{Attachment, PdfBox};

use super::{
    super::{
        bounds::{MAX_ATTACHMENTS, MAX_BOOKMARK_TITLE_BYTES},
        protocol::DocumentCut,
    },
    Attachments, FileFacts, HiddenObjects, NotDecoded, Reading, read,
    tree::PageAt,
};

/// How a document lists its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Table,
    Stream,
    /// A stream, and all that can be is in an object stream.
    Packed,
    /// Nothing lists them.
    Scanned,
}

const FORMS: [Form; 4] = [Form::Table, Form::Stream, Form::Packed, Form::Scanned];

/// Writes a document of numbered objects; 1 is its catalogue, 900 and 901 are free for its own use.
fn document(objects: &[(u32, &str)], form: Form) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let is_packed = |text: &str| form == Form::Packed && !text.contains("stream");
    let mut entries = BTreeMap::new();
    let (mut heads, mut bodies, mut packed) = (String::new(), String::new(), Vec::new());
    for (number, text) in objects {
        if is_packed(text) {
            write!(heads, "{number} {} ", bodies.len()).expect("a string takes all");
            writeln!(bodies, "{text}").expect("a string takes all");
            packed.push(*number);
        } else {
            entries.insert(*number, (1, out.len(), 0));
            out.extend_from_slice(format!("{number} 0 obj\n{text}\nendobj\n").as_bytes());
        }
    }
    if form == Form::Packed {
        entries.insert(900, (1, out.len(), 0));
        entries.extend((0..).zip(&packed).map(|(index, number)| (*number, (2, 900, index))));
        let dict =
            format!("/Type/ObjStm/N {}/First {}/Length {}", packed.len(), heads.len(), heads.len() + bodies.len());
        out.extend_from_slice(format!("900 0 obj\n<<{dict}>>stream\n{heads}{bodies}\nendstream\nendobj\n").as_bytes());
    }
    let start = out.len();
    match form {
        Form::Table => {
            out.extend_from_slice(b"xref\n0 1\n0000000000 65535 f \n");
            for (number, (_, offset, _)) in &entries {
                out.extend_from_slice(format!("{number} 1\n{offset:010} 00000 n \n").as_bytes());
            }
            out.extend_from_slice(b"trailer\n<</Size 902/Root 1 0 R/ID[<00>(b)]>>\n");
        }
        Form::Stream | Form::Packed => {
            entries.insert(901, (1, start, 0));
            let (mut index, mut data) = (String::new(), Vec::new());
            for (number, (kind, place, position)) in &entries {
                write!(index, "{number} 1 ").expect("a string takes all");
                data.push(u8::try_from(*kind).expect("small"));
                data.extend_from_slice(&u32::try_from(*place).expect("small").to_be_bytes());
                data.extend_from_slice(&u16::try_from(*position).expect("small").to_be_bytes());
            }
            let dict = format!("/Type/XRef/Size 902/Root 1 0 R/W[1 4 2]/Index[{index}]/Length {}", data.len());
            out.extend_from_slice(format!("901 0 obj\n<<{dict}>>stream\n").as_bytes());
            out.extend_from_slice(&data);
            out.extend_from_slice(b"\nendstream\nendobj\n");
        }
        Form::Scanned => return out,
    }
    out.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
    out
}

const CATALOGUE: (u32, &str) = (1, "<</Type/Catalog/Pages 2 0 R>>");
const PAGE: &str = "<</Type/Page/Parent 2 0 R>>";

/// A document whose page tree's root is `root`, with three pages: 10, 11 and 12.
fn with_root(root: &str, form: Form) -> Vec<u8> {
    document(&[CATALOGUE, (2, root), (10, PAGE), (11, PAGE), (12, PAGE)], form)
}

fn read_bytes(file: &[u8]) -> Reading {
    read(&Arc::new(file.to_vec()), None)
}

fn facts(file: &[u8]) -> FileFacts {
    read_bytes(file).facts.expect("the file can be read")
}

fn page_numbers(facts: &FileFacts) -> Vec<u32> {
    let number = |at: &PageAt| match at {
        PageAt::Object(id) | PageAt::Kid { node: id, .. } => id.obj_number,
        PageAt::Nested => 0,
    };
    facts.pages.iter().map(number).collect()
}

/// Expects that a document has these pages before and after its correction, that each node of `counts`
/// states its count after it, and that nothing is left to correct.
#[track_caller]
fn expect_corrected(file: &[u8], pages: &[u32], counts: &[(u32, u32)]) {
    let first = read_bytes(file);
    assert_eq!(page_numbers(first.facts.as_ref().expect("the file can be read")), pages);
    let corrected = first.corrected.expect("something is wrong");
    assert!(corrected.starts_with(file), "the copy is no update of the file");
    let second = read_bytes(&corrected);
    assert_eq!(page_numbers(second.facts.as_ref().expect("the copy can be read")), pages);
    assert!(second.corrected.is_none(), "a second correction corrects more");
    let pdf = Pdf::new(corrected).expect("the reader takes the copy");
    for (node, count) in counts {
        let node = pdf.xref().get::<Dict<'_>>(ObjectIdentifier::new(*node, 0)).expect("the node is there");
        assert_eq!(node.get::<u32>("Count"), Some(*count));
    }
    // The reader's own list leaves out a page that stands in the tree again.
    let own: Vec<u32> = pdf.pages().iter().filter_map(|page| Some(page.raw().obj_id()?.obj_number)).collect();
    let mut once: Vec<u32> = Vec::new();
    pages.iter().for_each(|page| {
        if !once.contains(page) {
            once.push(*page)
        }
    });
    assert_eq!(own, once);
}

#[test]
fn a_right_tree_is_left_alone() {
    for form in FORMS {
        let reading = read_bytes(&with_root("<</Type/Pages/Kids[10 0 R 11 0 R 12 0 R]/Count 3>>", form));
        assert!(reading.corrected.is_none(), "{form:?}");
        assert_eq!(page_numbers(&reading.facts.expect("it can be read")), [10, 11, 12], "{form:?}");
    }
}

#[test]
fn a_wrong_count_is_corrected_however_objects_are_listed() {
    for form in FORMS {
        for count in ["/Count 1", "/Count 5", "/Count -3", "/Count 99999999999", "/Count(3)", ""] {
            let file = with_root(&format!("<</Type/Pages/Kids[10 0 R 11 0 R 12 0 R]{count}/X[(a)/b#20c 1.5]>>"), form);
            expect_corrected(&file, &[10, 11, 12], &[(2, 3)]);
        }
    }
}

#[test]
fn nested_counts_are_corrected_and_right_ones_stay() {
    for form in FORMS {
        let objects = [
            CATALOGUE,
            (2, "<</Kids[3 0 R 4 0 R]/Count 4>>"),
            (3, "<</Type/Pages/Parent 2 0 R/Kids[10 0 R]/Count 7>>"),
            (4, "<</Type/Pages/Parent 2 0 R/Kids[11 0 R 10 0 R 12 0 R]/Count 3>>"),
            (10, "<<>>"),
            (11, "<<>>"),
            (12, "<<>>"),
        ];
        let file = document(&objects, form);
        expect_corrected(&file, &[10, 11, 10, 12], &[(2, 4), (3, 1), (4, 3)]);
        let update = read_bytes(&file).corrected.expect("a copy")[file.len()..].to_vec();
        let update = String::from_utf8_lossy(&update).into_owned();
        assert!(update.contains("3 0 obj") && !update.contains("\n4 0 obj"), "{update}");
    }
}

#[test]
fn what_is_no_page_leaves_the_tree() {
    for form in FORMS {
        let file = with_root("<</Kids[null 10 0 R 77 0 R (a) 11 0 R 2 0 R 12 0 R]/Count 3>>", form);
        expect_corrected(&file, &[10, 11, 12], &[(2, 3)]);
    }
}

#[test]
fn a_damaged_file_keeps_the_pages_that_it_has_lost() {
    let root = "<</Kids[10 0 R 77 0 R 11 0 R 12 0 R]/Count 4>>";
    let reading = read_bytes(&with_root(root, Form::Scanned));
    assert!(reading.corrected.is_none());
    assert_eq!(page_numbers(&reading.facts.expect("it can be read")), [10, 77, 11, 12]);
    expect_corrected(&with_root(root, Form::Table), &[10, 11, 12], &[(2, 3)]);
}

#[test]
fn a_circle_is_cut_where_it_leads_back() {
    let objects = [
        CATALOGUE,
        (2, "<</Kids[3 0 R 4 0 R]/Count 9>>"),
        (3, "<</Kids[4 0 R 10 0 R]/Count 9>>"),
        (4, "<</Kids[3 0 R 11 0 R 2 0 R]/Count 9>>"),
        (10, PAGE),
        (11, PAGE),
    ];
    for form in FORMS {
        let file = document(&objects, form);
        let reading = read_bytes(&file);
        assert_eq!(page_numbers(&reading.facts.expect("it can be read")), [11, 10, 11], "{form:?}");
        let again = read_bytes(&reading.corrected.expect("something is wrong"));
        assert_eq!(page_numbers(&again.facts.expect("it can be read")), [11, 10, 11], "{form:?}");
        assert!(again.corrected.is_none(), "{form:?}");
    }
}

#[test]
fn kids_may_stand_elsewhere_and_pages_in_them() {
    let objects = [CATALOGUE, (2, "<</Kids 5 0 R/Count 1>>"), (5, "[10 0 R<</UserUnit 2>>null]"), (10, PAGE)];
    for form in FORMS {
        let reading = read_bytes(&document(&objects, form));
        let facts = reading.facts.expect("it can be read");
        assert_eq!(
            facts.pages,
            [PageAt::Object(ObjectIdentifier::new(10, 0)), PageAt::Kid { node: ObjectIdentifier::new(2, 0), index: 1 }]
        );
        assert_eq!(facts.page_area(1).user_unit, 2.0);
        assert!(read_bytes(&reading.corrected.expect("the count is wrong")).corrected.is_none());
    }
}

#[test]
fn a_root_that_is_a_page_is_the_only_one() {
    let facts = facts(&document(&[CATALOGUE, (2, "<</Type/Page/UserUnit 3/Contents 3 0 R>>")], Form::Table));
    assert_eq!((facts.page_count(), facts.page_area(0).user_unit), (1, 3.0));
}

#[test]
fn offsets_count_from_the_header() {
    let file = with_root("<</Kids[10 0 R 11 0 R 12 0 R]/Count 1>>", Form::Table);
    let file = [b"junk\n".repeat(180), file].concat();
    let reading = read_bytes(&file);
    let corrected = reading.corrected.expect("something is wrong");
    assert!(corrected.starts_with(&file));
    let update = String::from_utf8_lossy(&corrected[file.len()..]).into_owned();
    assert!(update.contains("/Prev "), "the section was not found: {update}");
    assert_eq!(page_numbers(&facts(&corrected)), [10, 11, 12]);
    assert!(read_bytes(&corrected).corrected.is_none());
}

#[test]
fn a_wrong_place_of_the_section_is_a_damage_that_is_corrected() {
    let file = with_root("<</Kids[10 0 R 11 0 R 12 0 R]/Count 1>>", Form::Table);
    let text = String::from_utf8(file).expect("ASCII");
    let (body, _) = text.split_once("startxref").expect("there is one");
    expect_corrected(format!("{body}startxref\n7\n%%EOF").as_bytes(), &[10, 11, 12], &[(2, 3)]);
}

#[test]
fn a_file_that_ends_in_the_middle_is_corrected() {
    let file = with_root("<</Kids[10 0 R 11 0 R 12 0 R]/Count 1>>", Form::Scanned);
    for end in ["13 0 obj\n<</Length 4000>>stream\nBT ", "13 0 obj\n(abc", "13 0 obj\n<</A[", "% ab", "xref\n0 9"] {
        expect_corrected(&[&file[..], end.as_bytes()].concat(), &[10, 11, 12], &[(2, 3)]);
    }
}

#[test]
fn an_encrypted_node_with_a_string_stays_as_it_is() {
    // No reader opens this one with a key, but the trailer says that strings are encrypted.
    let root = "<</Kids[10 0 R 11 0 R 12 0 R]/Count 1/X(a)>>";
    let text = String::from_utf8(with_root(root, Form::Table)).expect("ASCII");
    let file = text.replace("/Root 1 0 R", "/Encrypt 99 0 R/Root 1 0 R");
    let reading = read_bytes(file.as_bytes());
    assert!(reading.corrected.is_none() && reading.facts.is_some());
    let file = file.replace("/X(a)", "/X 1  ");
    assert!(read_bytes(file.as_bytes()).corrected.is_some());
}

#[test]
fn without_pages_there_is_nothing_to_tell() {
    for file in [b"".to_vec(), b"<html>".to_vec(), b"%PDF-1.7".to_vec(), with_root("<</Kids[]/Count 5>>", Form::Table)]
    {
        let reading = read_bytes(&file);
        assert!(reading.corrected.is_none() && reading.facts.is_none());
    }
}

#[test]
fn a_tree_that_is_too_large_or_too_deep_is_left_alone() {
    // Thirty nodes, each with the next one twice: a thousand million pages.
    let doubled: Vec<(u32, String)> =
        (2..32).map(|number| (number, format!("<</Kids[{0} 0 R {0} 0 R]/Count 1>>", number + 1))).collect();
    let deep: Vec<(u32, String)> = (2..100).map(|number| (number, format!("<</Kids[{} 0 R]>>", number + 1))).collect();
    for (nodes, page) in [(doubled, 32), (deep, 100)] {
        let nodes = nodes.iter().map(|(number, text)| (*number, text.as_str()));
        let objects: Vec<_> = [CATALOGUE, (page, PAGE)].into_iter().chain(nodes).collect();
        let reading = read_bytes(&document(&objects, Form::Table));
        assert!(reading.corrected.is_none() && reading.facts.is_none());
    }
}

#[test]
fn a_page_inherits_along_its_parents() {
    let objects = [
        CATALOGUE,
        (2, "<</Kids[3 0 R]/Count 2/MediaBox[0 0 9 9]/CropBox[1 1 8 8]/UserUnit 5/Rotate 450>>"),
        (3, "<</Parent 2 0 R/Kids[10 0 R 11 0 R]/Count 2/MediaBox[7 6 5 4]>>"),
        (10, "<</Parent 3 0 R/UserUnit 2/Rotate 180>>"),
        (11, "<</Parent 11 0 R>>"),
    ];
    let facts = facts(&document(&objects, Form::Packed));
    let first = facts.page_area(0);
    assert_eq!((first.user_unit, first.rotation_degrees), (2.0, Some(180)));
    assert_eq!(first.media_box, Some(PdfBox::new(5.0, 4.0, 7.0, 6.0)));
    assert_eq!(first.crop_box, Some(PdfBox::new(1.0, 1.0, 8.0, 8.0)));
    let second = facts.page_area(1);
    assert_eq!((second.user_unit, second.media_box), (1.0, None));
    assert_eq!(facts.page_area(2), second);
}

/// A page with groups 20 (on) and 21 (off), a picture 31, a font, and forms 30, 32.
fn layered(properties: &str, content: &str, layers: &str) -> Vec<u8> {
    let stream = |dict: &str, content: &str| format!("<<{dict}/Length {}>>stream\n{content}\nendstream", content.len());
    let form = stream("/Subtype/Form", "(in form) Tj 0 0 1 1 re f /I Do");
    let named = stream("/Subtype/Form/OC 21 0 R/Resources<<>>", "/F 9 Tf (a) Tj");
    let objects = [
        (1, format!("<</Pages 2 0 R/OCProperties<</OCGs[20 0 R 21 0 R]{layers}>>>>")),
        (2, "<</Kids[3 0 R]/Count 1>>".to_owned()),
        (
            3,
            format!(
                "<</Parent 2 0 R/Contents[4 0 R 4 0 R]/Resources<</Properties<<{properties}>>\
                 /XObject<</X 30 0 R/I 31 0 R/Off 32 0 R/Self 33 0 R>>>>>>"
            ),
        ),
        (4, stream("", content)),
        (20, "<</Type/OCG>>".to_owned()),
        (21, "<</Type/OCG>>".to_owned()),
        (22, "<</Type/OCG/Usage<</View<</ViewState/OFF>>>>>>".to_owned()),
        (30, form),
        (31, stream("/Subtype/Image", "")),
        (32, named),
        (33, stream("/Subtype/Form", "/Self Do")),
    ];
    let objects: Vec<_> = objects.iter().map(|(number, text)| (*number, text.as_str())).collect();
    document(&objects, Form::Table)
}

fn hidden(properties: &str, content: &str) -> Option<HiddenObjects> {
    // The page's content stands twice on it: half of the answer is enough.
    let mut hidden = facts(&layered(properties, content, "/D<</OFF[21 0 R]>>")).hidden_objects(0)?;
    for list in [&mut hidden.texts, &mut hidden.images, &mut hidden.paths] {
        assert_eq!(list.len() % 2, 0);
        list.truncate(list.len() / 2);
    }
    Some(hidden)
}

#[test]
fn what_lies_in_a_layer_that_is_off_is_hidden() {
    let found = hidden(
        "/On 20 0 R/Off 21 0 R",
        "/F 9 Tf (a) Tj /OC /Off BDC (b) Tj /OC /On BDC [(c)] TJ EMC /I Do BI /W 1 ID x EI 0 0 m 1 1 l S EMC (d) ' \
         /Span /Off BDC 1 1 (e) \" EMC /OC /On BDC (f) Tj EMC 1 1 m S",
    )
    .expect("a layer is off");
    assert_eq!(found.texts, [false, true, true, false, false, false]);
    assert_eq!((found.images, found.paths), (vec![true, true], vec![true]));
}

#[test]
fn a_text_that_shows_nothing_is_none() {
    let found = hidden("", "q (no font) Tj /F 9 Tf () Tj [] TJ [()] TJ [1] TJ [1 (a)(b)] TJ Q (lost font) Tj");
    assert_eq!(found.expect("a layer is off").texts, [false]);
}

#[test]
fn a_mark_without_properties_is_none_and_its_end_ends_the_mark_around_it() {
    let found = hidden("/Off 21 0 R", "/F 9 Tf /OC /Off BDC /OC /Missing BDC EMC (a) Tj EMC EMC (b) Tj");
    assert_eq!(found.expect("a layer is off").texts, [false, false]);
}

#[test]
fn forms_are_read_where_they_are_painted() {
    let found = hidden("/Off 21 0 R", "/F 9 Tf /X Do /OC /Off BDC /X Do EMC /Off Do (a) Tj").expect("a layer is off");
    assert_eq!(found.texts, [false, true, true, false]);
    assert_eq!((found.images, found.paths), (vec![false, true], vec![false, true]));
    assert_eq!(hidden("", "/Self Do"), None);
}

#[test]
fn a_membership_follows_its_groups() {
    let shown = |membership: &str| {
        let properties = format!("/M<</Type/OCMD{membership}>>");
        !hidden(&properties, "/F 9 Tf /OC /M BDC (a) Tj EMC").expect("a layer is off").texts[0]
    };
    let both = "/OCGs[20 0 R 21 0 R]";
    let expected = [("", true), ("/P/AnyOn", true), ("/P/AllOn", false), ("/P/AnyOff", true), ("/P/AllOff", false)];
    for (policy, is_shown) in expected {
        assert_eq!(shown(&format!("{both}{policy}")), is_shown, "{policy}");
    }
    assert!(shown("/OCGs[]/P/AllOff") && shown("") && !shown("/OCGs 21 0 R") && !shown("/OCGs[21 0 R null]"));
    assert!(!shown("/VE[/And 20 0 R 21 0 R]") && shown("/VE[/Or 21 0 R[/Not 21 0 R]]/OCGs 21 0 R"));
    assert!(shown("/VE[/Not 21 0 R]") && !shown("/VE[/Or]") && !shown("/VE[]") && !shown("/VE[/Not]"));
}

#[test]
fn the_configuration_decides_which_layers_are_off() {
    let is_off = |layers: &str, group: u32| {
        let file = layered(&format!("/G {group} 0 R"), "/F 9 Tf /OC /G BDC (a) Tj EMC", layers);
        facts(&file).hidden_objects(0).is_some_and(|hidden| hidden.texts[0])
    };
    assert!(!is_off("", 21) && !is_off("/D<<>>", 21));
    assert!(is_off("/D<</BaseState/OFF/ON[20 0 R]>>", 21) && !is_off("/D<</BaseState/OFF/ON[20 0 R]>>", 20));
    assert!(is_off("/D<</ON[21 0 R]/OFF[21 0 R]>>", 21));
    assert!(!is_off("/D<</OFF[21 0 R]>>/Configs[<</Intent/View>>]", 21));
    assert!(is_off("/D<</OFF[21 0 R]>>/Configs[<<>>]", 21));
    assert!(is_off("/D<</AS[<</Event/View/OCGs[21 0 R]/View<</ViewState/OFF>>>>]>>", 21));
    assert!(!is_off("/D<</AS[<</Event/Print/OCGs[21 0 R]/View<</ViewState/OFF>>>>]>>", 21));
    // A group that is not listed is shown, unless it says itself that it is not.
    assert!(is_off("/D<</OFF[21 0 R]>>", 22));
}

#[test]
fn embedded_files_are_found_once_wherever_they_are_named() {
    let file = "<</Subtype/text#2Fplain/Params<</Size 5>>/Length 5>>stream\nhello\nendstream";
    let objects = [
        (1, "<</Pages 2 0 R/Names<</EmbeddedFiles 5 0 R>>/AF[8 0 R 9 0 R]/Collection<<>>>>"),
        (2, "<</Kids[3 0 R]/Count 1>>"),
        (3, "<</Annots[<</Subtype/FileAttachment/FS<</F(c)/EF<</F 14 0 R>>>>>><</Subtype/Link/FS 8 0 R>>]>>"),
        (5, "<</Kids[6 0 R 5 0 R]>>"),
        (6, "<</Names[(key) 8 0 R(other) 7 0 R]>>"),
        (7, "<</F(web page)>>"),
        (8, "<</UF<FEFF00E4>/F(x)/Desc(what)/EF<</F 12 0 R/UF 12 0 R>>>>"),
        (9, "<</EF<</F 13 0 R>>>>"),
        (12, file),
        (13, "<</Length 3>>stream\nabc\nendstream"),
        (14, "<</Length 0>>stream\n\nendstream"),
    ];
    let facts = facts(&document(&objects, Form::Table));
    let attachments = facts.attachments();
    assert!(attachments.is_portfolio && attachments.count == 3);
    let first = Attachment {
        name: Some("ä".to_owned()),
        size_bytes: Some(5),
        media_type: Some("text/plain".to_owned()),
        description: Some("what".to_owned()),
        object: None,
    };
    assert_eq!(attachments.files[0], first);
    let names: Vec<_> = attachments.files.iter().map(|file| file.name.as_deref()).collect();
    assert_eq!(names, [Some("ä"), None, Some("c")]);
    assert_eq!(facts.attachment_bytes(0, 5).as_deref(), Ok(&b"hello"[..]));
    assert_eq!(facts.attachment_bytes(0, 4), Err(NotDecoded::TooLarge { read: 0 }));
    assert_eq!(facts.attachment_bytes(3, 9), Err(NotDecoded::Unreadable { read: 0 }));
    assert_eq!(attachments.cuts, BTreeSet::new());
}

/// A document that embeds streams, each with these entries and this content.
fn embedding(streams: &[(&str, &str)]) -> Vec<u8> {
    let number = |index: usize| 100 + 2 * u32::try_from(index).expect("few streams");
    let named = |index: usize| format!("(f{index}){} 0 R", number(index));
    let names: String = (0..streams.len()).map(named).collect();
    let root = format!("<</Pages 2 0 R/Names<</EmbeddedFiles<</Names[{names}]>>>>>>");
    let mut objects = vec![(1, root), (2, "<</Kids[10 0 R]/Count 1>>".to_owned()), (10, PAGE.to_owned())];
    for (index, (entries, content)) in streams.iter().enumerate() {
        let (own, stream) = (number(index), number(index) + 1);
        objects.push((own, format!("<</EF<</F {stream} 0 R>>>>")));
        objects.push((stream, format!("<<{entries}/Length {}>>stream\n{content}\nendstream", content.len())));
    }
    let objects: Vec<_> = objects.iter().map(|(number, text)| (*number, text.as_str())).collect();
    document(&objects, Form::Table)
}

#[test]
fn half_of_an_attachment_is_none_unless_it_has_the_size_that_is_stated() {
    // "a" deflated, in hexadecimal digits; the second and third lack the checksum at their end.
    let facts = facts(&embedding(&[
        ("/Filter[/AHx/Fl]", "789c4b040000620062>"),
        ("/Filter[/AHx/Fl]", "789c4b0400>"),
        ("/Filter[/AHx/Fl]/Params<</Size 1>>", "789c4b0400>"),
        ("/Filter/NoSuchFilter", "a"),
        ("/Filter/DCTDecode", "a"),
    ]));
    let bytes: Vec<_> = (0..5).map(|index| facts.attachment_bytes(index, 9)).collect();
    let unreadable = |read| Err(NotDecoded::Unreadable { read });
    assert_eq!(bytes, [Ok(b"a".to_vec()), unreadable(1), Ok(b"a".to_vec()), unreadable(1), unreadable(0)]);
}

#[test]
fn what_is_not_told_of_attachments_is_named() {
    let none = ("", "");
    assert_eq!(facts(&embedding(&vec![none; MAX_ATTACHMENTS])).attachments().cuts, BTreeSet::new());
    let many = facts(&embedding(&vec![none; MAX_ATTACHMENTS + 1]));
    let Attachments { files, count, cuts, .. } = many.attachments();
    assert_eq!((files.len(), *count), (MAX_ATTACHMENTS, u32::try_from(MAX_ATTACHMENTS).expect("small") + 1));
    assert_eq!(*cuts, BTreeSet::from([DocumentCut::Attachments]));

    let described = |bytes: usize| {
        let specification = format!("<</EF<</F 5 0 R>>/Desc({})>>", "x".repeat(bytes));
        let objects = [
            (1, "<</Pages 2 0 R/AF[4 0 R]>>"),
            (2, "<</Kids[10 0 R]/Count 1>>"),
            (4, specification.as_str()),
            (5, "<</Length 0>>stream\n\nendstream"),
            (10, PAGE),
        ];
        let facts = facts(&document(&objects, Form::Table));
        let Attachments { files, cuts, .. } = facts.attachments().clone();
        (files[0].description.as_ref().map(String::len), cuts)
    };
    assert_eq!(described(MAX_BOOKMARK_TITLE_BYTES), (Some(MAX_BOOKMARK_TITLE_BYTES), BTreeSet::new()));
    let cut = BTreeSet::from([DocumentCut::AttachmentTexts]);
    assert_eq!(described(MAX_BOOKMARK_TITLE_BYTES + 1), (Some(MAX_BOOKMARK_TITLE_BYTES), cut));
}

#[test]
fn a_search_for_attachments_that_ends_early_says_so() {
    let nodes: Vec<(u32, String)> = (20..80).map(|number| (number, format!("<</Kids[{} 0 R]>>", number + 1))).collect();
    let fixed = [
        (1, "<</Pages 2 0 R/Names<</EmbeddedFiles 20 0 R>>>>"),
        (2, "<</Kids[10 0 R]/Count 1>>"),
        (10, PAGE),
        (80, "<</Names[(a)81 0 R]>>"),
        (81, "<</EF<</F 82 0 R>>>>"),
        (82, "<</Length 0>>stream\n\nendstream"),
    ];
    let nodes = nodes.iter().map(|(number, text)| (*number, text.as_str()));
    let objects: Vec<_> = fixed.into_iter().chain(nodes).collect();
    let facts = facts(&document(&objects, Form::Table));
    let Attachments { count, cuts, .. } = facts.attachments();
    assert_eq!((*count, cuts), (0, &BTreeSet::from([DocumentCut::AttachmentSearch])));
}

/// Asks for everything.
fn exhaust(file: &[u8]) -> Option<Vec<u8>> {
    let reading = read_bytes(file);
    if let Some(facts) = &reading.facts {
        for index in 0..4 {
            facts.page_area(index);
            facts.hidden_objects(index);
            facts.structure_texts(index);
            facts.glyph_names(index);
            let _ = facts.attachment_bytes(usize::try_from(index).unwrap_or_default(), 1000);
        }
        facts.attachments();
    }
    reading.corrected
}

proptest! {
    #[test]
    fn no_damage_breaks_the_reading_or_outlives_its_correction(
        form in 0_usize..4,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        let objects = [
            (1, "<</Pages 2 0 R/OCProperties<</OCGs[20 0 R]/D<</OFF[20 0 R]>>>>/AF[7 0 R]>>"),
            (2, "<</Kids[3 0 R 4 0 R]/Count 1/MediaBox[0 0 9 9]>>"),
            (3, "<</Parent 2 0 R/Kids[10 0 R 11 0 R]/Count 2>>"),
            (4, "<</Parent 2 0 R/Kids[10 0 R 3 0 R]/Count 2>>"),
            (7, "<</EF<</F 8 0 R>>>>"),
            (8, "<</Length 3>>stream\nabc\nendstream"),
            (10, "<</Contents 8 0 R/Parent 3 0 R/Resources<</Properties<</P 20 0 R>>>>>>"),
            (11, "<</Contents 12 0 R/UserUnit 2>>"),
            (12, "<</Length 40>>stream\n/OC /P BDC (a) Tj EMC /X Do BI ID x EI   \nendstream"),
            (20, "<</Type/OCG>>"),
        ];
        let mut file = document(&objects, FORMS[form]);
        for (place, byte) in &changes {
            let place = place.index(file.len());
            file[place] = *byte;
        }
        if let Some(corrected) = exhaust(&file) {
            prop_assert!(exhaust(&corrected).is_none(), "a second correction corrects more");
        }
    }

    #[test]
    fn no_damage_breaks_the_reading_of_structure_and_names(
        form in 0_usize..4,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        let objects = [
            (1, "<</Pages 2 0 R/StructTreeRoot 30 0 R>>"),
            (2, "<</Kids[10 0 R]/Count 1>>"),
            (10, "<</Contents 12 0 R/StructParents 0/Resources<</Font<</F 13 0 R/G 14 0 R>>>>>>"),
            (12, "<</Length 30>>stream\n/F 9 Tf (a) Tj /G 9 Tf (b) Tj  \nendstream"),
            (13, "<</Subtype/Type3/Encoding<</Differences[1/f_i/uniFB03]>>>>"),
            (14, "<</Subtype/Type1/FontDescriptor<</FontFile 15 0 R>>>>"),
            (15, "<</Length 31>>stream\n/Encoding 1 array dup 1 /f_i put\nendstream"),
            (30, "<</ParentTree<</Kids[<</Limits[0 1]/Nums[0[31 0 R 33 0 R]]>>]>>>>"),
            (31, "<</P 32 0 R/ActualText(a)/K[0]/Pg 10 0 R>>"),
            (32, "<</P 30 0 R/ActualText(b)/K 31 0 R>>"),
            (33, "<</P 33 0 R/ActualText(c)/K[33 0 R]>>"),
        ];
        let mut file = document(&objects, FORMS[form]);
        for (place, byte) in &changes {
            let place = place.index(file.len());
            file[place] = *byte;
        }
        exhaust(&file);
    }
}

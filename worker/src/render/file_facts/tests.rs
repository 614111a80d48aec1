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
    Attachments, FileFacts, HiddenObjects, MAX_OPEN_FORMS, NotDecoded, Reading, read,
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
        assert_eq!(facts.user_unit(1), 2.0);
        assert!(read_bytes(&reading.corrected.expect("the count is wrong")).corrected.is_none());
    }
}

#[test]
fn a_root_that_is_a_page_is_the_only_one() {
    let facts = facts(&document(&[CATALOGUE, (2, "<</Type/Page/UserUnit 3/Contents 3 0 R>>")], Form::Table));
    assert_eq!((facts.page_count(), facts.user_unit(0)), (1, 3.0));
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
    assert_eq!((facts.user_unit(0), first.rotation_degrees), (2.0, Some(180)));
    assert_eq!(first.media_box, Some(PdfBox::new(5.0, 4.0, 7.0, 6.0)));
    assert_eq!(first.crop_box, Some(PdfBox::new(1.0, 1.0, 8.0, 8.0)));
    let second = facts.page_area(1);
    assert_eq!((facts.user_unit(1), second.media_box), (1.0, None));
    assert_eq!(facts.page_area(2), second);
}

/// A page with the groups 20 and 21 and these resources.
fn with_page(layers: &str, resources: &str, content: &str, more: &[(u32, &str)]) -> Vec<u8> {
    let page = [
        (1, format!("<</Pages 2 0 R/OCProperties<</OCGs[20 0 R 21 0 R]{layers}>>>>")),
        (2, format!("<</Kids[3 0 R]/Count 1/Resources<<{resources}>>>>")),
        (3, "<</Parent 2 0 R/Contents 4 0 R>>".to_owned()),
        (4, format!("<</Length {}>>stream\n{content}\nendstream", content.len())),
        (20, "<</Type/OCG>>".to_owned()),
        (21, "<</Type/OCG>>".to_owned()),
    ];
    let own: BTreeMap<u32, &str> = page.iter().map(|(number, text)| (*number, text.as_str())).collect();
    let all: Vec<_> = own.into_iter().chain(more.iter().copied()).collect::<BTreeMap<_, _>>().into_iter().collect();
    document(&all, Form::Table)
}

/// A page with groups 20 (on) and 21 (off), a picture 31, a font, forms 30, 32, and shadings.
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
                 /XObject<</X 30 0 R/I 31 0 R/Off 32 0 R/Self 33 0 R>>\
                 /Shading<</S<</ShadingType 2/ColorSpace/DeviceRGB/Function 35 0 R>>/Mesh 34 0 R\
                 /NoMesh<</ShadingType 4/ColorSpace/DeviceRGB>>/NoSpace<</ShadingType 2/Function 35 0 R>>\
                 /NoType<</ColorSpace/DeviceRGB/Function 35 0 R>>/Pattern<</ShadingType 2/ColorSpace/Pattern>>>>>>>>"
            ),
        ),
        (4, stream("", content)),
        (20, "<</Type/OCG>>".to_owned()),
        (21, "<</Type/OCG>>".to_owned()),
        (22, "<</Type/OCG/Usage<</View<</ViewState/OFF>>>>>>".to_owned()),
        (30, form),
        (31, stream("/Subtype/Image", "")),
        (32, named),
        (33, stream("/Subtype/Form", "0 0 1 1 re f /Self Do")),
        (34, stream("/ShadingType 4/ColorSpace[/ICCBased 35 0 R]", "")),
    ];
    let objects: Vec<_> = objects.iter().map(|(number, text)| (*number, text.as_str())).collect();
    document(&objects, Form::Table)
}

fn hidden(properties: &str, content: &str) -> Option<HiddenObjects> {
    // The page's content stands twice on it: half of the answer is enough.
    let mut hidden = facts(&layered(properties, content, "/D<</OFF[21 0 R]>>")).hidden_objects(0)?;
    for list in [&mut hidden.texts, &mut hidden.images, &mut hidden.paths, &mut hidden.shadings] {
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
    // A form inside itself is painted until too many are open.
    let found = hidden("/Off 21 0 R", "/F 9 Tf /Self Do /OC /Off BDC (a) Tj EMC").expect("a layer is off");
    assert_eq!((found.paths.len(), found.texts), (MAX_OPEN_FORMS, vec![true]));
}

#[test]
fn a_shading_is_hidden_with_its_layer() {
    let found = hidden(
        "/Off 21 0 R",
        "/S sh /OC /Off BDC /S sh /Mesh sh EMC /NoMesh sh /NoSpace sh /NoType sh /Pattern sh /Missing sh (S) sh sh",
    );
    assert_eq!(found.expect("a layer is off").shadings, [false, true, true]);
}

#[test]
fn a_picture_a_form_and_what_is_in_it_are_hidden_by_their_own_layers() {
    let file = with_page(
        "/D<</OFF[21 0 R]>>",
        "/XObject<</I 40 0 R/In 41 0 R/Out 42 0 R/M 43 0 R>>",
        "/I Do /In Do /Out Do /M Do 0 0 1 1 re f",
        &[
            (40, "<</Subtype/Image/OC 50 0 R/Length 0>>stream\n\nendstream"),
            (41, "<</Subtype/Form/Length 8>>stream\n/Out Do \nendstream"),
            (42, "<</Subtype/Form/OC 21 0 R/Length 14>>stream\n0 0 1 1 re f  \nendstream"),
            (43, "<</Subtype/Image/OC<</Type/OCMD/OCGs[20 0 R]/P/AllOff>>/Length 0>>stream\n\nendstream"),
            (50, "<</Type/OCMD/VE[/Not[/Or 20 0 R 21 0 R]]>>"),
        ],
    );
    let found = facts(&file).hidden_objects(0).expect("a layer is off");
    assert_eq!((found.images, found.paths), (vec![true, true], vec![true, true, false]));
}

#[test]
fn a_membership_hides_although_every_group_is_on() {
    let hides = |layers: &str| {
        let file = layered("/M<</Type/OCMD/OCGs 20 0 R/VE[/Not 20 0 R]>>", "/F 9 Tf /OC /M BDC (a) Tj EMC", layers);
        facts(&file).hidden_objects(0).map(|found| found.texts)
    };
    assert_eq!(hides("/D<<>>"), Some(vec![true, true]));
}

#[test]
fn conditions_and_forms_that_lead_back_to_themselves_end() {
    let shows = |condition: &str| {
        let properties = format!("/M<</Type/OCMD/VE{condition}>>");
        let file = layered(&properties, "/F 9 Tf /OC /M BDC (a) Tj EMC /Twice Do", "/D<</OFF[21 0 R]>>");
        let file = String::from_utf8(file).expect("ASCII");
        // In a file that is searched objects need no place.
        let (objects, _) = file.split_once("xref\n").expect("there is one");
        let more = "60 0 obj[/Or 21 0 R 60 0 R]endobj 61 0 obj[/Or 61 0 R 61 0 R 61 0 R]endobj trailer <</Root 1 0 R>>";
        facts(format!("{objects}{more}").as_bytes()).hidden_objects(0).map(|found| !found.texts[0])
    };
    assert_eq!((shows("[/And 20 0 R]"), shows("[/Or 60 0 R]")), (Some(true), Some(false)));
    // Three to the thirtieth power of parts: nothing is known.
    assert_eq!(shows("[/Or 61 0 R 61 0 R 61 0 R]"), None);
    assert_eq!((shows("[/And 20 0 R 99 0 R]"), shows("[/And 99 0 R 20 0 R]")), (Some(true), Some(false)));
    assert_eq!((shows("[/And 20 0 R null]"), shows("[/Not 99 0 R]")), (Some(false), Some(false)));
}

#[test]
fn a_long_list_of_kids_is_read_once() {
    // Reading it for each page would take minutes, and the runner ends a test that does.
    // A page each for 30,000 references and 30,000 dictionaries in the list; asked for, each is found or given up.
    let kids = format!("<</Kids[{}{}]/Count 60000>>", "10 0 R ".repeat(30_000), "<</UserUnit 2>>".repeat(30_000));
    let file = document(&[CATALOGUE, (2, &kids), (10, "<</Parent 2 0 R>>")], Form::Table);
    let facts = facts(&file);
    assert_eq!((facts.page_count(), facts.user_unit(29_999), facts.user_unit(30_000)), (60_000, 1.0, 2.0));
    for index in 0..30_000 {
        facts.hidden_objects(index);
        facts.page_area(index);
    }
    for index in 40_000..60_000 {
        assert!(facts.hidden_objects(index).is_none());
    }
}

#[test]
fn without_layers_a_group_has_its_own_word() {
    let group = (20, "<</Type/OCG/Usage<</View<</ViewState/OFF>>>>>>");
    let content = "/F 9 Tf /OC /G BDC (a) Tj EMC (b) Tj";
    let file = with_page("", "/Properties<</G 20 0 R>>", content, &[group]);
    let file = String::from_utf8(file).expect("ASCII").replace("/OCProperties", "/Without_____");
    assert_eq!(facts(file.as_bytes()).hidden_objects(0).map(|found| found.texts), Some(vec![true, false]));
}

#[test]
fn resources_may_stand_in_the_page_or_be_an_object() {
    let content = "<</Length 34>>stream\n/F 9 Tf /OC /Off BDC (a) Tj EMC     \nendstream";
    let read = |page: &str, node: &str| {
        let objects = [
            (1, "<</Pages 2 0 R/OCProperties<</OCGs[21 0 R]/D<</OFF[21 0 R]>>>>>>"),
            (2, node),
            (3, page),
            (4, content),
            (5, "<</Properties<</Off 21 0 R>>>>"),
            (21, "<</Type/OCG>>"),
        ];
        facts(&document(&objects, Form::Packed)).hidden_objects(0).map(|found| found.texts)
    };
    let hidden = Some(vec![true]);
    let plain = "<</Kids[3 0 R]/Count 1>>";
    assert_eq!(read("<</Parent 2 0 R/Contents 4 0 R/Resources 5 0 R>>", plain), hidden);
    assert_eq!(read("<</Contents 4 0 R/Resources<</Properties<</Off 21 0 R>>>>>>", plain), hidden);
    let node = "<</Kids[3 0 R]/Count 1/Resources 5 0 R/Parent 2 0 R>>";
    assert_eq!(read("<</Parent 2 0 R/Contents 4 0 R>>", node), hidden);
    assert_eq!(read("<</Parent 2 0 R/Contents 4 0 R/Resources<<>>>>", node), None);
    assert_eq!(read("<</Parent 2 0 R/Contents 4 0 R>>", plain), None);
}

#[test]
fn only_a_page_whose_resources_can_hide_something_is_read() {
    let form = |resources: &str| format!("<</Subtype/Form/Resources<<{resources}>>/Length 0>>stream\n\nendstream");
    let is_read = |resources: &str, inner: &str| {
        let (one, other) = (form("/XObject<</B 41 0 R>>"), form(&format!("/XObject<</A 40 0 R>>{inner}")));
        let file = with_page("/D<</OFF[21 0 R]>>", resources, "", &[(40, one.as_str()), (41, other.as_str())]);
        let facts = facts(&file);
        let first = facts.hidden_objects(0).is_some();
        assert_eq!(facts.hidden_objects(0).is_some(), first, "asked again");
        first
    };
    assert!(!is_read("", "") && !is_read("/Properties<</On 20 0 R>>", ""));
    assert!(is_read("/Properties<</On 20 0 R/Off 21 0 R>>", ""));
    // Two forms that paint each other.
    assert!(!is_read("/XObject<</A 40 0 R>>", "/Properties<</On 20 0 R>>"));
    assert!(is_read("/XObject<</A 40 0 R>>", "/Properties<</Off 21 0 R>>"));
    assert!(is_read("/XObject<</B 41 0 R/A 40 0 R>>", "/Properties<</Off 21 0 R>>"));
    // One object as resources, which hide nothing, and as the names in them, which do.
    let objects = [
        (1, "<</Pages 2 0 R/OCProperties<</OCGs[21 0 R]/D<</OFF[21 0 R]>>>>>>"),
        (2, "<</Kids[3 0 R 4 0 R]/Count 2>>"),
        (3, "<</Resources 5 0 R>>"),
        (4, "<</Resources<</Properties 5 0 R>>>>"),
        (5, "<</Off 21 0 R>>"),
        (21, "<</Type/OCG>>"),
    ];
    let facts = facts(&document(&objects, Form::Table));
    assert_eq!([0, 1].map(|index| facts.hidden_objects(index).is_some()), [false, true]);
}

#[test]
fn a_text_has_the_font_that_its_form_its_page_or_a_node_above_names() {
    let form = |resources: &str, content: &str| {
        format!("<</Subtype/Form{resources}/Length {}>>stream\n{content}\nendstream", content.len())
    };
    let without_fonts = form("/Resources<<>>", "(in) Tj /F 9 Tf (a) Tj /G 9 Tf (b) Tj");
    let with_fonts = form("/Resources<</Font<</F 51 0 R>>>>", "(in) Tj /F 9 Tf (a) Tj");
    // Its marks are in no layer, and its layers are not asked.
    let content =
        "(none) Tj /F 9 Tf (a) Tj /OC /Missing BDC /In Do EMC /Own Do (b) Tj /In Do q /G 9 Tf (c) Tj Q (d) Tj";
    let file = with_page(
        "",
        "/Font<</F 50 0 R>>/XObject<</In 40 0 R/Own 41 0 R>>",
        content,
        &[
            (40, without_fonts.as_str()),
            (41, with_fonts.as_str()),
            (50, "<</Subtype/Type3/Encoding<</Differences[1/f_i]>>>>"),
            (51, "<</Subtype/Type3/Encoding<</Differences[1/T_h]>>>>"),
        ],
    );
    let names = facts(&file).glyph_names(0).expect("the page is read");
    let found: Vec<_> = (0..names.text_count()).map(|text| names.of_code(text, 1).unwrap_or_default()).collect();
    let in_form = ["fi", "fi", ""];
    let expected = [&["fi"][..], &in_form, &["fi", "Th", "fi"], &in_form, &["", "fi"]].concat();
    assert_eq!(found, expected);
}

#[test]
fn a_font_has_one_place_however_often_it_is_named() {
    let font = |name: &str| format!("<</Subtype/Type3/Encoding<</Differences[1/{name}]>>>>");
    let fonts = format!("/Font<</F{}/G{}>>", font("f_i"), font("T_h"));
    let content = format!("{}/G 9 Tf (b) Tj", "/F 9 Tf (a) Tj ".repeat(20_000));
    let names = facts(&with_page("", &fonts, &content, &[])).glyph_names(0).expect("the page is read");
    assert_eq!(
        (names.text_count(), names.of_code(19_999, 1).as_deref(), names.of_code(20_000, 1).as_deref()),
        (20_001, Some("fi"), Some("Th"))
    );
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
            facts.user_unit(index);
            facts.hidden_objects(index);
            facts.tagged_content(index);
            facts.glyph_names(index);
            facts.composite_fonts(index);
            let _ = facts.attachment_bytes(usize::try_from(index).unwrap_or_default(), 1000);
        }
        facts.attachments();
        facts.needs_appearances();
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
            (30, "<</RoleMap<</Own/H1>>/ParentTree<</Kids[<</Limits[0 1]/Nums[0[31 0 R 33 0 R]]>>]>>>>"),
            (31, "<</S/Own/P 32 0 R/ActualText(a)/K[0]/Pg 10 0 R>>"),
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

#[test]
fn a_form_may_ask_for_its_fields_to_be_drawn_anew() {
    for (form, needed) in
        [("/AcroForm<</NeedAppearances true>>", true), ("/AcroForm 7 0 R", true), ("/AcroForm<<>>", false), ("", false)]
    {
        let root = format!("<</Pages 2 0 R{form}>>");
        let (tree, page) = ("<</Kids[3 0 R]/Count 1>>", "<</Parent 2 0 R>>");
        let objects = [(1, root.as_str()), (2, tree), (3, page), (7, "<</NeedAppearances true>>")];
        let facts = read_bytes(&document(&objects, Form::Table)).facts.expect("it can be read");
        assert_eq!(facts.needs_appearances(), needed, "{form}");
    }
}

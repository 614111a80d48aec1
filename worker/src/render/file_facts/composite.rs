//! Which fonts of a page have codes of their own making, such as numbers of glyphs, and in which the codes are Unicode
//! values all the same. Pure.

use std::collections::{BTreeSet, HashSet};

use hayro_syntax::{
    object::{Array, Dict, Object, ObjectIdentifier, Stream},
    xref::XRef,
};

use super::{
    decode::decoded,
    values::{Entry, resolve, text},
};

/// How many fonts and forms are looked at.
const MAX_ENTRIES: usize = 10_000;
/// How many fonts a composite font is looked for in; the format has one.
const MAX_DESCENDANTS: usize = 4;
/// A map that says nothing but that every code is its own value is shorter.
const MAX_MAP_BYTES: usize = 4_096;
/// Maps that are looked at.
const MAX_MAPS: usize = 200;

/// The composite fonts of a page by name: those in which a code is no character unless a map says so.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::render) struct CompositeFonts {
    /// All of them.
    pub(in crate::render) names: BTreeSet<String>,
    /// Those of which the file says that every code is the Unicode value of its character.
    pub(in crate::render) of_unicode: BTreeSet<String>,
}

/// Finds the composite fonts of a page, given by its resources, and of the forms in it.
pub(super) fn fonts<'a>(xref: &'a XRef, resources: Dict<'a>) -> CompositeFonts {
    let mut waiting = vec![resources];
    let (mut found, mut passed) = (CompositeFonts::default(), HashSet::<ObjectIdentifier>::new());
    let (mut entries, mut maps) = (MAX_ENTRIES, MAX_MAPS);
    while let Some(resources) = waiting.pop() {
        for font in values(&resources, "Font", &mut entries) {
            if let Some(Object::Dict(font)) = resolve(xref, font) {
                found.add(xref, &font, &mut maps);
            }
        }
        for painted in values(&resources, "XObject", &mut entries) {
            if painted.as_obj_ref().is_none_or(|id| passed.insert(id.into())) {
                waiting.extend(resolve(xref, painted).and_then(Object::into_stream).and_then(|form| own(&form)));
            }
        }
    }
    found
}

type Value<'a> = hayro_syntax::object::MaybeRef<Object<'a>>;

/// Lists what a category of resources holds, as long as entries are left.
fn values<'a>(resources: &Dict<'a>, category: &str, left: &mut usize) -> Vec<Value<'a>> {
    let Some(category) = resources.get::<Dict<'a>>(category) else { return Vec::new() };
    let values: Vec<Value<'a>> = category.entries().take(*left).map(|(_, value)| value).collect();
    *left -= values.len();
    values
}

/// Returns the resources that a form has of its own.
fn own<'a>(form: &Stream<'a>) -> Option<Dict<'a>> {
    form.dict().get("Resources")
}

impl CompositeFonts {
    /// Adds a font if it is composite, under its own name, and that of the font in it, which libpdfium tells.
    fn add<'a>(&mut self, xref: &'a XRef, font: &Dict<'a>, maps: &mut usize) {
        if text(font, "Subtype").as_deref() != Some(b"Type0") {
            return;
        }
        let inner = font.get::<Array<'a>>("DescendantFonts");
        let inner = inner.iter().flat_map(Array::raw_iter).take(MAX_DESCENDANTS);
        let inner: Vec<Dict<'a>> = inner.filter_map(|item| Some(Entry::item(xref, item)?.dict)).collect();
        let names = inner.iter().chain([font]).map(name).filter(|name| !name.is_empty());
        let names: Vec<String> = names.collect();
        if has_unicode_codes(font, &inner, maps) {
            self.of_unicode.extend(names.iter().cloned());
        }
        self.names.extend(names);
    }
}

/// Says whether a font states that its codes are Unicode values. A name in the place of the map says so only if the
/// codes are no numbers of glyphs: many files have that name and no values.
fn has_unicode_codes(font: &Dict<'_>, inner: &[Dict<'_>], maps: &mut usize) -> bool {
    match font.get::<Object<'_>>("ToUnicode") {
        Some(Object::Name(name)) => {
            name.starts_with(b"Identity") && inner.iter().any(|font| font.get::<Stream<'_>>("CIDToGIDMap").is_some())
        }
        Some(Object::Stream(map)) if *maps > 0 && map.raw_data().len() <= MAX_MAP_BYTES => {
            *maps -= 1;
            decoded(&map, MAX_MAP_BYTES).is_some_and(|map| is_identity(&map))
        }
        _ => false,
    }
}

/// Says whether a map gives every code of two bytes its own value.
fn is_identity(map: &[u8]) -> bool {
    let dense: Vec<u8> = map.iter().filter(|byte| !byte.is_ascii_whitespace()).map(u8::to_ascii_lowercase).collect();
    dense.windows(IDENTITY.len()).any(|part| part == IDENTITY)
}

const IDENTITY: &[u8] = b"beginbfrange<0000><ffff><0000>";

/// Returns the name of a font as libpdfium's is read: a text in UTF-8 or, if it cannot be, Latin-1.
fn name(font: &Dict<'_>) -> String {
    let bytes = text(font, "BaseFont").unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use super::{super::read, *};

    fn names(resources: &str, objects: &[&str]) -> BTreeSet<String> {
        fonts(resources, objects).names
    }

    /// The fonts of a document of one page with these resources, and objects from number 4 on.
    fn fonts(resources: &str, objects: &[&str]) -> CompositeFonts {
        let page = format!("<</Type/Page/Parent 2 0 R/Resources{resources}>>");
        let first = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", &page];
        let mut file = "%PDF-1.7\n".to_owned();
        for (number, object) in (1..).zip(first.iter().chain(objects)) {
            file += &format!("{number} 0 obj\n{object}\nendobj\n");
        }
        file += "trailer\n<</Size 99/Root 1 0 R>>\n%%EOF\n";
        read(&Arc::new(file.into_bytes()), None).facts.expect("the file can be read").composite_fonts(0)
    }

    #[test]
    fn composite_fonts_are_named_and_simple_ones_are_not() {
        let found = names(
            "<</Font<</A 4 0 R/B<</Subtype/TrueType/BaseFont/Simple>>/C 99 0 R/D<</Subtype/Type0>>>>>>",
            &[
                "<</Type/Font/Subtype/Type0/BaseFont/ABCDEF+Sans-Identity-H/DescendantFonts[5 0 R]>>",
                "<</Type/Font/Subtype/CIDFontType2/BaseFont/ABCDEF+S#61ns>>",
            ],
        );
        assert_eq!(found, ["ABCDEF+Sans", "ABCDEF+Sans-Identity-H"].map(str::to_owned).into());
    }

    #[test]
    fn codes_are_values_if_a_map_says_so_or_they_are_no_numbers_of_glyphs() {
        let of = |map: &str, glyphs: &str| {
            let font = format!("<</Subtype/Type0/BaseFont/Outer/DescendantFonts[5 0 R]/ToUnicode {map}>>");
            let inner = format!("<</Subtype/CIDFontType2/BaseFont/Inner/CIDToGIDMap {glyphs}>>");
            let stream = |content: &str| format!("<</Length {}>>stream\n{content}\nendstream", content.len());
            let maps = [
                stream(
                    "1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfrange\n<0000> <FFFF> <0000>\nendbfrange",
                ),
                stream("1 beginbfrange <0000> <FFFE> <0020> endbfrange"),
                stream("glyphs"),
            ];
            let objects = [&font, &inner, &maps[0], &maps[1], &maps[2]].map(String::as_str);
            fonts("<</Font<</A 4 0 R>>>>", &objects).of_unicode.len()
        };
        assert_eq!([of("/Identity-H", "8 0 R"), of("/Identity-H", "/Identity"), of("/Other", "8 0 R")], [2, 0, 0]);
        assert_eq!([of("6 0 R", "/Identity"), of("7 0 R", "8 0 R"), of("null", "8 0 R")], [2, 0, 0]);
    }

    #[test]
    fn fonts_of_forms_are_found_also_if_a_form_is_inside_itself() {
        let form = "<</Subtype/Form/Length 0/Resources<</XObject<</Me 4 0 R/Next 5 0 R>>>>>>stream\n\nendstream";
        let inner = "<</Subtype/Form/Length 0/Resources<</Font<</A 6 0 R>>>>>>stream\n\nendstream";
        let found = names("<</XObject<</Form 4 0 R>>>>", &[form, inner, "<</Subtype/Type0/BaseFont/Inner>>"]);
        assert_eq!(found, ["Inner".to_owned()].into());
        assert_eq!(names("null", &[]), BTreeSet::new());
    }
}

//! Which fonts of a page have codes of their own making, such as numbers of glyphs. Pure.

use std::collections::{BTreeSet, HashSet};

use hayro_syntax::{
    object::{Array, Dict, Object, ObjectIdentifier, Stream},
    xref::XRef,
};

use super::values::{Entry, resolve, text};

/// How many fonts and forms are looked at.
const MAX_ENTRIES: usize = 10_000;
/// How many fonts a composite font is looked for in; the format has one.
const MAX_DESCENDANTS: usize = 4;

/// Lists the names of the composite fonts of a page, given by its resources, and of the forms in it: those in which a code is no character unless
/// a map says so.
pub(super) fn names<'a>(xref: &'a XRef, resources: Dict<'a>) -> BTreeSet<String> {
    let mut waiting = vec![resources];
    let (mut found, mut passed) = (BTreeSet::new(), HashSet::<ObjectIdentifier>::new());
    let mut entries = MAX_ENTRIES;
    while let Some(resources) = waiting.pop() {
        for font in values(&resources, "Font", &mut entries) {
            if let Some(Object::Dict(font)) = resolve(xref, font) {
                found.extend(names_of(xref, &font));
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

/// Returns the names of a font if it is composite: its own, and that of the font in it, which libpdfium tells.
fn names_of<'a>(xref: &'a XRef, font: &Dict<'a>) -> Vec<String> {
    if text(font, "Subtype").as_deref() != Some(b"Type0") {
        return Vec::new();
    }
    let inner = font.get::<Array<'a>>("DescendantFonts");
    let inner = inner.iter().flat_map(Array::raw_iter).take(MAX_DESCENDANTS);
    let inner = inner.filter_map(|item| Some(Entry::item(xref, item)?.dict));
    inner.chain([font.clone()]).map(|font| name(&font)).filter(|name| !name.is_empty()).collect()
}

/// Returns the name of a font as libpdfium's is read: a text in UTF-8 or, if it cannot be, Latin-1.
fn name(font: &Dict<'_>) -> String {
    let bytes = text(font, "BaseFont").unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use super::super::read;

    /// A document of one page with these resources, and objects from number 4 on.
    fn names(resources: &str, objects: &[&str]) -> BTreeSet<String> {
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
    fn fonts_of_forms_are_found_also_if_a_form_is_inside_itself() {
        let form = "<</Subtype/Form/Length 0/Resources<</XObject<</Me 4 0 R/Next 5 0 R>>>>>>stream\n\nendstream";
        let inner = "<</Subtype/Form/Length 0/Resources<</Font<</A 6 0 R>>>>>>stream\n\nendstream";
        let found = names("<</XObject<</Form 4 0 R>>>>", &[form, inner, "<</Subtype/Type0/BaseFont/Inner>>"]);
        assert_eq!(found, ["Inner".to_owned()].into());
        assert_eq!(names("null", &[]), BTreeSet::new());
    }
}

//! JSON objects and strings that stay text: only what is looked at is read, and what is not changed is written as it
//! came. Pure.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error, MapAccess, Unexpected, Visitor},
    ser::SerializeMap,
};
use serde_json::value::{RawValue, to_raw_value};

/// An element has fewer.
const LIKELY_FIELDS: usize = 16;

/// The fields of a JSON object in their order. Each holds the text of its value, so that a page in memory takes no
/// more than its bytes, whatever they say. A field that is `null` counts as absent.
#[derive(Debug)]
pub(super) struct JsonFields<'a>(Vec<(Cow<'a, str>, Cow<'a, RawValue>)>);

/// A string as JSON has it: escaped, without its quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonText<'a>(&'a str);

impl JsonFields<'_> {
    /// Returns the text of a field.
    pub(super) fn raw(&self, name: &str) -> Option<&RawValue> {
        let (_, value) = self.0.iter().find(|(found, _)| found == name)?;
        Some(&**value).filter(|value| value.get() != "null")
    }

    /// Reads a field.
    pub(super) fn get<T: DeserializeOwned>(&self, name: &str) -> serde_json::Result<Option<T>> {
        self.raw(name).map(|value| serde_json::from_str(value.get())).transpose()
    }

    /// Reads a field that is never absent.
    pub(super) fn require<T: DeserializeOwned>(&self, name: &'static str) -> serde_json::Result<T> {
        self.get(name)?.ok_or_else(|| Error::missing_field(name))
    }

    /// Reads a field that is an object.
    pub(super) fn fields(&self, name: &str) -> serde_json::Result<Option<JsonFields<'_>>> {
        self.raw(name).map(|value| serde_json::from_str(value.get())).transpose()
    }

    /// Returns a field that is a string.
    pub(super) fn text(&self, name: &str) -> serde_json::Result<Option<JsonText<'_>>> {
        self.raw(name).map(JsonText::of).transpose()
    }

    /// Writes a field.
    pub(super) fn set(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) -> serde_json::Result<()> {
        self.put(name, Some(to_raw_value(value)?));
        Ok(())
    }

    /// Writes a field, or removes it.
    pub(super) fn put(&mut self, name: &'static str, value: Option<Box<RawValue>>) {
        let place = self.0.iter().position(|(found, _)| found == name);
        match (place, value) {
            (Some(place), Some(value)) => self.0[place].1 = Cow::Owned(value),
            (None, Some(value)) => self.0.push((Cow::Borrowed(name), Cow::Owned(value))),
            (Some(place), None) => drop(self.0.remove(place)),
            (None, None) => {}
        }
    }

    /// Changes every object of a list; does nothing if there is no such list.
    pub(super) fn edit_list(
        &mut self,
        name: &'static str,
        mut edit: impl FnMut(&mut JsonFields<'_>) -> serde_json::Result<()>,
    ) -> serde_json::Result<()> {
        let Some(list) = self.raw(name) else { return Ok(()) };
        let mut edited = String::with_capacity(list.get().len());
        for fields in ObjectList::of(list)? {
            let mut fields = fields?;
            edit(&mut fields)?;
            edited.push(if edited.is_empty() { '[' } else { ',' });
            edited.push_str(&serde_json::to_string(&fields)?);
        }
        if !edited.is_empty() {
            self.put(name, Some(RawValue::from_string(edited + "]")?));
        }
        Ok(())
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns how many bytes its names and values have.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.get().len()).sum()
    }
}

/// Says whether an element is one of the local engine.
pub(super) fn is_local(element: &JsonFields<'_>) -> serde_json::Result<bool> {
    let native = element.fields("native")?;
    Ok(native.is_some_and(|native| native.raw("engine").is_some_and(|engine| engine.get() == r#""pdfium""#)))
}

/// Reads the objects of a JSON list one by one. After an error there is nothing more to read.
#[derive(Debug, Clone)]
pub(super) struct ObjectList<'a> {
    /// The rest of the list, without its beginning.
    rest: &'a str,
}

impl<'a> ObjectList<'a> {
    pub(super) fn of(list: &'a RawValue) -> serde_json::Result<Self> {
        let rest = list.get().strip_prefix('[');
        rest.map(|rest| Self { rest }).ok_or_else(|| Error::invalid_type(Unexpected::Other("no list"), &"a list"))
    }
}

impl<'a> Iterator for ObjectList<'a> {
    type Item = serde_json::Result<JsonFields<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.trim_start();
        let rest = rest.strip_prefix(',').unwrap_or(rest);
        if rest.trim_start().starts_with(']') {
            return None;
        }
        let mut values = serde_json::Deserializer::from_str(rest).into_iter();
        let object = values.next()?;
        self.rest = if object.is_ok() { &rest[values.byte_offset()..] } else { "" };
        Some(object)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for JsonFields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EachField)
    }
}

impl Serialize for JsonFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            fields.serialize_entry(name, value)?;
        }
        fields.end()
    }
}

struct EachField;

/// A name may be escaped as well.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for EachField {
    type Value = JsonFields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(LIKELY_FIELDS);
        while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
            fields.push((name, Cow::Borrowed(value)));
        }
        Ok(JsonFields(fields))
    }
}

impl<'a> JsonText<'a> {
    fn of(value: &'a RawValue) -> serde_json::Result<Self> {
        let quoted = value.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        quoted.map(Self).ok_or_else(|| Error::invalid_type(Unexpected::Other("no string"), &"a string"))
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Returns its bytes in JSON, which are no fewer than those of the text.
    pub(super) const fn len(self) -> usize {
        self.0.len()
    }

    /// Hands the text out in pieces: it is never held unescaped as a whole.
    pub(super) fn each_piece<E>(self, mut take: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        let mut rest = self.0;
        while let Some(place) = rest.find('\\') {
            take(&rest[..place])?;
            let (character, after) = unescape(&rest[place + 1..]);
            take(character.encode_utf8(&mut [0; 4]))?;
            rest = after;
        }
        take(rest)
    }
}

/// Reads the character that stands behind a backslash, and returns the rest too.
fn unescape(text: &str) -> (char, &str) {
    let mut characters = text.chars();
    let character = match characters.next() {
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => return unescape_code(characters.as_str()),
        // A quote, a backslash or a slash.
        Some(other) => other,
        None => char::REPLACEMENT_CHARACTER,
    };
    (character, characters.as_str())
}

/// Reads the character whose code follows. One beyond the first 65,536 is written as a pair of codes.
fn unescape_code(text: &str) -> (char, &str) {
    let Some((first, rest)) = code(text) else { return (char::REPLACEMENT_CHARACTER, text) };
    if let Some(character) = char::from_u32(first.into()) {
        return (character, rest);
    }
    let pair = rest.strip_prefix("\\u").and_then(code).and_then(|(second, rest)| {
        let character = char::decode_utf16([first, second]).next()?.ok()?;
        Some((character, rest))
    });
    pair.unwrap_or((char::REPLACEMENT_CHARACTER, rest))
}

fn code(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> JsonFields<'_> {
        serde_json::from_str(json).expect("an object")
    }

    fn unescaped(json: &str) -> String {
        let value: &RawValue = serde_json::from_str(json).expect("JSON");
        let mut text = String::new();
        let taken = JsonText::of(value).expect("a string").each_piece(|piece| text.write_str(piece));
        taken.expect("a string takes everything");
        text
    }

    #[test]
    fn what_is_not_changed_is_written_as_it_came() {
        let json = r#"{"id":"a","number":1.50,"extra":{"b":[1, {}]},"none":null}"#;
        assert_eq!(serde_json::to_string(&read(json)).expect("JSON"), json);
    }

    #[test]
    fn a_field_is_set_in_its_place_added_at_the_end_or_removed() {
        let mut fields = read(r#"{"a":1,"b":2,"\u0063":3}"#);
        fields.set("a", "x").expect("a string");
        fields.set("d", &4).expect("a number");
        fields.put("c", None);
        fields.put("e", None);
        assert_eq!(serde_json::to_string(&fields).expect("JSON"), r#"{"a":"x","b":2,"d":4}"#);
    }

    #[test]
    fn a_field_is_read_as_what_it_is_asked_for() {
        let fields = read(r#"{"number":7,"none":null,"inner":{"text":"a b"}}"#);
        assert_eq!(fields.require::<u32>("number").expect("a number"), 7);
        assert_eq!(fields.get::<u32>("none").expect("it is absent"), None);
        assert!(fields.require::<u32>("none").is_err() && fields.get::<u32>("inner").is_err());
        assert!(fields.text("number").is_err() && fields.fields("number").is_err());
        let inner = fields.fields("inner").expect("an object").expect("it is there");
        assert_eq!(inner.text("text").expect("a string").map(JsonText::is_empty), Some(false));
    }

    #[test]
    fn objects_of_a_list_are_changed_in_their_places() {
        let mut fields = read(r#"{"list":[ {"a":1} , {"b":[2]}],"none":null,"empty":[],"other":{}}"#);
        let mut count = 0;
        let mut number = |fields: &mut JsonFields<'_>| {
            count += 1;
            fields.set("n", &count)
        };
        for name in ["list", "none", "empty", "absent"] {
            fields.edit_list(name, &mut number).expect("a list");
        }
        assert!(fields.edit_list("other", &mut number).is_err());
        let expected = r#"{"list":[{"a":1,"n":1},{"b":[2],"n":2}],"none":null,"empty":[],"other":{}}"#;
        assert_eq!(serde_json::to_string(&fields).expect("JSON"), expected);
        assert!(read("{}").is_empty() && !fields.is_empty());
    }

    #[test]
    fn half_of_a_pair_of_codes_is_no_character() {
        assert_eq!(unescaped(r#""\ud83d\ude00\u0041\/""#), "\u{1f600}A/");
        assert_eq!(unescaped(r#""\ud83dA\ude00\u0041""#), "\u{fffd}A\u{fffd}A");
        assert_eq!(unescaped(r#""\ud83d\u0041""#), "\u{fffd}A");
    }

    proptest! {
        #[test]
        fn every_string_comes_out_as_it_was(text in "(?s).{0,80}") {
            prop_assert_eq!(&unescaped(&serde_json::to_string(&text).expect("a string")), &text);
            let codes: String = text.encode_utf16().map(|code| format!("\\u{code:04x}")).collect();
            prop_assert_eq!(&unescaped(&format!("\"{codes}\"")), &text);
        }
    }
}

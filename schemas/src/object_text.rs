//! A free-form JSON object that is kept as text: its memory is its bytes. As values, small objects in a list take a hundred
//! times their bytes.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
    ser::Error as _,
};
use serde_json::{Map, Value, value::RawValue};

/// An object of at most `MAX` bytes as compact JSON, in its canonical form: keys sorted, no white space. A larger one is
/// not kept; [`Self::excess`] says how large it is.
#[derive(Clone, PartialEq, Eq)]
pub struct ObjectText<const MAX: usize> {
    text: Box<str>,
    excess: Option<usize>,
}

const EMPTY: &str = "{}";

impl<const MAX: usize> ObjectText<MAX> {
    /// Says whether it has no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        &*self.text == EMPTY && self.excess.is_none()
    }

    /// Returns its canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns how many bytes it has, if they are more than `MAX`.
    #[must_use]
    pub const fn excess(&self) -> Option<usize> {
        self.excess
    }

    /// Makes values of it, which the caller drops soon.
    #[must_use]
    pub fn read(&self) -> Map<String, Value> {
        serde_json::from_str(&self.text).expect("it was written from an object")
    }

    /// Changes its values.
    pub fn update(&mut self, change: impl FnOnce(&mut Map<String, Value>)) {
        let mut fields = self.read();
        change(&mut fields);
        *self = fields.into();
    }
}

impl<const MAX: usize> Default for ObjectText<MAX> {
    fn default() -> Self {
        Self { text: EMPTY.into(), excess: None }
    }
}

impl<const MAX: usize> From<Map<String, Value>> for ObjectText<MAX> {
    fn from(fields: Map<String, Value>) -> Self {
        let text = serde_json::to_string(&fields).expect("an object has string keys only");
        match text.len() {
            length if length > MAX => Self { excess: Some(length), ..Self::default() },
            _ => Self { text: text.into(), excess: None },
        }
    }
}

impl<const MAX: usize> FromIterator<(String, Value)> for ObjectText<MAX> {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        Map::from_iter(fields).into()
    }
}

/// Without its content, which may hold secrets.
impl<const MAX: usize> fmt::Debug for ObjectText<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectText({} bytes)", self.excess.unwrap_or(self.text.len()))
    }
}

impl<const MAX: usize> Serialize for ObjectText<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.text.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for ObjectText<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if !raw.get().trim_start().starts_with('{') {
            return Err(D::Error::custom("not an object"));
        }
        // Measured before a value is made of it.
        let mut bytes = 0;
        let mut reader = serde_json::Deserializer::from_str(raw.get());
        Measure(&mut bytes).deserialize(&mut reader).map_err(D::Error::custom)?;
        if bytes > MAX {
            return Ok(Self { excess: Some(bytes), ..Self::default() });
        }
        let fields: Map<String, Value> = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        Ok(fields.into())
    }
}

/// Counts the bytes of a value as compact JSON, and keeps nothing of it.
struct Measure<'a>(&'a mut usize);

impl Measure<'_> {
    fn add(&mut self, bytes: usize) {
        *self.0 = self.0.saturating_add(bytes);
    }

    fn add_number(&mut self, number: impl Serialize) {
        self.add(serde_json::to_string(&number).map_or(0, |text| text.len()));
    }
}

/// Returns the length of a text in JSON: quotes, escapes of two bytes and of six.
fn length_of_text(text: &str) -> usize {
    let of_byte = |byte: u8| match byte {
        b'"' | b'\\' | 0x08 | 0x09 | 0x0a | 0x0c | 0x0d => 2,
        0..0x20 => 6,
        _ => 1,
    };
    2 + text.bytes().map(of_byte).sum::<usize>()
}

impl<'de> DeserializeSeed<'de> for Measure<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Measure<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(mut self) -> Result<(), E> {
        self.add("null".len());
        Ok(())
    }

    fn visit_bool<E>(mut self, value: bool) -> Result<(), E> {
        self.add(if value { "true".len() } else { "false".len() });
        Ok(())
    }

    fn visit_i64<E>(mut self, value: i64) -> Result<(), E> {
        self.add_number(value);
        Ok(())
    }

    fn visit_u64<E>(mut self, value: u64) -> Result<(), E> {
        self.add_number(value);
        Ok(())
    }

    fn visit_f64<E>(mut self, value: f64) -> Result<(), E> {
        self.add_number(value);
        Ok(())
    }

    fn visit_str<E>(mut self, value: &str) -> Result<(), E> {
        self.add(length_of_text(value));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let bytes = self.0;
        let mut count = 0_usize;
        while items.next_element_seed(Measure(bytes))?.is_some() {
            count += 1;
        }
        Measure(bytes).add(2 + count.saturating_sub(1));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let bytes = self.0;
        let mut count = 0_usize;
        while fields.next_key_seed(Measure(bytes))?.is_some() {
            fields.next_value_seed(Measure(bytes))?;
            count += 1;
        }
        Measure(bytes).add(2 + count + count.saturating_sub(1));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Text = ObjectText<64>;

    #[test]
    fn an_object_is_kept_in_its_canonical_form() {
        let text: Text =
            serde_json::from_str("{ \"b\": [1, 2.50],\n \"a\" : {\"\\u00e9\": null} }").expect("an object");
        assert_eq!(text.as_str(), "{\"a\":{\"é\":null},\"b\":[1,2.5]}");
        assert_eq!(serde_json::to_string(&text).expect("JSON"), text.as_str());
        assert_eq!(serde_json::to_value(&text).expect("JSON"), Value::Object(text.read()));
        assert!(serde_json::from_str::<Text>("[]").is_err() && serde_json::from_str::<Text>("{\"a\":}").is_err());
        assert!(serde_json::from_str::<Text>("{}").expect("an object").is_empty());
        assert!(serde_json::from_value::<Text>(serde_json::json!({ "a": 1 })).is_ok());
    }

    #[test]
    fn a_larger_one_is_measured_and_not_kept() {
        let json = format!("{{\"a\": [{}]}}", "{\"a\":0}, ".repeat(99) + "{}");
        let text: Text = serde_json::from_str(&json).expect("an object");
        assert_eq!((text.as_str(), text.excess()), ("{}", Some(json.replace(' ', "").len())));
        assert!(!text.is_empty());
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC*|[\\x00-\\x1f\"\\\\]*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_is_measured_as_it_is_written(value in any_value()) {
            let json = value.to_string();
            // A number may read back as its neighbour.
            let again: Value = serde_json::from_str(&json).expect("JSON");
            let mut bytes = 0;
            let mut reader = serde_json::Deserializer::from_str(&json);
            Measure(&mut bytes).deserialize(&mut reader).expect("JSON");
            prop_assert_eq!(bytes, again.to_string().len());
        }
    }
}

//! Objects of a document as PDF text again, for nodes that are written anew. Pure.

use hayro_syntax::object::{Array, Dict, MaybeRef, Number, Object};

/// How deep the values of a page tree's node may nest.
const MAX_DEPTH: usize = 16;

/// What happens to strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strings {
    /// They are written.
    Plain,
    /// They would have to be encrypted again: nothing is written.
    Refused,
}

/// Writes a dictionary without the entries that `skip` names; `more` is written behind the others.
/// `None` if it holds what cannot be written.
pub(super) fn write_dict(
    out: &mut Vec<u8>,
    dict: &Dict<'_>,
    skip: &[&[u8]],
    more: &[u8],
    strings: Strings,
) -> Option<()> {
    out.extend_from_slice(b"<<");
    write_entries(out, dict, skip, strings, 0)?;
    out.extend_from_slice(more);
    out.extend_from_slice(b">>");
    Some(())
}

fn write_entries(out: &mut Vec<u8>, dict: &Dict<'_>, skip: &[&[u8]], strings: Strings, depth: usize) -> Option<()> {
    for (key, value) in dict.entries().filter(|(key, _)| !skip.contains(&key.as_ref())) {
        write_name(out, &key);
        out.push(b' ');
        write_value(out, &value, strings, depth)?;
    }
    Some(())
}

/// Writes the items of an array but those whose places are `dropped`, which ascend.
pub(super) fn write_array(out: &mut Vec<u8>, array: &Array<'_>, dropped: &[u32], strings: Strings) -> Option<()> {
    write_items(out, array, dropped, strings, 0)
}

fn write_items(out: &mut Vec<u8>, array: &Array<'_>, dropped: &[u32], strings: Strings, depth: usize) -> Option<()> {
    out.push(b'[');
    for (index, item) in (0_u32..).zip(array.raw_iter()) {
        if dropped.binary_search(&index).is_err() {
            write_value(out, &item, strings, depth)?;
            out.push(b' ');
        }
    }
    out.push(b']');
    Some(())
}

fn write_value(out: &mut Vec<u8>, value: &MaybeRef<Object<'_>>, strings: Strings, depth: usize) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    match value {
        MaybeRef::Ref(reference) => out.extend_from_slice(reference.to_string().as_bytes()),
        MaybeRef::NotRef(Object::Null(_)) => out.extend_from_slice(b"null"),
        MaybeRef::NotRef(Object::Boolean(value)) => out.extend_from_slice(value.to_string().as_bytes()),
        MaybeRef::NotRef(Object::Number(number)) => write_number(out, *number)?,
        MaybeRef::NotRef(Object::Name(name)) => write_name(out, name),
        MaybeRef::NotRef(Object::String(_)) if strings == Strings::Refused => return None,
        MaybeRef::NotRef(Object::String(string)) => {
            out.push(b'<');
            string.iter().for_each(|byte| write_hex(out, *byte));
            out.push(b'>');
        }
        MaybeRef::NotRef(Object::Array(array)) => write_items(out, array, &[], strings, depth + 1)?,
        MaybeRef::NotRef(Object::Dict(dict)) => {
            out.extend_from_slice(b"<<");
            write_entries(out, dict, &[], strings, depth + 1)?;
            out.extend_from_slice(b">>");
        }
        MaybeRef::NotRef(Object::Stream(_)) => return None,
    }
    Some(())
}

fn write_number(out: &mut Vec<u8>, number: Number) -> Option<()> {
    let value = number.as_f64();
    if !value.is_finite() {
        return None;
    }
    // `Display` of a float uses no exponent, which PDF does not know.
    let text = if value.fract() == 0.0 && value.abs() < 9e18 { number.as_i64().to_string() } else { value.to_string() };
    out.extend_from_slice(text.as_bytes());
    Some(())
}

fn write_name(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'/');
    for byte in name {
        if byte.is_ascii_alphanumeric() || b"-_.+*:;,'".contains(byte) {
            out.push(*byte);
        } else {
            out.push(b'#');
            write_hex(out, *byte);
        }
    }
}

fn write_hex(out: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

#[cfg(test)]
mod tests {
    use hayro_syntax::object::FromBytes;

    use super::*;

    fn rewritten(dict: &[u8], strings: Strings) -> Option<String> {
        let dict = Dict::from_bytes(dict).expect("a dictionary");
        let mut out = Vec::new();
        write_dict(&mut out, &dict, &[b"Count"], b"/Count 3", strings)?;
        Some(String::from_utf8(out).expect("ASCII"))
    }

    #[test]
    fn a_dictionary_keeps_its_other_entries() {
        let text = rewritten(b"<</B[1 -2.50 (a) null true<</C 3 1 R>>]/Count 9/A#20b/x>>", Strings::Plain);
        assert_eq!(text.as_deref(), Some("<</A#20b /x/B [1 -2.5 <61> null true <</C 3 1 R>> ]/Count 3>>"));
    }

    #[test]
    fn a_string_that_would_have_to_be_encrypted_is_refused() {
        assert_eq!(rewritten(b"<</B[[(a)]]>>", Strings::Refused), None);
        assert_eq!(rewritten(b"<</B[[/a]]>>", Strings::Refused).as_deref(), Some("<</B [[/a ] ]/Count 3>>"));
    }

    #[test]
    fn values_that_nest_without_end_are_refused() {
        let nested = format!("<</B{}{}>>", "[".repeat(40), "]".repeat(40));
        assert_eq!(rewritten(nested.as_bytes(), Strings::Plain), None);
    }
}

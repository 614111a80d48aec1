//! Small readings of values that several parts need. Pure.

use hayro_syntax::{
    object::{Dict, MaybeRef, Object, ObjectIdentifier},
    xref::XRef,
};

/// Reads an entry that is a name or a string, as libpdfium takes one for the other.
pub(super) fn text(dict: &Dict<'_>, key: &str) -> Option<Vec<u8>> {
    bytes(&dict.get::<Object<'_>>(key)?)
}

/// Returns the bytes of a name or a string.
pub(super) fn bytes(value: &Object<'_>) -> Option<Vec<u8>> {
    match value {
        Object::Name(name) => Some(name.to_vec()),
        Object::String(string) => Some(string.to_vec()),
        _ => None,
    }
}

/// Finds the object behind a reference, and keeps what is none.
pub(super) fn resolve<'a>(xref: &'a XRef, value: MaybeRef<Object<'a>>) -> Option<Object<'a>> {
    match value {
        MaybeRef::Ref(reference) => xref.get(reference.into()),
        MaybeRef::NotRef(value) => Some(value),
    }
}

/// A dictionary, and the object that it is.
#[derive(Clone)]
pub(super) struct Entry<'a> {
    /// Its object, unless it stands inside another one.
    pub(super) id: Option<ObjectIdentifier>,
    /// The dictionary.
    pub(super) dict: Dict<'a>,
}

impl<'a> Entry<'a> {
    /// Reads an entry of a dictionary.
    pub(super) fn of(dict: &Dict<'a>, key: impl AsRef<[u8]>) -> Option<Self> {
        let id = dict.get_ref(key.as_ref()).map(ObjectIdentifier::from);
        Some(Self { id, dict: dict.get(key)? })
    }

    /// Reads an item of an array.
    pub(super) fn item(xref: &'a XRef, item: MaybeRef<Object<'a>>) -> Option<Self> {
        let id = item.as_obj_ref().map(ObjectIdentifier::from);
        match resolve(xref, item)? {
            Object::Dict(dict) => Some(Self { id, dict }),
            Object::Stream(stream) => Some(Self { id, dict: stream.dict().clone() }),
            _ => None,
        }
    }
}

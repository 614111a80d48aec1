//! Enums whose set of wire values may grow without breaking an old reader.

/// Defines an enum that is a string on the wire and keeps a value it does not know.
///
/// Each variant names its wire value. A value outside that list becomes `Other(String)` and is
/// written back as it was read, so a reader of an older version may pass on a newer result. The
/// JSON Schema is an open string that lists the known values as examples, never a closed `enum`:
/// a validator built from an old schema must not refuse a new value.
///
/// Make values from strings with `From`, not with `Other`: `Other` of a known name is not equal
/// to that name's variant.
macro_rules! open_enum {
    (
        $(#[doc = $doc:literal])+
        $vis:vis enum $name:ident {
            $( $(#[doc = $variant_doc:literal])* $variant:ident => $wire:literal ),+ $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        $vis enum $name {
            $( $(#[doc = $variant_doc])* $variant, )+
            /// A value that this version does not know, as it was written.
            Other(String),
        }

        impl $name {
            /// The wire values this version knows, in the order of the variants.
            pub const KNOWN: &'static [&'static str] = &[$($wire),+];

            /// Returns the wire value.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $wire, )+
                    Self::Other(value) => value,
                }
            }
        }

        impl ::core::convert::From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $( $wire => Self::$variant, )+
                    _ => Self::Other(value.to_owned()),
                }
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error>
            where
                S: ::serde::Serializer,
            {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D>(deserializer: D) -> ::core::result::Result<Self, D::Error>
            where
                D: ::serde::Deserializer<'de>,
            {
                <::std::string::String as ::serde::Deserialize>::deserialize(deserializer)
                    .map(|value| Self::from(value.as_str()))
            }
        }

        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($name)).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                let doc = [$($doc.trim()),+].join("\n");
                let known = Self::KNOWN.join(", ");
                let description = format!("{doc}\n\nKnown values: {known}. New values may come.");
                ::schemars::json_schema!({
                    "type": "string",
                    "description": description,
                    "examples": Self::KNOWN,
                })
            }
        }
    };
}

pub(crate) use open_enum;

//! Enums whose set of wire values is closed: a value outside it is refused.

/// Defines an enum of which each variant is one word on the wire.
///
/// Gives `ALL`, `as_str`, `Display`, `FromStr` with [`InvalidName`](crate::invalid_name::InvalidName), serde and a JSON
/// Schema. `listed` names the values that an error lists, where these are not all. An alias is read by `FromStr`
/// only.
macro_rules! closed_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident: $what:literal $(, listed $listed:literal)? {
            $( $(#[$variant_meta:meta])* $variant:ident => $wire:literal $(| $alias:literal)? ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
        $vis enum $name {
            $( $(#[$variant_meta])* #[serde(rename = $wire)] $variant ),+
        }

        impl $name {
            /// Every value, in the order of the variants.
            pub const ALL: [Self; [$(Self::$variant),+].len()] = [$(Self::$variant),+];

            /// Returns the word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $wire ),+ }
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::invalid_name::InvalidName;

            fn from_str(value: &str) -> ::core::result::Result<Self, Self::Err> {
                match value {
                    $( $wire $(| $alias)? => Ok(Self::$variant), )+
                    _ => {
                        let rule = $crate::closed_enum::rule!([$($listed)?] $($wire)+);
                        Err($crate::invalid_name::InvalidName::new($what, value, rule))
                    }
                }
            }
        }
    };
}

/// Says which values there are.
macro_rules! rule {
    ([$listed:literal] $($wire:literal)+) => { concat!("one of ", $listed) };
    ([] $first:literal $($wire:literal)*) => { concat!("one of ", $first $(, ", ", $wire)*) };
}

pub(crate) use {closed_enum, rule};

//! The macro that writes the settings of a section: one row a setting.

/// Defines `SECTION` and a [`Key`](super::key::Key) for each row:
///
/// ```text
/// [section] "what the section is about"
///
/// CONSTANT(name in the file, NAME_IN_THE_ENVIRONMENT): form, fallback,
///     "what the setting decides",
///     too_low "what too small a value does",
///     too_high "what too large a value does";
/// ```
///
/// The last two lines are optional. A setting that must not be shown names its
/// [`Secrecy`](super::key::Secrecy) after the variable.
macro_rules! settings {
    ([$section:ident] $about:literal $(
        $key:ident($name:ident, $variable:ident $(, $secrecy:ident)?): $form:expr, $fallback:expr,
        $meaning:literal $(, too_low $too_low:literal, too_high $too_high:literal)?;
    )+) => {
        pub(super) const SECTION: $crate::config::key::Section =
            $crate::config::key::Section { name: stringify!($section), about: $about, keys: &[$($key),+] };
        $(
            const $key: $crate::config::key::Key = $crate::config::key::Key {
                section: stringify!($section),
                name: stringify!($name),
                variable: stringify!($variable),
                form: $form,
                fallback: $fallback,
                secrecy: $crate::config::key::Secrecy::Public,
                meaning: $meaning,
                extremes: None,
            }
            $(.with_secrecy($crate::config::key::Secrecy::$secrecy))?
            $(.with_extremes($too_low, $too_high))?;
        )+
    };
}

pub(super) use settings;

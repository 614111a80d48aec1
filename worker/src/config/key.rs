//! What the table says of one setting, and how a value of its form is read and shown.

use std::{fmt, time::Duration};

use quire_schemas::address;

/// One setting: its names, what it may be, and what it does. The documentation, the checks for
/// unknown names and the reading of values all come from this one table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// Section of the TOML file.
    pub(crate) section: &'static str,
    /// Name in that section.
    pub(crate) name: &'static str,
    /// Name in the environment.
    pub(crate) variable: &'static str,
    pub(crate) form: Form,
    pub(crate) fallback: Fallback,
    pub(crate) secrecy: Secrecy,
    /// What it decides, in Markdown.
    pub(crate) meaning: &'static str,
    pub(crate) extremes: Option<Extremes>,
}

/// What a value at either end of the range does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extremes {
    pub(crate) too_low: &'static str,
    pub(crate) too_high: &'static str,
}

/// What a value looks like. Ranges include both ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// Text of the kind described.
    Text(&'static str),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number of something.
    Whole { least: u64, most: u64, unit: &'static str },
    /// A number of bytes.
    Size { least: u64, most: u64 },
    /// A duration.
    Time { least: Duration, most: Duration },
}

/// What holds when nothing is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// Nothing: a value has to be given.
    Required,
    /// This value, read as if it had been given.
    Value(&'static str),
    /// The setting stays unset, which means this.
    Unset(&'static str),
    /// The worker computes the value at start, in this way.
    Computed(&'static str),
}

/// What may be shown of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// All of it.
    Public,
    /// An address without user, password and query.
    Address,
    /// Nothing.
    Hidden,
}

/// A section of the TOML file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section {
    /// Its name in the file.
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) keys: &'static [Key],
}

impl Key {
    pub(super) const fn with_secrecy(self, secrecy: Secrecy) -> Self {
        Self { secrecy, ..self }
    }

    pub(super) const fn with_extremes(self, too_low: &'static str, too_high: &'static str) -> Self {
        Self { extremes: Some(Extremes { too_low, too_high }), ..self }
    }

    /// Returns the variable that names a file with the value, for secrets.
    pub(crate) fn file_variable(&self) -> Option<String> {
        (self.secrecy != Secrecy::Public).then(|| format!("{}_FILE", self.variable))
    }

    /// Returns the place in the TOML file, as it is shown.
    pub(crate) fn place(&self) -> String {
        format!("[{}] {}", self.section, self.name)
    }
}

impl Form {
    /// Reads a number of the form's range; the error says what is wrong with the text.
    pub(super) fn number<T: TryFrom<u64>>(self, text: &str) -> Result<T, String> {
        let (number, least, most) = match self {
            Self::Whole { least, most, .. } => (whole(text)?, least, most),
            Self::Size { least, most } => (size_bytes(text)?, least, most),
            Self::Text(_) | Self::Choice(_) | Self::Time { .. } => return Err("is not a number".to_owned()),
        };
        let fitting = (least..=most).contains(&number).then(|| T::try_from(number).ok()).flatten();
        fitting.ok_or_else(|| format!("{text:?} is out of range"))
    }

    /// Reads a duration of the form's range; the error says what is wrong with the text.
    pub(super) fn time(self, text: &str) -> Result<Duration, String> {
        let Self::Time { least, most } = self else { return Err("is not a duration".to_owned()) };
        let time = humantime::parse_duration(text).map_err(|error| format!("{text:?} is not a duration: {error}"))?;
        if (least..=most).contains(&time) { Ok(time) } else { Err(format!("{text:?} is out of range")) }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(description) => f.write_str(description),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Self::Whole { least, most, unit } => write!(f, "a whole number of {unit}, {least} to {most}"),
            Self::Size { least, most } => {
                write!(f, "a size in bytes, {} to {}, such as 1048576 or 1MiB", ShownSize(*least), ShownSize(*most))
            }
            Self::Time { least, most } => {
                let (least, most) = (humantime::format_duration(*least), humantime::format_duration(*most));
                write!(f, "a duration, {least} to {most}, such as 90s, 20m or 24h")
            }
        }
    }
}

impl Secrecy {
    /// Returns what may be shown of a value.
    pub(super) fn show(self, text: &str) -> String {
        match self {
            Self::Public => text.to_owned(),
            Self::Address => address::redacted_list(text),
            Self::Hidden => "***".to_owned(),
        }
    }
}

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// A number of bytes as people write it: the largest binary unit that divides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShownSize(pub(crate) u64);

impl fmt::Display for ShownSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.into_iter().find(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size)) {
            Some((unit, size)) => write!(f, "{}{unit}", self.0 / size),
            None => write!(f, "{}", self.0),
        }
    }
}

fn whole(text: &str) -> Result<u64, String> {
    text.replace('_', "").parse().map_err(|_| format!("{text:?} is not a whole number"))
}

fn size_bytes(text: &str) -> Result<u64, String> {
    let (digits, unit) = UNITS
        .into_iter()
        .find_map(|(name, size)| Some((text.strip_suffix(name)?.trim_end(), size)))
        .unwrap_or((text, 1));
    let bytes = whole(digits).ok().and_then(|number| number.checked_mul(unit));
    bytes.ok_or_else(|| format!("{text:?} is not a size"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Form = Form::Size { least: 1024, most: 1 << 32 };

    #[test]
    fn a_size_is_a_number_of_bytes_or_has_a_binary_unit() {
        assert_eq!(SIZE.number::<u64>("1073741824"), Ok(1 << 30));
        assert_eq!(SIZE.number::<u64>("256MiB"), Ok(256 << 20));
        for wrong in ["", "1GB", "-1", "1.5GiB", "MiB", "99999999999999GiB", "1023", "5GiB"] {
            assert!(SIZE.number::<u64>(wrong).is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn a_duration_needs_a_unit() {
        let form = Form::Time { least: Duration::from_secs(1), most: Duration::from_secs(3600) };
        assert_eq!(form.time("20m"), Ok(Duration::from_secs(1200)));
        for wrong in ["20", "0s", "2h", "20M", "soon"] {
            assert!(form.time(wrong).is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn an_address_is_shown_without_its_password_and_its_query() {
        let shown = Secrecy::Address.show("amqp://user:canary@a:5672/%2f?auth=canary,amqp://user:canary@b");
        assert!(shown.contains("a:5672") && !shown.contains("canary"), "{shown}");
    }
}

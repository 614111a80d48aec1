use std::{fmt, time::Duration};

/// One setting: its names, what it may be, and what it does. The documentation, the checks for
/// unknown names and the reading of values all come from this one table.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Section of the TOML file.
    pub section: &'static str,
    /// Name in that section.
    pub name: &'static str,
    /// Name in the environment.
    pub variable: &'static str,
    /// What a value looks like, with its unit and its range.
    pub form: Form,
    /// What holds when nothing is given.
    pub fallback: Fallback,
    /// What may be shown of a value.
    pub secrecy: Secrecy,
    /// What it decides.
    pub meaning: &'static str,
    /// What a value at either end of the range does, where there is such a thing.
    pub extremes: Option<Extremes>,
}

/// What happens at either end of a range.
#[derive(Debug, Clone, Copy)]
pub struct Extremes {
    /// What too small a value does.
    pub too_low: &'static str,
    /// What too large a value does.
    pub too_high: &'static str,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Text of the kind described.
    Text(&'static str),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number of something, both ends included.
    Whole {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
        /// What is counted.
        unit: &'static str,
    },
    /// A number of bytes, both ends included.
    Size {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// A duration, both ends included.
    Time {
        /// The shortest.
        least: Duration,
        /// The longest.
        most: Duration,
    },
}

/// What holds when nothing is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing: a value has to be given.
    Required,
    /// This value, read as if it had been given.
    Value(&'static str),
    /// The setting stays unset, which means this.
    Unset(&'static str),
    /// A value found out at start, in this way.
    Computed(&'static str),
}

/// What may be shown of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// All of it.
    Public,
    /// An address without what stands before its `@` and behind its `?`.
    Address,
    /// Nothing.
    Hidden,
}

/// A section of the TOML file.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Its name in the file.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// Its settings.
    pub keys: &'static [Key],
}

impl Key {
    /// Returns the variable that names a file with the value, for secrets.
    #[must_use]
    pub fn file_variable(&self) -> Option<String> {
        (self.secrecy != Secrecy::Public).then(|| format!("{}_FILE", self.variable))
    }

    /// Returns the place in the TOML file, as it is shown.
    #[must_use]
    pub fn place(&self) -> String {
        format!("[{}] {}", self.section, self.name)
    }
}

impl Form {
    /// Reads a number of the form's range.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub(super) fn number<T: TryFrom<u64>>(self, text: &str) -> Result<T, String> {
        let (number, least, most) = match self {
            Self::Whole { least, most, .. } => (whole(text)?, least, most),
            Self::Size { least, most } => (size_bytes(text)?, least, most),
            Self::Text(_) | Self::Choice(_) | Self::Time { .. } => return Err("is not a number".to_owned()),
        };
        let fitting = (least..=most).contains(&number).then(|| T::try_from(number).ok()).flatten();
        fitting.ok_or_else(|| format!("{text:?} is out of range"))
    }

    /// Reads a duration of the form's range.
    ///
    /// # Errors
    /// What is wrong with the text.
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
            Self::Address => text.split(',').map(show_address).collect::<Vec<_>>().join(","),
            Self::Hidden => "***".to_owned(),
        }
    }
}

fn show_address(text: &str) -> String {
    match url::Url::parse(text.trim()) {
        Ok(mut url) if url.has_host() => {
            url.set_query(None);
            url.set_fragment(None);
            if !url.username().is_empty() || url.password().is_some() {
                // Both fail only for addresses without a host.
                let _ = url.set_password(None);
                let _ = url.set_username("***");
            }
            url.to_string()
        }
        _ => "***".to_owned(),
    }
}

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// A number of bytes as people write it: the largest binary unit that divides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownSize(pub u64);

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
    fn an_address_is_shown_without_what_opens_it() {
        let shown = Secrecy::Address.show("amqp://user:canary@a:5672/%2f?auth=canary,canary@b,user:canary@c");
        assert_eq!(shown, "amqp://***@a:5672/%2f,***,***");
    }
}

//! A word that is not one of the wire's.

/// A name on the wire that this crate does not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value:?} is not valid: {rule}")]
pub struct InvalidName {
    /// Which kind of name it was meant to be.
    pub what: &'static str,
    /// The value as it came, cut to 80 characters.
    pub value: String,
    /// What a valid one looks like.
    pub rule: &'static str,
}

impl InvalidName {
    pub(crate) fn new(what: &'static str, value: &str, rule: &'static str) -> Self {
        Self { what, value: value.chars().take(80).collect(), rule }
    }
}

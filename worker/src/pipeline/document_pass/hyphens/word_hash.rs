//! A word as a number, whatever its case.

/// FNV-1a of a word in lower case, by characters instead of bytes. Whoever makes two words collide makes a hyphen of
/// his own document wrong, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct WordHash(u64);

impl WordHash {
    pub(crate) const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    pub(crate) fn of(word: &str) -> Self {
        Self::EMPTY.and(word)
    }

    /// Returns the hash of the word with more letters behind it.
    pub(crate) fn and(self, more: &str) -> Self {
        more.chars().fold(self, Self::with)
    }

    pub(crate) fn with(self, character: char) -> Self {
        let add = |hash: u64, character: char| (hash ^ u64::from(character)).wrapping_mul(0x0000_0100_0000_01b3);
        if character.is_ascii() {
            return Self(add(self.0, character.to_ascii_lowercase()));
        }
        Self(character.to_lowercase().fold(self.0, add))
    }
}

#[cfg(test)]
mod tests {
    use super::WordHash;

    #[test]
    fn a_word_has_one_hash_whatever_its_case_and_its_pieces() {
        assert_eq!(WordHash::of("ÉCOLE"), WordHash::of("éc").and("ole"));
        assert_ne!(WordHash::of("tariff"), WordHash::of("tarif"));
    }
}

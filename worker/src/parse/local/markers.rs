//! What the text of a list item or a section begins with: a bullet, a number or a letter. Pure.

/// Most parts of a number such as 1.2.3.
const MOST_PARTS: usize = 6;
/// A part of such a number is at most this large: a year is none.
const LARGEST_PART: u32 = 500;

/// Bullets: Unicode's, what ZapfDingbats, Symbol and Wingdings print as such, and dashes and signs that are used as
/// such.
const BULLETS: &str =
    "•‣⁃◦○●◉◎◌∙·⋅▪▫■□▢◼◻◾◽▸▹►▻▶▷➤➢➔➜→❖◆◇♦✓✔✗✘☐☑☒★☆✦✧❑❒❏❐–—―-−*+»›o\u{f0b7}\u{f0a7}\u{f0d8}\u{f076}\u{f0fc}";

/// Says whether a text is a bullet and nothing else.
pub(super) fn is_bullet(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| BULLETS.contains(first)) && characters.next().is_none()
}

/// A bullet, number or letter at the beginning of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) kind: MarkKind,
    /// Characters of it.
    pub(crate) length: u8,
    pub(crate) delimiter: Delimiter,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MarkKind {
    Bullet,
    /// The parts of an arabic number, such as 1.2.
    Number(Vec<u16>),
    /// What the letters may mean: their place in the alphabet, and as a roman number. Small letters or capitals.
    Letters {
        alphabetic: Option<u16>,
        roman: Option<u16>,
        is_capital: bool,
    },
}

/// What parts a number from the text behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delimiter {
    /// White space only.
    None,
    Dot,
    /// A closing parenthesis.
    Closing,
    /// Both.
    Both,
    /// Square brackets around it.
    Brackets,
}

impl Mark {
    /// Reads the mark of a text; a text that is nothing else has none.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let (first, rest) = text.split_once([' ', '\u{a0}', '\t', '\n'])?;
        if rest.trim().is_empty() { None } else { Self::of_word(first) }
    }

    /// The mark of a text before which a bullet is painted, or which begins with a sign of so many characters that is
    /// one.
    pub(crate) const fn bullet(length: u8) -> Self {
        Self { kind: MarkKind::Bullet, length, delimiter: Delimiter::None }
    }

    /// Reads a word that is a mark.
    pub(super) fn of_word(first: &str) -> Option<Self> {
        let length = u8::try_from(first.chars().count()).ok()?;
        if is_bullet(first) {
            return Some(Self { kind: MarkKind::Bullet, length, delimiter: Delimiter::None });
        }
        if let Some(inner) = first.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let kind = MarkKind::Number(number(inner)?);
            return Some(Self { kind, length, delimiter: Delimiter::Brackets });
        }
        let (inner, delimiter) = match (first.strip_prefix('('), first.strip_suffix(')')) {
            (Some(rest), Some(_)) => (rest.strip_suffix(')')?, Delimiter::Both),
            (None, Some(inner)) => (inner, Delimiter::Closing),
            (Some(_), None) => return None,
            (None, None) => {
                let inner = first.strip_suffix(['.', ':']).unwrap_or(first);
                (inner, if inner.len() < first.len() { Delimiter::Dot } else { Delimiter::None })
            }
        };
        let kind = number(inner).map(MarkKind::Number).or_else(|| letters(inner))?;
        let is_plain_letter = matches!(kind, MarkKind::Letters { .. }) && delimiter == Delimiter::None;
        (!is_plain_letter).then_some(Self { kind, length, delimiter })
    }

    /// Says whether it is nothing but a mark, wherever it stands: a bullet, or a number or letter with a sign behind
    /// it. A dash may stand for a figure that is missing.
    pub(crate) fn is_certain(&self) -> bool {
        self.kind == MarkKind::Bullet || self.delimiter != Delimiter::None
    }

    /// Returns the parts of an arabic number.
    pub(crate) fn number(&self) -> Option<&[u16]> {
        if let MarkKind::Number(parts) = &self.kind { Some(parts) } else { None }
    }

    /// Says whether a mark counts on from one of the same list.
    pub(crate) fn follows(&self, before: &Self) -> bool {
        let next = |a: Option<u16>, b: Option<u16>| a.zip(b).is_some_and(|(a, b)| a.checked_add(1) == Some(b));
        let is_next = match (&before.kind, &self.kind) {
            (MarkKind::Number(a), MarkKind::Number(b)) => {
                let (last, above) = (a.split_last(), b.split_last());
                last.zip(above).is_some_and(|((a, before), (b, after))| before == after && next(Some(*a), Some(*b)))
            }
            (
                MarkKind::Letters { alphabetic: a, roman: r, is_capital: c },
                MarkKind::Letters { alphabetic: b, roman: s, is_capital: d },
            ) => c == d && (next(*a, *b) || next(*r, *s)),
            _ => false,
        };
        is_next && self.delimiter == before.delimiter
    }

    /// Says whether it may be the first of its list.
    pub(crate) fn begins(&self) -> bool {
        match &self.kind {
            MarkKind::Bullet => true,
            MarkKind::Number(parts) => parts.last() == Some(&1),
            MarkKind::Letters { alphabetic, roman, .. } => *alphabetic == Some(1) || *roman == Some(1),
        }
    }
}

fn number(text: &str) -> Option<Vec<u16>> {
    let parts: Vec<u16> = text
        .split('.')
        .map(|part| part.parse::<u32>().ok().filter(|part| *part <= LARGEST_PART).and_then(|part| part.try_into().ok()))
        .collect::<Option<_>>()?;
    (parts.len() <= MOST_PARTS).then_some(parts)
}

fn letters(text: &str) -> Option<MarkKind> {
    let is_capital = text.chars().next()?.is_uppercase();
    let lower = text.to_lowercase();
    let mut characters = lower.chars();
    let alphabetic = match (characters.next(), characters.next()) {
        (Some(letter @ 'a'..='z'), None) => Some(letter as u16 - 'a' as u16 + 1),
        (Some(letter @ 'а'..='я'), None) => Some(letter as u16 - 'а' as u16 + 1),
        _ => None,
    };
    let roman = roman(&lower);
    let is_one_case = text.chars().all(|letter| letter.is_uppercase() == is_capital);
    (is_one_case && (alphabetic.is_some() || roman.is_some())).then_some(MarkKind::Letters {
        alphabetic,
        roman,
        is_capital,
    })
}

/// Reads a roman number up to 89.
pub(crate) fn roman(text: &str) -> Option<u16> {
    const VALUES: [(&str, u16); 7] = [("l", 50), ("xl", 40), ("x", 10), ("ix", 9), ("v", 5), ("iv", 4), ("i", 1)];
    let (mut rest, mut value) = (text, 0_u16);
    for (sign, worth) in VALUES {
        let most = if matches!(sign, "x" | "i") { 3 } else { 1 };
        for _ in 0..most {
            if let Some(after) = rest.strip_prefix(sign) {
                (rest, value) = (after, value + worth);
            }
        }
    }
    (rest.is_empty() && value > 0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<MarkKind> {
        Mark::of(text).map(|mark| mark.kind)
    }

    #[test]
    fn numbers_in_brackets_count_and_arrows_of_logic_are_no_bullets() {
        let mark = |text: &str| Mark::of(text).expect("a mark");
        assert!(mark("[2] Smith").follows(&mark("[1] Jones")) && !mark("[2] Smith").follows(&mark("1. Jones")));
        assert_eq!((Mark::of("[a] Smith"), Mark::of("⇒ x = y")), (None, None));
    }

    #[test]
    fn bullets_numbers_and_letters_are_told_from_words() {
        assert_eq!(kind("• a thing"), Some(MarkKind::Bullet));
        assert_eq!(kind("1.2. Method"), Some(MarkKind::Number(vec![1, 2])));
        assert_eq!(
            kind("(iv) fourth"),
            Some(MarkKind::Letters { alphabetic: None, roman: Some(4), is_capital: false })
        );
        assert_eq!(
            kind("i) first"),
            Some(MarkKind::Letters { alphabetic: Some(9), roman: Some(1), is_capital: false })
        );
        for text in
            ["A dog", "1999 was a year", "2,5 kg", "e.g. this", "• ", "(see below) now", "12.50 euros and 600.1 more"]
        {
            assert!(!matches!(kind(text), Some(MarkKind::Letters { .. })), "{text}");
        }
        assert_eq!(kind("1999 was a year"), None);
        assert_eq!(kind("A dog"), None);
    }

    #[test]
    fn marks_of_one_list_count_on() {
        let follows = |a: &str, b: &str| Mark::of(b).expect("a mark").follows(&Mark::of(a).expect("a mark"));
        assert!(
            follows("1. a", "2. b")
                && follows("1.1 a", "1.2 b")
                && follows("(h) a", "(i) b")
                && follows("i. a", "ii. b")
        );
        assert!(
            !follows("1. a", "2) b")
                && !follows("1.1 a", "2.2 b")
                && !follows("a) x", "c) y")
                && !follows("1. a", "1. b")
        );
    }
}

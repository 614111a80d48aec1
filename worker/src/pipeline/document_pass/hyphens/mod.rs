//! Hyphens at line ends: decides for each whether it only divides a word or belongs to it, with the words of the whole
//! document in view. Pure.
//!
//! An element of the local engine keeps the hyphen of a word that goes on in the next line (`interna-tional`,
//! `price-determining`) and lists the places of such hyphens in `extra.line_end_hyphens`. `-`, U+2010 and U+00AD are
//! hyphens; U+2011, dashes and minus signs are none. Let *left* be the letters before the hyphen and *right* those
//! after it, up to anything that is no letter. The first rule that applies decides:
//!
//! 1. A soft hyphen goes. A hyphen that the next line repeats goes too, as Portuguese, Polish and Czech print it
//!    (`vice-` and `-rei`): the second one stays.
//! 2. Codes and names: the hyphen stays in an [address, a path or an identifier](chunk), to which nobody adds one; if
//!    what stands before or after it is no letter (`120-135`, `DE-4711`); if *right* begins with a capital or *left*
//!    ends in one (`Nord-Süd`, `USA-wide`), or if the two are of different scripts (`β-lactam`).
//! 3. A word that waits for its end: it stays, and a space follows, if *right* is a whole *and* or *or* in the language
//!    of the text (`in- und ausländisch`) and neither form of rule 5 occurs. Where such a word may also end another one
//!    (Dutch `en`, French `et`), it must not be a syllable of the joined word.
//! 4. What is no syllable: it stays if one side has no vowel (`tv-program`) or is a single letter in Latin or Cyrillic
//!    script (`e-mail`, `x-ray`). In Greek a single vowel is a syllable, and goes on to the next rules. A hyphen before
//!    the last letter of an elided word goes (`del-l'arte`, `could-n't`).
//! 5. The document: if the joined word occurs elsewhere in it and the hyphenated one does not, the hyphen goes; the
//!    other way round it stays. If both occur, the more frequent one wins, the joined one if they are equal.
//! 6. A link of a chain: it stays if one side is a function word of the language and has another hyphen at its other
//!    end (`state-of-the-art`, `rez-de-chaussée`).
//! 7. [Habits](habits) of the language: parts that are always joined (suffixes, prefixes), parts that make compounds
//!    (`self-`, `-based`, `-feira`), pairs of adjectives (`teórico-práctico`, `научно-технический`), verb forms with a
//!    prefix of their own behind a whole word (`price-determining`), the same word twice. In English and French it also
//!    stays if both sides have four letters or more and occur in the document as words. Other languages write most such
//!    compounds in one.
//! 8. Hyphenation patterns: if the language may divide the joined word here, the hyphen goes. If it may not, and a
//!    consonant is parted from the vowel behind it in a language that never does so (French `dit-on`), it stays.
//! 9. If nothing decides, it goes if *right* is in lower case, and stays in scripts that have none, and in what may be
//!    a path or an identifier.
//!
//! The language is the one with the most function words in the element, if they are clear, else the one with the most
//! in the document, else English (Russian in Cyrillic script). A word that changes when it is divided (`Zuk-ker`,
//! `ge-eist`) is joined as it stands.
//!
//! Beyond [`MOST_WORDS`](words::MOST_WORDS) different words a document's further ones count as not occurring.

mod chunk;
mod edits;
mod element;
mod evidence;
mod habits;
mod language;
mod place;
mod rule;
#[cfg(test)]
mod tests;
mod word_hash;
mod words;

pub(super) use self::{
    element::{count_words, undo_line_ends},
    evidence::Evidence,
    language::tag,
    words::Words,
};

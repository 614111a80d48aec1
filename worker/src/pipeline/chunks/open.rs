//! The chunk that is being filled. Pure.

use std::collections::BTreeSet;

use quire_schemas::{
    chunk::{Chunk, ChunkPart},
    element::Region,
};

use super::{
    outline::Place,
    sentences::sentences,
    source::Source,
    tokens::{Counted, Mark},
};

/// A chunk that may grow: the headings above it, and its text.
#[derive(Debug)]
pub(super) struct Open {
    counted: Counted,
    members: Vec<Member>,
    section: Vec<String>,
    ends: Ends,
}

/// Places in the text, in bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    /// Where the text begins, behind the headings above it.
    text: Option<usize>,
    /// Where what the chunk before it does not have begins.
    own: Option<usize>,
    /// Where whole sentences of running text begin that go on to the end.
    sentences: usize,
    /// Whether it has more than headings.
    has_content: bool,
    /// How far the first item of a list is set in whose items come last.
    list_indent: Option<usize>,
}

/// An element of the chunk.
#[derive(Debug)]
struct Member {
    id: String,
    page_number: u32,
    regions: Vec<Region>,
    part: Option<Part>,
}

/// Which part of an element a chunk holds: the beginning, and the end that is no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// In Unicode scalar values of what is shown of the element.
    Characters(u32, u32),
    /// In rows of a table.
    Rows(u32, u32),
}

/// An earlier state of a chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Earlier {
    mark: Mark,
    ends: Ends,
    members: usize,
}

impl Open {
    /// Begins a chunk below headings, which may grow to so many tokens.
    pub(super) fn below(headings: &str, most_tokens: usize) -> Self {
        let mut counted = Counted::up_to(most_tokens);
        counted.append("", headings, "");
        Self { counted, members: Vec::new(), section: Vec::new(), ends: Ends::default() }
    }

    /// Returns the section of what it holds, titles from the outermost on.
    pub(super) fn section(&self) -> &[String] {
        &self.section
    }

    /// Says whether it has more than headings.
    pub(super) const fn has_content(&self) -> bool {
        self.ends.has_content
    }

    /// Says whether it has nothing but what it repeats.
    pub(super) const fn is_blank(&self) -> bool {
        self.ends.own.is_none()
    }

    pub(super) const fn ends_with_item(&self) -> bool {
        self.ends.list_indent.is_some()
    }

    pub(super) const fn state(&self) -> Earlier {
        Earlier { mark: self.counted.mark(), ends: self.ends, members: self.members.len() }
    }

    /// Forgets what came after an earlier state.
    pub(super) fn reset(&mut self, earlier: Earlier) {
        self.counted.reset(earlier.mark);
        self.members.truncate(earlier.members);
        self.ends = earlier.ends;
    }

    /// Takes whole elements of one place, all or none; says whether they fit.
    pub(super) fn take(&mut self, sources: &[Source], place: &Place) -> bool {
        let earlier = self.state();
        let fits = sources.iter().all(|source| self.take_one(source, place));
        if !fits {
            self.reset(earlier);
        }
        fits
    }

    fn take_one(&mut self, source: &Source, place: &Place) -> bool {
        let separator = source.separator(self.ends_with_item());
        let trimmed = source.text.trim_end().trim_start_matches(['\n', '\r']);
        let indent = trimmed.len() - trimmed.trim_start_matches(' ').len();
        // The first item may be one of an inner list: set in, it would be code.
        let outer = if source.is_item() { indent.min(self.ends.list_indent.unwrap_or(indent)) } else { 0 };
        let text = if source.is_prose() && !source.is_item() { trimmed.trim_start() } else { &trimmed[outer..] };
        if !self.append(separator, text, "") {
            return false;
        }
        if source.is_item() {
            self.ends.list_indent.get_or_insert(indent);
        }
        self.note(source, place, None);
        true
    }

    /// Adds a piece, if it fits and `after` would still fit behind it; says whether it has.
    pub(super) fn append(&mut self, separator: &str, piece: &str, after: &str) -> bool {
        let separator = self.separator(separator);
        let start = self.counted.text().len() + separator.len();
        let fits = self.counted.append(separator, piece, after);
        if fits {
            self.ends.text.get_or_insert(start);
            self.ends.own.get_or_insert(start);
        }
        fits
    }

    /// Adds as much of a piece as fits while `after` would still fit behind it; returns its bytes.
    pub(super) fn append_beginning(&mut self, separator: &str, piece: &str, after: &str) -> usize {
        let separator = self.separator(separator);
        let start = self.counted.text().len() + separator.len();
        let bytes = self.counted.append_beginning(separator, piece, after);
        if bytes > 0 {
            self.ends.text.get_or_insert(start);
            self.ends.own.get_or_insert(start);
        }
        bytes
    }

    /// Adds what the chunk before it has, too, before anything else; says whether it fits.
    pub(super) fn repeat(&mut self, text: &str) -> bool {
        let separator = self.separator("\n\n");
        let start = self.counted.text().len() + separator.len();
        let fits = self.is_blank() && self.counted.append(separator, text, "");
        if fits {
            self.ends.text.get_or_insert(start);
        }
        fits
    }

    /// What parts the headings above from the text is no part of the text.
    fn separator<'s>(&self, inside: &'s str) -> &'s str {
        match self.ends.text {
            Some(_) => inside,
            None if self.counted.text().is_empty() => "",
            None => "\n\n",
        }
    }

    /// Notes that what was added last is of an element: all of it, or a part.
    pub(super) fn note(&mut self, source: &Source, place: &Place, part: Option<Part>) {
        match self.members.last_mut().filter(|member| member.id == source.id) {
            Some(member) => member.part = joined(member.part, part),
            None => self.members.push(Member {
                id: source.id.clone(),
                page_number: source.page_number,
                regions: source.regions.clone(),
                part,
            }),
        }
        self.section.clone_from(&place.section);
        self.ends.has_content |= !source.is_heading() || part.is_some();
        self.ends.list_indent = source.is_item().then(|| self.ends.list_indent.unwrap_or_default());
        if !source.is_prose() {
            self.end_sentences();
        }
    }

    /// Notes that what was added last is no whole sentence.
    pub(super) fn end_sentences(&mut self) {
        self.ends.sentences = self.counted.text().len();
    }

    /// Returns its last sentences, as many as have no more than so many tokens.
    pub(super) fn last_sentences(&self, most_tokens: usize) -> &str {
        let from = self.ends.own.map_or(usize::MAX, |own| own.max(self.ends.sentences));
        let text = self.counted.text().get(from..).unwrap_or_default().trim_start();
        let sentences: Vec<&str> = sentences(text).collect();
        let mut left = most_tokens;
        let kept = sentences.iter().rev().take_while(|sentence| {
            let mut counted = Counted::up_to(left);
            let fits = counted.append("", sentence.trim_end(), "");
            left = left.saturating_sub(counted.tokens());
            fits
        });
        let first = sentences.len() - kept.count();
        // Between the sentences there may be tokens of white space.
        let mut start: usize = sentences[..first].iter().map(|sentence| sentence.len()).sum();
        for sentence in &sentences[first..] {
            if Counted::up_to(most_tokens).append("", &text[start..], "") {
                break;
            }
            start += sentence.len();
        }
        &text[start..]
    }

    /// Ends the chunk. `None` if it has nothing of its own.
    pub(super) fn into_chunk(self, index: u32) -> Option<Chunk> {
        let Ends { text: Some(text), own: Some(own), .. } = self.ends else { return None };
        let tokens = self.counted.tokens();
        let contextualized_text = self.counted.into_text();
        let pages = |member: &Member| {
            let regions: Vec<u32> = member.regions.iter().map(|region| region.page_number).collect();
            if regions.is_empty() { vec![member.page_number] } else { regions }
        };
        let page_numbers: BTreeSet<u32> = self.members.iter().flat_map(pages).collect();
        Some(Chunk {
            id: format!("c{:04}", u64::from(index) + 1),
            index,
            text: contextualized_text[text..].to_owned(),
            token_count: number(tokens),
            repeated_characters: number(contextualized_text[text..own].chars().count()),
            headings: self.section,
            page_numbers: page_numbers.into_iter().collect(),
            element_ids: self.members.iter().map(|member| member.id.clone()).collect(),
            parts: self.members.iter().filter_map(Member::part).collect(),
            regions: self.members.into_iter().flat_map(|member| member.regions).collect(),
            contextualized_text,
        })
    }
}

impl Member {
    fn part(&self) -> Option<ChunkPart> {
        let (char_span, rows) = match self.part? {
            Part::Characters(start, end) => (Some([start, end]), None),
            Part::Rows(start, end) => (None, Some([start, end])),
        };
        Some(ChunkPart { element_id: self.id.clone(), char_span, rows })
    }
}

/// Joins two parts that follow each other.
const fn joined(first: Option<Part>, second: Option<Part>) -> Option<Part> {
    match (first, second) {
        (Some(Part::Characters(start, _)), Some(Part::Characters(_, end))) => Some(Part::Characters(start, end)),
        (Some(Part::Rows(start, _)), Some(Part::Rows(_, end))) => Some(Part::Rows(start, end)),
        (first, None) => first,
        (_, second) => second,
    }
}

/// Makes a number of the result, which no document exceeds.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

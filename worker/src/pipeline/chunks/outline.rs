//! The headings above an element, for engines that tell them and for those that do not. Pure.

use super::source::{Kind, Source};

/// Innermost titles of a section that count.
const MOST_TITLES: usize = 16;
/// Characters of a title that count.
const MOST_CHARACTERS: usize = 200;

/// The headings above the next element, outermost first, with their levels.
#[derive(Debug, Default)]
pub(super) struct Outline(Vec<(u32, String)>);

/// Where an element stands: titles, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The headings above it.
    pub(super) above: Vec<String>,
    /// The section that it is part of: a heading is part of its own.
    pub(super) section: Vec<String>,
}

impl Outline {
    /// Tells where the next element stands.
    pub(super) fn place(&mut self, source: &Source) -> Place {
        let Kind::Heading { level, title } = &source.kind else {
            let above = self.above(source);
            return Place { section: above.clone(), above };
        };
        self.0.retain(|(above, _)| above < level);
        let above = self.above(source);
        let title = cut(title);
        let section = bounded(above.iter().chain([&title]));
        self.0.push((*level, title));
        Place { above, section }
    }

    fn above(&self, source: &Source) -> Vec<String> {
        if source.section_path.is_empty() {
            bounded(self.0.iter().map(|(_, title)| title))
        } else {
            bounded(&source.section_path)
        }
    }
}

fn bounded<'t>(titles: impl IntoIterator<Item = &'t String, IntoIter: DoubleEndedIterator>) -> Vec<String> {
    let mut kept: Vec<String> = titles.into_iter().rev().take(MOST_TITLES).map(|title| cut(title)).collect();
    kept.reverse();
    kept
}

fn cut(title: &str) -> String {
    title.chars().take(MOST_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::source, *};

    fn heading(level: u32, title: &str) -> Source {
        source(Kind::Heading { level, title: title.to_owned() }, "a heading")
    }

    #[test]
    fn the_engine_tells_the_headings_or_the_levels_do() {
        let mut outline = Outline::default();
        let text = source(Kind::Text, "text");
        let told = Source { section_path: vec!["Z".to_owned()], ..text.clone() };
        assert_eq!(outline.place(&text).above, Vec::<String>::new());
        assert_eq!(outline.place(&heading(1, "A")).section, ["A"]);
        assert_eq!(outline.place(&heading(3, "A.x")).above, ["A"]);
        assert_eq!(outline.place(&heading(2, "A.1")).section, ["A", "A.1"]);
        assert_eq!(outline.place(&told).section, ["Z"]);
        assert_eq!(outline.place(&text).section, ["A", "A.1"]);
    }

    #[test]
    fn long_titles_are_cut_and_only_the_innermost_are_kept() {
        let mut outline = Outline::default();
        for level in 1..=20 {
            outline.place(&heading(level, &format!("{level}{}", "x".repeat(300))));
        }
        let section = outline.place(&source(Kind::Text, "text")).section;
        assert_eq!((section.len(), section[15].len(), &section[15][..2]), (16, 200, "20"));
    }
}

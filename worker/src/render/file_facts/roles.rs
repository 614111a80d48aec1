//! What the structure types of elements say of the text in them, through the role map. Pure.

use hayro_syntax::object::{Dict, Object};

use super::values::{bytes, text};
use crate::parse::local::Tag;

/// Steps that are followed in a role map: it may lead in a circle.
const MAX_STEPS: usize = 16;

/// The map from a document's own types to others.
pub(super) struct RoleMap<'a>(Option<Dict<'a>>);

impl<'a> RoleMap<'a> {
    /// Finds the map at the root of a structure tree.
    pub(super) fn of(root: &Dict<'a>) -> Self {
        Self(root.get("RoleMap"))
    }

    /// Returns the type of an element as the map has it. A title is one by its own name: PDF 1.7 has no type for it,
    /// and writers map it to a heading or a paragraph.
    pub(super) fn role_of(&self, element: &Dict<'_>) -> Option<Vec<u8>> {
        let mut role = text(element, "S")?;
        if role.eq_ignore_ascii_case(b"Title") {
            return Some(b"Title".to_vec());
        }
        for _ in 0..MAX_STEPS {
            match self.mapped(&role) {
                Some(next) if next != role => role = next,
                _ => return Some(role),
            }
        }
        None
    }

    fn mapped(&self, role: &[u8]) -> Option<Vec<u8>> {
        bytes(&self.0.as_ref()?.get::<Object<'_>>(role)?)
    }
}

/// What the elements around a text say of it: the innermost that says something counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Said {
    pub(super) tag: Option<Tag>,
    /// How many lists are around it.
    lists: u8,
}

impl Said {
    /// Returns what is said inside of one more element, by its type. Paragraphs, divisions, labels and types that are
    /// no standard ones say nothing.
    pub(super) fn inside(self, role: &[u8]) -> Self {
        match role {
            b"L" => Self { lists: self.lists.saturating_add(1), ..self },
            b"LI" => Self { tag: Some(Tag::item(self.lists)), ..self },
            _ => Self { tag: tag_of(role).or(self.tag), ..self },
        }
    }
}

fn tag_of(role: &[u8]) -> Option<Tag> {
    Some(match role {
        b"Title" => Tag::Title,
        b"H" => Tag::Heading(None),
        [b'H', level @ b'1'..=b'9'] => Tag::heading(level - b'0'),
        b"Caption" => Tag::Caption,
        b"Note" | b"FENote" => Tag::Note,
        b"TOC" | b"TOCI" => Tag::Contents,
        b"Table" => Tag::Table,
        b"TH" => Tag::HeaderCell,
        b"TD" => Tag::Cell,
        b"Figure" => Tag::Figure,
        b"Code" => Tag::Code,
        b"Formula" => Tag::Formula,
        b"Artifact" => Tag::Artifact,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the name of the tag of a text in elements of these types, the outermost first.
    fn tag(roles: &str) -> Option<String> {
        let said = roles.split(' ').fold(Said::default(), |said, role| said.inside(role.as_bytes()));
        said.tag.map(Tag::name)
    }

    #[test]
    fn the_innermost_element_that_says_something_counts() {
        for (roles, expected) in [
            ("Document Sect P Span", None),
            ("Sect H2 Span", Some("H2")),
            ("H", Some("H")),
            ("H9", Some("H6")),
            ("H0", None),
            ("H12", None),
            ("Heading1", None),
            ("L LI LBody P", Some("LI1")),
            ("L LI Lbl", Some("LI1")),
            ("L LI LBody L LI LBody", Some("LI2")),
            ("LI", Some("LI1")),
            ("L LI LBody H1", Some("H1")),
            ("Table TR TD P", Some("TD")),
            ("Table Caption P", Some("Caption")),
            ("P Note Lbl", Some("Note")),
            ("TOC TOCI Reference", Some("TOCI")),
            ("Figure P", Some("Figure")),
        ] {
            assert_eq!(tag(roles).as_deref(), expected, "{roles}");
        }
        assert_eq!(tag(&format!("{}LI", "L ".repeat(400))).as_deref(), Some("LI9"));
    }
}

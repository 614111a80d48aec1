//! Where the rewriting is in the document: the headings above the next element, and the lists that it may stand in.
//! Pure.

use std::collections::BTreeMap;

use quire_schemas::element::{Element, ElementType, ImageInfo, ListInfo, Native};
use serde_json::value::to_raw_value;

use super::{
    json_fields::JsonFields,
    structure::{At, Decisions, InList, OfElement},
};

/// Characters of a heading that stand in the paths of what follows it.
const CHARACTERS_OF_PATH: usize = 200;

/// What carries over from one element, and one page, to the next.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// The place of the next element in the whole document.
    place: u32,
    /// The headings above the next element, outermost first.
    headings: Vec<Above>,
    /// The ids of lists whose group is written.
    groups: BTreeMap<usize, String>,
}

#[derive(Debug)]
struct Above {
    level: u32,
    id: String,
    text: String,
}

impl Course {
    /// Returns the place of the next element, and goes on.
    pub(super) fn next_place(&mut self) -> u32 {
        let place = self.place;
        self.place = self.place.saturating_add(1);
        place
    }

    /// Makes the group of the list that an item stands in, if it is the first one.
    pub(super) fn group(&mut self, page: u32, item: &InList) -> serde_json::Result<Option<String>> {
        if self.groups.contains_key(&item.list) {
            return Ok(None);
        }
        let id = format!("p{page}-l{:04}", item.list + 1);
        let native = Native { engine: "pdfium".to_owned(), kind: "list".to_owned(), id: None, path: None };
        let mut group = Element::new(page, ElementType::List, native);
        group.id.clone_from(&id);
        group.reading_order = self.next_place();
        group.parent_id = item.parent.map(id_of).or_else(|| self.headings.last().map(|above| above.id.clone()));
        group.section_path = self.path();
        group.list = Some(ListInfo { marker: None, ..item.info.clone() });
        self.groups.insert(item.list, id);
        serde_json::to_string(&group).map(Some)
    }

    /// Writes what an element is, and where it belongs. Without a decision only its place among the headings is
    /// written.
    pub(super) fn write(
        &mut self,
        element: &mut JsonFields<'_>,
        at: At,
        decisions: &Decisions,
    ) -> serde_json::Result<()> {
        let decision = decisions.of(at);
        let level = decision.and_then(|decision| decision.level);
        if let Some(level) = level {
            self.headings.retain(|above| above.level < level);
        }
        if let Some(decision) = decision {
            element.set("type", &decision.kind)?;
            if let Some(layer) = &decision.layer {
                element.set("content_layer", layer)?;
                return Ok(());
            }
            if let Some(level) = level {
                element.set("level", &level)?;
            }
            if let Some(list) = &decision.list {
                element.set("list", &list.info)?;
            }
        }
        let list = decision.and_then(|decision| decision.list.as_ref()).and_then(|list| self.groups.get(&list.list));
        let captioned = decisions.captioned_by(at).map(id_of);
        if let Some(parent) = captioned.as_ref().or(list).or(self.headings.last().map(|above| &above.id)) {
            element.set("parent_id", parent)?;
        }
        if let Some(belongings) = decisions.belongings_of(at) {
            write_belongings(element, belongings)?;
        }
        if !self.headings.is_empty() {
            element.set("section_path", &self.path())?;
        }
        if let Some(level) = level {
            let (id, text): (String, Option<String>) = (element.require("id")?, element.get("text")?);
            let text = text.unwrap_or_default().chars().take(CHARACTERS_OF_PATH).collect();
            self.headings.push(Above { level, id, text });
        }
        Ok(())
    }

    fn path(&self) -> Vec<String> {
        self.headings.iter().map(|above| above.text.clone()).collect()
    }
}

/// Writes into a table or a picture what belongs to it.
fn write_belongings(element: &mut JsonFields<'_>, belongings: &OfElement) -> serde_json::Result<()> {
    let caption_ids: Vec<String> = belongings.captions.iter().copied().map(id_of).collect();
    if element.raw("table").is_none() {
        return element.set("image", &ImageInfo { caption_ids, ..ImageInfo::default() });
    }
    let Some(mut table) = element.fields("table")? else { return Ok(()) };
    if !caption_ids.is_empty() {
        table.set("caption_ids", &caption_ids)?;
    }
    for (name, part) in [("continued_from", belongings.continued_from), ("continues_in", belongings.continues_in)] {
        if let Some(part) = part {
            table.set(name, &id_of(part))?;
        }
    }
    let table = to_raw_value(&table)?;
    element.put("table", Some(table));
    Ok(())
}

/// Returns the id of the element at a place of a page, as the local engine writes it.
pub(super) fn id_of((page, index): At) -> String {
    format!("p{page}-e{:04}", index + 1)
}

//! What a file says and libpdfium's interface keeps to itself: how many pages its tree really has,
//! units, layers, attachments, structure, names of glyphs. Pure: bytes in, facts out.

mod attachments;
mod composite;
mod decode;
mod font_program;
mod fonts;
mod glyph_name;
mod hidden;
mod inherited;
mod layers;
mod page;
mod resources;
mod roles;
mod scan;
mod section;
mod structure;
mod suspects;
mod syntax;
mod tex_names;
mod text_string;
mod tree;
mod update;
mod user_unit;
mod values;

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use hayro_syntax::{
    LoadPdfError, Pdf, PdfData,
    object::{Dict, dict::keys::RESOURCES},
    xref::XRef,
};

pub(super) use attachments::Attachments;
pub(super) use composite::CompositeFonts;
pub(super) use decode::NotDecoded;
pub(super) use fonts::GlyphNames;
use fonts::KnownFonts;
pub(super) use hidden::{HiddenObjects, MAX_OPEN_FORMS};
use inherited::{Ancestors, ResourcesAt};
use layers::Layers;
pub(super) use page::PageArea;
pub(super) use structure::TaggedContent;
use suspects::Suspects;
pub(super) use text_string::decode_flowing as decode_flowing_text_string;
use tree::PageAt;
use values::Entry;

/// What is read of a file.
#[derive(Debug)]
pub(super) struct Reading {
    /// The file with its page tree corrected; `None` if the tree is right.
    pub(super) corrected: Option<Vec<u8>>,
    /// What the file says. `None` if it cannot be read, or has no page.
    pub(super) facts: Option<FileFacts>,
}

/// A file that can be asked. What holds for the whole document is read once.
pub(super) struct FileFacts {
    xref: XRef,
    pages: Vec<PageAt>,
    /// The units of the pages that state one.
    units: HashMap<PageAt, f64>,
    layers: Layers,
    suspects: RefCell<Suspects>,
    ancestors: RefCell<Ancestors>,
    fonts: RefCell<KnownFonts>,
    embedded: OnceCell<attachments::Found>,
}

impl std::fmt::Debug for FileFacts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FileFacts").field("pages", &self.pages.len()).finish_non_exhaustive()
    }
}

/// Reads a file. It is shared, because what it says is read from it when asked for.
pub(super) fn read<T>(file: &Arc<T>, password: Option<&str>) -> Reading
where
    T: AsRef<[u8]> + Send + Sync + 'static,
{
    guarded(|| read_unguarded(file, password)).unwrap_or(Reading { corrected: None, facts: None })
}

fn read_unguarded<T>(file: &Arc<T>, password: Option<&str>) -> Option<Reading>
where
    T: AsRef<[u8]> + Send + Sync + 'static,
{
    let bytes = (**file).as_ref();
    let start = scan::header(bytes)?;
    let xref = open(&PdfData::from(Arc::new(FromHeader { file: Arc::clone(file), start })), password)?;
    let tree = tree::read(&xref, &bytes[start..]).filter(|tree| !tree.pages.is_empty())?;
    let corrected = if tree.wrong.is_empty() { None } else { update::corrected(bytes, start, &xref, &tree.wrong) };
    let corrected = corrected.and_then(|copy| settled(copy, password));
    let facts = FileFacts {
        layers: Layers::of(&xref),
        suspects: RefCell::default(),
        ancestors: RefCell::default(),
        fonts: RefCell::default(),
        embedded: OnceCell::new(),
        xref,
        pages: tree.pages,
        units: tree.units,
    };
    Some(Reading { corrected, facts: Some(facts) })
}

/// Returns a corrected copy if nothing is left to correct in it: damage may let a reader take the update for something
/// else.
fn settled(copy: Vec<u8>, password: Option<&str>) -> Option<Vec<u8>> {
    let copy = Arc::new(copy);
    let is_right = {
        let start = scan::header(&copy)?;
        let xref = open(&PdfData::from(Arc::new(FromHeader { file: Arc::clone(&copy), start })), password)?;
        tree::read(&xref, &copy[start..]).is_some_and(|tree| !tree.pages.is_empty() && tree.wrong.is_empty())
    };
    Arc::into_inner(copy).filter(|_| is_right)
}

/// A file without what stands before its header: offsets count from the header.
struct FromHeader<T> {
    file: Arc<T>,
    start: usize,
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for FromHeader<T> {
    fn as_ref(&self) -> &[u8] {
        (*self.file).as_ref().get(self.start..).unwrap_or_default()
    }
}

/// Opens a file with its password, or without one if that is no user's password.
fn open(data: &PdfData, password: Option<&str>) -> Option<XRef> {
    let opened = match Pdf::new_with_password(data.clone(), password.unwrap_or_default()) {
        Err(LoadPdfError::Decryption(_)) if password.is_some() => Pdf::new(data.clone()),
        opened => opened,
    };
    // The pages that the reader lists by itself, by other rules than ours, end here.
    opened.ok().map(|pdf| pdf.xref().clone())
}

/// Runs what reads a hostile file. `None` if the reader panics: its state is not used again in a way
/// that a panic could have broken.
fn guarded<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

impl FileFacts {
    /// Returns how many pages the tree has.
    pub(super) fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// Returns how many points a unit of a page has; pages count from 0.
    pub(super) fn user_unit(&self, index: u32) -> f64 {
        let stated = self.page_at(index).and_then(|at| self.units.get(&at));
        stated.copied().unwrap_or(1.0)
    }

    /// Reads what a page states of its area; pages count from 0.
    pub(super) fn page_area(&self, index: u32) -> PageArea {
        let area = || Some(self.stated(&page::dictionary(&self.xref, self.page_at(index)?)?).area());
        guarded(area).unwrap_or(PageArea::UNKNOWN)
    }

    /// Tells which objects of a page lie in layers that are off; pages count from 0. `None` if by its
    /// resources the page has nothing in such a layer, or if its content cannot be read whole.
    ///
    /// The lists follow libpdfium's page objects, through forms. One whose length is not libpdfium's
    /// own count is worth nothing: the two have read the content differently.
    pub(super) fn hidden_objects(&self, index: u32) -> Option<HiddenObjects> {
        guarded(|| {
            let page = page::dictionary(&self.xref, self.page_at(index)?)?;
            let at = self.stated(&page).resources()?;
            if self.suspects.borrow().are_clean(at) {
                return None;
            }
            let resources = self.resources(&page, at)?;
            let view = self.layers.view(&self.xref);
            let may_hide = self.suspects.borrow_mut().may_hide(&self.xref, &view, &resources, at);
            may_hide.then(|| hidden::read(&self.xref, &view, &page, resources.dict)).flatten()
        })
    }

    /// Reads what the structure tree says of marked content of a page; pages count from 0. `None` if it lists nothing
    /// of the page.
    pub(super) fn tagged_content(&self, index: u32) -> Option<TaggedContent> {
        let at = self.page_at(index)?;
        let id = if let PageAt::Object(id) = at { Some(id) } else { None };
        guarded(|| structure::read(&self.xref, &page::dictionary(&self.xref, at)?, id))
    }

    /// Reads what the fonts of a page say of its characters by names of glyphs; pages count from 0. `None` if the page
    /// has no resources, or its content cannot be read whole. What is said of the length of
    /// [`hidden_objects`](Self::hidden_objects) holds here.
    pub(super) fn glyph_names(&self, index: u32) -> Option<GlyphNames> {
        guarded(|| {
            let page = page::dictionary(&self.xref, self.page_at(index)?)?;
            let resources = self.resources(&page, self.stated(&page).resources()?)?;
            hidden::glyph_names(&self.xref, &page, resources.dict, &mut self.fonts.borrow_mut())
        })
    }

    fn stated(&self, page: &Dict<'_>) -> inherited::Stated {
        self.ancestors.borrow_mut().with_inherited(&self.xref, page)
    }

    fn resources<'a>(&'a self, page: &Dict<'a>, at: ResourcesAt) -> Option<Entry<'a>> {
        match at {
            ResourcesAt::Object(id) => Some(Entry { id: Some(id), dict: self.xref.get(id)? }),
            ResourcesAt::Node(id) => Entry::of(&self.xref.get::<Dict<'_>>(id)?, RESOURCES),
            ResourcesAt::Page => Entry::of(page, RESOURCES),
        }
    }

    /// Finds a page's composite fonts, whose codes are no characters by themselves; pages count from 0.
    pub(super) fn composite_fonts(&self, index: u32) -> CompositeFonts {
        let fonts = || {
            let page = page::dictionary(&self.xref, self.page_at(index)?)?;
            let resources = self.resources(&page, self.stated(&page).resources()?)?;
            Some(composite::fonts(&self.xref, resources.dict))
        };
        guarded(fonts).unwrap_or_default()
    }

    /// Says whether the form asks for its fields to be drawn by their values, whatever appearances they have.
    pub(super) fn needs_appearances(&self) -> bool {
        let form = || self.xref.get::<Dict<'_>>(self.xref.root_id())?.get::<Dict<'_>>("AcroForm");
        guarded(|| form()?.get::<bool>("NeedAppearances")).unwrap_or_default()
    }

    /// Lists the embedded files. The first question looks at the annotations of every page.
    pub(super) fn attachments(&self) -> &Attachments {
        &self.embedded().attachments
    }

    /// Decodes an embedded file by its place in the list, from 0, up to a size.
    pub(super) fn attachment_bytes(&self, index: usize, limit: usize) -> Result<Vec<u8>, NotDecoded> {
        guarded(|| Some(self.embedded().bytes(&self.xref, index, limit)))
            .unwrap_or(Err(NotDecoded::Unreadable { read: limit }))
    }

    fn embedded(&self) -> &attachments::Found {
        self.embedded.get_or_init(|| guarded(|| attachments::find(&self.xref, &self.pages)).unwrap_or_default())
    }

    fn page_at(&self, index: u32) -> Option<PageAt> {
        self.pages.get(usize::try_from(index).ok()?).copied()
    }
}

#[cfg(test)]
mod tests;

//! Which objects of a page lie in a layer that is off, and in which font its texts are set, in the order
//! in which libpdfium makes the page's objects. Pure.

use std::borrow::Cow;

use hayro_syntax::{
    content::{Instruction, UntypedIter},
    object::{Array, Dict, Object, Stream},
    xref::XRef,
};

use super::{
    decode::decoded,
    fonts::{Fonts, GlyphNames},
    layers::Layers,
    page::inherited,
    values::{Entry, resolve, text},
};

/// How deep forms may nest.
const MAX_DEPTH: usize = 32;
/// How many operators are read.
const MAX_OPERATORS: u32 = 1_000_000;
/// How many bytes of content are decoded; a form counts each time it is painted.
const MAX_CONTENT_BYTES: usize = 64 << 20;

/// Which objects of a page are hidden: `true` where a layer that is off holds one. Forms are no
/// objects here; what they hold is, where they are painted.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::render) struct HiddenObjects {
    /// Texts: one for each string or array of strings that shows a character code.
    pub(in crate::render) texts: Vec<bool>,
    /// Pictures, inline ones too.
    pub(in crate::render) images: Vec<bool>,
    /// Paths that are filled or stroked.
    pub(in crate::render) paths: Vec<bool>,
}

/// Reads a page's content. `None` if that cannot be read whole.
pub(super) fn read<'a>(xref: &'a XRef, layers: &Layers<'a>, page: &Dict<'a>) -> Option<HiddenObjects> {
    let mut walk = Walk::of(page, Some(layers), None);
    walk.page(xref, page)?;
    (!layers.is_exhausted()).then_some(walk.found)
}

/// Reads what the fonts of a page's texts say by names of glyphs. `None` if the content cannot be read whole.
pub(super) fn glyph_names<'a>(xref: &'a XRef, page: &Dict<'a>) -> Option<GlyphNames> {
    let mut walk = Walk::of(page, None, Some(Fonts::default()));
    walk.page(xref, page)?;
    walk.fonts.map(Fonts::names)
}

/// What holds where a content stream begins.
struct Scope<'a> {
    resources: Dict<'a>,
    is_hidden: bool,
    font: Font,
    depth: usize,
}

/// The font that texts are set in.
#[derive(Debug, Clone, Copy)]
enum Font {
    /// None yet: libpdfium shows nothing.
    Unset,
    /// Its place, if it is known.
    Set(Option<usize>),
}

/// The path that is being built, as far as libpdfium's rule needs it: it paints two points or more.
#[derive(Default)]
struct Path {
    points: u8,
    /// Whether its last point is a move that nothing closed: another move replaces it.
    ends_in_move: bool,
}

impl Path {
    fn begin(&mut self) {
        if !self.ends_in_move {
            self.points = (self.points + 1).min(2);
        }
        self.ends_in_move = true;
    }

    fn line(&mut self) {
        if self.points > 0 {
            *self = Self { points: 2, ends_in_move: false };
        }
    }

    fn close(&mut self) {
        self.ends_in_move = false;
    }
}

struct Walk<'w, 'a> {
    /// `None` if nothing is asked of layers.
    layers: Option<&'w Layers<'a>>,
    page_resources: Dict<'a>,
    found: HiddenObjects,
    /// `None` if nothing is asked of fonts.
    fonts: Option<Fonts<'a>>,
    operators: u32,
    bytes: usize,
}

/// What holds at an operator.
struct State {
    /// For each mark that is open, whether it hides.
    marks: Vec<bool>,
    hiding: usize,
    font: Font,
    saved: Vec<Font>,
    path: Path,
}

impl<'w, 'a> Walk<'w, 'a> {
    fn of(page: &Dict<'a>, layers: Option<&'w Layers<'a>>, fonts: Option<Fonts<'a>>) -> Self {
        Self {
            layers,
            page_resources: inherited(page, b"Resources").and_then(Object::into_dict).unwrap_or_default(),
            found: HiddenObjects::default(),
            fonts,
            operators: MAX_OPERATORS,
            bytes: MAX_CONTENT_BYTES,
        }
    }

    fn page(&mut self, xref: &'a XRef, page: &Dict<'a>) -> Option<()> {
        let content = self.page_content(xref, page)?;
        let resources = self.page_resources.clone();
        self.content(&content, &Scope { resources, is_hidden: false, font: Font::Unset, depth: 0 })
    }

    fn page_content(&mut self, xref: &'a XRef, page: &Dict<'a>) -> Option<Vec<u8>> {
        let parts = match page.get::<Object<'a>>("Contents") {
            Some(Object::Stream(stream)) => vec![stream],
            Some(Object::Array(array)) => {
                array.raw_iter().filter_map(|item| resolve(xref, item)?.into_stream()).take(100_000).collect()
            }
            _ => Vec::new(),
        };
        let mut content = Vec::new();
        for part in parts {
            content.extend_from_slice(&self.decoded(&part)?);
            content.push(b' ');
        }
        Some(content)
    }

    fn decoded(&mut self, stream: &Stream<'a>) -> Option<Cow<'a, [u8]>> {
        let data = decoded(stream, self.bytes)?;
        // One more, so that empty forms count too.
        self.bytes = self.bytes.checked_sub(data.len() + 1)?;
        Some(data)
    }

    fn content(&mut self, content: &[u8], scope: &Scope<'a>) -> Option<()> {
        let mut state =
            State { marks: Vec::new(), hiding: 0, font: scope.font, saved: Vec::new(), path: Path::default() };
        let mut operators = UntypedIter::new(content);
        while let Some(instruction) = operators.next() {
            self.operators = self.operators.checked_sub(1)?;
            self.operator(&instruction, scope, &mut state)?;
        }
        Some(())
    }

    fn operator(&mut self, instruction: &Instruction<'_, '_>, scope: &Scope<'a>, state: &mut State) -> Option<()> {
        let is_hidden = scope.is_hidden || state.hiding > 0;
        match &**instruction.operator {
            b"q" => state.saved.push(state.font),
            b"Q" => state.font = state.saved.pop().unwrap_or(state.font),
            b"Tf" => state.font = Font::Set(self.font(instruction, scope)),
            b"BMC" => state.marks.push(false),
            b"BDC" => self.begin_mark(instruction, scope, state),
            b"EMC" => state.hiding -= usize::from(state.marks.pop() == Some(true)),
            b"Tj" | b"'" | b"\"" | b"TJ" if shows_text(instruction) => self.text(state.font, is_hidden),
            b"BI" => self.found.images.push(is_hidden),
            b"Do" => self.paint(instruction, scope, is_hidden, state.font)?,
            b"m" => state.path.begin(),
            b"l" | b"c" | b"v" | b"y" => state.path.line(),
            b"re" => state.path = Path { points: 2, ends_in_move: false },
            b"h" => state.path.close(),
            b"n" => state.path = Path::default(),
            b"S" | b"s" | b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" => self.paint_path(state, is_hidden),
            b"b*" => {
                // Closes by a line even where it stands already.
                state.path.line();
                self.paint_path(state, is_hidden);
            }
            _ => {}
        }
        Some(())
    }

    fn text(&mut self, font: Font, is_hidden: bool) {
        let Font::Set(font) = font else { return };
        self.found.texts.push(is_hidden);
        if let Some(fonts) = &mut self.fonts {
            fonts.push(font);
        }
    }

    /// Finds the font that an operator names, if anything is asked of fonts.
    fn font(&mut self, instruction: &Instruction<'_, '_>, scope: &Scope<'a>) -> Option<usize> {
        let fonts = self.fonts.as_ref()?;
        let operands: Vec<&Object<'_>> = instruction.operands().collect();
        let [.., Object::Name(name), _] = operands.as_slice() else { return None };
        let category = self.resource(scope, "Font", |category| Some(category.clone()))?;
        if let Some(known) = category.get_ref(&**name).and_then(|font| fonts.known(font.into())) {
            return Some(known);
        }
        let font = Entry::of(&category, &**name)?;
        self.fonts.as_mut()?.place(font)
    }

    fn hides(&self, layer: &Entry<'a>) -> bool {
        self.layers.is_some_and(|layers| !layers.shows(layer))
    }

    fn paint_path(&mut self, state: &mut State, is_hidden: bool) {
        if std::mem::take(&mut state.path).points > 1 {
            self.found.paths.push(is_hidden);
        }
    }

    /// A mark whose properties are missing is none: its end ends the mark around it.
    fn begin_mark(&self, instruction: &Instruction<'_, '_>, scope: &Scope<'a>, state: &mut State) {
        let operands: Vec<&Object<'_>> = instruction.operands().collect();
        let (tag, properties) = match operands.as_slice() {
            [.., Object::Name(tag), properties] => (Some(tag), properties),
            [.., properties] => (None, properties),
            [] => return,
        };
        let hides = match properties {
            Object::Name(name) => {
                let Some(layer) = self.resource(scope, "Properties", |category| Entry::of(category, &**name)) else {
                    return;
                };
                tag.is_some_and(|tag| tag.as_ref() == b"OC") && self.hides(&layer)
            }
            Object::Dict(_) => false,
            _ => return,
        };
        state.marks.push(hides);
        state.hiding += usize::from(hides);
    }

    fn paint(
        &mut self,
        instruction: &Instruction<'_, '_>,
        scope: &Scope<'a>,
        is_hidden: bool,
        font: Font,
    ) -> Option<()> {
        let Some(Object::Name(name)) = instruction.operands().last() else { return Some(()) };
        let Some(painted) = self.resource(scope, "XObject", |category| category.get::<Stream<'a>>(&**name)) else {
            return Some(());
        };
        let dict = painted.dict();
        let is_hidden = is_hidden || Entry::of(dict, "OC").is_some_and(|layer| self.hides(&layer));
        match text(dict, "Subtype").as_deref() {
            Some(b"Image") => self.found.images.push(is_hidden),
            Some(b"Form") if scope.depth >= MAX_DEPTH => return None,
            Some(b"Form") => {
                let resources = dict.get("Resources").unwrap_or_else(|| scope.resources.clone());
                let content = self.decoded(&painted)?;
                self.content(&content, &Scope { resources, is_hidden, font, depth: scope.depth + 1 })?;
            }
            _ => {}
        }
        Some(())
    }

    /// Looks a resource up; a form that lacks a whole category has the page's.
    fn resource<T>(&self, scope: &Scope<'a>, category: &str, find: impl Fn(&Dict<'a>) -> Option<T>) -> Option<T> {
        let own = scope.resources.get::<Dict<'a>>(category);
        find(&own.or_else(|| self.page_resources.get(category))?)
    }
}

fn shows_text(instruction: &Instruction<'_, '_>) -> bool {
    match instruction.operands().last() {
        Some(Object::String(string)) => !string.is_empty(),
        Some(Object::Array(array)) if &**instruction.operator == b"TJ" => has_string(array),
        _ => false,
    }
}

fn has_string(array: &Array<'_>) -> bool {
    array.iter::<Object<'_>>().any(|item| matches!(item, Object::String(string) if !string.is_empty()))
}

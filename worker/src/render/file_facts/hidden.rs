//! Which objects of a page lie in a layer that is off, and in which font its texts are set, in the order
//! in which libpdfium makes the page's objects. Pure.

use std::{borrow::Cow, collections::HashMap, rc::Rc};

use hayro_syntax::{
    content::{Instruction, UntypedIter},
    object::{Array, Dict, Object, ObjectIdentifier, Stream},
    xref::XRef,
};

use super::{
    decode::decoded,
    fonts::{Fonts, GlyphNames, KnownFonts},
    layers::View,
    resources::{Mark, Resources},
    values::{Entry, resolve, text},
};

/// How many forms may be open around an object, as in libpdfium, which reads a form inside itself too.
pub(in crate::render) const MAX_OPEN_FORMS: usize = 40;
/// How many operators are read.
const MAX_OPERATORS: u32 = 1_000_000;
/// How many bytes of content are decoded, or read to decode them; a form counts each time it is painted.
const MAX_CONTENT_BYTES: usize = 64 << 20;
/// How many streams may hold a page's content.
const MAX_STREAMS: usize = 100_000;

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
    /// Shadings that fill what the clip leaves.
    pub(in crate::render) shadings: Vec<bool>,
}

/// Reads a page's content. `None` if that cannot be read whole.
pub(super) fn read<'a>(
    xref: &'a XRef,
    view: &View<'_, 'a>,
    page: &Dict<'a>,
    resources: Dict<'a>,
) -> Option<HiddenObjects> {
    let mut walk = Walk::of(xref, resources, Some(view), None);
    walk.page(page)?;
    (!view.is_exhausted()).then_some(walk.found)
}

/// Reads what the fonts of a page's texts say by names of glyphs. `None` if the content cannot be read whole.
pub(super) fn glyph_names<'a>(
    xref: &'a XRef,
    page: &Dict<'a>,
    resources: Dict<'a>,
    known: &mut KnownFonts,
) -> Option<GlyphNames> {
    let mut walk = Walk::of(xref, resources, None, Some(Fonts::default()));
    walk.page(page)?;
    walk.fonts.map(|fonts| fonts.names(known))
}

/// What holds where a content stream begins.
struct Scope<'a> {
    resources: Rc<Resources<'a>>,
    is_hidden: bool,
    font: Font,
}

/// The font that texts are set in.
#[derive(Debug, Clone, Copy)]
enum Font {
    /// None yet: libpdfium shows nothing.
    Unset,
    /// Its place, if it is known.
    Set(Option<usize>),
}

/// What a name paints.
#[derive(Clone)]
enum Painted<'a> {
    Nothing,
    Image { is_hidden: bool },
    Form { is_hidden: bool, content: Stream<'a>, resources: Option<Rc<Resources<'a>>> },
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

struct Walk<'w, 'v, 'a> {
    xref: &'a XRef,
    /// `None` if nothing is asked of layers.
    view: Option<&'w View<'v, 'a>>,
    page_resources: Rc<Resources<'a>>,
    /// What was painted before.
    painted: HashMap<ObjectIdentifier, Painted<'a>>,
    /// How many forms are being read, each inside the one before.
    open_forms: usize,
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

impl<'w, 'v, 'a> Walk<'w, 'v, 'a> {
    fn of(xref: &'a XRef, resources: Dict<'a>, view: Option<&'w View<'v, 'a>>, fonts: Option<Fonts<'a>>) -> Self {
        Self {
            xref,
            view,
            page_resources: Resources::of_page(resources),
            painted: HashMap::new(),
            open_forms: 0,
            found: HiddenObjects::default(),
            fonts,
            operators: MAX_OPERATORS,
            bytes: MAX_CONTENT_BYTES,
        }
    }

    fn page(&mut self, page: &Dict<'a>) -> Option<()> {
        let content = self.page_content(page)?;
        let resources = Rc::clone(&self.page_resources);
        self.content(&content, &Scope { resources, is_hidden: false, font: Font::Unset })
    }

    fn page_content(&mut self, page: &Dict<'a>) -> Option<Vec<u8>> {
        let parts = match page.get::<Object<'a>>("Contents") {
            Some(Object::Stream(stream)) => vec![stream],
            Some(Object::Array(array)) => {
                let streams = array.raw_iter().take(MAX_STREAMS);
                streams.filter_map(|item| resolve(self.xref, item)?.into_stream()).collect()
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
        self.bytes = self.bytes.checked_sub(data.len().max(stream.raw_data().len()) + 1)?;
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
            b"sh" => self.shade(instruction, scope, is_hidden),
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
        let fonts = self.fonts.as_mut()?;
        let operands: Vec<&Object<'_>> = instruction.operands().collect();
        let [.., Object::Name(name), _] = operands.as_slice() else { return None };
        scope.resources.font(name, fonts)
    }

    fn paint_path(&mut self, state: &mut State, is_hidden: bool) {
        if std::mem::take(&mut state.path).points > 1 {
            self.found.paths.push(is_hidden);
        }
    }

    fn shade(&mut self, instruction: &Instruction<'_, '_>, scope: &Scope<'a>, is_hidden: bool) {
        if let Some(Object::Name(name)) = instruction.operands().last()
            && scope.resources.has_shading(name)
        {
            self.found.shadings.push(is_hidden);
        }
    }

    /// A mark whose properties are missing is none: its end ends the mark around it.
    fn begin_mark(&self, instruction: &Instruction<'_, '_>, scope: &Scope<'a>, state: &mut State) {
        let Some(view) = self.view else { return };
        let operands: Vec<&Object<'_>> = instruction.operands().collect();
        let (tag, properties) = match operands.as_slice() {
            [.., Object::Name(tag), properties] => (Some(tag), properties),
            [.., properties] => (None, properties),
            [] => return,
        };
        let hides = match properties {
            Object::Name(name) => {
                let Some(mark) = scope.resources.mark(name, view) else { return };
                tag.is_some_and(|tag| tag.as_ref() == b"OC") && mark == Mark::Off
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
        let Some(id) = scope.resources.object(name) else { return Some(()) };
        match self.painted(id) {
            Painted::Nothing => {}
            Painted::Image { is_hidden: by_itself } => self.found.images.push(is_hidden || by_itself),
            Painted::Form { .. } if self.open_forms >= MAX_OPEN_FORMS => {}
            Painted::Form { is_hidden: by_itself, content, resources } => {
                let resources = resources.unwrap_or_else(|| Rc::clone(&scope.resources));
                let is_hidden = is_hidden || by_itself;
                let content = self.decoded(&content)?;
                self.open_forms += 1;
                self.content(&content, &Scope { resources, is_hidden, font })?;
                self.open_forms -= 1;
            }
        }
        Some(())
    }

    fn painted(&mut self, id: ObjectIdentifier) -> Painted<'a> {
        if let Some(painted) = self.painted.get(&id) {
            return painted.clone();
        }
        let painted = self.find(id).unwrap_or(Painted::Nothing);
        self.painted.insert(id, painted.clone());
        painted
    }

    fn find(&self, id: ObjectIdentifier) -> Option<Painted<'a>> {
        let content = self.xref.get::<Stream<'a>>(id)?;
        let dict = content.dict();
        let is_hidden = self.view.is_some_and(|view| Entry::of(dict, "OC").is_some_and(|layer| !view.shows(&layer)));
        match text(dict, "Subtype").as_deref()? {
            b"Image" => Some(Painted::Image { is_hidden }),
            b"Form" => {
                let resources = dict.get("Resources").map(|own| Resources::of_form(own, &self.page_resources));
                Some(Painted::Form { is_hidden, content, resources })
            }
            _ => None,
        }
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

//! Walks the objects of a page in the order of painting, those of forms included: shapes and pictures,
//! and where in that order each text object stands.

use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
    os::raw::c_int,
};

use pdfium_render::prelude::FPDF_PAGEOBJECT;
use quire_schemas::element::BBox;

use super::{
    super::{
        file_facts::{HiddenObjects, MAX_OPEN_FORMS, TaggedContent},
        geometry::Transform,
    },
    actual_text::{ActualText, TextSource},
    clips::Clip,
    page::Page,
    page_object::{ObjectKind, PageObject},
    paths::{PlacedPath, SegmentBudget, filled_outlines, path_shapes},
    placement::{Placement, Point, clipped, shared},
    render_mode::RenderMode,
};
use crate::parse::local::{Colour, Cover, HIDING_ALPHA, MAX_OBJECTS, MAX_SHAPES, Picture, Shape, ShapeKind, Tag};

/// Pictures of a page beyond this are not asked whether they are stencils, which costs a look at their data.
const MAX_STENCIL_CHECKS: usize = 200;
/// What may cover text beyond this counts as one large thing.
const MAX_COVERS: usize = 2_000;
/// Text objects between the two copies of fake bold.
const MAX_BETWEEN_COPIES: usize = 64;
/// Two copies share this part of their boxes.
const COPIED_SHARE: f64 = 0.8;
/// A thinner stroke that is no straight line along an axis, in its own space, does not hide text.
const THICK_STROKE: f64 = 6.0;

/// What the walk tells of a text object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PlacedText {
    pub(super) order: u32,
    /// Its place among the texts of the page, from 0.
    pub(super) place: usize,
    /// The order of the first of the copies of which it is one; its own if it is none.
    pub(super) first: u32,
    pub(super) bbox: Option<BBox>,
    pub(super) clip: Option<BBox>,
    pub(super) layer_off: bool,
    /// How much the forms around it cover; 255 wholly.
    pub(super) alpha: u8,
    /// Whether a text is stated that is to be read in its place.
    pub(super) is_replaced: bool,
    /// Whether it or a form around it is blended, masked, or has a clip of which only the image tells what it leaves.
    pub(super) masked: bool,
    /// What the document says that it is.
    pub(super) tag: Option<Tag>,
}

impl PlacedText {
    /// What is said of an object that the walk has not reached: it lies above all others.
    pub(super) const UNREACHED: Self = Self {
        order: u32::MAX,
        place: usize::MAX,
        first: u32::MAX,
        bbox: None,
        clip: None,
        layer_off: false,
        alpha: u8::MAX,
        is_replaced: false,
        masked: false,
        tag: None,
    };
}

/// What a page paints.
#[derive(Default)]
pub(super) struct Painted<'p> {
    pub(super) texts: HashMap<FPDF_PAGEOBJECT, PlacedText>,
    /// Texts that are to be read in the place of text objects.
    pub(super) actual: Vec<ActualText<'p>>,
    pub(super) shapes: Vec<Shape>,
    pub(super) pictures: Vec<Picture>,
    /// The images that the pictures show, in the same order.
    pub(super) images: Vec<PageObject<'p>>,
    /// What may cover text and is neither a rectangle nor a straight stroke.
    pub(super) covers: Vec<Cover>,
    /// What may be seen in the shape of letters alone: what is painted after text that clips, and what is masked.
    pub(super) cut_out: Vec<PageObject<'p>>,
    /// Whether something was left out.
    pub(super) cut: bool,
    /// Whether a text that is to be read in the place of text objects was cut.
    pub(super) texts_cut: bool,
}

impl Painted<'_> {
    /// Notes which text objects repeat another one, each with the order of that.
    pub(super) fn note_copies(&mut self, copies: &[(FPDF_PAGEOBJECT, u32)]) {
        for (copy, original) in copies {
            if let Some(text) = self.texts.get_mut(copy) {
                text.first = *original;
            }
        }
    }
}

/// Walks the objects of a page. `hidden` tells which of them lie in layers that are off: libpdfium does not. A list
/// that has another length than libpdfium has objects of its kind is not believed. `structure` has what the structure
/// tree says.
pub(super) fn painted<'p>(
    page: &'p Page<'_>,
    transform: Transform,
    hidden: Option<HiddenObjects>,
    structure: Option<&TaggedContent>,
) -> Painted<'p> {
    let mut layers = Layers { hidden: hidden.unwrap_or_default(), met: [0; 4] };
    let painted = walk(page, transform, &mut layers, structure);
    if layers.drop_wrong() { walk(page, transform, &mut layers, structure) } else { painted }
}

/// Which objects lie in layers that are off, and how many of each kind were met.
#[derive(Default)]
struct Layers {
    hidden: HiddenObjects,
    met: [usize; 4],
}

impl Layers {
    /// Says whether the next object of a kind is hidden.
    fn hides_next(&mut self, kind: ObjectKind) -> bool {
        let (list, place) = match kind {
            ObjectKind::Text => (&self.hidden.texts, 0),
            ObjectKind::Image => (&self.hidden.images, 1),
            ObjectKind::Path => (&self.hidden.paths, 2),
            ObjectKind::Shading => (&self.hidden.shadings, 3),
            ObjectKind::Form | ObjectKind::Unknown => return false,
        };
        let met = self.met[place];
        self.met[place] += 1;
        list.get(met).copied().unwrap_or(false)
    }

    /// Drops lists that do not fit what was met. Says whether one of them hid something.
    fn drop_wrong(&mut self) -> bool {
        let met = std::mem::take(&mut self.met);
        let HiddenObjects { texts, images, paths, shadings } = &mut self.hidden;
        let mut hid = false;
        for (list, met) in [texts, images, paths, shadings].into_iter().zip(met) {
            if list.len() != met {
                hid |= list.contains(&true);
                list.clear();
            }
        }
        hid
    }
}

fn walk<'p>(
    page: &'p Page<'_>,
    transform: Transform,
    layers: &mut Layers,
    structure: Option<&TaggedContent>,
) -> Painted<'p> {
    let space = Placement::of_page(transform);
    let state = State {
        space,
        clip: None,
        alpha: u8::MAX,
        layer_off: false,
        masked: false,
        is_in_form: false,
        tag: None,
        actual: None,
    };
    let root = Level { form: None, next: 0, count: page.object_count(), state };
    let mut walk = Walk {
        page,
        layers,
        structure,
        found: Painted::default(),
        budget: SegmentBudget::default(),
        order: 0,
        stated: Vec::new(),
        sources: HashMap::new(),
        text_place: None,
        last_texts: VecDeque::new(),
        after_clip: false,
    };
    walk.run(root);
    walk.found
}

/// A page or a form whose objects are being walked.
struct Level<'p> {
    /// `None` for the page.
    form: Option<PageObject<'p>>,
    next: c_int,
    count: c_int,
    state: State,
}

/// What holds of everything in a form.
#[derive(Clone, Copy)]
struct State {
    space: Placement,
    clip: Option<BBox>,
    alpha: u8,
    layer_off: bool,
    masked: bool,
    is_in_form: bool,
    tag: Option<Tag>,
    /// The text that is to be read in the place of the form, by its place in [`Walk::stated`].
    actual: Option<usize>,
}

/// A text that is to be read in the place of something.
struct StatedText {
    /// Empty once it is placed.
    text: String,
    /// Its place in [`Painted::actual`], once a text object was met for which it stands.
    place: Option<usize>,
}

struct Walk<'p, 'l> {
    page: &'p Page<'p>,
    layers: &'l mut Layers,
    structure: Option<&'l TaggedContent>,
    found: Painted<'p>,
    budget: SegmentBudget,
    order: u32,
    /// The texts that are to be read in the place of something.
    stated: Vec<StatedText>,
    /// The places of these texts.
    sources: HashMap<TextSource, usize>,
    /// Around the text so far.
    text_place: Option<BBox>,
    /// Around the last text objects that are read as they are.
    last_texts: VecDeque<BBox>,
    /// Whether some text so far clips what follows.
    after_clip: bool,
}

impl<'p> Walk<'p, '_> {
    fn run(&mut self, root: Level<'p>) {
        let mut levels = vec![root];
        while let Some(level) = levels.last_mut() {
            if level.next >= level.count {
                levels.pop();
                continue;
            }
            if self.order == MAX_OBJECTS {
                self.found.cut = true;
                return;
            }
            let (index, state) = (level.next, level.state);
            level.next += 1;
            let object = match level.form {
                Some(form) => form.child(index),
                None => self.page.object(index),
            };
            let Some(object) = object else { continue };
            let inner = self.visit(object, &state);
            if levels.len() <= MAX_OPEN_FORMS {
                levels.extend(inner);
            } else {
                self.found.cut |= inner.is_some();
            }
            self.order += 1;
        }
    }

    /// Notes an object. Returns what is inside it, if it is a form.
    fn visit(&mut self, object: PageObject<'p>, outer: &State) -> Option<Level<'p>> {
        let own_clip = Clip::of(&object, &outer.space);
        let clip = match (outer.clip, own_clip.as_ref().and_then(Clip::bbox)) {
            (Some(outer), Some(own)) => Some(shared(outer, own)),
            (outer, own) => outer.or(own),
        };
        let kind = object.kind();
        let masked = outer.masked || self.is_masked(&object, kind, own_clip.as_ref(), outer);
        let state = State { clip, layer_off: self.layers.hides_next(kind), masked, ..*outer };
        let is_drawing = !matches!(kind, ObjectKind::Text | ObjectKind::Form);
        if is_drawing && (masked || self.after_clip && own_clip.is_some()) {
            self.found.cut_out.push(object);
        }
        match kind {
            ObjectKind::Text => {
                let State { clip, alpha, layer_off, masked, .. } = state;
                let bbox = object.bounds().and_then(|bounds| state.space.bbox(bounds));
                let is_replaced = self.replace(&object, bbox, &state);
                self.last_texts.extend(bbox.filter(|_| !is_replaced));
                if self.last_texts.len() > MAX_BETWEEN_COPIES {
                    self.last_texts.pop_front();
                }
                let place = self.found.texts.len();
                let (order, first) = (self.order, self.order);
                let tag = self.tag(&object, &state);
                let text = PlacedText { order, place, first, bbox, clip, layer_off, alpha, is_replaced, masked, tag };
                self.after_clip |= RenderMode(object.render_mode()).clips();
                self.text_place = self.text_place.into_iter().chain(bbox).reduce(BBox::union);
                self.found.texts.insert(object.handle(), text);
            }
            ObjectKind::Path => self.path(&object, &state),
            ObjectKind::Image => self.picture(&object, &state),
            ObjectKind::Shading => {
                let bbox = object.bounds().and_then(|bounds| state.space.bbox(bounds));
                let bbox = bbox.and_then(|bbox| clipped(bbox, clip));
                self.shape(bbox, ShapeKind::Drawing, &state);
                self.cover(bbox, &state, Vec::new);
            }
            ObjectKind::Form => {
                let space = state.space.inside(&object.matrix()?);
                // A form has no colour of its own, but it is as transparent as its fill.
                let own_alpha = object.fill_colour().map_or(u8::MAX, |colour| colour.alpha);
                let (actual, tag) = (self.stated_text(&object, &state), self.tag(&object, &state));
                let alpha = dimmed(state.alpha, own_alpha);
                let state = State { space, alpha, is_in_form: true, tag, actual, ..state };
                return Some(Level { form: Some(object), next: 0, count: object.child_count(), state });
            }
            ObjectKind::Unknown => {}
        }
        None
    }

    /// Notes the text that is to be read in the place of a text object, if there is one.
    fn replace(&mut self, object: &PageObject<'p>, bbox: Option<BBox>, state: &State) -> bool {
        let Some(stated) = self.stated_text(object, state) else { return false };
        let (Some(bbox), Some(matrix)) = (bbox, object.matrix()) else { return false };
        // Text that stands for nothing that is drawn would be text that nobody sees.
        if bbox.area() == 0.0 {
            return true;
        }
        let matrix = state.space.in_user_space(&matrix);
        let stated = &mut self.stated[stated];
        // The second copy of fake bold may stand for nothing. libpdfium hands out one of the two, and not always the
        // first.
        let is_copy = |other: &BBox| bbox.overlap(*other) >= COPIED_SHARE * bbox.area().max(other.area());
        if stated.place.is_none() && stated.text.is_empty() && self.last_texts.iter().any(is_copy) {
            return false;
        }
        match stated.place {
            Some(place) => self.found.actual[place].go_on(bbox, &matrix),
            None => {
                stated.place = Some(self.found.actual.len());
                let text = std::mem::take(&mut stated.text);
                self.found.actual.push(ActualText { text, object: *object, matrix, bbox });
            }
        }
        true
    }

    /// Finds the text that is to be read in the place of an object: the outermost of those that are stated of it. That
    /// of a form around it lies outside its own, and that of the structure tree outside that of a mark.
    fn stated_text(&mut self, object: &PageObject<'p>, state: &State) -> Option<usize> {
        if state.actual.is_some() {
            return state.actual;
        }
        let structure = self.structure.filter(|_| !state.is_in_form);
        let element = structure.and_then(|structure| structure.text_of(object.marked_content()));
        let (source, text) = match element {
            Some((place, text)) => (TextSource::Element(place), Cow::Borrowed(text)),
            None => {
                let (mark, text, is_cut) = object.actual_text()?;
                self.found.texts_cut |= is_cut;
                (mark, Cow::Owned(text))
            }
        };
        Some(*self.sources.entry(source).or_insert_with(|| {
            self.stated.push(StatedText { text: text.into_owned(), place: None });
            self.stated.len() - 1
        }))
    }

    /// Returns what a tagged document says that an object is, or the form around it.
    fn tag(&self, object: &PageObject<'p>, state: &State) -> Option<Tag> {
        let structure = self.structure?;
        if state.tag.is_some() {
            return state.tag;
        }
        let mark = object.marked_content();
        let tag = if state.is_in_form { None } else { structure.tag_of(mark) };
        tag.or_else(|| (mark < 0 && object.is_artifact()).then_some(Tag::Artifact))
    }

    /// Says whether the image alone tells what of an object is seen. That of a path or a picture is told elsewhere.
    fn is_masked(&self, object: &PageObject<'p>, kind: ObjectKind, clip: Option<&Clip>, outer: &State) -> bool {
        if !matches!(kind, ObjectKind::Text | ObjectKind::Form) {
            return false;
        }
        let bbox = || object.bounds().and_then(|bounds| outer.space.bbox(bounds));
        object.has_transparency() || clip.is_some_and(|clip| clip.is_unclear(bbox(), self.after_clip))
    }

    fn path(&mut self, object: &PageObject<'p>, state: &State) {
        let alpha = if state.masked { state.alpha.min(u8::MAX - 1) } else { state.alpha };
        let colour = object.fill_colour().map(|colour| seen_through(colour, object, alpha));
        let path = PlacedPath { object, space: &state.space, clip: state.clip, colour };
        for (bbox, kind) in path_shapes(&path, &mut self.budget) {
            self.shape(Some(bbox), kind, state);
            if kind == ShapeKind::Drawing {
                self.cover_by_path(&path, bbox, state);
            }
        }
    }

    fn cover_by_path(&mut self, path: &PlacedPath<'_, 'p>, bbox: BBox, state: &State) {
        let Some(mode) = path.object.draw_mode() else { return };
        if mode.stroked && path.object.stroke_width() >= THICK_STROKE {
            self.cover(Some(bbox), state, Vec::new);
        } else if mode.filled && path.colour.is_none_or(|colour| colour.alpha >= HIDING_ALPHA) {
            let mut budget = std::mem::take(&mut self.budget);
            self.cover(Some(bbox), state, || filled_outlines(path, &mut budget));
            self.budget = budget;
        }
    }

    /// Notes what may cover the text that is painted before it.
    fn cover(&mut self, bbox: Option<BBox>, state: &State, outlines: impl FnOnce() -> Vec<Vec<Point>>) {
        let covers = |bbox: &BBox| self.text_place.is_some_and(|text| text.overlap(*bbox) > 0.0);
        let Some(bbox) = bbox.filter(covers).filter(|_| !state.layer_off) else { return };
        let is_full = self.found.covers.len() == MAX_COVERS;
        match self.found.covers.last_mut() {
            Some(last) if is_full => {
                *last = Cover { order: self.order, bbox: last.bbox.union(bbox), outlines: Vec::new() };
            }
            _ => self.found.covers.push(Cover { order: self.order, bbox, outlines: outlines() }),
        }
    }

    fn shape(&mut self, bbox: Option<BBox>, kind: ShapeKind, state: &State) {
        let Some(bbox) = bbox.filter(|_| !state.layer_off) else { return };
        if self.found.shapes.len() == MAX_SHAPES {
            self.found.cut = true;
            return;
        }
        self.found.shapes.push(Shape { order: self.order, bbox, kind });
    }

    fn picture(&mut self, object: &PageObject<'p>, state: &State) {
        let bbox = object.bounds().and_then(|bounds| state.space.bbox(bounds));
        let Some(bbox) = bbox.and_then(|bbox| clipped(bbox, state.clip)) else { return };
        let count = self.found.pictures.len();
        if count == MAX_SHAPES {
            self.found.cut = true;
            return;
        }
        if state.masked && state.alpha >= HIDING_ALPHA {
            self.cover(Some(bbox), state, Vec::new);
        }
        let opaque = state.alpha == u8::MAX
            && !state.masked
            && !object.has_transparency()
            && count < MAX_STENCIL_CHECKS
            && !object.is_stencil(self.page.handle());
        self.found.pictures.push(Picture { order: self.order, bbox, opaque, layer_off: state.layer_off });
        self.found.images.push(*object);
    }
}

/// Returns a colour as it covers the page, with the forms around the object. What is blended or masked
/// does not cover wholly.
pub(super) fn seen_through(colour: Colour, object: &PageObject<'_>, alpha: u8) -> Colour {
    let alpha = dimmed(colour.alpha, alpha);
    let most = if object.has_transparency() { u8::MAX - 1 } else { u8::MAX };
    Colour { alpha: alpha.min(most), ..colour }
}

fn dimmed(alpha: u8, by: u8) -> u8 {
    let product = u16::from(alpha) * u16::from(by) / u16::from(u8::MAX);
    u8::try_from(product).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_hidden_objects_is_believed_only_if_it_has_the_right_length() {
        let (texts, images, shadings) = (vec![false, true], vec![true], vec![true]);
        let hidden = HiddenObjects { texts, images, paths: vec![], shadings };
        let mut layers = Layers { hidden, met: [0; 4] };
        let met = [
            ObjectKind::Text,
            ObjectKind::Text,
            ObjectKind::Form,
            ObjectKind::Image,
            ObjectKind::Image,
            ObjectKind::Shading,
        ];
        assert_eq!(met.map(|kind| layers.hides_next(kind)), [false, true, false, true, false, true]);
        assert!(layers.drop_wrong());
        assert_eq!(met.map(|kind| layers.hides_next(kind)), [false, true, false, false, false, true]);
        assert!(!layers.drop_wrong());
    }

    #[test]
    fn a_form_dims_what_is_in_it() {
        assert_eq!([dimmed(255, 255), dimmed(255, 128), dimmed(128, 128), dimmed(0, 255)], [255, 128, 64, 0]);
    }
}

//! Of which texts only the image of the page tells whether they are seen: those that are blended, masked, clipped by a
//! shape or by text, those that something may cover that is no rectangle, and those that have the colour of paper and
//! lie on something else. Pure.

use std::collections::{BTreeSet, HashMap};

use quire_schemas::element::BBox;

use super::{
    content::{Colour, Effect, Glyph, GlyphSource, ObjectId, PageContent, Shape, ShapeKind, TextObject},
    seen::{is_alike, winding},
};

/// What covers more than this, of 255, may hide what lies under it.
pub(crate) const HIDING_ALPHA: u8 = 230;
/// A thinner stroke, in points, hides no text.
const THICK_STROKE: f64 = 2.0;
/// Areas of one colour that are looked at as the ground of text.
const MAX_GROUNDS: usize = 2_000;
/// A page that would need more comparisons has all its texts looked at.
const MAX_COMPARISONS: usize = 20_000_000;

/// An area holds a text if it lies under this share of it.
const WHOLE: f64 = 0.98;
/// Texts that share less than this part of the smaller one do not lie on each other: lines may touch.
const LARGEST_OVERLAP: f64 = 0.05;
/// Groups of texts for each of which the page is drawn once more.
const MAX_GROUPS: usize = 4;

/// Something that may hide what lies under it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cover {
    /// As in [`TextObject`].
    pub(crate) order: u32,
    /// Around it, clipped.
    pub(crate) bbox: BBox,
    /// Its outlines, each closed; empty if it fills its box.
    pub(crate) outlines: Vec<Vec<(f64, f64)>>,
}

impl Cover {
    fn lies_over(&self, glyph: &Glyph) -> bool {
        let middle = (glyph.ink.middle_x(), glyph.ink.middle_y());
        self.bbox.has_middle_of(glyph.ink) && (self.outlines.is_empty() || winding(&self.outlines, middle) != 0)
    }
}

/// Lists the text objects of which only the image tells whether they are seen. `covers` are those of the page that are
/// neither filled rectangles nor straight strokes.
pub(crate) fn unsure(content: &PageContent, covers: &[Cover]) -> Vec<ObjectId> {
    let mut covers: Vec<Cover> = covers.to_vec();
    covers.extend(content.shapes.iter().filter(|shape| may_hide(shape)).map(|shape| Cover {
        order: shape.order,
        bbox: shape.bbox,
        outlines: Vec::new(),
    }));
    let (texts, grounds) = (Texts::of(content), Grounds::of(content));
    let mut compared = 0;
    let mut found = BTreeSet::new();
    for (index, object) in content.objects.iter().enumerate() {
        let (Some(bbox), false) = (texts.boxes[index], object.layer_off) else { continue };
        compared += covers.len();
        let is_masked = matches!(object.effect, Effect::Mask | Effect::Clip);
        let is_unsure = is_masked
            || compared > MAX_COMPARISONS
            || (object.painted && texts.may_be_covered(index, object, &covers, &mut compared))
            || (object.painted && grounds.may_have_colour_of(object, bbox, &mut compared));
        if is_unsure {
            found.insert(ObjectId(index as u32));
        }
    }
    texts.copies_of(content, &found).into_iter().collect()
}

/// Parts texts in doubt into groups in which none lies on another one: without both, the image would change where only
/// one of them is seen. Copies of one text are of one group, because without one of them it does not change. The second
/// list has the texts for which there is no group.
pub(crate) fn apart(content: &PageContent, texts: &[ObjectId]) -> (Vec<Vec<ObjectId>>, Vec<ObjectId>) {
    let of_page = Texts::of(content);
    let mut groups: Vec<Group> = Vec::new();
    let (mut left_over, mut compared) = (Vec::new(), 0_usize);
    for &id in texts {
        let index = id.0 as usize;
        let Some(bbox) = of_page.boxes.get(index).copied().flatten() else { continue };
        let letters = of_page.letters(index);
        let place = groups.iter().position(|group| {
            compared = compared.saturating_add(group.members.len());
            group.members.iter().all(|(other, place)| {
                let shared = place.overlap(bbox);
                shared <= LARGEST_OVERLAP * place.area().min(bbox.area()) || *other == letters
            })
        });
        match place {
            _ if compared > MAX_COMPARISONS => left_over.push(id),
            Some(place) => groups[place].add(id, letters, bbox),
            None if groups.len() < MAX_GROUPS => {
                groups.push(Group::default());
                if let Some(group) = groups.last_mut() {
                    group.add(id, letters, bbox);
                }
            }
            None => left_over.push(id),
        }
    }
    (groups.into_iter().map(|group| group.texts).collect(), left_over)
}

/// Texts that do not lie on each other.
#[derive(Default)]
struct Group {
    texts: Vec<ObjectId>,
    /// What each writes, and where.
    members: Vec<(String, BBox)>,
}

impl Group {
    fn add(&mut self, id: ObjectId, letters: String, bbox: BBox) {
        self.texts.push(id);
        self.members.push((letters, bbox));
    }
}

/// Says whether a shape that is no opaque rectangle may hide a text.
fn may_hide(shape: &Shape) -> bool {
    match shape.kind {
        ShapeKind::Rule { width } => width >= THICK_STROKE,
        ShapeKind::Area { colour: Some(Colour { alpha, .. }) } => (HIDING_ALPHA..u8::MAX).contains(&alpha),
        ShapeKind::Area { colour: None } => true,
        ShapeKind::Drawing => false,
    }
}

/// What may lie under a text.
struct Grounds<'a> {
    content: &'a PageContent,
    /// The largest areas of one colour.
    plain: Vec<(&'a Shape, [u8; 3])>,
}

impl<'a> Grounds<'a> {
    fn of(content: &'a PageContent) -> Self {
        let is_large = |shape: &&Shape| shape.bbox.width().min(shape.bbox.height()) > THICK_STROKE;
        let mut plain: Vec<_> = content
            .shapes
            .iter()
            .filter(is_large)
            .filter_map(|shape| match shape.kind {
                ShapeKind::Area { colour: Some(Colour { rgb, alpha: u8::MAX }) } => Some((shape, rgb)),
                _ => None,
            })
            .collect();
        plain.sort_by(|(a, _), (b, _)| b.bbox.area().total_cmp(&a.bbox.area()));
        plain.truncate(MAX_GROUNDS);
        Self { content, plain }
    }

    /// Says whether a text may have the colour of what lies under it, and that is not known.
    fn may_have_colour_of(&self, object: &TextObject, bbox: BBox, compared: &mut usize) -> bool {
        let Some(Colour { rgb, .. }) = object.colour else { return false };
        let lies_under = |order: u32, area: BBox| order < object.order && area.overlap(bbox) > 0.0;
        let is_white = is_alike(rgb, [u8::MAX; 3]);
        *compared += self.plain.len();
        let is_ground =
            |(shape, ground): &(&Shape, [u8; 3])| is_alike(rgb, *ground) && lies_under(shape.order, shape.bbox);
        if !is_white && !self.plain.iter().any(is_ground) {
            return false;
        }
        *compared += self.content.shapes.len() + self.content.pictures.len();
        // Strips of other colours may be the ground together; one that holds the whole text is known.
        let is_other = |shape: &Shape| {
            let is_known = match shape.kind {
                ShapeKind::Area { colour: Some(Colour { rgb: ground, alpha: u8::MAX }) } => {
                    is_alike(rgb, ground) || shape.bbox.overlap(bbox) >= WHOLE * bbox.area()
                }
                _ => false,
            };
            !is_known && lies_under(shape.order, shape.bbox)
        };
        object.effect == Effect::Outline
            || self.content.shapes.iter().any(is_other)
            || self.content.pictures.iter().any(|picture| !picture.layer_off && lies_under(picture.order, picture.bbox))
    }
}

/// The glyphs of each text object.
struct Texts<'a> {
    glyphs: Vec<Vec<&'a Glyph>>,
    /// Around those glyphs; `None` if it has none.
    boxes: Vec<Option<BBox>>,
}

impl<'a> Texts<'a> {
    fn of(content: &'a PageContent) -> Self {
        let mut glyphs = vec![Vec::new(); content.objects.len()];
        for glyph in &content.glyphs {
            let is_ink = glyph.source != GlyphSource::Added && !glyph.character.is_whitespace();
            if let Some(ObjectId(id)) = glyph.object.filter(|_| is_ink)
                && let Some(of_object) = glyphs.get_mut(id as usize)
            {
                of_object.push(glyph);
            }
        }
        let around = |glyphs: &Vec<&Glyph>| glyphs.iter().map(|glyph| glyph.ink).reduce(BBox::union);
        let boxes = glyphs.iter().map(around).collect();
        Self { glyphs, boxes }
    }

    fn may_be_covered(&self, index: usize, object: &TextObject, covers: &[Cover], compared: &mut usize) -> bool {
        let Some(bbox) = self.boxes[index] else { return false };
        let glyphs = &self.glyphs[index];
        covers.iter().filter(|cover| cover.order > object.order && touch(cover.bbox, bbox)).any(|cover| {
            let corners = cover.outlines.iter().map(Vec::len).sum::<usize>().max(1);
            *compared = compared.saturating_add(glyphs.len() * corners);
            // A text that would need more comparisons is looked at.
            *compared > MAX_COMPARISONS || glyphs.iter().any(|glyph| cover.lies_over(glyph))
        })
    }

    fn letters(&self, index: usize) -> String {
        self.glyphs[index].iter().map(|glyph| glyph.character).collect()
    }

    /// Adds the painted objects that write the same letters at the same place: without both of them the image changes,
    /// without one of them it does not, though the reader sees the letters.
    fn copies_of(&self, content: &PageContent, found: &BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
        let mut all = found.clone();
        if found.is_empty() {
            return all;
        }
        let mut known: HashMap<String, Vec<BBox>> = HashMap::new();
        for ObjectId(id) in found {
            let index = *id as usize;
            known.entry(self.letters(index)).or_default().extend(self.boxes[index]);
        }
        for (index, object) in content.objects.iter().enumerate() {
            let Some(bbox) = self.boxes[index].filter(|_| object.painted) else { continue };
            let lies_there = |place: &BBox| place.overlap(bbox) > 0.5 * bbox.area();
            if known.get(&self.letters(index)).is_some_and(|places| places.iter().take(100).any(lies_there)) {
                all.insert(ObjectId(index as u32));
            }
        }
        all
    }
}

/// Returns the box around the ink of text objects; `None` without ink.
pub(crate) fn place_of(content: &PageContent, texts: &[ObjectId]) -> Option<BBox> {
    let texts: BTreeSet<ObjectId> = texts.iter().copied().collect();
    let is_wanted = |glyph: &&Glyph| glyph.object.is_some_and(|object| texts.contains(&object));
    content.glyphs.iter().filter(is_wanted).map(|glyph| glyph.ink).reduce(BBox::union)
}

/// Says whether boxes touch; one without area may.
const fn touch(one: BBox, other: BBox) -> bool {
    one.left() <= other.right()
        && other.left() <= one.right()
        && one.top() <= other.bottom()
        && other.top() <= one.bottom()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{content::Picture, testing::Page},
        *,
    };

    const WHITE: Colour = Colour { rgb: [255; 3], alpha: 255 };

    fn written() -> Page {
        Page::new().write("text", 50.0, 100.0).with(|text| text.order = 5)
    }

    fn is_unsure(page: Page, covers: &[Cover]) -> bool {
        !unsure(&page.content(), covers).is_empty()
    }

    fn shape(order: u32, kind: ShapeKind) -> impl FnOnce(&mut PageContent) {
        move |page| page.shapes.push(Shape { order, bbox: BBox::new(40.0, 80.0, 200.0, 120.0), kind })
    }

    #[test]
    fn texts_that_lie_on_each_other_are_looked_at_one_after_the_other() {
        let page = Page::new().write("shown", 50.0, 100.0).write("other", 50.0, 103.0).write("shown", 50.3, 100.0);
        let content = page.write("below", 50.0, 112.0).content();
        let ids = [0, 1, 2, 3].map(ObjectId);
        assert_eq!(apart(&content, &ids), (vec![vec![ids[0], ids[2], ids[3]], vec![ids[1]]], vec![]));
        let pile = (0..6).fold(Page::new(), |page, at| page.write(&format!("text {at}"), 50.0, 100.0)).content();
        let (groups, left_over) = apart(&pile, &[0, 1, 2, 3, 4, 5].map(ObjectId));
        assert_eq!((groups.len(), left_over), (4, vec![ObjectId(4), ObjectId(5)]));
    }

    #[test]
    fn ordinary_text_needs_no_image() {
        assert!(!is_unsure(written(), &[]));
        assert!(!is_unsure(written().and(shape(9, ShapeKind::Drawing)), &[]));
        assert!(!is_unsure(written().and(shape(1, ShapeKind::Drawing)), &[]));
        assert!(!is_unsure(written().and(shape(9, ShapeKind::Rule { width: 0.5 })), &[]));
        assert!(!is_unsure(
            written().and(shape(9, ShapeKind::Area { colour: Some(Colour { alpha: 100, ..WHITE }) })),
            &[]
        ));
        let white = written().with(|text| text.colour = Some(WHITE));
        assert!(!is_unsure(white, &[]));
    }

    #[test]
    fn effects_and_what_may_cover_or_lie_under_a_text_of_the_colour_of_paper_need_one() {
        for effect in [Effect::Mask, Effect::Clip] {
            assert!(is_unsure(written().with(|text| text.effect = effect), &[]));
        }
        for kind in [ShapeKind::Rule { width: 30.0 }, ShapeKind::Area { colour: Some(Colour { alpha: 254, ..WHITE }) }]
        {
            assert!(is_unsure(written().and(shape(9, kind)), &[]));
            assert!(!is_unsure(written().and(shape(1, kind)), &[]));
        }
        let white = || written().with(|text| text.colour = Some(WHITE));
        assert!(is_unsure(white().with(|text| text.effect = Effect::Outline), &[]));
        assert!(is_unsure(white().and(shape(1, ShapeKind::Drawing)), &[]));
        let bbox = BBox::new(0.0, 0.0, 600.0, 400.0);
        let picture = Picture { order: 1, bbox, opaque: true, layer_off: false };
        assert!(is_unsure(white().and(|page| page.pictures.push(picture)), &[]));
    }

    #[test]
    fn a_cover_hides_what_its_outlines_run_around() {
        let cover = |corners: &[(f64, f64)]| {
            let bbox = BBox::new(0.0, 0.0, 300.0, 300.0);
            [Cover { order: 9, bbox, outlines: vec![corners.to_vec()] }]
        };
        assert!(is_unsure(written(), &cover(&[(0.0, 50.0), (300.0, 50.0), (300.0, 150.0), (0.0, 150.0)])));
        assert!(!is_unsure(written(), &cover(&[(0.0, 300.0), (300.0, 0.0), (300.0, 300.0)])));
        let whole = [Cover { order: 9, bbox: BBox::new(0.0, 0.0, 300.0, 300.0), outlines: Vec::new() }];
        assert!(is_unsure(written(), &whole));
    }

    #[test]
    fn a_copy_of_a_text_in_doubt_is_in_doubt() {
        let page =
            written().with(|text| text.effect = Effect::Mask).write("text", 50.3, 100.0).write("else", 50.0, 100.0);
        assert_eq!(unsure(&page.content(), &[]), [ObjectId(0), ObjectId(1)]);
    }
}

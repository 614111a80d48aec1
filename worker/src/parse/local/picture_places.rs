//! Where the pictures of a page come in the order of its elements. Pure.

use std::ops::Range;

use quire_schemas::element::{BBox, ContentLayer, Element, ElementType, Granularity};

use super::{
    captions::{Captioned, captioned},
    placed::{Placed, blank, element_region, in_rows, insert_at},
};

/// White space between a picture and its caption, in units of the height of the caption's line, at most.
const SPACE_OF_CAPTION: f64 = 3.0;

/// Puts the pictures of a page between its texts and tables.
pub(super) fn insert(page_number: u32, pictures: Vec<BBox>, elements: &mut Vec<Placed>) {
    if pictures.is_empty() {
        return;
    }
    let lines = Lines::of(elements);
    let pictures = in_rows(pictures.into_iter().map(|bbox| of_picture(page_number, bbox)).collect());
    let places = pictures.into_iter().map(|picture| (lines.place(picture.bbox), picture)).collect();
    insert_at(places, elements);
}

fn of_picture(page_number: u32, bbox: BBox) -> Placed {
    let element = Element {
        content_layer: Some(ContentLayer::Body),
        regions: vec![element_region(page_number, bbox)],
        ..blank(page_number, ElementType::Picture, "image_object")
    };
    Placed { bbox, words: Vec::new(), element }
}

/// A line of text, or a table.
#[derive(Debug, Clone, Copy)]
struct Line {
    element: usize,
    bbox: BBox,
    /// Whether it is of the caption of a figure.
    is_caption: bool,
}

struct Lines(Vec<Line>);

impl Lines {
    fn of(placed: &[Placed]) -> Self {
        let mut lines = Vec::new();
        for (element, placed) in placed.iter().enumerate().filter(|(_, placed)| placed.is_body()) {
            let Element { text, table, regions, .. } = &placed.element;
            if text.trim().is_empty() && table.is_none() {
                continue;
            }
            let is_caption = captioned(text.split_whitespace()) == Some(Captioned::Other);
            let of_line = regions.iter().filter(|region| region.granularity == Some(Granularity::Line));
            let mut boxes: Vec<BBox> = of_line.filter_map(|region| region.bbox).collect();
            if boxes.is_empty() {
                boxes.push(placed.bbox);
            }
            lines.extend(boxes.into_iter().map(|bbox| Line { element, bbox, is_caption }));
        }
        Self(lines)
    }

    /// Returns before which element a picture comes: beside its caption, else between what stands above and below it in
    /// its column, behind everything on its left there.
    fn place(&self, picture: BBox) -> usize {
        let in_column = || self.0.iter().filter(move |line| line.bbox.shared_width(picture) > 0.0);
        let above = || in_column().filter(move |line| line.bbox.middle_y() <= picture.top());
        let below = || in_column().filter(move |line| line.bbox.middle_y() >= picture.bottom());
        let nearest_above = above().max_by(|a, b| a.bbox.bottom().total_cmp(&b.bbox.bottom()));
        let nearest_below = below().min_by(|a, b| a.bbox.top().total_cmp(&b.bbox.top()));
        let up = nearest_above.map_or(f64::INFINITY, |line| picture.top() - line.bbox.bottom());
        let down = nearest_below.map_or(f64::INFINITY, |line| line.bbox.top() - picture.bottom());
        let captions = |line: &&Line, space: f64| line.is_caption && space <= SPACE_OF_CAPTION * line.bbox.height();
        if let Some(caption) = nearest_below.filter(|line| captions(line, down)) {
            return caption.element;
        }
        if let Some(caption) = nearest_above.filter(|line| captions(line, up)) {
            return caption.element + 1;
        }
        let from = above().map(|line| line.element + 1).max();
        let to = below().map(|line| line.element).min();
        match (from, to) {
            (Some(from), Some(to)) if from > to => {
                if up <= down {
                    from
                } else {
                    to
                }
            }
            (from, Some(to)) => self.behind(from.unwrap_or_default()..to, |line| comes_before(line, picture)),
            (Some(from), None) => self.behind(from..usize::MAX, |line| is_on_left(line, picture)),
            (None, None) => self.without_column(picture),
        }
    }

    /// Returns the place behind the last of some elements that a picture follows, or before all of them.
    fn behind(&self, elements: Range<usize>, is_before: impl Fn(&Line) -> bool) -> usize {
        let before = self.0.iter().filter(|line| elements.contains(&line.element) && is_before(line));
        before.map(|line| line.element + 1).max().unwrap_or(elements.start)
    }

    /// Returns the place of a picture that nothing stands above or below: behind what stands on its left, else before
    /// what stands on its right, else behind what is higher on the page.
    fn without_column(&self, picture: BBox) -> usize {
        let behind = |is: &dyn Fn(&&Line) -> bool| self.0.iter().filter(is).map(|line| line.element + 1).max();
        let right = || self.0.iter().filter(|line| shares_height(line, picture)).map(|line| line.element).min();
        behind(&|line| is_on_left(line, picture))
            .or_else(right)
            .or_else(|| behind(&|line| line.bbox.bottom() <= picture.top()))
            .unwrap_or_default()
    }
}

fn shares_height(line: &Line, picture: BBox) -> bool {
    line.bbox.bottom() > picture.top() && line.bbox.top() < picture.bottom()
}

/// Says whether a line stands beside a picture, on its left.
fn is_on_left(line: &Line, picture: BBox) -> bool {
    line.bbox.right() <= picture.left() && shares_height(line, picture)
}

/// Says whether a line stands anywhere on the left of a picture, or above it.
fn comes_before(line: &Line, picture: BBox) -> bool {
    line.bbox.right() <= picture.left() || line.bbox.bottom() <= picture.top()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{content::Picture, lay_out, testing::Page, to_parsed_page},
        *,
    };

    /// Returns how the elements begin, in their order: texts with two words, pictures with `#` and their left side.
    fn read(page: Page, pictures: &[BBox]) -> Vec<String> {
        let page = page.and(|page| {
            page.objects.iter_mut().for_each(|text| text.order = 100);
            page.pictures =
                pictures.iter().map(|bbox| Picture { order: 0, bbox: *bbox, opaque: true, layer_off: false }).collect();
        });
        let elements = to_parsed_page(lay_out(page.content()), false).elements;
        let text = |element: Element| match element.kind {
            ElementType::Picture => format!("#{}", element.regions[0].bbox.unwrap_or_default().left()),
            _ => element.text.split(' ').take(2).collect::<Vec<_>>().join(" "),
        };
        elements.into_iter().map(text).collect()
    }

    fn column(page: Page, name: &str, x: f64, y: f64) -> Page {
        (0..4).fold(page, |page, row| {
            let words =
                if row == 0 { format!("{name} text that goes on") } else { "for some more lines of".to_owned() };
            page.write(&words, x, y + 12.0 * f64::from(row))
        })
    }

    #[test]
    fn a_picture_comes_between_what_stands_above_and_below_it() {
        let page = column(column(Page::new(), "First", 50.0, 100.0), "Second", 50.0, 400.0);
        assert_eq!(read(page, &[BBox::new(50.0, 150.0, 250.0, 380.0)]), ["First text", "#50", "Second text"]);
        let page = column(Page::new(), "Only", 50.0, 400.0);
        assert_eq!(read(page.clone(), &[BBox::new(50.0, 100.0, 250.0, 300.0)]), ["#50", "Only text"]);
        assert_eq!(read(page, &[BBox::new(50.0, 500.0, 250.0, 700.0)]), ["Only text", "#50"]);
    }

    #[test]
    fn a_picture_at_the_head_of_a_column_comes_behind_the_column_before_it() {
        let page = Page::new().size(20.0).write("A title over both of the columns", 100.0, 60.0).size(10.0);
        let page = column(column(page, "Left", 50.0, 100.0), "More", 50.0, 170.0);
        let page = column(page, "Right", 300.0, 300.0);
        let page = column(page, "Last", 50.0, 300.0);
        let read = read(page, &[BBox::new(300.0, 75.0, 550.0, 280.0)]);
        let place = |text: &str| read.iter().position(|found| found == text).expect("it is there");
        assert!(place("Left text") < place("#300") && place("#300") < place("Right text"), "{read:?}");
    }

    #[test]
    fn a_picture_comes_right_before_the_caption_below_it() {
        let page = column(Page::new(), "First", 50.0, 100.0).write("Figure 1: A boat", 50.0, 312.0);
        let page = column(page, "Second", 50.0, 400.0);
        let expected = ["First text", "#50", "Figure 1:", "Second text"];
        assert_eq!(read(page, &[BBox::new(50.0, 180.0, 250.0, 300.0)]), expected);
    }

    #[test]
    fn pictures_of_a_row_come_from_left_to_right_and_a_page_may_have_nothing_else() {
        let page = column(Page::new(), "First", 50.0, 100.0);
        let (left, right) = (BBox::new(50.0, 200.0, 150.0, 300.0), BBox::new(200.0, 195.0, 300.0, 305.0));
        assert_eq!(read(page, &[right, left]), ["First text", "#50", "#200"]);
        assert_eq!(read(Page::new(), &[left]), ["#50"]);
    }
}

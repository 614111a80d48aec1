//! What a page shows as pictures: images that are large enough to be seen as such, put together where they are tiles of
//! one, and that are not the ground of the page or of a table. Pure.

use quire_schemas::element::BBox;

use super::{
    Block,
    content::{MAX_PICTURES, PageContent},
    covered::Areas,
    findings::{Findings, NeedsOcr, WHOLE_PAGE},
    scans::covered_area,
    table_text::TableText,
};

/// A picture is so wide and so high, in points; what is smaller is a mark or an ornament.
const LEAST_SIDE: f64 = 20.0;
/// Tiles of one picture are no further apart and overlap by no more than this, in points.
const TILE_GAP: f64 = 1.0;
/// And they touch along this share of the shorter of the two sides.
const TILE_SIDE: f64 = 0.5;
/// Comparisons of images with each other; those behind them stay single.
const MAX_COMPARISONS: usize = 10_000_000;
/// Images that are looked at once tiles are joined, the largest first.
const MAX_CANDIDATES: usize = 500;
/// An image is part of a larger one if this share of it lies on that.
const ON_ANOTHER: f64 = 0.5;
/// An image of which so much lies under opaque areas is not seen.
const COVERED: f64 = 0.98;
/// An image that lies under this share of a cell with text is the ground of a table.
const UNDER_CELL: f64 = 0.8;

/// The pictures of a page.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pictures {
    /// On the displayed page, the largest first.
    pub(super) places: Vec<BBox>,
    /// Whether the page has more than are looked at.
    pub(super) is_cut: bool,
}

/// One image, or all tiles of one.
#[derive(Debug, Clone, Copy)]
struct Image {
    /// That of the tile that is painted last.
    order: u32,
    bbox: BBox,
}

impl Pictures {
    /// Finds the pictures of a page. A scan has none: what its images show is the page.
    pub(super) fn of(content: &PageContent, findings: &Findings, areas: &Areas, blocks: &[Block]) -> Self {
        let is_scan = findings.ocr_required == Some(NeedsOcr::Picture) || findings.ocr_characters > 0;
        if is_scan || content.pictures.is_empty() {
            return Self::default();
        }
        let page_area = content.width * content.height;
        let is_ground = |image: &Image| image.bbox.area() >= WHOLE_PAGE * page_area;
        let images = shown(content).filter(|image| !is_ground(image)).collect();
        let (mut images, is_cut) = joined(images);
        images.retain(|image| image.bbox.width().min(image.bbox.height()) >= LEAST_SIDE && !is_ground(image));
        images.sort_by(|a, b| b.bbox.area().total_cmp(&a.bbox.area()));
        let mut pictures = Self { places: Vec::new(), is_cut: is_cut || images.len() > MAX_CANDIDATES };
        for image in images.into_iter().take(MAX_CANDIDATES) {
            if !is_covered(image, areas) && !lies_under_cells(image.bbox, blocks) {
                pictures.add(image.bbox);
            }
        }
        pictures
    }

    /// Adds a picture, or makes it part of the larger one that it lies on.
    fn add(&mut self, bbox: BBox) {
        let is_under = |place: &&mut BBox| place.overlap(bbox) >= ON_ANOTHER * bbox.area();
        if let Some(place) = self.places.iter_mut().find(is_under) {
            *place = place.union(bbox);
        } else if self.places.len() < MAX_PICTURES {
            self.places.push(bbox);
        } else {
            self.is_cut = true;
        }
    }
}

/// Lists the images of a page, each as far as it lies on it.
fn shown(content: &PageContent) -> impl Iterator<Item = Image> {
    let images = content.pictures.iter().filter(|picture| !picture.layer_off);
    images.filter_map(|picture| {
        let bbox = picture.bbox;
        let (left, top) = (bbox.left().max(0.0), bbox.top().max(0.0));
        let (right, bottom) = (bbox.right().min(content.width), bbox.bottom().min(content.height));
        let is_seen = left < right && top < bottom;
        is_seen.then(|| Image { order: picture.order, bbox: BBox::new(left, top, right, bottom) })
    })
}

/// Joins images that touch: many programs cut a picture into strips or tiles. Says whether there were too many to
/// compare.
fn joined(mut images: Vec<Image>) -> (Vec<Image>, bool) {
    images.sort_by(|a, b| a.bbox.top().total_cmp(&b.bbox.top()));
    let mut first_tiles: Vec<usize> = (0..images.len()).collect();
    let mut compared = 0;
    for (index, image) in images.iter().enumerate() {
        if compared > MAX_COMPARISONS {
            break;
        }
        let lowest = image.bbox.bottom() + TILE_GAP;
        for (other, next) in (index + 1..).zip(&images[index + 1..]).take_while(|(_, next)| next.bbox.top() <= lowest) {
            compared += 1;
            if are_tiles(image.bbox, next.bbox) {
                let (a, b) = (first_tile(&mut first_tiles, index), first_tile(&mut first_tiles, other));
                first_tiles[a.max(b)] = a.min(b);
            }
        }
    }
    // The first tile of a picture stands before the others.
    let firsts: Vec<usize> = (0..images.len()).map(|index| first_tile(&mut first_tiles, index)).collect();
    for (index, first) in firsts.iter().enumerate() {
        let tile = images[index];
        let whole = &mut images[*first];
        *whole = Image { order: whole.order.max(tile.order), bbox: whole.bbox.union(tile.bbox) };
    }
    let wholes = images.into_iter().enumerate().filter(|(index, _)| firsts[*index] == *index);
    (wholes.map(|(_, image)| image).collect(), compared > MAX_COMPARISONS)
}

/// Returns the first tile of the picture that a tile belongs to, and shortens the way to it.
fn first_tile(first_tiles: &mut [usize], mut tile: usize) -> usize {
    while first_tiles[tile] != tile {
        first_tiles[tile] = first_tiles[first_tiles[tile]];
        tile = first_tiles[tile];
    }
    tile
}

/// Says whether two images touch along a side.
fn are_tiles(a: BBox, b: BBox) -> bool {
    let width = a.right().min(b.right()) - a.left().max(b.left());
    let height = a.bottom().min(b.bottom()) - a.top().max(b.top());
    let touches = |shared: f64| shared.abs() <= TILE_GAP;
    touches(width) && height >= TILE_SIDE * a.height().min(b.height())
        || touches(height) && width >= TILE_SIDE * a.width().min(b.width())
}

/// Says whether opaque areas and images that are painted later leave nothing of an image.
fn is_covered(image: Image, areas: &Areas) -> bool {
    let is_over = |bbox: &BBox| bbox.overlap(image.bbox) > 0.0;
    let over = areas.painted.iter().filter(|area| area.order > image.order).map(|area| area.bbox).filter(is_over);
    covered_area(image.bbox, over) >= COVERED * image.bbox.area()
}

/// Says whether an image is what the text of a table's cell is written on.
fn lies_under_cells(bbox: BBox, blocks: &[Block]) -> bool {
    let tables = blocks.iter().filter_map(|block| if let Block::Table(table) = block { Some(table) } else { None });
    let near = tables.filter(|TableText { table, .. }| table.bbox.overlap(bbox) > 0.0);
    let mut cells = near.flat_map(|TableText { table, .. }| &table.cells);
    cells.any(|cell| {
        let area = cell.bbox.area();
        area > 0.0 && !cell.content.text.trim().is_empty() && cell.bbox.overlap(bbox) >= UNDER_CELL * area
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            content::{Colour, Cut, Picture, Shape, ShapeKind},
            lay_out,
            testing::Page,
        },
        *,
    };

    fn picture(order: u32, bbox: BBox) -> Picture {
        Picture { order, bbox, opaque: true, layer_off: false }
    }

    fn page(pictures: impl IntoIterator<Item = Picture>) -> Page {
        Page::new().write("A line of text stands at the top of the page.", 50.0, 100.0).and(|page| {
            page.objects.iter_mut().for_each(|text| text.order = 100);
            page.pictures.extend(pictures);
        })
    }

    fn found(page: &Page) -> Vec<BBox> {
        lay_out(page.content()).pictures
    }

    const PHOTO: BBox = BBox::new(50.0, 150.0, 250.0, 300.0);

    #[test]
    fn an_image_is_a_picture_if_it_is_seen_and_no_ornament() {
        assert_eq!(found(&page([picture(1, PHOTO)])), [PHOTO]);
        assert_eq!(found(&page([picture(1, BBox::new(50.0, 150.0, 69.0, 300.0))])), []);
        assert_eq!(found(&page([Picture { layer_off: true, ..picture(1, PHOTO) }])), []);
        let half_outside = picture(1, BBox::new(-100.0, 150.0, 100.0, 300.0));
        assert_eq!(found(&page([half_outside])), [BBox::new(0.0, 150.0, 100.0, 300.0)]);
        let white = ShapeKind::Area { colour: Some(Colour { rgb: [255; 3], alpha: 255 }) };
        let covered =
            |order| page([picture(1, PHOTO)]).and(|page| page.shapes.push(Shape { order, bbox: PHOTO, kind: white }));
        assert_eq!((found(&covered(0)), found(&covered(2))), (vec![PHOTO], vec![]));
    }

    #[test]
    fn tiles_and_what_lies_on_a_picture_are_one_picture() {
        let strips = (0..15_u32).map(|strip| {
            let top = 150.0 + 10.0 * f64::from(strip);
            picture(strip, BBox::new(50.0, top, 250.0, top + 10.0))
        });
        assert_eq!(found(&page(strips)), [PHOTO]);
        let tiles = (0..16_u32).map(|tile| {
            let (left, top) = (50.0 + 50.0 * f64::from(tile % 4), 150.0 + 37.5 * f64::from(tile / 4));
            picture(tile, BBox::new(left, top, left + 50.0, top + 37.5))
        });
        assert_eq!(found(&page(tiles)), [PHOTO]);
        let logo = picture(2, BBox::new(60.0, 160.0, 90.0, 190.0));
        assert_eq!(found(&page([picture(1, PHOTO), logo])), [PHOTO]);
        let beside = BBox::new(260.0, 150.0, 360.0, 300.0);
        assert_eq!(found(&page([picture(1, PHOTO), picture(2, beside)])), [PHOTO, beside]);
    }

    #[test]
    fn the_ground_of_a_page_and_a_scan_are_no_pictures() {
        let ground = picture(0, BBox::new(0.0, 0.0, 600.0, 800.0));
        let written = |page: Page| {
            let lines = (0..6)
                .fold(page, |page, row| page.write("more lines of text on it", 50.0, 400.0 + 12.0 * f64::from(row)));
            lines.and(|page| page.objects.iter_mut().for_each(|text| text.order = 100))
        };
        assert_eq!(found(&written(page([ground, picture(1, PHOTO)]))), [PHOTO]);
        let half = BBox::new(0.0, 350.0, 600.0, 800.0);
        assert_eq!(found(&written(page([picture(0, half)]))), [half]);
        let scan = Page::new().and(|page| page.pictures.push(picture(0, half)));
        assert_eq!(found(&scan), []);
        let with_text_layer = written(Page::new()).and(|page| {
            page.objects.iter_mut().for_each(|text| text.painted = false);
            page.pictures.push(picture(0, half));
        });
        assert_eq!(found(&with_text_layer), []);
    }

    #[test]
    fn an_image_under_the_cells_of_a_table_is_its_ground_and_one_in_a_cell_is_a_picture() {
        let rows = [
            ["Country", "Sales", "Costs"],
            ["Finland", "12.5", "1,300"],
            ["Norway", "7.0", "90"],
            ["Sweden", "9.1", "22"],
        ];
        let table = rows.iter().zip(0..).fold(page([]), |page, (row, number)| {
            let y = 400.0 + 30.0 * f64::from(number);
            row.iter().zip([50.0, 200.0, 300.0]).fold(page, |page, (text, x)| page.write(text, x, y))
        });
        let table = table.and(|page| page.objects.iter_mut().for_each(|text| text.order = 100));
        let with = |bbox: BBox| found(&table.clone().and(|page| page.pictures.push(picture(1, bbox))));
        assert_eq!(with(BBox::new(40.0, 380.0, 340.0, 510.0)), []);
        let flag = BBox::new(120.0, 420.0, 142.0, 440.0);
        assert_eq!(with(flag), [flag]);
    }

    #[test]
    fn pictures_beyond_the_limit_are_left_out_and_a_finding_says_so() {
        let of = |count: usize| {
            let places = (0..count).map(|number| {
                let (left, top) = (23.0 * (number % 25) as f64, 150.0 + 23.0 * (number / 25) as f64);
                picture(number as u32, BBox::new(left, top, left + 20.0, top + 20.0))
            });
            let text = lay_out(page(places).content());
            (text.pictures.len(), text.findings.cut)
        };
        assert_eq!(of(MAX_PICTURES), (MAX_PICTURES, vec![]));
        assert_eq!(of(MAX_PICTURES + 1), (MAX_PICTURES, vec![Cut::Pictures]));
    }
}

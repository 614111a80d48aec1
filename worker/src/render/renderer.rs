//! pdfium, as one renderer uses it. The only file that names it.

use std::{fs::File, path::Path};

use memmap2::Mmap;
use pdfium_render::prelude::{
    PdfAction, PdfBitmap, PdfBitmapFormat, PdfBookmark, PdfColor, PdfDocument, PdfDocumentMetadataTagType,
    PdfDocumentVersion, PdfFormType, PdfLink, PdfPage, PdfPageObjectCommon, PdfPageObjectsCommon,
    PdfPageRenderRotation, PdfPageTextChar, PdfRect, PdfRenderConfig, PdfSecurityHandlerRevision, Pdfium, PdfiumError,
    PdfiumInternalError,
};
use quire_schemas::result::OutlineEntry;

use super::{
    encode::{self, Pixels},
    geometry::{ImageSize, Transform, image_size},
    protocol::{DocumentInfo, ImageHead, ImageSpec, Refusal, RenderedImage},
};
use crate::parse::local::{FontId, Glyph, PageLink, PageText, PageTextBuilder};

/// Bookmarks beyond this are left out: a cyclic outline has no end.
const MAX_BOOKMARKS: usize = 20_000;
/// Links of one page beyond this are left out.
const MAX_LINKS: usize = 5_000;
/// A page with fewer characters may be a scan.
const FEW_CHARACTERS: usize = 20;
/// Share of the page that a scan's picture covers.
const SCAN_COVERAGE: f64 = 0.8;
/// Objects looked at in search of a scan's picture.
const MAX_OBJECTS: usize = 2_000;

/// Why no libpdfium could be used.
#[derive(Debug, thiserror::Error)]
#[error("no usable libpdfium: {0}")]
pub struct NoPdfium(String);

/// A document that is open.
pub struct OpenDocument {
    // Before the map: fields are dropped in this order, and the document reads from the map.
    document: PdfDocument<'static>,
    _map: Mmap,
    /// Reused from page to page: a fresh one costs a page fault per 4 KiB.
    pixels: Vec<u8>,
}

/// Why an image of a page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Within the limits nothing would be seen.
    #[error("a page of {width_pt} × {height_pt} points")]
    TooLarge {
        /// Displayed width.
        width_pt: f64,
        /// Displayed height.
        height_pt: f64,
    },
    /// The renderer or the encoder gave up.
    #[error("{0}")]
    Failed(String),
}

/// Loads libpdfium from the first of `candidates` that works; an empty one asks the system.
/// Returns the library and where it was found.
///
/// # Errors
/// [`NoPdfium`] with what was wrong with the last one.
pub fn load_library(candidates: &[std::path::PathBuf]) -> Result<(&'static Pdfium, &Path), NoPdfium> {
    let mut last = "nowhere to look".to_owned();
    for candidate in candidates {
        let bound = if candidate.as_os_str().is_empty() {
            Pdfium::bind_to_system_library()
        } else {
            Pdfium::bind_to_library(candidate)
        };
        match bound {
            // Never unloaded: documents borrow from it, and the process ends with its document.
            Ok(bindings) => return Ok((Box::leak(Box::new(Pdfium::new(bindings))), candidate)),
            Err(error) => last = format!("{}: {error:?}", candidate.display()),
        }
    }
    Err(NoPdfium(last))
}

impl OpenDocument {
    /// Opens a document from a file that stays as it is while this process lives.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn open(pdfium: &'static Pdfium, path: &Path, password: Option<&str>) -> Result<Self, Refusal> {
        let file = File::open(path).map_err(|_| Refusal::Unreadable)?;
        // SAFETY: the file is a private temporary file of the parent, which writes it once and
        // unlinks it after the last renderer of the document has ended.
        let map = unsafe { Mmap::map(&file) }.map_err(|_| Refusal::Unreadable)?;
        // SAFETY: the mapping does not move with the value that owns it, and `OpenDocument` keeps
        // that value until after the document is closed.
        let bytes: &'static [u8] = unsafe { std::slice::from_raw_parts(map.as_ptr(), map.len()) };
        match pdfium.load_pdf_from_byte_slice(bytes, password) {
            // Without the right key the page tree cannot be read, and pdfium finds no page in it.
            Ok(document) if document.pages().is_empty() && is_encrypted(&document) => Err(Refusal::Password),
            Ok(document) => Ok(Self { document, _map: map, pixels: Vec::new() }),
            Err(PdfiumError::PdfiumLibraryInternalError(PdfiumInternalError::PasswordError)) => Err(Refusal::Password),
            Err(PdfiumError::PdfiumLibraryInternalError(PdfiumInternalError::SecurityError)) => Err(Refusal::Security),
            Err(_) => Err(Refusal::Damaged),
        }
    }

    /// Returns how many pages the page tree claims.
    pub fn page_count(&self) -> u32 {
        u32::try_from(self.document.pages().len()).unwrap_or_default()
    }

    /// Reads what the document says of itself.
    pub fn describe(&self) -> DocumentInfo {
        let page_count = self.page_count();
        let mut info = DocumentInfo {
            page_count,
            page_sizes: (0..page_count).map(|index| self.page_size(index)).collect(),
            pdf_version: version(self.document.version()),
            tagged: self.document.catalog().is_tagged(),
            encrypted: is_encrypted(&self.document),
            form_type: self.document.form().and_then(|form| form_name(form.form_type())),
            language: self.document.catalog().get_language().ok().filter(|language| !language.is_empty()),
            outline: self.outline(),
            ..DocumentInfo::default()
        };
        for tag in self.document.metadata().iter() {
            let value = tag.value().to_owned();
            match tag.tag_type() {
                _ if value.is_empty() => {}
                PdfDocumentMetadataTagType::Title => info.title = Some(value),
                PdfDocumentMetadataTagType::Author => info.author = Some(value),
                other => info.metadata.push((metadata_key(other).to_owned(), value)),
            }
        }
        info
    }

    fn page_size(&self, index: u32) -> (f64, f64) {
        let size = i32::try_from(index).ok().and_then(|index| self.document.pages().page_size(index).ok());
        size.map_or((0.0, 0.0), |size| (f64::from(size.width().value), f64::from(size.height().value)))
    }

    fn outline(&self) -> Vec<OutlineEntry> {
        let mut entries = Vec::new();
        let mut pending: Vec<(PdfBookmark<'_>, u32)> =
            self.document.bookmarks().root().into_iter().map(|bookmark| (bookmark, 1)).collect();
        while let Some((bookmark, level)) = pending.pop() {
            if entries.len() == MAX_BOOKMARKS {
                break;
            }
            entries.push(OutlineEntry {
                title: bookmark.title().unwrap_or_default(),
                level,
                page_number: target_page(bookmark.destination(), bookmark.action()),
                element_id: None,
            });
            pending.extend(bookmark.next_sibling().map(|sibling| (sibling, level)));
            pending.extend(bookmark.first_child().map(|child| (child, level + 1)));
        }
        entries
    }

    /// Loads a page; pages count from 1.
    ///
    /// # Errors
    /// What pdfium says.
    pub fn page(&self, number: u32) -> Result<PdfPage<'static>, String> {
        let index = i32::try_from(number).map_err(|error| error.to_string())? - 1;
        self.document.pages().get(index).map_err(|error| format!("the page does not load: {error:?}"))
    }

    /// Draws a page and encodes it.
    ///
    /// # Errors
    /// [`ImageError`]
    pub fn render(
        &mut self,
        page: &PdfPage<'_>,
        spec: &ImageSpec,
        draw_forms: bool,
    ) -> Result<RenderedImage, ImageError> {
        let (width_pt, height_pt) = (f64::from(page.width().value), f64::from(page.height().value));
        let size = image_size(width_pt, height_pt, spec).ok_or(ImageError::TooLarge { width_pt, height_pt })?;
        let length = size.width_px as usize * size.height_px as usize * 4;
        self.pixels.clear();
        self.pixels.resize(length, 0xff);
        draw(page, size, draw_forms, &mut self.pixels).map_err(|error| ImageError::Failed(format!("{error:?}")))?;
        let pixels = Pixels { rgbx: &self.pixels, width: size.width_px, height: size.height_px };
        let bytes =
            encode::encode(pixels, spec.format, spec.quality).map_err(|error| ImageError::Failed(error.to_string()))?;
        let ImageSize { width_px, height_px, scale, scaled_down } = size;
        Ok(RenderedImage { head: ImageHead { width_px, height_px, scale, scaled_down }, bytes: bytes.into() })
    }
}

fn draw(page: &PdfPage<'_>, size: ImageSize, draw_forms: bool, pixels: &mut [u8]) -> Result<(), PdfiumError> {
    let (width, height) = (size.width_px as i32, size.height_px as i32);
    // Four bytes a pixel is the layout pdfium composes in; the reversed order saves us a swap.
    let mut bitmap = PdfBitmap::from_bytes(width, height, PdfBitmapFormat::BGRx, pixels)?;
    let config = PdfRenderConfig::new()
        .set_fixed_size(width, height)
        .set_format(PdfBitmapFormat::BGRx)
        .set_reverse_byte_order(true)
        .set_clear_color(PdfColor::WHITE)
        .render_annotations(true)
        .render_form_data(draw_forms);
    page.render_into_bitmap_with_config(&mut bitmap, &config)
}

/// Reads a page's characters once, and its links.
///
/// # Errors
/// What pdfium says.
pub fn read_text(number: u32, page: &PdfPage<'_>) -> Result<PageText, String> {
    let boxes = PageBoxes::of(page);
    let transform = Transform::new(boxes.visible(), boxes.quarter_turns, f64::from(page.width().value));
    let mut builder = PageTextBuilder::new(number, transform.quarter_turns());
    builder.size(f64::from(page.width().value), f64::from(page.height().value));
    builder.label(page.label().map(str::to_owned).filter(|label| !label.is_empty()));
    builder.boxes(boxes.media, boxes.crop);
    let text = page.text().map_err(|error| format!("the text does not load: {error:?}"))?;
    let characters = text.chars();
    let mut font = FontMemory::default();
    for character in characters.iter() {
        if let Some(glyph) = glyph(&character, &transform, &mut font, &mut builder) {
            builder.glyph(glyph);
        }
    }
    for link in page.links().iter().take(MAX_LINKS) {
        builder.links(page_link(&link, &transform));
    }
    if builder.visible_characters() < FEW_CHARACTERS && is_covered_by_a_picture(page, &boxes) {
        builder.covered_by_picture();
    }
    Ok(builder.finish())
}

fn glyph(
    character: &PdfPageTextChar<'_>,
    transform: &Transform,
    fonts: &mut FontMemory,
    builder: &mut PageTextBuilder,
) -> Option<Glyph> {
    let value = character.unicode_char()?;
    if character.is_generated().unwrap_or(false) {
        return Some(Glyph::generated(value));
    }
    let bounds = character.loose_bounds().ok()?;
    let origin = character.origin().ok()?;
    let (_, baseline) = transform.point(f64::from(origin.0.value), f64::from(origin.1.value));
    let (baseline_x, _) = transform.point(f64::from(origin.0.value), f64::from(origin.1.value));
    let angle = f64::from(character.angle_degrees().unwrap_or_default());
    Some(Glyph {
        character: value,
        bbox: transform.bbox(user_box(&bounds)),
        origin: (baseline_x, baseline),
        size: displayed_size(character),
        quarter_turns: direction(angle, transform.quarter_turns()),
        font: fonts.id(character, builder),
        generated: false,
    })
}

/// Returns the size a font is drawn in. The length of the matrix' second row, not its `d`, which is
/// what `scaled_font_size` takes and which is 0 for text that runs up or down the page.
fn displayed_size(character: &PdfPageTextChar<'_>) -> f64 {
    let stretch = character.matrix().map_or(1.0, |matrix| f64::from(matrix.c()).hypot(f64::from(matrix.d())));
    f64::from(character.unscaled_font_size().value).abs() * stretch
}

/// Rounds the direction of writing to quarter turns, clockwise, as displayed. pdfium gives the
/// angle clockwise in user space, before the page is turned.
fn direction(angle_degrees: f64, page_quarter_turns: u8) -> u8 {
    let clockwise = (angle_degrees / 90.0).round().rem_euclid(4.0) as u8;
    (clockwise + page_quarter_turns) % 4
}

/// Neighbouring characters share a font; asking for its name costs an allocation and two calls.
#[derive(Default)]
struct FontMemory {
    last: Option<(u32, FontId)>,
}

impl FontMemory {
    fn id(&mut self, character: &PdfPageTextChar<'_>, builder: &mut PageTextBuilder) -> FontId {
        // Fonts change between words, hardly ever inside one without the size changing too.
        let size = character.unscaled_font_size().value.to_bits();
        if let Some((_, id)) = self.last.take_if(|(last, _)| *last != size || is_space(character)) {
            if is_space(character) {
                return id;
            }
        } else if let Some((_, id)) = self.last {
            return id;
        }
        let id = builder.font(&character.font_name(), character.font_is_italic());
        self.last = Some((size, id));
        id
    }
}

fn is_space(character: &PdfPageTextChar<'_>) -> bool {
    character.unicode_char().is_none_or(char::is_whitespace)
}

struct PageBoxes {
    media: [f64; 4],
    crop: Option<[f64; 4]>,
    /// What pdfium itself displays. The other two are only those that the page states, not those
    /// that it inherits.
    bounding: Option<[f64; 4]>,
    quarter_turns: u8,
}

impl PageBoxes {
    fn of(page: &PdfPage<'_>) -> Self {
        let quarter_turns = match page.rotation() {
            Ok(PdfPageRenderRotation::Degrees90) => 1,
            Ok(PdfPageRenderRotation::Degrees180) => 2,
            Ok(PdfPageRenderRotation::Degrees270) => 3,
            Ok(PdfPageRenderRotation::None) | Err(_) => 0,
        };
        let (width, height) = (f64::from(page.width().value), f64::from(page.height().value));
        let displayed = if quarter_turns % 2 == 0 { [0.0, 0.0, width, height] } else { [0.0, 0.0, height, width] };
        let media = page.boundaries().media().map_or(displayed, |media| user_box(&media.bounds));
        let crop = page.boundaries().crop().ok().map(|crop| user_box(&crop.bounds));
        let bounding = page.boundaries().bounding().ok().map(|bounding| user_box(&bounding.bounds));
        let bounding = bounding.filter(|visible| visible[0] < visible[2] && visible[1] < visible[3]);
        Self { media, crop, bounding, quarter_turns }
    }

    /// Returns what is displayed: the crop box within the media box, or the media box.
    fn visible(&self) -> [f64; 4] {
        if let Some(bounding) = self.bounding {
            return bounding;
        }
        let Some(crop) = self.crop else { return self.media };
        let inner = [
            crop[0].max(self.media[0]),
            crop[1].max(self.media[1]),
            crop[2].min(self.media[2]),
            crop[3].min(self.media[3]),
        ];
        if inner[0] < inner[2] && inner[1] < inner[3] { inner } else { self.media }
    }
}

fn user_box(rect: &PdfRect) -> [f64; 4] {
    let [left, bottom, right, top] =
        [rect.left(), rect.bottom(), rect.right(), rect.top()].map(|side| f64::from(side.value));
    [left.min(right), bottom.min(top), left.max(right), bottom.max(top)]
}

fn page_link(link: &PdfLink<'_>, transform: &Transform) -> Option<PageLink> {
    let bbox = transform.bbox(user_box(&link.rect().ok()?));
    let uri = link.action().and_then(|action| action.as_uri_action()?.uri().ok()).filter(|uri| !uri.is_empty());
    let page_number = if uri.is_some() { None } else { target_page(link.destination(), link.action()) };
    (uri.is_some() || page_number.is_some()).then_some(PageLink { bbox, uri, page_number })
}

fn target_page(
    destination: Option<pdfium_render::prelude::PdfDestination<'_>>,
    action: Option<PdfAction<'_>>,
) -> Option<u32> {
    let from_destination = destination.and_then(|destination| destination.page_index().ok());
    let index = from_destination.or_else(|| {
        let action = action?;
        action.as_local_destination_action()?.destination().ok()?.page_index().ok()
    })?;
    u32::try_from(index).ok().map(|index| index + 1)
}

fn is_covered_by_a_picture(page: &PdfPage<'_>, boxes: &PageBoxes) -> bool {
    let [left, bottom, right, top] = boxes.visible();
    let area = (right - left) * (top - bottom);
    let pictures = page.objects().iter().take(MAX_OBJECTS).filter(|object| object.as_image_object().is_some());
    let covered: f64 = pictures
        .filter_map(|object| object.bounds().ok())
        .map(|bounds| user_box(&bounds.to_rect()))
        .map(|picture| {
            (picture[2].min(right) - picture[0].max(left)).max(0.0)
                * (picture[3].min(top) - picture[1].max(bottom)).max(0.0)
        })
        .fold(0.0, f64::max);
    area > 0.0 && covered / area >= SCAN_COVERAGE
}

fn is_encrypted(document: &PdfDocument<'_>) -> bool {
    !matches!(document.permissions().security_handler_revision(), Ok(PdfSecurityHandlerRevision::Unprotected))
}

fn form_name(form: PdfFormType) -> Option<String> {
    match form {
        PdfFormType::None => None,
        PdfFormType::Acrobat => Some("acrobat".to_owned()),
        PdfFormType::XfaFull | PdfFormType::XfaForeground => Some("xfa".to_owned()),
    }
}

const fn metadata_key(tag: PdfDocumentMetadataTagType) -> &'static str {
    match tag {
        PdfDocumentMetadataTagType::Title => "title",
        PdfDocumentMetadataTagType::Author => "author",
        PdfDocumentMetadataTagType::Subject => "subject",
        PdfDocumentMetadataTagType::Keywords => "keywords",
        PdfDocumentMetadataTagType::Creator => "creator",
        PdfDocumentMetadataTagType::Producer => "producer",
        PdfDocumentMetadataTagType::CreationDate => "creation_date",
        PdfDocumentMetadataTagType::ModificationDate => "modification_date",
    }
}

fn version(version: PdfDocumentVersion) -> Option<String> {
    let digits = match version {
        PdfDocumentVersion::Unset => return None,
        PdfDocumentVersion::Pdf1_0 => 10,
        PdfDocumentVersion::Pdf1_1 => 11,
        PdfDocumentVersion::Pdf1_2 => 12,
        PdfDocumentVersion::Pdf1_3 => 13,
        PdfDocumentVersion::Pdf1_4 => 14,
        PdfDocumentVersion::Pdf1_5 => 15,
        PdfDocumentVersion::Pdf1_6 => 16,
        PdfDocumentVersion::Pdf1_7 => 17,
        PdfDocumentVersion::Pdf2_0 => 20,
        PdfDocumentVersion::Other(digits) => digits,
    };
    Some(format!("{}.{}", digits / 10, digits % 10))
}

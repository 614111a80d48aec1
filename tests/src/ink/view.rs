//! Asks a renderer for the text of a page with its word boxes, and for its image.

use std::{fs::File, path::Path, sync::Arc, time::Duration};

use quire_producer::schemas::{
    element::{BBox, ContentLayer, Element, Granularity, Region},
    job::ImageFormat,
    names::Lane,
};
use quire_worker::{
    render::{ChildSettings, ImageSpec, PageWork, Pool, PoolSettings, SandboxMode, TextDetail},
    telemetry::Metrics,
};
use serde::Deserialize;

use crate::{
    processed::{libpdfium, program},
    raster::Raster,
};

/// How large page images are.
#[derive(Debug, Clone, Copy)]
pub struct Resolution {
    /// Pixels per inch.
    pub dpi: u32,
    /// Longest side in pixels.
    pub max_side_px: Option<u32>,
}

impl Resolution {
    /// Makes one that is bounded by nothing.
    #[must_use]
    pub const fn dpi(dpi: u32) -> Self {
        Self { dpi, max_side_px: None }
    }
}

/// A page as it was read and drawn.
#[derive(Debug)]
pub struct View {
    /// The words of everything that is seen, with their boxes in pixels.
    pub(super) words: Vec<(String, BBox)>,
    pub(super) raster: Raster,
}

/// The built worker's renderers, without a worker around them.
#[derive(Debug)]
pub struct Renderer {
    pool: Pool,
}

#[derive(Deserialize)]
struct ParsedPage {
    elements: Vec<Element>,
}

impl Renderer {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        let child = ChildSettings {
            program: program("quire-worker"),
            library: libpdfium(),
            memory_bytes: 4 << 30,
            page_timeout: Duration::from_secs(60),
            sandbox: SandboxMode::BestEffort,
        };
        let (renderers, documents_per_child, max_pages) = (1, 100, 1_000);
        let settings = PoolSettings { renderers, child, documents_per_child, max_pages, metrics: Metrics::new() };
        Self { pool: Pool::start(settings) }
    }

    /// Reads and draws every page of a file.
    ///
    /// # Panics
    /// If a page cannot be read or drawn.
    pub async fn views(&self, file: &Path, resolution: Resolution) -> Vec<View> {
        let opened =
            self.pool.open(Arc::new(File::open(file).expect("the file is there")), None, Lane::default()).await;
        let document = opened.unwrap_or_else(|fault| panic!("{}: {fault:?}", file.display()));
        let mut views = Vec::new();
        for page in 1..=document.info().page_count {
            let Resolution { dpi, max_side_px } = resolution;
            let image = ImageSpec { format: ImageFormat::Png, dpi, quality: 85, max_side_px, max_pixels: 50_000_000 };
            let detail = TextDetail { words: true, ..TextDetail::default() };
            let work = PageWork { page, text: true, detail, image: Some(image), draw_forms: true, read_facts: true };
            let outcome = document.page(work).await;
            let text = outcome.text.expect("it was asked for").expect("a page that can be read");
            let image = outcome.image.expect("it was asked for").expect("a page that can be drawn");
            let parsed: ParsedPage = serde_json::from_slice(&text.json).expect("a parsed page");
            let raster = Raster::decode(&image.bytes).expect("a PNG");
            views.push(View { words: words(&parsed.elements, image.head.scale), raster });
        }
        views
    }
}

impl Drop for Renderer {
    fn drop(&mut self) {
        self.pool.stop();
    }
}

fn words(elements: &[Element], scale: f64) -> Vec<(String, BBox)> {
    let seen = elements.iter().filter(|element| element.content_layer != Some(ContentLayer::Invisible));
    let of_text = |(text, regions): (&str, &[Region])| {
        let words = regions.iter().filter(|region| region.granularity == Some(Granularity::Word));
        let word = words.map(|region| {
            let [start, end] = region.char_span.expect("a word has a span").map(|place| place as usize);
            let text: String = text.chars().take(end).skip(start).collect();
            let [left, top, right, bottom] = region.bbox.expect("a word has a box").sides().map(|side| side * scale);
            (text, BBox::new(left, top, right, bottom))
        });
        word.collect::<Vec<_>>()
    };
    // The text of a table stands in its cells.
    let of_element = |element: &Element| {
        let cells = element.table.iter().flat_map(|table| &table.cells);
        let cells = cells.map(|cell| (cell.text.as_str(), cell.regions.as_slice()));
        let texts = std::iter::once((element.text.as_str(), element.regions.as_slice())).chain(cells);
        texts.flat_map(of_text).collect::<Vec<_>>()
    };
    seen.flat_map(of_element).collect()
}

use std::{path::PathBuf, str::FromStr, time::Duration};

use super::{
    Machine,
    key::{Extremes, Fallback, Form, Key, Secrecy, Section, ShownSize},
    memory,
    read::Reader,
    text,
};

pub(super) const SECTION: Section = Section {
    name: "render",
    about: "Renderers: the child processes that open documents",
    keys: &[MEMORY, RENDERERS, ISOLATION, PDFIUM_LIBRARY, MAX_PAGES, MAX_PAGE_PIXELS, PAGE_TIMEOUT],
};

const MEMORY: Key = Key {
    section: "render",
    name: "memory",
    variable: "QUIRE_RENDERER_MEMORY",
    form: Form::Size { least: 64 << 20, most: 64 << 30 },
    fallback: Fallback::Value("1GiB"),
    secrecy: Secrecy::Public,
    meaning: "Address space of one renderer. A document that asks for more fails with `resource_limit` and takes \
              nothing else with it.",
    extremes: Some(Extremes {
        too_low: "Large pages and documents fail. Eight bytes for each of QUIRE_MAX_PAGE_PIXELS, the document and \
                  about 50 MB have to fit.",
        too_high: "Fewer renderers fit, and one document can take memory that the others need.",
    }),
};

const RENDERERS: Key = Key {
    section: "render",
    name: "renderers",
    variable: "QUIRE_RENDERERS",
    form: Form::Whole { least: 1, most: 512, unit: "processes" },
    fallback: Fallback::Computed(
        "the smaller of cores and (memory limit minus the worker's own share) / QUIRE_RENDERER_MEMORY, at least 1; \
         the limit is the control group's or the machine's memory, the share 100 MB and 2 MB for each job in flight",
    ),
    secrecy: Secrecy::Public,
    meaning: "Renderers at work at once. More than the control group's memory limit holds is an error.",
    extremes: Some(Extremes {
        too_low: "Cores stand idle.",
        too_high: "Renderers wait for cores, and each may take QUIRE_RENDERER_MEMORY.",
    }),
};

const ISOLATION: Key = Key {
    section: "render",
    name: "isolation",
    variable: "QUIRE_RENDERER_ISOLATION",
    form: Form::Choice(&["document", "shared"]),
    fallback: Fallback::Value("document"),
    secrecy: Secrecy::Public,
    meaning: "Whether a renderer serves one document and ends, or is used again. `shared` saves a few milliseconds for \
              each document; what breaks into such a renderer can see the documents after it.",
    extremes: None,
};

const PDFIUM_LIBRARY: Key = Key {
    section: "render",
    name: "pdfium_library",
    variable: "QUIRE_PDFIUM_LIBRARY",
    form: Form::Text("the path of libpdfium.so"),
    fallback: Fallback::Unset("beside the worker's executable, then in the usual folders for libraries"),
    secrecy: Secrecy::Public,
    meaning: "The PDFium library. Stored page images are used again only under the same build of it.",
    extremes: None,
};

const MAX_PAGES: Key = Key {
    section: "render",
    name: "max_pages",
    variable: "QUIRE_MAX_PAGES",
    form: Form::Whole { least: 1, most: 1_000_000, unit: "pages" },
    fallback: Fallback::Value("10000"),
    secrecy: Secrecy::Public,
    meaning: "The longest document. A longer one is buried as `too_many_pages`.",
    extremes: Some(Extremes {
        too_low: "Books are refused.",
        too_high: "One document can keep every renderer busy until QUIRE_JOB_TIMEOUT.",
    }),
};

const MAX_PAGE_PIXELS: Key = Key {
    section: "render",
    name: "max_page_pixels",
    variable: "QUIRE_MAX_PAGE_PIXELS",
    form: Form::Whole { least: 10_000, most: 1_000_000_000, unit: "pixels" },
    fallback: Fallback::Value("50000000"),
    secrecy: Secrecy::Public,
    meaning: "The largest page image. A page that would have more is made with fewer, or fails as `page_too_large`.",
    extremes: Some(Extremes {
        too_low: "Images of plans and posters are coarse. A4 at 150 dpi has 2.2 million pixels, at 600 dpi 35 million.",
        too_high: "A page passes QUIRE_RENDERER_MEMORY and fails: it takes about eight bytes for each pixel.",
    }),
};

const PAGE_TIMEOUT: Key = Key {
    section: "render",
    name: "page_timeout",
    variable: "QUIRE_PAGE_TIMEOUT",
    form: Form::Time { least: Duration::from_millis(100), most: Duration::from_secs(3600) },
    fallback: Fallback::Value("30s"),
    secrecy: Secrecy::Public,
    meaning: "How long one page may take before its renderer is killed and the page fails as `renderer_timeout`.",
    extremes: Some(Extremes {
        too_low: "Pages with much vector art fail, the more so while all cores are busy.",
        too_high: "A hostile page keeps a renderer this long.",
    }),
};

/// How much of a renderer's life one document gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// A renderer serves one document and ends.
    Document,
    /// Renderers are used again.
    Shared,
}

impl FromStr for Isolation {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "document" => Ok(Self::Document),
            "shared" => Ok(Self::Shared),
            _ => Err(()),
        }
    }
}

/// Renderers and what they may do.
#[derive(Debug, Clone)]
pub struct Render {
    /// Renderers at work at once, at least 1.
    pub renderers: u32,
    /// Address space of one renderer, in bytes.
    pub memory_bytes: u64,
    /// How much of a renderer's life one document gets.
    pub isolation: Isolation,
    /// Where libpdfium is, if somebody says so.
    pub pdfium_library: Option<PathBuf>,
    /// Most pages of a document.
    pub max_pages: u32,
    /// Most pixels of a page image.
    pub max_page_pixels: u64,
    /// Longest time for one page.
    pub page_timeout: Duration,
}

impl Render {
    pub(super) fn read(reader: &mut Reader, machine: &Machine, permits: u32) -> Option<Self> {
        let memory_bytes = reader.number(&MEMORY);
        let renderers = reader.number(&RENDERERS);
        let renderers = memory_bytes.map(|bytes| fit(reader, machine, permits, bytes, renderers));
        let isolation = reader.parsed(&ISOLATION, text::word::<Isolation>);
        let pdfium_library = reader.parsed(&PDFIUM_LIBRARY, |text| Ok(PathBuf::from(text)));
        let max_pages = reader.number(&MAX_PAGES);
        let max_page_pixels = reader.number(&MAX_PAGE_PIXELS);
        let page_timeout = reader.time(&PAGE_TIMEOUT);
        Some(Self {
            renderers: renderers?,
            memory_bytes: memory_bytes?,
            isolation: isolation?,
            pdfium_library,
            max_pages: max_pages?,
            max_page_pixels: max_page_pixels?,
            page_timeout: page_timeout?,
        })
    }
}

/// Checks a number of renderers that was given, or finds one out.
fn fit(reader: &mut Reader, machine: &Machine, permits: u32, renderer_bytes: u64, given: Option<u32>) -> u32 {
    let Some(renderers) = given else {
        let renderers = memory::default_renderers(machine.cores, machine.memory, permits, renderer_bytes);
        reader.computed(&RENDERERS, &renderers);
        return renderers;
    };
    // Against the control group only: the kernel kills at that limit, while a machine may swap and
    // renderers seldom reach their own limit together. `doctor` warns about the machine.
    let Some(limit) = machine.memory.cgroup else { return renderers };
    let fitting = memory::renderers_that_fit(limit, permits, renderer_bytes);
    if renderers > fitting {
        let share = memory::parent_share(permits) / 1_000_000;
        let size = ShownSize(renderer_bytes);
        reader.refuse(
            &RENDERERS,
            format!("{renderers} × {size} and {share} MB for the worker do not fit the limit of {limit} bytes"),
            match fitting {
                0 => "raise the memory limit or lower QUIRE_RENDERER_MEMORY".to_owned(),
                _ => format!("expected at most {fitting}, a higher memory limit or a lower QUIRE_RENDERER_MEMORY"),
            },
        );
    }
    renderers
}

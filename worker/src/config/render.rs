//! Section `[render]`: how many renderers there are, and what each may use.

use std::{path::PathBuf, str::FromStr, time::Duration};

use super::{
    Machine,
    key::{
        Fallback::{Computed, Unset, Value},
        Form::{Choice, Size, Text, Time, Whole},
        ShownSize,
    },
    memory,
    read::Reader,
    table::settings,
    text,
};
use crate::{
    render::{ChildSettings, PoolSettings, SandboxMode},
    telemetry::Metrics,
};

settings! {
    [render] "Renderers: the child processes that open documents"

    MEMORY(memory, QUIRE_RENDERER_MEMORY): Size { least: 64 << 20, most: 64 << 30 }, Value("1GiB"),
        "Address space of one renderer. A document that asks for more fails with `resource_limit`; other documents are \
         not affected.",
        too_low "Large pages and documents fail. Eight bytes for each of QUIRE_MAX_PAGE_PIXELS, the document and about \
                 50 MB have to fit.",
        too_high "Fewer renderers fit, and one document can take memory that the others need.";

    RENDERERS(renderers, QUIRE_RENDERERS): Whole { least: 1, most: 512, unit: "processes" },
        Computed(
            "the smaller of cores and (memory limit minus the worker's own share) / QUIRE_RENDERER_MEMORY, at least 1; \
             the limit is the control group's or the machine's memory, the share 100 MB and 2 MB for each job in flight",
        ),
        "Renderers at work at once. More than the control group's memory limit holds is an error.",
        too_low "Cores stand idle.",
        too_high "Renderers wait for cores, and each may take QUIRE_RENDERER_MEMORY.";

    ISOLATION(isolation, QUIRE_RENDERER_ISOLATION): Choice(&["document", "shared"]), Value("document"),
        "Whether a renderer serves one document and ends, or serves several. `shared` saves a few milliseconds for \
         each document; a document that breaks into such a renderer can see the documents after it.";

    SANDBOX(sandbox, QUIRE_SANDBOX): Choice(&SandboxMode::WORDS), Value("best-effort"),
        "How far the sandbox of the renderers has to close, besides limits and an empty environment. `required`: rules of \
         files and networks (Landlock) and a filter of system calls (seccomp), or the worker does not start (78). \
         `best-effort`: what the kernel closes; less than all is a warning at the start and in every result. `off`: \
         neither.";

    PDFIUM_LIBRARY(pdfium_library, QUIRE_PDFIUM_LIBRARY): Text("the path of libpdfium.so"),
        Unset("beside the worker's executable, then in the usual folders for libraries"),
        "The PDFium library. Stored page images are used again only under the same build of it.";

    MAX_PAGES(max_pages, QUIRE_MAX_PAGES): Whole { least: 1, most: 1_000_000, unit: "pages" }, Value("10000"),
        "The longest document. A longer one is buried as `too_many_pages`.",
        too_low "Books are refused.",
        too_high "One document can keep every renderer busy until QUIRE_JOB_TIMEOUT.";

    MAX_PAGE_PIXELS(max_page_pixels, QUIRE_MAX_PAGE_PIXELS):
        Whole { least: 10_000, most: 1_000_000_000, unit: "pixels" }, Value("50000000"),
        "The largest page image. A page that would have more is made with fewer, or fails as `page_too_large`.",
        too_low "Images of plans and posters are coarse. A4 at 150 dpi has 2.2 million pixels, at 600 dpi 35 million.",
        too_high "A page passes QUIRE_RENDERER_MEMORY and fails: it takes about eight bytes for each pixel.";

    PAGE_TIMEOUT(page_timeout, QUIRE_PAGE_TIMEOUT):
        Time { least: Duration::from_millis(100), most: Duration::from_secs(3600) }, Value("30s"),
        "How long one page may take before its renderer is killed and the page fails as `renderer_timeout`.",
        too_low "Pages with much vector art fail, above all while all cores are busy.",
        too_high "A hostile page keeps a renderer this long.";
}

/// Documents that one child may see when documents share children.
const DOCUMENTS_PER_SHARED_CHILD: u32 = 200;

/// Whether documents share a renderer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RendererIsolation {
    /// A renderer serves one document and ends.
    Document,
    /// A renderer serves several documents, one after the other.
    Shared,
}

impl FromStr for RendererIsolation {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "document" => Ok(Self::Document),
            "shared" => Ok(Self::Shared),
            _ => Err(()),
        }
    }
}

/// Renderers and what they may use.
#[derive(Debug, Clone)]
pub(crate) struct Render {
    /// Renderers at work at once, at least 1.
    pub(crate) renderers: u32,
    pub(crate) child: ChildSettings,
    pub(crate) isolation: RendererIsolation,
    /// Of one document.
    pub(crate) max_pages: u32,
    /// Of one page image.
    pub(crate) max_page_pixels: u64,
}

impl Render {
    pub(super) fn read(reader: &mut Reader, machine: &Machine, permits: u32) -> Option<Self> {
        let memory_bytes = reader.number(&MEMORY);
        let renderers = reader.number(&RENDERERS);
        let renderers = memory_bytes.map(|bytes| fit(reader, machine, permits, bytes, renderers));
        let isolation = reader.parsed(&ISOLATION, text::word::<RendererIsolation>);
        let sandbox = reader.parsed(&SANDBOX, text::word::<SandboxMode>);
        let library = reader.parsed(&PDFIUM_LIBRARY, |text| Ok(PathBuf::from(text)));
        let max_pages = reader.number(&MAX_PAGES);
        let max_page_pixels = reader.number(&MAX_PAGE_PIXELS);
        let page_timeout = reader.time(&PAGE_TIMEOUT);
        let child = ChildSettings {
            program: ChildSettings::this_program(),
            library,
            memory_bytes: memory_bytes?,
            page_timeout: page_timeout?,
            sandbox: sandbox?,
        };
        Some(Self {
            renderers: renderers?,
            child,
            isolation: isolation?,
            max_pages: max_pages?,
            max_page_pixels: max_page_pixels?,
        })
    }

    pub(crate) fn pool_settings(&self, metrics: Metrics) -> PoolSettings {
        PoolSettings {
            renderers: self.renderers as usize,
            child: self.child.clone(),
            documents_per_child: match self.isolation {
                RendererIsolation::Document => 1,
                RendererIsolation::Shared => DOCUMENTS_PER_SHARED_CHILD,
            },
            max_pages: self.max_pages,
            metrics,
        }
    }
}

/// Checks a number of renderers that was given, or computes one.
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

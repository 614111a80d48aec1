//! The pages of a document, one by one: rendered, encoded, uploaded; their text spooled.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, TryStreamExt, stream};
use quire_schemas::{
    failure::{Disposition, ErrorCode, WarningCode},
    result::{BranchName, ImageRole, ObjectRef, PageImage, Phase, Warning},
};

use tokio::time::{Instant, sleep};

use super::{
    Context, Run,
    carry::Carried,
    plan::Plan,
    reuse::{self, Stored},
    spool::Spool,
};
use crate::{
    fail_point,
    job::Fault,
    parse::local::{PageText, to_parsed_page},
    render::{ImageSpec, OpenedDocument, PageWork, RenderedImage},
    store::{Object, digest},
    telemetry::Stage,
};

/// How long pages that were begun may take to come to their end once a run is told to pause.
const LAST_PAGES: Duration = Duration::from_secs(60);

/// What is done with the text of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextUse {
    /// It is the parse.
    Parse,
    /// Another engine parses; the text is only counted, to check that engine's work against.
    Count,
    /// Nothing.
    Ignore,
}

/// What became of the pages.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub(super) images: BTreeMap<u32, PageImage>,
    pub(super) image_faults: Vec<Fault>,
    pub(super) text_faults: Vec<Fault>,
    pub(super) texts: u32,
    pub(super) reused: u32,
    /// Characters of each page that are not spaces.
    pub(super) characters: BTreeMap<u32, u32>,
    pub(super) warnings: Vec<Warning>,
    pub(super) text_time: Duration,
    pub(super) image_time: Duration,
    /// Whether there are pages that were not begun.
    pub(super) unfinished: bool,
}

struct OnePage {
    number: u32,
    image: Option<Result<PageImage, Fault>>,
    reused: bool,
    text: Option<Result<u32, Fault>>,
    /// Whether the text is still to be read.
    text_missing: bool,
    warnings: Vec<Warning>,
    text_time: Duration,
    image_time: Duration,
}

/// Everything one page needs.
pub(super) struct PageJob<'a> {
    pub(super) context: &'a Context,
    pub(super) run: &'a Run,
    pub(super) document: &'a OpenedDocument,
    pub(super) plan: &'a Plan,
    pub(super) source_sha256: &'a str,
    pub(super) text_use: TextUse,
    pub(super) spool: &'a Arc<Mutex<Spool>>,
    /// Texts that an earlier run has left.
    pub(super) carried: &'a Carried,
}

impl PageJob<'_> {
    /// Does every page of the plan, several at once, or as many as are begun before the run is
    /// told to pause.
    ///
    /// # Errors
    /// A fault of storage or of the temporary folder, which no other page would escape. The faults
    /// of single pages are part of what is returned.
    pub(super) async fn all(&self) -> Result<Pages, Fault> {
        let fingerprint = self.plan.image.as_ref().map(|spec| self.context.build.fingerprint(self.source_sha256, spec));
        let fingerprint = fingerprint.unwrap_or_default();
        let stored = Stored::new(&self.context.store, self.run, &fingerprint);
        // Enough to keep every renderer busy while finished pages are on their way to storage.
        let in_flight = if self.run.one_page_at_a_time { 1 } else { self.context.pool.renderers() * 2 + 2 };
        let mut pages = Pages::default();
        let total = self.plan.total();
        let mut work = stream::iter(self.plan.pages())
            .take_until(Box::pin(self.run.pause.cancelled()))
            .map(|number| self.one(number, &stored, &fingerprint))
            .buffer_unordered(in_flight);
        let mut done = 0;
        let last_call = async {
            self.run.pause.cancelled().await;
            sleep(LAST_PAGES).await;
        };
        let mut last_call = std::pin::pin!(last_call);
        loop {
            // Cancel safe: pages that are under way stay in the stream.
            let page = tokio::select! {
                page = work.try_next() => page?,
                // Renderers are shared: pages that were begun may be waiting behind those of others.
                () = &mut last_call => None,
            };
            let Some(page) = page else { break };
            self.count(&page);
            pages.add(page);
            done += 1;
            self.run.tell(Phase::Render, done, total);
        }
        pages.unfinished = done < total;
        Ok(pages)
    }

    fn count(&self, page: &OnePage) {
        let metrics = &self.context.metrics;
        match (&page.image, page.reused) {
            (Some(Ok(_)), true) => metrics.page_reused(),
            (Some(Ok(_)), false) => {
                metrics.page_rendered();
                metrics.stage_took(Stage::Render, page.text_time + page.image_time);
            }
            (Some(Err(fault)), _) => metrics.page_failed(fault.code),
            (None, _) => {}
        }
    }

    async fn one(&self, number: u32, stored: &Stored<'_>, fingerprint: &str) -> Result<OnePage, Fault> {
        let mut page = self.find(number, stored).await?;
        let image = self.wanted_image(number).filter(|_| page.image.is_none());
        if !page.text_missing && image.is_none() {
            return Ok(page);
        }
        if self.run.left_out.contains(&number) {
            return Ok(page.left_out(image.is_some()));
        }
        if self.run.one_page_at_a_time {
            self.run.state.turn_to(self.context, number).await?;
        }
        fail_point::reach_page("page_started", Some(number));
        if image.is_some() {
            tracing::debug!(page = number, "page begun");
        }
        let work = PageWork { page: number, text: page.text_missing, image: image.cloned(), draw_forms: true };
        let outcome = self.document.page(work).await;
        fail_point::reach_page("page_rendered", Some(number));
        if outcome.forms_left_out {
            page.warnings.push(forms_left_out(number));
        }
        // Not what would be made if the renderer behaved: never to be taken for it.
        let fingerprint = if outcome.forms_left_out { "" } else { fingerprint };
        (page.text_time, page.image_time) = (outcome.text_time, outcome.image_time);
        page.text = match outcome.text {
            Some(Ok(text)) => Some(match self.keep_text(*text, &mut page.warnings).await {
                Ok(characters) => Ok(characters),
                Err(fault) => Err(of_page(fault)?),
            }),
            Some(Err(fault)) => Some(Err(of_page(fault)?)),
            None => page.text,
        };
        page.image = match (outcome.image, image) {
            (Some(Ok(rendered)), Some(spec)) => {
                Some(Ok(self.upload(number, spec, rendered, fingerprint, &mut page.warnings).await?))
            }
            (Some(Err(fault)), _) => Some(Err(of_page(fault)?)),
            _ => page.image,
        };
        Ok(page)
    }

    /// Looks for what earlier runs have left of a page.
    async fn find(&self, number: u32, stored: &Stored<'_>) -> Result<OnePage, Fault> {
        let found = match self.wanted_image(number) {
            Some(spec) => {
                let (key, template) = (self.key(number, spec), self.template(number, spec));
                stored.find(number, &key, spec.format.media_type(), &template).await?
            }
            None => None,
        };
        let carried = self.carried.page(number);
        let wants_text = self.text_use != TextUse::Ignore && self.plan.parse_pages.contains(&number);
        Ok(OnePage {
            number,
            reused: found.is_some(),
            image: found.map(Ok),
            text: carried.map(|page| Ok(page.characters)),
            text_missing: wants_text && carried.is_none(),
            warnings: carried.map(|page| page.warnings.clone()).unwrap_or_default(),
            text_time: Duration::ZERO,
            image_time: Duration::ZERO,
        })
    }

    fn wanted_image(&self, number: u32) -> Option<&ImageSpec> {
        self.plan.image.as_ref().filter(|_| self.plan.image_pages.contains(&number))
    }

    async fn keep_text(&self, text: PageText, warnings: &mut Vec<Warning>) -> Result<u32, Fault> {
        let characters = text.visible_characters;
        if self.text_use == TextUse::Parse {
            let (page, warning) = to_parsed_page(text);
            warnings.extend(warning);
            let spool = Arc::clone(self.spool);
            let pushed =
                tokio::task::spawn_blocking(move || spool.lock().unwrap_or_else(PoisonError::into_inner).push(&page));
            pushed.await.expect("writing a page to the spool does not panic")?;
        }
        Ok(characters)
    }

    async fn upload(
        &self,
        number: u32,
        spec: &ImageSpec,
        rendered: RenderedImage,
        fingerprint: &str,
        warnings: &mut Vec<Warning>,
    ) -> Result<PageImage, Fault> {
        if rendered.head.scaled_down {
            warnings.push(scaled_down(number, rendered.head.scale * 72.0));
        }
        let metadata = reuse::metadata(fingerprint, &rendered);
        let body = rendered.bytes.clone();
        // Hashing megabytes on the runtime would delay heartbeats.
        let sha256 = tokio::task::spawn_blocking(move || digest(&body)).await.expect("hashing does not panic");
        let media_type = spec.format.media_type();
        let object = Object { key: self.key(number, spec), body: rendered.bytes, media_type, sha256, metadata };
        let began = Instant::now();
        let object = self.context.store.put(&object, Phase::Upload).await?;
        self.context.metrics.stage_took(Stage::Upload, began.elapsed());
        tracing::debug!(page = number, "page stored");
        fail_point::reach_page("page_uploaded", Some(number));
        let template = self.template(number, spec);
        let (width_px, height_px, scale) = (rendered.head.width_px, rendered.head.height_px, rendered.head.scale);
        Ok(PageImage { object, width_px, height_px, scale, dpi: Some(scale * 72.0), ..template })
    }

    fn key(&self, number: u32, spec: &ImageSpec) -> String {
        self.run.identity.keys.page(number, spec.format)
    }

    fn template(&self, number: u32, spec: &ImageSpec) -> PageImage {
        let empty = ObjectRef {
            bucket: None,
            key: String::new(),
            uri: None,
            media_type: String::new(),
            size_bytes: 0,
            sha256: String::new(),
            etag: None,
            url: None,
            url_expires_at: None,
        };
        PageImage {
            page_number: number,
            object: empty,
            width_px: 0,
            height_px: 0,
            dpi: Some(f64::from(spec.dpi)),
            scale: 0.0,
            role: Some(ImageRole::Page),
            renderer: Some(self.context.build.name.clone()),
        }
    }
}

impl OnePage {
    /// Reports a page that nobody dares to touch again.
    fn left_out(mut self, image: bool) -> Self {
        let fault = || {
            let message = "the page is left out: workers that worked on it died";
            Fault::new(ErrorCode::PageFailed, Phase::Render, message).on_page(self.number)
        };
        let (text_fault, image_fault) = (fault(), fault());
        if self.text_missing {
            self.text = Some(Err(text_fault));
        }
        if image {
            self.image = Some(Err(image_fault));
        }
        self
    }
}

impl Pages {
    fn add(&mut self, page: OnePage) {
        self.reused += u32::from(page.reused);
        self.text_time += page.text_time;
        self.image_time += page.image_time;
        self.warnings.extend(page.warnings);
        match page.image {
            Some(Ok(image)) => drop(self.images.insert(page.number, image)),
            Some(Err(fault)) => self.image_faults.push(fault),
            None => {}
        }
        match page.text {
            Some(Ok(characters)) => {
                self.texts += 1;
                self.characters.insert(page.number, characters);
            }
            Some(Err(fault)) => self.text_faults.push(fault),
            None => {}
        }
    }
}

/// A fault that is not the page's own, such as no renderer to be had, is the job's: it may pass.
fn of_page(fault: Fault) -> Result<Fault, Fault> {
    if fault.disposition() == Disposition::Page { Ok(fault) } else { Err(fault) }
}

fn forms_left_out(page: u32) -> Warning {
    image_warning(WarningCode::FormsLeftOut, page, "the page could be drawn only without its form fields".to_owned())
}

fn scaled_down(page: u32, dpi: f64) -> Warning {
    let message = format!("the image has {dpi:.1} dpi to stay within the limits");
    image_warning(WarningCode::ImageScaledDown, page, message)
}

fn image_warning(code: WarningCode, page: u32, message: String) -> Warning {
    Warning {
        code: code.as_str().to_owned(),
        message,
        retryable: None,
        phase: Some(Phase::Render),
        branch: Some(BranchName::Images),
        page_number: Some(page),
        provider: None,
        details: serde_json::Map::new(),
    }
}

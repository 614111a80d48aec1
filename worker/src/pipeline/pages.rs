//! The pages of a document, one by one: rendered, encoded, uploaded; their text spooled.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use chrono::Utc;
use futures_util::{StreamExt, TryStreamExt, stream};
use quire_schemas::{
    failure::WarningCode,
    result::{BranchName, PageImage, Phase, Warning},
    sha256::Sha256,
    state::FailedPage,
};
use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep},
};

use super::{
    carry::Carried,
    context::Context,
    document_pass::{NativeText, PageWords},
    image_place::{ImagePlace, StoredImage},
    page::{OnePage, Pages, TextRead, of_page},
    plan::Plan,
    reuse::Stored,
    run::Run,
    spool::Spool,
    text_warnings,
};
use crate::{
    fail_point,
    job::Fault,
    lock::lock,
    parse::local::Findings,
    render::{OpenedDocument, PageJson, PageOutcome, PageWork, RenderedImage, TextDetail},
    store::StoredObject,
    telemetry::Stage,
};

/// How long pages that were begun may take to finish once a run is told to pause.
const LAST_PAGES_TIMEOUT: Duration = Duration::from_secs(60);

/// How the text of the pages is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextUse {
    /// It is the parse.
    Parse,
    /// Another engine parses; only the words are kept, to check that engine's work against.
    Count,
    /// Nothing.
    Ignore,
}

/// What every page of a run is done with.
pub(super) struct PageJob<'a> {
    pub(super) context: &'a Context,
    pub(super) run: &'a Run,
    pub(super) document: &'a OpenedDocument,
    pub(super) plan: &'a Plan,
    /// Identifies the document as this run reads it.
    pub(super) as_read: Sha256,
    pub(super) text_use: TextUse,
    pub(super) spool: &'a Arc<Mutex<Spool>>,
    /// Texts that earlier runs have read.
    pub(super) carried: &'a Carried,
}

impl PageJob<'_> {
    /// Does every page of the plan, several at once, or as many as are begun before the run is
    /// told to pause.
    ///
    /// # Errors
    /// A fault of storage or of the temporary folder, which every other page would meet too. The
    /// faults of single pages are in the returned [`Pages`].
    pub(super) async fn all(&self) -> Result<Pages, Fault> {
        let fingerprint = self.plan.image.as_ref().map(|spec| self.context.build.fingerprint(self.as_read, spec));
        let fingerprint = fingerprint.unwrap_or_default();
        let stored = Stored::in_folder(&self.context.store, self.run, &self.run.identity.keys.pages());
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
            sleep(LAST_PAGES_TIMEOUT).await;
        };
        let mut last_call = std::pin::pin!(last_call);
        loop {
            // Cancel safe: pages that were begun stay in the stream.
            let page = tokio::select! {
                page = work.try_next() => page?,
                // Renderers are shared: pages that were begun may be waiting behind those of others.
                () = &mut last_call => None,
            };
            let Some(page) = page else { break };
            self.count(&page);
            pages.add(page, Utc::now());
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
        let place = self.image_place(number, fingerprint);
        let mut page = self.find(number, place.as_ref(), stored).await?;
        let place = place.filter(|_| page.image.is_none());
        if !page.text_missing && place.is_none() {
            return Ok(page);
        }
        if self.run.left_out.contains(&number) {
            return Ok(page.left_out(place.is_some()));
        }
        let mut place = place;
        if let Some(failed) = self.run.failed_pages.iter().find(|failed| failed.page == number) {
            let still_wanted = page.fail_again(failed, place.is_some());
            place = place.filter(|_| still_wanted);
        }
        if !page.text_missing && place.is_none() {
            return Ok(page);
        }
        if self.run.one_page_at_a_time {
            self.run.state.turn_to(&self.context.store, number).await?;
        }
        fail_point::reach_page("page_started", Some(number));
        if place.is_some() {
            tracing::debug!(page = number, "page begun");
        }
        let image = place.as_ref().map(|place| place.spec.clone());
        let detail = TextDetail { words: self.plan.local.words, tables: self.plan.local.tables };
        let text = page.text_missing;
        let work = PageWork { page: number, text, detail, image, draw_forms: true, read_facts: true };
        let PageOutcome { text, image, text_time, image_time, forms_left_out, facts_left_out, .. } =
            self.document.page(work).await;
        fail_point::reach_page("page_rendered", Some(number));
        self.remember(number, text.as_ref(), image.as_ref()).await?;
        (page.text_time, page.image_time) = (text_time, image_time);
        let [text_cpu_ms, image_cpu_ms] = [text_time, image_time].map(|time| 1e3 * time.as_secs_f64());
        tracing::debug!(page = number, text_cpu_ms, image_cpu_ms, "page done");
        if forms_left_out {
            page.warnings.push(forms_were_left_out(number));
        }
        if facts_left_out && self.text_use == TextUse::Parse {
            page.warnings.push(text_warnings::of_page_without_facts(number));
        }
        if let Some(text) = text {
            let kept = match text {
                Ok(text) => self.keep_text(number, text, &mut page.warnings).await,
                Err(fault) => Err(fault),
            };
            page.text = Some(page_result(kept)?);
        }
        if let (Some(image), Some(place)) = (image, place) {
            // An image without its forms is drawn again by a later run.
            let place = if forms_left_out { place.not_reusable() } else { place };
            page.image = Some(match image {
                Ok(rendered) => Ok(self.upload(place, rendered, &mut page.warnings).await?),
                Err(fault) => Err(of_page(fault)?),
            });
        }
        Ok(page)
    }

    /// Notes the parts of a page that have cost renderers: no later run tries them again.
    async fn remember(
        &self,
        page: u32,
        text: Option<&Result<PageJson, Fault>>,
        image: Option<&Result<RenderedImage, Fault>>,
    ) -> Result<(), Fault> {
        let code_of = |fault: Option<&Fault>| {
            let code = fault.filter(|fault| fault.has_cost_renderers())?.code;
            Some(code.as_str().to_owned())
        };
        let text = code_of(text.and_then(|text| text.as_ref().err()));
        let image = code_of(image.and_then(|image| image.as_ref().err()));
        if text.is_none() && image.is_none() {
            return Ok(());
        }
        let failed = FailedPage { page, text, image };
        self.run.state.note_failed_page(&self.context.store, failed, self.document.renderers_lost()).await
    }

    /// Looks for the parts of a page that earlier runs have stored.
    async fn find(&self, number: u32, place: Option<&ImagePlace<'_>>, stored: &Stored<'_>) -> Result<OnePage, Fault> {
        let found = match place {
            Some(place) => stored.find(place).await?.map(|image| place.clone().into_image(image)),
            None => None,
        };
        let carried = self.carried.page(number);
        let wants_text = self.text_use != TextUse::Ignore && self.plan.parse_pages.contains(&number);
        Ok(OnePage {
            number,
            reused: found.is_some(),
            image: found.map(Ok),
            text: carried.map(|page| Ok(page.read())),
            text_missing: wants_text && carried.is_none(),
            warnings: carried.map(|page| page.warnings.clone()).unwrap_or_default(),
            text_time: Duration::ZERO,
            image_time: Duration::ZERO,
        })
    }

    /// Returns the place for a page's image. `None` if none is asked for.
    fn image_place<'a>(&'a self, number: u32, fingerprint: &'a str) -> Option<ImagePlace<'a>> {
        let spec = self.plan.image.as_ref().filter(|_| self.plan.image_pages.contains(&number))?;
        let key = self.run.identity.keys.page(number, spec.format);
        Some(ImagePlace { number, spec, key, fingerprint, renderer: &self.context.build.name })
    }

    /// Puts a page's text into the spool if it is the parse, and returns what is to be known of it.
    async fn keep_text(&self, number: u32, text: PageJson, warnings: &mut Vec<Warning>) -> Result<TextRead, Fault> {
        let PageJson { findings, json } = text;
        let characters = findings.visible_characters;
        if self.text_use != TextUse::Parse {
            let native = self.words(number, findings, json).await.map(NativeText::Words);
            return Ok(TextRead { characters, native });
        }
        warnings.extend(text_warnings::of_page(number, &findings));
        let spool = Arc::clone(self.spool);
        let pushed = spawn_blocking(move || lock(&spool).push_json(number, &json));
        pushed.await.expect("writing a page to the spool does not panic")?;
        Ok(TextRead { characters, native: Some(NativeText::Placed(findings.placement)) })
    }

    /// Reads the words of a page. `None` if its text cannot be trusted.
    async fn words(&self, number: u32, findings: Findings, json: Bytes) -> Option<PageWords> {
        let most_words = PageWords::most_words(self.plan.parse_pages.len());
        let reading = spawn_blocking(move || {
            let json = std::str::from_utf8(&json).ok()?;
            PageWords::of_page(json, number, &findings, most_words).ok().flatten()
        });
        reading.await.expect("reading words does not panic")
    }

    async fn upload(
        &self,
        place: ImagePlace<'_>,
        rendered: RenderedImage,
        warnings: &mut Vec<Warning>,
    ) -> Result<PageImage, Fault> {
        let RenderedImage { head, bytes } = rendered;
        if head.scaled_down {
            warnings.push(scaled_down(place.number, head.scale * 72.0));
        }
        let metadata = place.metadata(&head);
        let object = StoredObject::hashed(place.key.clone(), bytes, place.spec.format.media_type()).await;
        let object = StoredObject { metadata, ..object };
        let began = Instant::now();
        let object = self.context.store.put(&object, Phase::Upload).await?;
        self.context.metrics.stage_took(Stage::Upload, began.elapsed());
        tracing::debug!(page = place.number, "page stored");
        fail_point::reach_page("page_uploaded", Some(place.number));
        let (width_px, height_px, scale) = (head.width_px, head.height_px, head.scale);
        Ok(place.into_image(StoredImage { object, width_px, height_px, scale }))
    }
}

/// Keeps a fault with the page if it is the page's own.
fn page_result<T>(result: Result<T, Fault>) -> Result<Result<T, Fault>, Fault> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(fault) => of_page(fault).map(Err),
    }
}

fn forms_were_left_out(page: u32) -> Warning {
    image_warning(WarningCode::FormsLeftOut, page, "the page could be drawn only without its form fields".to_owned())
}

fn scaled_down(page: u32, dpi: f64) -> Warning {
    let message = format!("the image has {dpi:.1} dpi to stay within the limits");
    image_warning(WarningCode::ImageScaledDown, page, message)
}

fn image_warning(code: WarningCode, page: u32, message: String) -> Warning {
    Warning::of(code, message).on_page(page).in_branch(BranchName::Images).in_phase(Phase::Render)
}

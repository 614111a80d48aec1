//! From a configuration to what runs work with.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use quire_producer::store::S3Store;
use tokio::sync::Semaphore;

use crate::{
    breaker::Breaker,
    config::{Config, Isolation, Render},
    parse::llamaparse::{LlamaParse, Settings},
    pipeline::{Context, RendererBuild},
    render::{self, ChildSettings, Pool, PoolSettings},
    source::{Fetcher, Limits, WebSource},
    store::Store,
    telemetry::{Dependency, Metrics},
};

/// Documents that one child may see when documents share children.
const DOCUMENTS_PER_SHARED_CHILD: u32 = 200;
/// Results put together at once.
const ASSEMBLING: usize = 2;
/// Largest answer of an engine.
const MAX_RESPONSE_BYTES: usize = 256 * 1024 * 1024;

/// Starts the renderers and makes everything a run needs.
pub(super) async fn context(
    config: &Config,
    store: Store,
    objects: Option<S3Store>,
    max_result_bytes: u64,
    metrics: Metrics,
) -> anyhow::Result<Context> {
    // Started first: the renderers warm up while the library is identified.
    let pool = Pool::start(pool_settings(&config.render, metrics.clone()));
    let library = render::probe_library(config.render.pdfium_library.as_deref()).await.map_err(anyhow::Error::msg)?;
    tracing::info!(library = %library.path.display(), build = library.build, "libpdfium found");
    let build = tokio::task::spawn_blocking(move || RendererBuild::identify(&library)).await?;
    let web = WebSource::new(config.source.hosts.clone()).context("no client for web sources")?;
    let limits = Limits { max_bytes: config.source.max_bytes, temp_dir: config.process.temp_dir.clone() };
    Ok(Context {
        pool,
        store,
        fetcher: Fetcher { objects, buckets: config.source.buckets.clone(), web, limits },
        llamaparse: llamaparse(config)?,
        llamaparse_breaker: Breaker::new(Dependency::Llamaparse, metrics.clone()),
        build,
        max_page_pixels: config.render.max_page_pixels,
        max_result_bytes,
        worker: config.process.instance.clone(),
        metrics,
        assembling: Semaphore::new(ASSEMBLING),
    })
}

fn pool_settings(render: &Render, metrics: Metrics) -> PoolSettings {
    PoolSettings {
        renderers: render.renderers as usize,
        child: ChildSettings {
            program: program(),
            library: render.pdfium_library.clone(),
            memory_bytes: render.memory_bytes,
            page_timeout: render.page_timeout,
        },
        documents_per_child: match render.isolation {
            Isolation::Document => 1,
            Isolation::Shared => DOCUMENTS_PER_SHARED_CHILD,
        },
        max_pages: render.max_pages,
        metrics,
    }
}

fn program() -> PathBuf {
    ChildSettings::this_program()
}

fn llamaparse(config: &Config) -> anyhow::Result<Option<LlamaParse>> {
    let Some(engine) = &config.llamaparse else { return Ok(None) };
    let settings = Settings {
        base_url: engine.base_url.clone(),
        api_key: engine.api_key.clone(),
        tier: engine.tier.clone(),
        version: engine.version.clone(),
        poll_floor: Duration::from_secs(1),
        poll_ceiling: Duration::from_secs(10),
        max_response_bytes: MAX_RESPONSE_BYTES,
    };
    LlamaParse::connect(settings).map(Some).context("no client for LlamaParse")
}

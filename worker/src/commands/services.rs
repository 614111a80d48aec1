//! Makes what every run works with out of the configuration, for `run` and for `process`.

use anyhow::Context as _;
use quire_producer::store::S3Store;
use tokio::sync::Semaphore;

use crate::{
    config::Config,
    parse::Engines,
    pipeline::{Context, RendererBuild},
    render::{self, Pool},
    source::{Fetcher, WebSource},
    store::Store,
    telemetry::Metrics,
};

/// Results put together at once: each holds one `result.json` in memory.
const MAX_ASSEMBLING: usize = 2;

/// Starts the renderers and makes everything a run needs.
pub(super) async fn context(
    config: &Config,
    store: Store,
    objects: Option<S3Store>,
    max_result_bytes: u64,
    metrics: Metrics,
) -> anyhow::Result<Context> {
    // Started first: the renderers warm up while the library is identified.
    let pool = Pool::start(config.render.pool_settings(metrics.clone()));
    let library = render::probe_library(config.render.child.library.as_deref()).await?;
    tracing::info!(library = %library.path.display(), build = library.build, "libpdfium found");
    let build = tokio::task::spawn_blocking(move || RendererBuild::identify(&library)).await?;
    let web = WebSource::new(config.sources.hosts.clone()).context("no client for web sources")?;
    let fetcher = Fetcher {
        objects,
        own_bucket: config.sources.own_bucket,
        prefix: config.service.as_ref().map(|service| service.storage.prefix.clone()).unwrap_or_default(),
        buckets: config.sources.buckets.clone(),
        web,
        limits: config.source_limits(),
    };
    Ok(Context {
        pool,
        store,
        fetcher,
        engines: Engines::new(&config.engines, &metrics).context("no client for the parse engines")?,
        build,
        max_page_pixels: config.render.max_page_pixels,
        max_result_bytes,
        temp_dir: config.process.temp_dir.clone(),
        worker: config.process.instance.clone(),
        metrics,
        assembling: Semaphore::new(MAX_ASSEMBLING),
    })
}

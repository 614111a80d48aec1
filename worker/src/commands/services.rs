//! Makes what every run works with out of the configuration, for `run` and for `process`.

use anyhow::Context as _;
use quire_producer::store::S3Store;

use crate::{
    config::Config,
    parse::Engines,
    pipeline::{ByteBudget, Context, RendererBuild},
    render::{self, Cell, CellLevel, Pool, Probe, SandboxMode},
    source::{Fetcher, WebSource},
    store::Store,
    telemetry::{Metrics, SandboxLevel},
};

/// Bytes that all results together may take while they are read or put together.
const RESULT_BYTES: u64 = 64 << 20;

/// Says how far the cell of the renderers closes, and refuses to work where more is required.
fn check_cell(mode: SandboxMode, cell: &Cell) -> Result<(), NoCell> {
    let missing = cell.missing.join("; ");
    match (mode, cell.level) {
        (_, CellLevel::Full) => tracing::info!(level = %cell.level, "the sandbox of the renderers is closed"),
        (SandboxMode::Required, _) => return Err(NoCell { level: cell.level, missing }),
        _ => tracing::warn!(level = %cell.level, missing, "the sandbox of the renderers is not closed"),
    }
    Ok(())
}

/// The sandbox that is required cannot be had on this machine.
#[derive(Debug, thiserror::Error)]
#[error(
    "QUIRE_SANDBOX=required, and the sandbox of the renderers reaches the level {level} of full: {missing}. Use a kernel \
     with Landlock and seccomp, allow both to the container, or set QUIRE_SANDBOX=best-effort"
)]
pub(crate) struct NoCell {
    level: CellLevel,
    missing: String,
}

/// Starts the renderers and makes everything a run needs.
pub(super) async fn context(
    config: &Config,
    store: Store,
    objects: Option<S3Store>,
    max_result_bytes: u64,
    metrics: Metrics,
) -> anyhow::Result<Context> {
    let Probe { library, cell } = render::probe(&config.render.child).await?;
    tracing::info!(library = %library.path.display(), build = library.build, "libpdfium found");
    check_cell(config.render.child.sandbox, &cell)?;
    metrics.sandbox_is(match cell.level {
        CellLevel::Full => SandboxLevel::Full,
        CellLevel::Partial => SandboxLevel::Partial,
        CellLevel::None => SandboxLevel::None,
    });
    // Started first: the renderers warm up while the library is identified.
    let pool = Pool::start(config.render.pool_settings(metrics.clone()));
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
        cell,
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
        results: ByteBudget::new(RESULT_BYTES),
    })
}

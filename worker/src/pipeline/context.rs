//! What every run of this process works with; no behaviour.

use std::path::PathBuf;

use super::{byte_budget::ByteBudget, existing::Results, reuse::RendererBuild};
use crate::{
    parse::Engines,
    render::{Cell, Pool},
    source::Fetcher,
    store::Store,
    telemetry::Metrics,
};

/// What every run of this process works with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) pool: Pool,
    /// How far the cell of the renderers closes.
    pub(crate) cell: Cell,
    /// Where results go.
    pub(crate) store: Store,
    /// Where documents come from.
    pub(crate) fetcher: Fetcher,
    /// The parse engines behind HTTP that this worker has the settings of.
    pub(crate) engines: Engines,
    pub(crate) build: RendererBuild,
    pub(crate) max_page_pixels: u64,
    /// Largest `result.json`; beyond it elements are stored in parts.
    pub(crate) max_result_bytes: u64,
    /// Where temporary files go.
    pub(crate) temp_dir: PathBuf,
    /// This worker's name.
    pub(crate) worker: String,
    pub(crate) metrics: Metrics,
    /// Bounds the results that are read or put together at once, by their bytes.
    pub(crate) results: ByteBudget,
}

impl Context {
    /// Returns where results are read from.
    pub(crate) const fn stored_results(&self) -> Results<'_> {
        Results { store: &self.store, budget: &self.results }
    }
}

#[cfg(test)]
impl Context {
    /// Makes a context without renderers and without engines, whose store is a folder.
    pub(crate) fn in_folder(folder: &std::path::Path) -> Self {
        use crate::{
            render::{CellLevel, ChildSettings, LibraryInfo, PoolSettings},
            source::{FetchLimits, OwnBucket, WebSource},
            store::DirectoryStore,
        };

        let metrics = Metrics::new();
        let pool = PoolSettings {
            renderers: 0,
            child: ChildSettings::of_none(),
            documents_per_child: 1,
            max_pages: 1,
            metrics: metrics.clone(),
        };
        let web = WebSource::new(Vec::new()).expect("there are certificates");
        let limits = FetchLimits { max_bytes: 1 << 20, temp_dir: folder.to_owned() };
        Self {
            pool: Pool::start(pool),
            cell: Cell { level: CellLevel::Full, missing: Vec::new() },
            store: Store::Directory(DirectoryStore::new(folder.to_owned())),
            fetcher: Fetcher {
                objects: None,
                own_bucket: OwnBucket::Tenant,
                prefix: String::new(),
                buckets: Vec::new(),
                web,
                limits,
            },
            engines: Engines::default(),
            build: RendererBuild::identify(&LibraryInfo { path: std::path::PathBuf::new(), build: None }),
            max_page_pixels: 1 << 20,
            max_result_bytes: 1 << 20,
            temp_dir: folder.to_owned(),
            worker: "worker-1".to_owned(),
            metrics,
            results: ByteBudget::new(1 << 20),
        }
    }
}

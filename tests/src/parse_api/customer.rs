//! Who has documents parsed by the double: workers that know where it is, and jobs that ask for it.

use quire_producer::schemas::job::{Engine, Job, ParseOptions, Source};

use super::ParseApi;
use crate::{WorkerBuilder, World};

/// What workers log in with at the double. It may be shown nowhere.
pub const KEY: &str = "llx-canary";

impl ParseApi {
    /// Makes a worker of a world that has documents parsed here.
    #[must_use]
    pub fn worker(&self, world: &World) -> WorkerBuilder {
        world.worker().with("LLAMA_CLOUD_API_KEY", KEY).with("LLAMA_CLOUD_BASE_URL", &self.base_url)
    }
}

/// Makes a job that asks for the engine `llamaparse`, and then for these.
#[must_use]
pub fn llamaparse_job(source: Source, fallback: &[Engine]) -> Job {
    let parse = ParseOptions { engine: Engine::Llamaparse, fallback: fallback.to_vec(), ..ParseOptions::default() };
    Job { parse, ..Job::new(source) }
}

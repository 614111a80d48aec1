//! Settings: where they come from, what they may be, and everything that is wrong with them.
//!
//! One section per file. A flag wins over the environment, the environment over the TOML file, the
//! file over the default; `QUIRE_S3_BUCKET` and `bucket` under `[storage]` are the same setting.

mod amqp;
mod error;
mod job;
mod key;
mod layers;
mod llamaparse;
mod memory;
mod nearest;
mod process;
mod read;
mod reference;
mod render;
mod source;
mod storage;
mod table;
mod text;

use std::{
    fs,
    num::NonZero,
    path::{Path, PathBuf},
};

pub(crate) use amqp::Amqp;
pub(crate) use error::{ConfigError, ConfigErrors, Setting};
pub(crate) use key::ShownSize;
pub(crate) use layers::{Environment, Overrides};
pub(crate) use memory::{MemoryLimits, parent_share};
pub(crate) use process::Process;
pub(crate) use reference::reference_markdown;
pub(crate) use render::{Render, RendererIsolation};
pub(crate) use source::Sources;
pub(crate) use storage::StorageConfig;

use crate::{consume::JobRules, parse::EngineSettings, source::FetchLimits};
use key::Section;
use layers::TomlFile;
use read::Reader;

/// Every section, in the order of the documentation.
static SECTIONS: [Section; 7] = [
    amqp::SECTION,
    storage::SECTION,
    source::SECTION,
    render::SECTION,
    job::SECTION,
    process::SECTION,
    llamaparse::SECTION,
];

/// Every setting of a worker.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// `None` only if the configuration was loaded with [`Needs::DocumentsOnly`].
    pub(crate) service: Option<ServiceConfig>,
    pub(crate) sources: Sources,
    pub(crate) render: Render,
    pub(crate) job: JobRules,
    pub(crate) process: Process,
    /// Of every parse engine behind HTTP that has a key or an address.
    pub(crate) engines: Vec<EngineSettings>,
}

/// What a worker needs beyond a single document: where jobs come from and where results go.
#[derive(Debug, Clone)]
pub(crate) struct ServiceConfig {
    pub(crate) amqp: Amqp,
    pub(crate) storage: StorageConfig,
}

/// What a command needs of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Broker and storage as well.
    Everything,
    /// Only what turns a file into a result. Settings of broker and storage are not read, but
    /// their names are known.
    DocumentsOnly,
}

/// A configuration without errors, and what it is made of.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// Every setting that was read, in the order of [`SECTIONS`], without secrets.
    pub(crate) settings: Vec<Setting>,
    /// What the computed defaults were made of.
    pub(crate) machine: Machine,
}

/// What defaults depend on besides other settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Machine {
    /// Cores that this process may use.
    pub(crate) cores: u32,
    pub(crate) memory: MemoryLimits,
    /// The host's name; empty if it is not known.
    pub(crate) host: String,
    pub(crate) process_id: u32,
    pub(crate) temp_dir: PathBuf,
}

impl Config {
    /// Loads the configuration from flags, environment and file (`file`, else the one that
    /// `QUIRE_CONFIG` names). Reads files and `/proc`, never the network. The error is everything
    /// that is wrong; the process should exit with status 78.
    pub(crate) fn load(
        file: Option<&Path>,
        overrides: &Overrides,
        environment: &Environment,
        needs: Needs,
    ) -> Result<Loaded, ConfigErrors> {
        Self::load_on(Machine::this(environment), file, overrides, environment, needs)
    }

    fn load_on(
        machine: Machine,
        file: Option<&Path>,
        overrides: &Overrides,
        environment: &Environment,
        needs: Needs,
    ) -> Result<Loaded, ConfigErrors> {
        let file = layers::file_path(file, environment).map(TomlFile::read);
        Self::read_all(Reader::new(file.as_ref(), overrides, environment), machine, needs)
    }

    /// Loads the configuration from the text of a file alone.
    pub(crate) fn load_text(text: &str) -> Result<Loaded, ConfigErrors> {
        let file = TomlFile { path: PathBuf::from("text"), text: Ok(text.to_owned()) };
        let reader = Reader::new(Some(&file), &Overrides::default(), &Environment::default());
        Self::read_all(reader, Machine::default(), Needs::Everything)
    }

    fn read_all(mut reader: Reader, machine: Machine, needs: Needs) -> Result<Loaded, ConfigErrors> {
        let config = Self::read(&mut reader, &machine, needs);
        let settings = reader.finish()?;
        let config = config.expect("a section that cannot be read has left an error behind");
        Ok(Loaded { config, settings, machine })
    }

    /// Reads every section, also after one that has errors, so that all errors are found.
    fn read(reader: &mut Reader, machine: &Machine, needs: Needs) -> Option<Self> {
        let service = match needs {
            Needs::Everything => Some(ServiceConfig::read(reader)),
            Needs::DocumentsOnly => None,
        };
        let known = service.as_ref().and_then(Option::as_ref);
        let permits = known.map_or(1, |service| service.amqp.permits());
        let prefix = known.map_or("", |service| &service.storage.prefix);
        let sources = Sources::read(reader);
        let render = Render::read(reader, machine, permits);
        let job = job::read(reader, prefix);
        let process = Process::read(reader, machine);
        let engines = [llamaparse::read(reader)].into_iter().flatten().collect();
        let service = match service {
            Some(service) => Some(service?),
            None => None,
        };
        Some(Self { service, sources: sources?, render: render?, job: job?, process: process?, engines })
    }

    /// Returns broker and storage. Panics if the configuration was loaded for documents only.
    pub(crate) fn service(&self) -> &ServiceConfig {
        self.service.as_ref().expect("commands that need broker and storage load everything")
    }

    pub(crate) fn source_limits(&self) -> FetchLimits {
        FetchLimits { max_bytes: self.sources.max_bytes, temp_dir: self.process.temp_dir.clone() }
    }
}

impl ServiceConfig {
    fn read(reader: &mut Reader) -> Option<Self> {
        let amqp = Amqp::read(reader);
        let storage = StorageConfig::read(reader);
        Some(Self { amqp: amqp?, storage: storage? })
    }
}

impl Machine {
    fn this(environment: &Environment) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Self {
            cores: u32::try_from(cores).unwrap_or(u32::MAX),
            memory: MemoryLimits::of_this_process(),
            host: host.trim().to_owned(),
            process_id: std::process::id(),
            temp_dir: PathBuf::from(environment.get("TMPDIR").unwrap_or("/tmp")),
        }
    }
}

#[cfg(test)]
mod tests;

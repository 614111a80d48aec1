//! Settings: where they come from, what they may be, and everything that is wrong with them.
//!
//! One section per file. A flag wins over the environment, the environment over the TOML file, the
//! file over the default; `QUIRE_S3_BUCKET` and `bucket` under `[storage]` are the same setting.

mod amqp;
mod engines;
mod error;
mod job;
mod key;
mod layers;
mod memory;
mod nearest;
mod process;
mod read;
mod reference;
mod render;
mod source;
mod storage;
mod text;

use std::{
    fs,
    num::NonZero,
    path::{Path, PathBuf},
};

pub use amqp::Amqp;
pub use engines::LlamaParse;
pub use error::{ConfigError, ConfigErrors, Origin, Setting};
pub use job::JobLimits;
pub use key::{Extremes, Fallback, Form, Key, Secrecy, Section, ShownSize};
pub use layers::{Environment, FILE_VARIABLE, IGNORED_VARIABLES, Overrides};
pub use memory::{MemoryLimits, parent_share};
pub use process::Process;
/// A value that does not show itself: addresses with passwords, keys.
pub use quire_schemas::job::Password as Secret;
pub use reference::reference_markdown;
pub use render::{Isolation, Render};
pub use source::SourceLimits;
pub use storage::Storage;

use read::Reader;

/// Every section, in the order of the documentation.
pub static SECTIONS: [Section; 7] = [
    amqp::SECTION,
    storage::SECTION,
    source::SECTION,
    render::SECTION,
    job::SECTION,
    process::SECTION,
    engines::SECTION,
];

/// Everything a worker can be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Broker and storage; there whenever the configuration was loaded with [`Needs::Everything`].
    pub service: Option<Service>,
    /// Which documents may be fetched.
    pub source: SourceLimits,
    /// Renderers and what they may do.
    pub render: Render,
    /// How long and how often a job is tried.
    pub job: JobLimits,
    /// The process itself.
    pub process: Process,
    /// How to reach LlamaParse, if there is a key.
    pub llamaparse: Option<LlamaParse>,
}

/// What a worker needs beyond a single document: where jobs come from and where results go.
#[derive(Debug, Clone)]
pub struct Service {
    /// The broker.
    pub amqp: Amqp,
    /// Object storage.
    pub storage: Storage,
}

/// What the command at hand cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Broker and storage as well.
    Everything,
    /// Only what turns a file into a result. Settings of broker and storage are not read, but
    /// their names are known.
    DocumentsOnly,
}

/// A configuration without errors, and what it is made of.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Every setting that was read, in the order of [`SECTIONS`], fit to be shown.
    pub settings: Vec<Setting>,
    /// What the computed defaults were made of.
    pub machine: Machine,
}

/// What defaults depend on besides other settings.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// Cores that this process may use.
    pub cores: u32,
    /// Memory that this process and its children share.
    pub memory: MemoryLimits,
    /// The host's name; empty if it is not known.
    pub host: String,
    /// The id of this process.
    pub process_id: u32,
    /// The folder for temporary files.
    pub temp_dir: PathBuf,
}

impl Config {
    /// Loads the configuration from flags, environment and file (`file`, else the one that
    /// [`FILE_VARIABLE`] names). Reads files and `/proc`, never the network.
    ///
    /// # Errors
    /// Everything that is wrong, at once; the process should end with status 78.
    pub fn load(
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
        let file = layers::file_path(file, environment);
        let mut reader = Reader::new(file.as_deref(), overrides, environment);
        let config = Self::read(&mut reader, &machine, needs);
        let settings = reader.finish()?;
        let config = config.expect("a section that cannot be read has left an error behind");
        Ok(Loaded { config, settings, machine })
    }

    /// Reads every section before it gives up on one, so that every error is found.
    fn read(reader: &mut Reader, machine: &Machine, needs: Needs) -> Option<Self> {
        let service = match needs {
            Needs::Everything => Some(Service::read(reader)),
            Needs::DocumentsOnly => None,
        };
        let permits = service.as_ref().and_then(Option::as_ref).map_or(1, |service| service.amqp.permits());
        let source = SourceLimits::read(reader);
        let render = Render::read(reader, machine, permits);
        let job = JobLimits::read(reader);
        let process = Process::read(reader, machine);
        let llamaparse = LlamaParse::read(reader);
        let service = match service {
            Some(service) => Some(service?),
            None => None,
        };
        Some(Self { service, source: source?, render: render?, job: job?, process: process?, llamaparse })
    }

    /// Returns broker and storage.
    ///
    /// # Panics
    /// If the configuration was loaded for documents only.
    #[must_use]
    pub fn service(&self) -> &Service {
        self.service.as_ref().expect("commands that need broker and storage load everything")
    }
}

impl Service {
    fn read(reader: &mut Reader) -> Option<Self> {
        let amqp = Amqp::read(reader);
        let storage = Storage::read(reader);
        Some(Self { amqp: amqp?, storage: storage? })
    }
}

impl Machine {
    /// Looks around on this machine.
    #[must_use]
    pub fn this(environment: &Environment) -> Self {
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

//! The command line of `quire-worker`.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{
    commands::{
        config as config_command, doctor, healthcheck,
        output::OutputFormat,
        process::{self, ProcessArgs},
        renderer::{self, RendererArgs},
        run,
    },
    config::{Config, ConfigErrors, Environment, Loaded, Needs, Overrides},
    telemetry,
};

/// Bad configuration.
const CONFIGURATION: u8 = 78;

/// Consumes document jobs: parses and renders PDFs at the same time
#[derive(Debug, Parser)]
#[command(name = "quire-worker", version)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Global {
    /// TOML file with settings; QUIRE_CONFIG names one too
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where libpdfium is
    #[arg(long, global = true, value_name = "FILE")]
    pdfium_library: Option<String>,
    /// Log filter, such as info,quire_worker=debug
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Consume until SIGTERM or SIGINT
    Run {
        /// declare, passive or off
        #[arg(long)]
        topology: Option<String>,
        /// End in order after this long without a job, such as 30s
        #[arg(long, value_name = "DURATION")]
        exit_when_idle: Option<String>,
    },
    /// The same pipeline with no broker and no object store
    Process(ProcessArgs),
    /// Check every dependency and every unsafe setting
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check the configuration, offline
    CheckConfig {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Ask a running worker whether it is alive
    Healthcheck,
    /// Render for a parent process
    #[command(hide = true)]
    Renderer(RendererArgs),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Show every setting and where it came from; secrets are left out
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the reference of every setting as Markdown
    Reference,
}

impl Cli {
    fn overrides(&self) -> Overrides {
        let (topology, exit_when_idle) = match &self.command {
            Command::Run { topology, exit_when_idle } => (topology.clone(), exit_when_idle.clone()),
            _ => (None, None),
        };
        Overrides::default()
            .with("QUIRE_PDFIUM_LIBRARY", "--pdfium-library", self.global.pdfium_library.clone())
            .with("QUIRE_LOG", "--log", self.global.log.clone())
            .with("QUIRE_TOPOLOGY", "--topology", topology)
            .with("QUIRE_EXIT_WHEN_IDLE", "--exit-when-idle", exit_when_idle)
    }

    fn load(&self, needs: Needs) -> Result<Loaded, ConfigErrors> {
        Config::load(self.global.config.as_deref(), &self.overrides(), &Environment::capture(), needs)
    }
}

/// Runs a command.
#[must_use]
pub fn main(cli: Cli) -> ExitCode {
    // Before a runtime exists: a renderer has one thread for pdfium and one that listens.
    if let Command::Renderer(arguments) = &cli.command {
        return renderer::run(arguments);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Hashing and file work come in bursts; each thread costs a heap of its own.
        .max_blocking_threads(32)
        .build()
        .expect("a runtime starts");
    let code = runtime.block_on(dispatch(cli));
    runtime.shutdown_background();
    code
}

#[expect(clippy::print_stderr, reason = "the last word of a command that failed")]
async fn dispatch(cli: Cli) -> ExitCode {
    let needs = match &cli.command {
        Command::Process(_) | Command::Healthcheck => Needs::DocumentsOnly,
        _ => Needs::Everything,
    };
    let loaded = cli.load(needs);
    match &cli.command {
        Command::CheckConfig { json } => return config_command::check(&loaded, OutputFormat::of_flag(*json)),
        Command::Config(ConfigCommand::Show { json }) => {
            return config_command::show(&loaded, OutputFormat::of_flag(*json));
        }
        Command::Config(ConfigCommand::Reference) => {
            config_command::reference();
            return ExitCode::SUCCESS;
        }
        Command::Doctor { json } => return doctor::run(&loaded, OutputFormat::of_flag(*json)).await,
        _ => {}
    }
    let config = match loaded {
        Ok(loaded) => loaded.config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(CONFIGURATION);
        }
    };
    let ended = match cli.command {
        Command::Run { .. } => match telemetry::init(&config.process.log_filter) {
            Ok(log) => run::run(config, log).await,
            Err(error) => Err(error.into()),
        },
        Command::Process(arguments) => match telemetry::init(&process_filter(&config)) {
            Ok(_) => process::run(config, arguments).await,
            Err(error) => Err(error.into()),
        },
        Command::Healthcheck => healthcheck::run(config.process.http_addr).await.map(|()| ExitCode::SUCCESS),
        Command::Doctor { .. } | Command::CheckConfig { .. } | Command::Config(_) | Command::Renderer(_) => {
            unreachable!("handled above")
        }
    };
    ended.unwrap_or_else(|error| {
        eprintln!("quire-worker failed: {error:#}");
        ExitCode::FAILURE
    })
}

/// At a terminal the summary is what matters.
fn process_filter(config: &Config) -> String {
    match config.process.log_filter.as_str() {
        "info" => "warn".to_owned(),
        other => other.to_owned(),
    }
}

//! The command line of `quire-worker`: its options, and which command runs.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{
    commands::{
        config as config_command, doctor, exit, healthcheck,
        process::{self, ProcessArgs},
        renderer::{self, RendererArgs},
        run,
        text::OutputFormat,
    },
    config::{Config, ConfigErrors, Environment, Loaded, Needs, Overrides},
    telemetry,
};

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
    /// Consume jobs until SIGTERM or SIGINT
    Run {
        /// What to do with exchanges and queues at start: declare, passive or off
        #[arg(long)]
        topology: Option<String>,
        /// End after this long without a job, such as 30s
        #[arg(long, value_name = "DURATION")]
        exit_when_idle: Option<String>,
    },
    /// Process files into a folder, without broker and object storage
    Process(ProcessArgs),
    /// Check the broker, object storage, the machine and unsafe settings
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check the configuration, without a network
    CheckConfig {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Ask the running worker of this machine whether it is alive
    Healthcheck,
    /// Render for a parent process
    #[command(hide = true)]
    Renderer(RendererArgs),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Show every setting and where it came from, without secrets
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

/// Runs a command; returns the exit code of the process.
#[must_use]
pub fn main(cli: Cli) -> ExitCode {
    // Without a runtime: a renderer has one thread for pdfium and one that reads requests.
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

#[expect(clippy::print_stderr, reason = "a command that fails says why on stderr")]
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
            return ExitCode::from(exit::CONFIGURATION);
        }
    };
    let ended = match cli.command {
        Command::Run { .. } => match telemetry::init(&config.process.log_filter) {
            Ok(log) => run::run(&config, log).await,
            Err(error) => Err(error.into()),
        },
        Command::Process(arguments) => match telemetry::init(&process_filter(&config)) {
            Ok(_) => process::run(&config, arguments).await,
            Err(error) => Err(error.into()),
        },
        Command::Healthcheck => healthcheck::run(config.process.http_addr).await.map(|()| ExitCode::SUCCESS),
        Command::Doctor { .. } | Command::CheckConfig { .. } | Command::Config(_) | Command::Renderer(_) => {
            unreachable!("handled above")
        }
    };
    ended.unwrap_or_else(|error| {
        eprintln!("quire-worker failed: {error:#}");
        ExitCode::from(exit::code_of(&error))
    })
}

/// The default shows only warnings: the summary of the command says the rest.
fn process_filter(config: &Config) -> String {
    match config.process.log_filter.as_str() {
        "info" => "warn".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use quire_schemas::job::Engine;

    use super::*;

    /// The long help of every command.
    fn helps() -> String {
        let mut all = Cli::command().term_width(0);
        all.build();
        let own = all.render_long_help().to_string();
        all.get_subcommands_mut().fold(own, |text, command| text + &command.render_long_help().to_string())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_names_no_engine_that_is_not_built() {
        let text = helps();
        assert!(text.contains(Engine::Llamaparse.as_str()), "{text}");
        for engine in [Engine::Docling, Engine::Unstructured] {
            assert!(!text.contains(engine.as_str()), "{engine}");
        }
    }

    #[test]
    fn help_says_which_folder_a_document_gets() {
        assert!(helps().contains("Each document gets a folder of its own directly below DIR"), "{}", helps());
    }
}

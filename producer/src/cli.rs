//! The command line of `quire`: its commands, and the options that all of them share.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::commands::{
    cancel::{self, CancelArgs},
    dead::{self, DeadCommand},
    delete::{self, DeleteArgs},
    endpoints::Endpoints,
    exit,
    queues::{self, QueuesArgs},
    result::{self, ResultArgs},
    submit::{self, SubmitArgs},
    topology::{self, TopologyCommand},
    watch::{self, WatchArgs},
    workers::{self, WorkersArgs},
};

/// Publish document jobs to Quire and follow them
#[derive(Debug, Parser)]
#[command(name = "quire", version, propagate_version = true)]
pub struct Cli {
    /// What to log on stderr, such as `debug` or `warn,quire_producer=trace`; RUST_LOG works too
    #[arg(long, global = true, env = "QUIRE_LOG", hide_env_values = true, value_name = "FILTER", value_parser = filter)]
    log: Option<EnvFilter>,
    // Last of the options: its heading holds for all that follow.
    #[command(flatten)]
    endpoints: Endpoints,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Publish documents as jobs, and wait for them if asked to
    Submit(SubmitArgs),
    /// Show what happens to jobs as it happens
    Watch(WatchArgs),
    /// Show the result of a job, or download everything it names
    Result(ResultArgs),
    /// Stop jobs that wait or run
    Cancel(CancelArgs),
    /// List, show, replay or drop jobs that were given up
    #[command(subcommand)]
    Dead(DeadCommand),
    /// Delete everything that is stored of jobs, but for the documents that were uploaded
    Delete(DeleteArgs),
    /// Show how many jobs wait, per lane, retry tier and in the dead queue
    Queues(QueuesArgs),
    /// Show which workers are alive and what they do
    Workers(WorkersArgs),
    /// Declare, check or export the exchanges and queues
    #[command(subcommand)]
    Topology(TopologyCommand),
}

impl Cli {
    /// Returns the log filter: `--log`, else `RUST_LOG`, else warnings.
    #[must_use]
    pub fn log_filter(&self) -> EnvFilter {
        let default = || EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,lapin=off"));
        self.log.clone().unwrap_or_else(default)
    }
}

/// Runs the command; [`report`] prints an error and returns its exit code.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { endpoints, command, .. } = cli;
    match command {
        Command::Submit(arguments) => submit::run(&endpoints, &arguments).await,
        Command::Watch(arguments) => watch::run(&endpoints, &arguments).await,
        Command::Result(arguments) => result::run(&endpoints, &arguments).await,
        Command::Cancel(arguments) => cancel::run(&endpoints, &arguments).await,
        Command::Dead(command) => dead::run(&endpoints, command).await,
        Command::Delete(arguments) => delete::run(&endpoints, &arguments).await,
        Command::Queues(arguments) => queues::run(&endpoints, &arguments).await,
        Command::Workers(arguments) => workers::run(&endpoints, &arguments).await,
        Command::Topology(command) => topology::run(&endpoints, command).await,
    }
}

/// Prints on stderr why a command failed, and returns its exit code.
#[must_use]
pub fn report(error: &anyhow::Error) -> ExitCode {
    exit::report(error)
}

fn filter(text: &str) -> Result<EnvFilter, String> {
    text.parse::<EnvFilter>().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Writes the help of every command, as `--help` prints it.
    fn helps(command: &mut clap::Command) -> Vec<String> {
        let own = command.render_long_help().to_string();
        command.get_subcommands_mut().flat_map(helps).chain([own]).collect()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let line = ["quire", "--amqp-url", "amqp://user:canary@host", "queues"];
        let cli = Cli::try_parse_from(line).expect("a valid command line");
        assert!(!format!("{cli:?}").contains("canary"));
    }

    #[test]
    fn no_help_names_an_engine_that_is_not_built_and_each_can_be_asked_for() {
        for help in helps(&mut Cli::command()) {
            assert!(!help.contains("docling") && !help.contains("unstructured"), "{help}");
        }
        for engine in ["pdfium", "llamaparse", "docling", "unstructured", "none"] {
            assert!(Cli::try_parse_from(["quire", "submit", "a.pdf", "--engine", engine]).is_ok(), "{engine}");
        }
    }
}

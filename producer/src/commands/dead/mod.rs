//! `quire dead`: lists, shows, replays and drops dead letters.

mod drop;
mod letters;
mod list;
mod replay;
mod report;
mod show;

use std::process::ExitCode;

use clap::Subcommand;

use super::endpoints::Endpoints;

#[derive(Debug, Subcommand)]
pub(crate) enum DeadCommand {
    /// List dead letters, one row each, or one for each code
    List(list::DeadListArgs),
    /// Show everything about the dead letters of a job
    Show(show::DeadShowArgs),
    /// Publish jobs again, as a later generation of the same job
    Replay(replay::DeadReplayArgs),
    /// Drop dead letters for good
    Drop(drop::DeadDropArgs),
}

pub(crate) async fn run(endpoints: &Endpoints, command: DeadCommand) -> anyhow::Result<ExitCode> {
    match command {
        DeadCommand::List(arguments) => list::run(endpoints, &arguments).await,
        DeadCommand::Show(arguments) => show::run(endpoints, &arguments).await,
        DeadCommand::Replay(arguments) => replay::run(endpoints, arguments).await,
        DeadCommand::Drop(arguments) => drop::run(endpoints, &arguments).await,
    }
}

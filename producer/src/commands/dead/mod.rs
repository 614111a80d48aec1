//! `quire dead`: jobs that were given up, looked at, replayed and dropped; and found again by
//! whoever waits for a job that has no result.

mod assignment;
mod choice;
mod drop;
mod find;
mod headers;
mod letter;
mod list;
mod pace;
mod pile;
mod redact;
mod replay;
mod report;
mod republish;
mod revise;
mod show;
mod text;

use std::process::ExitCode;

pub(crate) use self::{
    assignment::Assignment,
    find::{DeadLetter, find},
    letter::Kind,
    pace::Rate,
};
use crate::cli::{DeadCommand, Endpoints};

pub(crate) async fn run(endpoints: &Endpoints, command: &DeadCommand) -> anyhow::Result<ExitCode> {
    match command {
        DeadCommand::List(arguments) => list::run(endpoints, arguments).await,
        DeadCommand::Show(arguments) => show::run(endpoints, arguments).await,
        DeadCommand::Replay(arguments) => replay::run(endpoints, arguments).await,
        DeadCommand::Drop(arguments) => drop::run(endpoints, arguments).await,
    }
}

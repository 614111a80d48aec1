//! What the commands for operators are asked: cancel, dead, delete.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, value_parser};
use quire_schemas::{
    job::JobId,
    names::{Lane, Tenant},
};

use crate::commands::dead::{Assignment, Kind, Rate};

/// What `quire cancel` is asked.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// The jobs
    #[arg(required = true, value_name = "JOB")]
    pub(crate) jobs: Vec<JobId>,
    /// Whose jobs they are
    #[arg(long, default_value = "default")]
    pub(crate) tenant: Tenant,
    /// Wait until every job has ended, and show how; for a replay of one that had ended, 15 seconds
    #[arg(long)]
    pub(crate) wait: bool,
    /// Print JSON lines
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `quire delete` is asked.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// The jobs
    #[arg(required = true, value_name = "JOB")]
    pub(crate) jobs: Vec<JobId>,
    /// Whose jobs they are
    #[arg(long, default_value = "default")]
    pub(crate) tenant: Tenant,
    /// Also if there is no result, or signs of a replay: no worker will work on the job or does
    #[arg(long)]
    pub(crate) force: bool,
    /// Print JSON lines
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `quire dead` is asked.
#[derive(Debug, Subcommand)]
pub enum DeadCommand {
    /// List dead letters, one row each, or one for each code
    List(DeadListArgs),
    /// Show everything about the dead letters of a job
    Show(DeadShowArgs),
    /// Publish jobs again, as a later generation of the same job
    Replay(DeadReplayArgs),
    /// Drop dead letters for good
    Drop(DeadDropArgs),
}

/// Which dead letters; what is not given does not matter.
#[derive(Debug, Clone, Default, Args)]
pub struct LetterChoice {
    /// Letters of these jobs
    #[arg(value_name = "JOB")]
    pub(crate) jobs: Vec<JobId>,
    /// Letters of this error code, such as source_denied; may be repeated
    #[arg(long = "code", value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    /// Letters of this lane: high, normal or bulk
    #[arg(long)]
    pub(crate) lane: Option<Lane>,
    /// Letters of this tenant
    #[arg(long)]
    pub(crate) tenant: Option<Tenant>,
    /// Letters of this kind
    #[arg(long, value_enum)]
    pub(crate) kind: Option<Kind>,
    /// Letters of jobs that were first seen longer ago, such as 2h
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) older_than: Option<Duration>,
    /// Letters of jobs that were first seen less long ago
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) newer_than: Option<Duration>,
}

/// What `quire dead list` is asked.
#[derive(Debug, Args)]
pub struct DeadListArgs {
    #[command(flatten)]
    pub(crate) letters: LetterChoice,
    /// At most so many letters
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
    /// One row for each code: how many, the oldest, the newest and one of the jobs
    #[arg(long)]
    pub(crate) group: bool,
    /// Print JSON lines
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `quire dead show` is asked.
#[derive(Debug, Args)]
pub struct DeadShowArgs {
    /// The job
    pub(crate) job: JobId,
    /// Print JSON lines
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `quire dead replay` is asked.
#[derive(Debug, Args)]
pub struct DeadReplayArgs {
    #[command(flatten)]
    pub(crate) letters: LetterChoice,
    /// Every letter, if nothing else says which
    #[arg(long)]
    pub(crate) all: bool,
    /// Only tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Replay at most so many
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
    /// Replay no faster than this: 5/s, 30/m or 100/h
    #[arg(long)]
    pub(crate) rate: Option<Rate>,
    /// Ask for something else, such as parse.engine=pdfium; the value is JSON or a text; may be repeated
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) set: Vec<Assignment>,
    /// Leave a page out, of the parse and of the images; may be repeated
    #[arg(long = "skip-page", value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) skip_pages: Vec<u32>,
    /// File with the password of documents whose own was taken out, missing or wrong
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Replay jobs that have succeeded, too, and supersede their results
    #[arg(long)]
    pub(crate) force: bool,
    /// Print JSON lines
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `quire dead drop` is asked.
#[derive(Debug, Args)]
pub struct DeadDropArgs {
    #[command(flatten)]
    pub(crate) letters: LetterChoice,
    /// Every letter, if nothing else says which
    #[arg(long)]
    pub(crate) all: bool,
    /// Only tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Drop at most so many
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
    /// Print JSON lines
    #[arg(long)]
    pub(crate) json: bool,
}

//! What `quire` can be asked, and how the outcome is told to a shell.

mod operate;

use std::{error::Error, fmt, io, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Parser, Subcommand, builder::BoolishValueParser, value_parser};
use quire_schemas::{
    job::{Engine, ImageFormat, JobId},
    names::{Lane, Tenant},
    page_ranges::PageRanges,
};
use tokio::time::error::Elapsed;
use tracing_subscriber::EnvFilter;

use crate::{
    amqp::{ConnectError, PublishError, management::ManagementError, topology::TopologyError},
    commands::{self, NotConfigured, Unwritten, WrongUsage},
    follow::FollowError,
    store::StoreError,
};

pub use self::operate::{
    CancelArgs, DeadCommand, DeadDropArgs, DeadListArgs, DeadReplayArgs, DeadShowArgs, DeleteArgs, LetterChoice,
};

/// Something failed.
pub(crate) const FAILED: u8 = 1;
/// The command line does not make sense.
const USAGE: u8 = 2;
/// The broker, its management API or storage is out of reach.
const UNREACHABLE: u8 = 69;
/// The job has not ended, or the command did not get to the end of its work.
pub(crate) const UNFINISHED: u8 = 75;
/// Something that the command needs to know was not said.
const NOT_CONFIGURED: u8 = 78;
/// What a shell reports of a command that wrote to a pipe nobody reads any more.
const CLOSED_PIPE: u8 = 141;

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

impl Cli {
    /// Returns what is to be logged: as asked for, else as `RUST_LOG` says, else warnings.
    #[must_use]
    pub fn log_filter(&self) -> EnvFilter {
        let default = || EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,lapin=off"));
        self.log.clone().unwrap_or_else(default)
    }
}

/// Where the broker and storage are.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connections")]
pub struct Endpoints {
    /// The broker: amqp://user:password@host:5672/vhost, or several with commas between them
    #[arg(long, global = true, env = "QUIRE_AMQP_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) amqp_url: Option<SecretUrl>,
    /// The broker's management API: http://user:password@host:15672
    #[arg(long, global = true, env = "QUIRE_MANAGEMENT_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) management_url: Option<SecretUrl>,
    /// The bucket of uploads and results; credentials come from the usual AWS_* variables and files
    #[arg(long, global = true, env = "QUIRE_S3_BUCKET", hide_env_values = true, value_name = "NAME")]
    pub(crate) s3_bucket: Option<String>,
    /// What every key in the bucket starts with
    #[arg(long, global = true, env = "QUIRE_S3_PREFIX", hide_env_values = true, default_value = "")]
    pub(crate) s3_prefix: String,
    /// The address of an S3-compatible server; AWS if not given
    #[arg(long, global = true, env = "QUIRE_S3_ENDPOINT", hide_env_values = true, value_name = "URL")]
    pub(crate) s3_endpoint: Option<String>,
    /// Bucket in the path instead of the host name [default: with an endpoint]
    #[arg(
        long,
        global = true,
        env = "QUIRE_S3_PATH_STYLE",
        hide_env_values = true,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new()
    )]
    pub(crate) s3_path_style: Option<bool>,
}

/// An address that may carry a password, and therefore does not show itself.
#[derive(Clone)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// Returns the address, for the one call that connects to it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Takes any text: a complaint of the command line parser would quote it.
impl From<String> for SecretUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretUrl(…)")
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
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

/// What `quire submit` is asked.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// A local file (uploaded first), s3://bucket/key, https://…, or - for one source per line on stdin
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,
    /// File with the password of encrypted documents
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// What parses: pdfium, llamaparse, docling, unstructured or none
    #[arg(long, default_value = "pdfium")]
    pub(crate) engine: Engine,
    /// Pixels per inch of page images, 10 to 1200
    #[arg(long, default_value_t = 150, value_parser = value_parser!(u32).range(10..=1200))]
    pub(crate) dpi: u32,
    /// Format of page images: png, webp or jpeg
    #[arg(long, default_value = "png")]
    pub(crate) format: ImageFormat,
    /// Quality of jpeg page images, 1 to 100 [default: 85]
    #[arg(long, value_parser = value_parser!(u8).range(1..=100))]
    pub(crate) quality: Option<u8>,
    /// Pages to parse and to draw, such as 1-5,8,12- [default: all]
    #[arg(long)]
    pub(crate) pages: Option<PageRanges>,
    /// Do not draw pages
    #[arg(long)]
    pub(crate) no_images: bool,
    /// How urgent it is: high, normal or bulk
    #[arg(long, default_value = "normal")]
    pub(crate) lane: Lane,
    /// Whose job it is
    #[arg(long, default_value = "default")]
    pub(crate) tenant: Tenant,
    /// How long from now the result is wanted, such as 30m
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) deadline: Option<Duration>,
    /// Passed through to the result as a text; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = metadata_entry)]
    pub(crate) meta: Vec<(String, String)>,
    /// Wait until every job has ended, and show how
    #[arg(long)]
    pub(crate) wait: bool,
    /// Fail if a result is only partial
    #[arg(long, requires = "wait")]
    pub(crate) strict: bool,
    /// Print JSON lines
    #[arg(long)]
    pub(crate) json: bool,
    /// The job's id, for one source: publishing it again does the work once
    #[arg(long, value_name = "UUID")]
    pub(crate) id: Option<JobId>,
}

/// What `quire watch` is asked.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Watch these jobs until they end [default: all jobs, until interrupted]
    #[arg(value_name = "JOB")]
    pub(crate) jobs: Vec<JobId>,
    /// Only jobs of this tenant
    #[arg(long)]
    pub(crate) tenant: Option<Tenant>,
    /// Print events as JSON lines
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `quire result` is asked.
#[derive(Debug, Args)]
pub struct ResultArgs {
    /// The job
    pub(crate) job: JobId,
    /// Whose job it is
    #[arg(long, default_value = "default")]
    pub(crate) tenant: Tenant,
    /// Download the result and everything it names into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Print result.json as it is stored
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `quire queues` is asked.
#[derive(Debug, Args)]
pub struct QueuesArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `quire workers` is asked.
#[derive(Debug, Args)]
pub struct WorkersArgs {
    /// How long to listen; workers announce themselves every 10 s
    #[arg(long = "for", value_name = "DURATION", default_value = "11s", value_parser = humantime::parse_duration)]
    pub(crate) listen: Duration,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `quire topology` is asked.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum TopologyCommand {
    /// Create what is missing; refuse what exists with other arguments
    Declare,
    /// Check that everything exists and, with a management API, was declared with the right arguments
    Check,
    /// Print definitions that RabbitMQ can import
    Export,
}

/// Does what was asked.
///
/// # Errors
/// Whatever kept the command from doing it; [`report`] tells it and its exit code.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { endpoints, command, .. } = cli;
    match command {
        Command::Submit(arguments) => commands::submit::run(&endpoints, &arguments).await,
        Command::Watch(arguments) => commands::watch::run(&endpoints, &arguments).await,
        Command::Result(arguments) => commands::result::run(&endpoints, &arguments).await,
        Command::Cancel(arguments) => commands::cancel::run(&endpoints, &arguments).await,
        Command::Dead(command) => commands::dead::run(&endpoints, &command).await,
        Command::Delete(arguments) => commands::delete::run(&endpoints, &arguments).await,
        Command::Queues(arguments) => commands::queues::run(&endpoints, &arguments).await,
        Command::Workers(arguments) => commands::workers::run(&endpoints, &arguments).await,
        Command::Topology(command) => commands::topology::run(&endpoints, command).await,
    }
}

/// Tells on stderr why a command failed, and returns its exit code.
#[must_use]
pub fn report(error: &anyhow::Error) -> ExitCode {
    // `quire watch | head` ends when the reader has seen enough, which needs no words.
    if error.chain().any(is_closed_pipe) {
        return ExitCode::from(CLOSED_PIPE);
    }
    commands::note(&format!("{error:#}"));
    ExitCode::from(exit_code(error))
}

fn is_closed_pipe(cause: &(dyn Error + 'static)) -> bool {
    matches!(cause.downcast_ref::<Unwritten>(), Some(Unwritten(error)) if error.kind() == io::ErrorKind::BrokenPipe)
}

/// Returns the exit code of the outermost cause that has one of its own.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    error.chain().find_map(own_exit_code).unwrap_or(FAILED)
}

fn own_exit_code(cause: &(dyn Error + 'static)) -> Option<u8> {
    if cause.is::<NotConfigured>() {
        return Some(NOT_CONFIGURED);
    }
    if cause.is::<WrongUsage>() {
        return Some(USAGE);
    }
    if is_unusable_address(cause) {
        return Some(NOT_CONFIGURED);
    }
    is_unreachable(cause).then_some(UNREACHABLE)
}

fn is_unusable_address(cause: &(dyn Error + 'static)) -> bool {
    matches!(cause.downcast_ref::<ConnectError>(), Some(ConnectError::Address { .. }))
        || matches!(cause.downcast_ref::<ManagementError>(), Some(ManagementError::Address { .. }))
}

fn is_unreachable(cause: &(dyn Error + 'static)) -> bool {
    cause.is::<ConnectError>()
        || cause.is::<Elapsed>()
        || matches!(cause.downcast_ref::<PublishError>(), Some(PublishError::Unconfirmed { .. }))
        || matches!(cause.downcast_ref::<TopologyError>(), Some(TopologyError::Broker { .. }))
        || matches!(cause.downcast_ref::<FollowError>(), Some(FollowError::Lost(_)))
        || matches!(cause.downcast_ref::<ManagementError>(), Some(ManagementError::Unreachable { .. }))
        || matches!(cause.downcast_ref::<StoreError>(), Some(StoreError::Unavailable { .. }))
        || cause.downcast_ref::<lapin::Error>().is_some_and(|error| !error.is_amqp_soft_error())
}

fn filter(text: &str) -> Result<EnvFilter, String> {
    text.parse::<EnvFilter>().map_err(|error| error.to_string())
}

fn metadata_entry(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected key=value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn metadata_is_cut_at_the_first_equals_sign() {
        assert_eq!(metadata_entry("query=a=b"), Ok(("query".to_owned(), "a=b".to_owned())));
        assert_eq!(metadata_entry("empty="), Ok(("empty".to_owned(), String::new())));
        assert!(metadata_entry("=value").is_err());
        assert!(metadata_entry("no value").is_err());
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let line = ["quire", "--amqp-url", "amqp://user:canary@host", "queues"];
        let cli = Cli::try_parse_from(line).expect("a valid command line");
        assert!(!format!("{cli:?}").contains("canary"));
    }

    #[test]
    fn the_exit_code_tells_what_to_do() {
        let missing = NotConfigured { what: "the bucket", option: "--s3-bucket", variable: "QUIRE_S3_BUCKET" };
        let silent = ConnectError::Silent { address: "amqp://host".to_owned() };
        let unread = Unwritten(io::ErrorKind::BrokenPipe.into());
        let lost = lapin::Error::from(io::Error::from(io::ErrorKind::BrokenPipe));
        let refused = StoreError::NotFound { what: "get s3://bucket/key".to_owned() };
        assert_eq!(exit_code(&anyhow::Error::from(missing)), NOT_CONFIGURED);
        assert_eq!(exit_code(&anyhow::Error::from(silent).context("submitting a.pdf")), UNREACHABLE);
        assert_eq!(exit_code(&anyhow::Error::from(refused)), FAILED);
        assert!(anyhow::Error::from(unread).chain().any(is_closed_pipe));
        assert!(!anyhow::Error::from(lost).chain().any(is_closed_pipe));
    }
}

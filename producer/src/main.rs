//! The `quire` binary: sets up the log and the runtime, and returns the exit code.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use clap::Parser;
use quire_producer::cli::{self, Cli};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(cli.log_filter())
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    let runtime = Builder::new_multi_thread().enable_all().build().expect("the system starts a few threads");
    let outcome = runtime.block_on(cli::run(cli));
    // A read of standard input cannot be cancelled; waiting for it would keep a failed command alive until
    // the next line of input.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|error| cli::report(&error))
}

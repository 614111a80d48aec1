//! The `quire` command: the log, the runtime and the exit code.

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
    let runtime = Builder::new_multi_thread().enable_all().build().expect("the system grants a few threads");
    let outcome = runtime.block_on(cli::run(cli));
    // A read of standard input that is under way cannot be cancelled; waiting for it would keep a
    // failed command alive until somebody presses a key.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|error| cli::report(&error))
}

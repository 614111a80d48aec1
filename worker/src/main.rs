//! See `quire-worker --help`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    quire_worker::cli::main(quire_worker::cli::Cli::parse())
}

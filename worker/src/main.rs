//! The program `quire-worker`: only the call of its command line.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    quire_worker::cli::main(quire_worker::cli::Cli::parse())
}

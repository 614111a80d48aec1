//! `figures`: the figures of reliability, measured here, each against its bar.
//!
//! `figures [--only NAME] [--runs N]` measures outage, half_open, redelivery, poison, sigterm, rollover
//! and cluster, or one of them; `--runs` says how often, where that is open. Prints a Markdown table, a
//! row as soon as it is measured; exits with 1 if a bar is missed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table and the progress are what this is for")]

use std::process::ExitCode;

use quire_tests::figures::{Figure, Measurement};

struct Options {
    only: Option<Measurement>,
    runs: Option<u32>,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { only: None, runs: None };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--only" => options.only = Some(named(&name, &value)?),
                "--runs" => options.runs = Some(at_least_one(&name, &value)?),
                _ => return Err(format!("{name} is not known")),
            }
        }
        Ok(options)
    }

    fn measurements(&self) -> Vec<Measurement> {
        self.only.map_or_else(|| Measurement::ALL.to_vec(), |only| vec![only])
    }

    /// Returns what measures this one again in the same way.
    fn command(&self, measurement: Measurement) -> String {
        let runs = self.runs.map(|runs| format!(" --runs {runs}")).unwrap_or_default();
        format!("deploy/dev/with-servers.sh target/tools/figures --only {measurement}{runs}")
    }
}

fn named(name: &str, value: &str) -> Result<Measurement, String> {
    value.parse().map_err(|error| format!("{name}: {error}"))
}

fn at_least_one(name: &str, value: &str) -> Result<u32, String> {
    match value.parse() {
        Ok(0) => Err(format!("{name} is 1 or more")),
        Ok(many) => Ok(many),
        Err(_) => Err(format!("{name}: {value:?} is not a number")),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("figures: {error}");
            return ExitCode::from(2);
        }
    };
    println!("{}", Figure::HEAD);
    let mut missed = 0;
    for measurement in options.measurements() {
        eprintln!("measuring {measurement}");
        for figure in measurement.take(options.runs).await {
            println!("{}", figure.row(&options.command(measurement)));
            missed += usize::from(!figure.is_met);
        }
    }
    match missed {
        0 => ExitCode::SUCCESS,
        _ => {
            eprintln!("bars that are missed: {missed}");
            ExitCode::FAILURE
        }
    }
}

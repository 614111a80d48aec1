//! `doctor`: asks everything that the worker depends on, looks for settings that will hurt, and
//! says for each what it found, why it matters and what to do.
#![expect(clippy::print_stdout, reason = "what this command prints is what it is for")]

mod broker;
mod finding;
mod machine;
mod management;
mod settings;
mod storage;

use std::process::ExitCode;

use super::output::OutputFormat;
use crate::config::{ConfigErrors, Loaded};
use finding::{Finding, Outcome};

/// Examines everything at the same time and prints what it found. Exits with 1 if anything failed;
/// warnings alone are 0.
pub async fn run(loaded: &Result<Loaded, ConfigErrors>, format: OutputFormat) -> ExitCode {
    let findings = match loaded {
        Ok(loaded) => examine(loaded).await,
        Err(errors) => settings::refused(errors),
    };
    match format {
        OutputFormat::Human => print!("{}", finding::report(&findings)),
        OutputFormat::Json => println!("{}", finding::report_json(&findings)),
    }
    match finding::worst(&findings) {
        Outcome::Ok | Outcome::Warning => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::FAILURE,
    }
}

async fn examine(loaded: &Loaded) -> Vec<Finding> {
    let config = &loaded.config;
    let service = config.service();
    let (broker, storage, machine) = tokio::join!(
        broker::examine(&service.amqp, config.job.lease),
        storage::examine(&service.storage, &config.process.instance),
        machine::examine(loaded),
    );
    [settings::examine(loaded), broker, storage, machine].concat()
}

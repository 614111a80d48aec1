//! `doctor`: checks every dependency of the worker and every unsafe setting, and says for each what
//! it found, why it matters and what to do.
#![expect(clippy::print_stdout, reason = "what this command prints is what it is for")]

mod broker;
mod finding;
mod machine;
mod management;
mod settings;
mod storage;

use std::process::ExitCode;

use super::text::OutputFormat;
use crate::config::{ConfigErrors, Loaded};
use finding::{CheckStatus, Finding};

/// Runs every check at the same time and prints the findings. Exits with 1 if a check failed, with 0
/// if there are only warnings.
pub(crate) async fn run(loaded: &Result<Loaded, ConfigErrors>, format: OutputFormat) -> ExitCode {
    let findings = match loaded {
        Ok(loaded) => examine(loaded).await,
        Err(errors) => settings::refused(errors),
    };
    match format {
        OutputFormat::Human => print!("{}", finding::report(&findings)),
        OutputFormat::Json => println!("{}", finding::report_json(&findings)),
    }
    match finding::worst(&findings) {
        CheckStatus::Ok | CheckStatus::Warning => ExitCode::SUCCESS,
        CheckStatus::Failed => ExitCode::FAILURE,
    }
}

async fn examine(loaded: &Loaded) -> Vec<Finding> {
    let config = &loaded.config;
    let service = config.service();
    let (broker, management, storage, machine) = tokio::join!(
        broker::examine(&service.amqp),
        management::examine(&service.amqp, config.job.lease),
        storage::examine(&service.storage, &config.process.instance),
        machine::examine(loaded),
    );
    [settings::examine(loaded), broker, management, storage, machine].concat()
}

//! `check-config`, `config show` and `config reference`: what the configuration is, without a network.
#![expect(clippy::print_stdout, reason = "what these commands print is what they are for")]

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{
    exit,
    text::{OutputFormat, table},
};
use crate::config::{ConfigErrors, Loaded, Setting, reference_markdown};

/// Says whether the configuration can be used. Exits with 0 or 78.
pub(crate) fn check(loaded: &Result<Loaded, ConfigErrors>, format: OutputFormat) -> ExitCode {
    let text = match (loaded, format) {
        (Ok(loaded), OutputFormat::Human) => summary(loaded),
        (Ok(_), OutputFormat::Json) => json!({ "ok": true, "errors": [] }).to_string(),
        (Err(errors), _) => refusal(errors, format),
    };
    println!("{text}");
    status(loaded)
}

/// Shows every setting and where it came from, without secrets. Exits with 0 or 78.
pub(crate) fn show(loaded: &Result<Loaded, ConfigErrors>, format: OutputFormat) -> ExitCode {
    let text = match (loaded, format) {
        (Ok(loaded), OutputFormat::Human) => settings_table(&loaded.settings),
        (Ok(loaded), OutputFormat::Json) => json!({ "settings": loaded.settings }).to_string(),
        (Err(errors), _) => refusal(errors, format),
    };
    println!("{}", text.trim_end());
    status(loaded)
}

/// Prints the page that documents every setting.
pub(crate) fn reference() {
    print!("{}", reference_markdown());
}

fn status(loaded: &Result<Loaded, ConfigErrors>) -> ExitCode {
    match loaded {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(exit::CONFIGURATION),
    }
}

fn summary(loaded: &Loaded) -> String {
    let given = loaded.settings.iter().filter(|setting| setting.was_given()).count();
    format!(
        "the configuration has no errors: {given} settings given, {} at their defaults",
        loaded.settings.len() - given
    )
}

fn refusal(errors: &ConfigErrors, format: OutputFormat) -> String {
    match format {
        OutputFormat::Human => errors.to_string(),
        OutputFormat::Json => {
            let errors: Value = errors.all().iter().map(|error| json!(error)).collect();
            json!({ "ok": false, "errors": errors }).to_string()
        }
    }
}

fn settings_table(settings: &[Setting]) -> String {
    let cells = |setting: &Setting| {
        let value = setting.value.clone().unwrap_or_else(|| "-".to_owned());
        [setting.key.to_owned(), value, setting.origin.to_string()]
    };
    let rows: Vec<_> = settings.iter().map(cells).collect();
    table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment, Needs, Overrides};

    fn load(variables: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
        let environment: Environment =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::load(None, &Overrides::default(), &environment, Needs::Everything)
    }

    #[test]
    fn a_setting_is_shown_with_its_origin_and_without_its_secret() {
        let loaded = load(&[("QUIRE_AMQP_URL", "amqp://user:canary@broker"), ("QUIRE_S3_BUCKET", "results")]);
        let text = settings_table(&loaded.expect("a configuration").settings);
        let row = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).expect("every setting has a row");
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(row("QUIRE_AMQP_URL"), "QUIRE_AMQP_URL amqp://broker environment QUIRE_AMQP_URL");
        assert_eq!(row("QUIRE_S3_BUCKET"), "QUIRE_S3_BUCKET results environment QUIRE_S3_BUCKET");
        assert_eq!(row("QUIRE_TOPOLOGY"), "QUIRE_TOPOLOGY declare default");
        assert_eq!(row("QUIRE_S3_PREFIX"), "QUIRE_S3_PREFIX - not set");
        assert!(!text.contains("canary"));
    }

    #[test]
    fn a_program_reads_what_is_wrong_and_what_would_be_right() {
        let errors = load(&[("QUIRE_AMQP_URL", "amqp://broker")]).expect_err("there is no bucket");
        let read: Value = serde_json::from_str(&refusal(&errors, OutputFormat::Json)).expect("JSON");
        assert_eq!(
            read,
            json!({ "ok": false, "errors": [{
                "key": "QUIRE_S3_BUCKET",
                "origin": "not set",
                "problem": "is required",
                "remedy": "expected the name of a bucket: letters, digits, `.`, `_` and `-`",
            }] })
        );
    }
}

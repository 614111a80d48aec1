//! Reads settings one by one out of the layers, and keeps every error.

use std::{fmt::Display, fs, time::Duration};

use super::{
    error::{ConfigError, ConfigErrors, Origin, Setting},
    key::{Fallback, Key},
    layers::{self, Environment, Given, Layer, Overrides, TomlFile},
};

/// Keeps every error until [`finish`](Self::finish), so that one start shows all of them. A method
/// that returns `None` has either found no value or kept an error.
pub(super) struct Reader {
    /// Highest precedence first.
    layers: [Layer; 3],
    settings: Vec<Setting>,
    errors: Vec<ConfigError>,
}

impl Reader {
    pub(super) fn new(file: Option<&TomlFile>, overrides: &Overrides, environment: &Environment) -> Self {
        let mut errors = Vec::new();
        let from_environment = environment.layer(&mut errors);
        let from_file = file.map(|file| layers::file_layer(file, &mut errors)).unwrap_or_default();
        Self { layers: [overrides.layer(), from_environment, from_file], settings: Vec::new(), errors }
    }

    /// Reads a value with its own parser.
    pub(super) fn parsed<T>(&mut self, key: &Key, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let given = match self.look_up(key) {
            Ok(Some(given)) => given,
            Ok(None) => self.fall_back(key)?,
            Err(error) => {
                self.errors.push(*error);
                return None;
            }
        };
        match parse(given.text.trim()) {
            Ok(value) => {
                self.settings.push(Setting::new(key, Some(key.secrecy.show(&given.text)), given.origin));
                Some(value)
            }
            Err(problem) => {
                self.errors.push(wrong(key, given.origin, problem, format!("expected {}", key.form)));
                None
            }
        }
    }

    /// Reads a number or a size in the range that the key states.
    pub(super) fn number<T: TryFrom<u64>>(&mut self, key: &Key) -> Option<T> {
        self.parsed(key, |text| key.form.number(text))
    }

    /// Reads a duration in the range that the key states.
    pub(super) fn time(&mut self, key: &Key) -> Option<Duration> {
        self.parsed(key, |text| key.form.time(text))
    }

    /// Records the value of a key that was not given and is computed at start.
    pub(super) fn computed(&mut self, key: &Key, value: &impl Display) {
        self.settings.push(Setting::new(key, Some(value.to_string()), Origin::Computed));
    }

    /// Refuses a value that is right by itself and does not fit other settings.
    pub(super) fn refuse(&mut self, key: &Key, problem: String, remedy: String) {
        let setting = self.settings.iter().rev().find(|setting| setting.key == key.variable);
        let origin = setting.map_or(Origin::Unset, |setting| setting.origin.clone());
        self.errors.push(wrong(key, origin, problem, remedy));
    }

    /// Returns the settings as they were read, or every error.
    pub(super) fn finish(self) -> Result<Vec<Setting>, ConfigErrors> {
        if self.errors.is_empty() { Ok(self.settings) } else { Err(ConfigErrors(self.errors)) }
    }

    fn look_up(&self, key: &Key) -> Result<Option<Given>, Box<ConfigError>> {
        let file_variable = key.file_variable();
        for layer in &self.layers {
            let direct = layer.get(key.variable);
            let named = file_variable.as_ref().and_then(|variable| layer.get(variable));
            match (direct, named) {
                (Some(given), None) => return Ok(Some(given.clone())),
                (None, Some(file)) => return read_secret(key, file).map(Some),
                (Some(direct), Some(file)) => {
                    let problem = format!("is given twice, also by {}", file.origin);
                    return Err(Box::new(wrong(key, direct.origin.clone(), problem, "keep one of the two".to_owned())));
                }
                (None, None) => {}
            }
        }
        Ok(None)
    }

    fn fall_back(&mut self, key: &Key) -> Option<Given> {
        match key.fallback {
            Fallback::Value(text) => Some(Given { text: text.to_owned(), origin: Origin::Default }),
            Fallback::Required => {
                let remedy = format!("expected {}", key.form);
                self.errors.push(wrong(key, Origin::Unset, "is required".to_owned(), remedy));
                None
            }
            Fallback::Unset(_) => {
                self.settings.push(Setting::new(key, None, Origin::Unset));
                None
            }
            // `computed` records it once the value is known.
            Fallback::Computed(_) => None,
        }
    }
}

fn read_secret(key: &Key, file: &Given) -> Result<Given, Box<ConfigError>> {
    let refuse = |problem: String| {
        let remedy = format!("expected a readable file that holds {}", key.form);
        Box::new(wrong(key, file.origin.clone(), problem, remedy))
    };
    let text = fs::read_to_string(&file.text).map_err(|error| refuse(format!("{}: {error}", file.text)))?;
    // Editors and `echo` end a file with a line break that is not part of the secret.
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(refuse(format!("{}: the file is empty", file.text)));
    }
    Ok(Given { text: text.to_owned(), origin: file.origin.clone() })
}

fn wrong(key: &Key, origin: Origin, problem: String, remedy: String) -> ConfigError {
    ConfigError { key: key.variable.to_owned(), origin, problem, remedy }
}

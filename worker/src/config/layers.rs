//! Where values come from: flags, the environment, a TOML file. Each becomes a [`Layer`], values by
//! their names in the environment, and reports the names that it does not know.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use toml::Value;

use super::{
    SECTIONS,
    error::{ConfigError, Origin},
    key::{Key, Secrecy},
    nearest::nearest,
};

/// Names the TOML file; the flag `--config` wins over it.
pub(crate) const FILE_VARIABLE: &str = "QUIRE_CONFIG";

/// Variables that begin with `QUIRE_` and are not the worker's: they configure the scripts and tests
/// that start it with their own environment.
pub(crate) const IGNORED_VARIABLES: [&str; 3] = ["QUIRE_BIN_DIR", "QUIRE_CACHE", "QUIRE_DEV_DIR"];

const PREFIX: &str = "QUIRE_";

/// A value on its way from where it was given to where it is read.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// Values by the name that the environment has for them.
pub(super) type Layer = BTreeMap<String, Given>;

/// Values that flags gave.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overrides(BTreeMap<&'static str, (&'static str, String)>);

impl Overrides {
    /// Takes the value of a flag, if it was given, for the setting that the environment calls
    /// `variable`. Secrets have no flags: every process of the machine can read a command line.
    pub(crate) fn with(mut self, variable: &'static str, flag: &'static str, value: Option<String>) -> Self {
        debug_assert!(keys().any(|key| key.variable == variable && key.secrecy == Secrecy::Public), "{variable}");
        if let Some(value) = value {
            self.0.insert(variable, (flag, value));
        }
        self
    }

    pub(super) fn layer(&self) -> Layer {
        let given = |flag, text: &String| Given { text: text.clone(), origin: Origin::Flag(flag) };
        self.0.iter().map(|(variable, (flag, text))| ((*variable).to_owned(), given(*flag, text))).collect()
    }
}

/// A snapshot of the variables that may concern the worker.
#[derive(Clone, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Everything else in the program reads the snapshot, so that a setting never changes while the
    /// process runs and tests need no global state.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub(crate) fn capture() -> Self {
        let concerns_us = |name: &str| name.starts_with(PREFIX) || name == "TMPDIR" || is_known(name);
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
            .filter(|(name, _)| concerns_us(name))
            .collect()
    }

    /// Returns a variable; an empty one counts as not set, because that is how templates and
    /// compose files leave one out.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn layer(&self, errors: &mut Vec<ConfigError>) -> Layer {
        let ignored = |name: &str| name == FILE_VARIABLE || IGNORED_VARIABLES.contains(&name);
        let unknown = self.0.keys().filter(|name| name.starts_with(PREFIX) && !is_known(name) && !ignored(name));
        errors.extend(unknown.map(|name| ConfigError {
            key: name.clone(),
            origin: Origin::Environment(name.clone()),
            problem: "is not a setting".to_owned(),
            remedy: match nearest(name, keys().map(|key| key.variable)) {
                Some(meant) => format!("did you mean {meant}? Otherwise remove it"),
                None => "remove it".to_owned(),
            },
        }));
        let given = |name: &String| {
            let text = self.get(name)?.to_owned();
            Some((name.clone(), Given { text, origin: Origin::Environment(name.clone()) }))
        };
        self.0.keys().filter_map(given).collect()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The configuration file and its text.
pub(super) struct TomlFile {
    pub(super) path: PathBuf,
    pub(super) text: io::Result<String>,
}

impl TomlFile {
    pub(super) fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path);
        Self { path, text }
    }
}

/// Makes a layer of the file; everything that is wrong with it goes to `errors`.
pub(super) fn file_layer(file: &TomlFile, errors: &mut Vec<ConfigError>) -> Layer {
    let path = file.path.as_path();
    let mut refuse = |place: &str, problem: String, remedy: String| {
        let key = if place.is_empty() { FILE_VARIABLE } else { place };
        let origin = Origin::File { path: path.to_owned(), place: place.to_owned() };
        errors.push(ConfigError { key: key.to_owned(), origin, problem, remedy });
    };
    let text = match &file.text {
        Ok(text) => text,
        Err(error) => {
            refuse("", format!("cannot be read: {error}"), format!("correct --config or {FILE_VARIABLE}"));
            return Layer::new();
        }
    };
    let table = match text.parse::<toml::Table>() {
        Ok(table) => table,
        Err(error) => {
            refuse("", format!("is not TOML: {}", describe(&error, text)), "correct the file".to_owned());
            return Layer::new();
        }
    };
    let mut layer = Layer::new();
    for (section, entries) in &table {
        let Some(known) = SECTIONS.iter().find(|known| known.name == section) else {
            let names = SECTIONS.map(|section| section.name).join(", ");
            refuse(section, "is not a section".to_owned(), format!("the sections are {names}"));
            continue;
        };
        let Value::Table(entries) = entries else {
            refuse(section, "is not a section".to_owned(), format!("write [{section}] on a line of its own"));
            continue;
        };
        for (name, value) in entries {
            let place = format!("[{section}] {name}");
            let Some(variable) = variable_of(known.keys, name) else {
                let names = known.keys.iter().map(|key| key.name).collect::<Vec<_>>().join(", ");
                refuse(&place, "is not a setting".to_owned(), format!("[{section}] has {names}"));
                continue;
            };
            match to_text(value) {
                Some(text) => {
                    let origin = Origin::File { path: path.to_owned(), place };
                    layer.insert(variable, Given { text, origin });
                }
                None => refuse(
                    &place,
                    "is neither a text, a whole number, a truth value nor a list of texts".to_owned(),
                    "put it in quotes".to_owned(),
                ),
            }
        }
    }
    layer
}

/// Says where and what, without the line itself: the parser's own text shows it, and a secret may
/// stand on it.
fn describe(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
    match line {
        Some(line) => format!("line {line}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Array(items) => {
            let items = items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
            Some(items.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

fn variable_of(keys: &[Key], name: &str) -> Option<String> {
    keys.iter().find_map(|key| match name.strip_prefix(key.name)? {
        "" => Some(key.variable.to_owned()),
        "_file" => key.file_variable(),
        _ => None,
    })
}

fn is_known(variable: &str) -> bool {
    keys().any(|key| key.variable == variable || key.file_variable().as_deref() == Some(variable))
}

fn keys() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.keys)
}

/// Returns the path of the configuration file: the flag's, else the environment's.
pub(super) fn file_path(flag: Option<&Path>, environment: &Environment) -> Option<PathBuf> {
    flag.map(Path::to_owned).or_else(|| environment.get(FILE_VARIABLE).map(PathBuf::from))
}

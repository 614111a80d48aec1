//! What each command does. Data goes to stdout, everything else to stderr.

pub(crate) mod cancel;
pub(crate) mod dead;
pub(crate) mod delete;
mod download;
mod progress;
pub(crate) mod queues;
pub(crate) mod result;
mod source;
pub(crate) mod submit;
mod summary;
pub(crate) mod topology;
mod wait;
pub(crate) mod watch;
pub(crate) mod workers;

use std::{
    borrow::Cow,
    io::{self, Write},
    ops::ControlFlow,
    path::Path,
    process::ExitCode,
    time::Duration,
};

use anyhow::Context;
use bytes::Bytes;
use quire_schemas::{
    job::{JobId, Password},
    keys::JobKeys,
    names::Tenant,
    result::ParseResult,
    state::{JobState, MAX_STATE_BYTES},
};
use tokio::time::sleep;

use crate::{
    amqp::{
        Connector, Publisher,
        management::{Management, vhost_of},
    },
    cli::{self, Endpoints, FAILED, SecretUrl},
    store::{S3Settings, S3Store, StoreError},
};

/// Far beyond what a worker writes; bounds what a wrong object can make us hold.
const MAX_RESULT_BYTES: usize = 512 * 1024 * 1024;

/// Something that the command needs to know was not said.
#[derive(Debug, thiserror::Error)]
#[error("{what} is not known: give {option} or set {variable}")]
pub(crate) struct NotConfigured {
    pub(crate) what: &'static str,
    pub(crate) option: &'static str,
    pub(crate) variable: &'static str,
}

/// The command line does not make sense, in a way that its parser cannot see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUsage(pub(crate) Cow<'static, str>);

/// Standard output takes no more. A type of its own, so that a reader who has seen enough is not
/// taken for a broken connection.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub(crate) struct Unwritten(#[source] pub(crate) io::Error);

impl Endpoints {
    /// Makes a publisher with a connection of its own; it connects when it is first needed.
    pub(crate) fn publisher(&self) -> anyhow::Result<Publisher> {
        let missing = NotConfigured { what: "the broker", option: "--amqp-url", variable: "QUIRE_AMQP_URL" };
        let url = given(self.amqp_url.as_ref()).ok_or(missing)?;
        Ok(Publisher::new(Connector::new(url, "quire")?))
    }

    pub(crate) fn knows_broker(&self) -> bool {
        given(self.amqp_url.as_ref()).is_some()
    }

    pub(crate) fn vhost(&self) -> String {
        given(self.amqp_url.as_ref()).map_or_else(|| "/".to_owned(), vhost_of)
    }

    /// Makes a client of the management API, if its address is known.
    pub(crate) fn management(&self) -> anyhow::Result<Option<Management>> {
        let url = given(self.management_url.as_ref());
        Ok(url.map(|url| Management::new(url, &self.vhost())).transpose()?)
    }

    pub(crate) fn knows_storage(&self) -> bool {
        self.s3_bucket.as_ref().is_some_and(|bucket| !bucket.is_empty())
    }

    pub(crate) async fn storage(&self) -> anyhow::Result<Storage> {
        let missing = NotConfigured { what: "the bucket", option: "--s3-bucket", variable: "QUIRE_S3_BUCKET" };
        let bucket = self.s3_bucket.clone().filter(|bucket| !bucket.is_empty()).ok_or(missing)?;
        let endpoint = self.s3_endpoint.clone().filter(|endpoint| !endpoint.is_empty());
        let store = S3Store::new(&S3Settings { bucket, endpoint, path_style: self.s3_path_style }).await;
        Ok(Storage { store, prefix: self.s3_prefix.trim_matches('/').to_owned() })
    }
}

/// A variable that is set to nothing says nothing.
fn given(url: Option<&SecretUrl>) -> Option<&str> {
    url.map(|url| url.reveal().trim()).filter(|url| !url.is_empty())
}

/// The bucket, and the part of it that is Quire's.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) store: S3Store,
    pub(crate) prefix: String,
}

/// A `result.json` as it is stored, and as it was read.
pub(crate) struct StoredResult {
    pub(crate) bytes: Bytes,
    pub(crate) result: ParseResult,
    pub(crate) uri: String,
}

impl Storage {
    pub(crate) fn keys(&self, tenant: &Tenant, job: &JobId) -> JobKeys {
        JobKeys::new(&self.prefix, tenant, job)
    }

    /// Reads a job's result; `None` if there is none yet.
    pub(crate) async fn result(&self, tenant: &Tenant, job: &JobId) -> anyhow::Result<Option<StoredResult>> {
        // Some stores write an object before its checksum; a worker may be about to.
        const WRITTEN_WITHIN: Duration = Duration::from_millis(200);
        let key = self.keys(tenant, job).result();
        let uri = self.store.uri(&key);
        let read = match self.store.get(&key, MAX_RESULT_BYTES).await {
            Err(StoreError::Damaged { .. }) => {
                sleep(WRITTEN_WITHIN).await;
                self.store.get(&key, MAX_RESULT_BYTES).await
            }
            read => read,
        };
        let Some(bytes) = read? else { return Ok(None) };
        let result = serde_json::from_slice(&bytes).with_context(|| format!("{uri} is not a result of version 1"))?;
        Ok(Some(StoredResult { bytes, result, uri }))
    }

    /// Returns the generation of a job that was last worked on without an end, if that was noted. Like a
    /// worker, it takes what cannot be read for absent.
    pub(crate) async fn open_generation(&self, tenant: &Tenant, job: &JobId) -> Result<Option<u32>, StoreError> {
        let json = match self.store.get(&self.keys(tenant, job).state(), MAX_STATE_BYTES).await {
            Err(error) if is_of_one_object(&error) => None,
            read => read?,
        };
        let state = json.and_then(|json| serde_json::from_slice::<JobState>(&json).ok());
        Ok(state.map(|state| state.generation))
    }
}

/// Says whether a store cannot be worked with, whichever job it is asked about, and not only one object.
pub(crate) fn is_store_down(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|error| !is_of_one_object(error))
}

fn is_of_one_object(error: &StoreError) -> bool {
    matches!(error, StoreError::Damaged { .. } | StoreError::TooLarge { .. })
}

/// Reads the password of encrypted documents.
pub(crate) async fn read_password(path: &Path) -> anyhow::Result<Password> {
    let text = tokio::fs::read_to_string(path).await;
    let text = text.with_context(|| format!("cannot read the password file {}", path.display()))?;
    // Editors and `echo` end a file with a line break that is not part of the password.
    Ok(Password::new(text.trim_end_matches(['\r', '\n'])))
}

/// What went wrong for single jobs while a command goes through several.
#[derive(Debug, Default)]
pub(crate) struct Failures(Option<u8>);

impl Failures {
    /// The job stays as it is, and the command has told why.
    pub(crate) fn refused(&mut self) {
        self.0.get_or_insert(FAILED);
    }

    /// Tells what went wrong for a job. What is out of reach for one job is so for the next one: a break
    /// means that there is no use in going on.
    pub(crate) fn add(&mut self, error: &anyhow::Error) -> ControlFlow<()> {
        note(&format!("{error:#}"));
        let code = cli::exit_code(error);
        self.0.get_or_insert(code);
        if code == FAILED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Returns what the command exits with: the code of what went wrong first.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.0.unwrap_or(0))
    }
}

/// Writes a line of data.
pub(crate) fn say(text: &str) -> Result<(), Unwritten> {
    writeln!(io::stdout().lock(), "{text}").map_err(Unwritten)
}

/// Tells the person something that is not data.
pub(crate) fn note(text: &str) {
    // With stderr closed there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "quire: {text}");
}

/// Aligns cells in columns, two spaces apart; columns of numbers to the right.
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let mut lines = vec![String::new(); rows.len() + 1];
    for (column, heading) in headings.into_iter().enumerate() {
        let cells: Vec<&str> = rows.iter().map(|row| row[column].as_str()).collect();
        let width = cells.iter().map(|cell| cell.chars().count()).chain([heading.chars().count()]).max().unwrap_or(0);
        let numbers = !cells.is_empty() && cells.iter().all(|cell| is_number(cell));
        for (line, cell) in lines.iter_mut().zip([heading].into_iter().chain(cells)) {
            let gap = if column == 0 { "" } else { "  " };
            let cell = if numbers { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
            line.push_str(gap);
            line.push_str(&cell);
        }
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

fn is_number(cell: &str) -> bool {
    cell == UNKNOWN || cell.parse::<f64>().is_ok()
}

/// What stands in a table for a number that is not known.
const UNKNOWN: &str = "-";

/// Shows a number that may not be known.
pub(crate) fn or_unknown<T: ToString>(number: Option<T>) -> String {
    number.map_or_else(|| UNKNOWN.to_owned(), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_aligns_text_to_the_left_and_numbers_to_the_right() {
        let rows = [
            ["quire.jobs.high".to_owned(), "7".to_owned(), "é".to_owned()],
            ["quire.dead".to_owned(), "-".to_owned(), String::new()],
            ["x".to_owned(), "1200".to_owned(), "full".to_owned()],
        ];
        let expected = [
            "queue            ready  note",
            "quire.jobs.high      7  é",
            "quire.dead           -",
            "x                 1200  full",
        ];
        assert_eq!(table(["queue", "ready", "note"], &rows), expected.join("\n"));
    }

    #[test]
    fn a_table_without_rows_has_its_headings() {
        assert_eq!(table(["a", "b"], &[]), "a  b");
    }
}

//! The log: where it goes, in which format, and which lines of it.

use std::io::{self, IsTerminal};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Registry, filter, filter::filter_fn, fmt, layer::SubscriberExt, reload, util::SubscriberInitExt,
    util::TryInitError,
};

use super::recent::Recent;

const AMQP_CLIENT: &str = "lapin";

/// Changes what is logged while the process runs. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct LogFilter {
    handle: reload::Handle<EnvFilter, Registry>,
}

/// Why the log could not be set up or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error("{filter:?} is not a log filter")]
    Filter {
        filter: String,
        #[source]
        cause: filter::ParseError,
    },
    #[error("the log is set up already")]
    Taken(#[source] TryInitError),
    #[error("the log is closed: the process ends")]
    Closed(#[source] reload::Error),
}

/// Sends logs to stderr, because stdout is for data: for people on a terminal, otherwise as JSON,
/// one object per line. To be called once.
pub(crate) fn init(filter: &str) -> Result<LogFilter, LogError> {
    let (filter, handle) = reload::Layer::new(parse(filter)?);
    let on_terminal = io::stderr().is_terminal();
    let human = on_terminal.then(|| fmt::layer().with_writer(io::stderr));
    let json = (!on_terminal)
        .then(|| fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(io::stderr));
    let subscriber =
        tracing_subscriber::registry().with(filter).with(filter_fn(is_shown)).with(human).with(json).with(Recent);
    subscriber.try_init().map_err(LogError::Taken)?;
    Ok(LogFilter { handle })
}

/// Lets nothing of other crates pass below `info`, whatever the filter says: the AMQP client prints its login, HTTP and
/// storage clients headers and tokens.
fn is_shown(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("quire") || *metadata.level() <= Level::INFO
}

impl LogFilter {
    /// After an error the old filter stays in place.
    pub(crate) fn set(&self, filter: &str) -> Result<(), LogError> {
        self.handle.reload(parse(filter)?).map_err(LogError::Closed)
    }

    /// From now on leaves out the AMQP client, which logs errors when a connection is closed in
    /// order. A filter that names the client stays as it is.
    pub(crate) fn silence_amqp_client(&self) {
        // Fails only when nothing is logged any more.
        let _ = self.handle.modify(|filter| *filter = without_amqp_client(std::mem::take(filter)));
    }
}

fn parse(filter: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::try_new(filter).map_err(|cause| LogError::Filter { filter: filter.to_owned(), cause })
}

fn without_amqp_client(filter: EnvFilter) -> EnvFilter {
    if filter.to_string().contains(AMQP_CLIENT) {
        return filter;
    }
    filter.add_directive(format!("{AMQP_CLIENT}=off").parse().expect("a valid directive"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_amqp_client_is_silenced_unless_the_filter_names_it() {
        let shown = |filter| without_amqp_client(parse(filter).expect("a filter")).to_string();
        assert!(shown("info").contains("lapin=off"), "{}", shown("info"));
        assert!(!shown("info,lapin=debug").contains("off"), "{}", shown("info,lapin=debug"));
    }

    #[test]
    fn other_crates_say_nothing_below_info() {
        let lines = tempfile::NamedTempFile::new().expect("a temporary file");
        let writer = lines.reopen().expect("it is there");
        let writer = move || writer.try_clone().expect("an open file");
        let layer = fmt::layer().with_ansi(false).with_writer(writer);
        let subscriber = tracing_subscriber::registry().with(parse("trace").expect("a filter"));
        tracing::subscriber::with_default(subscriber.with(filter_fn(is_shown)).with(layer), || {
            tracing::trace!(target: "lapin::io_loop", "canary");
            tracing::debug!(target: "hyper::proto", "canary");
            tracing::info!(target: "lapin::io_loop", "connected");
            tracing::trace!(target: "quire_worker::consume", "own");
        });
        let text = std::fs::read_to_string(lines.path()).expect("text");
        assert!(!text.contains("canary") && text.contains("connected") && text.contains("own"), "{text}");
    }

    #[test]
    fn a_text_that_is_no_filter_is_refused_by_name() {
        assert!(parse("info,quire_worker::consume=debug").is_ok());
        let error = parse("quire_worker=loud").expect_err("no such level");
        assert_eq!(error.to_string(), "\"quire_worker=loud\" is not a log filter");
    }
}

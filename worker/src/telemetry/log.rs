use std::io::{self, IsTerminal};

use tracing_subscriber::{
    EnvFilter, Registry, filter, fmt, layer::SubscriberExt, reload, util::SubscriberInitExt, util::TryInitError,
};

use super::recent::Recent;

/// Changes what is logged while the process runs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LogFilter {
    handle: reload::Handle<EnvFilter, Registry>,
}

/// Why the log could not be set up or changed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The text is not a filter; the one before stays in place.
    #[error("{filter:?} is not a log filter")]
    Filter {
        /// The text.
        filter: String,
        /// What is wrong with it.
        #[source]
        cause: filter::ParseError,
    },
    /// Something else in this process logs already.
    #[error("the log is set up already")]
    Taken(#[source] TryInitError),
    /// The log is gone, because the process is about to end.
    #[error("the log is gone")]
    Gone(#[source] reload::Error),
}

/// Sends logs to stderr, stdout being for data: for people on a terminal, otherwise as JSON, one
/// object per line.
///
/// # Errors
/// [`LogError::Filter`]; [`LogError::Taken`] if it is called twice.
pub fn init(filter: &str) -> Result<LogFilter, LogError> {
    let (filter, handle) = reload::Layer::new(parse(filter)?);
    let on_terminal = io::stderr().is_terminal();
    let human = on_terminal.then(|| fmt::layer().with_writer(io::stderr));
    let json = (!on_terminal)
        .then(|| fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(io::stderr));
    let subscriber = tracing_subscriber::registry().with(filter).with(human).with(json).with(Recent);
    subscriber.try_init().map_err(LogError::Taken)?;
    Ok(LogFilter { handle })
}

impl LogFilter {
    /// Replaces the filter.
    ///
    /// # Errors
    /// [`LogError::Filter`], with the old filter still in place; [`LogError::Gone`].
    pub fn set(&self, filter: &str) -> Result<(), LogError> {
        self.handle.reload(parse(filter)?).map_err(LogError::Gone)
    }
}

fn parse(filter: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::try_new(filter).map_err(|cause| LogError::Filter { filter: filter.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_none_is_refused_by_name() {
        assert!(parse("info,quire_worker::consume=debug").is_ok());
        let error = parse("quire_worker=loud").expect_err("no such level");
        assert_eq!(error.to_string(), "\"quire_worker=loud\" is not a log filter");
    }
}

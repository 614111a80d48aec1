//! The closed set of engines that are asked over HTTP: how each is made, asked and cancelled. No engine's details.

use std::collections::HashMap;

use quire_schemas::{failure::ErrorCode, job::Engine, result::Phase, state::ExternalParse};
use url::Url;

use super::{
    EngineOutput, KeepPages, ParseRequest, RecordExternal,
    llamaparse::{self, LlamaParse},
};
use crate::{
    breaker::Breaker,
    job::{Budget, Fault},
    telemetry::{Dependency, Metrics},
};

/// Settings of one engine, as its configuration section makes them.
#[derive(Debug, Clone)]
pub(crate) enum EngineSettings {
    Llamaparse(llamaparse::Settings),
}

impl EngineSettings {
    pub(crate) const fn engine(&self) -> Engine {
        match self {
            Self::Llamaparse(_) => Engine::Llamaparse,
        }
    }

    pub(crate) const fn base_url(&self) -> &Url {
        match self {
            Self::Llamaparse(settings) => &settings.base_url,
        }
    }

    fn connect(self) -> Result<Remote, reqwest::Error> {
        Ok(match self {
            Self::Llamaparse(settings) => Remote::Llamaparse(LlamaParse::new(settings)?),
        })
    }
}

/// An engine behind HTTP.
#[derive(Debug)]
pub(crate) enum Remote {
    Llamaparse(LlamaParse),
}

impl Remote {
    /// Parses one document; see the engine's own `parse` for its faults.
    pub(crate) async fn parse(
        &self,
        request: ParseRequest<'_>,
        recorder: &impl RecordExternal,
        sink: &mut impl KeepPages,
        budget: &Budget,
    ) -> Result<EngineOutput, Fault> {
        match self {
            Self::Llamaparse(engine) => engine.parse(request, recorder, sink, budget).await,
        }
    }

    async fn cancel(&self, job_id: &str) -> Result<(), Fault> {
        match self {
            Self::Llamaparse(engine) => engine.cancel(job_id).await,
        }
    }
}

/// An engine that this worker has the settings of, and its breaker.
#[derive(Debug)]
pub(crate) struct Configured {
    pub(crate) remote: Remote,
    pub(crate) breaker: Breaker,
}

/// The configured engines behind HTTP.
#[derive(Debug, Default)]
pub(crate) struct Engines(HashMap<Engine, Configured>);

impl Engines {
    /// Makes the client and the breaker of every engine. Does not connect.
    ///
    /// # Errors
    /// The TLS library finds no certificates.
    pub(crate) fn new(settings: &[EngineSettings], metrics: &Metrics) -> Result<Self, reqwest::Error> {
        let configured = |settings: &EngineSettings| {
            let engine = settings.engine();
            let breaker = Breaker::new(Dependency::Engine(engine), metrics.clone());
            Ok((engine, Configured { remote: settings.clone().connect()?, breaker }))
        };
        settings.iter().map(configured).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn of(&self, engine: Engine) -> Option<&Configured> {
        self.0.get(&engine)
    }

    /// Lists the engines that this worker has settings of, in the order of their names.
    pub(crate) fn names(&self) -> Vec<Engine> {
        let mut names: Vec<Engine> = self.0.keys().copied().collect();
        names.sort_by_key(|engine| engine.as_str());
        names
    }

    /// Has the service that works on a recorded parse stop it; nothing is stopped where no id was recorded.
    ///
    /// # Errors
    /// The parse runs to its end and is paid for. `parser_not_configured`: this worker has no settings of the engine.
    pub(crate) async fn cancel(&self, external: &ExternalParse) -> Result<(), Fault> {
        let Some(job_id) = &external.job_id else { return Ok(()) };
        match self.of(external.engine) {
            Some(configured) => configured.remote.cancel(job_id).await,
            None => Err(not_configured(external.engine)),
        }
    }
}

pub(crate) fn not_configured(engine: Engine) -> Fault {
    let message = format!("this worker has no key or address for {engine}");
    Fault::new(ErrorCode::ParserNotConfigured, Phase::Parse, message)
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use quire_schemas::job::Password;

    use super::*;

    fn engines() -> Engines {
        let settings = llamaparse::Settings {
            base_url: Url::parse("http://127.0.0.1:9").expect("a valid address"),
            api_key: Password::new("llx-secret"),
            tier: "agentic".into(),
            version: "latest".into(),
        };
        Engines::new(&[EngineSettings::Llamaparse(settings)], &Metrics::new()).expect("certificates")
    }

    fn recorded(engine: Engine, job_id: Option<&str>) -> ExternalParse {
        let (job_id, submitted_at) = (job_id.map(str::to_owned), Utc::now());
        ExternalParse { engine, job_id, rejection: None, submitted_at, source_sha256: None }
    }

    #[test]
    fn only_engines_with_settings_are_there() {
        let engines = engines();
        assert!(engines.of(Engine::Llamaparse).is_some());
        assert!(engines.of(Engine::Docling).is_none() && engines.of(Engine::Pdfium).is_none());
        assert_eq!(engines.names(), [Engine::Llamaparse]);
    }

    #[tokio::test]
    async fn cancelling_asks_the_engine_that_was_paid_and_no_other() {
        let engines = engines();
        let cancelled = engines.cancel(&recorded(Engine::Docling, Some("t-1"))).await;
        assert_eq!(cancelled.map_err(|fault| fault.code), Err(ErrorCode::ParserNotConfigured));
        assert!(engines.cancel(&recorded(Engine::Docling, None)).await.is_ok(), "there is nothing to cancel");
    }
}

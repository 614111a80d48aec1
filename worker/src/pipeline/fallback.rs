//! In which order the engines of a job are asked, and whose fault decides if none of them parses. Pure.

use std::collections::VecDeque;

use quire_schemas::{
    failure::{Disposition, ErrorCode, WarningCode},
    job::{Engine, ParseOptions},
    result::{BranchName, Phase, Warning},
    state::ExternalParse,
};
use serde_json::json;

use crate::job::Fault;

/// The way along a job's list of engines: the one that it names first, then its fallbacks.
#[derive(Debug)]
pub(super) struct Walk {
    first: Engine,
    /// Engines that have not failed; the current one is at the front.
    waiting: VecDeque<Engine>,
    failed: Vec<(Engine, Fault)>,
}

/// Where a walk ended.
#[derive(Debug)]
pub(super) struct Conclusion {
    /// The engine that did not fail, else the one whose fault decides.
    pub(super) engine: Engine,
    /// The engine that the job names first, if it is another.
    pub(super) fallback_from: Option<Engine>,
    /// Why no engine parsed. Its details name the faults of the other engines.
    pub(super) fault: Option<Fault>,
    /// The faults of the other engines, if one parsed.
    pub(super) warnings: Vec<Warning>,
}

impl Walk {
    /// Begins a walk. `recorded` is what earlier runs noted of parses of this document, that of the engine asked last
    /// first; it counts only if the job does not ask the local engine first.
    ///
    /// An engine whose parse is paid for and under way is asked before the others, the one asked last before all: to
    /// ask another again could pay a second time. An engine that rejected the document has failed already.
    pub(super) fn new<'a>(options: &ParseOptions, recorded: impl IntoIterator<Item = &'a ExternalParse>) -> Self {
        let recorded: Vec<_> = recorded.into_iter().filter(|_| is_remote(options.engine)).collect();
        let mut listed = Vec::new();
        for engine in std::iter::once(options.engine).chain(options.fallback.iter().copied()) {
            if !listed.contains(&engine) {
                listed.push(engine);
            }
        }
        let is_paid = |engine: &Engine| recorded.iter().any(|parse| parse.engine == *engine && parse.job_id.is_some());
        let asked_last = recorded.first().map(|parse| parse.engine);
        listed.sort_by_key(|engine| match is_paid(engine) {
            true if Some(*engine) == asked_last => 0,
            true => 1,
            false => 2,
        });
        let mut walk = Self { first: options.engine, waiting: VecDeque::new(), failed: Vec::new() };
        for engine in listed {
            let of_engine = recorded.iter().find(|parse| parse.engine == engine);
            match of_engine.and_then(|parse| parse.rejection.as_ref()) {
                Some(reason) => walk.failed.push((engine, rejected_before(engine, reason))),
                None => walk.waiting.push_back(engine),
            }
        }
        walk
    }

    /// Returns the engine whose turn it is; `None` once no engine is left to ask.
    pub(super) fn current(&self) -> Option<Engine> {
        self.waiting.front().copied()
    }

    /// Returns the engine whose turn it is, if it is behind HTTP.
    pub(super) fn current_remote(&self) -> Option<Engine> {
        self.current().filter(|engine| is_remote(*engine))
    }

    /// Counts the engines that may be asked after the current one.
    pub(super) fn still_to_come(&self) -> u32 {
        u32::try_from(self.waiting.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Notes that the current engine failed. The next one has its turn if the fault allows a fallback.
    pub(super) fn failed(&mut self, fault: Fault) {
        let Some(engine) = self.waiting.pop_front() else { return };
        if !fault.code.allows_fallback() {
            self.waiting.clear();
        }
        self.failed.push((engine, fault));
    }

    /// Ends the walk: the current engine has parsed, or none is left.
    pub(super) fn conclude(mut self) -> Conclusion {
        let Some(engine) = self.current() else {
            let (engine, fault) = self.failed.remove(self.decisive());
            let fault = beside(fault, &self.failed);
            let fallback_from = self.replaced_by(engine);
            return Conclusion { engine, fallback_from, fault: Some(fault), warnings: Vec::new() };
        };
        let note = |(failed, cause): &(Engine, Fault)| {
            format!("{failed} failed ({}), {engine} was asked instead", cause.chain())
        };
        let mut notes: Vec<String> = self.failed.iter().map(note).collect();
        let fallback_from = self.replaced_by(engine);
        if fallback_from.is_some() && notes.is_empty() {
            notes.push(format!("{engine} continued a parse that was paid for; {} was not asked again", self.first));
        }
        let warning =
            |note| Warning::of(WarningCode::FallbackUsed, note).in_branch(BranchName::Parse).in_phase(Phase::Parse);
        Conclusion { engine, fallback_from, fault: None, warnings: notes.into_iter().map(warning).collect() }
    }

    /// Returns the engine that the job names first, if `engine` is another.
    fn replaced_by(&self, engine: Engine) -> Option<Engine> {
        (engine != self.first).then_some(self.first)
    }

    /// Returns which fault decides about the job. A fault that ended the walk early is not the engine's. Of the
    /// others one that may pass is preferred: the next attempt may get a parse. It buys none from an engine that has
    /// rejected the document after payment, because the record of that parse says so.
    fn decisive(&self) -> usize {
        let last = self.failed.len() - 1;
        if !self.failed[last].1.code.allows_fallback() {
            return last;
        }
        let may_pass = |fault: &Fault| matches!(fault.disposition(), Disposition::Retry | Disposition::Park);
        self.failed.iter().position(|(_, fault)| may_pass(fault)).unwrap_or(0)
    }
}

fn rejected_before(engine: Engine, reason: &str) -> Fault {
    let message = format!("{engine} rejected the document in an earlier run and is not asked again");
    Fault::new(ErrorCode::ParserRejected, Phase::Parse, message).because(reason)
}

/// Adds the faults of the other engines to the one that decides. They are no warnings `fallback_used`: no engine did
/// the work.
fn beside(fault: Fault, others: &[(Engine, Fault)]) -> Fault {
    if others.is_empty() {
        return fault;
    }
    let other = |(engine, fault): &(Engine, Fault)| {
        let (code, message) = (fault.code.as_str(), fault.chain());
        json!({ "engine": engine.as_str(), "code": code, "message": message })
    };
    fault.with_detail("other_engines", others.iter().map(other).collect())
}

const fn is_remote(engine: Engine) -> bool {
    !matches!(engine, Engine::Pdfium | Engine::None)
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use serde_json::Value;

    use super::*;
    use crate::parse::not_configured;

    const LIST: [Engine; 3] = [Engine::Docling, Engine::Unstructured, Engine::Pdfium];

    fn options(list: &[Engine]) -> ParseOptions {
        let (engine, fallback) = (list[0], list[1..].to_vec());
        ParseOptions { engine, fallback, ..ParseOptions::default() }
    }

    fn fault(code: ErrorCode) -> Fault {
        Fault::new(code, Phase::Parse, "asking")
    }

    /// Walks a list whose engines fail with these faults, the first ones first; returns who was asked.
    fn walk(list: &[Engine], faults: impl IntoIterator<Item = Fault>) -> (Vec<Engine>, Conclusion) {
        let mut walk = Walk::new(&options(list), None);
        let mut asked = Vec::new();
        let mut faults = faults.into_iter();
        while let Some(engine) = walk.current() {
            asked.push(engine);
            let Some(fault) = faults.next() else { break };
            walk.failed(fault);
        }
        (asked, walk.conclude())
    }

    /// Returns engine and code of each fault that a result tells beside the one that decided.
    fn other_engines(fault: &Fault) -> Vec<(String, String)> {
        let error = fault.to_job_error(None);
        let others = error.details["other_engines"].as_array().expect("a list");
        let word = |other: &Value, name: &str| other[name].as_str().expect("a text").to_owned();
        others.iter().map(|other| (word(other, "engine"), word(other, "code"))).collect()
    }

    #[test]
    fn the_first_engine_that_parses_is_the_last_that_is_asked() {
        let (asked, end) = walk(&LIST, []);
        assert_eq!(asked, [Engine::Docling]);
        assert_eq!((end.engine, end.fallback_from, end.warnings.len()), (Engine::Docling, None, 0));
    }

    #[test]
    fn engines_are_asked_in_the_order_of_the_list_and_their_faults_are_noted() {
        let (asked, end) = walk(&LIST, [fault(ErrorCode::ParserRejected), fault(ErrorCode::ParserUnavailable)]);
        assert_eq!(asked, LIST);
        assert_eq!((end.engine, end.fallback_from), (Engine::Pdfium, Some(Engine::Docling)));
        assert!(end.fault.is_none());
        let notes: Vec<_> = end.warnings.iter().map(|warning| warning.message.as_str()).collect();
        let expected =
            ["docling", "unstructured"].map(|name| format!("{name} failed (asking), pdfium was asked instead"));
        assert_eq!(notes, expected);
        assert!(end.warnings.iter().all(|warning| warning.code == "fallback_used"));
    }

    #[test]
    fn an_engine_that_is_not_configured_is_passed_over() {
        let (asked, end) = walk(&LIST, [fault(ErrorCode::ParserTimeout), not_configured(Engine::Unstructured)]);
        assert_eq!(asked, LIST);
        assert_eq!((end.engine, end.warnings.len()), (Engine::Pdfium, 2));
    }

    #[test]
    fn an_engine_that_is_known_to_be_down_leaves_the_job_to_the_next() {
        let down = || fault(ErrorCode::ParserUnavailable).in_outage();
        let (_, end) = walk(&LIST, [down()]);
        assert_eq!((end.engine, end.fallback_from), (Engine::Unstructured, Some(Engine::Docling)));
        // With no other engine the job waits for it, uncounted.
        let (_, end) = walk(&LIST[..1], [down()]);
        assert_eq!(end.fault.map(|fault| fault.disposition()), Some(Disposition::Park));
    }

    #[test]
    fn a_fault_that_is_not_the_engines_ends_the_walk_and_decides() {
        let (asked, end) = walk(&LIST, [fault(ErrorCode::ParserUnavailable), fault(ErrorCode::StorageUnavailable)]);
        assert_eq!(asked, LIST[..2]);
        assert_eq!((end.engine, end.warnings.len()), (Engine::Unstructured, 0));
        let fault = end.fault.expect("no engine parsed");
        assert_eq!(fault.code, ErrorCode::StorageUnavailable);
        assert_eq!(other_engines(&fault), [("docling".to_owned(), "parser_unavailable".to_owned())]);
    }

    #[test]
    fn of_several_faults_the_first_that_may_pass_decides() {
        let faults = [ErrorCode::ParserRejected, ErrorCode::ParserUnavailable, ErrorCode::ParserTimeout].map(fault);
        let (_, end) = walk(&LIST, faults);
        assert_eq!((end.engine, end.fallback_from), (Engine::Unstructured, Some(Engine::Docling)));
        assert!(end.warnings.is_empty(), "no other engine did the work");
        let decisive = end.fault.expect("no engine parsed");
        assert_eq!(decisive.code, ErrorCode::ParserUnavailable);
        let others = [("docling", "parser_rejected"), ("pdfium", "parser_timeout")];
        assert_eq!(other_engines(&decisive), others.map(|(engine, code)| (engine.to_owned(), code.to_owned())));

        let (_, end) = walk(&LIST[..2], [fault(ErrorCode::ParserRejected), not_configured(Engine::Unstructured)]);
        assert_eq!(end.fault.map(|fault| fault.code), Some(ErrorCode::ParserRejected));
        assert_eq!((end.engine, end.fallback_from), (Engine::Docling, None));
    }

    #[test]
    fn an_engine_that_is_named_twice_is_asked_once() {
        let (asked, _) = walk(&[Engine::Docling, Engine::Docling], [fault(ErrorCode::ParserRejected)]);
        assert_eq!(asked, [Engine::Docling]);
    }

    fn recorded(engine: Engine, job_id: Option<&str>) -> ExternalParse {
        let (job_id, submitted_at) = (job_id.map(str::to_owned), Utc::now());
        ExternalParse { engine, job_id, rejection: None, submitted_at, source_sha256: None }
    }

    /// Returns the engines that a walk asks if all of them fail.
    fn order(mut walk: Walk) -> Vec<Engine> {
        let mut asked = Vec::new();
        while let Some(engine) = walk.current() {
            asked.push(engine);
            walk.failed(fault(ErrorCode::ParserUnavailable));
        }
        asked
    }

    #[test]
    fn a_parse_that_is_paid_for_is_continued_first() {
        let paid = recorded(Engine::Unstructured, Some("t-1"));
        let walk = Walk::new(&options(&LIST), [&paid]);
        assert_eq!((walk.current(), walk.still_to_come()), (Some(Engine::Unstructured), 2));
        let end = walk.conclude();
        assert_eq!((end.fallback_from, end.warnings.len()), (Some(Engine::Docling), 1));
        // An engine that the job does not name any more, or a job that is parsed here, changes nothing.
        assert_eq!(Walk::new(&options(&LIST[..1]), [&paid]).current(), Some(Engine::Docling));
        let local = options(&[Engine::Pdfium, Engine::Unstructured]);
        assert_eq!(Walk::new(&local, [&paid]).current(), Some(Engine::Pdfium));
    }

    #[test]
    fn of_several_paid_parses_that_of_the_engine_asked_last_is_continued_first() {
        let [docling, unstructured] =
            [Engine::Docling, Engine::Unstructured].map(|engine| recorded(engine, Some("t-1")));
        let remote = options(&[Engine::Llamaparse, Engine::Docling, Engine::Unstructured]);
        let expected = [Engine::Unstructured, Engine::Docling, Engine::Llamaparse];
        assert_eq!(order(Walk::new(&remote, [&unstructured, &docling])), expected);
        // Whether the engine asked last has accepted anything is not known.
        let in_doubt = recorded(Engine::Unstructured, None);
        let expected = [Engine::Docling, Engine::Llamaparse, Engine::Unstructured];
        assert_eq!(order(Walk::new(&remote, [&in_doubt, &docling])), expected);
    }

    #[test]
    fn an_engine_that_rejected_the_document_is_not_asked_again_while_a_fallback_may_still_parse() {
        let mut rejected = recorded(Engine::Docling, None);
        rejected.rejection = Some("it is encrypted".to_owned());
        let mut walk = Walk::new(&options(&LIST[..2]), [&rejected]);
        assert_eq!((walk.current(), walk.still_to_come()), (Some(Engine::Unstructured), 0));
        walk.failed(fault(ErrorCode::ParserUnavailable));
        let end = walk.conclude();
        assert_eq!((end.engine, end.fallback_from), (Engine::Unstructured, Some(Engine::Docling)));
        let fault = end.fault.expect("no engine parsed");
        assert_eq!(fault.disposition(), Disposition::Retry);
        assert_eq!(other_engines(&fault), [("docling".to_owned(), "parser_rejected".to_owned())]);

        let parsed = Walk::new(&options(&LIST), [&rejected]).conclude();
        assert_eq!((parsed.engine, parsed.fallback_from), (Engine::Unstructured, Some(Engine::Docling)));
        assert!(parsed.warnings[0].message.contains("it is encrypted"), "{:?}", parsed.warnings);

        let alone = Walk::new(&options(&LIST[..1]), [&rejected]).conclude();
        assert_eq!(alone.fault.map(|fault| fault.disposition()), Some(Disposition::Bury));
    }

    #[test]
    fn the_local_engine_and_none_are_not_behind_http() {
        for (engine, remote) in [(Engine::Pdfium, None), (Engine::None, None), (Engine::Docling, Some(Engine::Docling))]
        {
            assert_eq!(Walk::new(&options(&[engine]), None).current_remote(), remote);
        }
    }
}

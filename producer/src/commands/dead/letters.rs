//! Options that say which dead letters a command is about, and what it may do to them.

use std::time::Duration;

use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
    value_parser,
};
use quire_schemas::{
    job::JobId,
    names::{DeadKind, Lane, Tenant},
};

use crate::{
    commands::{exit::WrongUsage, text::note},
    dead::{Choice, Extent},
};

/// Conditions that a letter must all meet.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct LetterArgs {
    /// Letters of these jobs
    #[arg(value_name = "JOB")]
    jobs: Vec<JobId>,
    /// Letters with this error code, such as source_denied; may be repeated
    #[arg(long = "code", value_name = "CODE")]
    codes: Vec<String>,
    /// Letters of this lane: high, normal or bulk
    #[arg(long)]
    lane: Option<Lane>,
    /// Letters of this tenant. A replay gives letters without a usable tenant to this tenant
    #[arg(long)]
    tenant: Option<Tenant>,
    /// Letters of this kind
    #[arg(long, value_parser = kinds())]
    kind: Option<DeadKind>,
    /// Letters of jobs that were first seen longer ago, such as 2h
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    older_than: Option<Duration>,
    /// Letters of jobs that were first seen less long ago
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    newer_than: Option<Duration>,
}

/// How many letters.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(super) struct LimitArg {
    /// At most so many letters
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

/// For commands that change the dead queue.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ChangeArgs {
    #[command(flatten)]
    letters: LetterArgs,
    /// Every letter, if nothing else says which
    #[arg(long)]
    all: bool,
    /// Only print what would be done
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    limit: LimitArg,
}

fn kinds() -> impl TypedValueParser<Value = DeadKind> {
    let described = DeadKind::ALL.map(|kind| PossibleValue::new(kind.as_str()).help(describe(kind)));
    PossibleValuesParser::new(described).try_map(|kind| kind.parse::<DeadKind>())
}

const fn describe(kind: DeadKind) -> &'static str {
    match kind {
        DeadKind::Failed => "Given up: the fault is permanent, or the attempts are used up",
        DeadKind::Invalid => "The message cannot be used",
        DeadKind::Crash => "Written by the broker: delivered too often without an end",
        DeadKind::Expired => "The deadline passed",
    }
}

impl LetterArgs {
    pub(super) fn choice(&self) -> Choice {
        Choice {
            jobs: self.jobs.clone(),
            codes: self.codes.clone(),
            lane: self.lane,
            tenant: self.tenant.clone(),
            kind: self.kind,
            older_than: self.older_than,
            newer_than: self.newer_than,
        }
    }
}

impl LimitArg {
    pub(super) fn get(self) -> Option<usize> {
        self.limit.map(|limit| limit as usize)
    }
}

impl ChangeArgs {
    /// Refuses to take everything for want of a condition: the command cannot be undone.
    pub(super) fn choice(&self) -> Result<Choice, WrongUsage> {
        let choice = self.letters.choice();
        if !self.all && !choice.is_made() {
            return Err(WrongUsage("say which letters: job ids, a filter such as --code, or --all".into()));
        }
        Ok(choice)
    }

    pub(super) fn limit(&self) -> Option<usize> {
        self.limit.get()
    }
}

/// Prints that there are letters that were not read.
pub(super) fn note_extent(extent: Extent) {
    if extent.is_cut_short {
        note(&format!("only the first {} dead letters were read", extent.letters_read));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_to_be_asked_for() {
        let letters = LetterArgs { lane: Some(Lane::High), ..LetterArgs::default() };
        assert!(ChangeArgs::default().choice().is_err());
        assert!(ChangeArgs { all: true, ..ChangeArgs::default() }.choice().is_ok());
        assert!(ChangeArgs { letters, ..ChangeArgs::default() }.choice().is_ok());
    }
}

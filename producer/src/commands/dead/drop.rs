//! `quire dead drop`: takes letters out of the dead queue for good.

use std::process::ExitCode;

use anyhow::Context;
use chrono::Utc;

use super::{
    pile::{Pile, Reach},
    report::{Fate, Tally},
};
use crate::{
    cli::{DeadDropArgs, Endpoints},
    commands::note,
};

pub(super) async fn run(endpoints: &Endpoints, arguments: &DeadDropArgs) -> anyhow::Result<ExitCode> {
    arguments.letters.require(arguments.all)?;
    let publisher = endpoints.publisher()?;
    let mut pile = Pile::open(&publisher, Reach::SEARCH).await?;
    let mut tally = Tally { json: arguments.json, dry_run: arguments.dry_run, ..Tally::default() };
    let outcome = drop_letters(&mut pile, arguments, &mut tally).await;
    tally.is_partial |= pile.is_cut_short();
    tally.is_unfinished = pile.is_cut_short();
    let closed = pile.close().await;
    publisher.close().await;
    tally.tell("dropped")?;
    outcome?;
    if let (Err(error), true) = (closed, tally.done > 0 && !arguments.dry_run) {
        tally.is_unfinished = true;
        note(&format!("letters that were dropped may be there still: {error:#}"));
    }
    tally.tell_missing(&arguments.letters);
    Ok(ExitCode::from(tally.exit_code(&arguments.letters)))
}

/// Told first, dropped after: once a letter is gone, what was told is all that is left of it.
async fn drop_letters(pile: &mut Pile, arguments: &DeadDropArgs, tally: &mut Tally) -> anyhow::Result<()> {
    let (now, most) = (Utc::now(), arguments.limit.map_or(usize::MAX, |limit| limit as usize));
    while tally.done < most
        && let Some(taken) = pile.take().await?
    {
        if !arguments.letters.takes(&taken.letter, now) {
            continue;
        }
        tally.tell_done(&taken.letter, "dropped", &Fate::default())?;
        if !arguments.dry_run {
            taken.receipt.take_out().await.context("the last letter told of stays")?;
        }
    }
    tally.is_partial = tally.done >= most;
    Ok(())
}

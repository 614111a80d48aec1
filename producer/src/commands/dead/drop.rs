//! `quire dead drop`: takes letters out of the dead queue for good.

use std::process::ExitCode;

use anyhow::Context;
use chrono::Utc;
use clap::Args;

use super::{
    letters::{ChangeArgs, note_extent},
    report::{Tally, Told},
};
use crate::{
    chain::chain,
    commands::{endpoints::Endpoints, text::note},
    dead::{Choice, Pile, Reach},
};

#[derive(Debug, Args)]
pub(crate) struct DeadDropArgs {
    #[command(flatten)]
    change: ChangeArgs,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(endpoints: &Endpoints, arguments: &DeadDropArgs) -> anyhow::Result<ExitCode> {
    let choice = arguments.change.choice()?;
    let publisher = endpoints.publisher()?;
    let mut pile = Pile::open(&publisher, Reach::OPERATOR).await?;
    let mut tally = Tally { json: arguments.json, dry_run: arguments.change.dry_run, ..Tally::default() };
    let outcome = drop_letters(&mut pile, &choice, arguments, &mut tally).await;
    let extent = pile.extent();
    note_extent(extent);
    tally.is_partial |= extent.is_cut_short;
    tally.is_unfinished = extent.is_cut_short;
    let closed = pile.close().await;
    publisher.close().await;
    tally.say_sum("dropped")?;
    outcome?;
    if let (Err(error), true) = (closed, tally.done > 0 && !arguments.change.dry_run) {
        tally.is_unfinished = true;
        note(&format!("letters that were dropped may still be in the dead queue: {}", chain(&error)));
    }
    tally.note_missing(&choice);
    Ok(ExitCode::from(tally.exit_code(&choice)))
}

/// Prints each letter before it drops it: of a dropped letter nothing else is left.
async fn drop_letters(
    pile: &mut Pile,
    choice: &Choice,
    arguments: &DeadDropArgs,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let (now, limit) = (Utc::now(), arguments.change.limit().unwrap_or(usize::MAX));
    while tally.done < limit
        && let Some(taken) = pile.take_chosen(|letter| choice.takes(letter, now)).await?
    {
        tally.say_done(&taken.letter, &Told::dropped())?;
        if !arguments.change.dry_run {
            taken.receipt.take_out().await.context("the letter printed last stays")?;
        }
    }
    tally.is_partial = tally.done >= limit;
    Ok(())
}

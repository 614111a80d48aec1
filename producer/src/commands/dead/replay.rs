//! `quire dead replay`: gives buried jobs another try, as a later generation.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, value_parser};

use super::{
    letters::{ChangeArgs, note_extent},
    report::{Tally, Told},
};
use crate::{
    chain::chain,
    commands::{
        endpoints::{Endpoints, read_password},
        text::note,
    },
    dead::{Assignment, Choice, Force, Rate, Replay, ReplayEnd, ReplayOrder, Revision},
};

#[derive(Debug, Args)]
pub(crate) struct DeadReplayArgs {
    #[command(flatten)]
    change: ChangeArgs,
    /// Replay no faster than this: 5/s, 30/m or 100/h
    #[arg(long)]
    rate: Option<Rate>,
    /// Give a field of the job another value, such as parse.engine=pdfium; JSON or a text; may be repeated
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<Assignment>,
    /// Leave a page out, of the parse and of the images; may be repeated
    #[arg(long = "skip-page", value_name = "N", value_parser = value_parser!(u32).range(1..))]
    skip_pages: Vec<u32>,
    /// File with the password of documents whose own was taken out, missing or wrong: its whole first line
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Replay jobs that have succeeded, too, and supersede their results
    #[arg(long)]
    force: bool,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(endpoints: &Endpoints, arguments: DeadReplayArgs) -> anyhow::Result<ExitCode> {
    let choice = arguments.change.choice()?;
    let password = read_password(arguments.password_file.as_deref()).await?;
    let order = ReplayOrder {
        choice: choice.clone(),
        revision: Revision::new(arguments.set, arguments.skip_pages, password)?,
        limit: arguments.change.limit(),
        rate: arguments.rate,
        force: if arguments.force { Force::Yes } else { Force::No },
        is_dry_run: arguments.change.dry_run,
    };
    let storage = endpoints.storage().await?;
    let (reader, publisher) = (endpoints.publisher()?, endpoints.publisher()?);
    let begun = Replay::begin(order, storage, &reader, publisher.clone()).await;
    let mut tally = Tally { json: arguments.json, dry_run: arguments.change.dry_run, ..Tally::default() };
    let replayed = match begun {
        Ok(replay) => Ok(all(replay, &mut tally).await),
        Err(error) => Err(error),
    };
    publisher.close().await;
    reader.close().await;
    let (outcome, end) = replayed?;
    finish(outcome, end, &choice, tally)
}

/// Replays letter by letter, and closes the replay whatever happens.
async fn all(mut replay: Replay, tally: &mut Tally) -> (anyhow::Result<()>, ReplayEnd) {
    let outcome = say_steps(&mut replay, tally).await;
    (outcome, replay.close().await)
}

async fn say_steps(replay: &mut Replay, tally: &mut Tally) -> anyhow::Result<()> {
    while let Some(step) = replay.next().await? {
        match step.outcome {
            Ok(replayed) => tally.say_done(&step.letter, &Told::replayed(replayed))?,
            Err(refusal) => tally.say_refused(&step.letter, &refusal)?,
        }
    }
    Ok(())
}

fn finish(outcome: anyhow::Result<()>, end: ReplayEnd, choice: &Choice, mut tally: Tally) -> anyhow::Result<ExitCode> {
    note_extent(end.extent);
    if end.is_over_memory {
        note("more jobs than fit into memory were chosen: replay again for the rest");
    }
    if end.is_out_of_time {
        note("letters cannot be held any longer: replay again for the rest");
    }
    tally.left = end.left;
    tally.is_partial = end.extent.is_cut_short;
    tally.is_unfinished = end.extent.is_cut_short || end.is_out_of_time;
    tally.say_sum("replayed")?;
    outcome?;
    if let (Err(error), true) = (&end.closed, tally.done > 0 && !tally.dry_run) {
        tally.is_unfinished = true;
        note(&format!("letters of replayed jobs may still be in the dead queue: {}", chain(error)));
    }
    tally.note_missing(choice);
    Ok(ExitCode::from(tally.exit_code(choice)))
}

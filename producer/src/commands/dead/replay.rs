//! `quire dead replay`: gives jobs that were given up another try, as a later generation.

use std::{collections::HashSet, process::ExitCode, time::Duration};

use anyhow::{Context, ensure};
use chrono::Utc;
use lapin::BasicProperties;
use quire_schemas::{job::JobId, names::Tenant, result::JobStatus};
use tokio::time::{Instant, sleep_until};

use super::{
    letter::Letter,
    pace::Pace,
    pile::{Pile, Reach, Receipt, Taken},
    report::{Fate, Tally},
    republish::{self, Force},
    revise::{Revised, Revision},
};
use crate::{
    amqp::Publisher,
    cli::{DeadReplayArgs, Endpoints},
    commands::{Storage, is_store_down, note},
};

const CONFIRM_WITHIN: Duration = Duration::from_secs(30);
/// A broker takes a message back from whoever holds it for half an hour, unless told otherwise.
const HOLD: Duration = Duration::from_secs(20 * 60);
/// Bodies wait in memory for their turn.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// A letter that was asked for, held until its turn.
struct Candidate {
    letter: Letter,
    properties: BasicProperties,
    receipt: Receipt,
    revised: Revised,
}

pub(super) async fn run(endpoints: &Endpoints, arguments: &DeadReplayArgs) -> anyhow::Result<ExitCode> {
    arguments.letters.require(arguments.all)?;
    let revision = Revision::new(&arguments.set, &arguments.skip_pages, arguments.password_file.as_deref()).await?;
    let storage = endpoints.storage().await?;
    // Two connections: one that publishes is no longer read from while the broker is short of
    // memory, and a letter that was replayed is to be taken out without delay.
    let (reader, publisher) = (endpoints.publisher()?, endpoints.publisher()?);
    let mut pile = Pile::open(&reader, Reach::SEARCH).await?;
    let mut replay = Replay {
        arguments,
        storage,
        publisher: publisher.clone(),
        pace: Pace::new(arguments.rate),
        held_until: Instant::now() + HOLD,
        replayed: HashSet::new(),
        tally: Tally { json: arguments.json, dry_run: arguments.dry_run, ..Tally::default() },
    };
    let gathered = gather(&mut pile, arguments, &revision).await;
    let is_begun = gathered.is_ok();
    let outcome = match gathered {
        Ok(candidates) => replay.all(candidates).await,
        Err(error) => Err(error),
    };
    (replay.tally.is_partial, replay.tally.is_unfinished) = (pile.is_cut_short(), pile.is_cut_short());
    let closed = pile.close().await;
    publisher.close().await;
    reader.close().await;
    if is_begun {
        replay.tally.tell("replayed")?;
    }
    replay.tally.is_unfinished |= matches!(outcome?, End::OutOfTime);
    if let (Err(error), true) = (closed, replay.tally.done > 0 && !arguments.dry_run) {
        replay.tally.is_unfinished = true;
        note(&format!("letters of jobs that were replayed may be there still: {error:#}"));
    }
    replay.tally.tell_missing(&arguments.letters);
    Ok(ExitCode::from(replay.tally.exit_code(&arguments.letters)))
}

/// Takes every letter that was asked for and makes its new body, before the first is replayed: an
/// operator's mistake is to change nothing at all.
async fn gather(pile: &mut Pile, arguments: &DeadReplayArgs, revision: &Revision) -> anyhow::Result<Vec<Candidate>> {
    let now = Utc::now();
    let (mut candidates, mut held_bytes) = (Vec::new(), 0);
    while held_bytes < MOST_BYTES
        && let Some(Taken { letter, properties, body, receipt }) = pile.take().await?
    {
        if !arguments.letters.takes(&letter, now) {
            continue;
        }
        let message_id = properties.message_id().as_ref().map(|id| id.as_str());
        let revised = revision.apply(&letter, message_id, &body, now)?;
        if let Revised::Job { body, .. } = &revised {
            held_bytes += body.len();
        }
        candidates.push(Candidate { letter, properties, receipt, revised });
    }
    if held_bytes >= MOST_BYTES {
        pile.cut_short();
        note(&format!("more than {} jobs are too much at once: replay again for the rest", candidates.len()));
    }
    Ok(candidates)
}

struct Replay<'a> {
    arguments: &'a DeadReplayArgs,
    storage: Storage,
    publisher: Publisher,
    pace: Pace,
    held_until: Instant,
    replayed: HashSet<(Tenant, JobId)>,
    tally: Tally,
}

/// How far it got.
enum End {
    Complete,
    /// The letters have been held for as long as they may be.
    OutOfTime,
}

/// A job that may be replayed.
struct Ready {
    job_id: JobId,
    body: Vec<u8>,
    changes: Vec<String>,
    generation: u32,
}

impl Replay<'_> {
    async fn all(&mut self, candidates: Vec<Candidate>) -> anyhow::Result<End> {
        let count = candidates.len();
        for (index, candidate) in candidates.into_iter().enumerate() {
            self.tally.left = count - index;
            if self.arguments.limit.is_some_and(|limit| self.tally.done == limit as usize) {
                return Ok(End::Complete);
            }
            // Before storage is asked: what it says is to be fresh when the job is published.
            let turn = self.pace.next_turn(Instant::now());
            if turn >= self.held_until {
                note("letters cannot be held any longer: replay again for the rest");
                return Ok(End::OutOfTime);
            }
            sleep_until(turn).await;
            self.one(candidate).await?;
            self.tally.left -= 1;
        }
        Ok(End::Complete)
    }

    async fn one(&mut self, candidate: Candidate) -> anyhow::Result<()> {
        let Candidate { letter, properties, receipt, revised } = candidate;
        let ready = match self.decide(&letter, revised).await? {
            Ok(ready) => ready,
            Err(why) => return self.tally.tell_refused(&letter, why),
        };
        let fate = Fate { generation: Some(ready.generation), changes: ready.changes.clone() };
        if self.arguments.dry_run {
            return self.tally.tell_done(&letter, "replayed", &fate);
        }
        self.pace.take_turn(Instant::now());
        self.publish(&letter, &properties, &receipt, ready).await?;
        let out = receipt.take_out().await;
        self.tally.tell_done(&letter, "replayed", &fate)?;
        out.context("a job was replayed, but its letter stays")
    }

    /// Returns what is to be published, or why the letter stays where it is.
    async fn decide(&self, letter: &Letter, revised: Revised) -> anyhow::Result<Result<Ready, String>> {
        let refused = |why: &str| Ok(Err(why.to_owned()));
        let (job_id, body, changes) = match revised {
            Revised::Job { job_id, body, changes } => (job_id, body, changes),
            Revised::Refused(why) => return Ok(Err(why)),
        };
        let tenant = letter.tenant_or_default();
        if self.replayed.contains(&(tenant.clone(), job_id)) {
            return refused("another letter of this job was replayed just now");
        }
        let stored = match self.storage.result(&tenant, &job_id).await {
            Ok(stored) => stored.map(|stored| (stored.result.status, stored.result.generation)),
            Err(error) if is_store_down(&error) => return Err(error.context(format!("job {job_id}"))),
            Err(error) => return refused(&format!("its result cannot be read: {error:#}")),
        };
        if matches!(stored, Some((JobStatus::Succeeded, _))) && !self.arguments.force {
            return refused("it has succeeded: only --force lets a replay supersede that");
        }
        let open = self.storage.open_generation(&tenant, &job_id).await.with_context(|| format!("job {job_id}"))?;
        let stored_generation = stored.map_or(0, |(_, generation)| generation);
        let generation = letter.generation.max(stored_generation).max(open.unwrap_or_default()).saturating_add(1);
        Ok(Ok(Ready { job_id, body, changes, generation }))
    }

    /// Publishes the job. After it returns the broker has the job safe, and only then may the
    /// letter go: a crash in between leaves both, which does the work once.
    async fn publish(
        &mut self,
        letter: &Letter,
        properties: &BasicProperties,
        receipt: &Receipt,
        ready: Ready,
    ) -> anyhow::Result<()> {
        ensure!(receipt.is_ours(), "the connection is lost, and the letters have gone back to the dead queue");
        let Ready { job_id, body, generation, .. } = ready;
        let not_replayed = || format!("job {job_id} is not replayed, and its letter stays");
        let tenant = letter.tenant_or_default();
        let marker = self.storage.keys(&tenant, &job_id).cancel();
        self.storage.store.delete(&marker).await.with_context(not_replayed)?;
        let force = if self.arguments.force { Force::Yes } else { Force::No };
        let message = republish::message(letter, properties, body, generation, force, Utc::now());
        self.publisher.publish(&message, CONFIRM_WITHIN).await.with_context(not_replayed)?;
        self.replayed.insert((tenant, job_id));
        Ok(())
    }
}

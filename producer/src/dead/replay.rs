//! Gives buried jobs another try, as a later generation.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    time::Duration,
};

use chrono::Utc;
use lapin::BasicProperties;
use quire_schemas::{
    job::JobId,
    names::Tenant,
    precedence::{Standing, stays},
};
use tokio::time::{Instant, sleep_until};

use super::{
    choice::Choice,
    letter::Letter,
    pile::{Extent, LetterReceipt, Pile, PileError, Reach, Taken},
    rate::{Rate, ReplayPace},
    refusal::Refusal,
    republish::{Force, Republication},
    revise::{Revised, RevisedJob, Revision, WrongChange},
};
use crate::{
    amqp::{PublishError, Publisher},
    storage::{Storage, StorageError},
    store::StoreError,
};

const CONFIRM_WITHIN: Duration = Duration::from_secs(30);
/// A broker takes unacknowledged messages back after half an hour, unless it is configured otherwise.
const HOLD_LETTERS_FOR: Duration = Duration::from_secs(20 * 60);
/// Bodies wait in memory for their turn.
const MAX_HELD_BYTES: usize = 256 * 1024 * 1024;

/// Which letters to replay, and how.
#[derive(Debug)]
pub struct ReplayOrder {
    /// Its tenant also becomes that of jobs whose key names no usable one.
    pub choice: Choice,
    pub revision: Revision,
    /// Replays at most so many.
    pub limit: Option<usize>,
    pub rate: Option<Rate>,
    pub force: Force,
    /// Decides about every letter and changes nothing.
    pub is_dry_run: bool,
}

/// A replay under way: it holds every chosen letter until its turn.
pub struct Replay {
    order: ReplayOrder,
    storage: Storage,
    publisher: Publisher,
    pile: Pile,
    candidates: VecDeque<Candidate>,
    is_over_memory: bool,
    is_out_of_time: bool,
    pace: ReplayPace,
    hold_until: Instant,
    done: usize,
    /// Whether the last step ended in an error, so that its letter had no turn to the end.
    is_step_unfinished: bool,
    replayed: HashSet<(Tenant, JobId)>,
    /// Returned by the next call, after the step in which it happened.
    failure: Option<ReplayError>,
}

/// A chosen letter, held until its turn.
struct Candidate {
    letter: Letter,
    properties: BasicProperties,
    receipt: LetterReceipt,
    revised: Revised,
}

/// What became of one letter.
#[derive(Debug)]
pub struct ReplayStep {
    pub letter: Letter,
    pub outcome: Result<Replayed, Refusal>,
}

/// A job that was published again, or would be by a run that is not dry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    pub generation: u32,
    /// Differences from the old message, in words.
    pub changes: Vec<String>,
}

/// How far a replay got.
#[derive(Debug)]
pub struct ReplayEnd {
    pub extent: Extent,
    /// Chosen letters that had no turn.
    pub left: usize,
    /// Whether the letters were held for as long as they may be.
    pub is_out_of_time: bool,
    /// Whether more letters were chosen than memory has room for.
    pub is_over_memory: bool,
    /// If this failed, letters of replayed jobs may still be in the dead queue.
    pub closed: Result<(), PileError>,
}

/// Why a replay ends before its last letter.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("cannot read the dead letters")]
    Pile(#[from] PileError),
    /// Nothing was replayed.
    #[error("the changes are wrong")]
    Change(#[from] WrongChange),
    #[error("job {job}")]
    Result {
        job: JobId,
        #[source]
        cause: StorageError,
    },
    #[error("job {job}: cannot read its state")]
    State {
        job: JobId,
        #[source]
        cause: StoreError,
    },
    #[error("job {job} is not replayed, and its letter stays: cannot delete its cancel marker")]
    Marker {
        job: JobId,
        #[source]
        cause: StoreError,
    },
    #[error("job {job} is not replayed, and its letter stays")]
    Publish {
        job: JobId,
        #[source]
        cause: PublishError,
    },
    #[error("the connection is lost, so every letter that was not replayed is back in the dead queue")]
    LettersLost,
    /// Replaying the letter again is refused if the job succeeds, and else does the work twice.
    #[error("a job was replayed, but its letter stays")]
    LetterStays(#[source] PileError),
}

/// A job that may be published.
struct ReadyJob {
    job: RevisedJob,
    tenant: Tenant,
    generation: u32,
}

/// Bodies of letters hold secrets.
impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("order", &self.order).field("done", &self.done).finish_non_exhaustive()
    }
}

impl Replay {
    /// Takes every chosen letter and makes its new body, before the first is replayed: wrong changes are to
    /// change nothing at all.
    ///
    /// Needs two connections: the broker does not read from one that publishes while it is short of memory,
    /// and the letter of a replayed job is to be taken out without delay.
    pub async fn begin(
        order: ReplayOrder,
        storage: Storage,
        reader: &Publisher,
        publisher: Publisher,
    ) -> Result<Self, ReplayError> {
        let mut pile = Pile::open(reader, Reach::OPERATOR).await?;
        let hold_until = Instant::now() + HOLD_LETTERS_FOR;
        let (candidates, is_over_memory) = match gather(&mut pile, &order).await {
            Ok(gathered) => gathered,
            Err(error) => {
                pile.put_back().await;
                return Err(error);
            }
        };
        Ok(Self {
            pace: ReplayPace::new(order.rate),
            order,
            storage,
            publisher,
            pile,
            candidates,
            is_over_memory,
            is_out_of_time: false,
            hold_until,
            done: 0,
            is_step_unfinished: false,
            replayed: HashSet::new(),
            failure: None,
        })
    }

    /// Waits for the next letter's turn and replays it; `None` after the last one. Call it no more after an
    /// error.
    pub async fn next(&mut self) -> Result<Option<ReplayStep>, ReplayError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        if self.candidates.is_empty() || self.order.limit.is_some_and(|limit| self.done >= limit) {
            return Ok(None);
        }
        let turn = self.pace.next_turn(Instant::now());
        if turn >= self.hold_until {
            self.is_out_of_time = true;
            return Ok(None);
        }
        // Storage is asked after the pause, so that its answer is fresh when the job is published.
        sleep_until(turn).await;
        let Some(candidate) = self.candidates.pop_front() else { return Ok(None) };
        self.is_step_unfinished = true;
        let step = self.one(candidate).await?;
        self.is_step_unfinished = false;
        Ok(Some(step))
    }

    /// Puts back every letter that was not replayed.
    pub async fn close(self) -> ReplayEnd {
        ReplayEnd {
            extent: self.pile.extent(),
            left: self.candidates.len() + usize::from(self.is_step_unfinished),
            is_out_of_time: self.is_out_of_time,
            is_over_memory: self.is_over_memory,
            closed: self.pile.close().await,
        }
    }

    async fn one(&mut self, candidate: Candidate) -> Result<ReplayStep, ReplayError> {
        let Candidate { letter, properties, receipt, revised } = candidate;
        let ready = match self.decide(&letter, revised).await? {
            Ok(ready) => ready,
            Err(refusal) => return Ok(ReplayStep { letter, outcome: Err(refusal) }),
        };
        let replayed = Replayed { generation: ready.generation, changes: ready.job.changes.clone() };
        if !self.order.is_dry_run {
            self.pace.take_turn(Instant::now());
            self.publish(&letter, &properties, &receipt, ready).await?;
            // Returned by the next call: this step has published the job.
            self.failure = receipt.take_out().await.err().map(ReplayError::LetterStays);
        }
        self.done += 1;
        Ok(ReplayStep { letter, outcome: Ok(replayed) })
    }

    /// Decides whether the job of a letter is published, and as which generation.
    async fn decide(&self, letter: &Letter, revised: Revised) -> Result<Result<ReadyJob, Refusal>, ReplayError> {
        let mut job = match revised {
            Revised::Job(job) => job,
            Revised::Refused(refusal) => return Ok(Err(refusal)),
        };
        let job_id = job.job_id;
        let Some(tenant) = letter.replay_tenant(self.order.choice.tenant.as_ref()) else {
            let routing_key = letter.unusable_key.clone().unwrap_or_default();
            return Ok(Err(Refusal::NoTenant { routing_key }));
        };
        if letter.unusable_key.is_some() {
            job.changes.push(format!("under tenant {tenant}"));
        }
        if self.replayed.contains(&(tenant.clone(), job_id)) {
            return Ok(Err(Refusal::ReplayedJustNow));
        }
        let stored = match self.storage.result(&tenant, &job_id).await {
            Ok(stored) => stored.map(|stored| stored.result),
            Err(error) if error.is_about_one_object() => return Ok(Err(Refusal::UnreadableResult(error))),
            Err(cause) => return Err(ReplayError::Result { job: job_id, cause }),
        };
        let open = self.storage.open_generation(&tenant, &job_id).await;
        let open = open.map_err(|cause| ReplayError::State { job: job_id, cause })?;
        let generation = next_generation(letter.generation, [stored.as_ref().map(|result| result.generation), open]);
        let is_forced = self.order.force == Force::Yes;
        let least = Standing::least(generation, Some(job.request_sha256));
        if let Some(result) = stored.filter(|result| stays(&Standing::of(result), &least, is_forced)) {
            return Ok(Err(Refusal::ResultStays(result.status)));
        }
        Ok(Ok(ReadyJob { job, tenant, generation }))
    }

    /// Publishes the job. The letter may go only after the broker's confirm: a crash in between leaves both,
    /// which does the work once.
    async fn publish(
        &mut self,
        letter: &Letter,
        properties: &BasicProperties,
        receipt: &LetterReceipt,
        ready: ReadyJob,
    ) -> Result<(), ReplayError> {
        if !receipt.is_held() {
            return Err(ReplayError::LettersLost);
        }
        let ReadyJob { job: RevisedJob { job_id, body, .. }, tenant, generation } = ready;
        let marker = self.storage.keys(&tenant, &job_id).cancel();
        let unmarked = self.storage.store().delete(&marker).await;
        unmarked.map_err(|cause| ReplayError::Marker { job: job_id, cause })?;
        let republication = Republication { letter, properties, tenant: &tenant, generation, force: self.order.force };
        let message = republication.message(body, Utc::now());
        let published = self.publisher.publish(&message, CONFIRM_WITHIN).await;
        published.map_err(|cause| ReplayError::Publish { job: job_id, cause })?;
        self.replayed.insert((tenant, job_id));
        Ok(())
    }
}

/// Returns a generation after that of the letter and those that storage knows of.
fn next_generation(of_letter: u32, in_storage: [Option<u32>; 2]) -> u32 {
    in_storage.into_iter().flatten().fold(of_letter, u32::max).saturating_add(1)
}

/// Returns the chosen letters, and whether memory had no room for all of them.
async fn gather(pile: &mut Pile, order: &ReplayOrder) -> Result<(VecDeque<Candidate>, bool), ReplayError> {
    let now = Utc::now();
    let (mut candidates, mut held_bytes) = (VecDeque::new(), 0);
    while held_bytes < MAX_HELD_BYTES
        && let Some(taken) = pile.take_chosen(|letter| order.choice.takes_for_replay(letter, now)).await?
    {
        let Taken { letter, properties, body, receipt } = taken;
        let message_id = properties.message_id().as_ref().map(|id| id.as_str());
        let revised = order.revision.apply(&letter, message_id, &body, now)?;
        if let Revised::Job(job) = &revised {
            held_bytes += job.body.len();
        }
        candidates.push_back(Candidate { letter, properties, receipt, revised });
    }
    let is_over_memory = held_bytes >= MAX_HELD_BYTES;
    if is_over_memory {
        pile.cut_short();
    }
    Ok((candidates, is_over_memory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_is_of_a_later_generation_than_everything_that_is_known_of_the_job() {
        assert_eq!(next_generation(0, [None, None]), 1);
        assert_eq!(next_generation(1, [Some(3), Some(2)]), 4);
        assert_eq!(next_generation(1, [None, Some(5)]), 6);
        assert_eq!(next_generation(7, [Some(3), None]), 8);
    }
}

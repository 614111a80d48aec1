//! Waits until jobs have ended, as told by their events, by results in storage, or by dead letters.
//! Events alone are not enough: a lost one is not repeated.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use quire_schemas::{event::Event, job::JobId, names::Tenant};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{
    amqp::Publisher,
    chain::chain,
    dead::{self, Burial, PileError},
    follow::{FollowError, Follower},
    pause::Pause,
    storage::{Storage, StorageError},
    summary::{JobEnd, Summary},
};

const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// How many results are looked for at each poll; other jobs have their turn at a later one.
const POLLED_AT_ONCE: usize = 16;
/// A job whose last event is more recent is alive, so that dead letters need not be read.
const SILENCE: Duration = Duration::from_secs(5);
/// Reading dead letters counts as a delivery of each, so a long wait reads them ever less often.
const LETTER_PAUSE: Pause = Pause::between(Duration::from_secs(5), Duration::from_secs(60));

/// Waits for jobs of one tenant. Receives events published after it subscribed, so subscribe before
/// publishing the jobs.
#[derive(Debug)]
pub struct Waiting {
    follower: Follower,
    lookup: Lookup,
}

/// Hears about jobs while they are waited for.
pub trait Observer {
    /// One of the jobs has announced something.
    fn event(&mut self, _event: &Event) {}
    /// One of the jobs has ended.
    fn ended(&mut self, _job: &JobId, _end: &JobEnd) {}
    /// Storage is unavailable, and the wait goes on. Told once for each outage.
    fn storage_unavailable(&mut self, _error: &StorageError) {}
}

/// Hears nothing.
impl Observer for () {}

/// Why the end of a job cannot be waited for.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    #[error("cannot follow the events of the jobs")]
    Follow(#[from] FollowError),
    /// The worker writes to another place, where no result would ever be found.
    #[error("the result of job {job} is at {uri}, not at {expected}: give the worker's bucket and prefix")]
    Elsewhere { job: JobId, uri: String, expected: String },
    /// Storage refuses, or the result is unusable. An outage of storage does not end the wait.
    #[error("job {job}")]
    Storage {
        job: JobId,
        #[source]
        cause: StorageError,
    },
}

/// Where the end of a job is looked for.
#[derive(Debug, Clone)]
struct Lookup {
    storage: Storage,
    tenant: Tenant,
    /// Not the connection that publishes: the broker blocks that one when it is short of memory.
    publisher: Publisher,
    /// A dead letter that was published before is of an earlier job with the same id.
    published_since: DateTime<Utc>,
}

struct OpenJob {
    last_event: Instant,
    is_checked: bool,
    has_letter: bool,
}

enum Checked {
    Result(JobId, Result<Option<JobEnd>, StorageError>),
    Letters(Result<HashMap<JobId, Burial>, PileError>),
}

/// Jobs that have not ended, those that have, and the checks that are under way.
struct Watchlist<'a> {
    lookup: Lookup,
    open: HashMap<JobId, OpenJob>,
    turns: VecDeque<JobId>,
    ended: HashMap<JobId, JobEnd>,
    checks: FuturesUnordered<BoxFuture<'static, Checked>>,
    /// When dead letters are read again; `None` while they are being read.
    next_letters: Option<Instant>,
    letter_pause: Pause,
    observer: &'a mut (dyn Observer + Send),
    /// `None` until storage has answered, or refused, for the first time.
    is_storage_down: Option<bool>,
}

impl Waiting {
    /// `publisher` must not be the one that publishes the jobs. `published_since` is the earliest time at
    /// which one of the jobs may have been published.
    pub async fn subscribe(
        storage: Storage,
        publisher: Publisher,
        tenant: &Tenant,
        published_since: DateTime<Utc>,
    ) -> Result<Self, FollowError> {
        let binding_key = format!("job.*.{tenant}");
        let follower = Follower::subscribe(&publisher, &[binding_key.as_str()]).await?;
        Ok(Self { follower, lookup: Lookup { storage, tenant: tenant.clone(), publisher, published_since } })
    }

    /// Returns how each job ended, when all have. Closes the publisher.
    pub async fn until_ended(
        self,
        jobs: &[JobId],
        observer: &mut (dyn Observer + Send),
    ) -> Result<HashMap<JobId, JobEnd>, WaitError> {
        let Self { mut follower, lookup } = self;
        let publisher = lookup.publisher.clone();
        let mut watchlist = Watchlist::new(lookup, jobs, observer);
        let mut is_following = true;
        let mut poll = interval(POLL_INTERVAL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !watchlist.open.is_empty() {
            // Each of the three is cancel safe: what it did not yield is still there next time.
            tokio::select! {
                event = follower.next(), if is_following => match event {
                    Some(event) => watchlist.hear(&event)?,
                    None => is_following = false,
                },
                Some(checked) = watchlist.checks.next(), if !watchlist.checks.is_empty() => watchlist.learn(checked)?,
                _ = poll.tick() => watchlist.check(),
            }
        }
        publisher.close().await;
        Ok(watchlist.ended)
    }
}

impl Lookup {
    /// Looks for a job's result. If there is none, `letter` is the end of the job: the caller found it
    /// before, and a worker writes the letter before the result.
    async fn result(self, job: JobId, letter: Option<Burial>) -> Checked {
        let end = self.storage.result(&self.tenant, &job).await.map(|stored| match stored {
            Some(stored) => Some(JobEnd::Result(Summary::of(&stored.result, &stored.uri))),
            None => letter.map(JobEnd::Dead),
        });
        Checked::Result(job, end)
    }

    async fn letters(self, jobs: Vec<JobId>) -> Checked {
        let published_since = jobs.into_iter().map(|job| (job, self.published_since)).collect();
        Checked::Letters(dead::find(&self.publisher, &published_since).await)
    }
}

impl<'a> Watchlist<'a> {
    fn new(lookup: Lookup, jobs: &[JobId], observer: &'a mut (dyn Observer + Send)) -> Self {
        let now = Instant::now();
        let open = |job: &JobId| (*job, OpenJob { last_event: now, is_checked: false, has_letter: false });
        let mut letter_pause = LETTER_PAUSE;
        Self {
            lookup,
            open: jobs.iter().map(open).collect(),
            turns: jobs.iter().copied().collect(),
            ended: HashMap::new(),
            checks: FuturesUnordered::new(),
            next_letters: Some(now + letter_pause.next_pause()),
            letter_pause,
            observer,
            is_storage_down: None,
        }
    }

    fn hear(&mut self, event: &Event) -> Result<(), WaitError> {
        let Some(subject) = event.subject() else { return Ok(()) };
        let Some(job) = self.open.get_mut(&subject.job_id) else { return Ok(()) };
        job.last_event = Instant::now();
        self.observer.event(event);
        if let Event::Finished { result, .. } = event {
            if let Some(location) = result {
                self.expect_at(subject.job_id, &location.uri)?;
            }
            self.ask_storage(subject.job_id, None);
        }
        Ok(())
    }

    fn expect_at(&self, job: JobId, uri: &str) -> Result<(), WaitError> {
        let expected = self.lookup.storage.result_uri(&self.lookup.tenant, &job);
        if uri == expected { Ok(()) } else { Err(WaitError::Elsewhere { job, uri: uri.to_owned(), expected }) }
    }

    /// Looks for the results of some of the open jobs, and for dead letters if a job is silent.
    fn check(&mut self) {
        for _ in 0..POLLED_AT_ONCE.min(self.turns.len()) {
            let Some(job) = self.turns.pop_front() else { return };
            if self.open.contains_key(&job) {
                self.turns.push_back(job);
                self.ask_storage(job, None);
            }
        }
        let now = Instant::now();
        let is_one_silent = self.open.values().any(|job| now.duration_since(job.last_event) >= SILENCE);
        if is_one_silent && self.next_letters.is_some_and(|next| now >= next) {
            self.next_letters = None;
            self.checks.push(self.lookup.clone().letters(self.open.keys().copied().collect()).boxed());
        }
    }

    fn ask_storage(&mut self, job: JobId, letter: Option<Burial>) {
        let Some(open) = self.open.get_mut(&job) else { return };
        if !open.is_checked {
            open.is_checked = true;
            self.checks.push(self.lookup.clone().result(job, letter).boxed());
        }
    }

    fn learn(&mut self, checked: Checked) -> Result<(), WaitError> {
        match checked {
            Checked::Result(job, end) => self.learn_end(job, end),
            Checked::Letters(letters) => {
                self.next_letters = Some(Instant::now() + self.letter_pause.next_pause());
                match letters {
                    Ok(letters) => self.learn_letters(letters),
                    Err(error) => {
                        tracing::warn!(error = chain(&error), "cannot read the dead letters; trying again later")
                    }
                }
                Ok(())
            }
        }
    }

    fn learn_end(&mut self, job: JobId, end: Result<Option<JobEnd>, StorageError>) -> Result<(), WaitError> {
        if let Some(open) = self.open.get_mut(&job) {
            open.is_checked = false;
        }
        match end {
            Ok(Some(end)) => {
                self.open.remove(&job);
                self.observer.ended(&job, &end);
                self.ended.insert(job, end);
            }
            Ok(None) => self.is_storage_down = Some(false),
            // Credentials that were never there do not come by waiting.
            Err(error) if error.is_outage() && !(error.is_without_credentials() && self.is_storage_down.is_none()) => {
                if self.is_storage_down != Some(true) {
                    self.observer.storage_unavailable(&error);
                }
                self.is_storage_down = Some(true);
            }
            Err(cause) => return Err(WaitError::Storage { job, cause }),
        }
        Ok(())
    }

    /// A worker that buries a job writes its letter, then its result; if the next reading still finds the
    /// letter and no result, the worker died in between. The broker's own letters have no result.
    fn learn_letters(&mut self, letters: HashMap<JobId, Burial>) {
        for (job, letter) in letters {
            let Some(open) = self.open.get_mut(&job) else { continue };
            let is_final = letter.is_crash() || open.has_letter;
            open.has_letter = true;
            if is_final {
                self.ask_storage(job, Some(letter));
            }
        }
    }
}

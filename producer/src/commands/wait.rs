//! Waits until published jobs have ended: told by their events, by their results in storage, or
//! by letters in the dead queue. Events alone would not do: one that is lost is not repeated.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use quire_schemas::{event::Event, job::JobId, names::Tenant};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{
    Storage,
    dead::{self, DeadLetter},
    note,
    progress::Bars,
    summary::{End, Summary},
};
use crate::{amqp::Publisher, cli::Endpoints, follow::Follower, store::StoreError};

const POLL: Duration = Duration::from_secs(2);
/// How many jobs are asked for in storage at each poll; the others have their turn at a later one.
const POLLED_AT_ONCE: usize = 16;
/// A job that was heard of more recently is alive.
const SILENCE: Duration = Duration::from_secs(5);
/// Looking at dead letters counts as a delivery of each, so a long wait looks ever less often.
const FIRST_LOOK_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_LOOK_PAUSE: Duration = Duration::from_secs(60);

/// Hears events of one tenant from the moment it subscribed, so that it is to be made before what
/// ends the jobs is published.
pub(crate) struct Waiting {
    follower: Follower,
    place: Place,
}

/// Where the end of a job is to be found.
#[derive(Clone)]
struct Place {
    storage: Storage,
    tenant: Tenant,
    /// Not the connection that publishes: the broker blocks that one when it is short of memory.
    publisher: Publisher,
    /// A dead letter of a job that was published before is an older one.
    published_since: DateTime<Utc>,
}

struct OpenJob {
    heard: Instant,
    is_checked: bool,
    has_letter: bool,
}

enum Finding {
    Result(JobId, anyhow::Result<Option<End>>),
    Letters(anyhow::Result<HashMap<JobId, DeadLetter>>),
}

/// The jobs that have not ended, those that have, and what is being found out.
struct Watchlist {
    place: Place,
    open: HashMap<JobId, OpenJob>,
    turns: VecDeque<JobId>,
    ended: HashMap<JobId, End>,
    checks: FuturesUnordered<BoxFuture<'static, Finding>>,
    next_look: Option<Instant>,
    look_pause: Duration,
    bars: Bars,
    is_storage_down: bool,
}

impl Waiting {
    /// `published_since` is when the first of the jobs may have been published.
    pub(crate) async fn subscribe(
        endpoints: &Endpoints,
        tenant: &Tenant,
        published_since: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let storage = endpoints.storage().await?;
        let publisher = endpoints.publisher()?;
        let binding_key = format!("job.*.{tenant}");
        let follower = Follower::subscribe(&publisher, &[binding_key.as_str()]).await?;
        Ok(Self { follower, place: Place { storage, tenant: tenant.clone(), publisher, published_since } })
    }

    /// Returns how each job ended.
    pub(crate) async fn until_ended(self, jobs: &[JobId]) -> anyhow::Result<HashMap<JobId, End>> {
        let Self { mut follower, place } = self;
        let publisher = place.publisher.clone();
        let mut watchlist = Watchlist::new(place, jobs);
        let mut is_following = true;
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !watchlist.open.is_empty() {
            // Each of the three is cancel safe: what it did not yield is still there next time.
            tokio::select! {
                event = follower.next(), if is_following => match event {
                    Some(event) => watchlist.hear(&event)?,
                    None => is_following = false,
                },
                Some(finding) = watchlist.checks.next(), if !watchlist.checks.is_empty() => watchlist.learn(finding)?,
                _ = poll.tick() => watchlist.check(),
            }
        }
        publisher.close().await;
        Ok(watchlist.ended)
    }
}

impl Place {
    /// Looks for a job's result. Where there is none, the letter that was found before decides:
    /// storage is asked after the dead queue, because a worker writes the letter first.
    async fn result(self, job: JobId, letter: Option<DeadLetter>) -> Finding {
        let found = self.storage.result(&self.tenant, &job).await.with_context(|| format!("job {job}"));
        let end = found.map(|stored| match stored {
            Some(stored) => Some(End::Result(Summary::of(&stored.result, &stored.uri))),
            None => letter.map(End::Dead),
        });
        Finding::Result(job, end)
    }

    async fn letters(self, jobs: Vec<JobId>) -> Finding {
        let published_since = jobs.into_iter().map(|job| (job, self.published_since)).collect();
        Finding::Letters(dead::find(&self.publisher, &published_since).await)
    }
}

impl Watchlist {
    fn new(place: Place, jobs: &[JobId]) -> Self {
        let now = Instant::now();
        let open = |job: &JobId| (*job, OpenJob { heard: now, is_checked: false, has_letter: false });
        Self {
            place,
            open: jobs.iter().map(open).collect(),
            turns: jobs.iter().copied().collect(),
            ended: HashMap::new(),
            checks: FuturesUnordered::new(),
            next_look: Some(now + FIRST_LOOK_PAUSE),
            look_pause: FIRST_LOOK_PAUSE,
            bars: Bars::new(),
            is_storage_down: false,
        }
    }

    fn hear(&mut self, event: &Event) -> anyhow::Result<()> {
        let Some(subject) = event.subject() else { return Ok(()) };
        let Some(job) = self.open.get_mut(&subject.job_id) else { return Ok(()) };
        job.heard = Instant::now();
        self.bars.show(event);
        if let Event::Finished { result, .. } = event {
            if let Some(location) = result {
                self.expect_at(&subject.job_id, &location.uri)?;
            }
            self.ask_storage(subject.job_id, None);
        }
        Ok(())
    }

    /// With another bucket or prefix than the worker's, waiting would have no end.
    fn expect_at(&self, job: &JobId, uri: &str) -> anyhow::Result<()> {
        let storage = &self.place.storage;
        let expected = storage.store.uri(&storage.keys(&self.place.tenant, job).result());
        if uri != expected {
            bail!("the result of job {job} is at {uri}, not at {expected}: see --s3-bucket and --s3-prefix");
        }
        Ok(())
    }

    /// Asks about some of the jobs that have not ended, and about the dead if some are silent.
    fn check(&mut self) {
        for _ in 0..POLLED_AT_ONCE.min(self.turns.len()) {
            let Some(job) = self.turns.pop_front() else { return };
            if self.open.contains_key(&job) {
                self.turns.push_back(job);
                self.ask_storage(job, None);
            }
        }
        let now = Instant::now();
        let silent = self.open.values().any(|job| now.duration_since(job.heard) >= SILENCE);
        if silent && self.next_look.is_some_and(|next| now >= next) {
            self.next_look = None;
            self.checks.push(self.place.clone().letters(self.open.keys().copied().collect()).boxed());
        }
    }

    fn ask_storage(&mut self, job: JobId, letter: Option<DeadLetter>) {
        let Some(open) = self.open.get_mut(&job) else { return };
        if !open.is_checked {
            open.is_checked = true;
            self.checks.push(self.place.clone().result(job, letter).boxed());
        }
    }

    fn learn(&mut self, finding: Finding) -> anyhow::Result<()> {
        match finding {
            Finding::Result(job, end) => self.learn_end(job, end),
            Finding::Letters(letters) => {
                self.look_pause = (self.look_pause * 2).min(LONGEST_LOOK_PAUSE);
                self.next_look = Some(Instant::now() + self.look_pause);
                match letters {
                    Ok(letters) => self.learn_letters(letters),
                    Err(error) => tracing::warn!(error = format!("{error:#}"), "cannot look into the dead queue"),
                }
                Ok(())
            }
        }
    }

    fn learn_end(&mut self, job: JobId, end: anyhow::Result<Option<End>>) -> anyhow::Result<()> {
        if let Some(open) = self.open.get_mut(&job) {
            open.is_checked = false;
        }
        match end {
            Ok(Some(end)) => {
                self.open.remove(&job);
                self.bars.remove(&job);
                self.ended.insert(job, end);
            }
            Ok(None) => self.is_storage_down = false,
            Err(error) if matches!(error.downcast_ref::<StoreError>(), Some(StoreError::Unavailable { .. })) => {
                if !self.is_storage_down {
                    note(&format!("still waiting: {error:#}"));
                }
                self.is_storage_down = true;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// A worker that buries a job writes its letter, then its result; only if there is still none
    /// at the next look has it died in between. A letter of the broker's own is never followed by
    /// a result.
    fn learn_letters(&mut self, letters: HashMap<JobId, DeadLetter>) {
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

//! Whether a job that is delivered is still to be run, and with what earlier runs have left in storage.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use quire_schemas::{
    failure::ErrorCode,
    keys::JobKeys,
    precedence::{Standing, stays},
    result::Phase,
    state::JobState,
};
use tokio::time::sleep;

use super::{
    delivered::{Delivered, Ending, JobRules},
    message::Message,
};
use crate::{
    job::{Budget, Deadline, Fault, LetterWritten, next_run},
    pipeline::{self, Context, Identity, Marker, Run, StateKeeper, existing::Existing},
};

/// Unsettled deliveries after which a message is given up, before the broker's own limit drops it without a result.
const MOST_DELIVERIES: i64 = 10;
/// Unsettled deliveries after which it is checked whether the job itself ended its workers.
const SUSPICIOUS_DELIVERIES: i64 = 5;
/// How long a worker that lost its session may take to note that its run ended in order.
const FENCED_RUN_NOTES_WITHIN: Duration = Duration::from_secs(1);

/// What earlier runs have left for the next one.
#[derive(Debug)]
pub(super) struct Previous {
    /// Keys that lie under the job.
    existing: Vec<String>,
    /// The state that the run begins with; `None` for a first run.
    state: Option<JobState>,
    /// The generation that the job gets, if that of its message is over.
    raised_to: Option<u32>,
}

impl Previous {
    pub(super) const fn raised_to(&self) -> Option<u32> {
        self.raised_to
    }

    /// Says whether the run may kill its worker, and must run alone.
    pub(super) fn is_dangerous(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.alone)
    }
}

/// Admits deliveries.
#[derive(Debug)]
pub(super) struct Admission {
    pub(super) context: Arc<Context>,
    pub(super) rules: JobRules,
}

impl Admission {
    /// Looks for what earlier deliveries left, and whether the job is still wanted.
    ///
    /// # Errors
    /// The ending of a job that is not to be run.
    pub(super) async fn admit<R>(&self, delivered: &Delivered<R>) -> Result<Previous, Ending> {
        let keys = &delivered.identity.keys;
        let existing = self.context.store.list(keys.folder(), Phase::Admission).await?;
        if existing.contains(&keys.result())
            && let Some(found) = self.context.stored_results().find(keys, Phase::Admission).await?
            && let Some(ending) = self.superseded_by(delivered, &found).await
        {
            return Err(ending);
        }
        let state = if existing.contains(&keys.state()) { self.last_state(delivered).await? } else { None };
        let raised_to = state.as_ref().and_then(|state| generation_after(state, delivered, self.rules.max_age));
        if raised_to.is_none()
            && let Some(ending) = not_wanted(delivered, &existing, state.as_ref())
        {
            return Err(ending);
        }
        let generation = raised_to.unwrap_or(delivered.identity.generation);
        let is_first = is_first_delivery(&delivered.message, &delivered.identity) && existing.is_empty();
        let state = (!is_first).then(|| next_run(state.as_ref(), generation));
        Ok(Previous { existing, state, raised_to })
    }

    /// Returns the ending of a job that a stored result has ended already.
    async fn superseded_by<R>(&self, delivered: &Delivered<R>, found: &Existing) -> Option<Ending> {
        let identity = &delivered.identity;
        let digest = delivered.job.as_ref().map(|job| job.digest());
        let least = Standing::least(identity.generation, digest);
        let theirs = found.standing();
        if !stays(&theirs, &least, delivered.terms.supersedes_success) {
            return None;
        }
        // A replay, and a copy of a message that was replayed since, may ask for something else.
        if theirs.generation == identity.generation
            && let Err(fault) = found.check_body(digest, Phase::Admission)
        {
            return Some(Ending::AnotherBody { fault, letter: LetterWritten::No });
        }
        tracing::info!(status = %found.committed.status, "already done; announced again");
        sweep_behind(&self.context, identity, found).await;
        Some(Ending::Repeated(found.committed.clone()))
    }

    /// Reads the state that the last run left. A broker gives a delivery to another worker before the one that lost
    /// it has noticed: that one gets time to note that it did not die, but only if the job would be put into
    /// quarantine otherwise, because where workers die one after the other every second counts.
    async fn last_state<R>(&self, delivered: &Delivered<R>) -> Result<Option<JobState>, Fault> {
        let read = async || {
            let state = stored_state(&self.context, &delivered.identity.keys).await?;
            Ok(state.map(|state| with_end_from_message(state, &delivered.message)))
        };
        let state = read().await?;
        let is_suspected =
            |state: &JobState| !state.ended && next_run(Some(state), delivered.identity.generation).alone;
        if !state.as_ref().is_some_and(is_suspected) {
            return Ok(state);
        }
        sleep(FENCED_RUN_NOTES_WITHIN).await;
        read().await
    }

    /// Makes the run, starts its time, and writes down that it begins. From the second run on, and for a replay from
    /// its first, there is a `state.json`: it says how the runs before ended even if every one of them dies, and
    /// messages of earlier generations learn from it that they are late.
    pub(super) async fn begin<R>(&self, delivered: &Delivered<R>, previous: Previous) -> Result<Run, Fault> {
        let Delivered { identity, terms, .. } = delivered;
        let job = delivered.job.clone().expect("only a job that was read is admitted");
        let budget = Budget::lasting(delivered.time_left(self.rules.timeout));
        let first = Run { existing: previous.existing, ..Run::first(Arc::clone(identity), *terms, job, budget) };
        let Some(state) = previous.state else { return Ok(first) };
        let run = Run {
            recorded: state.recorded().cloned().collect(),
            one_page_at_a_time: state.alone,
            left_out: state.left_out.iter().copied().collect(),
            failed_pages: state.failed_pages.clone(),
            renderers_lost: state.renderers_lost,
            state: Arc::new(StateKeeper::new(identity.keys.clone(), identity.generation, Some(state))),
            ..first
        };
        run.state.begin(&self.context.store).await?;
        if run.one_page_at_a_time {
            let left_out = run.left_out.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
            tracing::warn!(left_out, "runs alone: workers died in its last runs");
        }
        Ok(run)
    }
}

/// Returns the generation in which a job is taken up whose message is of an earlier one than the last run, if that run
/// was so long ago that no delivery of it can come any more: its letter was dropped, or its queue is lost.
fn generation_after<R>(state: &JobState, delivered: &Delivered<R>, max_age: Duration) -> Option<u32> {
    let age = (Utc::now() - state.written_at?).to_std().ok()?;
    let is_over = state.generation > delivered.identity.generation && age > max_age;
    is_over.then(|| state.generation.saturating_add(1))
}

/// Returns the ending of a job that is not to be run, although it has no result.
fn not_wanted<R>(delivered: &Delivered<R>, existing: &[String], state: Option<&JobState>) -> Option<Ending> {
    let generation = delivered.identity.generation;
    let refuse = |code, message: String| Some(Fault::new(code, Phase::Admission, message).into());
    // Before anything that ends the job: the marker and the objects of the later generation are not for this one.
    if state.is_some_and(|state| state.generation > generation) {
        return Some(Ending::LaterGeneration);
    }
    if existing.contains(&delivered.identity.keys.cancel()) {
        return refuse(ErrorCode::Cancelled, "the job was cancelled".to_owned());
    }
    if matches!(delivered.deadline, Deadline::Known(deadline) if Utc::now() >= deadline) {
        return refuse(ErrorCode::Expired, "the job's deadline has passed".to_owned());
    }
    let deliveries = delivered.message.delivery_count();
    if is_bystander(deliveries, state.filter(|state| state.generation == generation)) {
        tracing::warn!("requeued with delivery count reset: workers died before they began this job");
        return Some(Ending::Bystander);
    }
    if deliveries >= MOST_DELIVERIES {
        let message = format!("delivered {MOST_DELIVERIES} times without an orderly end");
        return refuse(ErrorCode::AttemptsExhausted, message);
    }
    None
}

fn is_first_delivery(message: &Message, identity: &Identity) -> bool {
    message.attempt() == 1 && message.delivery_count() == 0 && identity.generation == 0
}

/// Returns the state with the end that the message tells of: storage may not have taken the note of it.
fn with_end_from_message(state: JobState, message: &Message) -> JobState {
    JobState { ended: state.ended || !message.is_redelivered(), ..state }
}

/// Says whether most of a job's deliveries ended before it was begun: the broker counts them for every job of a
/// worker that dies. A first run writes no state.
fn is_bystander(deliveries: i64, state: Option<&JobState>) -> bool {
    let deaths = state.map_or(0, JobState::deaths_with_its_own);
    deliveries >= SUSPICIOUS_DELIVERIES && deliveries > i64::from(deaths) + 1
}

pub(super) async fn stored_state(context: &Context, keys: &JobKeys) -> Result<Option<JobState>, Fault> {
    pipeline::stored_state(&context.store, keys, Phase::Admission).await
}

/// Deletes what a job that has ended left behind, unless a later generation of it is under way. A cancellation
/// marker stays: it may be meant for a replay that still waits.
pub(super) async fn sweep_behind(context: &Context, identity: &Identity, found: &Existing) {
    let generation = found.committed.generation.max(identity.generation);
    let what = (found, generation, Marker::Stays);
    pipeline::sweep(context.stored_results(), &context.metrics, &identity.keys, what).await;
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use quire_producer::amqp::{BasicProperties, FieldTable, Value};
    use quire_schemas::names::header;

    use super::{
        super::delivered::tests::{Slip, delivered, message},
        *,
    };

    fn died(deaths: u32) -> JobState {
        JobState { deaths, ..JobState::of_run(deaths + 2, 0, Phase::Render) }
    }

    fn delivered_times(count: i64) -> Delivered<Slip> {
        let mut headers = FieldTable::default();
        headers.insert(header::DELIVERY_COUNT.into(), Value::LongLongInt(count));
        let properties = BasicProperties::default().with_headers(headers);
        delivered(Message { properties, ..message() }, Slip::default()).0
    }

    /// Says why a job is not run: the name of its ending, or the code of its fault.
    fn refusal(ending: Option<Ending>) -> Option<String> {
        Some(match ending? {
            Ending::Failed(fault, None) => fault.code.to_string(),
            Ending::LaterGeneration => "later generation".to_owned(),
            Ending::Bystander => "bystander".to_owned(),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn a_job_that_is_begun_at_every_delivery_is_charged_with_all_of_them() {
        for deliveries in 2..=MOST_DELIVERIES {
            let deaths = u32::try_from(deliveries - 2).expect("a few");
            assert!(!is_bystander(deliveries, Some(&died(deaths))), "{deliveries}");
        }
    }

    #[test]
    fn a_job_is_not_charged_with_deliveries_in_which_it_was_not_begun() {
        assert!(!is_bystander(4, None));
        assert!(is_bystander(5, None));
        assert!(is_bystander(5, Some(&died(2))));
        assert!(!is_bystander(5, Some(&died(3))));
        assert!(is_bystander(10, Some(&died(5))));
        // Lost deliveries are no deaths.
        assert!(is_bystander(5, Some(&JobState { ended: true, ..died(9) })));
    }

    #[test]
    fn a_new_job_is_wanted() {
        assert_eq!(refusal(not_wanted(&delivered_times(0), &[], None)), None);
    }

    #[test]
    fn a_later_generation_comes_before_everything_that_ends_the_job() {
        let delivered = delivered_times(10);
        let marker = [delivered.identity.keys.cancel()];
        let later = JobState::of_run(2, 1, Phase::Fetch);
        assert_eq!(refusal(not_wanted(&delivered, &marker, Some(&later))).as_deref(), Some("later generation"));
        assert_eq!(refusal(not_wanted(&delivered, &marker, Some(&died(8)))).as_deref(), Some("cancelled"));
    }

    #[test]
    fn a_message_takes_the_place_of_a_later_generation_that_left_nothing_and_cannot_come_again() {
        let delivered = delivered_times(0);
        let (hour, max_age) = (TimeDelta::hours(1), Duration::from_secs(3600));
        let written = |ago| JobState { written_at: Some(Utc::now() - ago), ..JobState::of_run(2, 4, Phase::Fetch) };
        assert_eq!(generation_after(&written(hour * 2), &delivered, max_age), Some(5));
        assert_eq!(generation_after(&written(hour / 2), &delivered, max_age), None);
        assert_eq!(generation_after(&JobState::of_run(2, 4, Phase::Fetch), &delivered, max_age), None);
        let own = JobState { generation: 0, ..written(hour * 2) };
        assert_eq!(generation_after(&own, &delivered, max_age), None);
    }

    #[test]
    fn a_job_past_its_deadline_has_expired() {
        let mut delivered = delivered_times(0);
        delivered.deadline = Deadline::Known(Utc::now() - TimeDelta::seconds(1));
        assert_eq!(refusal(not_wanted(&delivered, &[], None)).as_deref(), Some("expired"));
    }

    #[test]
    fn ten_deliveries_end_the_job_that_ended_its_workers_and_no_other() {
        let delivered = delivered_times(10);
        assert_eq!(refusal(not_wanted(&delivered, &[], Some(&died(8)))).as_deref(), Some("attempts_exhausted"));
        assert_eq!(refusal(not_wanted(&delivered, &[], Some(&died(2)))).as_deref(), Some("bystander"));
    }

    #[test]
    fn a_message_that_was_never_delivered_before_says_that_the_last_run_ended() {
        assert!(with_end_from_message(died(1), &delivered_times(0).message).ended);
        assert!(!with_end_from_message(died(1), &delivered_times(1).message).ended);
    }
}

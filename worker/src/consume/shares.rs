//! How many jobs of a lane one tenant may have in hand while others are served: it cannot fill the lane. A tenant that is
//! alone in its lane has all of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use quire_schemas::names::{Lane, Tenant};
use tokio::time::{Instant, sleep_until};

use crate::lock::lock;

/// A tenant that has sent no job of a lane for this long does not share it.
const MEMORY: Duration = Duration::from_secs(60);
/// Between two jobs that are put off: fifty a second.
const PACE: Duration = Duration::from_millis(20);

/// The shares of every lane. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Shares {
    limits: Arc<HashMap<Lane, u32>>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    lanes: HashMap<Lane, HashMap<Tenant, Presence>>,
    next_put_off: Option<Instant>,
}

/// A tenant in a lane.
#[derive(Debug)]
struct Presence {
    in_hand: u32,
    seen: Instant,
}

/// A job that counts in the share of its tenant until this is dropped.
#[derive(Debug)]
#[must_use = "the job counts until it is dropped"]
pub(super) struct Share {
    shares: Shares,
    lane: Lane,
    tenant: Tenant,
}

impl Shares {
    /// `limits` holds the most jobs of one tenant in each lane that is served.
    pub(crate) fn new(limits: impl IntoIterator<Item = (Lane, u32)>) -> Self {
        Self { limits: Arc::new(limits.into_iter().collect()), state: Arc::default() }
    }

    /// Takes a job into its tenant's share; `None` if that is full and other tenants use the lane.
    pub(super) fn take(&self, lane: Lane, tenant: &Tenant) -> Option<Share> {
        let (now, mut state) = (Instant::now(), lock(&self.state));
        let tenants = state.lanes.entry(lane).or_default();
        tenants.retain(|_, presence| presence.in_hand > 0 || presence.seen + MEMORY > now);
        let shares_with_others =
            tenants.iter().any(|(other, presence)| other != tenant && presence.seen + MEMORY > now);
        let own = tenants.entry(tenant.clone()).or_insert(Presence { in_hand: 0, seen: now });
        own.seen = now;
        let limit = self.limits.get(&lane).copied().unwrap_or(u32::MAX);
        if shares_with_others && own.in_hand >= limit {
            return None;
        }
        own.in_hand += 1;
        Some(Share { shares: self.clone(), lane, tenant: tenant.clone() })
    }

    /// Waits for the turn of a job that is put off: a queue that is full of one tenant's jobs must not become a storm of
    /// publishes.
    pub(super) async fn turn_to_put_off(&self) {
        let turn = {
            let (now, mut state) = (Instant::now(), lock(&self.state));
            let turn = state.next_put_off.filter(|next| *next > now).unwrap_or(now);
            state.next_put_off = Some(turn + PACE);
            turn
        };
        sleep_until(turn).await;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut state = lock(&self.shares.state);
        let presence = state.lanes.get_mut(&self.lane).and_then(|tenants| tenants.get_mut(&self.tenant));
        if let Some(presence) = presence {
            presence.in_hand -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(name: &str) -> Tenant {
        name.parse().expect("a tenant")
    }

    #[tokio::test(start_paused = true)]
    async fn a_share_binds_only_while_others_use_the_lane() {
        let shares = Shares::new([(Lane::Normal, 2)]);
        let (a, b) = (tenant("a"), tenant("b"));
        let alone: Vec<Share> = (0..5).filter_map(|_| shares.take(Lane::Normal, &a)).collect();
        assert_eq!(alone.len(), 5);
        let other = shares.take(Lane::Normal, &b).expect("its first");
        assert!(shares.take(Lane::Normal, &a).is_none());
        assert!(shares.take(Lane::Bulk, &a).is_some(), "each lane for itself");
        drop(alone);
        let within: Vec<Share> = (0..5).filter_map(|_| shares.take(Lane::Normal, &a)).collect();
        assert_eq!(within.len(), 2);
        drop(other);
        assert!(shares.take(Lane::Normal, &a).is_none(), "the other may come again");
        tokio::time::advance(MEMORY).await;
        assert!(shares.take(Lane::Normal, &a).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn jobs_are_put_off_fifty_a_second() {
        let (shares, began) = (Shares::new([]), Instant::now());
        for _ in 0..101 {
            shares.turn_to_put_off().await;
        }
        assert_eq!(began.elapsed(), Duration::from_secs(2));
    }
}

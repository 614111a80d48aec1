//! How often an unfinished parse is asked for.

use std::time::Duration;

use quire_schemas::failure::ErrorCode;
use tokio::time::sleep;

use super::Call;
use crate::job::{Budget, Fault};

const GROWTH: f64 = 1.5;
/// Workers that were restarted together must not poll together.
const JITTER: f64 = 0.2;

/// The pauses between polls: they grow from the floor to the ceiling, each a fifth shorter or longer
/// by chance, none shorter than the floor.
#[derive(Debug)]
pub(in crate::parse) struct Pace {
    next: Duration,
    floor: Duration,
    ceiling: Duration,
}

impl Pace {
    pub(in crate::parse) fn new(floor: Duration, ceiling: Duration) -> Self {
        Self { next: floor, floor, ceiling: ceiling.max(floor) }
    }

    /// Waits for the next poll; gives up at once, for `call`, if the budget would end before it.
    pub(in crate::parse) async fn wait(&mut self, call: Call<'_>, budget: &Budget) -> Result<(), Fault> {
        let pause = self.pause(rand::random());
        if budget.remaining() <= pause {
            return Err(call.fault(ErrorCode::ParserTimeout).because("the parse did not finish in time"));
        }
        sleep(pause).await;
        Ok(())
    }

    /// Returns the next pause; `chance` is uniform in 0 to 1.
    fn pause(&mut self, chance: f64) -> Duration {
        let pause = self.next.mul_f64(1.0 - JITTER + 2.0 * JITTER * chance);
        self.next = self.next.mul_f64(GROWTH).min(self.ceiling);
        pause.max(self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOR: Duration = Duration::from_secs(1);
    const CEILING: Duration = Duration::from_secs(10);

    fn pauses(chance: f64) -> Vec<Duration> {
        let mut pace = Pace::new(FLOOR, CEILING);
        (0..20).map(|_| pace.pause(chance)).collect()
    }

    #[test]
    fn pauses_grow_by_half_up_to_the_ceiling() {
        let middle = pauses(0.5);
        assert_eq!(middle[..3], [1000, 1500, 2250].map(Duration::from_millis));
        assert_eq!(middle[19], CEILING);
    }

    #[test]
    fn chance_moves_a_pause_by_a_fifth_and_never_below_the_floor() {
        assert_eq!(pauses(0.0)[0], FLOOR);
        for ((short, middle), long) in pauses(0.0).iter().zip(pauses(0.5)).zip(pauses(1.0)) {
            assert!(*short >= FLOOR && *short >= middle.mul_f64(0.799));
            assert!(long <= middle.mul_f64(1.201));
        }
    }
}

//! Pauses between attempts that grow from one to the next.

use std::time::Duration;

/// How long to wait before the next attempt: each pause is twice the one before, up to a longest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    first: Duration,
    most: Duration,
    next: Duration,
}

impl Pause {
    /// Makes pauses that begin with `first` and never exceed `most`.
    #[must_use]
    pub const fn between(first: Duration, most: Duration) -> Self {
        Self { first, most, next: first }
    }

    /// Returns the pause before the next attempt, without jitter.
    #[must_use]
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.next.min(self.most);
        self.next = pause.saturating_mul(2).min(self.most);
        pause
    }

    /// Begins with the first pause again, after an attempt that succeeded.
    pub const fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_up_to_the_longest_one_and_begins_anew_after_a_success() {
        let seconds = Duration::from_secs;
        let mut pause = Pause::between(seconds(1), seconds(5));
        assert_eq!(
            [pause.next_pause(), pause.next_pause(), pause.next_pause(), pause.next_pause()],
            [1, 2, 4, 5].map(seconds)
        );
        pause.reset();
        assert_eq!([pause.next_pause(), pause.next_pause()], [1, 2].map(seconds));
    }

    #[test]
    fn the_first_pause_is_no_longer_than_the_longest() {
        let mut pause = Pause::between(Duration::from_secs(9), Duration::from_secs(5));
        assert_eq!([pause.next_pause(), pause.next_pause()], [Duration::from_secs(5); 2]);
    }
}

//! How fast letters are replayed.

use std::{str::FromStr, time::Duration};

use tokio::time::Instant;

/// How many letters in how much time, evenly spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    interval: Duration,
}

impl FromStr for Rate {
    type Err = &'static str;

    /// Reads `5/s`, `30/m` or `100/h`; a number alone is per second.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RULE: &str = "expected a rate such as 5/s, 30/m or 100/h";
        let (count, unit) = text.split_once('/').unwrap_or((text, "s"));
        let count: f64 = count.parse().map_err(|_| RULE)?;
        let seconds = match unit {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(RULE),
        };
        let interval = Duration::try_from_secs_f64(seconds / count).map_err(|_| RULE)?;
        // A rate of 0 would never end.
        if interval > Duration::from_secs(3600) { Err(RULE) } else { Ok(Self { interval }) }
    }
}

/// When the next letter has its turn.
#[derive(Debug)]
pub(super) struct ReplayPace {
    interval: Duration,
    next: Option<Instant>,
}

impl ReplayPace {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self { interval: rate.map_or(Duration::ZERO, |rate| rate.interval), next: None }
    }

    pub(super) fn next_turn(&self, now: Instant) -> Instant {
        self.next.map_or(now, |next| next.max(now))
    }

    /// Takes a turn. A late turn does not make the turns after it early.
    pub(super) fn take_turn(&mut self, now: Instant) {
        self.next = Some(now + self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_in_a_second_a_minute_or_an_hour() {
        let interval = |text: &str| text.parse::<Rate>().map(|rate| rate.interval.as_millis());
        for (text, milliseconds) in [("5/s", 200), ("5", 200), ("0.5/s", 2_000), ("30/m", 2_000), ("100/h", 36_000)] {
            assert_eq!(interval(text), Ok(milliseconds), "{text}");
        }
        for bad in ["", "fast", "5/d", "0", "-1/s", "NaN", "0.5/h", "5/"] {
            assert!(interval(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_turn_delays_the_next_one_by_the_interval() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut pace = ReplayPace::new(Some("5/s".parse().expect("a rate")));
        assert_eq!([pace.next_turn(start), pace.next_turn(start)], [start; 2], "no turn was taken");
        pace.take_turn(start);
        assert_eq!([pace.next_turn(start), pace.next_turn(after(900))], [after(200), after(900)]);
        pace.take_turn(after(900));
        assert_eq!(pace.next_turn(after(900)), after(1_100));
    }

    #[test]
    fn without_a_rate_every_turn_is_now() {
        let (start, mut pace) = (Instant::now(), ReplayPace::new(None));
        pace.take_turn(start);
        assert_eq!(pace.next_turn(start), start);
    }
}

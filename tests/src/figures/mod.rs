//! The figures of reliability: how soon a fault is noticed and got over, and what it costs, measured
//! with a real broker, a real object store and real workers, each against its bar.

mod cluster;
mod half_open;
mod outage;
mod poison;
mod probe;
mod redelivery;
mod rollover;
mod sigterm;

use std::{fmt, panic::AssertUnwindSafe, str::FromStr, time::Duration};

use futures_util::FutureExt;

/// Something that can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measurement {
    /// How soon a worker consumes when its broker is back.
    Outage,
    /// How soon a worker notices that the other end is gone.
    HalfOpen,
    /// How soon a finished job that comes again is acknowledged, and what that costs.
    Redelivery,
    /// What poisoned documents do to the others.
    Poison,
    /// How a worker under load ends.
    Sigterm,
    /// What a job costs that takes longer than a lease.
    Rollover,
    /// How soon jobs go on when the node is gone that leads their queue.
    Cluster,
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// What it came to.
    pub measured: String,
    /// What it has to come to.
    pub bar: String,
    /// Whether it does.
    pub is_met: bool,
}

impl Measurement {
    /// Every one, in the order of the table.
    pub const ALL: [Self; 7] =
        [Self::Outage, Self::HalfOpen, Self::Redelivery, Self::Poison, Self::Sigterm, Self::Rollover, Self::Cluster];

    /// Returns its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::HalfOpen => "half_open",
            Self::Redelivery => "redelivery",
            Self::Poison => "poison",
            Self::Sigterm => "sigterm",
            Self::Rollover => "rollover",
            Self::Cluster => "cluster",
        }
    }

    /// Measures, so many times if that is said; poison and rollover are measured once whatever is
    /// said. A measurement that panics is a figure that misses its bar.
    pub async fn take(self, runs: Option<u32>) -> Vec<Figure> {
        // Nothing of a measurement is looked at again after it has panicked.
        let taken = AssertUnwindSafe(self.measure(runs)).catch_unwind().await;
        taken.unwrap_or_else(|_| {
            let (name, measured) = (self.to_string(), "not measured: see the panic above".to_owned());
            vec![Figure { name, measured, bar: "measured".to_owned(), is_met: false }]
        })
    }

    async fn measure(self, runs: Option<u32>) -> Vec<Figure> {
        match self {
            Self::Outage => outage::measure(runs).await,
            Self::HalfOpen => half_open::measure(runs).await,
            Self::Redelivery => redelivery::measure(runs).await,
            Self::Poison => vec![poison::measure().await],
            Self::Sigterm => vec![sigterm::measure(runs).await],
            Self::Rollover => vec![rollover::measure().await],
            Self::Cluster => vec![cluster::measure(runs).await],
        }
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Measurement {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str).join(", ");
        let found = Self::ALL.into_iter().find(|measurement| measurement.as_str() == name);
        found.ok_or_else(|| format!("{name:?} is none of {known}"))
    }
}

impl Figure {
    /// The head of the table, in Markdown.
    pub const HEAD: &'static str = "| figure | measured | bar | command |\n|---|---|---|---|";

    /// Writes it as a row of that table.
    #[must_use]
    pub fn row(&self, command: &str) -> String {
        let missed = if self.is_met { "" } else { " **missed**" };
        format!("| {} | {}{missed} | {} | `{command}` |", self.name, self.measured, self.bar)
    }
}

/// How long something took in each of several runs, shortest first.
struct Times(Vec<Duration>);

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        assert!(!times.is_empty(), "nothing was measured");
        times.sort_unstable();
        Self(times)
    }

    fn runs(&self) -> usize {
        self.0.len()
    }

    fn min(&self) -> Duration {
        self.0[0]
    }

    fn max(&self) -> Duration {
        self.0[self.0.len() - 1]
    }

    /// By nearest rank: a time that was measured, never one between two.
    fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0[rank - 1]
    }
}

/// Writes a time for people.
fn shown(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{:.0} ms", time.as_secs_f64() * 1e3)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let times = Times::of((1..=50).rev().map(Duration::from_millis).collect());
        let found = [times.min(), times.percentile(50), times.percentile(99), times.max()];
        assert_eq!(found, [1, 25, 50, 50].map(Duration::from_millis));
        let once = Times::of(vec![Duration::from_millis(7)]);
        assert_eq!((once.percentile(50), once.percentile(99)), (once.min(), once.max()));
    }

    #[test]
    fn a_missed_bar_is_seen_in_the_table() {
        let (name, measured, bar) = ("a".to_owned(), shown(Duration::from_millis(12_340)), "≤ 10 s".to_owned());
        let figure = Figure { name, measured, bar, is_met: false };
        assert_eq!(figure.row("x"), "| a | 12.3 s **missed** | ≤ 10 s | `x` |");
        assert_eq!(Figure { is_met: true, ..figure }.row("x"), "| a | 12.3 s | ≤ 10 s | `x` |");
    }

    #[test]
    fn every_measurement_is_found_by_its_name() {
        for measurement in Measurement::ALL {
            assert_eq!(measurement.as_str().parse::<Measurement>(), Ok(measurement));
        }
        assert!("outages".parse::<Measurement>().is_err());
    }
}

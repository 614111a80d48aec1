//! What every engine that is asked over HTTP shares, whatever it is called and whatever it answers.

mod exchange;
mod feed;
mod fields;
mod geometry;
mod outline;
mod pace;
mod refusal;
mod setback;
mod verdict;
mod wanted;

use std::time::Duration;

use crate::job::Budget;

pub(super) use exchange::{CallLimits, Service, decoded};
pub(super) use feed::feed;
pub(super) use fields::{Fields, Unreadable, count};
pub(super) use geometry::Geometry;
pub(super) use outline::Outline;
pub(super) use pace::Pace;
pub(super) use setback::{Call, Setback, persist};
pub(super) use verdict::{Repeat, Verdict};
pub(super) use wanted::{Sheet, Wanted};

/// A document that takes longer than this is stuck, whatever the job's own budget would allow.
const BASE_ALLOWANCE: Duration = Duration::from_secs(300);
const ALLOWANCE_PER_PAGE: Duration = Duration::from_secs(20);
/// Cancelling only saves money: no job waits long for it.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(10);

/// Bounds a parse of so many pages.
pub(super) fn parse_budget(budget: &Budget, pages: usize) -> Budget {
    Budget::lasting(budget.at_most(allowance(pages)))
}

pub(super) fn cancel_budget() -> Budget {
    Budget::lasting(CANCEL_TIMEOUT)
}

fn allowance(pages: usize) -> Duration {
    BASE_ALLOWANCE + ALLOWANCE_PER_PAGE.saturating_mul(u32::try_from(pages).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_document_is_given_more_time() {
        assert_eq!(allowance(0), Duration::from_secs(300));
        assert_eq!(allowance(30), Duration::from_secs(900));
    }
}

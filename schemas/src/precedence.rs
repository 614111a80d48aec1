//! Which of two results of one job stays: asked by admission, by the commit and by a replay.
//!
//! Two workers may work on one job after a partition, and a replay may run beside the run that it replaces. The
//! worker that commits second compares the stored result with its own. Results of one generation and body come to
//! the same one in any order of commits. Between a success and a later generation that was not forced, the result
//! that is stored first stays. The reasons are in
//! `docs/adr/0012-the-first-of-two-equal-results-stays.md`.

use std::cmp::Ordering;

use crate::{
    result::{JobStatus, ParseResult},
    sha256::Sha256,
};

/// What is compared of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a> {
    /// How often the job was replayed, from 0.
    pub generation: u32,
    /// The digest of what was asked for; absent if the message could not be read.
    pub request_sha256: Option<Sha256>,
    /// How the job ended.
    pub status: &'a JobStatus,
}

impl<'a> Standing<'a> {
    /// Returns the standing of a result.
    #[must_use]
    pub fn of(result: &'a ParseResult) -> Self {
        Self { generation: result.generation, request_sha256: result.request_sha256, status: &result.status }
    }

    /// Returns the least standing that a run of this generation can end with.
    ///
    /// A stored result that stays against it has ended the job for this delivery: the run need not begin.
    #[must_use]
    pub const fn least(generation: u32, request_sha256: Option<Sha256>) -> Self {
        Self { generation, request_sha256, status: &JobStatus::Failed }
    }

    /// Orders by generation, then a readable message before an unreadable one, then by how much was done.
    fn rank(&self) -> (u32, bool, u8) {
        let done = match self.status {
            JobStatus::Succeeded => 2,
            JobStatus::PartialSuccess => 1,
            _ => 0,
        };
        (self.generation, self.request_sha256.is_some(), done)
    }
}

/// Says whether a stored result stays where a run has another one. `forced` is said of the run: its replay may
/// supersede a success.
///
/// The result of the higher rank stays, and the first of two equals. There are two exceptions. Without `forced`
/// no later generation supersedes a success, because programs may have read it. In one generation the first
/// readable body keeps its id, because another body under that id is no job.
#[must_use]
pub fn stays(found: &Standing<'_>, ours: &Standing<'_>, forced: bool) -> bool {
    let is_success = *found.status == JobStatus::Succeeded;
    match found.generation.cmp(&ours.generation) {
        Ordering::Less => is_success && found.request_sha256.is_some() && !forced,
        Ordering::Equal if found.request_sha256.is_some() && found.request_sha256 != ours.request_sha256 => true,
        Ordering::Equal | Ordering::Greater => found.rank() >= ours.rank(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATUSES: [JobStatus; 4] =
        [JobStatus::Succeeded, JobStatus::PartialSuccess, JobStatus::Failed, JobStatus::Cancelled];

    /// The digest of a body.
    fn body(text: &str) -> Option<Sha256> {
        Some(Sha256::of(text.as_bytes()))
    }

    #[derive(Debug, Clone, Copy)]
    struct Candidate {
        standing: Standing<'static>,
        forced: bool,
    }

    fn candidate() -> impl Strategy<Value = Candidate> {
        let status = (0..STATUSES.len()).prop_map(|index| &STATUSES[index]);
        let request_sha256 = prop::sample::select(vec![None, body("a"), body("b")]);
        (0u32..4, request_sha256, status, any::<bool>()).prop_map(|(generation, request_sha256, status, forced)| {
            Candidate { standing: Standing { generation, request_sha256, status }, forced }
        })
    }

    /// Commits results one after the other, as workers do that find each other's.
    fn committed(candidates: &[Candidate]) -> Option<Standing<'static>> {
        candidates.iter().fold(None, |stored, next| match stored {
            Some(found) if stays(&found, &next.standing, next.forced) => Some(found),
            _ => Some(next.standing),
        })
    }

    #[test]
    fn the_table_of_who_stays() {
        let standing = |generation, request_sha256, status| Standing { generation, request_sha256, status };
        let [success, partial, failed, _] = &STATUSES;
        for (found, ours, forced, expected) in [
            // A replay supersedes what failed, and a success only when forced.
            (standing(0, body("a"), failed), standing(1, body("a"), failed), false, false),
            (standing(0, body("a"), partial), standing(1, body("a"), failed), false, false),
            (standing(0, body("a"), success), standing(1, body("a"), success), false, true),
            (standing(0, body("a"), success), standing(1, body("b"), success), true, false),
            // What a replay replaces does not come back.
            (standing(1, body("a"), failed), standing(0, body("a"), success), true, true),
            // In one generation more done beats less, and the first of equals stays.
            (standing(0, body("a"), partial), standing(0, body("a"), success), false, false),
            (standing(0, body("a"), success), standing(0, body("a"), partial), true, true),
            (standing(0, body("a"), failed), standing(0, body("a"), failed), false, true),
            // The first readable body keeps the id; an unreadable one keeps nothing.
            (standing(0, body("a"), failed), standing(0, body("b"), success), true, true),
            (standing(0, None, failed), standing(0, body("b"), failed), false, false),
            (standing(0, body("a"), failed), standing(0, None, failed), false, true),
        ] {
            assert_eq!(stays(&found, &ours, forced), expected, "{found:?} against {ours:?}");
        }
    }

    proptest! {
        #[test]
        fn every_comparison_that_protects_nothing_follows_the_total_order_of_ranks(
            found in candidate(), ours in candidate(),
        ) {
            let same_body = found.standing.request_sha256 == ours.standing.request_sha256;
            if same_body && (*found.standing.status != JobStatus::Succeeded || ours.forced) {
                let expected = found.standing.rank() >= ours.standing.rank();
                prop_assert_eq!(stays(&found.standing, &ours.standing, ours.forced), expected);
            }
        }

        #[test]
        fn a_readable_success_gives_way_only_to_a_forced_later_generation(found in candidate(), ours in candidate()) {
            let is_success = *found.standing.status == JobStatus::Succeeded && found.standing.request_sha256.is_some();
            let may_replace = ours.forced && ours.standing.generation > found.standing.generation;
            prop_assert!(!is_success || may_replace || stays(&found.standing, &ours.standing, ours.forced));
        }

        #[test]
        fn results_of_one_body_and_generation_come_to_the_most_that_was_done_in_any_order(
            mut candidates in prop::collection::vec(candidate(), 1..6), rotation in 0usize..6,
        ) {
            for candidate in &mut candidates {
                (candidate.standing.generation, candidate.standing.request_sha256) = (0, body("a"));
            }
            let most = candidates.iter().map(|candidate| candidate.standing.rank()).max();
            let first = committed(&candidates).map(|stored| stored.rank());
            let turn = rotation % candidates.len();
            candidates.rotate_left(turn);
            prop_assert_eq!(first, most);
            prop_assert_eq!(committed(&candidates).map(|stored| stored.rank()), most);
        }

        #[test]
        fn a_result_of_another_generation_that_stays_against_the_least_stays_against_whatever_the_run_gives(
            found in candidate(), ours in candidate(),
        ) {
            let least = Standing::least(ours.standing.generation, ours.standing.request_sha256);
            if found.standing.generation != ours.standing.generation {
                let against_least = stays(&found.standing, &least, ours.forced);
                prop_assert_eq!(against_least, stays(&found.standing, &ours.standing, ours.forced));
            }
        }
    }
}

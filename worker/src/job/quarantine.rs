//! What follows from how earlier runs of a job ended. The broker's delivery count is no evidence: it also counts
//! against the jobs that ran beside one that killed the worker.

use quire_schemas::{
    result::Phase,
    state::{JobState, Suspect},
};

/// Deaths in a row, at one place, after which a job runs alone.
const DEATHS_BEFORE_QUARANTINE: u32 = 2;

/// Returns the state that the next run of a job begins with. `earlier` is the state that the last run left; without
/// it this is the second run, because a first run writes no state.
pub(crate) fn next_run(earlier: Option<&JobState>, generation: u32) -> JobState {
    // A replay begins anew: its options may leave out the page that killed the worker.
    let Some(earlier) = earlier.filter(|state| state.generation == generation) else {
        return JobState::of_run(2, generation, Phase::Fetch);
    };
    let mut next = JobState {
        run: earlier.run + 1,
        phase: Phase::Fetch,
        page: None,
        ended: false,
        deaths: earlier.deaths_with_its_own(),
        suspect: None,
        ..earlier.clone()
    };
    if earlier.ended {
        return next;
    }
    let suspect = suspect(earlier);
    match earlier.page {
        Some(page) if earlier.alone && !next.left_out.contains(&page) => next.left_out.push(page),
        _ => {}
    }
    next.alone |= suspect.deaths >= DEATHS_BEFORE_QUARANTINE;
    next.suspect = Some(suspect);
    next
}

fn suspect(died: &JobState) -> Suspect {
    let here = |before: &&Suspect| before.phase == died.phase || (before.page.is_some() && before.page == died.page);
    let before = died.suspect.as_ref().filter(here).map_or(0, |before| before.deaths);
    Suspect { phase: died.phase.clone(), page: died.page, deaths: before + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dies(state: &JobState, phase: Phase, page: Option<u32>) -> JobState {
        next_run(Some(&JobState { phase, page, ..state.clone() }), state.generation)
    }

    #[test]
    fn a_page_that_kills_is_found_alone_and_left_out() {
        let second = next_run(None, 0);
        let third = dies(&second, Phase::Render, None);
        assert_eq!((third.run, third.alone), (3, false));
        let fourth = dies(&third, Phase::Render, None);
        assert_eq!((fourth.alone, fourth.left_out.clone()), (true, vec![]));
        let fifth = dies(&fourth, Phase::Render, Some(37));
        assert_eq!((fifth.run, fifth.alone, fifth.left_out.clone()), (5, true, vec![37]));
        let sixth = dies(&fifth, Phase::Render, Some(40));
        assert_eq!(sixth.left_out, [37, 40]);
    }

    #[test]
    fn deaths_at_different_places_are_not_held_against_the_job() {
        let third = dies(&next_run(None, 0), Phase::Fetch, None);
        let fourth = dies(&third, Phase::Render, None);
        let fifth = dies(&fourth, Phase::Commit, None);
        assert!(!fifth.alone);
        assert_eq!(fifth.suspect.map(|suspect| suspect.deaths), Some(1));
    }

    #[test]
    fn an_orderly_end_clears_the_suspicion_and_keeps_what_was_paid_for() {
        let third = dies(&next_run(None, 0), Phase::Render, None);
        let given_back = JobState { ended: true, phase: Phase::Render, ..third };
        let fourth = next_run(Some(&given_back), 0);
        assert_eq!((fourth.suspect, fourth.alone, fourth.ended), (None, false, false));
    }

    #[test]
    fn a_replay_begins_anew() {
        let killer = JobState { alone: true, left_out: vec![3], ..next_run(None, 0) };
        assert_eq!(next_run(Some(&killer), 1), next_run(None, 1));
    }
}

//! Which page is done next. Pure.
//!
//! Lanes share the renderers by weight and documents within a lane share equally, both by the
//! renderer time that they have used (start-time fair queueing): a lane or document that was idle
//! gets no credit for it, and no renderer idles while a page waits.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use quire_schemas::names::Lane;

/// Names a document among those that are open; never used twice.
pub(super) type DocumentId = u64;

/// Pages that wait, by document. Documents and lanes are compared by the renderer time that they have used.
#[derive(Debug)]
pub(super) struct Schedule<T> {
    documents: BTreeMap<DocumentId, Entry<T>>,
    /// Seconds that each lane has used, by its weight.
    lanes: [f64; 3],
}

#[derive(Debug)]
struct Entry<T> {
    lane: Lane,
    waiting: VecDeque<T>,
    /// What is done when nothing else of the document waits.
    later: VecDeque<T>,
    used_seconds: f64,
}

impl<T> Entry<T> {
    fn waits(&self) -> bool {
        !self.waiting.is_empty() || !self.later.is_empty()
    }

    fn pop(&mut self) -> Option<T> {
        self.waiting.pop_front().or_else(|| self.later.pop_front())
    }
}

impl<T> Default for Schedule<T> {
    fn default() -> Self {
        Self { documents: BTreeMap::new(), lanes: [0.0; 3] }
    }
}

impl<T> Schedule<T> {
    /// Adds a document. It counts as having used as much as the document of its lane that has used least.
    pub(super) fn open(&mut self, id: DocumentId, lane: Lane) {
        let used = self.documents.values().filter(|entry| entry.lane == lane).map(|entry| entry.used_seconds);
        let used_seconds = used.reduce(f64::min).unwrap_or_default();
        self.documents.insert(id, Entry { lane, waiting: VecDeque::new(), later: VecDeque::new(), used_seconds });
    }

    /// Removes a document and its waiting tasks.
    pub(super) fn close(&mut self, id: DocumentId) {
        self.documents.remove(&id);
    }

    pub(super) fn is_open(&self, id: DocumentId) -> bool {
        self.documents.contains_key(&id)
    }

    /// Adds a task of a document; a task of a closed one is dropped.
    pub(super) fn push(&mut self, id: DocumentId, task: T) {
        self.add(id, |entry| entry.waiting.push_back(task));
    }

    /// Adds a task that comes behind every other one of its document: a page that has failed is tried again when its
    /// neighbours are done.
    pub(super) fn push_behind(&mut self, id: DocumentId, task: T) {
        self.add(id, |entry| entry.later.push_back(task));
    }

    fn add(&mut self, id: DocumentId, add: impl FnOnce(&mut Entry<T>)) {
        let Some(lane) = self.documents.get(&id).map(|entry| entry.lane) else { return };
        if !self.lane_waits(lane) {
            // A lane that was idle counts as having used as much as the busy ones: it gets no credit.
            let busy =
                Lane::ALL.into_iter().filter(|other| self.lane_waits(*other)).map(|other| self.lanes[index(other)]);
            if let Some(least) = busy.reduce(f64::min) {
                let used = &mut self.lanes[index(lane)];
                *used = used.max(least);
            }
        }
        if let Some(entry) = self.documents.get_mut(&id) {
            add(entry);
        }
    }

    /// Takes the next task of the lane that has used least, and there of the document that has used least.
    pub(super) fn next(&mut self) -> Option<(DocumentId, T)> {
        let lane = Lane::ALL
            .into_iter()
            .filter(|lane| self.lane_waits(*lane))
            .min_by(|a, b| self.lanes[index(*a)].total_cmp(&self.lanes[index(*b)]))?;
        // The newest of equals: a document that was just opened has used nothing yet.
        let waiting = self.documents.iter_mut().rev().filter(|(_, entry)| entry.lane == lane && entry.waits());
        let (id, entry) = waiting.min_by(|(_, a), (_, b)| a.used_seconds.total_cmp(&b.used_seconds))?;
        Some((*id, entry.pop()?))
    }

    /// Takes the next task of one document, for a renderer that has it open.
    pub(super) fn next_of(&mut self, id: DocumentId) -> Option<T> {
        self.documents.get_mut(&id)?.pop()
    }

    /// Says whether a task of another document waits.
    pub(super) fn others_wait(&self, id: DocumentId) -> bool {
        self.documents.iter().any(|(other, entry)| *other != id && entry.waits())
    }

    /// Adds renderer time to a document and its lane.
    pub(super) fn charge(&mut self, id: DocumentId, time: Duration) {
        if let Some(entry) = self.documents.get_mut(&id) {
            entry.used_seconds += time.as_secs_f64();
            self.lanes[index(entry.lane)] += time.as_secs_f64() / f64::from(entry.lane.weight());
        }
    }

    fn lane_waits(&self, lane: Lane) -> bool {
        self.documents.values().any(|entry| entry.lane == lane && entry.waits())
    }
}

const fn index(lane: Lane) -> usize {
    match lane {
        Lane::High => 0,
        Lane::Normal => 1,
        Lane::Bulk => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn with_pages(documents: &[(DocumentId, Lane, u32)]) -> Schedule<u32> {
        let mut schedule = Schedule::default();
        for &(id, lane, pages) in documents {
            schedule.open(id, lane);
            (1..=pages).for_each(|page| schedule.push(id, page));
        }
        schedule
    }

    fn served(schedule: &mut Schedule<u32>, turns: usize) -> Vec<DocumentId> {
        let mut order = Vec::new();
        for _ in 0..turns {
            let Some((id, _)) = schedule.next() else { break };
            schedule.charge(id, SECOND);
            order.push(id);
        }
        order
    }

    #[test]
    fn a_small_document_is_not_stuck_behind_a_large_one() {
        let mut schedule = with_pages(&[(1, Lane::Normal, 500)]);
        served(&mut schedule, 20);
        schedule.open(2, Lane::Normal);
        schedule.push(2, 1);
        assert_eq!(
            schedule.next().map(|(id, _)| id).into_iter().chain(served(&mut schedule, 1)).filter(|id| *id == 2).count(),
            1
        );
    }

    #[test]
    fn lanes_share_by_weight_and_no_renderer_idles() {
        let mut schedule = with_pages(&[(1, Lane::High, 600), (2, Lane::Normal, 600), (3, Lane::Bulk, 600)]);
        let order = served(&mut schedule, 100);
        let share = |document| order.iter().filter(|id| **id == document).count();
        assert_eq!((share(1), share(2), share(3)), (60, 30, 10));
        let mut alone = with_pages(&[(3, Lane::Bulk, 5)]);
        assert_eq!(served(&mut alone, 9), [3; 5]);
    }

    #[test]
    fn a_lane_that_was_idle_gets_no_credit() {
        let mut schedule = with_pages(&[(1, Lane::Normal, 600)]);
        served(&mut schedule, 300);
        schedule.open(2, Lane::High);
        (1..=300).for_each(|page| schedule.push(2, page));
        let order = served(&mut schedule, 90);
        assert_eq!(order.iter().filter(|id| **id == 2).count(), 60);
    }

    #[test]
    fn what_is_tried_again_comes_behind_the_rest_of_its_document() {
        let mut schedule = with_pages(&[(1, Lane::Normal, 2)]);
        schedule.push_behind(1, 9);
        schedule.push(1, 3);
        assert!(!schedule.others_wait(1) && schedule.others_wait(2));
        let order: Vec<u32> = std::iter::from_fn(|| schedule.next().map(|(_, page)| page)).collect();
        assert_eq!(order, [1, 2, 3, 9]);
    }

    #[test]
    fn closing_a_document_drops_what_waits_of_it() {
        let mut schedule = with_pages(&[(1, Lane::Normal, 3)]);
        schedule.close(1);
        assert_eq!(schedule.next(), None);
        schedule.push(1, 9);
        assert!(!schedule.is_open(1));
        assert_eq!(schedule.next(), None);
    }
}

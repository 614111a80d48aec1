//! Random plans from a seed, and plans from a file.

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use super::operation::{GivenPassword, Operation, Poison};

/// What is done, in order. Recorded as JSON lines, one operation a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The operations.
    pub operations: Vec<Operation>,
}

/// How large a random plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Good documents; what is odd comes on top.
    pub jobs: u32,
    /// How many of them there are to each kill.
    pub jobs_per_kill: u32,
    /// Workers that there are to act on.
    pub workers: u32,
    /// What else than kills there is.
    pub faults: Faults,
}

/// Which faults a plan draws from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Faults {
    /// Killed workers only: what is done twice has no excuse then.
    Kills,
    /// Workers, connections and the store.
    All,
    /// The broker too, which must be the run's own.
    AllAndBroker,
}

impl Plan {
    /// Draws a plan; one seed and size always give one plan.
    #[must_use]
    pub fn from_seed(seed: u64, size: &Size) -> Self {
        let mut draw = Draw { random: StdRng::seed_from_u64(seed), size: *size, operations: Vec::new() };
        let (mut jobs, mut kills) = (0, 0);
        while jobs < size.jobs {
            let batch = draw.between(size.jobs_per_kill / 2, size.jobs_per_kill + size.jobs_per_kill / 2);
            let batch = batch.clamp(1, size.jobs - jobs);
            draw.operations.push(Operation::PublishBatch { jobs: batch });
            jobs += batch;
            draw.something_odd();
            draw.a_fault();
            draw.a_moment();
            while kills < jobs / size.jobs_per_kill.max(1) {
                let worker = draw.worker();
                draw.operations.push(Operation::KillWorker { worker });
                kills += 1;
            }
            draw.a_moment();
        }
        Self { operations: draw.operations }
    }

    /// Writes it down.
    #[must_use]
    pub fn to_lines(&self) -> String {
        let line = |operation: &Operation| serde_json::to_string(operation).expect("an operation is plain data") + "\n";
        self.operations.iter().map(line).collect()
    }

    /// Reads what [`Self::to_lines`] wrote; empty lines are left out.
    ///
    /// # Errors
    /// The first line that is no operation.
    pub fn from_lines(text: &str) -> Result<Self, serde_json::Error> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Ok(Self { operations: lines.map(serde_json::from_str).collect::<Result<_, _>>()? })
    }

    /// Says whether it needs a broker of its own.
    #[must_use]
    pub fn restarts_broker(&self) -> bool {
        self.operations.contains(&Operation::RestartBroker)
    }

    /// Says whether nothing but kills happens to a worker.
    #[must_use]
    pub fn is_kills_only(&self) -> bool {
        self.operations.iter().all(Operation::leaves_connections_alone)
    }
}

struct Draw {
    random: StdRng,
    size: Size,
    operations: Vec<Operation>,
}

impl Draw {
    fn between(&mut self, least: u32, most: u32) -> u32 {
        self.random.random_range(least..=most.max(least))
    }

    fn worker(&mut self) -> u32 {
        self.between(0, self.size.workers.saturating_sub(1))
    }

    fn ms(&mut self, least: u32, most: u32) -> u64 {
        self.between(least, most).into()
    }

    fn a_moment(&mut self) {
        if self.random.random_bool(0.7) {
            let ms = self.ms(1, 300);
            self.operations.push(Operation::Wait { ms });
        }
    }

    /// One batch in three brings something that is not simply a good document.
    fn something_odd(&mut self) {
        let odd = match self.between(0, 29) {
            0..=2 => Operation::PublishDuplicate { jobs_ago: self.between(1, 20) },
            3 => Operation::PublishPoison { poison: Poison::NotAPdf },
            4 => Operation::PublishPoison { poison: Poison::Damaged },
            5 => Operation::PublishEncrypted { password: GivenPassword::None },
            6 => Operation::PublishEncrypted { password: GivenPassword::Wrong },
            7 => Operation::PublishBlocked,
            8 | 9 => Operation::Cancel { jobs_ago: self.between(1, 12) },
            _ => return,
        };
        self.operations.push(odd);
    }

    /// Two batches in three bring a fault, unless workers are only killed.
    fn a_fault(&mut self) {
        let fault = match (self.size.faults, self.between(0, 29)) {
            (Faults::Kills, _) => return,
            (_, 0..=3) => Operation::StopWorker { worker: self.worker() },
            (_, 4..=7) => Operation::CutBroker { worker: self.worker() },
            (_, 8..=10) => Operation::BlackHoleBroker { worker: self.worker(), ms: self.ms(100, 3000) },
            (_, 11..=13) => {
                Operation::SlowStore { worker: self.worker(), latency_ms: self.ms(5, 200), ms: self.ms(200, 3000) }
            }
            (_, 14..=16) => Operation::ResetStore { worker: self.worker() },
            (_, 17) => Operation::StopStore { ms: self.ms(100, 1500) },
            (_, 18) => Operation::Replay,
            (Faults::AllAndBroker, 19) => Operation::RestartBroker,
            _ => return,
        };
        self.operations.push(fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { jobs: 3000, jobs_per_kill: 10, workers: 3, faults: Faults::AllAndBroker };

    #[test]
    fn a_seed_gives_one_plan_and_another_seed_another() {
        assert_eq!(Plan::from_seed(7, &SIZE), Plan::from_seed(7, &SIZE));
        assert_ne!(Plan::from_seed(7, &SIZE), Plan::from_seed(8, &SIZE));
    }

    #[test]
    fn a_plan_has_as_many_jobs_and_kills_as_asked_for() {
        for faults in [Faults::Kills, Faults::All, Faults::AllAndBroker] {
            let plan = Plan::from_seed(7, &Size { faults, ..SIZE });
            let jobs: u32 = plan.operations.iter().map(jobs_of).sum();
            let kills = plan.operations.iter().filter(|operation| matches!(operation, Operation::KillWorker { .. }));
            assert_eq!((jobs, kills.count()), (3000, 300), "{faults:?}");
            assert_eq!(plan.is_kills_only(), faults == Faults::Kills);
            assert_eq!(plan.restarts_broker(), faults == Faults::AllAndBroker);
        }
    }

    #[test]
    fn a_plan_reads_back_from_its_lines() {
        let plan = Plan::from_seed(7, &SIZE);
        assert_eq!(Plan::from_lines(&plan.to_lines()).expect("just written"), plan);
        let lines = "{\"operation\":\"publish_batch\",\"jobs\":2}\n\n{\"operation\":\"replay\"}\n";
        let expected = vec![Operation::PublishBatch { jobs: 2 }, Operation::Replay];
        assert_eq!(Plan::from_lines(lines).expect("valid").operations, expected);
        assert!(Plan::from_lines("{\"operation\":\"explode\"}").is_err());
    }

    fn jobs_of(operation: &Operation) -> u32 {
        match operation {
            Operation::PublishBatch { jobs } => *jobs,
            _ => 0,
        }
    }
}

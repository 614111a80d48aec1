//! The operations that a soak plan consists of, as they are recorded.

use serde::{Deserialize, Serialize};

/// One thing that is done to the system. Workers are counted from 0, jobs backwards: 1 is the last
/// one that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// Publishes good documents.
    PublishBatch {
        /// How many.
        jobs: u32,
    },
    /// Publishes a job once more, with the very same body.
    PublishDuplicate {
        /// Which.
        jobs_ago: u32,
    },
    /// Publishes something that no renderer can open.
    PublishPoison {
        /// What it is.
        poison: Poison,
    },
    /// Publishes a document that is encrypted.
    PublishEncrypted {
        /// What is given to open it.
        password: GivenPassword,
    },
    /// Publishes a job at an address that is not allowed, with a secret in its query.
    PublishBlocked,
    /// SIGKILL; another worker takes its place at once.
    KillWorker {
        /// Which.
        worker: u32,
    },
    /// SIGTERM; another worker takes its place when it has ended.
    StopWorker {
        /// Which.
        worker: u32,
    },
    /// Resets a worker's connections to the broker.
    CutBroker {
        /// Whose.
        worker: u32,
    },
    /// Lets nothing through between a worker and the broker until the plan heals it.
    BlackHoleBroker {
        /// Whose.
        worker: u32,
        /// For how long.
        ms: u64,
    },
    /// Kills the broker and starts it again. Needs one of the run's own.
    RestartBroker,
    /// Kills the object store and starts it again later.
    StopStore {
        /// How long it is away.
        ms: u64,
    },
    /// Makes a worker's store slow until the plan heals it.
    SlowStore {
        /// Whose.
        worker: u32,
        /// How much later everything comes.
        latency_ms: u64,
        /// For how long.
        ms: u64,
    },
    /// Resets a worker's connections to the store.
    ResetStore {
        /// Whose.
        worker: u32,
    },
    /// Asks for a job to stop.
    Cancel {
        /// Which.
        jobs_ago: u32,
    },
    /// Replays every dead letter.
    Replay,
    /// Lets the system work.
    Wait {
        /// For how long.
        ms: u64,
    },
}

/// A document that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Poison {
    /// Another kind of file.
    NotAPdf,
    /// Begins as a PDF does, and then holds none.
    Damaged,
}

/// What a job says opens its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenPassword {
    /// Nothing.
    None,
    /// A password that does not.
    Wrong,
}

impl Operation {
    /// Says whether it does nothing to connections and servers. Where all operations are so, a
    /// worker only ever ends by a kill, and what is done twice is done twice without excuse.
    #[must_use]
    pub const fn leaves_connections_alone(&self) -> bool {
        matches!(
            self,
            Self::PublishBatch { .. }
                | Self::PublishDuplicate { .. }
                | Self::PublishPoison { .. }
                | Self::PublishEncrypted { .. }
                | Self::PublishBlocked
                | Self::KillWorker { .. }
                | Self::Cancel { .. }
                | Self::Wait { .. }
        )
    }
}

//! Tasks, and how the process ends: first drain (take no more jobs), then stop (give back the jobs in
//! flight), each at most once.

use std::sync::LazyLock;

use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Every task of the process: the shutdown waits for the tasks on it and for no other.
static TASKS: LazyLock<TaskTracker> = LazyLock::new(TaskTracker::new);

/// Spawns a task on the tracker.
#[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
pub(crate) fn spawn<F>(task: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    tokio::spawn(TASKS.track_future(task))
}

pub(crate) async fn all_tasks_ended() {
    TASKS.close();
    TASKS.wait().await;
}

/// The two stages of an orderly end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifecycle {
    /// Take no more jobs.
    pub(crate) drain: CancellationToken,
    /// Give back the jobs in flight.
    pub(crate) stop: CancellationToken,
}

//! Tasks, and how the process ends: first drain (take nothing new), then stop (give back what is
//! not done), each at most once.

use std::sync::LazyLock;

use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Every task of the process: what is not on it cannot be waited for.
static TASKS: LazyLock<TaskTracker> = LazyLock::new(TaskTracker::new);

/// Spawns a task on the tracker.
#[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
pub fn spawn<F>(task: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    tokio::spawn(TASKS.track_future(task))
}

/// Waits until every task has ended.
pub async fn all_tasks_ended() {
    TASKS.close();
    TASKS.wait().await;
}

/// The two stages of an orderly end.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// Take nothing new.
    pub drain: CancellationToken,
    /// Give back what is not done.
    pub stop: CancellationToken,
}

//! Decisions about a job, with no I/O and no async: what a fault means, where the job goes next,
//! how much time is left.

mod budget;
mod fault;
mod retry;

pub use budget::Budget;
pub use fault::{Fault, chain};
pub use retry::{Bury, Circumstances, Postpone, Settlement, settle};

//! Decisions about a job, with no I/O and no async: what a fault means, where the job goes next,
//! how much time is left.

mod budget;
mod fault;
mod quarantine;
mod settlement;

pub use budget::Budget;
pub use fault::{Fault, chain};
pub use quarantine::next_run;
pub use settlement::{Bury, Circumstances, Cut, Ending, Postpone, Settlement, decide};

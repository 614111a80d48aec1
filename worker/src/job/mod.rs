//! Decisions about a job, with no I/O and no async: what a fault means, where the job goes next, how much time is
//! left.

mod budget;
mod fault;
mod quarantine;
mod settlement;

pub(crate) use budget::Budget;
pub(crate) use fault::{Fault, chain};
pub(crate) use quarantine::next_run;
pub(crate) use settlement::{Bury, Circumstances, Cut, Deadline, Ending, LetterWritten, Postpone, Settlement, decide};

//! Dead letters: read, chosen, listed, shown, changed, replayed and dropped.

mod assignment;
mod choice;
mod find;
mod letter;
mod list;
mod pile;
mod rate;
mod refusal;
mod replay;
mod republish;
mod revise;
mod show;

pub use self::{
    assignment::{Assignment, WrongAssignment},
    choice::Choice,
    find::{Burial, find},
    letter::Letter,
    list::{Group, groups, list},
    pile::{Extent, Found, LetterReceipt, Pile, PileError, Reach, Taken},
    rate::Rate,
    refusal::Refusal,
    replay::{Replay, ReplayEnd, ReplayError, ReplayOrder, ReplayStep, Replayed},
    republish::Force,
    revise::{Revision, WrongChange},
    show::{ResultState, WholeLetter, show},
};

#[cfg(all(test, feature = "cli"))]
pub(crate) use self::{letter::tests as samples, show::tests::whole_letter};

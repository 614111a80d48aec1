//! An error with everything that caused it, in one line.

use std::{error::Error, iter::successors};

/// Writes an error and its causes, with colons between them.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

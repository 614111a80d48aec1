//! The commands of `quire`, each with its arguments. Data goes to stdout, everything else to stderr.

pub(crate) mod cancel;
pub(crate) mod dead;
pub(crate) mod delete;
pub(crate) mod endpoints;
mod ends;
pub(crate) mod exit;
mod failures;
mod progress;
pub(crate) mod queues;
pub(crate) mod result;
mod source;
pub(crate) mod submit;
mod text;
pub(crate) mod topology;
pub(crate) mod watch;
pub(crate) mod workers;

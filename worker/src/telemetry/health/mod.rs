//! Whether the worker is alive and ready, and the HTTP server that says so.

mod bounded;
mod server;
mod state;

pub(crate) use server::Server;
pub(crate) use state::Health;

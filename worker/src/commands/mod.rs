//! One file or folder a subcommand, and what several of them share.

pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod exit;
pub(crate) mod healthcheck;
pub(crate) mod process;
pub(crate) mod renderer;
pub(crate) mod run;
mod services;
pub(crate) mod text;

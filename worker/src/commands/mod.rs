//! One file a subcommand.

pub mod config;
pub mod doctor;
pub mod healthcheck;
pub mod output;
pub mod process;
pub mod renderer;
pub mod run;
mod services;

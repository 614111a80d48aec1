//! The whole system from outside, one module a behaviour.

mod bad_input;
mod broker_faults;
mod burial;
mod cancel;
mod children;
mod command_line;
mod corpora;
mod duplicates;
mod events;
mod geometry;
mod happy_path;
mod health;
mod llamaparse;
mod process_command;
mod redelivery;
mod retry;
mod saturation;
mod shutdown;
mod sources;
mod store_faults;
mod topology;

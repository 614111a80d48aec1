//! The whole system from outside, one module a behaviour.

mod happy_path;

//! checkpoint.

pub mod hub;

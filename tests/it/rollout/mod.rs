//! Attention rollout.

mod commands;
mod values;

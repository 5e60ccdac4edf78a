//! What computes a model.

use crate::names::closed_set;

/// What computes a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Backend {
    /// Kernels of our own: fast, and the same bits on every machine.
    #[default]
    Fused,
    /// candle-core and candle-nn alone: slower, with bits that depend on the
    /// machine.
    Plain,
}

closed_set!(Backend, "backend", Fused => "fused", Plain => "plain");

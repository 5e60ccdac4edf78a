//! How the units of two runs are put beside one another.

/// What the two runs of a comparison are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// Two models on one input: only equal units are compared.
    SameInput,
    /// One model on two inputs: what replaces something is compared with it,
    /// where there are as many units.
    OtherInput,
}

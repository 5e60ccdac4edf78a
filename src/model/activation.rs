//! The activations of feed-forward networks.

/// The activation between the two linear maps of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x · Φ(x)` with the exact normal distribution (`gelu`).
    Gelu,
    /// The tanh form (`gelu_new`, `gelu_pytorch_tanh`, `gelu_fast`).
    GeluTanh,
    /// `x · sigmoid(1.702 x)` (`quick_gelu`).
    GeluQuick,
    /// `max(x, 0)`.
    Relu,
    /// `x · sigmoid(x)` (`silu`, `swish`).
    Silu,
    /// `tanh(x)`.
    Tanh,
}

impl Activation {
    /// By the name that `hidden_act` uses in transformers' `ACT2FN`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "gelu" | "gelu_python" => Self::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" | "gelu_accurate" => Self::GeluTanh,
            "quick_gelu" => Self::GeluQuick,
            "relu" => Self::Relu,
            "silu" | "swish" => Self::Silu,
            "tanh" => Self::Tanh,
            _ => return None,
        })
    }
}

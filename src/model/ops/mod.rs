//! The operations that model families share: on candle's tensors, and the
//! kernels that compute them, on slices.

pub mod fused;
pub mod kernels;

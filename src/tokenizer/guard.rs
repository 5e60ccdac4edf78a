//! Steps of the tokenizers crate that may panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a step of the tokenizers crate, which panics on some tokenizers that
/// are malformed; that is reported like any other.
pub(super) fn guard<T>(step: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    catch_unwind(AssertUnwindSafe(step))
        .unwrap_or_else(|_| Err("the structure of the tokenizer is broken".into()))
}

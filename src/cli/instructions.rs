//! The instructions of the process, as the environment names them.

use anyhow::{Context, Result};

use crate::model::{InstructionsError, use_instructions};

/// Names an instruction set, for those who want to see that all give the same
/// bytes.
const VARIABLE: &str = "ATTNVIZ_INSTRUCTIONS";

/// Chooses what [`VARIABLE`] names; nothing where it is not set or empty.
pub(super) fn choose() -> Result<()> {
    let Some(found) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(());
    };
    let found = found.to_string_lossy();
    found
        .parse()
        .map_err(InstructionsError::from)
        .and_then(use_instructions)
        .with_context(|| format!("{VARIABLE}={found} cannot be used"))
}

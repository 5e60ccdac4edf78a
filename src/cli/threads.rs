//! How many threads the process computes with.

use anyhow::{Context, Result};

use super::usage::UsageError;
use crate::remedy::Remedy;

/// The most threads that anybody asks for on purpose.
const MAXIMUM_THREADS: usize = 1_024;

pub(super) fn set_threads(threads: Option<usize>) -> Result<()> {
    let Some(threads) = threads else {
        // rayon itself takes the cores, or RAYON_NUM_THREADS; what that says
        // in other words than numbers, it takes no notice of.
        return check_threads_variable();
    };
    if !(1..=MAXIMUM_THREADS).contains(&threads) {
        return Err(UsageError::error(
            format!("expected --threads between 1 and 1024, found {threads}"),
            Remedy::SetThreads,
        ));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .context("the threads could not be started")
}

/// 0 stands for all cores, as no value does.
fn check_threads_variable() -> Result<()> {
    let Some(found) = std::env::var_os("RAYON_NUM_THREADS").filter(|value| !value.is_empty())
    else {
        return Ok(());
    };
    let number = found.to_str().and_then(|text| text.parse().ok());
    match number.is_some_and(|number: usize| number <= MAXIMUM_THREADS) {
        true => Ok(()),
        false => Err(UsageError::error(
            format!("expected RAYON_NUM_THREADS between 1 and {MAXIMUM_THREADS}, found {found:?}"),
            Remedy::SetThreadsVariable,
        )),
    }
}

//! What shells offer for options whose values are no closed set.

use std::ffi::OsStr;

use clap_complete::engine::ValueCompleter;
use clap_complete::{CompletionCandidate, PathCompleter};

use super::values::VIEWS;
use crate::checkpoint::hub::{HubEnvironment, cached_models};

/// Models: `builtin`, what the cache holds, and directories.
pub(super) fn models(begun: &OsStr) -> Vec<CompletionCandidate> {
    let cached = HubEnvironment::from_process()
        .map(|environment| cached_models(&environment.cache))
        .unwrap_or_default();
    let names = ["builtin".to_owned()].into_iter().chain(cached);
    let mut candidates: Vec<_> = names
        .filter(|name| name.starts_with(&*begun.to_string_lossy()))
        .map(CompletionCandidate::new)
        .collect();
    candidates.extend(PathCompleter::dir().complete(begun));
    candidates
}

/// Lists of layers or heads: nobody knows how many there are before a model is
/// loaded, so that all and the last one have to do.
pub(super) fn layers_or_heads(begun: &OsStr) -> Vec<CompletionCandidate> {
    ["all", "0", "-1"]
        .into_iter()
        .filter(|value| value.starts_with(&*begun.to_string_lossy()))
        .map(CompletionCandidate::new)
        .collect()
}

/// Lists of views: of the one that is begun.
pub(super) fn views(begun: &OsStr) -> Vec<CompletionCandidate> {
    let text = begun.to_string_lossy();
    let (before, last) = match text.rfind(',') {
        Some(comma) => text.split_at(comma + 1),
        None => ("", &*text),
    };
    VIEWS
        .into_iter()
        .filter(|(name, _)| name.starts_with(last))
        .map(|(name, shows)| {
            let shows = Some(shows.into());
            CompletionCandidate::new(format!("{before}{name}")).help(shows)
        })
        .collect()
}

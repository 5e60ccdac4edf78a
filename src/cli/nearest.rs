//! What was meant by a name that nothing has: the nearest of those that there
//! are.

use std::fs;
use std::path::Path;

use strsim::osa_distance;
use thiserror::Error;

use crate::checkpoint::CheckpointError;
use crate::checkpoint::hub::{HubEnvironment, HubError, cached_models};
use crate::remedy::{HubRemedy, Remedy};

/// The name that is nearest to what was typed, if any is so near that a slip of
/// the fingers may lie between: one letter in four, in any case of letters.
pub(super) fn nearest(typed: &str, names: impl IntoIterator<Item = String>) -> Option<String> {
    let lower = typed.to_lowercase();
    let most = (lower.chars().count() / 4).max(1);
    names
        .into_iter()
        .filter(|name| name != typed)
        .map(|name| (osa_distance(&lower, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, name)| name)
}

/// A model that is not there under the name that was typed, while one is there
/// under a name that is nearly the same.
#[derive(Debug, Error)]
#[error("{source}")]
pub struct MistypedModel {
    nearest: String,
    command: &'static str,
    source: CheckpointError,
}

impl MistypedModel {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::Hub(HubRemedy::NameModel {
            nearest: self.nearest.clone(),
            command: self.command,
        }))
    }
}

/// The error of a model that was typed behind an option or a command, with the
/// name that may have been meant where the model was not found.
pub(super) fn explained(
    typed: &str,
    command: &'static str,
    error: CheckpointError,
) -> anyhow::Error {
    let nearest = match was_not_found(&error) {
        true => nearest_model(typed),
        false => None,
    };
    match nearest {
        Some(nearest) => MistypedModel {
            nearest,
            command,
            source: error,
        }
        .into(),
        None => error.into(),
    }
}

/// Whether there is no such model, as far as this machine can tell.
fn was_not_found(error: &CheckpointError) -> bool {
    if let CheckpointError::OtherTokenizer(error) = error {
        return was_not_found(error);
    }
    matches!(
        error,
        CheckpointError::NoDirectory { folder: None, .. }
            | CheckpointError::Hub(
                HubError::InvalidId { .. }
                    | HubError::ModelMissing { .. }
                    | HubError::NotCached { .. }
                    | HubError::Unreachable { .. }
                    // The hub says so of what does not exist, too.
                    | HubError::Unauthorized {
                        authenticated: false,
                        ..
                    }
            )
    )
}

/// `builtin`, what the cache holds, and directories with a checkpoint beside
/// what was typed.
fn nearest_model(typed: &str) -> Option<String> {
    let typed = typed.trim_end_matches('/');
    let cached = HubEnvironment::from_process()
        .map(|environment| cached_models(&environment.cache))
        .unwrap_or_default();
    let names = ["builtin".to_owned()]
        .into_iter()
        .chain(cached.iter().cloned())
        .chain(checkpoints_beside(typed));
    let without_owner = |id: &String| id.split_once('/').map(|(_, name)| name.to_owned());
    nearest(typed, names).or_else(|| {
        // Of a name without its owner.
        let exact = cached
            .iter()
            .find(|id| without_owner(id).is_some_and(|name| name.eq_ignore_ascii_case(typed)));
        let near = || nearest(typed, cached.iter().filter_map(without_owner));
        let is_near = |id: &&String, near: &str| without_owner(id).is_some_and(|name| name == near);
        exact
            .or_else(|| near().and_then(|near| cached.iter().find(|id| is_near(id, &near))))
            .cloned()
    })
}

/// Directories with a checkpoint in the folder of a path, written as it is.
fn checkpoints_beside(typed: &str) -> Vec<String> {
    let typed = typed.trim_end_matches('/');
    let (prefix, folder) = match typed.rsplit_once('/') {
        Some((folder, _)) => (format!("{folder}/"), Path::new(folder)),
        None => (String::new(), Path::new(".")),
    };
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.path().join("config.json").is_file())
        .filter_map(|entry| Some(format!("{prefix}{}", entry.file_name().to_str()?)))
        .collect()
}

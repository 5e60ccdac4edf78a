//! The value of `--model`: a hub id or address, a directory, or `builtin`.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Result;

use super::usage::UsageError;
use crate::checkpoint::CheckpointSource;
use crate::checkpoint::hub::{HubEnvironment, ModelAddress, model_address};
use crate::remedy::{Remedy, Setting};

/// What the user calls a model. Whether a plain name is a directory depends
/// on the disk and so is asked later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelName(String);

/// What is taken where neither `--revision` nor an address says otherwise.
const DEFAULT_REVISION: &str = "main";

impl FromStr for ModelName {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name.trim().is_empty() {
            true => Err("expected a hub id, a directory or \"builtin\", found nothing"),
            false => Ok(Self(name.to_owned())),
        }
    }
}

impl ModelName {
    /// As it was typed.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// `builtin`, then an address of the hub, then anything that looks like a
    /// path or is a directory, then the hub; the order that Hugging Face's
    /// libraries have.
    ///
    /// # Errors
    /// When an address is none of a model, or the revision is one too many: an
    /// address has another, or the model is a local one.
    pub fn source(&self, revision: Option<&str>) -> Result<CheckpointSource> {
        let name = self.0.as_str();
        let path = PathBuf::from(name);
        let local = |source| match revision {
            Some(_) => Err(UsageError::error(
                format!("--revision is for models on the hub, and {name} is a local one"),
                Remedy::LeaveOut(Setting::Revision),
            )),
            None => Ok(source),
        };
        if name == "builtin" {
            return local(CheckpointSource::Builtin);
        }
        if path.is_dir() {
            return local(CheckpointSource::Directory(path));
        }
        // Nothing of the hub's environment matters for a local model.
        if name.contains([':', '@']) || name.contains(".") && name.contains('/') {
            let endpoint = HubEnvironment::from_process()?.endpoint;
            if let Some(address) = model_address(name, &endpoint)? {
                return addressed(name, address, revision);
            }
        }
        let looks_like_path = path.is_absolute()
            || name.starts_with(['.', '~'])
            || name.ends_with('/')
            || name.contains('\\')
            || name.matches('/').count() > 1
            // One of a model's files, in the place of its folder.
            || path.is_file();
        match looks_like_path {
            true => local(CheckpointSource::Directory(path)),
            false => Ok(CheckpointSource::Hub {
                id: name.to_owned(),
                revision: revision_or_default(revision),
            }),
        }
    }
}

/// The revision that is named, where one is; for the default model.
pub(super) fn revision_or_default(revision: Option<&str>) -> String {
    revision.unwrap_or(DEFAULT_REVISION).to_owned()
}

fn addressed(
    name: &str,
    address: ModelAddress,
    revision: Option<&str>,
) -> Result<CheckpointSource> {
    let revision = match (&address.revision, revision) {
        (Some(found), Some(named)) if found != named => {
            return Err(UsageError::error(
                format!("{name} names revision {found}, and --revision names {named}"),
                Remedy::LeaveOut(Setting::Revision),
            ));
        }
        (Some(found), _) => found.as_str(),
        (None, named) => named.unwrap_or(DEFAULT_REVISION),
    };
    Ok(CheckpointSource::Hub {
        revision: revision.to_owned(),
        id: address.id,
    })
}

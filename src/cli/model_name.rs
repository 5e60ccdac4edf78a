//! The value of `--model`: a hub id, a directory, or `builtin`.

use std::path::PathBuf;
use std::str::FromStr;

use crate::checkpoint::CheckpointSource;

/// What the user calls a model. Whether a plain name is a directory depends
/// on the disk and so is asked later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelName(String);

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

    /// `builtin`, then anything that looks like a path or is a directory, then
    /// the hub; the order that Hugging Face's libraries have.
    pub fn source(&self, revision: &str) -> CheckpointSource {
        let name = self.0.as_str();
        let path = PathBuf::from(name);
        let looks_like_path = path.is_absolute()
            || name.starts_with(['.', '~'])
            || name.ends_with('/')
            || name.contains('\\')
            || name.matches('/').count() > 1;
        match name {
            "builtin" => CheckpointSource::Builtin,
            _ if looks_like_path || path.is_dir() => CheckpointSource::Directory(path),
            _ => CheckpointSource::Hub {
                id: name.to_owned(),
                revision: revision.to_owned(),
            },
        }
    }
}

//! The rules file of `check`, read from the disk.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use thiserror::Error;

use crate::compare::rules::{MAXIMUM_LENGTH, Rules, parse};
use crate::digest::sha256;
use crate::remedy::{CheckRemedy, Remedy};
use crate::store::write::WriteError;

/// The file of rules cannot be read, or one cannot be begun.
#[derive(Debug, Error)]
pub enum RulesFileError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something is there already.
    #[error("{} is there already", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It names no model, and neither does anybody else.
    #[error("{} names no model", path.display())]
    NoModel {
        /// The file.
        path: PathBuf,
    },
    /// A report would be written over what the check reads.
    #[error("the report {} is a file that the check reads", report.display())]
    ReportIsRead {
        /// The option or variable that names it.
        option: &'static str,
        /// The report.
        report: PathBuf,
    },
}

impl RulesFileError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Unreadable { path, source } if source.kind() == io::ErrorKind::NotFound => {
                Remedy::Check(CheckRemedy::Init {
                    rules: path.clone(),
                })
            }
            Self::Unreadable { .. } => Remedy::LookAtFile,
            Self::Taken { .. } => Remedy::Check(CheckRemedy::NameOtherOrOverwrite),
            Self::Write(_) => Remedy::Check(CheckRemedy::NameWritableFile),
            Self::NoModel { .. } => Remedy::Check(CheckRemedy::NameModel),
            Self::ReportIsRead { option, .. } => Remedy::NameReport { option },
        })
    }
}

/// Rules, and the SHA-256 of their file.
pub(super) fn read(path: &Path) -> Result<(Rules, String)> {
    let bytes = bytes(path).map_err(|source| RulesFileError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let sha256 = sha256(&bytes);
    let rules = parse(&bytes).with_context(|| format!("{} is no file of rules", path.display()))?;
    Ok((rules, sha256))
}

/// One byte more than is read, so that it shows.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe keeps nobody waiting, and a folder says so itself.
    let found = fs::metadata(path)?;
    if !found.is_file() {
        let kind = io::ErrorKind::InvalidInput;
        return Err(io::Error::new(kind, "it is not a file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(MAXIMUM_LENGTH + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a path of a rules file is, seen from where the command runs.
pub(super) fn beside(rules: &Path, name: &str) -> PathBuf {
    let path = rules.parent().unwrap_or(Path::new("")).join(name);
    // A file of this name, wherever the rules are; never standard input.
    match path == Path::new("-") {
        true => Path::new(".").join(path),
        false => path,
    }
}

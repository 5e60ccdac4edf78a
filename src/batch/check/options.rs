//! What a check does, and what it came to.

use std::path::{Path, PathBuf};

use super::CheckError;
use super::publish::claim;
use crate::batch::{InputSource, Reports};
use crate::compare::rules::Rules;
use crate::digest::sha256;
use crate::remedy::Remedy;
use crate::store::check_record::CheckRecord;
use crate::store::folder::folder_name;

/// So many digits of a hash tell two rules files apart.
const HASH_LENGTH: usize = 8;

/// What a check does.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    /// The rules.
    pub rules: Rules,
    /// Where they are.
    pub rules_path: PathBuf,
    /// SHA-256 of their file.
    pub rules_sha256: String,
    /// Files of inputs.
    pub sources: Vec<InputSource>,
    /// Where the baseline is.
    pub baseline: Option<PathBuf>,
    /// The check's folder.
    pub output: PathBuf,
    /// Whether it may be somebody else's.
    pub overwrite: bool,
    /// Reports beside the folder.
    pub reports: Reports,
    /// The most tokens that the encoder gets at once.
    pub batch_tokens: usize,
    /// What is written down for an input that failed and can be mended.
    pub remedy_in_words: fn(&Remedy) -> String,
}

impl CheckOptions {
    /// The name of the rules file, without its folders.
    pub fn rules_name(&self) -> String {
        let name = self.rules_path.file_name();
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// SHA-256 of the path of the rules file from the working directory, with `/`
    /// between its parts; of the whole path where the file is not below it.
    pub fn rules_place(&self) -> String {
        let whole = self.rules_path.canonicalize();
        let whole = whole.unwrap_or_else(|_| self.rules_path.clone());
        let folder = std::env::current_dir().and_then(|folder| folder.canonicalize());
        let below = folder.ok().and_then(|folder| {
            let below = whole.strip_prefix(folder).ok()?;
            Some(below.to_owned())
        });
        let path = below.unwrap_or(whole);
        let parts = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy());
        sha256(parts.collect::<Vec<_>>().join("/"))
    }

    /// The folder of a check that names none: called after the rules file, and,
    /// where that one holds something else, with a hash of the file's place
    /// behind.
    pub fn default_output(&self, root: &Path) -> PathBuf {
        let stem = self.rules_path.file_stem();
        let stem = stem.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let name = format!("check-{}", folder_name(&[&stem]));
        let plain = Self {
            output: root.join(&name),
            ..self.clone()
        };
        match claim(&plain) {
            Err(CheckError::Taken { .. }) => {
                let place = self.rules_place();
                root.join(format!(
                    "{name}-{}",
                    place.get(..HASH_LENGTH).unwrap_or_default()
                ))
            }
            Ok(_) | Err(_) => plain.output,
        }
    }
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckOutcome {
    /// What the folder's manifest says.
    pub record: CheckRecord,
    /// What changes the meaning of a whole file, with its name.
    pub file_warnings: Vec<(String, crate::batch::FileWarning)>,
}

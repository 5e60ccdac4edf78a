//! What a check does, and what it came to.

use std::path::{Path, PathBuf};

use crate::batch::{InputSource, Reports};
use crate::compare::rules::Rules;
use crate::digest::sha256;
use crate::remedy::Remedy;
use crate::store::check_record::CheckRecord;

/// What a check does.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    /// The rules.
    pub rules: Rules,
    /// Where they are.
    pub rules_path: PathBuf,
    /// The folder that their place is told from.
    pub working_directory: PathBuf,
    /// SHA-256 of their file.
    pub rules_sha256: String,
    /// Files of inputs.
    pub sources: Vec<InputSource>,
    /// Longer texts are cut to so many tokens; `None`: they fail.
    pub truncate: Option<usize>,
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
        let whole = whole.unwrap_or_else(|_| self.place_of_nothing());
        let folder = self.working_directory.canonicalize();
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
}

impl CheckOptions {
    /// Where the rules would be, were they there.
    fn place_of_nothing(&self) -> PathBuf {
        let folder = match self.rules_path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        match (folder.canonicalize(), self.rules_path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            (Ok(_) | Err(_), _) => self.rules_path.clone(),
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

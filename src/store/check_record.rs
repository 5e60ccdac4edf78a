//! What a check came to: the manifest of its folder, and what `--json` prints.
//! No time stamp, no host name, no absolute path.

use serde::{Deserialize, Serialize};

use super::baseline::Precision;
use crate::checkpoint::{FileDigest, ModelProvenance};

/// Grows when a field changes its meaning or goes.
pub const CHECK_SCHEMA_VERSION: u32 = 1;

/// What tells the manifest of a check from others.
pub const CHECK_KIND: &str = "check";

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckRecord {
    /// [`CHECK_SCHEMA_VERSION`] of the attnviz that wrote it.
    pub check_schema_version: u32,
    /// [`CHECK_KIND`].
    pub kind: String,
    /// The version of attnviz that wrote it.
    pub attnviz_version: String,
    /// The rules file, without its folders.
    pub rules_file: String,
    /// SHA-256 of its content.
    pub rules_sha256: String,
    /// SHA-256 of its path from where the command ran: two files of one name are
    /// not the same rules.
    #[serde(default)]
    pub rules_place_sha256: String,
    /// The model that was checked.
    pub model: ModelProvenance,
    /// Why the check did not come to its end; nobody can say then whether any
    /// rule holds, and the model is that of the check before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it was checked against, where a rule asks for that.
    pub baseline: Option<BaselineSummary>,
    /// Longer texts were cut to so many tokens; `None` where they failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncate: Option<usize>,
    /// Texts that were cut: inputs, and those of rules.
    #[serde(default)]
    pub cut: u64,
    /// Inputs that were looked at.
    pub checked: u64,
    /// Inputs that failed.
    pub failed: u64,
    /// Rules that hold.
    pub holding: usize,
    /// Rules that are broken.
    pub broken: usize,
    /// Every rule, in the order of the file.
    pub rules: Vec<RuleRecord>,
    /// Every input that failed.
    pub failures: Vec<FailureRecord>,
    /// Every other file of the folder.
    pub files: Vec<FileDigest>,
}

/// What a check was made against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineSummary {
    /// The model that it was made with, as people call it.
    pub model: String,
    /// Whether that is the model that was checked, file by file.
    pub is_same_model: bool,
    /// Files of the model that are others than those it was made with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differing_files: Vec<String>,
    /// How exact its numbers are.
    pub precision: Precision,
    /// Its inputs.
    pub inputs: usize,
}

impl BaselineSummary {
    /// The model that it was made with, beside one of this name.
    pub fn in_words(&self, model: &str) -> String {
        if self.model != model {
            return self.model.clone();
        }
        match self.differing_files.as_slice() {
            [] => format!("an earlier state of {model}"),
            [file] => format!("an earlier state of {model}: {file} differs"),
            files => format!("an earlier state of {model}: {} differ", files.join(", ")),
        }
    }
}

/// Whether a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleStatus {
    /// It does.
    Holds,
    /// It does not.
    Broken,
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleRecord {
    /// What it is called.
    pub name: String,
    /// Its kind, as the file writes it.
    pub kind: String,
    /// Its line in the file.
    pub line: usize,
    /// Whether it holds.
    pub status: RuleStatus,
    /// The value that decided, where there is one.
    pub found: Option<f64>,
    /// What was expected, in words.
    pub expected: String,
    /// What was found and where, in words.
    pub message: String,
    /// The id of the input where it was found.
    pub input: Option<String>,
    /// The texts of that input.
    pub texts: Vec<String>,
    /// The layer where it was found.
    pub layer: Option<usize>,
    /// The head where it was found.
    pub head: Option<usize>,
    /// The label of the unit that attends.
    pub query: Option<String>,
    /// Its position.
    pub query_position: Option<usize>,
    /// The label of the unit that is attended to.
    pub key: Option<String>,
    /// Its position.
    pub key_position: Option<usize>,
    /// Of a broken rule, what it shows.
    pub pictures: Vec<PictureRecord>,
    /// Of broken tokens: those of the baseline, and those that there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<[Vec<String>; 2]>,
    /// What else is to be said of it, as sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A picture of a broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureRecord {
    /// The file, relative to the folder.
    pub file: String,
    /// What it shows.
    pub title: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// An input that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// What it is called.
    pub id: String,
    /// The file that it is in.
    pub file: String,
    /// Its line there; `None` of an input of the rules file.
    pub line: Option<u64>,
    /// Why.
    pub error: String,
    /// What can be done about it.
    pub hint: Option<String>,
}

impl CheckRecord {
    /// Which texts were cut, as a sentence without its full stop; `None` where
    /// none were.
    pub fn cut_in_words(&self) -> Option<String> {
        cut_in_words(self.cut, self.truncate)
    }

    /// The rules that are broken, in their order, and then those that hold.
    pub fn broken_first(&self) -> impl Iterator<Item = &RuleRecord> {
        let of = |status: RuleStatus| {
            let rules = self.rules.iter();
            rules.filter(move |rule| rule.status == status)
        };
        of(RuleStatus::Broken).chain(of(RuleStatus::Holds))
    }
}

/// How many texts were cut to so many tokens, as a sentence without its full
/// stop; `None` where none were.
pub fn cut_in_words(cut: u64, truncate: Option<usize>) -> Option<String> {
    let tokens = truncate.filter(|_| cut > 0)?;
    Some(match cut {
        1 => format!("1 text is cut to {tokens} tokens"),
        _ => format!("{cut} texts are cut to {tokens} tokens"),
    })
}

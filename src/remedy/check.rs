//! What a user can do about a rules file and its baseline.

use std::path::PathBuf;

/// What a user can do about a rules file and its baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckRemedy {
    /// Write the file as TOML.
    WriteToml,
    /// Write the key that is nearest to an unknown one.
    WriteKey {
        /// The key.
        nearest: String,
    },
    /// Write one of the keys that there are.
    WriteOneOf {
        /// The keys.
        keys: Vec<&'static str>,
    },
    /// Write a line such as this one.
    WriteLine {
        /// Its key.
        key: String,
        /// Its value, as TOML has it.
        value: String,
    },
    /// Name a number that values may be on either side of.
    NameReachable,
    /// Do without a key.
    LeaveOut {
        /// The key.
        key: &'static str,
    },
    /// Replace words that are there by others.
    ReplaceWords,
    /// Write at least one rule.
    WriteRules,
    /// Name inputs in the rules file.
    NameInputs,
    /// Name a model in the rules file, or beside it.
    NameModel,
    /// Name a baseline in the rules file.
    NameBaseline,
    /// Begin with a rules file that is made for one.
    Init {
        /// Where it is to be.
        rules: PathBuf,
    },
    /// Make or renew the baseline.
    Accept {
        /// The rules file.
        rules: PathBuf,
    },
    /// Make the baseline anew, of exact numbers.
    AcceptExact {
        /// The rules file; `None` where it is not known.
        rules: Option<PathBuf>,
    },
    /// Name another file for what is to be written.
    NameOtherFile,
    /// Name a file that can be written.
    NameWritableFile,
    /// Name another file for it, or lose what is there.
    NameOtherOrOverwrite,
    /// Use a newer attnviz, or lose what is there.
    UpdateOrOverwrite,
    /// Move what is there away, or lose it.
    MoveOrOverwrite,
    /// Mend the inputs that fail.
    MendInputs,
}

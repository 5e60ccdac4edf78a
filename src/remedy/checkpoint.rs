//! What a user can do about a checkpoint and its files.

use std::path::PathBuf;

use super::subject::{Alteration, CheckpointPart, ForeignWeights, StateDictPlace};

/// What a user can do about a checkpoint and its files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointRemedy {
    /// Name a directory that holds a checkpoint.
    NameCheckpoint,
    /// Save a checkpoint, or a part of it, in Python.
    SaveCheckpoint(CheckpointPart),
    /// Say where the tokenizer of a checkpoint that has none comes from.
    NameTokenizer,
    /// Name the folder in which the tokenizer is.
    NameTokenizerFolder(PathBuf),
    /// Save a tokenizer of another kind as one that is read, in Python.
    ConvertTokenizer,
    /// Compute attention in Python, and draw it here.
    ComputeElsewhere,
    /// Use a model of a family that is known, or compute attention in Python.
    UseKnownFamily,
    /// Have git bring the files that stand behind its pointers.
    PullLfs {
        /// The folder of the model.
        folder: PathBuf,
    },
    /// Give a file the name of what it is.
    RenameFile {
        /// As it is called.
        from: PathBuf,
        /// As it is to be called.
        to: PathBuf,
    },
    /// Download a file of a checkpoint again.
    DownloadFile {
        /// The file.
        path: PathBuf,
    },
    /// Download a file that a checkpoint lacks.
    DownloadMissing(PathBuf),
    /// Copy a folder with what its links name, or download a file again.
    FollowLinks(PathBuf),
    /// Make weights that can be read of those for another program.
    ConvertWeights {
        /// What they are for.
        format: ForeignWeights,
        /// The folder, or the model's name on the hub.
        from: String,
    },
    /// Merge an adapter into its model.
    MergeAdapter {
        /// The folder of the adapter, or its name on the hub, where it stands
        /// by itself.
        from: Option<String>,
        /// What it was trained for, as PEFT calls it.
        task: Option<String>,
    },
    /// Use the model as it was before it was changed.
    UseOriginal(Alteration),
    /// Say which of several encoders is meant.
    ChooseWeightsPrefix {
        /// What stands before the names of each one's tensors.
        prefixes: Vec<String>,
    },
    /// Say in `config.json` of which family the model is.
    AddModelType(&'static str),
    /// Name the folder in which the model is.
    NameModelFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// Save a state dict by itself.
    SaveStateDict {
        /// The file that holds more.
        path: PathBuf,
        /// Where the state dict is in there.
        within: StateDictPlace,
    },
    /// Let the model's own code compute its attention, and draw that.
    SaveAttentionInPython,
    /// See whether the built-in model has the same trouble.
    CompareWithBuiltin,
}

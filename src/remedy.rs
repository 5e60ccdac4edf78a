//! What a user can do about an error: a closed set, as data. Every public error
//! has a `remedy()` beside it; the command line alone puts it into words
//! (`cli/hints.rs`), so that an option which is called otherwise one day is
//! called otherwise in one place.

use std::path::PathBuf;

/// What a user can do about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    // What was typed.
    /// Read what can be typed.
    ReadHelp {
        /// Of which subcommand, where one was typed.
        subcommand: Option<String>,
    },
    /// Give an option the value that is nearest to what was typed.
    TypeNearest {
        /// The option.
        option: String,
        /// The value.
        nearest: String,
    },
    /// Type the command again with the name that is nearest to a wrong one.
    Retype {
        /// The name.
        nearest: String,
        /// The arguments of the command with it.
        command: Vec<String>,
    },
    /// Give an option another value.
    GiveValue {
        /// The option.
        option: String,
    },
    /// Join an option and its value.
    JoinValue {
        /// The option.
        option: String,
        /// The value.
        value: String,
    },
    /// Give an option once.
    GiveOnce {
        /// The option.
        option: String,
    },
    /// Give one of two options that do not go together.
    GiveOneOf {
        /// The two.
        options: [String; 2],
    },
    /// Put a text into quotes.
    QuoteText {
        /// Whose text it is.
        subcommand: String,
        /// What else was typed.
        options: Vec<String>,
        /// The text, without quotes.
        text: String,
    },
    /// Send a text to standard input.
    PipeText,
    /// Send text in UTF-8.
    ConvertToUtf8,
    /// Encode many texts instead of one.
    UseBatch,
    /// Give a text.
    GiveText,
    /// Give another second text, or none.
    GivePair,
    /// Do without something that does not go with the rest.
    LeaveOut(Setting),
    /// Cut the text.
    Truncate {
        /// Tokens that the model takes, special ones included.
        maximum: usize,
    },
    /// Name layers or heads that the model has.
    ChooseOfModel {
        /// `layer` or `head`.
        kind: &'static str,
        /// How many there are, at least one.
        count: usize,
    },
    /// Name layers or heads that the file holds.
    ChooseOfFile {
        /// `layer` or `head`.
        kind: &'static str,
        /// Those that there are, ascending.
        available: Vec<usize>,
    },
    /// Name a stretch of tokens that are there.
    Crop {
        /// Tokens that there are, at least one.
        count: usize,
    },
    /// Show special tokens as well.
    KeepSpecialTokens,
    /// Show every token by itself.
    ShowEveryToken,
    /// Name a token by its position.
    NameTokenByPosition,
    /// Name a position that is there.
    NamePosition {
        /// Tokens that are shown.
        count: usize,
    },
    /// Name one of the tokens that are written alike by its position.
    NameOnePosition {
        /// Where the first of them is.
        first: usize,
    },
    /// Ask for fewer panels in a picture.
    DrawFewerPanels,
    /// Ask for fewer or smaller files.
    WriteLess,
    /// Set both ends of the colour scale.
    SetScale,
    /// Set the lower end of the colour scale.
    SetScaleMinimum,
    /// Set the number of threads.
    SetThreads,
    /// Set the number of threads in the environment.
    SetThreadsVariable,
    /// Set the instructions in the environment.
    SetInstructionsVariable {
        /// Those that this machine has.
        available: Vec<&'static str>,
    },

    // Files that are read.
    /// See whether the file is there, whose it is, and how long.
    LookAtFile,
    /// Name files of inputs that can be read.
    NameReadableInputs,
    /// Name standard input no more than once.
    NameStandardInputOnce,
    /// Say which column of a table is the text.
    NameTextColumn,

    // Saved runs.
    /// Save a run before it is drawn.
    SaveRun,
    /// Save the run again.
    SaveRunAgain,
    /// Save attention under its name, in a format that is read.
    SaveAttention,
    /// Save the layers as one array.
    StackLayers,
    /// Save attention as probabilities.
    SaveProbabilities,
    /// Save less of it.
    SaveLess,
    /// Write the file anew.
    WriteFileAgain,
    /// Give labels in a form that is read.
    GiveLabels,

    // Checkpoints.
    /// Name a directory that holds a checkpoint.
    NameCheckpoint,
    /// Save a checkpoint, or a part of it, in Python.
    SaveCheckpoint(CheckpointPart),
    /// Use a model of a family that is known.
    UseKnownFamily,
    /// See whether the built-in model has the same trouble.
    CompareWithBuiltin,
    /// Use less memory, or have more.
    UseLessMemory,

    // Folders that are written.
    /// Write into another folder.
    NameFolder(FolderKind),
    /// Write into another folder, go on with what is there, or replace it.
    NameFolderOrResume,
    /// Write to a disk with room, or write less.
    NameRoomierDisk,
    /// Wait for the batch that holds the folder.
    WaitForBatch,
    /// Send standard output somewhere else.
    RedirectOutput,

    // Batches.
    /// Go on with the batch.
    Resume {
        /// What to do before.
        first: Option<Box<Remedy>>,
    },
    /// Go on with the batch of a folder.
    ResumeIn {
        /// The folder.
        folder: PathBuf,
    },
    /// Name all shards, each once.
    NameEveryShard,
    /// Name folders that hold shards.
    NameShards,
    /// Make a shard anew.
    RunShardAgain,
    /// Give the files of inputs different names.
    RenameInputFiles,

    // The hub, the way to it, and its cache.
    /// Name the model that is nearest to what was typed.
    NameModel {
        /// Its name.
        nearest: String,
        /// Whether it was to be downloaded only.
        is_pulled: bool,
    },
    /// Name a model as the hub does.
    NameHubModel,
    /// Check the model's name, or say who asks.
    CheckModelName {
        /// Whether a token was sent along.
        authenticated: bool,
    },
    /// Take the newest revision.
    UseMainRevision,
    /// Take a revision that has the file, or another model.
    UseOtherRevision,
    /// Set the hub's address to one.
    SetEndpoint,
    /// See whether the hub's address and the proxy are the right ones.
    CheckEndpoint,
    /// See whether there is a way to the hub, or do without.
    CheckConnection,
    /// Say whose certificates are to be trusted.
    TrustCertificate,
    /// Name certificates that can be read, or none.
    NameCertificates {
        /// The variable that names them.
        variable: &'static str,
    },
    /// Set the clock of the machine.
    SetClock,
    /// Set a token.
    SetToken {
        /// Whether it takes the place of one that may have expired.
        expired: bool,
    },
    /// Write the token anew.
    WriteTokenAgain {
        /// Where it was found.
        origin: &'static str,
    },
    /// See what the token may do.
    CheckToken,
    /// Ask the model's owners for access.
    AskForAccess {
        /// The model.
        id: String,
        /// The hub's host.
        host: String,
        /// Whether a token was sent along.
        authenticated: bool,
    },
    /// Wait, and try the download again from where it is.
    TryLater,
    /// Download the file anew.
    DownloadAgain,
    /// Download the model while there is a connection, or use the built-in one.
    Pull {
        /// The model.
        id: String,
    },
    /// Wait for the process that downloads the same file.
    WaitForProcess,
    /// Say where Hugging Face's files are.
    SetHuggingFaceHome,
    /// Have the cache somewhere that can be written.
    SetCache,
    /// Have the cache where there is room, or make room.
    SetRoomierCache,
}

/// What can be left out of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The second text.
    Pair,
    /// The model's revision.
    Revision,
    /// A stretch of the tokens.
    Crop,
    /// Labels and title of attention from elsewhere.
    LabelsAndTitle,
}

/// What is saved of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointPart {
    /// Model and tokenizer.
    Whole,
    /// Config and weights, anew.
    Model,
    /// Config and weights, so that they belong together.
    ConfigWithWeights,
    /// The weights as 32-bit numbers in a safetensors file.
    Safetensors,
    /// `config.json`.
    Config,
    /// The tokenizer that belongs to the model.
    Tokenizer,
}

/// A folder that could be written into instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderKind {
    /// Any other.
    Other,
    /// Any other, or this one whosever it is.
    OtherOrOverwrite,
    /// One that is not there yet, or this one whosever it is.
    NewOrOverwrite,
    /// One that is not there yet.
    New,
    /// One that may be written to.
    Writable,
}

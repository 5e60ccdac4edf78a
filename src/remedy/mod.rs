//! What a user can do about an error: a closed set, as data. Every public error
//! has a `remedy()` beside it; the command line alone puts it into words
//! (`cli/hints/`), so that an option which is called otherwise one day is
//! called otherwise in one place.

mod check;
mod checkpoint;
mod hub;
mod parquet;
mod subject;

use std::path::PathBuf;

pub use check::CheckRemedy;
pub use checkpoint::CheckpointRemedy;
pub use hub::HubRemedy;
pub use parquet::{ColumnContent, ParquetRemedy};
pub use subject::{
    Alteration, ArrayForm, CheckpointPart, FolderKind, ForeignFile, ForeignWeights, HiddenUnits,
    InputColumn, LabelsOf, RolloutLayers, Setting, StateDictPlace,
};

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
    /// Give an option this value: `[option, value]`.
    SetValue([String; 2]),
    /// Join an option and its value: `[option, value]`.
    JoinValue([String; 2]),
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
    /// Give an option to the command that has it: `[option, command]`.
    UseOtherCommand([String; 2]),
    /// Put a text into quotes.
    QuoteText {
        /// Whose text it is.
        subcommand: String,
        /// What else was typed.
        options: Vec<String>,
        /// The text, without quotes.
        text: String,
    },
    /// Encode what was given as a file, and is rather a text.
    EncodeText {
        /// The text.
        text: String,
    },
    /// Send a text to standard input.
    PipeText,
    /// Send text in UTF-8.
    ConvertToUtf8,
    /// Send what is to be answered to standard input.
    StreamStandardInput,
    /// Encode many texts instead of one.
    UseBatch,
    /// Give a text.
    GiveText,
    /// Give another second text, or none.
    GivePair,
    /// Name what one side is compared with, or give a second text.
    NameRightSide {
        /// The one side.
        left: String,
        /// What it is asked, where that is known.
        text: Option<String>,
    },
    /// Name two models, two runs, or two folders of the same command.
    NameSidesOfOneKind,
    /// Compare by words instead of tokens.
    CompareWords,
    /// Save both runs of one text, or ask one model about both.
    CompareTexts {
        /// The model, where both runs are of one.
        model: Option<String>,
    },
    /// Say what the tokens of attention from elsewhere are.
    NameTokens,
    /// Compare the models themselves, by words.
    CompareModelsByWords,
    /// Save both sides of a comparison of the same inputs.
    SaveSameInputs,
    /// Save a batch or scores anew.
    SaveBatchAgain,
    /// Compare the heads that both sides have.
    CompareHeads {
        /// Their layers and heads; `None` where there are none.
        both: Option<[Vec<usize>; 2]>,
    },
    /// Say what two models are given.
    GiveTextOrInputs,
    /// Give two models these files in place of the folder that they are in.
    NameInputs(Vec<String>),
    /// Name the folder of a model instead of a file in it.
    NameModelFolder(PathBuf),
    /// Save what was saved as pictures with numbers.
    SaveNumbers {
        /// The arguments of the command.
        command: Vec<String>,
        /// Whether the model has to be named as well, in words that nobody
        /// recorded.
        lacks_model: bool,
    },
    /// Do without something that does not go with the rest.
    LeaveOut(Setting),
    /// Run the command without something that its many inputs have no room in, or
    /// with fewer of them.
    RunWithout(Setting),
    /// Do without several things, at least one, likewise.
    LeaveOutAll(Vec<Setting>),
    /// Give the option that was typed another value.
    CorrectValue {
        /// One that it takes.
        value: String,
    },
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
    /// Have the layers that rollout multiplies.
    MendRollout(RolloutLayers),
    /// Name a stretch of tokens that are there.
    Crop {
        /// Its first position.
        first: usize,
        /// Its last.
        last: usize,
    },
    /// Show tokens as well that are left out.
    Keep(HiddenUnits),
    /// Show a token that is hidden.
    ShowUnit {
        /// The views with its own, where what was typed names other tokens, too.
        views: Option<String>,
        /// The ends of a stretch that has it, where it is outside the one that
        /// was asked for.
        crop: Option<(usize, usize)>,
        /// As what it is hidden.
        hidden: HiddenUnits,
    },
    /// Name a view that there is.
    NameView {
        /// Such a one.
        view: String,
    },
    /// Look up the position of a token and name it by that.
    NameUnitByPosition {
        /// The views, with the first position in its place.
        views: String,
    },
    /// See which tokens a text has.
    ListTokens {
        /// The text.
        text: String,
        /// The second text of a pair.
        pair: Option<String>,
        /// Of which model, where that can be named.
        model: Option<String>,
    },
    /// Name a token by its position.
    NameUnit {
        /// The views with one of those that could be meant, at least one choice.
        choices: Vec<String>,
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
    /// Name these files in place of the folder that they are in.
    NameFiles(Vec<String>),
    /// Name standard input no more than once.
    NameStandardInputOnce,
    /// Say which column is a part of an input.
    NameColumn {
        /// Which part.
        column: InputColumn,
        /// Columns that it may be.
        names: Vec<String>,
    },
    /// Say which column is the text, or write a header above what is none.
    NameColumnOrWriteHeader {
        /// Columns that it may be.
        names: Vec<String>,
    },
    /// Say which column is the text, and which perhaps its pair.
    NameTextAndPair {
        /// Columns that it may be, at least two.
        names: Vec<String>,
    },
    /// Make a file of the arrays that objects hold.
    TakeArrayOut {
        /// The field that they are in.
        name: String,
        /// Whether they hold the tokens of one text each.
        of_tokens: bool,
        /// Whether the objects are in an array themselves.
        is_in_array: bool,
        /// The file, as it was named, where that is known.
        file: Option<String>,
    },
    /// Write a table that is turned otherwise as one object a row.
    TurnTable {
        /// What pandas calls how it is turned.
        orient: &'static str,
        /// The file, as it was named, where that is known.
        file: Option<String>,
    },
    /// Read the file as a table of another kind.
    ReadAsCsv,
    /// Read the file as JSON that spans lines.
    ReadAsJson,
    /// Say above the header what stands between columns.
    SayDelimiter {
        /// That.
        delimiter: char,
    },
    /// Do without naming a column.
    LeaveOutColumn(InputColumn),
    /// Give the columns names of their own.
    RenameColumns,
    /// Make a file of inputs of it.
    ConvertFile {
        /// The file.
        file: String,
        /// What it is.
        kind: ForeignFile,
    },
    /// Give at least one input.
    GiveInputs,
    /// Write something there, or take the line out.
    FillOrRemoveLine,
    /// Give every input an id of its own.
    GiveOwnIds,
    /// Make more and shorter texts of it.
    SplitTexts,
    /// Leave out columns or fields that no input is made of.
    LeaveOutFields,
    /// Save the file in UTF-8.
    SaveAsUtf8 {
        /// The file, as it was named, where that is known.
        file: Option<String>,
    },
    /// Save texts whose letters are whole.
    WriteWholeLetters,
    /// Write inputs as JSON.
    WriteJson,
    /// Write fields as JSON strings.
    WriteTextsAsStrings,
    /// Write sentences as treebanks have them.
    WriteConllu,
    /// Write relations between parts of a text.
    WriteRelations,
    /// Let quotation marks enclose fields between tabs.
    ReadQuotes,
    /// Put fields with delimiters into quotation marks.
    QuoteFields,
    /// Give every row as many fields as the header.
    FillFields,
    /// Close a quotation mark, or double it where it is a letter.
    CloseQuote,
    /// Say how the file holds its inputs.
    SayInputFormat,
    /// Change a Parquet table.
    Parquet(ParquetRemedy),
    /// Name another file for a report, or none.
    NameReport {
        /// The option or variable that names it.
        option: &'static str,
    },
    // Saved runs.
    /// Save a run before it is drawn.
    SaveRun,
    /// Save the run again.
    SaveRunAgain,
    /// Save attention under its name, in a format that is read.
    SaveAttention,
    /// Save another array instead.
    SaveArray(ArrayForm),
    /// Give a model's folder to the command that computes attention.
    EncodeWith(PathBuf),
    /// Save maps as one array that says of which layers and heads they are.
    StackMaps,
    /// Save attention as probabilities.
    SaveProbabilities,
    /// Have the model return attention at all.
    AskForAttention,
    /// Save one array, called so in Python, under the name that is read.
    SaveOneAttention(String),
    /// Save what a single call of the model returns.
    SaveOneCall,
    /// Save attention as numbers that are read.
    SaveFloats,
    /// Save the attention of the tokens that are no padding.
    CutPadding {
        /// So many are at the beginning; 0 where they are elsewhere.
        count: usize,
    },
    /// Run the model in float32.
    ComputeInSingle,
    /// Save less of it.
    SaveLess,
    /// Write the file anew.
    WriteFileAgain,
    /// Give labels in a form that is read.
    GiveLabels {
        /// Which.
        of: LabelsOf,
        /// How many, where that is what was wrong.
        count: Option<usize>,
    },
    /// What can be done about a rules file and its baseline.
    Check(CheckRemedy),
    /// What can be done about a checkpoint and its files.
    Checkpoint(CheckpointRemedy),
    /// What can be done about the hub, the way to it, and its cache.
    Hub(HubRemedy),
    /// Cut the text, or ask for fewer maps.
    FitMemory {
        /// Tokens that fit, special ones included.
        longest: Option<usize>,
        /// Whether a single map of all tokens fits.
        fewer_maps: bool,
    },
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
    ResumeIn(PathBuf),
    /// Name all shards, each once.
    NameEveryShard,
    /// Name folders that hold shards.
    NameShards,
    /// Run the shards again without something that all of them together have no room
    /// in; what is done is kept.
    RunShardsWithout(Setting),
    /// Make a shard anew.
    RunShardAgain,
    /// Give the files of inputs different names.
    RenameInputFiles,
}

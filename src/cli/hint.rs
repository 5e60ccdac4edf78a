//! From an error to what the user can type instead, and to the exit code.

use std::io;

use anyhow::Error;
use thiserror::Error;

use super::index_list::{IndexNotSaved, IndexOutOfRange, listed};
use super::messages::StandardOutputError;
use crate::analysis::ShowError;
use crate::batch::{BatchError, SourceError};
use crate::checkpoint::hub::HubError;
use crate::checkpoint::{CheckpointError, DigestError};
use crate::figure::FigureError;
use crate::model::{ConfigError, InstructionSet, InstructionsError, ModelError};
use crate::output::OutputError;
use crate::output::batch::MergeError;
use crate::output::folder::FolderError;
use crate::output::saved::SavedError;
use crate::output::write::WriteError;
use crate::output::write::batch_folder::BatchFolderError;
use crate::tokenizer::TokenizerError;
use crate::weights::{PickleError, WeightsError};

/// Options that are each right and do not go together.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct UsageError {
    message: String,
    hint: &'static str,
}

impl UsageError {
    /// With what to type instead.
    pub fn error(message: impl Into<String>, hint: &'static str) -> Error {
        Self {
            message: message.into(),
            hint,
        }
        .into()
    }
}

/// 2 for wrong usage, 130 after Ctrl-C as shells have it, else 1.
pub fn exit_code(error: &Error) -> u8 {
    if let Some(BatchError::Interrupted { .. }) = error.downcast_ref() {
        return 130;
    }
    let is_usage = error.chain().any(|cause| {
        cause.is::<UsageError>()
            || cause.is::<IndexOutOfRange>()
            || cause.is::<IndexNotSaved>()
            || cause.is::<InstructionsError>()
            || matches!(
                cause.downcast_ref(),
                Some(
                    OutputError::Show(_) | OutputError::Figure(_) | OutputError::HiddenToken { .. }
                )
            )
            || matches!(cause.downcast_ref(), Some(SavedError::SaysItself { .. }))
            || matches!(
                cause.downcast_ref(),
                Some(TokenizerError::TruncateTo { .. })
            )
    });
    if is_usage { 2 } else { 1 }
}

/// What to type instead, for the first error of the chain that knows.
pub fn hint(error: &Error) -> Option<String> {
    error.chain().find_map(|cause| {
        None.or_else(|| {
            cause
                .downcast_ref()
                .map(|usage: &UsageError| usage.hint.to_owned())
        })
        .or_else(|| cause.downcast_ref().map(index))
        .or_else(|| cause.downcast_ref().map(index_not_saved))
        .or_else(|| cause.downcast_ref().map(instructions))
        .or_else(|| cause.downcast_ref().map(saved))
        .or_else(|| cause.downcast_ref().and_then(HubError::hint))
        .or_else(|| cause.downcast_ref().and_then(checkpoint))
        .or_else(|| cause.downcast_ref().and_then(tokenizer))
        .or_else(|| cause.downcast_ref().and_then(model))
        .or_else(|| cause.downcast_ref().and_then(config))
        .or_else(|| cause.downcast_ref().and_then(weights))
        .or_else(|| cause.downcast_ref().and_then(output))
        .or_else(|| cause.downcast_ref().and_then(batch))
        .or_else(|| cause.downcast_ref().map(source))
        .or_else(|| cause.downcast_ref().map(digest))
        .or_else(|| cause.downcast_ref().map(standard_output))
        .or_else(|| cause.downcast_ref().and_then(merge))
    })
}

fn index(error: &IndexOutOfRange) -> String {
    let IndexOutOfRange { kind, count, .. } = error;
    format!(
        "--{kind}s 0-{} (or --{kind}s -1 for the last one)",
        count - 1
    )
}

fn index_not_saved(error: &IndexNotSaved) -> String {
    let IndexNotSaved {
        kind, available, ..
    } = error;
    format!("--{kind}s {}", listed(available))
}

fn instructions(_: &InstructionsError) -> String {
    let available: Vec<&str> = InstructionSet::available()
        .into_iter()
        .map(InstructionSet::name)
        .collect();
    format!(
        "ATTNVIZ_INSTRUCTIONS with one that this machine has: {}",
        available.join(", ")
    )
}

fn saved(error: &SavedError) -> String {
    let hint = match error {
        SavedError::Io { .. } => "look at the file with: ls -l",
        SavedError::NothingInFolder { .. } => {
            "save it first: attnviz encode \"Hello, how are you?\" --format png,safetensors"
        }
        SavedError::Format { .. } => {
            "save it in Python: numpy.savez(\"attention.npz\", attention=…)"
        }
        SavedError::Malformed { .. } => "write the file again; this one is damaged or incomplete",
        SavedError::TooLarge { .. } => "save fewer layers or heads, or a shorter input",
        SavedError::NoAttention { .. } => {
            "numpy.savez(\"attention.npz\", attention=numpy.stack([layer[0] for layer in attentions]))"
        }
        SavedError::Attention { .. } => {
            "save attention after its softmax, such as outputs.attentions of transformers"
        }
        SavedError::Manifest { .. } => "save the run again: attnviz encode … --format safetensors",
        SavedError::Labels { .. } | SavedError::LabelCount { .. } => {
            "--labels FILE with one token a line, or a JSON array of strings"
        }
        SavedError::SaysItself { .. } => "leave --labels and --title out",
    };
    hint.to_owned()
}

fn show(error: &ShowError) -> Option<String> {
    match error {
        ShowError::CropOutside { count, .. } => Some(format!("--crop 0-{}", count - 1)),
        ShowError::NothingLeft { .. } => Some("--special-tokens keep".to_owned()),
        _ => None,
    }
}

fn checkpoint(error: &CheckpointError) -> Option<String> {
    Some(match error {
        CheckpointError::Hub(error) => return error.hint(),
        CheckpointError::Config(error) => return error.downcast_ref().and_then(config),
        CheckpointError::NoDirectory { .. } => {
            "--model DIRECTORY with config.json, tokenizer.json and model.safetensors, or --model builtin".to_owned()
        }
        CheckpointError::FileMissing { .. } => {
            "save it whole: model.save_pretrained(DIRECTORY) and tokenizer.save_pretrained(DIRECTORY)".to_owned()
        }
        CheckpointError::ShardIndex(_) => {
            "save the model again: model.save_pretrained(DIRECTORY)".to_owned()
        }
        CheckpointError::FileTooLarge { .. } | CheckpointError::Io { .. } => {
            "look at the file with: ls -l".to_owned()
        }
    })
}

fn tokenizer(error: &TokenizerError) -> Option<String> {
    Some(match error {
        TokenizerError::TooLong { maximum, .. } => format!("--truncate {maximum}"),
        TokenizerError::TruncateTo { minimum, maximum, .. } if minimum <= maximum => {
            format!("--truncate {maximum}")
        }
        TokenizerError::EmptyText { which: "pair" } | TokenizerError::NoToken { which: "pair", .. } => {
            "--pair \"Fine, thanks.\", or leave --pair out".to_owned()
        }
        TokenizerError::EmptyText { .. } | TokenizerError::NoToken { .. } => {
            "attnviz encode \"Hello, how are you?\"".to_owned()
        }
        TokenizerError::VocabularySize { .. }
        | TokenizerError::Json(_)
        | TokenizerError::Vocabulary(_)
        | TokenizerError::Config(_)
        | TokenizerError::Tokenizers(_)
        | TokenizerError::TokenMissing { .. } => {
            "save the tokenizer that the model was trained with: tokenizer.save_pretrained(DIRECTORY)".to_owned()
        }
        _ => return None,
    })
}

fn model(error: &ModelError) -> Option<String> {
    match error {
        ModelError::Config(error) => config(error),
        ModelError::Weights(error) => weights(error),
        ModelError::UnknownSegment { .. } => Some("leave --pair out".to_owned()),
        ModelError::Attention(_) => {
            Some("--model builtin, to see whether the model is at fault".to_owned())
        }
        _ => None,
    }
}

fn config(error: &ConfigError) -> Option<String> {
    Some(match error {
        ConfigError::ModelType { .. }
        | ConfigError::NoModelType
        | ConfigError::Unsupported { .. } => {
            "--model google-bert/bert-base-uncased, or any other model of type bert".to_owned()
        }
        _ => "save the config again: config.save_pretrained(DIRECTORY)".to_owned(),
    })
}

fn weights(error: &WeightsError) -> Option<String> {
    Some(match error {
        WeightsError::Pickle(PickleError::Malformed { .. } | PickleError::Dtype { .. })
        | WeightsError::Dtype { .. } => {
            "save the weights as safetensors: model.float().save_pretrained(DIRECTORY)".to_owned()
        }
        WeightsError::Memory { .. } => {
            "use a smaller model, or a machine with more memory; this shows what is free: free -m"
                .to_owned()
        }
        WeightsError::Io { .. } => "look at the file with: ls -l".to_owned(),
        _ => "save config and weights together: model.save_pretrained(DIRECTORY)".to_owned(),
    })
}

/// By its variants: the transparent ones do not show up in the chain.
fn output(error: &OutputError) -> Option<String> {
    match error {
        OutputError::Write(error) => Some(write(error)),
        OutputError::Folder(error) => Some(folder(error)),
        OutputError::Figure(error) => figure(error),
        OutputError::Show(error) => show(error),
        OutputError::HiddenToken { .. } => Some(
            "--special-tokens keep, --tokens subword, and a --crop that has it or none".to_owned(),
        ),
        OutputError::ReplacesSource { .. } => {
            Some("--output FOLDER, with another folder".to_owned())
        }
        OutputError::TooLarge { .. } => Some(
            "--views overview, or less of it: --layers 0 --heads 0-3 --crop 0-63; or --large"
                .to_owned(),
        ),
        _ => None,
    }
}

fn write(error: &WriteError) -> String {
    match error.source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "--output FOLDER on another disk, or fewer pictures: --views overview".to_owned()
        }
        _ => "--output FOLDER, with a folder that you may write to".to_owned(),
    }
}

fn folder(_: &FolderError) -> String {
    "--output FOLDER, with another folder".to_owned()
}

/// By its variants, as [`output`].
fn batch(error: &BatchError) -> Option<String> {
    Some(match error {
        BatchError::Folder(BatchFolderError::Busy { .. }) => {
            "wait for the other batch, or --output FOLDER, with another folder".to_owned()
        }
        BatchError::Folder(BatchFolderError::Write(error)) => write(error),
        BatchError::Folder(_) => "--output FOLDER, with another folder".to_owned(),
        BatchError::Truncate(error) => return tokenizer(error),
        BatchError::Source(error) => source(error),
        BatchError::Output { source, .. } => {
            let hint = output(source)?;
            format!("{hint}; then the same command with --resume")
        }
        BatchError::Write(error) => {
            format!("{}; then the same command with --resume", write(error))
        }
        BatchError::Interrupted { .. } => "the same command with --resume".to_owned(),
    })
}

fn source(error: &SourceError) -> String {
    match error {
        SourceError::NoTextColumn { .. } => {
            "a first line such as: id,text,pair; or --input-format txt".to_owned()
        }
        _ => "name files that can be read, or - for standard input".to_owned(),
    }
}

fn digest(_: &DigestError) -> String {
    "look at the file with: ls -l".to_owned()
}

fn standard_output(_: &StandardOutputError) -> String {
    // Some commands write files before, some do not.
    "send standard output to a place that takes it; all else is done".to_owned()
}

fn figure(error: &FigureError) -> Option<String> {
    match error {
        FigureError::TooManyPanels { .. } => {
            Some("--views heads, or fewer: --layers 0-11 --heads 0-11".to_owned())
        }
        FigureError::NoSuchToken { .. } => {
            Some("--views from:0, with the position of a token counted from 0".to_owned())
        }
        FigureError::NoSuchPosition { count, .. } => {
            Some(format!("--views from:{}", count.saturating_sub(1)))
        }
        FigureError::SeveralTokens { positions, .. } => {
            let first = positions.first().copied().unwrap_or(0);
            Some(format!(
                "--views from:{first}, with the position of the one you mean"
            ))
        }
        _ => None,
    }
}

fn merge(error: &MergeError) -> Option<String> {
    Some(match error {
        MergeError::Unfinished { folder } => {
            format!("attnviz batch … --output {} --resume", folder.display())
        }
        MergeError::Missing { .. } | MergeError::Twice { .. } => {
            "name the folder of every shard once: attnviz merge shard-1 shard-2 -o attnviz-out"
                .to_owned()
        }
        MergeError::Differ { .. } | MergeError::Damaged { .. } => {
            "run the shard again: attnviz batch … --shard 1/2 --output FOLDER".to_owned()
        }
        MergeError::OutputIsInput { .. } | MergeError::OutputIsTaken { .. } => {
            "--output FOLDER, with a new folder".to_owned()
        }
        MergeError::SameName { .. } => {
            "give the input files different names and run the shards again".to_owned()
        }
        MergeError::Read { .. } | MergeError::NoBatch { .. } | MergeError::NoShard { .. } => {
            "name folders that attnviz batch --shard has written".to_owned()
        }
        _ => return None,
    })
}

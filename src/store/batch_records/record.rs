//! The records of a batch: one of every input, one of the whole.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{BatchKind, Reading};
use crate::checkpoint::{FileDigest, ModelProvenance};
use crate::compare::UnlikeUnits;
use crate::remedy::Remedy;
use crate::store::OptionsRecord;

/// Grows when a field of a batch's manifest or results changes its meaning.
pub const BATCH_SCHEMA_VERSION: u32 = 2;

/// Whether an input became a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its folder, or its scores, are there.
    Done,
    /// It could not be read, tokenized or encoded; `error` says why.
    Failed,
}

/// A line of `results.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultRecord {
    /// The input's id, or its zero-padded line number.
    pub id: String,
    /// The file that it came from, as it was named; `-` for standard input.
    /// Never an absolute path.
    pub file: String,
    /// The line of that file on which it begins, from 1; in a file of JSON its
    /// position among the elements.
    pub line: u64,
    /// Whether it became a folder.
    pub status: Status,
    /// Its folder, relative to the batch's; `None` if it failed, and of scores.
    pub folder: Option<String>,
    /// Its text; `None` where not even that could be read.
    pub text: Option<String>,
    /// The second text of a pair.
    pub pair: Option<String>,
    /// Its tokens in the model's order; empty if it failed.
    pub tokens: Vec<String>,
    /// Those that stand for text that the vocabulary lacks, by their positions,
    /// with the text behind, as on an axis: `[UNK] ☃`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown_tokens: BTreeMap<usize, String>,
    /// Those that an axis shows otherwise, by their positions; of a batch of
    /// pictures none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<usize, String>,
    /// What its words are to one another, where that is said of it; of a batch of
    /// pictures nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<RelationRecord>,
    /// How many tokens `--truncate` dropped.
    pub truncated_tokens: usize,
    /// The picture that the page shows, relative to the batch's folder:
    /// the overview, else the first picture, else none.
    pub picture: Option<String>,
    /// The page of the input, to look around in, relative to the batch's folder;
    /// `None` where none is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// A small version of all maps, relative to the batch's folder.
    pub thumbnail: Option<String>,
    /// SHA-256 of the thumbnail, 64 lower-case hexadecimal digits; `None` where
    /// there is none, and in results of earlier versions.
    #[serde(default)]
    pub thumbnail_sha256: Option<String>,
    /// Of a comparison, the units that are not the same on both sides; of a batch
    /// nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlike_units: UnlikeUnits,
    /// Why it failed, with the causes after `: `.
    pub error: Option<String>,
    /// What can be done about that, where something can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl ResultRecord {
    /// Of an input of which nothing is known but what it is called and where it
    /// came from, so that it counts as failed.
    pub fn blank(id: impl Into<String>, file: impl Into<String>, line: u64) -> Self {
        Self {
            id: id.into(),
            file: file.into(),
            line,
            status: Status::Failed,
            folder: None,
            text: None,
            pair: None,
            tokens: Vec::new(),
            unknown_tokens: BTreeMap::new(),
            labels: BTreeMap::new(),
            relations: Vec::new(),
            truncated_tokens: 0,
            picture: None,
            page: None,
            thumbnail: None,
            thumbnail_sha256: None,
            unlike_units: UnlikeUnits::new(),
            error: None,
            hint: None,
        }
    }
}

/// A relation between two words of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationRecord {
    /// What it is called.
    pub name: String,
    /// Bytes of the text, the first and the one after the last, of the word that
    /// is asked.
    pub from: [usize; 2],
    /// Of the word that is to be found; `None` for a root.
    pub to: Option<[usize; 2]>,
    /// Whether it can be asked: both words have tokens, and none in common.
    pub is_asked: bool,
    /// The fixed offsets, in words, that find it.
    pub right_offsets: Vec<i32>,
}

/// Part `index` of `count` equal parts of the inputs, `3/16` on the command
/// line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedShard")]
pub struct Shard {
    /// From 1.
    pub index: u32,
    /// At least `index`.
    pub count: u32,
}

/// A shard as a manifest has it, which anybody may have written.
#[derive(Deserialize)]
struct UncheckedShard {
    index: u32,
    count: u32,
}

impl TryFrom<UncheckedShard> for Shard {
    type Error = ShardError;

    fn try_from(UncheckedShard { index, count }: UncheckedShard) -> Result<Self, ShardError> {
        match (1..=count).contains(&index) {
            true => Ok(Self { index, count }),
            false => Err(ShardError {
                found: format!("{index}/{count}"),
            }),
        }
    }
}

/// The text is no shard.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected a shard such as 3/16, the first number from 1 to the second, found {found:?}")]
pub struct ShardError {
    found: String,
}

impl ShardError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::ReadHelp { subcommand: None })
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let parse = || {
            let (index, count) = text.split_once('/')?;
            let (index, count) = (index.parse().ok()?, count.parse().ok()?);
            Self::try_from(UncheckedShard { index, count }).ok()
        };
        parse().ok_or_else(|| ShardError {
            found: text.to_owned(),
        })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index, self.count)
    }
}

/// A file that a batch read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// As it was named; `-` for standard input. Never an absolute path.
    pub name: String,
    /// SHA-256 of its whole content, 64 lower-case hexadecimal digits; `None`
    /// where the batch stopped before its end.
    pub sha256: Option<String>,
}

/// How many inputs came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BatchCounts {
    /// All of them; without those of other shards.
    pub inputs: u64,
    /// With a folder.
    pub done: u64,
    /// Without.
    pub failed: u64,
}

/// The `manifest.json` of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchManifest {
    /// [`BATCH_SCHEMA_VERSION`]. The field's name tells a batch's manifest
    /// from a run's.
    #[serde(deserialize_with = "known_version")]
    pub batch_schema_version: u32,
    /// What it made of its inputs.
    #[serde(default, skip_serializing_if = "BatchKind::is_pictures")]
    pub kind: BatchKind,
    /// The version of attnviz that wrote it.
    pub attnviz_version: String,
    /// Which model was asked.
    pub model: ModelProvenance,
    /// The model's layers that the files show.
    pub layers: Vec<usize>,
    /// The model's heads that the files show.
    pub heads: Vec<usize>,
    /// The options that shaped the files.
    pub options: OptionsRecord,
    /// `--truncate`, where it is a number of tokens.
    pub truncate: Option<usize>,
    /// `--shard`; `None` for the whole.
    pub shard: Option<Shard>,
    /// Whether every input was looked at; false after `--fail-fast` or
    /// `--max-failures` ended it early.
    pub complete: bool,
    /// The files that were read, in the order in which they were named.
    pub input_files: Vec<InputFile>,
    /// How they were read; `None` where an older attnviz did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// `--single-file`: whether `index.html` has the pages of all inputs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub single_file: bool,
    /// How many inputs came to what.
    pub counts: BatchCounts,
    /// `index.html`, `results.jsonl` and, of scores, the tables, with their
    /// SHA-256.
    pub files: Vec<FileDigest>,
}

/// A version of the batch's manifest that this attnviz knows: what another one
/// holds is not known.
fn known_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let version = u32::deserialize(deserializer)?;
    match (1..=BATCH_SCHEMA_VERSION).contains(&version) {
        true => Ok(version),
        false => Err(D::Error::custom(format!(
            "expected batch schema version 1 to {BATCH_SCHEMA_VERSION}, found {version}"
        ))),
    }
}

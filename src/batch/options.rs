//! What a batch does, and with which model.

use std::path::PathBuf;

use super::report_files::Reports;
use super::source::InputSource;
use crate::attention::Selection;
use crate::checkpoint::ModelProvenance;
use crate::pipeline::LoadedModel;
use crate::remedy::Remedy;
use crate::store::OutputOptions;
use crate::store::batch_records::{BatchKind, Claim, Shard};
use crate::tokenizer::TokenLimit;

/// What a batch does.
#[derive(Debug, Clone)]
pub struct BatchOptions {
    /// The files, in order.
    pub sources: Vec<InputSource>,
    /// The batch's folder.
    pub output: PathBuf,
    /// What is made of the inputs.
    pub kind: BatchKind,
    /// What is written of every input; of scores nothing.
    pub files: OutputOptions,
    /// The model's layers and heads that are kept.
    pub selection: Selection,
    /// How long inputs may be.
    pub limit: TokenLimit,
    /// The most tokens that the encoder gets at once; a longer input goes
    /// alone.
    pub batch_tokens: usize,
    /// After so many failures the batch ends.
    pub maximum_failures: Option<u64>,
    /// Whether inputs that an earlier batch did are kept.
    pub resume: bool,
    /// The part of the inputs that is done.
    pub shard: Option<Shard>,
    /// Whether the batch's page has the pages of all inputs in it.
    pub single_file: bool,
    /// Reports beside the folder.
    pub reports: Reports,
    /// What is written down for an input that failed and can be mended.
    pub remedy_in_words: fn(&Remedy) -> String,
}

impl BatchOptions {
    /// What the batch may do with the folder of another.
    pub(super) fn claim(&self) -> Claim {
        match (self.files.overwrite, self.resume) {
            (true, _) => Claim::Overwrite,
            (false, true) => Claim::Resume,
            (false, false) => Claim::Again,
        }
    }
}

/// Who looks at the inputs.
#[derive(Debug, Clone, Copy)]
pub struct BatchModel<'a> {
    /// Model and tokenizer.
    pub loaded: &'a LoadedModel,
    /// Where they come from.
    pub provenance: &'a ModelProvenance,
}

//! What a tokenizer's class makes of a vocabulary: the parts of a tokenizer, as
//! `tokenizer.json` would write them, and the special tokens around a text.

use serde_json::{Value, json};
use tokenizers::{ModelWrapper, Tokenizer};

use super::error::TokenizerError;
use super::labels::Spelling;
use super::settings::Settings;

/// The parts of a tokenizer before any token is added.
pub(super) struct Parts {
    pub model: ModelWrapper,
    /// As in `tokenizer.json`; `null` for none.
    pub normalizer: Value,
    /// Likewise.
    pub pre_tokenizer: Value,
    pub template: Template,
    pub spelling: Spelling,
    /// The id that stands for what the vocabulary lacks, where the model does
    /// not tell.
    pub unknown_id: Option<u32>,
    pub tells_segments: bool,
    /// Whether every special token is made one that is looked for as it is.
    pub insists_on_special: bool,
}

impl Parts {
    /// Of a vocabulary whose unknown token is no matter, and that tells no
    /// segments.
    pub(super) fn new(
        model: ModelWrapper,
        normalizer: Value,
        pre_tokenizer: Value,
        template: Template,
        spelling: Spelling,
    ) -> Self {
        Self {
            model,
            normalizer,
            pre_tokenizer,
            template,
            spelling,
            unknown_id: None,
            tells_segments: false,
            insists_on_special: false,
        }
    }
}

/// Special tokens of RoBERTa's kin.
pub(super) const ROBERTA: [(&str, &str); 7] = [
    ("bos_token", "<s>"),
    ("eos_token", "</s>"),
    ("sep_token", "</s>"),
    ("cls_token", "<s>"),
    ("unk_token", "<unk>"),
    ("pad_token", "<pad>"),
    ("mask_token", "<mask>"),
];

/// Which special tokens stand around a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Template {
    /// Whether that of `tokenizer.json` goes before, where it has one.
    pub of_file: bool,
    pub ends: Ends,
}

/// Special tokens by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// One before a text and one behind each. Where it `is_doubled` between two,
    /// it tells them apart, and both are of segment 0.
    Around {
        first: &'static str,
        last: &'static str,
        is_doubled: bool,
    },
    /// RoBERTa's, which leaves out of the places of tokens the spaces around them
    /// where it `trims`, but for the first one of the text where that was put
    /// there.
    OfRoberta { trims: bool, puts_space: bool },
    /// `bos_token` before each text and `eos_token` behind it, as
    /// `add_bos_token` and `add_eos_token` say.
    Marks { begin: bool, end: bool },
}

impl Ends {
    /// Those that the settings tell; `begin` is whether there is one before a
    /// text where they do not.
    pub(super) fn told(settings: &Settings, begin: bool) -> Self {
        let (begin, end) = settings.marks(begin);
        Self::Marks { begin, end }
    }

    /// The template, once all tokens have their ids.
    ///
    /// # Errors
    /// When a token that it needs is said to be none.
    pub(super) fn processor(
        self,
        class: &str,
        tokenizer: &Tokenizer,
        settings: &Settings,
    ) -> Result<Value, TokenizerError> {
        let mut tokens = serde_json::Map::new();
        let mut special = |key: &'static str, segment: u32| {
            let token = settings.name(key)?;
            let id = tokenizer.token_to_id(token)?;
            let entry = json!({"id": token, "ids": [id], "tokens": [token]});
            tokens.insert(token.to_owned(), entry);
            Some(json!({"SpecialToken": {"id": token, "type_id": segment}}))
        };
        let null = |key| TokenizerError::NullToken {
            class: class.to_owned(),
            key,
        };
        let text = |id: &str, segment: u32| json!({"Sequence": {"id": id, "type_id": segment}});
        let (single, second) = match self {
            Self::OfRoberta { trims, puts_space } => {
                let end = |key| {
                    let token = settings.name(key)?;
                    Some(json!([token, tokenizer.token_to_id(token)?]))
                };
                return Ok(json!({
                    "type": "RobertaProcessing",
                    "sep": end("sep_token").ok_or_else(|| null("sep_token"))?,
                    "cls": end("cls_token").ok_or_else(|| null("cls_token"))?,
                    "trim_offsets": trims,
                    "add_prefix_space": puts_space,
                }));
            }
            Self::Around {
                first,
                last,
                is_doubled,
            } => {
                let mut needed = |key, segment| special(key, segment).ok_or_else(|| null(key));
                let single = vec![needed(first, 0)?, text("A", 0), needed(last, 0)?];
                let mut second = Vec::new();
                if is_doubled {
                    second.push(needed(last, 0)?);
                }
                let segment = u32::from(!is_doubled);
                second.extend([text("B", segment), needed(last, segment)?]);
                (single, second)
            }
            Self::Marks { begin, end } => {
                let mut around = |id: &str, segment| -> Vec<Value> {
                    let begin = begin.then(|| special("bos_token", segment)).flatten();
                    let end = end.then(|| special("eos_token", segment)).flatten();
                    let parts = [begin, Some(text(id, segment)), end];
                    parts.into_iter().flatten().collect()
                };
                (around("A", 0), around("B", 1))
            }
        };
        let pair: Vec<Value> = single.iter().cloned().chain(second).collect();
        Ok(json!({
            "type": "TemplateProcessing",
            "single": single,
            "pair": pair,
            "special_tokens": tokens,
        }))
    }
}

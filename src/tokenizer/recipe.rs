//! Classes of transformers that build their tokenizers of a vocabulary, and
//! take no more of the files than that, the tokens that were added to it, and
//! settings.

use serde_json::Value;

use super::error::TokenizerError;
use super::parts::Parts;
use super::sentence_piece::{self, Text};
use super::settings::Settings;
use super::vocabulary::Source;
use super::{byte_level, esm, word_pieces};

/// A class that is built here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recipe {
    /// `AlbertTokenizer`.
    Albert,
    /// `CamembertTokenizer`.
    Camembert,
    /// `CodeLlamaTokenizer`.
    CodeLlama,
    /// `DebertaV2Tokenizer`.
    DebertaV2,
    /// `EsmTokenizer`.
    Esm,
    /// `GPT2Tokenizer`.
    Gpt2,
    /// `GPTNeoXTokenizer`.
    GptNeoX,
    /// `GemmaTokenizer`.
    Gemma,
    /// `LlamaTokenizer`.
    Llama,
    /// `MPNetTokenizer`.
    MpNet,
    /// `Qwen2Tokenizer`.
    Qwen2,
    /// `RobertaTokenizer`.
    Roberta,
    /// `XLMRobertaTokenizer`.
    XlmRoberta,
}

/// The names of the classes, those of one class in a row.
const NAMES: [(&str, Recipe); 17] = [
    ("AlbertTokenizer", Recipe::Albert),
    ("CamembertTokenizer", Recipe::Camembert),
    ("CodeLlamaTokenizer", Recipe::CodeLlama),
    ("DebertaV2Tokenizer", Recipe::DebertaV2),
    ("EsmTokenizer", Recipe::Esm),
    ("GPT2Tokenizer", Recipe::Gpt2),
    ("GPTNeoXTokenizer", Recipe::GptNeoX),
    ("GemmaTokenizer", Recipe::Gemma),
    ("LlamaTokenizer", Recipe::Llama),
    ("MPNetTokenizer", Recipe::MpNet),
    ("Qwen2Tokenizer", Recipe::Qwen2),
    ("RobertaTokenizer", Recipe::Roberta),
    ("BartTokenizer", Recipe::Roberta),
    ("LEDTokenizer", Recipe::Roberta),
    ("LongformerTokenizer", Recipe::Roberta),
    ("MvpTokenizer", Recipe::Roberta),
    ("XLMRobertaTokenizer", Recipe::XlmRoberta),
];

/// What a `tokenizer.json` says beside its vocabulary that a class may take.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The map that makes letters uniform, in Base64.
    pub charsmap: Option<String>,
    /// Its template, `null` where it has none.
    pub post_processor: Value,
}

impl Recipe {
    /// That of a class without `Fast` behind its name.
    pub(super) fn of_class(class: &str) -> Option<Self> {
        let found = NAMES.iter().find(|(name, _)| *name == class);
        found.map(|(_, recipe)| *recipe)
    }

    /// What the class is called.
    pub(super) fn class(self) -> &'static str {
        let found = NAMES.iter().find(|(_, recipe)| *recipe == self);
        found.map_or("tokenizer", |(name, _)| name)
    }

    /// The file with the vocabulary where there is no `tokenizer.json`.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Albert => "spiece.model",
            Self::Camembert | Self::XlmRoberta => "sentencepiece.bpe.model",
            Self::DebertaV2 => "spm.model",
            Self::CodeLlama | Self::Gemma | Self::Llama => "tokenizer.model",
            Self::Esm | Self::MpNet => "vocab.txt",
            Self::Gpt2 | Self::GptNeoX | Self::Qwen2 | Self::Roberta => "vocab.json",
        }
    }

    /// What it makes of a vocabulary, after the settings.
    ///
    /// # Errors
    /// When the vocabulary is not what the class can make a tokenizer of.
    pub(super) fn parts(
        self,
        source: &Source<'_>,
        taken: &mut Taken,
        settings: &mut Settings,
    ) -> Result<Parts, TokenizerError> {
        sentence_piece::take_tokens(source, settings);
        let charsmap = taken.charsmap.take();
        let text = Text::of(source, charsmap);
        match self {
            Self::Albert => sentence_piece::albert(&text, settings),
            Self::Camembert => sentence_piece::camembert(&text, settings),
            Self::CodeLlama => sentence_piece::code_llama(source, settings),
            Self::DebertaV2 => sentence_piece::deberta_v2(&text, settings),
            Self::Esm => esm::esm(source, settings),
            Self::Gpt2 => byte_level::gpt2(source, settings),
            Self::GptNeoX => byte_level::gpt_neox(source, settings),
            Self::Gemma => sentence_piece::gemma(source, settings),
            Self::Llama => sentence_piece::llama(source, settings),
            Self::MpNet => word_pieces::mpnet(source, settings),
            Self::Qwen2 => byte_level::qwen2(source, settings),
            Self::Roberta => byte_level::roberta(source, settings),
            Self::XlmRoberta => sentence_piece::xlm_roberta(&text, settings),
        }
    }
}

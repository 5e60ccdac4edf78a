//! Classes of transformers that build their tokenizers of a vocabulary, and
//! take no more of the files than that, the tokens that were added to it, and
//! settings.

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
}

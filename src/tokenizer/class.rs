//! Which tokenizer of transformers the files are for: its `AutoTokenizer`
//! goes by the class that they name, and by the family of the model
//! (transformers 5.23, `models/auto/tokenization_auto.py`).

use serde::Deserialize;
use serde_json::Value;

use super::error::TokenizerError;
use super::families::{BUILT_ANEW, NEEDS, PROGRAMS, WITH_SEGMENTS, class_of_family};

/// How transformers makes a tokenizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Class {
    /// BERT's: word pieces after the settings of `tokenizer_config.json`. Of a
    /// `tokenizer.json` it takes the vocabulary and the added tokens alone.
    Bert,
    /// The same, of models that are not told which text a token is of.
    BertWithoutSegments,
    /// What `tokenizer.json` says.
    AsItIs,
    /// What the class of this name makes of the vocabulary of `tokenizer.json`;
    /// here what that file says, as far as it goes.
    BuiltAnew(String),
}

impl Class {
    /// Whether its models are told which text a token is of.
    pub(super) fn tells_segments(&self) -> bool {
        match self {
            Self::Bert => true,
            Self::BertWithoutSegments | Self::AsItIs => false,
            Self::BuiltAnew(class) => {
                WITH_SEGMENTS.contains(&class.strip_suffix("Fast").unwrap_or(class))
            }
        }
    }
}

/// Classes that are BERT's own or go on from it.
const BERT: [&str; 11] = [
    "BertTokenizer",
    "ConvBertTokenizer",
    "DPRContextEncoderTokenizer",
    "DPRQuestionEncoderTokenizer",
    "DPRReaderTokenizer",
    "DistilBertTokenizer",
    "ElectraTokenizer",
    "LayoutLMTokenizer",
    "LxmertTokenizer",
    "MobileBertTokenizer",
    "SqueezeBertTokenizer",
];

/// Those of them whose models are not told which text a token is of.
const WITHOUT_SEGMENTS: [&str; 2] = ["DPRReaderTokenizer", "DistilBertTokenizer"];

/// What `tokenizer_config.json` says of the class.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Named {
    tokenizer_class: Option<String>,
    /// Where the class comes from, if it is the model's own code.
    auto_map: Option<Value>,
    /// What splits Japanese into words.
    word_tokenizer_type: Option<String>,
}

/// What `config.json` says of the class. Other fields are not read here, and
/// one that is broken is reported by who needs it.
#[derive(Debug, Default, Deserialize)]
struct ModelConfig {
    #[serde(default)]
    tokenizer_class: Value,
    #[serde(default)]
    model_type: Value,
}

/// The class that the files are for.
pub(super) fn class(
    named: Named,
    model_config: &[u8],
    has_json: bool,
) -> Result<Class, TokenizerError> {
    let config: ModelConfig = serde_json::from_slice(model_config).unwrap_or_default();
    let class = named
        .tokenizer_class
        .or_else(|| config.tokenizer_class.as_str().map(str::to_owned));
    let needs_program = |class: &str, what: &str| {
        let (class, what) = (class.to_owned(), what.to_owned());
        Err(TokenizerError::Program { class, what })
    };
    let splitter = named.word_tokenizer_type.filter(|kind| kind != "basic");
    let family = config.model_type.as_str().unwrap_or_default();
    let class = match (class, &splitter, class_of_family(family)) {
        (Some(class), _, _) => class,
        (None, Some(splitter), _) => return needs_program("BertJapaneseTokenizer", splitter),
        (None, None, Some(class)) => class.to_owned(),
        (None, None, None) if has_json => return Ok(Class::AsItIs),
        // What there is fits nothing else.
        (None, None, None) => return Ok(Class::Bert),
    };
    let base = class.strip_suffix("Fast").unwrap_or(&class);
    if PROGRAMS.contains(&base) {
        let needs = NEEDS.iter().find(|(program, _)| *program == base);
        let needs = needs.map_or("code of its own", |(_, what)| what);
        return needs_program(&class, splitter.as_deref().unwrap_or(needs));
    }
    if named.auto_map.is_some() && !has_json {
        return needs_program(&class, "the model's own code");
    }
    match (BERT.contains(&base), has_json) {
        (true, _) if WITHOUT_SEGMENTS.contains(&base) => Ok(Class::BertWithoutSegments),
        (true, _) => Ok(Class::Bert),
        (false, true) if BUILT_ANEW.contains(&base) => Ok(Class::BuiltAnew(class)),
        (false, true) => Ok(Class::AsItIs),
        (false, false) => Err(TokenizerError::NoJson { class }),
    }
}

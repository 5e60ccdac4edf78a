//! Which tokenizer of transformers the files are for: its `AutoTokenizer`
//! goes by the class that they name, and by the family of the model
//! (transformers 5.23, `models/auto/tokenization_auto.py`).

use serde::Deserialize;
use serde_json::Value;

use super::error::TokenizerError;
use super::families::{
    AS_IT_IS, BUILT_ANEW, NEEDS, PROGRAMS, WITH_SEGMENTS, WRONGLY_NAMED, class_of_family,
};
use super::recipe::Recipe;
use crate::checkpoint::VocabularyFile;

/// How transformers makes a tokenizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Class {
    /// BERT's: word pieces after the settings of `tokenizer_config.json`. Of a
    /// `tokenizer.json` it takes the vocabulary and the added tokens alone.
    Bert,
    /// The same, of models that are not told which text a token is of.
    BertWithoutSegments,
    /// What one of the other classes that are built here makes of a vocabulary.
    Anew(Recipe),
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
            Self::Anew(Recipe::DebertaV2) => true,
            Self::BertWithoutSegments | Self::Anew(_) | Self::AsItIs => false,
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

/// The class that the files are for, the first of which has a vocabulary.
pub(super) fn class(
    named: Named,
    model_config: &[u8],
    vocabulary: &VocabularyFile,
) -> Result<Class, TokenizerError> {
    let config: ModelConfig = serde_json::from_slice(model_config).unwrap_or_default();
    let needs_program = |class: &str, what: &str| {
        let (class, what) = (class.to_owned(), what.to_owned());
        Err(TokenizerError::Program { class, what })
    };
    let json = match vocabulary {
        VocabularyFile::Json(json) => Some(json.as_slice()),
        VocabularyFile::Text(_)
        | VocabularyFile::Pairs { .. }
        | VocabularyFile::SentencePiece { .. } => None,
    };
    let family = config.model_type.as_str().unwrap_or_default();
    let class = named
        .tokenizer_class
        .or_else(|| config.tokenizer_class.as_str().map(str::to_owned));
    let has_own_code = match &named.auto_map {
        Some(Value::Object(classes)) => {
            classes.get("AutoTokenizer").is_some_and(|of| !of.is_null())
        }
        Some(Value::Null) | None => false,
        Some(_) => true,
    };
    let splitter = named.word_tokenizer_type.filter(|kind| kind != "basic");
    let class = match (class, &splitter, class_of_family(family)) {
        (Some(class), _, _) if has_own_code => class,
        (Some(class), _, _) => match counted_class(&class, family, json) {
            Some(class) => class,
            None => return Ok(Class::AsItIs),
        },
        (None, Some(splitter), _) => return needs_program("BertJapaneseTokenizer", splitter),
        (None, None, Some(class)) => class.to_owned(),
        (None, None, None) => {
            return Ok(match vocabulary {
                // What there is fits nothing else.
                VocabularyFile::Text(_) => Class::Bert,
                VocabularyFile::Json(_)
                | VocabularyFile::Pairs { .. }
                | VocabularyFile::SentencePiece { .. } => Class::AsItIs,
            });
        }
    };
    let base = class.strip_suffix("Fast").unwrap_or(&class);
    if PROGRAMS.contains(&base) {
        let needs = NEEDS.iter().find(|(program, _)| *program == base);
        let needs = needs.map_or("code of its own", |(_, what)| what);
        return needs_program(&class, splitter.as_deref().unwrap_or(needs));
    }
    if has_own_code && json.is_none() {
        return needs_program(&class, "the model's own code");
    }
    Ok(match Recipe::of_class(base) {
        Some(recipe) => Class::Anew(recipe),
        None if WITHOUT_SEGMENTS.contains(&base) => Class::BertWithoutSegments,
        None if BERT.contains(&base) => Class::Bert,
        None if BUILT_ANEW.contains(&base) => Class::BuiltAnew(class),
        None => Class::AsItIs,
    })
}

/// The class that counts where one is named, `None` for what `tokenizer.json`
/// says: names on the hub are often those of other tokenizers.
fn counted_class(class: &str, family: &str, json: Option<&[u8]>) -> Option<String> {
    let base = |class: &str| class.strip_suffix("Fast").unwrap_or(class).to_owned();
    let is_wrongly_named = WRONGLY_NAMED.contains(&family);
    let is_as_it_is = AS_IT_IS.contains(&family);
    let has_bytes = || {
        const NAME: &[u8] = b"\"ByteLevel\"";
        json.is_some_and(|json| json.windows(NAME.len()).any(|window| window == NAME))
    };
    if base(class) == "LlamaTokenizer" && !is_wrongly_named && !is_as_it_is && has_bytes() {
        return None;
    }
    match class_of_family(family) {
        _ if is_as_it_is => (base(class) == "TokenizersBackend").then(|| class.to_owned()),
        Some(registered) if registered != base(class) => {
            let counted = if is_wrongly_named { registered } else { class };
            let is_none = ["PreTrainedTokenizer", "TokenizersBackend"].contains(&&*base(counted));
            (!is_none).then(|| counted.to_owned())
        }
        Some(_) | None => Some(class.to_owned()),
    }
}

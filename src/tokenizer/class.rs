//! Which tokenizer of transformers the files are for: its `AutoTokenizer`
//! goes by the class that they name, and by the family of the model
//! (transformers 5.23, `models/auto/tokenization_auto.py`).

use serde::Deserialize;
use serde_json::Value;

use super::error::TokenizerError;

/// How transformers makes a tokenizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// BERT's: word pieces after the settings of `tokenizer_config.json`. Of a
    /// `tokenizer.json` it takes the vocabulary and the added tokens alone.
    Bert,
    /// The same, of models that are not told which text a token is of.
    BertWithoutSegments,
    /// What `tokenizer.json` says.
    AsItIs,
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

/// Families whose tokenizer is BERT's where no class is named.
const BERT_FAMILIES: [&str; 11] = [
    "bert",
    "bros",
    "convbert",
    "distilbert",
    "electra",
    "ernie",
    "layoutlm",
    "lxmert",
    "mobilebert",
    "nezha",
    "squeezebert",
];

/// Classes of programs: they take no notice of a `tokenizer.json`, and split
/// texts with dictionaries, SentencePiece or code of their own.
const PROGRAMS: [&str; 38] = [
    "BartphoTokenizer",
    "BertGenerationTokenizer",
    "BertJapaneseTokenizer",
    "BertTokenizerLegacy",
    "BertweetTokenizer",
    "BioGptTokenizer",
    "BlenderbotSmallTokenizer",
    "ByT5Tokenizer",
    "CTRLTokenizer",
    "CanineTokenizer",
    "ClvpTokenizer",
    "CpmAntTokenizer",
    "CpmTokenizer",
    "EsmTokenizer",
    "FSMTTokenizer",
    "FlaubertTokenizer",
    "GPTNeoXJapaneseTokenizer",
    "GPTSw3Tokenizer",
    "JumanppTokenizer",
    "M2M100Tokenizer",
    "MarianTokenizer",
    "MecabTokenizer",
    "MgpstrTokenizer",
    "MyT5Tokenizer",
    "PLBartTokenizer",
    "PerceiverTokenizer",
    "PhobertTokenizer",
    "ProphetNetTokenizer",
    "RagTokenizer",
    "RoCBertTokenizer",
    "SiglipTokenizer",
    "Speech2TextTokenizer",
    "SpeechT5Tokenizer",
    "SudachiTokenizer",
    "TapasTokenizer",
    "VitsTokenizer",
    "Wav2Vec2CTCTokenizer",
    "XLMTokenizer",
];

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
    let needs_program = |class: &str, what: String| {
        let class = class.to_owned();
        Err(TokenizerError::Program { class, what })
    };
    let splitter = named.word_tokenizer_type.filter(|kind| kind != "basic");
    let Some(class) = class else {
        let family = config.model_type.as_str().unwrap_or_default();
        return match (splitter, BERT_FAMILIES.contains(&family)) {
            (Some(splitter), _) => needs_program("BertJapaneseTokenizer", splitter),
            (None, true) => Ok(Class::Bert),
            (None, false) if has_json => Ok(Class::AsItIs),
            // What there is fits nothing else.
            (None, false) => Ok(Class::Bert),
        };
    };
    let base = class.strip_suffix("Fast").unwrap_or(&class);
    if PROGRAMS.contains(&base) {
        let what = splitter.unwrap_or_else(|| "code of its own".to_owned());
        return needs_program(&class, what);
    }
    if named.auto_map.is_some() && !has_json {
        return needs_program(&class, "the model's own code".to_owned());
    }
    match (BERT.contains(&base), has_json) {
        (true, _) if WITHOUT_SEGMENTS.contains(&base) => Ok(Class::BertWithoutSegments),
        (true, _) => Ok(Class::Bert),
        (false, true) => Ok(Class::AsItIs),
        (false, false) => Err(TokenizerError::NoJson { class }),
    }
}

//! From a checkpoint's files to a tokenizer of the tokenizers crate.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Deserialize;
use serde_json::Value;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::{
    DecoderWrapper, Model as _, ModelWrapper, NormalizerWrapper, PostProcessorWrapper,
    PreTokenizerWrapper, Tokenizer, TokenizerImpl,
};

use super::bounds::{self, File, Growth, Outline};
use super::class::{Class, class};
use super::error::TokenizerError;
use super::settings::{Defaults, Numbered, Settings};
use crate::checkpoint::{Json, TokenizerFiles, VocabularyFile};

/// A tokenizer, and what has to be known beside it.
pub(super) struct Built {
    pub inner: Tokenizer,
    pub class: Class,
    /// The id that stands for what the vocabulary lacks.
    pub unknown_id: Option<u32>,
    pub growth: Growth,
    /// Whether the beginning of a text is dropped rather than its end.
    pub truncates_beginning: bool,
    /// Whether the model is told which text a token is of.
    pub tells_segments: bool,
}

/// The tokenizer that transformers makes of the files.
pub(super) fn build(files: &TokenizerFiles, model_config: &[u8]) -> Result<Built, TokenizerError> {
    let model_config = files.model_config.as_deref().unwrap_or(model_config);
    for (name, json) in [
        ("tokenizer_config.json", &files.config),
        ("special_tokens_map.json", &files.special_tokens_map),
        ("added_tokens.json", &files.added_tokens),
    ] {
        bounds::check_values(name, json.as_deref().unwrap_or_default())?;
    }
    match &files.vocabulary {
        VocabularyFile::Text(lines) => {
            let mut settings = Settings::read(files, Defaults::default())?;
            let class = class(std::mem::take(&mut settings.class), model_config, false)?;
            let model = match settings.config.vocab.take() {
                Some(vocabulary) => of_config(vocabulary)?,
                None => of_lines(lines)?,
            };
            bert(model, settings, class)
        }
        VocabularyFile::Json(json) => of_json(json, files, model_config),
    }
}

fn of_json(
    json: &[u8],
    files: &TokenizerFiles,
    model_config: &[u8],
) -> Result<Built, TokenizerError> {
    bounds::check_values("tokenizer.json", json)?;
    // Where the kind of model is not left open, the vocabulary goes straight
    // from the file to its table, four times as fast.
    let word_pieces = guard(|| Ok(serde_json::from_slice::<File<WordPiece>>(json)?)).ok();
    let (growth, word_pieces, unigram_unknown, defaults) = match word_pieces {
        Some(file) => {
            let growth = file.check()?;
            let (model, defaults) = file.into_defaults();
            (growth, Some(model), None, defaults)
        }
        None => {
            let file: File<Outline> = serde_json::from_slice(json)
                .map_err(|error| TokenizerError::Json(error.to_string()))?;
            let growth = file.check()?;
            let (model, defaults) = file.into_defaults();
            (growth, None, model.unk_id, defaults)
        }
    };
    let contents = defaults.added.iter().map(Numbered::content);
    bounds::check_added(contents, growth)?;
    let mut settings = Settings::read(files, defaults)?;
    match class(std::mem::take(&mut settings.class), model_config, true)? {
        class @ (Class::Bert | Class::BertWithoutSegments) => {
            let model = match word_pieces {
                Some(model) => model,
                None => of_other_model(json)?,
            };
            bert(model, settings, class)
        }
        class @ (Class::AsItIs | Class::BuiltAnew(_)) => {
            as_it_is(json, settings, class, growth, unigram_unknown)
        }
    }
}

/// Whatever `tokenizer.json` says, and the tokens that files beside it add.
fn as_it_is(
    json: &[u8],
    mut settings: Settings,
    class: Class,
    growth: Growth,
    unigram_unknown: Option<u32>,
) -> Result<Built, TokenizerError> {
    type OfWordPieces = TokenizerImpl<
        WordPiece,
        NormalizerWrapper,
        PreTokenizerWrapper,
        PostProcessorWrapper,
        DecoderWrapper,
    >;
    let word_pieces = guard(|| Ok(serde_json::from_slice::<OfWordPieces>(json)?));
    let mut inner: Tokenizer = match word_pieces {
        Ok(tokenizer) => tokenizer.into(),
        Err(_) => guard(|| Tokenizer::from_bytes(json))
            .map_err(|error| TokenizerError::Json(error.to_string()))?,
    };
    if let Some(token) = settings.default_pad_token.take() {
        settings.default_name("pad_token", &token);
    }
    let added = inner.get_added_tokens_decoder();
    let known: Vec<String> = added.values().map(|token| token.content.clone()).collect();
    add(&mut inner, &settings, &known, growth)?;
    // A tokenizer.json may carry both; attnviz decides itself.
    inner.with_padding(None);
    inner
        .with_truncation(None)
        .map_err(TokenizerError::Tokenizers)?;
    Ok(Built {
        unknown_id: unknown_id(&inner).or(unigram_unknown),
        inner,
        growth,
        truncates_beginning: settings.truncates_beginning(),
        tells_segments: settings.tells_segments(class.tells_segments()),
        class,
    })
}

/// One token a line; what stands at the end of a line and cannot be seen is no
/// part of it.
fn of_lines(lines: &[u8]) -> Result<WordPiece, TokenizerError> {
    let wrong = |error: &dyn std::fmt::Display| TokenizerError::Vocabulary(error.to_string());
    bounds::check_lines(lines)?;
    let vocabulary = WordPiece::read_bytes(lines).map_err(|error| wrong(&error))?;
    if vocabulary.is_empty() {
        return Err(wrong(&"it is empty"));
    }
    let model = WordPiece::builder().vocab(vocabulary).build();
    model.map_err(|error| wrong(&error))
}

/// Word pieces with the vocabulary of another model: transformers makes them of
/// whatever vocabulary a BERT's tokenizer has.
fn of_other_model(json: &[u8]) -> Result<WordPiece, TokenizerError> {
    #[derive(Deserialize)]
    struct File {
        model: Model,
    }
    #[derive(Deserialize)]
    struct Model {
        vocab: Vocabulary,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Vocabulary {
        Ids(HashMap<String, u32>),
        InOrder(Vec<Value>),
    }
    let wrong = |error: &dyn std::fmt::Display| TokenizerError::Json(error.to_string());
    let file: File = serde_json::from_slice(json).map_err(|error| wrong(&error))?;
    let vocabulary: HashMap<String, u32> = match file.model.vocab {
        Vocabulary::Ids(ids) => ids,
        // Strings, or lists that begin with one.
        Vocabulary::InOrder(tokens) => tokens
            .iter()
            .zip(0..)
            .filter_map(|(token, id)| {
                let token = token.as_str().or_else(|| token.get(0)?.as_str())?;
                Some((token.to_owned(), id))
            })
            .collect(),
    };
    of_ids(vocabulary).map_err(|error| wrong(&error))
}

/// Word pieces with the vocabulary that `tokenizer_config.json` has of itself.
fn of_config(vocabulary: Json) -> Result<WordPiece, TokenizerError> {
    let wrong = |found: String| TokenizerError::OtherVocabulary { found };
    let Json::Object(members) = vocabulary else {
        return Err(wrong(vocabulary.in_words().to_owned()));
    };
    let ids = members.0.into_iter().map(|(token, id)| match &id {
        Json::Number(number) => match number.as_u64().map(u32::try_from) {
            Some(Ok(id)) => Ok((token, id)),
            Some(Err(_)) | None => Err(wrong(format!("{number} for {token:?}"))),
        },
        Json::Null | Json::Boolean(_) | Json::Text(_) | Json::List(_) | Json::Object(_) => {
            Err(wrong(format!("{} for {token:?}", id.in_words())))
        }
    });
    of_ids(ids.collect::<Result<_, _>>()?).map_err(|error| wrong(error.to_string()))
}

fn of_ids(vocabulary: HashMap<String, u32>) -> Result<WordPiece, serde_json::Error> {
    let untouched = WordPiece::default();
    // The builder takes none but a map of a crate that is not ours.
    serde_json::from_value(serde_json::json!({
        "unk_token": untouched.unk_token,
        "continuing_subword_prefix": untouched.continuing_subword_prefix,
        "max_input_chars_per_word": untouched.max_input_chars_per_word,
        "vocab": vocabulary,
    }))
}

/// BERT's tokenizer as transformers builds it (`tokenization_bert.py`).
fn bert(
    mut model: WordPiece,
    mut settings: Settings,
    class: Class,
) -> Result<Built, TokenizerError> {
    for (key, content) in [
        ("unk_token", "[UNK]"),
        ("sep_token", "[SEP]"),
        ("pad_token", "[PAD]"),
        ("cls_token", "[CLS]"),
        ("mask_token", "[MASK]"),
    ] {
        settings.default_name(key, content);
    }
    let untouched = WordPiece::default();
    let unknown = settings.name("unk_token");
    unknown
        .ok_or(TokenizerError::NoUnknownToken)?
        .clone_into(&mut model.unk_token);
    model.continuing_subword_prefix = untouched.continuing_subword_prefix;
    model.max_input_chars_per_word = untouched.max_input_chars_per_word;
    let mut inner = Tokenizer::new(model);
    inner
        .with_normalizer(Some(BertNormalizer::new(
            true,
            settings.config.tokenize_chinese_chars.unwrap_or(true),
            settings.config.strip_accents,
            settings.config.do_lower_case.unwrap_or(true),
        )))
        .map_err(TokenizerError::Tokenizers)?
        .with_pre_tokenizer(Some(BertPreTokenizer));
    add(&mut inner, &settings, &[], bounds::BERT_GROWTH)?;
    // Where there is to be none, transformers puts the ids of BERT's own
    // vocabularies.
    let end = |key: &str, of_bert: &str, id_of_bert: u32| match settings.name(key) {
        Some(token) => {
            let id = inner.token_to_id(token).or_else(|| unknown_id(&inner));
            (token.to_owned(), id.unwrap_or(id_of_bert))
        }
        None => {
            let token = inner.id_to_token(id_of_bert);
            (token.unwrap_or_else(|| of_bert.to_owned()), id_of_bert)
        }
    };
    let separator = end("sep_token", "[SEP]", 3);
    // Without both they have one name in its template, and so one id.
    let classification = match (settings.name("cls_token"), settings.name("sep_token")) {
        (None, None) => separator.clone(),
        (_, _) => end("cls_token", "[CLS]", 2),
    };
    inner.with_post_processor(Some(BertProcessing::new(separator, classification)));
    Ok(Built {
        unknown_id: unknown_id(&inner),
        inner,
        growth: bounds::BERT_GROWTH,
        truncates_beginning: settings.truncates_beginning(),
        tells_segments: settings.tells_segments(class.tells_segments()),
        class,
    })
}

fn add(
    inner: &mut Tokenizer,
    settings: &Settings,
    known: &[String],
    growth: Growth,
) -> Result<(), TokenizerError> {
    let tokens = settings.tokens(known);
    bounds::check_added(tokens.iter().map(|token| token.content.as_str()), growth)?;
    guard(|| inner.add_tokens(tokens)).map_err(TokenizerError::Tokenizers)?;
    if settings.config.split_special_tokens == Some(true) {
        inner.set_encode_special_tokens(true);
    }
    Ok(())
}

/// The id that stands for what a vocabulary lacks, `None` where there is none,
/// or where only the file tells.
fn unknown_id(inner: &Tokenizer) -> Option<u32> {
    match inner.get_model() {
        ModelWrapper::WordPiece(model) => model.token_to_id(&model.unk_token),
        ModelWrapper::WordLevel(model) => model.token_to_id(&model.unk_token),
        ModelWrapper::BPE(model) => {
            let token = model.get_unk_token().as_deref()?;
            model.token_to_id(token)
        }
        ModelWrapper::Unigram(_) => None,
    }
}

/// Runs a step of the tokenizers crate, which panics on some tokenizers that
/// are malformed; that is reported like any other.
pub(super) fn guard<T>(step: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    catch_unwind(AssertUnwindSafe(step))
        .unwrap_or_else(|_| Err("the structure of the tokenizer is broken".into()))
}

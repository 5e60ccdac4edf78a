//! From a checkpoint's files to a tokenizer of the tokenizers crate.

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::{
    DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, Tokenizer,
    TokenizerImpl,
};

use super::bert::{bert, of_config};
use super::bounds::{self, File, Growth, Outline, Taken};
use super::built::{Built, add, spelling, unknown_id};
use super::class::{Class, class};
use super::error::TokenizerError;
use super::guard::guard;
use super::parts::Parts;
use super::recipe::Recipe;
use super::sentence_piece::{self, Text};
use super::settings::{Defaults, Numbered, Settings};
use super::vocabulary::Source;
use super::{byte_level, esm, word_pieces};
use crate::checkpoint::{TokenizerFiles, VocabularyFile};

/// What a file of this name is for any class, where there is no
/// `tokenizer.json`.
const OF_ANY_CLASS: &str = "tokenizer.model";

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
        VocabularyFile::Json(json) => of_json(json, files, model_config),
        VocabularyFile::Text(_)
        | VocabularyFile::Pairs { .. }
        | VocabularyFile::SentencePiece { .. } => without_json(files, model_config),
    }
}

fn without_json(files: &TokenizerFiles, model_config: &[u8]) -> Result<Built, TokenizerError> {
    let mut settings = Settings::read(files, Defaults::default())?;
    let named = std::mem::take(&mut settings.class);
    let class = class(named, model_config, &files.vocabulary)?;
    match class {
        Class::Bert | Class::BertWithoutSegments => {
            let model = match settings.config.vocab.take() {
                Some(vocabulary) => of_config(vocabulary)?,
                None => Source::of(file(files, "vocab.txt", "BertTokenizer")?)?.word_pieces()?,
            };
            bert(model, settings, class)
        }
        Class::Anew(recipe) => {
            let source = Source::of(file(files, recipe.file(), recipe.class())?)?;
            anew(recipe, &source, Taken::default(), settings)
        }
        Class::AsItIs => {
            let mut source = Source::of(file(files, OF_ANY_CLASS, "PreTrainedTokenizerFast")?)?;
            sentence_piece::take_tokens(&source, &mut settings);
            if let Source::SentencePiece(model) = &mut source {
                model.rename(settings.numbered());
            }
            let Source::SentencePiece(model) = &source else {
                return Err(no_vocabulary(
                    files,
                    OF_ANY_CLASS,
                    "PreTrainedTokenizerFast",
                ));
            };
            let parts = sentence_piece::plain(&Text::of(&source, None), model, &mut settings)?;
            assemble(
                parts,
                Value::Null,
                "PreTrainedTokenizerFast",
                settings,
                class,
            )
        }
        Class::BuiltAnew(class) => Err(no_vocabulary(files, "tokenizer.json", &class)),
    }
}

/// The file with the vocabulary of a class.
fn file<'files>(
    files: &'files TokenizerFiles,
    name: &str,
    class: &str,
) -> Result<&'files VocabularyFile, TokenizerError> {
    let all = || std::iter::once(&files.vocabulary).chain(&files.others);
    let has_json = matches!(files.vocabulary, VocabularyFile::Json(_));
    let of_any = all().find(|file| !has_json && file.name() == OF_ANY_CLASS);
    let found = of_any.or_else(|| all().find(|file| file.name() == name));
    found.ok_or_else(|| no_vocabulary(files, name, class))
}

fn no_vocabulary(files: &TokenizerFiles, name: &str, class: &str) -> TokenizerError {
    let all = std::iter::once(&files.vocabulary).chain(&files.others);
    let found: Vec<&str> = all.map(VocabularyFile::name).collect();
    TokenizerError::NoVocabulary {
        class: class.to_owned(),
        expected: match name {
            "tokenizer.json" => name.to_owned(),
            "vocab.json" => "tokenizer.json, or vocab.json with merges.txt".to_owned(),
            "vocab.txt" if found.contains(&"tokenizer.json") => name.to_owned(),
            name => format!("tokenizer.json or {name}"),
        },
        found: found.join(" and "),
        can_be_converted: name == "tokenizer.json",
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
    let (growth, word_pieces, unigram_unknown, (defaults, taken)) = match word_pieces {
        Some(file) => {
            let growth = file.check()?;
            let (model, defaults, taken) = file.into_defaults();
            (growth, Some(model), None, (defaults, taken))
        }
        None => {
            let file: File<Outline> = serde_json::from_slice(json)
                .map_err(|error| TokenizerError::Json(error.to_string()))?;
            let growth = file.check()?;
            let (model, defaults, taken) = file.into_defaults();
            (growth, None, model.unk_id, (defaults, taken))
        }
    };
    let contents = defaults.added.iter().map(Numbered::content);
    bounds::check_added(contents, growth)?;
    let mut settings = Settings::read(files, defaults)?;
    let named = std::mem::take(&mut settings.class);
    match class(named, model_config, &files.vocabulary)? {
        class @ (Class::Bert | Class::BertWithoutSegments) => {
            let model = match word_pieces {
                Some(model) => model,
                None => Source::Json(json).word_pieces()?,
            };
            bert(model, settings, class)
        }
        Class::Anew(Recipe::Esm) => {
            let class = Recipe::Esm.class();
            let source = Source::of(file(files, Recipe::Esm.file(), class)?)?;
            anew(Recipe::Esm, &source, Taken::default(), settings)
        }
        Class::Anew(recipe) => anew(recipe, &Source::Json(json), taken, settings),
        class @ (Class::AsItIs | Class::BuiltAnew(_)) => {
            as_it_is(json, settings, class, growth, unigram_unknown)
        }
    }
}

/// What a class makes of a vocabulary.
fn anew(
    recipe: Recipe,
    source: &Source<'_>,
    mut taken: Taken,
    mut settings: Settings,
) -> Result<Built, TokenizerError> {
    if let Some(token) = settings.default_pad_token.take() {
        settings.default_name("pad_token", &token);
    }
    let parts = parts_of(recipe, source, &mut taken, &mut settings)?;
    let class = Class::Anew(recipe);
    assemble(parts, taken.post_processor, recipe.class(), settings, class)
}

/// The tokenizer of these parts. `of_file` is the template of `tokenizer.json`.
fn assemble(
    parts: Parts,
    of_file: Value,
    name: &str,
    settings: Settings,
    class: Class,
) -> Result<Built, TokenizerError> {
    fn part<T: DeserializeOwned>(part: Value) -> Result<T, TokenizerError> {
        let read = guard(|| Ok(serde_json::from_value(part)?));
        read.map_err(|error| TokenizerError::Json(error.to_string()))
    }
    let growth = bounds::growth(&parts.normalizer, &parts.pre_tokenizer)?;
    let mut inner = Tokenizer::new(parts.model);
    inner
        .with_normalizer(part::<Option<NormalizerWrapper>>(parts.normalizer)?)
        .map_err(TokenizerError::Tokenizers)?
        .with_pre_tokenizer(part::<Option<PreTokenizerWrapper>>(parts.pre_tokenizer)?);
    add(&mut inner, &settings, &[], growth)?;
    if parts.insists_on_special {
        guard(|| inner.add_tokens(settings.special_tokens()))
            .map_err(TokenizerError::Tokenizers)?;
    }
    let processor = match parts.template.of_file && !of_file.is_null() {
        true => of_file,
        false => parts.template.ends.processor(name, &inner, &settings)?,
    };
    inner.with_post_processor(Some(part::<PostProcessorWrapper>(processor)?));
    Ok(Built {
        unknown_id: parts.unknown_id.or_else(|| unknown_id(&inner)),
        inner,
        spelling: Some(parts.spelling),
        growth,
        truncates_beginning: settings.truncates_beginning(),
        tells_segments: settings.tells_segments(parts.tells_segments),
        fill_token: match class {
            Class::Anew(Recipe::CodeLlama) => settings.name("fill_token").map(str::to_owned),
            Class::Bert
            | Class::BertWithoutSegments
            | Class::Anew(_)
            | Class::AsItIs
            | Class::BuiltAnew(_) => None,
        },
        class,
    })
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
        spelling: spelling(&inner),
        inner,
        growth,
        truncates_beginning: settings.truncates_beginning(),
        tells_segments: settings.tells_segments(class.tells_segments()),
        fill_token: None,
        class,
    })
}

/// What a class makes of a vocabulary, after the settings.
///
/// # Errors
/// When the vocabulary is not what the class can make a tokenizer of.
fn parts_of(
    recipe: Recipe,
    source: &Source<'_>,
    taken: &mut Taken,
    settings: &mut Settings,
) -> Result<Parts, TokenizerError> {
    sentence_piece::take_tokens(source, settings);
    let charsmap = taken.charsmap.take();
    let text = Text::of(source, charsmap);
    match recipe {
        Recipe::Albert => sentence_piece::albert(&text, settings),
        Recipe::Camembert => sentence_piece::camembert(&text, settings),
        Recipe::CodeLlama => sentence_piece::code_llama(source, settings),
        Recipe::DebertaV2 => sentence_piece::deberta_v2(&text, settings),
        Recipe::Esm => esm::esm(source, settings),
        Recipe::Gpt2 => byte_level::gpt2(source, settings),
        Recipe::GptNeoX => byte_level::gpt_neox(source, settings),
        Recipe::Gemma => sentence_piece::gemma(source, settings),
        Recipe::Llama => sentence_piece::llama(source, settings),
        Recipe::MpNet => word_pieces::mpnet(source, settings),
        Recipe::Qwen2 => byte_level::qwen2(source, settings),
        Recipe::Roberta => byte_level::roberta(source, settings),
        Recipe::XlmRoberta => sentence_piece::xlm_roberta(&text, settings),
    }
}

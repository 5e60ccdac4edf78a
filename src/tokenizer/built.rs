//! A tokenizer that is put together, and what has to be known beside it.

use tokenizers::{DecoderWrapper, Model as _, ModelWrapper, Tokenizer};

use super::bounds::{self, Growth};
use super::class::Class;
use super::error::TokenizerError;
use super::guard::guard;
use super::labels::Spelling;
use super::settings::Settings;

/// A tokenizer, and what has to be known beside it.
pub(super) struct Built {
    pub inner: Tokenizer,
    pub class: Class,
    /// The id that stands for what the vocabulary lacks.
    pub unknown_id: Option<u32>,
    /// How its vocabulary is written; `None` where only the tokens of a text
    /// tell.
    pub spelling: Option<Spelling>,
    pub growth: Growth,
    /// Whether the beginning of a text is dropped rather than its end.
    pub truncates_beginning: bool,
    /// Whether the model is told which text a token is of.
    pub tells_segments: bool,
    /// Where it stands in a text, the model is to fill in what is missing.
    pub fill_token: Option<String>,
}

/// Adds the tokens that the files name, but for `known` ones.
pub(super) fn add(
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
pub(super) fn unknown_id(inner: &Tokenizer) -> Option<u32> {
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

/// How a vocabulary is written, as far as its decoder says.
pub(super) fn spelling(inner: &Tokenizer) -> Option<Spelling> {
    fn of_decoder(decoder: &DecoderWrapper) -> Option<Spelling> {
        match decoder {
            DecoderWrapper::ByteLevel(_) => Some(Spelling::ByteLevel),
            DecoderWrapper::Metaspace(_) | DecoderWrapper::ByteFallback(_) => {
                Some(Spelling::SentencePiece)
            }
            DecoderWrapper::WordPiece(_) | DecoderWrapper::BPE(_) => Some(Spelling::Plain),
            DecoderWrapper::Sequence(steps) => steps.get_decoders().iter().find_map(of_decoder),
            DecoderWrapper::CTC(_)
            | DecoderWrapper::Replace(_)
            | DecoderWrapper::Fuse(_)
            | DecoderWrapper::Strip(_) => None,
        }
    }
    of_decoder(inner.get_decoder()?)
}

//! BERT's tokenizer, as transformers 5.23 builds it (`tokenization_bert.py`).

use tokenizers::Tokenizer;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::bert::BertProcessing;

use super::bounds;
use super::built::{Built, add, unknown_id};
use super::class::Class;
use super::error::TokenizerError;
use super::labels::Spelling;
use super::settings::Settings;
use super::vocabulary::of_ids;
use super::word_pieces::with_rules_of_bert;
use crate::checkpoint::Json;

/// Word pieces with the vocabulary that `tokenizer_config.json` has of itself.
pub(super) fn of_config(vocabulary: Json) -> Result<WordPiece, TokenizerError> {
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
    of_ids(ids.collect::<Result<_, _>>()?).map_err(wrong)
}

/// BERT's tokenizer as transformers builds it (`tokenization_bert.py`).
pub(super) fn bert(
    model: WordPiece,
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
    let mut model = with_rules_of_bert(model);
    let unknown = settings.name("unk_token");
    unknown
        .ok_or(TokenizerError::NoUnknownToken)?
        .clone_into(&mut model.unk_token);
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
        spelling: Some(Spelling::Plain),
        fill_token: None,
        class,
    })
}

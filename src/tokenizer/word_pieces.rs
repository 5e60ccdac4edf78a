//! Pieces of words, of which BERT has one tokenizer and MPNet another, as
//! transformers 5.23 builds it (`tokenization_mpnet.py`).

use serde_json::json;
use tokenizers::models::wordpiece::WordPiece;

use super::error::TokenizerError;
use super::labels::Spelling;
use super::parts::{Ends, Parts, Template};
use super::settings::Settings;
use super::vocabulary::Source;

/// MPNet's: BERT's words between RoBERTa's special tokens.
pub(super) fn mpnet(source: &Source<'_>, settings: &mut Settings) -> Result<Parts, TokenizerError> {
    settings.default_names(&[
        ("bos_token", "<s>"),
        ("eos_token", "</s>"),
        ("sep_token", "</s>"),
        ("cls_token", "<s>"),
        ("unk_token", "[UNK]"),
        ("pad_token", "<pad>"),
        ("mask_token", "<mask>"),
    ]);
    settings.strip_space_before("mask_token");
    let mut model = with_rules_of_bert(source.word_pieces()?);
    let [unknown] = settings.contents("MPNetTokenizer", ["unk_token"])?;
    model.unk_token = unknown;
    Ok(Parts {
        model: model.into(),
        normalizer: json!({
            "type": "BertNormalizer",
            "clean_text": true,
            "handle_chinese_chars": settings.config.tokenize_chinese_chars.unwrap_or(true),
            "strip_accents": settings.config.strip_accents,
            "lowercase": settings.config.do_lower_case.unwrap_or(true),
        }),
        pre_tokenizer: json!({"type": "BertPreTokenizer"}),
        template: Template {
            of_file: false,
            ends: Ends::OfRoberta {
                trims: true,
                puts_space: false,
            },
        },
        spelling: Spelling::Plain,
        unknown_id: None,
        tells_segments: false,
        insists_on_special: false,
    })
}

/// How pieces go on with a word, and how long one may be.
pub(super) fn with_rules_of_bert(mut model: WordPiece) -> WordPiece {
    let untouched = WordPiece::default();
    model.continuing_subword_prefix = untouched.continuing_subword_prefix;
    model.max_input_chars_per_word = untouched.max_input_chars_per_word;
    model
}

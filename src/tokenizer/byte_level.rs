//! Byte pair encoding over bytes: GPT-2's tokenizer and those that go on from
//! it, as transformers 5.23 builds them (`tokenization_gpt2.py`,
//! `tokenization_roberta.py`, `tokenization_gpt_neox.py`,
//! `tokenization_qwen2.py`).

use serde_json::{Value, json};

use super::error::TokenizerError;
use super::labels::Spelling;
use super::parts::{Ends, Parts, ROBERTA, Template};
use super::settings::Settings;
use super::vocabulary::Source;

/// What parts words in Qwen 2.
const QWEN2_WORDS: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// RoBERTa's: texts between `<s>` and `</s>`.
pub(super) fn roberta(
    source: &Source<'_>,
    settings: &mut Settings,
) -> Result<Parts, TokenizerError> {
    settings.default_names(&ROBERTA);
    let template = Template {
        of_file: false,
        ends: Ends::OfRoberta {
            trims: settings.config.trim_offsets.unwrap_or(true),
            puts_space: settings.config.add_prefix_space.unwrap_or(false),
        },
    };
    let words = bytes(settings, true);
    parts(source, Value::Null, words, template)
}

/// GPT-2's.
pub(super) fn gpt2(source: &Source<'_>, settings: &mut Settings) -> Result<Parts, TokenizerError> {
    settings.default_names(&[
        ("unk_token", "<|endoftext|>"),
        ("bos_token", "<|endoftext|>"),
        ("eos_token", "<|endoftext|>"),
    ]);
    let template = Template {
        of_file: true,
        ends: Ends::told(settings, false),
    };
    let words = bytes(settings, true);
    parts(source, Value::Null, words, template)
}

/// GPT-NeoX's: letters are put together first.
pub(super) fn gpt_neox(
    source: &Source<'_>,
    settings: &mut Settings,
) -> Result<Parts, TokenizerError> {
    settings.default_names(&[
        ("unk_token", "<|endoftext|>"),
        ("bos_token", "<|endoftext|>"),
        ("eos_token", "<|endoftext|>"),
        ("pad_token", "<|padding|>"),
    ]);
    let template = Template {
        of_file: false,
        ends: Ends::told(settings, false),
    };
    let words = bytes(settings, true);
    parts(source, json!({"type": "NFC"}), words, template)
}

/// Qwen 2's and 3's: every digit is a word.
pub(super) fn qwen2(source: &Source<'_>, settings: &mut Settings) -> Result<Parts, TokenizerError> {
    settings.default_names(&[
        ("unk_token", "<|endoftext|>"),
        ("eos_token", "<|endoftext|>"),
        ("pad_token", "<|endoftext|>"),
    ]);
    let words = json!({"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": QWEN2_WORDS}, "behavior": "Isolated", "invert": false},
        bytes(settings, false),
    ]});
    let template = Template {
        of_file: true,
        ends: Ends::told(settings, false),
    };
    let parts = parts(source, json!({"type": "NFC"}), words, template)?;
    Ok(Parts {
        insists_on_special: true,
        ..parts
    })
}

/// Every byte becomes a letter, after the words are parted as in GPT-2 if
/// `parts_words`.
fn bytes(settings: &Settings, parts_words: bool) -> Value {
    json!({
        "type": "ByteLevel",
        "add_prefix_space": settings.config.add_prefix_space.unwrap_or(false),
        "trim_offsets": true,
        "use_regex": parts_words,
    })
}

fn parts(
    source: &Source<'_>,
    normalizer: Value,
    pre_tokenizer: Value,
    template: Template,
) -> Result<Parts, TokenizerError> {
    let model = source.byte_pairs()?.into();
    let spelling = Spelling::ByteLevel;
    Ok(Parts::new(
        model,
        normalizer,
        pre_tokenizer,
        template,
        spelling,
    ))
}

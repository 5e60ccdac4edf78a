//! ESM's tokenizer, as transformers 5.23 has it (`tokenization_esm.py`): every
//! token of the vocabulary is looked for wherever it stands, the longest first,
//! and what is left is a word that is in the vocabulary or unknown.

use ahash::AHashMap;
use serde_json::{Value, json};
use tokenizers::models::wordlevel::WordLevel;

use super::error::TokenizerError;
use super::labels::Spelling;
use super::parts::{Ends, Parts, Template};
use super::settings::Settings;
use super::vocabulary::Source;

/// The most tokens, all of which are looked for at every letter; those of ESM
/// are 33.
const MAXIMUM_COUNT: usize = 1 << 16;

/// The parts of ESM's tokenizer, whose tokens stand one a line.
pub(super) fn esm(source: &Source<'_>, settings: &mut Settings) -> Result<Parts, TokenizerError> {
    settings.default_names(&[
        ("unk_token", "<unk>"),
        ("cls_token", "<cls>"),
        ("pad_token", "<pad>"),
        ("mask_token", "<mask>"),
        ("eos_token", "<eos>"),
    ]);
    let wrong = |reason: &str| TokenizerError::Vocabulary(reason.to_owned());
    let Source::Lines(lines) = source else {
        return Err(wrong("it is not there"));
    };
    let text = std::str::from_utf8(lines).map_err(|error| wrong(&error.to_string()))?;
    let tokens: Vec<&str> = text.lines().map(str::trim).collect();
    if tokens.len() > MAXIMUM_COUNT {
        return Err(TokenizerError::Excessive {
            what: "tokens that are all looked for",
            maximum: MAXIMUM_COUNT,
            unit: "tokens",
            found: tokens.len(),
        });
    }
    let owned = tokens.iter().map(|token| (*token).to_owned());
    let vocabulary: AHashMap<String, u32> = owned.zip(0..).collect();
    let [unknown] = settings.contents("EsmTokenizer", ["unk_token"])?;
    let Some(&unknown_id) = vocabulary.get(&unknown) else {
        return Err(wrong(&format!("it has no {unknown}")));
    };
    settings.check_ids(&vocabulary)?;
    if settings.config.split_special_tokens != Some(true) {
        for token in tokens.iter().filter(|token| !token.is_empty()) {
            settings.add(token, false);
        }
    }
    let model = WordLevel::builder().vocab(vocabulary).unk_token(unknown);
    let model = model.build().map_err(|error| wrong(&error.to_string()))?;
    Ok(Parts {
        model: model.into(),
        normalizer: Value::Null,
        pre_tokenizer: json!({"type": "WhitespaceSplit"}),
        template: Template {
            of_file: false,
            ends: Ends::Around {
                first: "cls_token",
                last: "eos_token",
                is_doubled: false,
            },
        },
        spelling: Spelling::Plain,
        unknown_id: Some(unknown_id),
        tells_segments: false,
        insists_on_special: false,
    })
}

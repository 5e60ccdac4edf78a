//! RoBERTa, XLM-RoBERTa and CamemBERT, after transformers'
//! `modeling_roberta.py` and its copies: BERT whose positions count the tokens
//! that are no padding, from the row behind the padding's on.

use serde::Deserialize;
use serde_json::json;

use super::Family;
use super::bert::{self, tensor_names};
use super::error::ConfigError;
use super::fields::{MAXIMUM_VOCABULARY, check_encoder, number_within, read_with, refuse};
use crate::model::architecture::{Architecture, PositionCount};

/// What BERT has not.
#[derive(Deserialize)]
struct Fields {
    pad_token_id: Option<i64>,
}

/// See [`Architecture::from_json`]. The config classes of the three differ in
/// one default.
pub fn architecture(family: Family, json: &[u8]) -> Result<Architecture, ConfigError> {
    check_encoder(json)?;
    let defaults = match family == Family::Roberta {
        true => json!({"vocab_size": 50_265}),
        false => json!({}),
    };
    let fields = bert::Fields::read(json, defaults)?;
    let sizes = fields.sizes()?;
    let padding = read_with::<Fields>(json, &[], json!({"pad_token_id": 1}))?.pad_token_id;
    refuse("pad_token_id", "a token's id", padding.is_none(), "null")?;
    let padding = padding.unwrap_or_default() as f64;
    let limits = [0.0, MAXIMUM_VOCABULARY as f64];
    let padding = number_within("pad_token_id", padding, limits)? as u32;
    let norm = sizes.norm("embeddings.LayerNorm");
    let count = PositionCount::BehindPadding(padding);
    Ok(Architecture {
        model_type: family.name(),
        names: tensor_names("roberta."),
        embeddings: fields.embeddings_with_segments(norm, count)?,
        hidden_size: sizes.hidden,
        blocks: sizes.blocks(fields.layer_count()?),
        final_norm: None,
        rotations: Vec::new(),
        relative: None,
        maximum_token_count: fields.token_count_behind(padding)?,
    })
}

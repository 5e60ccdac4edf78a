//! Mistral (Jiang et al. 2023, <https://arxiv.org/abs/2310.06825>), after
//! transformers' `modeling_mistral.py`: Llama with a window.

use serde_json::json;

use super::error::ConfigError;
use super::fields::read_with;
use super::llama::{Biases, Fields, Sizes};
use super::masks::Masks;
use crate::model::architecture::Architecture;

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 32_000,
        "hidden_size": 4_096,
        "intermediate_size": 14_336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "hidden_act": "silu",
        "max_position_embeddings": 131_072,
        "rms_norm_eps": 1e-6,
        "sliding_window": 4_096,
    });
    let fields: Fields = read_with(json, &[], defaults)?;
    let sizes = Sizes::new(&fields)?;
    let mask = Masks::read(json)?.of_all(fields.sliding_window)?;
    let block = |layer| sizes.block(layer, mask, Biases::default());
    let blocks = (0..sizes.layers).map(block).collect();
    let rotation = sizes.rotation(&fields, 10_000.0)?;
    Ok(sizes.architecture("mistral", blocks, vec![rotation]))
}

//! Qwen3 (Yang et al. 2025, <https://arxiv.org/abs/2505.09388>), after
//! transformers' `modeling_qwen3.py`: Qwen2 with norms of each head's queries
//! and keys.

use serde_json::json;

use super::error::ConfigError;
use super::fields::read_with;
use super::llama::{Biases, Sizes, layer_part};
use super::qwen2::Fields;
use crate::model::architecture::Architecture;

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 151_936,
        "hidden_size": 4_096,
        "intermediate_size": 22_016,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 32,
        "head_dim": 128,
        "hidden_act": "silu",
        "max_position_embeddings": 32_768,
        "rms_norm_eps": 1e-6,
        "use_sliding_window": false,
        "sliding_window": 4_096,
        "max_window_layers": 28,
    });
    let fields: Fields = read_with(json, &[], defaults)?;
    let sizes = Sizes::new(&fields.llama)?;
    let biases = Biases {
        query_key_value: fields.llama.attention_bias,
        output: fields.llama.attention_bias,
        feed_forward: false,
    };
    let masks = fields.masks(json, sizes.layers)?.into_iter().enumerate();
    let blocks = masks.map(|(layer, mask)| {
        let mut block = sizes.block(layer, mask, biases);
        let norm = |part| sizes.head_norm(layer_part(layer, part));
        block.attention.query_norm = norm("self_attn.q_norm");
        block.attention.key_norm = norm("self_attn.k_norm");
        block
    });
    let rotation = sizes.rotation(&fields.llama, 10_000.0)?;
    Ok(sizes.architecture("qwen3", blocks.collect(), vec![rotation]))
}

//! OLMo 2 (OLMo Team 2025, <https://arxiv.org/abs/2501.00656>), after
//! transformers' `modeling_olmo2.py`: Llama with norms behind the halves of a
//! layer, and of all queries and all keys at once.

use serde_json::json;

use super::error::ConfigError;
use super::fields::read_with;
use super::llama::{Biases, Fields, Sizes, layer_part};
use super::masks::Masks;
use crate::model::architecture::{Architecture, HeadNorm, Norm, Norms};

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 50_304,
        "hidden_size": 4_096,
        "intermediate_size": 11_008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "hidden_act": "silu",
        "max_position_embeddings": 2_048,
        "rms_norm_eps": 1e-5,
    });
    let fields: Fields = read_with(json, &[], defaults)?;
    let sizes = Sizes::new(&fields)?;
    let mask = Masks::read(json)?.full();
    let biases = Biases {
        query_key_value: fields.attention_bias,
        output: fields.attention_bias,
        feed_forward: false,
    };
    let block = |layer| {
        let norm = |part| sizes.norm(layer_part(layer, part));
        let of_all = |part, columns| {
            Some(HeadNorm {
                norm: Norm {
                    columns,
                    ..norm(part)
                },
                each_head: false,
            })
        };
        let mut block = sizes.block(layer, mask, biases);
        let (queries, keys) = (
            block.attention.query_columns(),
            block.attention.key_columns(),
        );
        block.attention.query_norm = of_all("self_attn.q_norm", queries);
        block.attention.key_norm = of_all("self_attn.k_norm", keys);
        block.attention_norms = Norms::after(norm("post_attention_layernorm"));
        block.feed_forward_norms = Norms::after(norm("post_feedforward_layernorm"));
        block
    };
    let blocks = (0..sizes.layers).map(block).collect();
    let rotation = sizes.rotation(&fields, 10_000.0)?;
    Ok(sizes.architecture("olmo2", blocks, vec![rotation]))
}

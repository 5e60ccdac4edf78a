//! Phi-3 and Phi-4-mini (Abdin et al. 2024, <https://arxiv.org/abs/2404.14219>),
//! after transformers' `modeling_phi3.py`: Llama with queries, keys and values
//! in one matrix, gates in another, a window, and LongRoPE.

use serde_json::json;

use super::error::ConfigError;
use super::fields::read_with;
use super::llama::{Biases, Fields, Sizes, layer_part};
use super::masks::Masks;
use super::rotary::RotaryDefaults;
use crate::model::architecture::{Architecture, Linear};

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 32_064,
        "hidden_size": 3_072,
        "intermediate_size": 8_192,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "hidden_act": "silu",
        "max_position_embeddings": 4_096,
        "original_max_position_embeddings": 4_096,
        "rms_norm_eps": 1e-5,
    });
    let fields: Fields = read_with(json, &[], defaults)?;
    let sizes = Sizes::new(&fields)?;
    let mask = Masks::read(json)?.of_all(fields.sliding_window)?;
    let block = |layer| {
        let mut block = sizes.block(layer, mask, Biases::default());
        let one = |linear: &Linear, part| {
            let shape = [linear.outputs(), sizes.hidden];
            Linear::new(layer_part(layer, part), shape, false)
        };
        let attention = &mut block.attention;
        attention.query_key_value = one(&attention.query_key_value, "self_attn.qkv_proj");
        let feed_forward = &mut block.feed_forward;
        feed_forward.widening = one(&feed_forward.widening, "mlp.gate_up_proj");
        block
    };
    let blocks = (0..sizes.layers).map(block).collect();
    let defaults = RotaryDefaults {
        theta: 10_000.0,
        share: Some(1.0),
    };
    let rotary = &fields.rotary;
    let rotation = rotary.long_rotation(defaults, sizes.head_size, sizes.maximum)?;
    Ok(sizes.architecture("phi3", blocks, vec![rotation]))
}

//! SmolLM3 (Bakouch et al. 2025, <https://huggingface.co/blog/smollm3>), after
//! transformers' `modeling_smollm3.py`: Llama with layers that know no positions.

use serde::Deserialize;
use serde_json::json;

use super::error::ConfigError;
use super::fields::{MAXIMUM_LAYERS, read_with, refuse, within};
use super::llama::{self, Biases, Sizes};
use super::masks::{Masks, of_layers, window_size, windowed};
use crate::model::architecture::{Architecture, Position};

/// The fields that are read.
#[derive(Deserialize)]
struct Fields {
    use_sliding_window: bool,
    /// 0 for a layer that knows no positions.
    no_rope_layers: Option<Vec<u64>>,
    no_rope_layer_interval: u64,
    #[serde(flatten)]
    llama: llama::Fields,
}

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 128_256,
        "hidden_size": 2_048,
        "intermediate_size": 11_008,
        "num_hidden_layers": 36,
        "num_attention_heads": 16,
        "num_key_value_heads": 4,
        "hidden_act": "silu",
        "max_position_embeddings": 32_768,
        "rms_norm_eps": 1e-6,
        "use_sliding_window": false,
        "no_rope_layer_interval": 4,
    });
    let fields: Fields = read_with(json, &[], defaults)?;
    let sizes = Sizes::new(&fields.llama)?;
    let biases = Biases {
        query_key_value: fields.llama.attention_bias,
        output: fields.llama.attention_bias,
        feed_forward: fields.llama.mlp_bias,
    };
    let turned = turned(&fields, sizes.layers)?;
    let masks = Masks::read(json)?;
    let window = fields.llama.sliding_window.map(window_size).transpose()?;
    let types = fields.llama.layer_types.as_deref();
    let is_windowed =
        |layer: usize| fields.use_sliding_window && window.is_some() && !turned[layer];
    let windowed = windowed(types, sizes.layers, is_windowed)?;
    let window = window.map(|size| masks.window(size));
    let masks = of_layers(&windowed, masks.full(), window)?;
    let layers = masks.into_iter().zip(turned).enumerate();
    let blocks = layers.map(|(layer, (mask, is_turned))| {
        let mut block = sizes.block(layer, mask, biases);
        if !is_turned {
            block.attention.position = Position::None;
        }
        block
    });
    let rotation = sizes.rotation(&fields.llama, 2_000_000.0)?;
    Ok(sizes.architecture("smollm3", blocks.collect(), vec![rotation]))
}

/// Which layers have rotary positions.
fn turned(fields: &Fields, layers: usize) -> Result<Vec<bool>, ConfigError> {
    if let Some(list) = &fields.no_rope_layers {
        let found = format!("a list of {}", list.len());
        refuse(
            "no_rope_layers",
            "a number for each layer",
            list.len() < layers,
            &found,
        )?;
        return Ok(list
            .iter()
            .take(layers)
            .map(|&turned| turned != 0)
            .collect());
    }
    let interval = within(
        "no_rope_layer_interval",
        fields.no_rope_layer_interval,
        MAXIMUM_LAYERS,
    )?;
    Ok((1..=layers).map(|layer| layer % interval != 0).collect())
}

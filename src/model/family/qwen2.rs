//! Qwen2 and Qwen2.5 (Yang et al. 2024, <https://arxiv.org/abs/2407.10671>),
//! after transformers' `modeling_qwen2.py`: Llama with biases of queries, keys
//! and values, and with windows in some layers.

use serde::Deserialize;
use serde_json::json;

use super::error::ConfigError;
use super::fields::read_with;
use super::llama::{self, Biases, Sizes};
use super::masks::{Masks, of_layers, window_size, windowed};
use crate::attention::Mask;
use crate::model::architecture::Architecture;

/// The fields of Qwen's configs.
#[derive(Deserialize)]
pub struct Fields {
    use_sliding_window: bool,
    max_window_layers: u64,
    /// Those that Llama has too.
    #[serde(flatten)]
    pub llama: llama::Fields,
}

impl Fields {
    /// The mask of each layer.
    pub fn masks(&self, json: &[u8], layers: usize) -> Result<Vec<Mask>, ConfigError> {
        let masks = Masks::read(json)?;
        let window = self
            .llama
            .sliding_window
            .filter(|_| self.use_sliding_window);
        let window = window.map(window_size).transpose()?;
        let types = self.llama.layer_types.as_deref();
        let is_windowed = |layer: usize| window.is_some() && layer as u64 >= self.max_window_layers;
        let windowed = windowed(types, layers, is_windowed)?;
        of_layers(
            &windowed,
            masks.full(),
            window.map(|size| masks.window(size)),
        )
    }
}

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 151_936,
        "hidden_size": 4_096,
        "intermediate_size": 22_016,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 32,
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
        query_key_value: true,
        ..Biases::default()
    };
    let masks = fields.masks(json, sizes.layers)?.into_iter().enumerate();
    let blocks = masks.map(|(layer, mask)| sizes.block(layer, mask, biases));
    let rotation = sizes.rotation(&fields.llama, 10_000.0)?;
    Ok(sizes.architecture("qwen2", blocks.collect(), vec![rotation]))
}

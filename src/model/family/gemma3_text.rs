//! Gemma 3's texts (Gemma Team 2025, <https://arxiv.org/abs/2503.19786>), and
//! EmbeddingGemma, after transformers' `modeling_gemma3.py`: Gemma 2 with norms
//! of each head's queries and keys instead of caps, and with another rotation in
//! layers with windows.

use serde::Deserialize;
use serde_json::json;

use super::error::ConfigError;
use super::fields::{MAXIMUM_LAYERS, read_with, within};
use super::gemma2::{self, NAMES, with_scaled_words};
use super::llama::layer_part;
use super::masks::{Masks, of_layers, window_size, windowed};
use super::rotary::RotaryDefaults;
use crate::attention::Mask;
use crate::model::architecture::{Architecture, Position};

/// The fields that are read.
#[derive(Deserialize)]
struct Fields {
    use_bidirectional_attention: Option<bool>,
    sliding_window_pattern: u64,
    rope_local_base_freq: Option<f64>,
    #[serde(flatten)]
    gemma: gemma2::Fields,
}

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 262_208,
        "hidden_size": 2_304,
        "intermediate_size": 9_216,
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "hidden_act": "gelu_pytorch_tanh",
        "max_position_embeddings": 131_072,
        "rms_norm_eps": 1e-6,
        "query_pre_attn_scalar": 256,
        "sliding_window": 4_096,
        "sliding_window_pattern": 6,
    });
    let fields: Fields = read_with(json, &NAMES, defaults)?;
    let llama = &fields.gemma.llama;
    let sizes = fields.gemma.sizes()?;
    let pattern = fields.sliding_window_pattern;
    let pattern = within("sliding_window_pattern", pattern, MAXIMUM_LAYERS)?;
    let types = llama.layer_types.as_deref();
    let windowed = windowed(types, sizes.layers, |layer| (layer + 1) % pattern != 0)?;
    let masks = fields.masks(Masks::read(json)?, &windowed)?;
    let layers = masks.into_iter().zip(windowed).enumerate();
    let blocks = layers.map(|(layer, (mask, is_windowed))| {
        let mut block = fields.gemma.block(&sizes, layer, mask)?;
        let norm = |part| sizes.head_norm(layer_part(layer, part));
        block.attention.query_norm = norm("self_attn.q_norm");
        block.attention.key_norm = norm("self_attn.k_norm");
        block.attention.position = Position::Rotary(usize::from(is_windowed));
        Ok(block)
    });
    let blocks = blocks.collect::<Result<_, ConfigError>>()?;
    let bases = [1_000_000.0, 10_000.0];
    let defaults = bases.map(|theta| RotaryDefaults { theta, share: None });
    let rotations = llama.rotary.global_and_local(
        fields.rope_local_base_freq,
        defaults,
        sizes.head_size,
        sizes.maximum,
    )?;
    Ok(with_scaled_words(
        &sizes,
        "gemma3_text",
        blocks,
        rotations.to_vec(),
    ))
}

impl Fields {
    fn masks(&self, masks: Masks, windowed: &[bool]) -> Result<Vec<Mask>, ConfigError> {
        let sees_later = self.use_bidirectional_attention == Some(true);
        let window = self.gemma.llama.sliding_window;
        let window = window.map(window_size).transpose()?.map(|size| {
            // Then half of the window lies on either side.
            match (masks.is_causal(), sees_later) {
                (_, false) => masks.window(size),
                (false, true) => masks.window(size / 2 + 1),
                (true, true) => Mask::Window {
                    behind: size / 2,
                    ahead: size / 2,
                },
            }
        });
        let full = if sees_later { Mask::Full } else { masks.full() };
        of_layers(windowed, full, window)
    }
}

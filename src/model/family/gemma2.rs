//! Gemma 2 (Gemma Team 2024, <https://arxiv.org/abs/2408.00118>), after
//! transformers' `modeling_gemma2.py`: Llama with norms around the halves of a
//! layer, scores that are capped, windows in every other layer and scaled
//! embeddings. Gemma 3 shares most of it.

use serde::Deserialize;
use serde_json::json;

use super::error::ConfigError;
use super::fields::{number_within, read_with};
use super::llama::{self, Biases, Sizes, layer_part};
use super::masks::{Masks, of_layers, window_size, windowed};
use crate::attention::Mask;
use crate::model::architecture::{Architecture, Block, NormKind, Norms, Rotation};

/// The fields of Gemma's configs.
#[derive(Deserialize)]
pub struct Fields {
    query_pre_attn_scalar: f64,
    attn_logit_softcapping: Option<f64>,
    /// Those that Llama has too.
    #[serde(flatten)]
    pub llama: llama::Fields,
}

/// The activation has another name here, and the usual one, which early configs
/// have beside it, is not heard.
pub const NAMES: [(&str, &str); 2] = [
    ("hidden_act", "unheard"),
    ("hidden_activation", "hidden_act"),
];

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 256_000,
        "hidden_size": 2_304,
        "intermediate_size": 9_216,
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "hidden_act": "gelu_pytorch_tanh",
        "max_position_embeddings": 8_192,
        "rms_norm_eps": 1e-6,
        "query_pre_attn_scalar": 256,
        "sliding_window": 4_096,
        "attn_logit_softcapping": 50.0,
    });
    let fields: Fields = read_with(json, &NAMES, defaults)?;
    let sizes = fields.sizes()?;
    let masks = Masks::read(json)?;
    let types = fields.llama.layer_types.as_deref();
    let windowed = windowed(types, sizes.layers, |layer| layer % 2 == 0)?;
    let window = fields.llama.sliding_window.map(window_size).transpose()?;
    let window = window.map(|size| masks.window(size));
    let masks = of_layers(&windowed, masks.full(), window)?;
    let cap = fields.attn_logit_softcapping;
    let cap = cap.map(|cap| number_within("attn_logit_softcapping", cap, [1e-6, 1e6]));
    let cap = cap.transpose()?.map(|cap| cap as f32);
    let blocks = masks.into_iter().enumerate().map(|(layer, mask)| {
        let mut block = fields.block(&sizes, layer, mask)?;
        block.attention.score_cap = cap;
        Ok(block)
    });
    let blocks = blocks.collect::<Result<_, ConfigError>>()?;
    let rotation = sizes.rotation(&fields.llama, 10_000.0)?;
    Ok(with_scaled_words(&sizes, "gemma2", blocks, vec![rotation]))
}

impl Fields {
    /// The sizes, with Gemma's norms.
    pub fn sizes(&self) -> Result<Sizes, ConfigError> {
        Ok(Sizes {
            norm: NormKind::RootMeanSquareFromOne,
            ..Sizes::new(&self.llama)?
        })
    }

    /// A layer with norms around its halves, whose scores are not capped.
    pub fn block(&self, sizes: &Sizes, layer: usize, mask: Mask) -> Result<Block, ConfigError> {
        let biases = Biases {
            query_key_value: self.llama.attention_bias,
            output: self.llama.attention_bias,
            feed_forward: false,
        };
        let norm = |part| sizes.norm(layer_part(layer, part));
        let mut block = sizes.block(layer, mask, biases);
        let scalar = self.query_pre_attn_scalar;
        let scalar = number_within("query_pre_attn_scalar", scalar, [1e-6, 1e9])?;
        block.attention.scale = (1.0 / scalar.sqrt()) as f32;
        block.attention_norms =
            Norms::around(norm("input_layernorm"), norm("post_attention_layernorm"));
        block.feed_forward_norms = Norms::around(
            norm("pre_feedforward_layernorm"),
            norm("post_feedforward_layernorm"),
        );
        Ok(block)
    }
}

/// A decoder whose embeddings are multiplied with √hidden.
pub fn with_scaled_words(
    sizes: &Sizes,
    model_type: &'static str,
    blocks: Vec<Block>,
    rotations: Vec<Rotation>,
) -> Architecture {
    let mut architecture = sizes.architecture(model_type, blocks, rotations);
    architecture.embeddings.scale = Some((sizes.hidden as f64).sqrt() as f32);
    architecture
}

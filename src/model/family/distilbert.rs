//! DistilBERT, after transformers' `modeling_distilbert.py`: BERT without
//! segments, by names of its own. Sinusoidal positions are in the checkpoint as
//! learned ones are.

use serde::Deserialize;
use serde_json::json;

use super::bert::{BlockParts, Sizes, table};
use super::error::ConfigError;
use super::fields::{
    MAXIMUM_HIDDEN, MAXIMUM_INTERMEDIATE, MAXIMUM_LAYERS, MAXIMUM_TOKENS, MAXIMUM_VOCABULARY,
    activation, quotient, read_with, within,
};
use crate::model::architecture::{Architecture, Embeddings, PositionCount, Positions};
use crate::weights::TensorNames;

const PARTS: BlockParts = BlockParts {
    projections: ["attention.q_lin", "attention.k_lin", "attention.v_lin"],
    attention_output: "attention.out_lin",
    attention_norm: "sa_layer_norm",
    widening: "ffn.lin1",
    narrowing: "ffn.lin2",
    feed_forward_norm: "output_layer_norm",
};

/// The fields that are read; `DistilBertConfig()` of transformers is
/// distilbert-base-uncased.
#[derive(Deserialize)]
struct Fields {
    vocab_size: u64,
    max_position_embeddings: u64,
    n_layers: u64,
    n_heads: u64,
    dim: u64,
    hidden_dim: u64,
    activation: String,
}

/// Fields that have two names.
const NAMES: [(&str, &str); 3] = [
    ("hidden_size", "dim"),
    ("num_attention_heads", "n_heads"),
    ("num_hidden_layers", "n_layers"),
];

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 30_522,
        "max_position_embeddings": 512,
        "n_layers": 6,
        "n_heads": 12,
        "dim": 768,
        "hidden_dim": 3_072,
        "activation": "gelu",
    });
    let fields: Fields = read_with(json, &NAMES, defaults)?;
    let layers = within("n_layers", fields.n_layers, MAXIMUM_LAYERS)?;
    let sizes = Sizes {
        hidden: within("dim", fields.dim, MAXIMUM_HIDDEN)?,
        heads: within("n_heads", fields.n_heads, MAXIMUM_LAYERS)?,
        intermediate: within("hidden_dim", fields.hidden_dim, MAXIMUM_INTERMEDIATE)?,
        epsilon: 1e-12,
        activation: activation("activation", &fields.activation)?,
    };
    quotient(("dim", sizes.hidden), ("n_heads", sizes.heads))?;
    let vocabulary = within("vocab_size", fields.vocab_size, MAXIMUM_VOCABULARY)?;
    let positions = fields.max_position_embeddings;
    let positions = within("max_position_embeddings", positions, MAXIMUM_TOKENS)?;
    let block = |layer| sizes.block_of(&format!("transformer.layer.{layer}."), &PARTS);
    Ok(Architecture {
        model_type: "distilbert",
        names: TensorNames {
            base: "distilbert.",
            word_embeddings: "embeddings.word_embeddings.weight".to_owned(),
            prunable: PARTS.projections.to_vec(),
            first_layer: "transformer.layer.0.".to_owned(),
            parts: vec!["embeddings.", "transformer."],
            unused: vec!["_ids"],
        },
        embeddings: Embeddings {
            positions: Some(Positions {
                table: table("position", positions, sizes.hidden),
                count: PositionCount::From(0),
            }),
            norm: Some(sizes.norm("embeddings.LayerNorm")),
            ..Embeddings::of_words(table("word", vocabulary, sizes.hidden))
        },
        hidden_size: sizes.hidden,
        blocks: (0..layers).map(block).collect(),
        final_norm: None,
        rotations: Vec::new(),
        relative: None,
        maximum_token_count: positions,
    })
}

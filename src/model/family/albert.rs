//! ALBERT, after transformers' `modeling_albert.py`: BERT whose layers share
//! their weights, in groups that follow each other, and whose embeddings are
//! mapped to the width of its hidden states.

use serde::Deserialize;
use serde_json::json;

use super::bert::{self, BlockParts};
use super::error::ConfigError;
use super::fields::{MAXIMUM_HIDDEN, MAXIMUM_LAYERS, check_encoder, read_with, within};
use crate::model::architecture::{
    Architecture, Block, Embeddings, Linear, Norm, PositionCount, Projection, ProjectionPlace,
};
use crate::weights::TensorNames;

const PARTS: BlockParts = BlockParts {
    projections: ["attention.query", "attention.key", "attention.value"],
    attention_output: "attention.dense",
    attention_norm: "attention.LayerNorm",
    widening: "ffn",
    narrowing: "ffn_output",
    feed_forward_norm: "full_layer_layer_norm",
};

/// What BERT has not.
#[derive(Deserialize)]
struct Fields {
    embedding_size: u64,
    /// How many groups have weights of their own.
    num_hidden_groups: u64,
    /// How many layers each pass through a group has.
    inner_group_num: u64,
}

/// See [`Architecture::from_json`]; `AlbertConfig()` of transformers is
/// albert-xxlarge.
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    check_encoder(json)?;
    let defaults = json!({
        "vocab_size": 30_000,
        "hidden_size": 4_096,
        "num_attention_heads": 64,
        "intermediate_size": 16_384,
        "hidden_act": "gelu_new",
    });
    let fields = bert::Fields::read(json, defaults)?;
    let sizes = fields.sizes()?;
    let own: Fields = read_with(
        json,
        &[],
        json!({"embedding_size": 128, "num_hidden_groups": 1, "inner_group_num": 1}),
    )?;
    let columns = within("embedding_size", own.embedding_size, MAXIMUM_HIDDEN)?;
    let passes = fields.layer_count()?;
    let groups = within("num_hidden_groups", own.num_hidden_groups, MAXIMUM_LAYERS)?;
    let most = MAXIMUM_LAYERS / passes as u64;
    let inner = within("inner_group_num", own.inner_group_num, most)?;
    let block = |pass: usize| {
        // As transformers counts, which need not be in equal parts.
        let group = (pass as f64 / (passes as f64 / groups as f64)) as usize;
        let prefix = format!("encoder.albert_layer_groups.{group}.albert_layers.");
        (0..inner).map(move |layer| format!("{prefix}{layer}."))
    };
    let blocks: Vec<Block> = (0..passes)
        .flat_map(block)
        .map(|prefix| sizes.block_of(&prefix, &PARTS))
        .collect();
    let norm = Norm {
        columns,
        ..sizes.norm("embeddings.LayerNorm")
    };
    Ok(Architecture {
        model_type: "albert",
        names: TensorNames {
            base: "albert.",
            word_embeddings: "embeddings.word_embeddings.weight".to_owned(),
            prunable: PARTS.projections.to_vec(),
            first_layer: "encoder.albert_layer_groups.0.".to_owned(),
            parts: vec!["embeddings.", "encoder."],
            unused: vec!["_ids"],
        },
        embeddings: Embeddings {
            projection: Some(Projection {
                place: ProjectionPlace::Normalized,
                linear: Linear::new(
                    "encoder.embedding_hidden_mapping_in",
                    [sizes.hidden, columns],
                    true,
                ),
            }),
            ..fields.embeddings_with_segments(norm, PositionCount::From(0))?
        },
        hidden_size: sizes.hidden,
        blocks,
        final_norm: None,
        rotations: Vec::new(),
        relative: None,
        maximum_token_count: fields.position_count()?,
    })
}

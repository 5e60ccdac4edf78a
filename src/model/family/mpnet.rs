//! MPNet, after transformers' `modeling_mpnet.py`: RoBERTa without segments, in
//! whose attention a learned number for each head and distance is added to the
//! scores.

use serde::Deserialize;
use serde_json::json;

use super::bert::{self, BlockParts, tensor_names};
use super::error::ConfigError;
use super::fields::{number_within, read_with};
use crate::model::architecture::{
    Architecture, Block, Buckets, Position, PositionCount, RelativeTable, Table,
};
use crate::weights::TensorNames;

const PARTS: BlockParts = BlockParts {
    projections: ["attention.attn.q", "attention.attn.k", "attention.attn.v"],
    attention_output: "attention.attn.o",
    attention_norm: "attention.LayerNorm",
    widening: "intermediate.dense",
    narrowing: "output.dense",
    feed_forward_norm: "output.LayerNorm",
};

/// What every MPNet takes for the id of padding, whatever its config says.
const PADDING: u32 = 1;

/// How many buckets every MPNet has, even where its table has more rows.
const BUCKET_COUNT: usize = 32;

/// Far above every published model.
const MAXIMUM_BUCKETS: f64 = 65_536.0;

/// What BERT has not.
#[derive(Deserialize)]
struct Fields {
    relative_attention_num_buckets: u64,
}

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 30_527,
    });
    let fields = bert::Fields::read(json, defaults)?;
    let sizes = fields.sizes()?;
    let norm = sizes.norm("embeddings.LayerNorm");
    let own: Fields = read_with(
        json,
        &[],
        json!({"relative_attention_num_buckets": BUCKET_COUNT}),
    )?;
    let buckets = number_within(
        "relative_attention_num_buckets",
        own.relative_attention_num_buckets as f64,
        [BUCKET_COUNT as f64, MAXIMUM_BUCKETS],
    )? as usize;
    let block = |layer| {
        let mut block: Block = sizes.block_of(&format!("encoder.layer.{layer}."), &PARTS);
        block.attention.position = Position::Buckets;
        block
    };
    Ok(Architecture {
        model_type: "mpnet",
        names: TensorNames {
            prunable: PARTS.projections.to_vec(),
            ..tensor_names("mpnet.")
        },
        embeddings: fields.embeddings(norm, PositionCount::BehindPadding(PADDING))?,
        hidden_size: sizes.hidden,
        blocks: (0..fields.layer_count()?).map(block).collect(),
        final_norm: None,
        rotations: Vec::new(),
        relative: Some(RelativeTable {
            table: Table {
                name: "encoder.relative_attention_bias.weight".to_owned(),
                rows: buckets,
                columns: sizes.heads,
            },
            buckets: Buckets::Logarithmic {
                count: BUCKET_COUNT,
                maximum: 128,
            },
            norm: None,
            projections: Vec::new(),
        }),
        maximum_token_count: fields.token_count_behind(PADDING)?,
    })
}

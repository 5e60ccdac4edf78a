//! ERNIE, after transformers' `modeling_ernie.py`: BERT that may be told which
//! task a token is of. Here as there, all are of the first one.

use serde::Deserialize;
use serde_json::json;

use super::bert::{self, table, tensor_names};
use super::error::ConfigError;
use super::fields::{MAXIMUM_SEGMENTS, check_encoder, read_with, within};
use crate::model::architecture::{Architecture, Embeddings, PositionCount};

/// What BERT has not.
#[derive(Deserialize)]
struct Fields {
    use_task_id: bool,
    task_type_vocab_size: u64,
}

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    check_encoder(json)?;
    let fields = bert::Fields::read(json, json!({}))?;
    let defaults = json!({"use_task_id": false, "task_type_vocab_size": 3});
    let own: Fields = read_with(json, &[], defaults)?;
    let sizes = fields.sizes()?;
    let tasks = || {
        let count = within(
            "task_type_vocab_size",
            own.task_type_vocab_size,
            MAXIMUM_SEGMENTS,
        )?;
        Ok::<_, ConfigError>(table("task_type", count, sizes.hidden))
    };
    let norm = sizes.norm("embeddings.LayerNorm");
    Ok(Architecture {
        model_type: "ernie",
        names: tensor_names("ernie."),
        embeddings: Embeddings {
            tasks: own.use_task_id.then(tasks).transpose()?,
            ..fields.embeddings_with_segments(norm, PositionCount::From(0))?
        },
        hidden_size: sizes.hidden,
        blocks: sizes.blocks(fields.layer_count()?),
        final_norm: None,
        rotations: Vec::new(),
        relative: None,
        maximum_token_count: fields.position_count()?,
    })
}

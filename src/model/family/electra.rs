//! ELECTRA, after transformers' `modeling_electra.py`: BERT whose embeddings may
//! be narrower or wider than its hidden states, and are then mapped to them.

use serde::Deserialize;
use serde_json::json;

use super::bert::{self, tensor_names};
use super::error::ConfigError;
use super::fields::{MAXIMUM_HIDDEN, check_encoder, read_with, within};
use crate::model::architecture::{
    Architecture, Embeddings, Linear, Norm, PositionCount, Projection, ProjectionPlace,
};

/// What BERT has not.
#[derive(Deserialize)]
struct Fields {
    embedding_size: u64,
}

/// See [`Architecture::from_json`]; `ElectraConfig()` of transformers is
/// electra-small-discriminator.
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    check_encoder(json)?;
    let defaults = json!({
        "hidden_size": 256,
        "num_attention_heads": 4,
        "intermediate_size": 1_024,
    });
    let fields = bert::Fields::read(json, defaults)?;
    let sizes = fields.sizes()?;
    let own: Fields = read_with(json, &[], json!({"embedding_size": 128}))?;
    let columns = within("embedding_size", own.embedding_size, MAXIMUM_HIDDEN)?;
    let norm = Norm {
        columns,
        ..sizes.norm("embeddings.LayerNorm")
    };
    let projection = Projection {
        place: ProjectionPlace::Normalized,
        linear: Linear::new("embeddings_project", [sizes.hidden, columns], true),
    };
    let mut names = tensor_names("electra.");
    names.parts.push("embeddings_project.");
    Ok(Architecture {
        model_type: "electra",
        names,
        embeddings: Embeddings {
            projection: (columns != sizes.hidden).then_some(projection),
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

//! DeBERTa-v2 and v3 (He et al. 2021, <https://arxiv.org/abs/2006.03654> and
//! <https://arxiv.org/abs/2111.09543>), after transformers'
//! `modeling_deberta_v2.py`.

use serde::Deserialize;
use serde_json::json;

use super::bert::{Sizes, tensor_names};
use super::error::ConfigError;
use super::fields::{
    MAXIMUM_HIDDEN, MAXIMUM_LAYERS, MAXIMUM_TOKENS, MAXIMUM_VOCABULARY, activation, check_encoder,
    quotient, read_with, refuse, within,
};
use crate::model::architecture::{
    Architecture, Block, Buckets, Convolution, Disentangled, Embeddings, Linear, Position,
    PositionCount, Positions, Projection, ProjectionPlace, RelativeTable, Table,
};

/// The fields that are read; missing ones have the defaults of
/// `DebertaV2Config`, or those of the model where the config has none.
#[derive(Deserialize)]
struct Fields {
    vocab_size: u64,
    hidden_size: u64,
    num_hidden_layers: u64,
    num_attention_heads: u64,
    attention_head_size: Option<u64>,
    intermediate_size: u64,
    hidden_act: String,
    max_position_embeddings: u64,
    type_vocab_size: u64,
    layer_norm_eps: f64,
    embedding_size: Option<u64>,
    position_biased_input: bool,
    relative_attention: bool,
    max_relative_positions: i64,
    position_buckets: i64,
    pos_att_type: Option<PositionParts>,
    share_att_key: bool,
    norm_rel_ebd: String,
    conv_kernel_size: i64,
    conv_groups: u64,
    conv_act: String,
}

/// `["c2p", "p2c"]` or `"c2p|p2c"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum PositionParts {
    List(Vec<String>),
    Joined(String),
}

impl Fields {
    /// Which products of contents and distances are part of the scores' scale;
    /// they are part of the scores only where attention is relative.
    fn parts(&self) -> Disentangled {
        let parts: Vec<String> = match &self.pos_att_type {
            Some(PositionParts::List(parts)) => parts.clone(),
            Some(PositionParts::Joined(parts)) => {
                let parts = parts.split('|');
                parts.map(|part| part.trim().to_lowercase()).collect()
            }
            None => Vec::new(),
        };
        let has = |name: &str| parts.iter().any(|part| part == name);
        Disentangled {
            content_to_position: has("c2p"),
            position_to_content: has("p2c"),
        }
    }

    /// Whether the rows of distances are normalized.
    fn normalizes_distances(&self) -> bool {
        let settings = self.norm_rel_ebd.split('|');
        let mut settings = settings.map(|setting| setting.trim().to_lowercase());
        settings.any(|setting| setting == "layer_norm")
    }
}

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    check_encoder(json)?;
    let defaults = json!({
        "vocab_size": 128_100,
        "hidden_size": 1_536,
        "num_hidden_layers": 24,
        "num_attention_heads": 24,
        "intermediate_size": 6_144,
        "hidden_act": "gelu",
        "max_position_embeddings": 512,
        "type_vocab_size": 0,
        "layer_norm_eps": 1e-7,
        "position_biased_input": true,
        "relative_attention": false,
        "max_relative_positions": -1,
        "position_buckets": -1,
        "share_att_key": false,
        "norm_rel_ebd": "none",
        "conv_kernel_size": 0,
        "conv_groups": 1,
        "conv_act": "tanh",
    });
    let fields: Fields = read_with(json, &[], defaults)?;
    let sizes = Sizes::new(
        [
            fields.hidden_size,
            fields.num_attention_heads,
            fields.intermediate_size,
        ],
        fields.layer_norm_eps,
        &fields.hidden_act,
    )?;
    let head_size = sizes.hidden / sizes.heads;
    if let Some(found) = fields.attention_head_size {
        let expected = "hidden_size / num_attention_heads";
        let is_other = found != head_size as u64;
        refuse(
            "attention_head_size",
            expected,
            is_other,
            &found.to_string(),
        )?;
    }
    let vocabulary = within("vocab_size", fields.vocab_size, MAXIMUM_VOCABULARY)?;
    let maximum_token_count = within(
        "max_position_embeddings",
        fields.max_position_embeddings,
        MAXIMUM_TOKENS,
    )?;
    let layers = within(
        "num_hidden_layers",
        fields.num_hidden_layers,
        MAXIMUM_LAYERS,
    )?;
    let segments = match fields.type_vocab_size {
        0 => None,
        found => Some(within("type_vocab_size", found, 1 << 10)?),
    };
    let width = match fields.embedding_size {
        Some(found) => within("embedding_size", found, MAXIMUM_HIDDEN)?,
        None => sizes.hidden,
    };
    let table = |name: &str, rows| Table {
        name: format!("embeddings.{name}_embeddings.weight"),
        rows,
        columns: width,
    };
    let parts = fields.parts();
    let relative = match fields.relative_attention && parts != Disentangled::default() {
        true => Some(relative(&fields, &sizes, maximum_token_count, layers)?),
        false => None,
    };
    let mut names = tensor_names("deberta.");
    // What a checkpoint may have of positions and the model does not use.
    if relative.is_none() {
        names.unused.extend([
            "encoder.rel_embeddings.weight",
            "encoder.LayerNorm.weight",
            "encoder.LayerNorm.bias",
        ]);
    }
    if !fields.position_biased_input {
        names.unused.push("embeddings.position_embeddings.weight");
    }
    let has_relative = relative.is_some();
    let blocks = (0..layers).map(|layer| block(&sizes, layer, parts, has_relative));
    Ok(Architecture {
        model_type: "deberta-v2",
        names,
        embeddings: Embeddings {
            segments: segments.map(|rows| table("token_type", rows)),
            positions: fields.position_biased_input.then(|| Positions {
                table: table("position", maximum_token_count),
                count: PositionCount::From(0),
            }),
            projection: (width != sizes.hidden).then(|| Projection {
                place: ProjectionPlace::Sum,
                linear: Linear::new("embeddings.embed_proj", [sizes.hidden, width], false),
            }),
            norm: Some(sizes.norm("embeddings.LayerNorm")),
            convolution: convolution(&fields, &sizes)?,
            ..Embeddings::of_words(table("word", vocabulary))
        },
        hidden_size: sizes.hidden,
        blocks: blocks.collect(),
        final_norm: None,
        rotations: Vec::new(),
        relative,
        maximum_token_count,
    })
}

/// A layer: that of BERT, with other names and scores.
fn block(sizes: &Sizes, layer: usize, parts: Disentangled, has_relative: bool) -> Block {
    let mut block = sizes.block(layer);
    let projections = ["query_proj", "key_proj", "value_proj"].map(|part| {
        let name = format!("encoder.layer.{layer}.attention.self.{part}");
        (name, sizes.hidden)
    });
    let summands = 1 + u8::from(parts.content_to_position) + u8::from(parts.position_to_content);
    let attention = &mut block.attention;
    attention.query_key_value = Linear::stacked(projections, sizes.hidden, true);
    attention.scale = 1.0 / (attention.head_size as f32 * f32::from(summands)).sqrt();
    if has_relative {
        attention.position = Position::Disentangled(parts);
    }
    block
}

/// The rows of distances, and what each layer makes of them.
fn relative(
    fields: &Fields,
    sizes: &Sizes,
    maximum_token_count: usize,
    layers: usize,
) -> Result<RelativeTable, ConfigError> {
    let maximum = match u64::try_from(fields.max_relative_positions) {
        Ok(found @ 1..) => within("max_relative_positions", found, MAXIMUM_TOKENS)?,
        Ok(0) | Err(_) => maximum_token_count,
    };
    let bucket_count = match u64::try_from(fields.position_buckets) {
        Ok(found @ 1..) => Some(within("position_buckets", found, MAXIMUM_TOKENS)?),
        Ok(0) | Err(_) => None,
    };
    if let Some(count) = bucket_count {
        // The logarithms of both are divided by each other.
        let is_degenerate = count < 2 || maximum == count / 2 + 1;
        let expected = "at least 2, and not twice max_relative_positions - 1";
        refuse(
            "position_buckets",
            expected,
            is_degenerate,
            &count.to_string(),
        )?;
    }
    let span = bucket_count.unwrap_or(maximum);
    let parts = fields.parts();
    let [queries, keys] = match fields.share_att_key {
        true => ["query_proj", "key_proj"],
        false => ["pos_query_proj", "pos_key_proj"],
    };
    let projection = |layer: usize| {
        let name = |part: &str| format!("encoder.layer.{layer}.attention.self.{part}");
        let queries = parts.position_to_content.then(|| name(queries));
        let keys = parts.content_to_position.then(|| name(keys));
        let projections = [queries, keys].into_iter().flatten();
        Linear::stacked(
            projections.map(|name| (name, sizes.hidden)),
            sizes.hidden,
            true,
        )
    };
    Ok(RelativeTable {
        table: Table {
            name: "encoder.rel_embeddings.weight".to_owned(),
            rows: 2 * span,
            columns: sizes.hidden,
        },
        buckets: Buckets::Centred {
            span,
            bucket_count,
            maximum,
        },
        norm: fields
            .normalizes_distances()
            .then(|| sizes.norm("encoder.LayerNorm")),
        projections: (0..layers).map(projection).collect(),
    })
}

/// The convolution beside the first layer, where there is one.
fn convolution(fields: &Fields, sizes: &Sizes) -> Result<Option<Convolution>, ConfigError> {
    let found = match u64::try_from(fields.conv_kernel_size) {
        Ok(found @ 1..) => found,
        Ok(0) | Err(_) => return Ok(None),
    };
    let width = within("conv_kernel_size", found, 1 << 10)?;
    // An even one has a result less than there are tokens.
    let is_even = width.is_multiple_of(2);
    refuse(
        "conv_kernel_size",
        "an odd number",
        is_even,
        &width.to_string(),
    )?;
    let groups = within("conv_groups", fields.conv_groups, MAXIMUM_HIDDEN)?;
    quotient(("hidden_size", sizes.hidden), ("conv_groups", groups))?;
    Ok(Some(Convolution {
        name: "encoder.conv.conv".to_owned(),
        width,
        groups,
        has_bias: true,
        activation: activation("conv_act", &fields.conv_act)?,
        norm: sizes.norm("encoder.conv.LayerNorm"),
    }))
}

//! ESM-1b and ESM-2 (Rives et al. 2021, <https://doi.org/10.1073/pnas.2016239118>;
//! Lin et al. 2023, <https://doi.org/10.1126/science.ade2574>), after
//! transformers' `modeling_esm.py`.

use serde::Deserialize;
use serde_json::json;

use super::bert::{Sizes, tensor_names};
use super::error::ConfigError;
use super::fields::{
    MAXIMUM_LAYERS, MAXIMUM_TOKENS, MAXIMUM_VOCABULARY, read_with, refuse, refuse_true, within,
};
use super::rotary::{RotaryDefaults, RotaryFields};
use crate::model::architecture::{
    Architecture, Block, Embeddings, Norms, Position, PositionCount, Positions, Rotation, Table,
    TokenDropout,
};

/// The fields that are read; missing ones have the defaults of `EsmConfig`.
#[derive(Deserialize)]
struct Fields {
    vocab_size: Option<u64>,
    mask_token_id: Option<u32>,
    pad_token_id: Option<u32>,
    hidden_size: u64,
    num_hidden_layers: u64,
    num_attention_heads: u64,
    head_dim: Option<u64>,
    intermediate_size: u64,
    max_position_embeddings: u64,
    rope_theta: f64,
    layer_norm_eps: f64,
    position_embedding_type: Option<String>,
    emb_layer_norm_before: Option<bool>,
    token_dropout: Option<bool>,
    is_folding_model: Option<bool>,
    is_decoder: Option<bool>,
    add_cross_attention: Option<bool>,
}

/// The share of tokens that were masked when the models were trained, which
/// `EsmEmbeddings` has as a constant.
const TRAINED_SHARE: f32 = 0.15 * 0.8;

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3_072,
        "max_position_embeddings": 1_026,
        "rope_theta": 10_000.0,
        "layer_norm_eps": 1e-12,
        "position_embedding_type": "absolute",
    });
    let fields: Fields = read_with(json, &[], defaults)?;
    refuse_true("is_folding_model", fields.is_folding_model)?;
    refuse_true("is_decoder", fields.is_decoder)?;
    refuse_true("add_cross_attention", fields.add_cross_attention)?;
    // It has no field for the activation.
    let sizes = Sizes::new(
        [
            fields.hidden_size,
            fields.num_attention_heads,
            fields.intermediate_size,
        ],
        fields.layer_norm_eps,
        "gelu",
    )?;
    let vocabulary = fields.vocab_size.unwrap_or(0);
    let vocabulary = within("vocab_size", vocabulary, MAXIMUM_VOCABULARY)?;
    let rows = within(
        "max_position_embeddings",
        fields.max_position_embeddings,
        MAXIMUM_TOKENS,
    )?;
    let layers = within(
        "num_hidden_layers",
        fields.num_hidden_layers,
        MAXIMUM_LAYERS,
    )?;
    let table = |name: &str, rows| Table {
        name: format!("embeddings.{name}_embeddings.weight"),
        rows,
        columns: sizes.hidden,
    };
    let kind = fields.position_embedding_type.as_deref();
    let kind = kind.unwrap_or("null");
    let is_rotary = kind == "rotary";
    let is_other = !is_rotary && kind != "absolute";
    refuse(
        "position_embedding_type",
        "absolute or rotary",
        is_other,
        kind,
    )?;
    let positions = match is_rotary {
        true => None,
        false => Some(positions(fields.pad_token_id, table("position", rows))?),
    };
    let maximum_token_count = match &positions {
        Some((_, maximum)) => *maximum,
        None => rows,
    };
    let rotation = match is_rotary {
        true => Some(rotation(&fields, &sizes, rows)?),
        false => None,
    };
    let mut names = tensor_names("esm.");
    names.unused.push("rotary_embeddings.inv_freq");
    if is_rotary {
        // Written down by models that do not use it.
        names.unused.push("embeddings.position_embeddings.weight");
    }
    Ok(Architecture {
        model_type: "esm",
        names,
        embeddings: Embeddings {
            token_dropout: match fields.token_dropout {
                Some(true) => Some(TokenDropout {
                    mask_id: token_id("mask_token_id", fields.mask_token_id)?,
                    trained_share: TRAINED_SHARE,
                }),
                Some(false) | None => None,
            },
            positions: positions.map(|(positions, _)| positions),
            norm: (fields.emb_layer_norm_before == Some(true))
                .then(|| sizes.norm("embeddings.layer_norm")),
            ..Embeddings::of_words(table("word", vocabulary))
        },
        hidden_size: sizes.hidden,
        blocks: (0..layers)
            .map(|layer| block(&sizes, layer, is_rotary))
            .collect(),
        final_norm: Some(sizes.norm("encoder.emb_layer_norm_after")),
        rotations: rotation.into_iter().collect(),
        relative: None,
        maximum_token_count,
    })
}

/// A layer: that of BERT, with its norms before the halves.
fn block(sizes: &Sizes, layer: usize, is_rotary: bool) -> Block {
    let norm = |part: &str| sizes.norm(format!("encoder.layer.{layer}.{part}LayerNorm"));
    let mut block = sizes.block(layer);
    block.attention_norms = Norms::before(norm("attention."));
    block.feed_forward_norms = Norms::before(norm(""));
    if is_rotary {
        block.attention.position = Position::Rotary(0);
    }
    block
}

/// Learned positions, and how many tokens they are enough for.
fn positions(padding: Option<u32>, table: Table) -> Result<(Positions, usize), ConfigError> {
    let padding = token_id("pad_token_id", padding)?;
    let skipped = padding as usize + 1;
    let minimum = skipped as u64 + 1;
    match table.rows.checked_sub(skipped) {
        Some(maximum @ 1..) => {
            let count = PositionCount::BehindPadding(padding);
            Ok((Positions { table, count }, maximum))
        }
        Some(_) | None => Err(ConfigError::OutOfRange {
            field: "max_position_embeddings",
            minimum,
            maximum: MAXIMUM_TOKENS,
            found: table.rows as u64,
        }),
    }
}

/// Of queries and keys. Checkpoints hold the frequencies, which may be rounded
/// to fewer bits: these count. Those of old ones are of each layer.
fn rotation(fields: &Fields, sizes: &Sizes, maximum: usize) -> Result<Rotation, ConfigError> {
    let head_size = sizes.hidden / sizes.heads;
    if let Some(found) = fields.head_dim {
        let expected = "hidden_size / num_attention_heads";
        let is_other = found != head_size as u64;
        refuse("head_dim", expected, is_other, &found.to_string())?;
    }
    let defaults = RotaryDefaults {
        theta: fields.rope_theta,
        share: Some(1.0),
    };
    let rotation = RotaryFields::default().rotation(None, defaults, head_size, maximum)?;
    let of_layer =
        |layer: &str| format!("encoder.layer.{layer}.attention.self.rotary_embeddings.inv_freq");
    Ok(Rotation {
        // transformers 5 writes the star itself.
        stored_as: vec![
            "rotary_embeddings.inv_freq".to_owned(),
            of_layer("*"),
            of_layer("0"),
        ],
        ..rotation
    })
}

/// The id of a token that the model cannot do without.
fn token_id(field: &'static str, found: Option<u32>) -> Result<u32, ConfigError> {
    refuse(field, "the id of a token", found.is_none(), "null")?;
    Ok(found.unwrap_or_default())
}

//! ModernBERT (Warner et al. 2024, <https://arxiv.org/abs/2412.13663>), after
//! transformers' `modeling_modernbert.py`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::bert::Sizes;
use super::error::ConfigError;
use super::fields::{
    MAXIMUM_LAYERS, MAXIMUM_TOKENS, MAXIMUM_VOCABULARY, read_with, refuse, within,
};
use super::rotary::{RotaryDefaults, RotaryFields};
use crate::attention::Mask;
use crate::model::architecture::{
    Architecture, Block, Embeddings, FeedForward, Flow, Linear, Norm, NormKind, Norms, Position,
    Rotation, Table,
};
use crate::weights::TensorNames;

/// The fields that are read; missing ones have the defaults of
/// `ModernBertConfig`.
#[derive(Deserialize)]
struct Fields {
    vocab_size: u64,
    hidden_size: u64,
    intermediate_size: u64,
    num_hidden_layers: u64,
    num_attention_heads: u64,
    head_dim: Option<u64>,
    hidden_activation: String,
    max_position_embeddings: u64,
    norm_eps: f64,
    norm_bias: bool,
    attention_bias: bool,
    mlp_bias: bool,
    layer_types: Option<Vec<String>>,
    global_attn_every_n_layers: u64,
    local_attention: u64,
    sliding_window: Option<u64>,
    global_rope_theta: f64,
    local_rope_theta: f64,
    rope_parameters: Option<Map<String, Value>>,
    rope_scaling: Option<Map<String, Value>>,
    partial_rotary_factor: Option<f64>,
}

/// What a layer attends to, as `layer_types` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LayerType {
    /// All tokens.
    Global,
    /// Those near it.
    Local,
}

impl LayerType {
    /// All, in the order of the architecture's rotations.
    const ALL: [Self; 2] = [Self::Global, Self::Local];

    /// The name in a config.
    fn name(self) -> &'static str {
        match self {
            Self::Global => "full_attention",
            Self::Local => "sliding_attention",
        }
    }
}

impl Fields {
    /// What each layer attends to.
    fn layer_types(&self) -> Result<Vec<LayerType>, ConfigError> {
        let layers = within("num_hidden_layers", self.num_hidden_layers, MAXIMUM_LAYERS)?;
        let Some(names) = &self.layer_types else {
            let every = self.global_attn_every_n_layers;
            let every = within("global_attn_every_n_layers", every, u64::MAX)?;
            let of = |layer: usize| match layer.is_multiple_of(every) {
                true => LayerType::Global,
                false => LayerType::Local,
            };
            return Ok((0..layers).map(of).collect());
        };
        let found = format!("a list of {}", names.len());
        let expected = "a type for each layer";
        refuse("layer_types", expected, names.len() != layers, &found)?;
        let named = |name: &String| {
            let known = LayerType::ALL
                .into_iter()
                .find(|known| known.name() == name);
            known.ok_or_else(|| ConfigError::Unsupported {
                field: "layer_types",
                expected: "full_attention or sliding_attention",
                found: name.clone(),
            })
        };
        names.iter().map(named).collect()
    }

    /// How each type of layer turns queries and keys.
    fn rotations(&self, head_size: usize) -> Result<Vec<Rotation>, ConfigError> {
        let maximum = self.max_position_embeddings;
        let maximum = within("max_position_embeddings", maximum, MAXIMUM_TOKENS)?;
        let rotation = |layer_type: LayerType| {
            let theta = match layer_type {
                LayerType::Global => self.global_rope_theta,
                LayerType::Local => self.local_rope_theta,
            };
            let defaults = RotaryDefaults {
                theta,
                share: Some(1.0),
            };
            let parameters = RotaryFields::of(self.rope_parameters(layer_type)?);
            parameters.rotation(None, defaults, head_size, maximum)
        };
        LayerType::ALL.into_iter().map(rotation).collect()
    }

    /// The parameters of a type, as `ModernBertConfig` puts them together:
    /// `rope_scaling` is of both types, and joins what `rope_parameters` says.
    fn rope_parameters(&self, layer_type: LayerType) -> Result<Map<String, Value>, ConfigError> {
        let by_type = self.rope_parameters.as_ref();
        let names = LayerType::ALL.map(LayerType::name);
        let mut keys = by_type.into_iter().flat_map(Map::keys);
        if let Some(found) = keys.find(|key| !names.contains(&key.as_str())) {
            let expected = "full_attention and sliding_attention";
            refuse("rope_parameters", expected, true, found)?;
        }
        let default = || Map::from_iter([("rope_type".to_owned(), Value::from("default"))]);
        let mut parameters = match by_type.and_then(|all| all.get(layer_type.name())) {
            Some(given) => Map::deserialize(given)?,
            None => default(),
        };
        parameters.extend(self.rope_scaling.clone().unwrap_or_default());
        // All columns are turned, whatever this says; other types than the
        // default cannot do with fewer.
        let share = parameters.remove("partial_rotary_factor");
        let share = share.as_ref().and_then(Value::as_f64);
        let share = share.or(self.partial_rotary_factor).unwrap_or(1.0);
        let kind = parameters.get("rope_type").or(parameters.get("type"));
        let is_default = kind.is_none_or(|kind| kind == "default");
        refuse(
            "partial_rotary_factor",
            "1",
            share != 1.0 && !is_default,
            &share.to_string(),
        )?;
        Ok(parameters)
    }
}

/// See [`Architecture::from_json`].
pub fn architecture(json: &[u8]) -> Result<Architecture, ConfigError> {
    let defaults = json!({
        "vocab_size": 50_368,
        "hidden_size": 768,
        "intermediate_size": 1_152,
        "num_hidden_layers": 22,
        "num_attention_heads": 12,
        "hidden_activation": "gelu",
        "max_position_embeddings": 8_192,
        "norm_eps": 1e-5,
        "norm_bias": false,
        "attention_bias": false,
        "mlp_bias": false,
        "global_attn_every_n_layers": 3,
        "local_attention": 128,
        "global_rope_theta": 160_000.0,
        "local_rope_theta": 10_000.0,
    });
    let fields: Fields = read_with(json, &[], defaults)?;
    let sizes = Sizes::new(
        [
            fields.hidden_size,
            fields.num_attention_heads,
            fields.intermediate_size,
        ],
        fields.norm_eps,
        &fields.hidden_activation,
    )?;
    let head_size = sizes.hidden / sizes.heads;
    if let Some(found) = fields.head_dim {
        let expected = "hidden_size / num_attention_heads";
        let is_other = found != head_size as u64;
        refuse("head_dim", expected, is_other, &found.to_string())?;
    }
    let layer_types = fields.layer_types()?;
    let blocks = layer_types.into_iter().enumerate();
    Ok(Architecture {
        model_type: "modernbert",
        names: TensorNames {
            base: "model.",
            word_embeddings: "embeddings.tok_embeddings.weight".to_owned(),
            prunable: Vec::new(),
            first_layer: "layers.0.".to_owned(),
            parts: vec!["embeddings.", "layers.", "final_norm."],
            unused: Vec::new(),
        },
        embeddings: Embeddings {
            norm: Some(norm(&fields, &sizes, "embeddings.norm".to_owned())),
            ..Embeddings::of_words(Table {
                name: "embeddings.tok_embeddings.weight".to_owned(),
                rows: within("vocab_size", fields.vocab_size, MAXIMUM_VOCABULARY)?,
                columns: sizes.hidden,
            })
        },
        hidden_size: sizes.hidden,
        blocks: blocks
            .map(|(layer, layer_type)| block(&fields, &sizes, layer, layer_type))
            .collect(),
        final_norm: Some(norm(&fields, &sizes, "final_norm".to_owned())),
        rotations: fields.rotations(head_size)?,
        relative: None,
        maximum_token_count: within(
            "max_position_embeddings",
            fields.max_position_embeddings,
            MAXIMUM_TOKENS,
        )?,
    })
}

/// A norm of hidden states.
fn norm(fields: &Fields, sizes: &Sizes, name: String) -> Norm {
    let kind = match fields.norm_bias {
        true => NormKind::Layer,
        false => NormKind::LayerWithoutBias,
    };
    Norm {
        kind,
        ..sizes.norm(name)
    }
}

/// A layer. The first has no norm before its attention: that of the embeddings
/// has just been there.
fn block(fields: &Fields, sizes: &Sizes, layer: usize, layer_type: LayerType) -> Block {
    let name = |part: &str| format!("layers.{layer}.{part}");
    let linear = |part: &str, shape, has_bias| Linear::new(name(part), shape, has_bias);
    let norm = |part: &str| Norms::before(norm(fields, sizes, name(part)));
    let (hidden, intermediate) = (sizes.hidden, sizes.intermediate);
    let mut attention = sizes.attention(
        linear("attn.Wqkv", [3 * hidden, hidden], fields.attention_bias),
        linear("attn.Wo", [hidden, hidden], fields.attention_bias),
    );
    // Half of the window on either side.
    let side = fields.sliding_window.unwrap_or(fields.local_attention / 2);
    let side = usize::try_from(side).unwrap_or(usize::MAX);
    (attention.mask, attention.position) = match layer_type {
        LayerType::Global => (Mask::Full, Position::Rotary(0)),
        LayerType::Local => (
            Mask::Window {
                behind: side,
                ahead: side,
            },
            Position::Rotary(1),
        ),
    };
    Block {
        attention,
        attention_norms: match layer {
            0 => Norms::default(),
            _ => norm("attn_norm"),
        },
        feed_forward: FeedForward {
            widening: linear("mlp.Wi", [2 * intermediate, hidden], fields.mlp_bias),
            activation: sizes.activation,
            is_gated: true,
            narrowing: linear("mlp.Wo", [hidden, intermediate], fields.mlp_bias),
        },
        feed_forward_norms: norm("mlp_norm"),
        flow: Flow::OneAfterTheOther,
    }
}

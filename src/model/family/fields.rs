//! What the configs of families have in common: the bounds of their numbers,
//! and what none of them may ask for.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::{Map, Value};

use super::error::ConfigError;
use crate::model::architecture::Activation;
use crate::model::own_code::NotEmpty;

// The bounds are far above every published model and far below what would
// exhaust memory before a missing tensor is noticed.

/// The most rows of a vocabulary.
pub const MAXIMUM_VOCABULARY: u64 = 1 << 24;
/// The greatest width of a hidden state.
pub const MAXIMUM_HIDDEN: u64 = 1 << 16;
/// The most layers, and heads of a layer.
pub const MAXIMUM_LAYERS: u64 = 1 << 10;
/// The greatest width between the linear maps of a feed-forward network.
pub const MAXIMUM_INTERMEDIATE: u64 = 1 << 18;
/// The most kinds of segments or tasks.
pub const MAXIMUM_SEGMENTS: u64 = 1 << 10;
/// The most tokens of an input.
pub const MAXIMUM_TOKENS: u64 = 1 << 24;

/// The fields that a family reads.
pub fn read<Fields: DeserializeOwned>(json: &[u8]) -> Result<Fields, ConfigError> {
    Ok(serde_json::from_slice(json)?)
}

/// The fields that a family reads. Missing ones have these defaults; a null
/// stays one. What has two names, as in `attribute_map` of transformers' config
/// classes, is read by the second, and the first is heard before it.
pub fn read_with<Fields: DeserializeOwned>(
    json: &[u8],
    names: &[(&str, &str)],
    defaults: Value,
) -> Result<Fields, ConfigError> {
    let mut fields: Map<String, Value> = read(json)?;
    for &(heard, name) in names {
        if let Some(value) = fields.remove(heard).filter(|value| !value.is_null()) {
            fields.insert(name.to_owned(), value);
        }
    }
    if let Value::Object(defaults) = defaults {
        for (name, value) in defaults {
            fields.entry(name).or_insert(value);
        }
    }
    // There are no lines any more that could be named: fields are.
    let fields = serde_path_to_error::deserialize(Value::Object(fields));
    fields.map_err(|error| {
        let (path, reason) = (error.path().to_string(), error.into_inner());
        match path.as_str() {
            // What is missing is named already.
            "." => ConfigError::Json(reason),
            path => ConfigError::Json(serde_json::Error::custom(format!("{path}: {reason}"))),
        }
    })
}

/// Whether a config asks for something that no family has here.
pub fn check(json: &[u8]) -> Result<(), ConfigError> {
    #[derive(Deserialize)]
    struct Fields {
        #[serde(default)]
        pruned_heads: NotEmpty,
        #[serde(default)]
        quantization_config: NotEmpty,
        is_encoder_decoder: Option<bool>,
    }
    let fields: Fields = read(json)?;
    if fields.pruned_heads.0 {
        return Err(ConfigError::PrunedHeads);
    }
    if fields.quantization_config.0 {
        return Err(ConfigError::Quantized);
    }
    refuse_true("is_encoder_decoder", fields.is_encoder_decoder)
}

/// Whether an encoder's config makes a decoder of it.
pub fn check_encoder(json: &[u8]) -> Result<(), ConfigError> {
    #[derive(Deserialize)]
    struct Fields {
        is_decoder: Option<bool>,
        add_cross_attention: Option<bool>,
        position_embedding_type: Option<String>,
    }
    let fields: Fields = read(json)?;
    let position = fields.position_embedding_type.as_deref();
    let position = position.unwrap_or("absolute");
    refuse(
        "position_embedding_type",
        "absolute",
        position != "absolute",
        position,
    )?;
    refuse_true("is_decoder", fields.is_decoder)?;
    refuse_true("add_cross_attention", fields.add_cross_attention)
}

/// A whole number between 1 and a maximum.
pub fn within(field: &'static str, found: u64, maximum: u64) -> Result<usize, ConfigError> {
    let minimum = 1;
    match usize::try_from(found) {
        Ok(size) if (minimum..=maximum).contains(&found) => Ok(size),
        _ => Err(ConfigError::OutOfRange {
            field,
            minimum,
            maximum,
            found,
        }),
    }
}

/// A field and what it says.
pub type Field = (&'static str, u64);

/// The numbers that a config of nearly every family has, within their bounds.
pub struct Sizes {
    /// Rows of the table of words.
    pub vocabulary: usize,
    /// Width of a hidden state.
    pub hidden: usize,
    /// Number of layers.
    pub layers: usize,
    /// Number of heads of a layer.
    pub heads: usize,
    /// Width of a head, which has a whole share of the hidden state.
    pub head_size: usize,
}

impl Sizes {
    /// Of these fields, by the names that the family has for them.
    pub fn new(
        vocabulary: Field,
        hidden: Field,
        layers: Field,
        heads: Field,
    ) -> Result<Self, ConfigError> {
        let bounded = |(field, found), maximum| within(field, found, maximum);
        let (hidden_field, heads_field) = (hidden.0, heads.0);
        let hidden = bounded(hidden, MAXIMUM_HIDDEN)?;
        let heads = bounded(heads, MAXIMUM_LAYERS)?;
        Ok(Self {
            vocabulary: bounded(vocabulary, MAXIMUM_VOCABULARY)?,
            hidden,
            layers: bounded(layers, MAXIMUM_LAYERS)?,
            heads,
            head_size: quotient((hidden_field, hidden), (heads_field, heads))?,
        })
    }
}

/// A number from a minimum to a maximum.
pub fn number_within(
    field: &'static str,
    found: f64,
    [minimum, maximum]: [f64; 2],
) -> Result<f64, ConfigError> {
    match (minimum..=maximum).contains(&found) {
        true => Ok(found),
        false => Err(ConfigError::NumberOutOfRange {
            field,
            minimum,
            maximum,
            found,
        }),
    }
}

/// What a norm adds to the variance: a small number.
pub fn epsilon(field: &'static str, found: f64) -> Result<f32, ConfigError> {
    Ok(number_within(field, found, [0.0, 1.0])? as f32)
}

/// How often a number has another one in it, which must be whole.
pub fn quotient(
    (field, found): (&'static str, usize),
    (divisor_field, divisor): (&'static str, usize),
) -> Result<usize, ConfigError> {
    match found.checked_div(divisor) {
        Some(quotient) if quotient * divisor == found => Ok(quotient),
        Some(_) | None => Err(ConfigError::NotAMultiple {
            field,
            found,
            divisor_field,
            divisor,
        }),
    }
}

/// By the name that transformers' `ACT2FN` uses.
pub fn activation(field: &'static str, name: &str) -> Result<Activation, ConfigError> {
    Activation::from_name(name).ok_or_else(|| ConfigError::Unsupported {
        field,
        expected: "gelu, gelu_new, gelu_pytorch_tanh, quick_gelu, relu, silu or tanh",
        found: name.to_owned(),
    })
}

/// Refuses a setting that is not built.
pub fn refuse(
    field: &'static str,
    expected: &'static str,
    refused: bool,
    found: &str,
) -> Result<(), ConfigError> {
    match refused {
        true => Err(ConfigError::Unsupported {
            field,
            expected,
            found: found.to_owned(),
        }),
        false => Ok(()),
    }
}

/// Refuses a setting where it is on.
pub fn refuse_true(field: &'static str, found: Option<bool>) -> Result<(), ConfigError> {
    refuse(field, "false", found == Some(true), "true")
}

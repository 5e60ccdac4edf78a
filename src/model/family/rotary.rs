//! Rotary positions out of a config: `rope_theta` and `rope_scaling`, or
//! `rope_parameters` for all layers or by their type; after transformers'
//! `modeling_rope_utils.py`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::ConfigError;
use super::fields::{MAXIMUM_TOKENS, number_within, refuse, within};
use crate::model::architecture::Rotation;

/// What numbers beside `rope_type` may be.
const FACTORS: [f64; 2] = [1e-6, 1e12];

/// What a config says of them, wherever it does.
#[derive(Debug, Default, Deserialize)]
pub struct RotaryFields {
    rope_theta: Option<f64>,
    rope_scaling: Option<Value>,
    rope_parameters: Option<Value>,
    partial_rotary_factor: Option<f64>,
    original_max_position_embeddings: Option<u64>,
}

/// What one kind of layer has.
#[derive(Debug, Clone, Default, Deserialize)]
struct Parameters {
    rope_theta: Option<f64>,
    rope_type: Option<String>,
    #[serde(rename = "type")]
    old_type: Option<String>,
    partial_rotary_factor: Option<f64>,
    factor: Option<f64>,
    attention_factor: Option<f64>,
    original_max_position_embeddings: Option<u64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    beta_fast: Option<f64>,
    beta_slow: Option<f64>,
    mscale: Option<f64>,
    mscale_all_dim: Option<f64>,
    truncate: Option<bool>,
    short_factor: Option<Vec<f64>>,
    long_factor: Option<Vec<f64>>,
}

/// What a family knows beside its config's fields.
#[derive(Debug, Clone, Copy)]
pub struct RotaryDefaults {
    /// `rope_theta` where none is named.
    pub theta: f64,
    /// The share of a head's columns that is turned, where none is named;
    /// `None` where a family turns whole heads and hears of no share.
    pub share: Option<f64>,
}

impl RotaryFields {
    /// Of parameters that are put together already, as those of
    /// `rope_parameters` are.
    pub fn of(parameters: Map<String, Value>) -> Self {
        Self {
            rope_parameters: Some(Value::Object(parameters)),
            ..Self::default()
        }
    }

    /// The rotation of layers of some type, as `layer_types` names it; `None`
    /// of a family whose layers are all alike.
    pub fn rotation(
        &self,
        layer_type: Option<&str>,
        defaults: RotaryDefaults,
        head_size: usize,
        maximum_token_count: usize,
    ) -> Result<Rotation, ConfigError> {
        let parameters = self.parameters(layer_type)?;
        parameters.rotation(defaults, head_size, maximum_token_count)
    }

    /// What layers of some type have, wherever the config says it.
    fn parameters(&self, layer_type: Option<&str>) -> Result<Parameters, ConfigError> {
        let old = given("rope_scaling", self.rope_scaling.as_ref())?;
        let new = given("rope_parameters", self.rope_parameters.as_ref())?;
        let all = old.or(new);
        let of_type = layer_type.and_then(|name| all?.get(name)).or(all);
        let mut parameters = match of_type {
            Some(value) => Parameters::deserialize(value)?,
            None => Parameters::default(),
        };
        parameters.rope_theta = parameters.rope_theta.or(self.rope_theta);
        let share = parameters.partial_rotary_factor;
        parameters.partial_rotary_factor = share.or(self.partial_rotary_factor);
        let original = self.original_max_position_embeddings;
        if original.is_some() {
            parameters.original_max_position_embeddings = original;
        }
        Ok(parameters)
    }

    /// The rotation of Phi-3, which has LongRoPE or no rule at all, and whose
    /// early configs call it by other names.
    pub fn long_rotation(
        &self,
        defaults: RotaryDefaults,
        head_size: usize,
        maximum_token_count: usize,
    ) -> Result<Rotation, ConfigError> {
        let mut parameters = self.parameters(None)?;
        match parameters.kind() {
            "default" | "longrope" => {}
            "su" | "yarn" => parameters.rope_type = Some("longrope".to_owned()),
            found => refuse("rope_type", "default or longrope", true, found)?,
        }
        parameters.rotation(defaults, head_size, maximum_token_count)
    }

    /// The rotations of layers that attend to all and of those that attend to
    /// some, as Gemma 3 has them: old configs have a base for each, and scale
    /// the first alone.
    pub fn global_and_local(
        &self,
        local_base: Option<f64>,
        [global, local]: [RotaryDefaults; 2],
        head_size: usize,
        maximum_token_count: usize,
    ) -> Result<[Rotation; 2], ConfigError> {
        let new = given("rope_parameters", self.rope_parameters.as_ref())?;
        let of_type = |name: &str| {
            let fields = given("rope_parameters", new.and_then(|all| all.get(name)))?;
            Ok::<_, ConfigError>(fields.and_then(Value::as_object).cloned())
        };
        let mut of_global = of_type("full_attention")?.unwrap_or_default();
        let of_local = of_type("sliding_attention")?.unwrap_or_default();
        let old = given("rope_scaling", self.rope_scaling.as_ref())?;
        if let Some(Value::Object(scaling)) = old {
            of_global.extend(scaling.clone());
        }
        let rotation = |fields, base: Option<f64>, defaults| {
            let mut parameters = Parameters::deserialize(Value::Object(fields))?;
            parameters.rope_theta = parameters.rope_theta.or(base);
            parameters.rotation(defaults, head_size, maximum_token_count)
        };
        Ok([
            rotation(of_global, self.rope_theta, global)?,
            rotation(of_local, local_base, local)?,
        ])
    }
}

/// An object that holds something, of a field that is an object or nothing.
fn given<'value>(
    field: &'static str,
    value: Option<&'value Value>,
) -> Result<Option<&'value Value>, ConfigError> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let shown = match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let shown: String = shown.chars().take(40).collect();
    refuse(field, "an object", !value.is_object(), &shown)?;
    let holds = value.as_object().is_some_and(|object| !object.is_empty());
    Ok(holds.then_some(value))
}

impl Parameters {
    /// The name of the rule that makes the frequencies.
    fn kind(&self) -> &str {
        let kind = self.rope_type.as_deref().or(self.old_type.as_deref());
        kind.unwrap_or("default")
    }

    fn rotation(
        &self,
        defaults: RotaryDefaults,
        head_size: usize,
        maximum_token_count: usize,
    ) -> Result<Rotation, ConfigError> {
        let kind = self.kind();
        let theta = self.rope_theta.unwrap_or(defaults.theta);
        let field = "partial_rotary_factor";
        let share = self.partial_rotary_factor;
        let share = number_within(field, share.or(defaults.share).unwrap_or(1.0), [0.0, 1.0])?;
        let hears_of_share = defaults.share.is_some();
        // The rules for frequencies hear of it, and layers that turn whole
        // heads cannot use what they make of it.
        let expected = "1 beside a rope_type";
        let is_refused = !hears_of_share && kind != "default" && share < 1.0;
        refuse(field, expected, is_refused, &share.to_string())?;
        let share = if hears_of_share { share } else { 1.0 };
        let original = match self.original_max_position_embeddings {
            Some(count) => within("original_max_position_embeddings", count, MAXIMUM_TOKENS)?,
            None => maximum_token_count,
        };
        Sizes {
            theta: number_within("rope_theta", theta, [1.0, 1e12])?,
            dimensions: (head_size as f64 * share) as usize,
            maximum: maximum_token_count as f64,
            original: original as f64,
        }
        .rotation(kind, self)
    }
}

/// What the rules for frequencies have in common.
struct Sizes {
    theta: f64,
    /// Columns of a head that are turned.
    dimensions: usize,
    /// `max_position_embeddings`.
    maximum: f64,
    /// `original_max_position_embeddings`.
    original: f64,
}

impl Sizes {
    fn rotation(&self, kind: &str, parameters: &Parameters) -> Result<Rotation, ConfigError> {
        let of = |frequencies: Vec<f32>, scale: f64| Rotation {
            frequencies,
            stored_as: Vec::new(),
            long: None,
            scale: scale as f32,
        };
        match kind {
            // Dynamic ones change beyond the greatest length that is taken.
            "default" | "dynamic" => Ok(of(self.frequencies(), 1.0)),
            "linear" => {
                let factor = needed("factor", parameters.factor)? as f32;
                let frequencies = self.frequencies().into_iter();
                Ok(of(frequencies.map(|it| it / factor).collect(), 1.0))
            }
            "llama3" => Ok(of(self.llama3(parameters)?, 1.0)),
            "yarn" => {
                let (frequencies, scale) = self.yarn(parameters)?;
                Ok(of(frequencies, scale))
            }
            "longrope" | "su" => self.longrope(parameters),
            found => {
                let expected = "default, linear, dynamic, llama3, yarn or longrope";
                refuse("rope_type", expected, true, found)?;
                Ok(of(Vec::new(), 1.0))
            }
        }
    }

    /// θ^(2i / dimensions), as float32.
    fn powers(&self) -> Vec<f32> {
        let exponents = (0..self.dimensions).step_by(2);
        let exponent = |index: usize| index as f32 / self.dimensions as f32;
        exponents
            .map(|index| libm::pow(self.theta, f64::from(exponent(index))) as f32)
            .collect()
    }

    fn frequencies(&self) -> Vec<f32> {
        self.powers().into_iter().map(|power| 1.0 / power).collect()
    }

    /// Llama 3.1: slow frequencies are divided, those between are mixed.
    fn llama3(&self, parameters: &Parameters) -> Result<Vec<f32>, ConfigError> {
        let factor = needed("factor", parameters.factor)? as f32;
        let low = needed("low_freq_factor", parameters.low_freq_factor)?;
        let high = needed("high_freq_factor", parameters.high_freq_factor)?;
        let [slow, fast] = [low, high].map(|it| (self.original / it) as f32);
        let (low, high) = (low as f32, high as f32);
        let changed = |frequency: f32| {
            let length = (2.0 * std::f64::consts::PI) as f32 / frequency;
            if length < fast {
                return frequency;
            }
            if length > slow {
                return frequency / factor;
            }
            let share = (self.original as f32 / length - low) / (high - low);
            (1.0 - share) * frequency / factor + share * frequency
        };
        Ok(self.frequencies().into_iter().map(changed).collect())
    }

    /// Peng et al. 2023, <https://arxiv.org/abs/2309.00071>.
    fn yarn(&self, parameters: &Parameters) -> Result<(Vec<f32>, f64), ConfigError> {
        let factor = parameters.factor.unwrap_or(self.maximum / self.original);
        let factor = number_within("factor", factor, FACTORS)?;
        let stretched = |weight: f64| match factor <= 1.0 {
            true => 1.0,
            false => 0.1 * weight * libm::log(factor) + 1.0,
        };
        let is_given = |value: Option<f64>| value.filter(|&value| value != 0.0);
        let both = is_given(parameters.mscale).zip(is_given(parameters.mscale_all_dim));
        let scale = parameters.attention_factor.unwrap_or_else(|| match both {
            Some((one, all)) => stretched(one) / stretched(all),
            None => stretched(1.0),
        });
        let dimensions = self.dimensions as f64;
        let border = |turns: f64| {
            let turns = libm::log(self.original / (turns * 2.0 * std::f64::consts::PI));
            dimensions * turns / (2.0 * libm::log(self.theta))
        };
        let fast = is_given(parameters.beta_fast).unwrap_or(32.0);
        let slow = is_given(parameters.beta_slow).unwrap_or(1.0);
        let [mut first, mut last] = [border(fast), border(slow)];
        if parameters.truncate.unwrap_or(true) {
            (first, last) = (libm::floor(first), libm::ceil(last));
        }
        let first = first.max(0.0);
        let mut last = last.min(dimensions - 1.0);
        if first == last {
            last += 0.001;
        }
        let mixed = |(index, power): (usize, f32)| {
            let ramp = (index as f32 - first as f32) / (last - first) as f32;
            let kept = 1.0 - ramp.clamp(0.0, 1.0);
            let slower = 1.0 / (factor as f32 * power);
            slower * (1.0 - kept) + 1.0 / power * kept
        };
        Ok((
            self.powers().into_iter().enumerate().map(mixed).collect(),
            scale,
        ))
    }

    /// Ding et al. 2024, <https://arxiv.org/abs/2402.13753>.
    fn longrope(&self, parameters: &Parameters) -> Result<Rotation, ConfigError> {
        let factor = parameters.factor.unwrap_or(self.maximum / self.original);
        let scale = parameters
            .attention_factor
            .unwrap_or_else(|| match factor <= 1.0 {
                true => 1.0,
                false => libm::sqrt(1.0 + libm::log(factor) / libm::log(self.original)),
            });
        let powers = self.powers();
        let stretched = |field: &'static str, factors: &Option<Vec<f64>>| {
            let factors = factors.as_deref().unwrap_or_default();
            if factors.len() != powers.len() {
                let found = format!("a list of {}", factors.len());
                refuse(field, "a number for each frequency", true, &found)?;
            }
            let factors = factors.iter().zip(&powers);
            Ok::<Vec<f32>, ConfigError>(
                factors
                    .map(|(&factor, &power)| 1.0 / (factor as f32 * power))
                    .collect(),
            )
        };
        Ok(Rotation {
            frequencies: stretched("short_factor", &parameters.short_factor)?,
            stored_as: Vec::new(),
            long: Some((
                self.original as usize,
                stretched("long_factor", &parameters.long_factor)?,
            )),
            scale: scale as f32,
        })
    }
}

/// A field that the rule cannot do without.
fn needed(field: &'static str, found: Option<f64>) -> Result<f64, ConfigError> {
    refuse(field, "a number beside rope_type", found.is_none(), "null")?;
    number_within(field, found.unwrap_or_default(), FACTORS)
}

//! Which tokens attend to which in the layers of a decoder, after transformers'
//! `masking_utils.py`.

use serde::Deserialize;
use serde_json::json;

use super::error::ConfigError;
use super::fields::{MAXIMUM_TOKENS, read_with, refuse, within};
use crate::attention::Mask;

/// Whether later tokens are seen; `is_causal` of any decoder's config says it.
#[derive(Debug, Clone, Copy)]
pub struct Masks {
    is_causal: bool,
}

impl Masks {
    /// Out of a config.
    pub fn read(json: &[u8]) -> Result<Self, ConfigError> {
        #[derive(Deserialize)]
        struct Fields {
            // A null is not true, and so allows all.
            is_causal: Option<bool>,
        }
        let fields: Fields = read_with(json, &[], json!({"is_causal": true}))?;
        Ok(Self {
            is_causal: fields.is_causal == Some(true),
        })
    }

    /// Whether later tokens are not seen.
    pub fn is_causal(self) -> bool {
        self.is_causal
    }

    /// Of layers that attend to all, as far as they may.
    pub fn full(self) -> Mask {
        match self.is_causal {
            true => Mask::Causal,
            false => Mask::Full,
        }
    }

    /// Of layers that attend to the nearest tokens. The window counts the token
    /// itself, but not where it opens to both sides.
    pub fn window(self, window: usize) -> Mask {
        match self.is_causal {
            true => Mask::Window {
                behind: window - 1,
                ahead: 0,
            },
            false => Mask::Window {
                behind: window,
                ahead: window,
            },
        }
    }

    /// Of a model whose layers are all alike.
    pub fn of_all(self, sliding_window: Option<u64>) -> Result<Mask, ConfigError> {
        Ok(match sliding_window {
            Some(found) => self.window(window_size(found)?),
            None => self.full(),
        })
    }
}

/// `sliding_window`.
pub fn window_size(found: u64) -> Result<usize, ConfigError> {
    within("sliding_window", found, MAXIMUM_TOKENS)
}

/// Which layers have windows, by `layer_types` or by a rule where there is none.
pub fn windowed(
    layer_types: Option<&[String]>,
    layers: usize,
    rule: impl Fn(usize) -> bool,
) -> Result<Vec<bool>, ConfigError> {
    let Some(types) = layer_types else {
        return Ok((0..layers).map(rule).collect());
    };
    if types.len() != layers {
        let found = format!("a list of {}", types.len());
        refuse("layer_types", "an entry for each layer", true, &found)?;
    }
    let is_windowed = |name: &String| match name.as_str() {
        "sliding_attention" => Ok(true),
        // The second is an older name.
        "full_attention" | "attention" => Ok(false),
        found => {
            let expected = "full_attention and sliding_attention";
            refuse("layer_types", expected, true, found)?;
            Ok(false)
        }
    };
    types.iter().map(is_windowed).collect()
}

/// The mask of each layer, of which some have windows.
pub fn of_layers(
    windowed: &[bool],
    full: Mask,
    window: Option<Mask>,
) -> Result<Vec<Mask>, ConfigError> {
    let of_layer = |&is_windowed: &bool| match (is_windowed, window) {
        (false, _) => Ok(full),
        (true, Some(mask)) => Ok(mask),
        (true, None) => {
            refuse(
                "sliding_window",
                "a number for the layers that slide",
                true,
                "null",
            )?;
            Ok(full)
        }
    };
    windowed.iter().map(of_layer).collect()
}

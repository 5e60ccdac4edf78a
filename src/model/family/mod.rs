//! The families of models that attnviz can run: for each a file that turns its
//! `config.json` into an [`Architecture`].
//!
//! A new family is a file like `bert.rs` and a variant of [`Family`]. Defaults
//! of fields are those of transformers' config class of the same name, and
//! names of tensors those of its state dict, without the prefix.

mod bert;
mod error;
mod fields;
mod gpt2;
mod llama;
mod rotary;

use serde::Deserialize;

use self::fields::check;
use super::architecture::Architecture;
use super::own_code::own_code;
use crate::names::closed_set;

pub use self::error::ConfigError;

/// What `model_type` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// BERT (Devlin et al. 2019, <https://arxiv.org/abs/1810.04805>).
    Bert,
    /// GPT-2 (Radford et al. 2019).
    Gpt2,
    /// Llama (Touvron et al. 2023, <https://arxiv.org/abs/2302.13971>).
    Llama,
}

closed_set!(
    Family, "model_type",
    Bert => "bert",
    Gpt2 => "gpt2",
    Llama => "llama",
);

impl Family {
    /// The names of all, for people.
    pub(super) fn names() -> String {
        let names: Vec<&str> = Self::ALL.iter().map(|family| family.name()).collect();
        names.join(", ")
    }

    /// What a model of the family is.
    fn architecture(self, json: &[u8]) -> Result<Architecture, ConfigError> {
        match self {
            Self::Bert => bert::architecture(json),
            Self::Gpt2 => gpt2::architecture(json),
            Self::Llama => llama::architecture(json),
        }
    }
}

impl Architecture {
    /// Reads the bytes of a `config.json`.
    ///
    /// # Errors
    /// When it is no config, or not of a model that attnviz can run; see
    /// [`ConfigError`].
    pub fn from_json(json: &[u8]) -> Result<Self, ConfigError> {
        #[derive(Deserialize)]
        struct Named {
            model_type: Option<String>,
        }
        let Some(found) = serde_json::from_slice::<Named>(json)?.model_type else {
            let looks_like = bert::looks_like_bert(json).then_some(Family::Bert.name());
            return Err(ConfigError::NoModelType { looks_like });
        };
        let Some(family) = Family::ALL.iter().find(|family| family.name() == found) else {
            return Err(match own_code(json) {
                Some(code) => ConfigError::OwnCode {
                    model_type: found,
                    code,
                },
                None => ConfigError::ModelType { found },
            });
        };
        check(json)?;
        family.architecture(json)
    }
}

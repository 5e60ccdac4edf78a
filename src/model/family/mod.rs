//! The families of models that attnviz can run: for each a file that turns its
//! `config.json` into an [`Architecture`].
//!
//! A new family is a file like `bert.rs` and a variant of [`Family`]. Defaults
//! of fields are those of transformers' config class of the same name, and
//! names of tensors those of its state dict, without the prefix.

mod albert;
mod bert;
mod bloom;
mod deberta_v2;
mod distilbert;
mod electra;
mod ernie;
mod error;
mod esm;
mod fields;
mod gemma2;
mod gemma3_text;
mod gpt2;
mod gpt_neox;
mod llama;
mod masks;
mod mistral;
mod modernbert;
mod mpnet;
mod olmo2;
mod opt;
mod phi3;
mod qwen2;
mod qwen3;
mod roberta;
mod rotary;
mod smollm3;

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
    /// RoBERTa (Liu et al. 2019, <https://arxiv.org/abs/1907.11692>).
    Roberta,
    /// XLM-RoBERTa (Conneau et al. 2020, <https://arxiv.org/abs/1911.02116>).
    XlmRoberta,
    /// CamemBERT (Martin et al. 2020, <https://arxiv.org/abs/1911.03894>).
    Camembert,
    /// DistilBERT (Sanh et al. 2019, <https://arxiv.org/abs/1910.01108>).
    Distilbert,
    /// ALBERT (Lan et al. 2020, <https://arxiv.org/abs/1909.11942>).
    Albert,
    /// ELECTRA (Clark et al. 2020, <https://arxiv.org/abs/2003.10555>).
    Electra,
    /// MPNet (Song et al. 2020, <https://arxiv.org/abs/2004.09297>).
    Mpnet,
    /// DeBERTa-v2 and v3 (He et al. 2021, <https://arxiv.org/abs/2006.03654>
    /// and <https://arxiv.org/abs/2111.09543>).
    DebertaV2,
    /// ModernBERT (Warner et al. 2024, <https://arxiv.org/abs/2412.13663>).
    ModernBert,
    /// ESM-1b and ESM-2, models of proteins (Rives et al. 2021,
    /// <https://doi.org/10.1073/pnas.2016239118>; Lin et al. 2023,
    /// <https://doi.org/10.1126/science.ade2574>).
    Esm,
    /// ERNIE (Sun et al. 2019, <https://arxiv.org/abs/1904.09223>), with the
    /// task types of ERNIE 2.0 (<https://arxiv.org/abs/1907.12412>).
    Ernie,
    /// GPT-2 (Radford et al. 2019).
    Gpt2,
    /// GPT-NeoX and Pythia (Black et al. 2022, <https://arxiv.org/abs/2204.06745>).
    GptNeox,
    /// OPT (Zhang et al. 2022, <https://arxiv.org/abs/2205.01068>).
    Opt,
    /// BLOOM (BigScience 2022, <https://arxiv.org/abs/2211.05100>).
    Bloom,
    /// Llama (Touvron et al. 2023, <https://arxiv.org/abs/2302.13971>).
    Llama,
    /// Mistral (Jiang et al. 2023, <https://arxiv.org/abs/2310.06825>).
    Mistral,
    /// Qwen2 and Qwen2.5 (Yang et al. 2024, <https://arxiv.org/abs/2407.10671>).
    Qwen2,
    /// Qwen3 (Yang et al. 2025, <https://arxiv.org/abs/2505.09388>).
    Qwen3,
    /// Gemma 2 (Gemma Team 2024, <https://arxiv.org/abs/2408.00118>).
    Gemma2,
    /// Gemma 3's texts (Gemma Team 2025, <https://arxiv.org/abs/2503.19786>).
    Gemma3Text,
    /// Phi-3 (Abdin et al. 2024, <https://arxiv.org/abs/2404.14219>).
    Phi3,
    /// OLMo 2 (OLMo Team 2025, <https://arxiv.org/abs/2501.00656>).
    Olmo2,
    /// SmolLM3 (Bakouch et al. 2025, <https://huggingface.co/blog/smollm3>).
    SmolLm3,
}

closed_set!(
    Family, "model_type",
    Bert => "bert",
    Roberta => "roberta",
    XlmRoberta => "xlm-roberta",
    Camembert => "camembert",
    Distilbert => "distilbert",
    Albert => "albert",
    Electra => "electra",
    Mpnet => "mpnet",
    DebertaV2 => "deberta-v2",
    ModernBert => "modernbert",
    Esm => "esm",
    Ernie => "ernie",
    Gpt2 => "gpt2",
    GptNeox => "gpt_neox",
    Opt => "opt",
    Bloom => "bloom",
    Llama => "llama",
    Mistral => "mistral",
    Qwen2 => "qwen2",
    Qwen3 => "qwen3",
    Gemma2 => "gemma2",
    Gemma3Text => "gemma3_text",
    Phi3 => "phi3",
    Olmo2 => "olmo2",
    SmolLm3 => "smollm3",
);

impl Family {
    /// The names of all, for people.
    pub(super) fn names() -> String {
        let names: Vec<&str> = Self::ALL.iter().map(|family| family.name()).collect();
        names.join(", ")
    }

    /// How the names of transformers' classes of the family begin.
    fn class_prefix(self) -> &'static str {
        match self {
            Self::Bert => "Bert",
            Self::Roberta => "Roberta",
            Self::XlmRoberta => "XLMRoberta",
            Self::Camembert => "Camembert",
            Self::Distilbert => "DistilBert",
            Self::Albert => "Albert",
            Self::Electra => "Electra",
            Self::Mpnet => "MPNet",
            Self::DebertaV2 => "DebertaV2",
            Self::ModernBert => "ModernBert",
            Self::Esm => "Esm",
            Self::Ernie => "Ernie",
            Self::Gpt2 => "GPT2",
            Self::GptNeox => "GPTNeoX",
            Self::Opt => "OPT",
            Self::Bloom => "Bloom",
            Self::Llama => "Llama",
            Self::Mistral => "Mistral",
            Self::Qwen2 => "Qwen2",
            Self::Qwen3 => "Qwen3",
            Self::Gemma2 => "Gemma2",
            Self::Gemma3Text => "Gemma3",
            Self::Phi3 => "Phi3",
            Self::Olmo2 => "Olmo2",
            Self::SmolLm3 => "SmolLM3",
        }
    }

    /// The family of a config without a `model_type`, by the classes that it
    /// says its weights are of, else by the fields that a BERT has.
    fn looks_like(json: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Fields {
            architectures: Option<Vec<String>>,
        }
        let fields = serde_json::from_slice::<Fields>(json).ok()?;
        let classes = fields.architectures.unwrap_or_default();
        if classes.is_empty() {
            return bert::looks_like_bert(json).then_some(Self::Bert);
        }
        let is_of = |class: &String, family: Self| {
            let rest = class.strip_prefix(family.class_prefix());
            let ends = [
                "For",
                "Model",
                "LMHead",
                "DoubleHeads",
                "PreTrained",
                "TextModel",
            ];
            rest.is_some_and(|rest| {
                let is_of_images = rest.contains("ConditionalGeneration");
                ends.iter().any(|end| rest.starts_with(end)) && !is_of_images
            })
        };
        let mut all = Self::ALL.iter().copied();
        all.find(|&family| classes.iter().all(|class| is_of(class, family)))
    }

    /// What a model of the family is.
    fn architecture(self, json: &[u8]) -> Result<Architecture, ConfigError> {
        match self {
            Self::Bert => bert::architecture(json),
            Self::Roberta | Self::XlmRoberta | Self::Camembert => roberta::architecture(self, json),
            Self::Distilbert => distilbert::architecture(json),
            Self::Albert => albert::architecture(json),
            Self::Electra => electra::architecture(json),
            Self::Mpnet => mpnet::architecture(json),
            Self::DebertaV2 => deberta_v2::architecture(json),
            Self::ModernBert => modernbert::architecture(json),
            Self::Esm => esm::architecture(json),
            Self::Ernie => ernie::architecture(json),
            Self::Gpt2 => gpt2::architecture(json),
            Self::GptNeox => gpt_neox::architecture(json),
            Self::Opt => opt::architecture(json),
            Self::Bloom => bloom::architecture(json),
            Self::Llama => llama::architecture(json),
            Self::Mistral => mistral::architecture(json),
            Self::Qwen2 => qwen2::architecture(json),
            Self::Qwen3 => qwen3::architecture(json),
            Self::Gemma2 => gemma2::architecture(json),
            Self::Gemma3Text => gemma3_text::architecture(json),
            Self::Phi3 => phi3::architecture(json),
            Self::Olmo2 => olmo2::architecture(json),
            Self::SmolLm3 => smollm3::architecture(json),
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
            let looks_like = Family::looks_like(json).map(Family::name);
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

//! What checkpoints call the tensors that the model asks for, and what they
//! call those that change a model behind its back.

use std::collections::BTreeSet;

/// How the tensors of a model are called, without what stands before all of
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorNames {
    /// What stands before all of them in a checkpoint with a head, `bert.`:
    /// transformers' `base_model_prefix`. It loads tensors with it and without
    /// it, of the same file.
    pub base: &'static str,
    /// The table that every such model has.
    pub word_embeddings: String,
    /// What the names have in them of those that lose rows, or columns, where
    /// heads are pruned: queries, keys and values of the families that
    /// transformers has pruned.
    pub prunable: Vec<&'static str>,
    /// How the names of its first layer's tensors begin.
    pub first_layer: String,
    /// How the names of its tensors begin; others are of heads and the like.
    pub parts: Vec<&'static str>,
    /// How the names of those end that hold nothing to compute with: positions
    /// and masks that were written down.
    pub unused: Vec<&'static str>,
}

/// What the word embedding tables of families are called.
const WORD_EMBEDDINGS: [&str; 6] = [
    "embeddings.word_embeddings.",
    "embeddings.tok_embeddings.",
    "word_embeddings.",
    "embed_tokens.",
    "embed_in.",
    "wte.",
];

/// The longest prefix of names that is looked at, in bytes.
const MAXIMUM_PREFIX_LENGTH: usize = 256;

/// The longest name that an error or a warning shows, in letters.
const MAXIMUM_SHOWN_LENGTH: usize = 120;

/// What adapters are, as far as it matters to what can be done about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdapterKind {
    /// LoRA and its kin.
    LowRank,
    /// Something else that can be merged into the weights.
    Mergeable,
    /// Prompts and bottlenecks, which cannot.
    Other,
}

impl AdapterKind {
    /// For people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::LowRank => "LoRA weights that are not merged into the model",
            Self::Mergeable => "an adapter that is not merged into the model",
            Self::Other => "an adapter that changes the model's attention",
        }
    }
}

/// How parts of a tensor's name begin that is of an adapter: those of PEFT and
/// of AdapterHub, whose `base_layer` and `original_module` hold the weights as
/// they were.
const ADAPTERS: [(&str, AdapterKind); 29] = [
    ("lora_", AdapterKind::LowRank),
    ("loras", AdapterKind::LowRank),
    ("base_layer", AdapterKind::LowRank),
    ("randlora_", AdapterKind::LowRank),
    ("vera_lambda", AdapterKind::LowRank),
    ("modules_to_save", AdapterKind::Mergeable),
    ("original_module", AdapterKind::Mergeable),
    ("ia3_", AdapterKind::Mergeable),
    ("hada_", AdapterKind::Mergeable),
    ("lokr_", AdapterKind::Mergeable),
    ("oft_", AdapterKind::Mergeable),
    ("boft_", AdapterKind::Mergeable),
    ("hra_", AdapterKind::Mergeable),
    ("bone_", AdapterKind::Mergeable),
    ("miss_", AdapterKind::Mergeable),
    ("shira_", AdapterKind::Mergeable),
    ("c3a_", AdapterKind::Mergeable),
    ("road_", AdapterKind::Mergeable),
    ("fourierft_", AdapterKind::Mergeable),
    ("ln_tuning_", AdapterKind::Mergeable),
    ("trainable_tokens", AdapterKind::Mergeable),
    ("token_adapter", AdapterKind::Mergeable),
    ("adapter", AdapterKind::Other),
    ("invertible_adapters", AdapterKind::Other),
    ("prefix_tuning", AdapterKind::Other),
    ("prefix_encoder", AdapterKind::Other),
    ("prompt_", AdapterKind::Other),
    ("adaption_prompt", AdapterKind::Other),
    ("refts", AdapterKind::Other),
];

/// The last part of the name of a tensor that says how another one is packed:
/// of GPTQ and AWQ, bitsandbytes, compressed-tensors and FP8.
const QUANTIZATION: [&str; 14] = [
    "qweight",
    "qzeros",
    "scales",
    "g_idx",
    "SCB",
    "absmax",
    "quant_map",
    "nested_absmax",
    "weight_format",
    "weight_scale",
    "weight_scale_inv",
    "weight_zero_point",
    "weight_packed",
    "weight_shape",
];

/// Whether a name is of a word embedding table, or of what an adapter has made
/// of it.
pub(super) fn is_of_word_embeddings(name: &str) -> bool {
    WORD_EMBEDDINGS.iter().any(|table| name.contains(table))
}

impl TensorNames {
    /// What stands before the name of each word embedding table, and so before the
    /// name of every tensor of its encoder. Where some have layers, those alone.
    pub(super) fn prefixes(&self, names: &BTreeSet<&str>) -> Vec<String> {
        let all: Vec<&str> = names
            .iter()
            .filter_map(|name| name.strip_suffix(self.word_embeddings.as_str()))
            .filter(|prefix| prefix.is_empty() || prefix.ends_with('.'))
            .filter(|prefix| prefix.len() <= MAXIMUM_PREFIX_LENGTH)
            .collect();
        let has_layers = |prefix: &&str| {
            let start = format!("{prefix}{}", self.first_layer);
            let mut from = names.range(start.as_str()..);
            from.next().is_some_and(|name| name.starts_with(&start))
        };
        let mut whole: Vec<&str> = all.iter().copied().filter(has_layers).collect();
        if whole.is_empty() {
            whole.extend(all.into_iter().min_by_key(|prefix| prefix.len()));
        }
        whole.into_iter().map(str::to_owned).collect()
    }

    /// The names of the model's tensors, without the prefix.
    pub(super) fn of_model<'names>(
        &self,
        names: &BTreeSet<&'names str>,
        prefix: &str,
    ) -> Vec<&'names str> {
        names
            .iter()
            .filter_map(|name| name.strip_prefix(prefix))
            .filter(|name| self.parts.iter().any(|part| name.starts_with(part)))
            .collect()
    }

    /// A tensor of an adapter, and which kind that is. Of several encoders or none,
    /// all names are looked at.
    pub(super) fn adapter(
        &self,
        names: &BTreeSet<&str>,
        prefix: Option<&str>,
    ) -> Option<(String, AdapterKind)> {
        let kind_of = |name: &str| {
            let mut parts = name.split('.');
            parts.find_map(|part| {
                let known = ADAPTERS.iter().find(|(start, _)| part.starts_with(start))?;
                Some(known.1)
            })
        };
        let anywhere = |name: &str| match kind_of(name) {
            Some(AdapterKind::Other) => !name.contains("adapter"),
            Some(AdapterKind::LowRank | AdapterKind::Mergeable) | None => false,
        };
        let encoder: BTreeSet<&str> = match prefix {
            Some(prefix) => self.of_model(names, prefix).into_iter().collect(),
            None => names.clone(),
        };
        // Prompts stand before the model, not in it.
        let prompts = names.iter().filter(|name| anywhere(name));
        let found = encoder
            .iter()
            .chain(prompts)
            .find_map(|name| Some((*name, kind_of(name)?)));
        found.map(|(name, kind)| (shortened(name), kind))
    }

    /// A tensor that says how another one of the encoder is quantized.
    pub(super) fn quantization(
        &self,
        names: &BTreeSet<&str>,
        prefix: Option<&str>,
    ) -> Option<String> {
        let encoder: Vec<&str> = match prefix {
            Some(prefix) => self.of_model(names, prefix),
            None => names.iter().copied().collect(),
        };
        let is_known = |name: &&str| {
            let last = name.rsplit('.').next().unwrap_or(name);
            QUANTIZATION.contains(&last) || name.split('.').any(|part| part == "quant_state")
        };
        encoder.into_iter().find(is_known).map(shortened)
    }

    /// Whether a tensor of the model holds nothing to compute with.
    pub(super) fn is_unused(&self, name: &str) -> bool {
        self.unused.iter().any(|end| name.ends_with(end))
    }
}

/// TensorFlow's names of a layer norm's parameters, which early checkpoints
/// of transformers keep.
pub(super) fn old_name(name: &str) -> Option<String> {
    name.strip_suffix("LayerNorm.weight")
        .map(|stem| format!("{stem}LayerNorm.gamma"))
        .or_else(|| {
            name.strip_suffix("LayerNorm.bias")
                .map(|stem| format!("{stem}LayerNorm.beta"))
        })
}

/// A name as far as people are shown it: a file may have one of a megabyte.
pub(super) fn shortened(name: &str) -> String {
    match name.char_indices().nth(MAXIMUM_SHOWN_LENGTH) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

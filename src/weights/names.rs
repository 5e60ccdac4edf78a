//! What checkpoints call the tensors that the model asks for.

/// What every encoder has.
const WORD_EMBEDDINGS: &str = "embeddings.word_embeddings.weight";

/// What stands before the name of the word embedding table, and so before the
/// name of every tensor of the encoder: the shortest of several.
pub(super) fn prefix<'names>(names: impl Iterator<Item = &'names String>) -> Option<String> {
    names
        .filter_map(|name| name.strip_suffix(WORD_EMBEDDINGS))
        .filter(|prefix| prefix.is_empty() || prefix.ends_with('.'))
        .min_by_key(|prefix| prefix.len())
        .map(str::to_owned)
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

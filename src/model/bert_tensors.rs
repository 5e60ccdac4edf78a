//! What a BERT's tensors are called, without what stands before all of them.

use super::config::BertConfig;

/// The names and shapes of all tensors of an encoder, without prefix.
pub(super) fn tensors(config: &BertConfig) -> Vec<(String, Vec<usize>)> {
    let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
    let mut tensors: Vec<(String, Vec<usize>)> = Vec::new();
    for (name, rows) in [
        ("word", config.vocabulary_size),
        ("position", config.maximum_token_count),
        ("token_type", config.segment_count),
    ] {
        tensors.push((
            format!("embeddings.{name}_embeddings.weight"),
            vec![rows, hidden],
        ));
    }
    let mut linear = |name: String, outputs: usize, inputs: usize| {
        tensors.push((format!("{name}.weight"), vec![outputs, inputs]));
        tensors.push((format!("{name}.bias"), vec![outputs]));
    };
    for layer in 0..config.layer_count {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        for part in ["query", "key", "value"] {
            linear(name(&format!("attention.self.{part}")), hidden, hidden);
        }
        linear(name("attention.output.dense"), hidden, hidden);
        linear(name("intermediate.dense"), intermediate, hidden);
        linear(name("output.dense"), hidden, intermediate);
    }
    let norms = (0..config.layer_count).flat_map(|layer| {
        ["attention.output", "output"].map(|part| format!("encoder.layer.{layer}.{part}"))
    });
    let norms: Vec<String> = norms.chain(["embeddings".to_owned()]).collect();
    for norm in norms {
        for end in ["weight", "bias"] {
            tensors.push((format!("{norm}.LayerNorm.{end}"), vec![hidden]));
        }
    }
    tensors
}
